/** What tshark's column Info says of a TCP segment: ports, flags, numbers and options, behind what the analysis marks. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { cutOptionValues, optionValues, type SeenOption } from '../dissect/tcp-details.ts'
import { isShortOption, shownOptions, type TcpView } from '../flows/fields.ts'
import * as marks from '../flows/tcp-analysis.ts'
import { ACK, URG } from '../wire/segment.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import * as kinds from '../wire/tcp-options.ts'

export function tcpInfo(view: TcpView): string {
  const { tcp, analysis } = view
  const ends = `${tcp.sourcePort} → ${tcp.destinationPort} [${flagNames(tcp.flags)}]`
  const acknowledged = (tcp.flags & ACK) === 0 ? '' : ` Ack=${analysis.ack}`
  const numbers = `Seq=${analysis.seq}${acknowledged} Win=${analysis.window}`
  if (tcp.headerLength < TCP_HEADER_LENGTH) {
    return `${ends} ${numbers}, bogus TCP header length (${tcp.headerLength}, must be at least ${TCP_HEADER_LENGTH})`
  }
  if (tcp.held < TCP_HEADER_LENGTH) return `${marksOf(analysis)}${ends} ${numbers}${CUT}`
  const urgent = (tcp.flags & URG) === 0 ? '' : ` Urg=${tcp.urgentPointer}`
  const length = tcp.textLength < 0 ? '' : ` Len=${tcp.textLength}`
  return `${marksOf(analysis)}${ends} ${numbers}${urgent}${length}${optionWords(view)}`
}

/** Whether Wireshark counts a segment to Multipath TCP: it has the option. */
export function isMultipath(view: TcpView): boolean {
  return shownOptions(view.packet, view.tcp).some(({ kind }) => kind === kinds.KIND_MPTCP)
}

const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'AE']
const RESERVED = 0xe00

function flagNames(flags: number): string {
  const names = FLAG_NAMES.filter((_, bit) => ((flags >> bit) & 1) === 1)
  if ((flags & RESERVED) !== 0) names.push('Reserved')
  return names.length === 0 ? '<None>' : names.join(', ')
}

/** In the order in which Wireshark finds them; each comes before the ones that it found earlier. */
const MARKS: readonly (readonly [number, string])[] = [
  [marks.REUSED_PORTS, 'Port numbers reused'],
  [marks.RETRANSMISSION, 'Retransmission'],
  [marks.FAST_RETRANSMISSION, 'Fast Retransmission'],
  [marks.SPURIOUS_RETRANSMISSION, 'Spurious Retransmission'],
  [marks.OUT_OF_ORDER, 'Out-Of-Order'],
  [marks.LOST_SEGMENT, 'Previous segment not captured'],
  [marks.ACK_LOST_SEGMENT, 'ACKed unseen segment'],
  [marks.WINDOW_UPDATE, 'Window Update'],
  [marks.WINDOW_FULL, 'Window Full'],
  [marks.KEEP_ALIVE, 'Keep-Alive'],
  [marks.KEEP_ALIVE_ACK, 'Keep-Alive ACK'],
  [marks.DUPLICATE_ACK, 'Dup ACK'],
  [marks.ZERO_WINDOW_PROBE, 'ZeroWindowProbe'],
  [marks.ZERO_WINDOW, 'ZeroWindow'],
  [marks.ZERO_WINDOW_PROBE_ACK, 'ZeroWindowProbeAck'],
]

const EXACT = marks.FAST_RETRANSMISSION | marks.SPURIOUS_RETRANSMISSION

function marksOf({ flags, duplicateAckNumber, duplicateAckFrame }: marks.TcpAnalysis): string {
  if (flags === 0) return ''
  // The more exact word stands alone.
  const shown = (flags & EXACT) === 0 ? flags : flags & ~marks.RETRANSMISSION
  let text = ''
  for (const [mark, name] of MARKS) {
    if ((shown & mark) === 0) continue
    const which = mark === marks.DUPLICATE_ACK ? ` ${duplicateAckFrame}#${duplicateAckNumber}` : ''
    text = `[TCP ${name}${which}] ${text}`
  }
  return text
}

/** What Wireshark says where the octets of a header end before it does: in the capture, or in the packet itself. */
export const CUT = '[Packet size limited during capture]'
export const MALFORMED = '[Malformed Packet]'

/** The options in their order; what Wireshark says where it gives a header up ends them. */
function optionWords(view: TcpView): string {
  const { packet, tcp } = view
  const options = shownOptions(packet, tcp)
  let words = ''
  for (const option of options) {
    if (isShortOption(packet, option)) return words + MALFORMED
    words += optionWord(view, option)
  }
  if (tcp.textLength < 0 && !packet.isFragment) return words + MALFORMED
  if (tcp.held >= tcp.headerLength || options.at(-1)?.kind === kinds.KIND_EOL) return words
  return words + blockWords(cutOptionValues(packet, tcp, kinds.KIND_SACK), view.analysis.otherBase) + CUT
}

/** Kinds of RFC 1072, RFC 1644: a number of 32 bits each. */
const NUMBERS: ReadonlyMap<number, string> = new Map([
  [6, 'ECHO'],
  [7, 'ECHO'],
  [11, 'CC'],
  [12, 'CC'],
  [13, 'CC'],
])

function optionWord(view: TcpView, option: SeenOption): string {
  const { bytes } = view.packet
  const { kind, length, at } = option
  const values = optionValues(bytes, option)
  switch (kind) {
    case kinds.KIND_MSS:
      return values.length === 1 ? ` MSS=${values[0]}` : ''
    case kinds.KIND_WINDOW_SCALE:
      return values.length === 1 ? ` WS=${2 ** Math.min(values[0]!, 14)}` : ''
    case kinds.KIND_SACK_PERMITTED:
      return ' SACK_PERM'
    case kinds.KIND_TIMESTAMPS:
      return values.length === 2 ? ` TSval=${values[0]} TSecr=${values[1]}` : ''
    case kinds.KIND_SACK:
      return blockWords(values, view.analysis.otherBase)
    case kinds.KIND_MD5:
      return length === 18 ? ' MD5' : ''
    case kinds.KIND_AO:
      return 'TCP AO'
    case kinds.KIND_UTO:
      return length === 4 ? ` USER_TO=${readUint16(bytes, at + 2) & 0x7fff}` : ''
    case kinds.KIND_TFO:
      return length === 2 ? ' TFO=R' : ' TFO=C'
    case kinds.KIND_EXPERIMENT_1:
    case kinds.KIND_EXPERIMENT_2:
      return experimentWord(bytes, option)
    case kinds.KIND_ACCECN0:
      return counterWords(bytes, option, ['EE0B', 'ECEB', 'EE1B'])
    case kinds.KIND_ACCECN1:
      return counterWords(bytes, option, ['EE1B', 'ECEB', 'EE0B'])
    default: {
      const name = NUMBERS.get(kind)
      return name !== undefined && length === 6 ? ` ${name}=${readInt32(bytes, at + 2) >>> 0}` : ''
    }
  }
}

function blockWords(edges: readonly number[], base: number): string {
  let words = ''
  for (let k = 0; k + 1 < edges.length; k += 2) {
    words += ` SLE=${(edges[k]! - base) >>> 0} SRE=${(edges[k + 1]! - base) >>> 0}`
  }
  return words
}

function experimentWord(bytes: Uint8Array, { length, at }: SeenOption): string {
  if (length < 4) return ''
  const id = readUint16(bytes, at + 2)
  if (id === kinds.EXID_TFO) return length === 4 ? ' TFO=R' : ' TFO=C'
  return ` ExID=${id.toString(16).toUpperCase()}`
}

/** Counters of octets of AccECN (RFC 9768 3.2.3), 24 bits each; later ones may be left out. */
function counterWords(bytes: Uint8Array, { length, at }: SeenOption, names: readonly string[]): string {
  const there = names.filter((_, k) => length >= 5 + 3 * k)
  return there.map((name, k) => ` ${name}=${readInt32(bytes, at + 2 + 3 * k) >>> 8}`).join('')
}
