/** `elko read`: the packets of a capture as tcpdump prints them, or the TCP packets as fields under Wireshark's names. */

import type { CaptureRecord } from '../capture/record.ts'
import { Dissector } from '../dissect/dissect.ts'
import { EXPERT_FIELDS } from '../flows/expert.ts'
import type { FrameView } from '../flows/field.ts'
import { FRAME_FIELDS, TCP_FIELDS, type TcpView } from '../flows/fields.ts'
import { FrameTimes } from '../flows/frame-times.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { frameDetails, tcpDetails } from '../print/details.ts'
import {
  ekLines,
  type Fields,
  fieldRow,
  flatObject,
  jsonPacket,
  PLAIN_ROWS,
  type RowStyle,
} from '../print/field-rows.ts'
import { type TcpdumpOptions, TcpdumpPrinter } from '../print/tcpdump-line.ts'
import { EXIT_FINE, nearest, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { readCaptureFile } from './capture-input.ts'
import { FrameFilter } from './frame-filter.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko read [options] FILE [EXPRESSION ...]

Prints the packets of a capture, a line each, as tcpdump does: pcap, pcapng,
snoop, tcpdump's lines (alone or in a document) and tshark's JSON, packed with
gzip or zstd or not; "-" is standard input. EXPRESSION chooses packets in the
words of pcap-filter(7): tcp port 80 and host 10.0.0.1

  -Y FILTER        a display filter as Wireshark has it: only the packets that
                   pass it are printed, with -T those without TCP too
  -f               goes on as the file grows, until interrupted

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

  -V               every field of each header instead of a line, with its place,
                   its bits and what it means

Fields of TCP packets, a row for each TCP header:
  -T FORMAT        fields: the fields that -e names, between tabs; json and ek:
                   tshark's, ek for Elasticsearch; jsonl: a flat object a line
  -e FIELD         with -T: a field by Wireshark's name, such as
                   tcp.analysis.rto; again for more. All, where none is named,
                   but with -T fields
  -E NAME=VALUE    with -T fields: header=y, separator=/t or any character,
                   occurrence=f, l or a, aggregator=any character,
                   quote=d, s or n
  --fields         lists the fields

Exit code 3 where the file cannot be read to its end; what came before the error
has been printed.

Examples:
  elko read capture.pcapng
  elko read -nn -v -tttt capture.pcap
  elko read -T fields -e frame.number -e tcp.analysis.retransmission capture.pcap
  elko read -nV -c 1 capture.pcap tcp port 443
  elko read -T json -c 1 capture.pcap
  elko read -Y 'tcp.analysis.retransmission && ip.ttl < 64' capture.pcap
`

const FIELDS: Fields = { ...FRAME_FIELDS, ...TCP_FIELDS, ...EXPERT_FIELDS }

/** More packets than any file has. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

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
  V: { type: 'boolean', short: 'V' },
} as const

const COMMON_OPTIONS = {
  f: { type: 'boolean', short: 'f' },
  Y: { type: 'string', short: 'Y' },
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
  const { values, positionals } = readArguments(argv, options, MOST_WORDS)
  const [path] = positionals
  if (values.e === true && path !== undefined && Object.hasOwn(FIELDS, path)) {
    throw new UsageError(`-e ${path}: only with -T fields, json, ek or jsonl`)
  }
  if (values.V === true) await print(positionals, values, detailPrinter)
  else {
    const printer = new TcpdumpPrinter(printing(values))
    // Numbers are relative to the first ones that are taken, whether these are shown or not.
    await print(positionals, values, (out) => (record, { isTaken, isShown }) => {
      const line = isTaken ? printer.line(record) : ''
      if (isShown) out.write(line)
    })
  }
  return EXIT_FINE
}

/** A paragraph for each packet. */
function detailPrinter(out: Out): OnRecord {
  const analysis = new SequenceAnalysis()
  let tcpLines: string[] = []
  const dissector = new Dissector((packet, tcp) => {
    tcpLines.push(...tcpDetails({ packet, tcp, analysis: analysis.analyze(packet, tcp) }))
  })
  return (record, { isShown }) => {
    tcpLines = []
    dissector.dissect(record)
    if (isShown) out.write(`${[...frameDetails(dissector.packet), ...tcpLines].join('\n')}\n`)
  }
}

async function runFields(argv: string[]): Promise<number> {
  const options = {
    ...COMMON_OPTIONS,
    n: { type: 'boolean', short: 'n', multiple: true },
    T: { type: 'string', short: 'T' },
    e: { type: 'string', short: 'e', multiple: true },
    E: { type: 'string', short: 'E', multiple: true },
  } as const
  const { values, positionals } = readArguments(argv, options, MOST_WORDS)
  if (values.fields === true) {
    const out = new LineWriter(process.stdout)
    for (const name of Object.keys(FIELDS)) out.write(name)
    return await out.end(EXIT_FINE)
  }
  const rows = rowsOf(values)
  const isOfAll = values.Y !== undefined
  await print(positionals, values, (out, isEnough) => rowPrinter(rows, isOfAll, out, isEnough), rows.tail)
  return EXIT_FINE
}

/** A row for each TCP header of what is shown. @param isOfAll one for each frame without TCP, too. */
function rowPrinter(
  { head, line, frameLine, between }: Rows,
  isOfAll: boolean,
  out: Out,
  isEnough: () => boolean,
): OnRecord {
  const analysis = new SequenceAnalysis()
  const times = new FrameTimes()
  let isFirst = true
  let current: CaptureRecord | null = null
  let isShown = true
  let hasTcp = false
  const write = (row: string): void => {
    if (!isFirst && between !== '') out.writeBeside(between)
    isFirst = false
    out.write(row)
  }
  const dissector = new Dissector((packet, tcp) => {
    hasTcp = true
    const view = { packet, tcp, analysis: analysis.analyze(packet, tcp), times, record: current! }
    if (isShown && !isEnough()) write(line(view))
  })
  if (head !== '') out.writeBeside(head)
  return (record, judged) => {
    current = record
    isShown = judged.isShown
    hasTcp = false
    times.frame(record)
    dissector.dissect(record)
    if (isOfAll && isShown && !hasTcp) write(frameLine({ packet: dissector.packet, record, times }))
  }
}

/** A file, and the words of a filter. */
const MOST_WORDS = 1000

interface Out {
  /** Counts for -c. */
  readonly write: (line: string) => void
  readonly writeBeside: (line: string) => void
}

interface Judged {
  /** It passes the capture filter. */
  readonly isTaken: boolean
  /** It passes the display filter as well; the analysis wants to see the others too. */
  readonly isShown: boolean
}

type OnRecord = (record: CaptureRecord, judged: Judged) => void

/**
 * @param words the file, and the filter behind it.
 * @param tail what is written behind them.
 */
async function print(
  words: readonly string[],
  values: { readonly c?: string; readonly f?: boolean; readonly Y?: string },
  printer: (out: Out, isEnough: () => boolean) => OnRecord,
  tail = '',
): Promise<void> {
  const limit = wholeNumber('-c', values.c, 1, NO_LIMIT) ?? NO_LIMIT
  const [path, ...expression] = words
  if (path === undefined) throw new UsageError('expected a capture file, or - for standard input')
  const filter = new FrameFilter(expression, values.Y)
  const lines = new LineWriter(process.stdout)
  let written = 0
  const isEnough = (): boolean => written >= limit
  const onRecord = printer(
    {
      write: (line) => {
        written++
        lines.write(line)
      },
      writeBeside: (line) => lines.write(line),
    },
    isEnough,
  )
  try {
    await readCaptureFile(
      path,
      (record) => {
        if (isEnough()) return
        const isTaken = filter.takes(record)
        const isShown = filter.shows(record) && isTaken
        onRecord(record, { isTaken, isShown })
      },
      isEnough,
      values.f === true ? { follow: () => lines.flush() } : {},
    )
  } finally {
    if (tail !== '') lines.write(tail)
    await lines.flush()
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

/** How rows are written: what stands before, between and behind them. */
interface Rows {
  readonly head: string
  readonly line: (view: TcpView) => string
  /** Of a frame without TCP. */
  readonly frameLine: (view: FrameView) => string
  readonly between: string
  readonly tail: string
}

const FORMATS = ['fields', 'json', 'ek', 'jsonl']

function rowsOf({ T: format = '', e: given = [], E = [] }: { T?: string; e?: string[]; E?: string[] }): Rows {
  if (!FORMATS.includes(format)) {
    throw new UsageError(`-T: expected fields, json, ek or jsonl, not "${format}"`)
  }
  const unknown = given.find((name) => !Object.hasOwn(FIELDS, name))
  if (unknown !== undefined) {
    const near = nearest(unknown, Object.keys(FIELDS))
    throw new UsageError(
      `-e: unknown field "${unknown}"${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
  const { style, hasHeader } = rowStyle(E)
  if (E.length > 0 && format !== 'fields') throw new UsageError('-E: only with -T fields')
  const isNamed = given.length > 0
  const names = isNamed ? given : Object.keys(FIELDS)
  const plain = { head: '', between: '', tail: '' }
  if (format === 'fields') {
    if (!isNamed) throw new UsageError('-T fields: expected fields, with -e')
    const head = hasHeader ? names.join(style.separator) : ''
    return { ...plain, head, ...lines((fields, view) => fieldRow(fields, names, view, style)) }
  }
  if (format === 'jsonl') {
    return { ...plain, ...lines((fields, view) => JSON.stringify(flatObject(fields, names, view))) }
  }
  if (format === 'ek') return { ...plain, ...lines((fields, view) => ekLines(fields, names, isNamed, view)) }
  const objects = lines((fields, view) => jsonPacket(fields, names, isNamed, view))
  return { head: '[', ...objects, between: '  ,', tail: ']' }
}

/** A frame without TCP has no field of TCP. */
const FIELDS_WITHOUT_TCP: Fields = Object.fromEntries(
  Object.entries(FIELDS).map(([name, field]) => [
    name,
    Object.hasOwn(FRAME_FIELDS, name) ? field : { kind: field.kind, read: () => null },
  ]),
)

function lines(row: (fields: Fields, view: TcpView) => string): Pick<Rows, 'line' | 'frameLine'> {
  return {
    line: (view) => row(FIELDS, view),
    // None of these fields looks at TCP.
    frameLine: (view) => row(FIELDS_WITHOUT_TCP, view as TcpView),
  }
}

const QUOTES: Readonly<Record<string, string>> = { d: '"', s: "'", n: '' }

function rowStyle(settings: readonly string[]): { style: RowStyle; hasHeader: boolean } {
  let style = PLAIN_ROWS
  let hasHeader = false
  for (const setting of settings) {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(setting) ?? []
    const wrong = (expected: string): UsageError => new UsageError(`-E ${setting}: expected ${expected}`)
    if (name === 'header' && /^[yn]$/.test(value)) hasHeader = value === 'y'
    else if (name === 'header') throw wrong('header=y or header=n')
    else if (name === 'separator') style = { ...style, separator: characterOf(value, wrong) }
    else if (name === 'aggregator') style = { ...style, aggregator: characterOf(value, wrong) }
    else if (name === 'occurrence' && /^[fla]$/.test(value)) {
      style = { ...style, occurrence: value as RowStyle['occurrence'] }
    } else if (name === 'occurrence') throw wrong('occurrence=f, l or a')
    else if (name === 'quote' && QUOTES[value] !== undefined) style = { ...style, quote: QUOTES[value] }
    else if (name === 'quote') throw wrong('quote=d, s or n')
    else throw wrong('header, separator, occurrence, aggregator or quote, and a value')
  }
  return { style, hasHeader }
}

/** A character, or /t for a tab and /s for a blank. */
function characterOf(value: string, wrong: (expected: string) => UsageError): string {
  if (value === '/t') return '\t'
  if (value === '/s') return ' '
  if (value.length !== 1) throw wrong('one character, /t for a tab or /s for a blank')
  return value
}
