/** `elko read`: the TCP packets of a capture as tcpdump prints them, or as fields under Wireshark's names. */

import { Dissector } from '../dissect/dissect.ts'
import { type Field, FRAME_FIELDS, fieldText, TCP_FIELDS, type TcpView } from '../flows/fields.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { type TcpdumpOptions, TcpdumpPrinter } from '../print/tcpdump-line.ts'
import { EXIT_FINE, nearest, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { readCaptureFile } from './capture-input.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko read [options] FILE

Prints the TCP packets of a capture, a line each, as tcpdump does: pcap, pcapng
and snoop, packed with gzip or zstd or not, tcpdump's lines (alone or in a
document) and tshark's JSON; "-" is standard input.

Options:
  -S               sequence numbers as they stand in the packets
  -t               no time; -tttt: with the date
  -c N             only the first N packets
  -f               goes on as the file grows, until interrupted
  -n               no names (always so: none are looked up)
  -T FORMAT        fields: the fields that -e names, between tabs; json: the
                   same as an object for each packet, a line each
  -e FIELD         a field by Wireshark's name, such as tcp.analysis.rto; again
                   for more. With -T json: all, where none is named
  --fields         lists the fields

Exit code 3 where the file cannot be read to its end; what came before the error
has been printed.

Examples:
  elko read capture.pcapng
  elko read -T fields -e frame.number -e tcp.analysis.retransmission capture.pcap
  elko read -T json -c 1 capture.pcap
`

const FIELDS: Readonly<Record<string, Field>> = { ...FRAME_FIELDS, ...TCP_FIELDS }

/** More packets than any file has. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

type Line = (view: TcpView) => string

export async function run(argv: string[]): Promise<number> {
  const options = {
    S: { type: 'boolean', short: 'S' },
    t: { type: 'boolean', short: 't', multiple: true },
    c: { type: 'string', short: 'c' },
    f: { type: 'boolean', short: 'f' },
    n: { type: 'boolean', short: 'n', multiple: true },
    T: { type: 'string', short: 'T' },
    e: { type: 'string', short: 'e', multiple: true },
    fields: { type: 'boolean' },
  } as const
  const { values, positionals } = readArguments(argv, options, 1)
  const out = new LineWriter(process.stdout)
  if (values.fields === true) {
    for (const name of Object.keys(FIELDS)) out.write(name)
    return await out.end(EXIT_FINE)
  }
  const [path] = positionals
  if (path === undefined) throw new UsageError('expected a capture file, or - for standard input')
  const most = wholeNumber('-c', values.c, 1, NO_LIMIT) ?? NO_LIMIT
  await printPackets(path, lineMaker(values), most, out, values.f === true)
  return await out.end(EXIT_FINE)
}

async function printPackets(
  path: string,
  line: Line,
  most: number,
  out: LineWriter,
  isFollowed: boolean,
): Promise<void> {
  const analysis = new SequenceAnalysis()
  let printed = 0
  const dissector = new Dissector((packet, tcp) => {
    if (printed++ < most) out.write(line({ packet, tcp, analysis: analysis.analyze(packet, tcp) }))
  })
  try {
    await readCaptureFile(
      path,
      (record) => dissector.dissect(record),
      () => printed >= most,
      isFollowed ? { follow: () => out.flush() } : {},
    )
  } finally {
    await out.flush()
  }
}

function lineMaker(values: { S?: boolean; t?: boolean[]; T?: string; e?: string[] }): Line {
  const { T: format, e: names = [] } = values
  if (format === undefined) {
    if (names.length > 0) throw new UsageError('-e: only with -T fields or -T json')
    const printer = new TcpdumpPrinter(printing(values))
    return ({ packet, tcp }) => printer.line(packet, tcp)
  }
  if (format !== 'fields' && format !== 'json') {
    throw new UsageError(`-T: expected fields or json, not "${format}"`)
  }
  const unknown = names.find((name) => !Object.hasOwn(FIELDS, name))
  if (unknown !== undefined) {
    const near = nearest(unknown, Object.keys(FIELDS))
    throw new UsageError(
      `-e: unknown field "${unknown}"${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
  if (format === 'fields' && names.length === 0) throw new UsageError('-T fields: expected fields, with -e')
  if (format === 'fields') return (view) => names.map((name) => textOf(view, name)).join('\t')
  const shown = names.length === 0 ? Object.keys(FIELDS) : names
  return (view) => JSON.stringify(objectOf(view, shown))
}

function printing({ S, t = [] }: { S?: boolean; t?: boolean[] }): TcpdumpOptions {
  if (t.length !== 0 && t.length !== 1 && t.length !== 4) {
    throw new UsageError(`-${'t'.repeat(t.length)}: expected -t or -tttt`)
  }
  return { absolute: S === true, time: t.length === 0 ? 'clock' : t.length === 1 ? 'none' : 'date' }
}

function textOf(view: TcpView, name: string): string {
  const { kind, read } = FIELDS[name]!
  const value = read(view)
  if (value === null) return ''
  return typeof value === 'object'
    ? value.map((each) => fieldText(kind, each)).join(',')
    : fieldText(kind, value)
}

/** Values as they are; a field that stands there several times as a list. */
function objectOf(view: TcpView, names: readonly string[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const name of names) {
    const value = FIELDS[name]!.read(view)
    if (value === null || (typeof value === 'object' && value.length === 0)) continue
    object[name] = typeof value === 'object' && value.length === 1 ? value[0] : value
  }
  return object
}
