/** `elko find`: where text, octets or an expression stand in what the connections of a capture carried. */

import { Dissector } from '../dissect/dissect.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import { socketsOf } from '../dissect/sockets-of.ts'
import { ByteStreams } from '../flows/byte-streams.ts'
import { MANY_CONVERSATIONS, SequenceAnalysis } from '../flows/sequence-analysis.ts'
import type { StreamSink } from '../flows/stream-assembler.ts'
import { type Match, type Pattern, StreamSearch } from '../flows/stream-search.ts'
import { EXIT_FINDINGS, EXIT_FINE, readArguments, UsageError } from './arguments.ts'
import { capturePath, readCaptureFile } from './capture-input.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko find [options] PATTERN FILE

Finds what the connections of a capture carried: text, or an expression between
slashes (/GET .*HTTP/i), in the reassembled streams, also where it goes over the
border of two segments. "-" is standard input.

Options:
  --hex            PATTERN is hexadecimal digits
  --packets        in each segment by itself, also in those that came again
  --json           an object for each find, a line each

Each line names the stream, who sent it, the frame and the offset in the stream of
the first octet. Offsets count from 0; in a connection that began before the
capture, from its first octet there. An expression sees octets as letters, and
crosses borders with up to 4096 of them.

Exit code 0 where something was found, 1 where nothing, 3 where the file cannot
be read to its end.

Examples:
  elko find password capture.pcap
  elko find --hex 160301 capture.pcapng
  elko find '/HTTP\\/1\\.[01] 5\\d\\d/' capture.pcap.gz
`

/** Connections whose streams are followed at once. */
const MOST_STREAMS = 65_536

interface Place {
  readonly stream: number
  /** The sender and the receiver, as address:port. */
  readonly from: string
  readonly to: string
}

export async function run(argv: string[]): Promise<number> {
  const options = {
    hex: { type: 'boolean' },
    packets: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const
  const { values, positionals } = readArguments(argv, options, 2)
  const [text, given] = positionals
  if (text === undefined) throw new UsageError('expected a pattern and a capture file')
  const path = capturePath(given)
  const pattern = values.hex === true ? { octets: octetsOf(text) } : patternOf(text)
  const out = new LineWriter(process.stdout)
  let found = 0
  const tell = (place: Place, match: Match): void => {
    found++
    out.write(values.json === true ? jsonOf(place, match) : lineOf(place, match))
  }
  const dissector = values.packets === true ? inPackets(pattern, tell) : inStreams(pattern, tell)
  try {
    await readCaptureFile(path, (record) => dissector.dissect(record))
  } finally {
    await out.flush()
  }
  return found > 0 ? EXIT_FINE : EXIT_FINDINGS
}

type Tell = (place: Place, match: Match) => void

function inStreams(pattern: Pattern, tell: Tell): Dissector {
  const analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
  let [packet, tcp, isFromA]: [Packet | null, TcpFields | null, boolean] = [null, null, true]
  const sinkOf = (stream: number, ofA: boolean): StreamSink => {
    const place = placeOf(stream, packet!, tcp!, ofA === isFromA)
    const search = new StreamSearch(pattern, (match) => tell(place, match))
    return {
      text: (octets, seq, frame) => search.text(octets, (seq - 1) >>> 0, frame),
      missing: () => search.gap(),
    }
  }
  const streams = new ByteStreams(sinkOf, MOST_STREAMS)
  return new Dissector((nextPacket, nextTcp) => {
    const result = analysis.analyze(nextPacket, nextTcp)
    packet = nextPacket
    tcp = nextTcp
    isFromA = result.isFromA
    streams.packet(nextPacket, nextTcp, result)
  })
}

function inPackets(pattern: Pattern, tell: Tell): Dissector {
  const analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
  return new Dissector((packet, tcp) => {
    const { stream, seq } = analysis.analyze(packet, tcp)
    if (packet.isQuoted || tcp.textHeld === 0) return
    const search = new StreamSearch(pattern, (match) => tell(placeOf(stream, packet, tcp, true), match))
    const octets = packet.bytes.subarray(tcp.textAt, tcp.textAt + tcp.textHeld)
    search.text(octets, (seq - 1) >>> 0, packet.number)
  })
}

function placeOf(stream: number, packet: Packet, tcp: TcpFields, isSender: boolean): Place {
  const ends = socketsOf(packet, tcp)
  return { stream, from: ends[isSender ? 0 : 1], to: ends[isSender ? 1 : 0] }
}

// ---- patterns

function octetsOf(text: string): Uint8Array {
  const digits = text.replaceAll(/[\s:]/g, '')
  if (!/^([0-9a-f]{2})+$/i.test(digits)) {
    throw new UsageError(`--hex: expected pairs of hexadecimal digits, not "${text}"`)
  }
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

function patternOf(text: string): Pattern {
  if (text === '') throw new UsageError('expected a pattern, found nothing')
  const parts = /^\/(.+)\/([a-z]*)$/s.exec(text)
  if (parts === null) return { octets: new Uint8Array(Buffer.from(text, 'utf8')) }
  const [, source, flags] = parts
  const unknown = [...flags!].find((flag) => !'ims'.includes(flag))
  if (unknown !== undefined)
    throw new UsageError(`${text}: expected flags among i, m and s, not "${unknown}"`)
  try {
    // Letters beyond ASCII are the octets of their UTF-8.
    return { expression: new RegExp(Buffer.from(source!, 'utf8').toString('latin1'), `g${flags}`) }
  } catch (error) {
    throw new UsageError(`${text}: ${(error as Error).message}`)
  }
}

// ---- finds

function lineOf({ stream, from, to }: Place, { offset, frame, before, octets, behind }: Match): string {
  const text = `${lettersOf(before)}[${lettersOf(octets)}]${lettersOf(behind)}`
  return `stream ${stream} ${from} > ${to} frame ${frame} offset ${offset}: ${text}`
}

function jsonOf({ stream, from, to }: Place, { offset, frame, before, octets, behind }: Match): string {
  const hex = Buffer.from(octets).toString('hex')
  const context = { before: lettersOf(before), text: lettersOf(octets), behind: lettersOf(behind) }
  return JSON.stringify({ stream, from, to, frame, offset, length: octets.length, hex, ...context })
}

/** On one line: what is no letter is a dot. */
function lettersOf(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '.')
}
