/** `elko read`: the packets of a capture as tcpdump prints them, or the TCP packets as fields under Wireshark's names. */

import type { TunnelPorts } from '../dissect/tunnels.ts'
import type { TcpView } from '../flows/field.ts'
import { frameDetails, tcpDetails } from '../print/details.ts'
import { type TcpdumpOptions, TcpdumpPrinter } from '../print/tcpdump-line.ts'
import { EXIT_FINE, readArguments, UsageError } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { FrameViews } from './frame-views.ts'
import { LineWriter } from './line-writer.ts'
import { MOST_WORDS, type OnRecord, type Out, printPackets, type Source } from './printed-packets.ts'
import { FIELD_NAMES, rowPrinter, rowsOf } from './read-rows.ts'

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

Summaries, as tshark prints them: a line for each frame
  -T FORMAT        tabs: number, time, source, destination, protocol, length and
                   what it says, between tabs; text: between blanks

Fields of TCP packets, a row for each TCP header:
  -T FORMAT        fields: the fields that -e names, between tabs; json and ek:
                   tshark's, ek for Elasticsearch; jsonl: a flat object a line
  -e FIELD         with -T: a field by Wireshark's name, such as
                   tcp.analysis.rto; again for more. All, where none is named,
                   but with -T fields. elko.analysis.cause and others are
                   Elko's own judgement of what came again or late
  -E NAME=VALUE    with -T fields: header=y, separator=/t or any character,
                   occurrence=f, l or a, aggregator=any character,
                   quote=d, s or n
  --fields         lists the fields

With -V, -T and -Y:
${DECODE_HELP}

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
  ...DECODE_OPTIONS,
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
  if (values.e === true && path !== undefined && FIELD_NAMES.includes(path)) {
    throw new UsageError(`-e ${path}: only with -T fields, json, ek or jsonl`)
  }
  const tunnels = askedTunnels(values)
  if (values.V === true)
    await printPackets(positionals, values, (out, source) => detailPrinter(out, source, tunnels))
  else {
    const printer = new TcpdumpPrinter(printing(values))
    // Numbers are relative to the first ones that are taken, whether these are shown or not.
    await printPackets(positionals, values, (out, { filter }) => (record) => {
      const isTaken = filter.takes(record)
      const line = isTaken ? printer.line(record) : ''
      if (filter.shows(record) && isTaken) out.write(line)
    })
  }
  return EXIT_FINE
}

/** A paragraph for each packet. */
function detailPrinter(out: Out, { filter }: Source, tunnels: TunnelPorts | null): OnRecord {
  /** Of TCP headers whose views hold no longer. */
  let early: string[] = []
  let current: TcpView | null = null
  const onTcp = (view: TcpView): void => {
    if (view.packet.others.length > 0) early.push(...tcpDetails(view))
    else current = view
  }
  const views = new FrameViews({ display: filter.display, tunnels, onTcp })
  return (record) => {
    early = []
    current = null
    const isShown = views.frame(record) && filter.takes(record)
    if (!isShown) return
    const lines = [...frameDetails(views.view.packet), ...early]
    if (current !== null) lines.push(...tcpDetails(current))
    out.write(`${lines.join('\n')}\n`)
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
    for (const name of FIELD_NAMES) out.write(name)
    return await out.end(EXIT_FINE)
  }
  const rows = rowsOf(values)
  const tunnels = askedTunnels(values)
  const printer = (out: Out, source: Source): OnRecord => rowPrinter(rows, tunnels, out, source)
  await printPackets(positionals, values, printer, rows.tail)
  return EXIT_FINE
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
