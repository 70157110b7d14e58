/** `elko read`: the packets of a capture as tcpdump prints them, or the TCP packets as fields under Wireshark's names. */

import type { RecordCallback } from '../capture/record.ts'
import { Dissector } from '../dissect/dissect.ts'
import { type Field, FRAME_FIELDS, fieldText, TCP_FIELDS, type TcpView } from '../flows/fields.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { type TcpdumpOptions, TcpdumpPrinter } from '../print/tcpdump-line.ts'
import { EXIT_FINE, nearest, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { readCaptureFile } from './capture-input.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko read [options] FILE

Prints the packets of a capture, a line each, as tcpdump does: pcap, pcapng and
snoop, packed with gzip or zstd or not; "-" is standard input.

Options, tcpdump's:
  -n               ports and protocols as numbers; without it by IANA's names.
                   Names of hosts are never looked up
  -S               sequence numbers as they stand in the packets
  -t               no time; -tt: seconds since 1970; -ttt: since the line before;
                   -tttt: with the date; -ttttt: since the first line
  --nano           nine digits of the second
  -v, -vv, -vvv    more of each header
  -q               less of what lies above IP
  -e               the link layer's header
  -x, -X, -A       the octets in hexadecimal; with characters; characters alone;
                   -xx, -XX, -AA: those of the link layer too
  -#               counts the lines
  -c N             only the first N packets

Fields of TCP packets:
  -T FORMAT        fields: the fields that -e names, between tabs; json: the
                   same as an object for each packet, a line each
  -e FIELD         with -T: a field by Wireshark's name, such as
                   tcp.analysis.rto; again for more. With -T json: all, where
                   none is named
  --fields         lists the fields

Exit code 3 where the file cannot be read to its end; what came before the error
has been printed.

Examples:
  elko read capture.pcapng
  elko read -nn -v -tttt capture.pcap
  elko read -T fields -e frame.number -e tcp.analysis.retransmission capture.pcap
  elko read -T json -c 1 capture.pcap
`

const FIELDS: Readonly<Record<string, Field>> = { ...FRAME_FIELDS, ...TCP_FIELDS }

/** More packets than any file has. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

type Line = (view: TcpView) => string

const TCPDUMP_OPTIONS = {
  S: { type: 'boolean', short: 'S' },
  n: { type: 'boolean', short: 'n', multiple: true },
  N: { type: 'boolean', short: 'N' },
  t: { type: 'boolean', short: 't', multiple: true },
  nano: { type: 'boolean' },
  v: { type: 'boolean', short: 'v', multiple: true },
  q: { type: 'boolean', short: 'q', multiple: true },
  x: { type: 'boolean', short: 'x', multiple: true },
  X: { type: 'boolean', short: 'X', multiple: true },
  A: { type: 'boolean', short: 'A', multiple: true },
  number: { type: 'boolean', short: '#' },
} as const

const COMMON_OPTIONS = {
  c: { type: 'string', short: 'c' },
  fields: { type: 'boolean' },
} as const

/** tcpdump's -e takes no value, tshark's takes a field: -T says whose it is. */
export async function run(argv: string[]): Promise<number> {
  return argv.some((word) => word === '--fields' || /^-T|^-[a-zA-Z#]*T$/.test(word))
    ? runFields(argv)
    : runLines(argv)
}

async function runLines(argv: string[]): Promise<number> {
  const options = { ...TCPDUMP_OPTIONS, ...COMMON_OPTIONS, e: { type: 'boolean', short: 'e' } } as const
  const { values, positionals } = readArguments(argv, options, 1)
  const [path] = positionals
  if (values.e === true && path !== undefined && Object.hasOwn(FIELDS, path)) {
    throw new UsageError(`-e ${path}: only with -T fields or -T json`)
  }
  const printer = new TcpdumpPrinter(printing(values))
  await print(path, values.c, (out) => (record) => out.write(printer.line(record)))
  return EXIT_FINE
}

async function runFields(argv: string[]): Promise<number> {
  const options = {
    ...COMMON_OPTIONS,
    n: { type: 'boolean', short: 'n', multiple: true },
    T: { type: 'string', short: 'T' },
    e: { type: 'string', short: 'e', multiple: true },
  } as const
  const { values, positionals } = readArguments(argv, options, 1)
  if (values.fields === true) {
    const out = new LineWriter(process.stdout)
    for (const name of Object.keys(FIELDS)) out.write(name)
    return await out.end(EXIT_FINE)
  }
  const line = lineMaker(values)
  const analysis = new SequenceAnalysis()
  await print(positionals[0], values.c, (out, isEnough) => {
    const dissector = new Dissector((packet, tcp) => {
      const view = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
      if (!isEnough()) out.write(line(view))
    })
    return (record) => dissector.dissect(record)
  })
  return EXIT_FINE
}

type Out = Pick<LineWriter, 'write'>

/** @param most -c: how many lines are written, as it was typed. */
async function print(
  path: string | undefined,
  most: string | undefined,
  printer: (out: Out, isEnough: () => boolean) => RecordCallback,
): Promise<void> {
  const limit = wholeNumber('-c', most, 1, NO_LIMIT) ?? NO_LIMIT
  if (path === undefined) throw new UsageError('expected a capture file, or - for standard input')
  const out = new LineWriter(process.stdout)
  let written = 0
  const counted: Out = {
    write: (line) => {
      written++
      out.write(line)
    },
  }
  const isEnough = (): boolean => written >= limit
  const onRecord = printer(counted, isEnough)
  try {
    await readCaptureFile(
      path,
      (record) => {
        if (!isEnough()) onRecord(record)
      },
      isEnough,
    )
  } finally {
    await out.flush()
  }
}

const TIME_STYLES = ['clock', 'none', 'epoch', 'delta', 'date', 'first'] as const

type Flags = readonly boolean[]

interface PrintingFlags {
  readonly S?: boolean
  readonly n?: Flags
  readonly t?: Flags
  readonly nano?: boolean
  readonly v?: Flags
  readonly q?: Flags
  readonly e?: boolean
  readonly x?: Flags
  readonly X?: Flags
  readonly A?: Flags
  readonly number?: boolean
}

function printing(values: PrintingFlags): TcpdumpOptions {
  const { S, n, t = [], v = [], q = [], x = [], X = [], A = [] } = values
  const time = TIME_STYLES[t.length]
  if (time === undefined) throw new UsageError(`-${'t'.repeat(t.length)}: expected at most five: -ttttt`)
  const octets = X.length > 0 ? 'hex-and-text' : x.length > 0 ? 'hex' : A.length > 0 ? 'text' : 'none'
  return {
    absolute: S === true,
    numeric: n !== undefined,
    time,
    timeOffset: localOffset(),
    nanoseconds: values.nano === true,
    verbose: Math.min(v.length, 3),
    quiet: q.length > 0,
    link: values.e === true,
    octets,
    linkOctets: Math.max(X.length, x.length, A.length) > 1,
    count: values.number === true,
  }
}

/** Clocks are set at quarters of an hour and nowhere between. */
const QUARTER = 900

/** Seconds that the clock on the wall is ahead of UTC, at a moment in seconds. */
function localOffset(): (seconds: number) => number {
  let quarter = Number.NaN
  let offset = 0
  return (seconds) => {
    const now = Math.floor(seconds / QUARTER)
    if (now !== quarter) {
      quarter = now
      offset = -60 * new Date(seconds * 1000).getTimezoneOffset()
    }
    return offset
  }
}

function lineMaker({ T: format, e: names = [] }: { T?: string; e?: string[] }): Line {
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
