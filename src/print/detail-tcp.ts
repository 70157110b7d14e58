/** A TCP header field by field (RFC 9293 3.1), its options, and what the analysis of its numbers says. */

import { hexText, optionsOf, optionValues, rightChecksum, type SeenOption } from '../dissect/tcp-details.ts'
import { expertOf } from '../flows/expert.ts'
import type { TcpView } from '../flows/fields.ts'
import { ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../wire/segment.ts'
import * as kinds from '../wire/tcp-options.ts'
import { portText } from './detail-layers.ts'
import { type DetailPage, setOrNot } from './detail-page.ts'
import { hex4 } from './page.ts'

/** The flags of the header's thirteenth and fourteenth octets, with what each one says. */
const FLAGS: readonly (readonly [bit: number, name: string, meaning: string])[] = [
  [AE, 'Accurate ECN', 'echoes congestion exactly (RFC 9768)'],
  [CWR, 'Congestion window reduced', 'the sender has slowed down'],
  [ECE, 'ECN-echo', 'congestion was experienced'],
  [URG, 'Urgent', 'the urgent pointer counts'],
  [ACK, 'Acknowledgment', 'the acknowledgment number counts'],
  [PSH, 'Push', 'the sender has no more to send for now'],
  [RST, 'Reset', 'the connection is aborted'],
  [SYN, 'Syn', 'sequence numbers are synchronized'],
  [FIN, 'Fin', 'the sender has sent everything'],
]

export function detailTcp(page: DetailPage, view: TcpView): void {
  const { packet, tcp, analysis } = view
  page.take(packet.bytes, tcp.at)
  page.layer(
    `Transmission Control Protocol, Src Port: ${tcp.sourcePort}, Dst Port: ${tcp.destinationPort}` +
      `, Seq: ${analysis.seq}, Ack: ${analysis.ack}, Len: ${Math.max(0, tcp.textLength)}`,
  )
  page.field(`Source port: ${portText(tcp.sourcePort, 'tcp')}`, 0, 2)
  page.field(`Destination port: ${portText(tcp.destinationPort, 'tcp')}`, 2, 2)
  page.plain(`[Stream: ${analysis.stream}]`)
  page.field(`Sequence number: ${analysis.seq} (relative), ${tcp.seq >>> 0}`, 4, 4)
  page.plain(`[Next sequence number: ${analysis.nextSeq} (relative)]`)
  page.field(`Acknowledgment number: ${analysis.ack} (relative), ${tcp.ack >>> 0}`, 8, 4)
  page.field('Data offset', 12, 1)
  const offset = tcp.headerLength << 2
  page.bits(`Header length: ${tcp.headerLength} octets (${tcp.headerLength / 4} words)`, offset, 0xf0, 8)
  if (tcp.headerLength < 20)
    page.plain(`[a header of ${tcp.headerLength} octets cannot be: it has 20 at the least]`)
  detailFlags(page, tcp.flags)
  page.field(`Window: ${tcp.window}`, 14, 2)
  page.plain(`[Window, scaled: ${analysis.window} octets${scaleText(view)}]`)
  page.field(`Checksum: 0x${hex4(tcp.checksum)}, ${checksumText(view)}`, 16, 2)
  const isUrgent = (tcp.flags & URG) !== 0
  page.field(`Urgent pointer: ${tcp.urgentPointer}${isUrgent ? '' : ' (does not count)'}`, 18, 2)
  detailOptions(page, view)
  detailAnalysis(page, view)
  const { textAt, textHeld } = tcp
  if (tcp.textLength > 0)
    page.field(`Text: ${tcp.textLength} octets, ${textHeld} captured`, textAt - tcp.at, tcp.textLength)
}

function detailFlags(page: DetailPage, flags: number): void {
  page.field(`Flags: 0x${flags.toString(16).padStart(3, '0')}`, 12, 2)
  page.bits(`Reserved: ${setOrNot(flags & 0xe00)}`, flags, 0xe00, 12)
  for (const [bit, name, meaning] of FLAGS) {
    const isSet = (flags & bit) !== 0
    page.bits(`${name}: ${isSet ? `Set: ${meaning}` : 'Not set'}`, flags, bit, 12)
  }
}

function scaleText({ tcp, analysis }: TcpView): string {
  if ((tcp.flags & SYN) !== 0) return ', that of a SYN never is'
  if (analysis.scaleFactor === -1) return ', by how much is not known: the handshake was not captured'
  return analysis.scaleFactor === -2 ? ', no scaling is used' : `, ${analysis.scaleFactor} times the field`
}

function checksumText({ packet, tcp }: TcpView): string {
  const right = packet.isQuoted ? null : rightChecksum(packet, tcp)
  if (right === null) return 'cannot be verified'
  return right === tcp.checksum ? 'correct' : `incorrect, should be 0x${hex4(right)}`
}

// ---- options

const NAMES: Readonly<Record<number, string>> = {
  [kinds.KIND_EOL]: 'End of option list',
  [kinds.KIND_NOP]: 'No-operation',
  [kinds.KIND_MSS]: 'Maximum segment size',
  [kinds.KIND_WINDOW_SCALE]: 'Window scale',
  [kinds.KIND_SACK_PERMITTED]: 'SACK permitted',
  [kinds.KIND_SACK]: 'SACK',
  [kinds.KIND_TIMESTAMPS]: 'Timestamps',
  [kinds.KIND_MD5]: 'MD5 signature',
  [kinds.KIND_UTO]: 'User timeout',
  [kinds.KIND_AO]: 'Authentication',
  [kinds.KIND_MPTCP]: 'Multipath TCP',
  [kinds.KIND_TFO]: 'Fast Open cookie',
}

function detailOptions(page: DetailPage, { packet, tcp, analysis }: TcpView): void {
  if (tcp.headerLength <= 20) return
  page.field(`Options: ${tcp.headerLength - 20} octets`, 20, tcp.headerLength - 20)
  let reached = tcp.at + 20
  for (const option of optionsOf(packet, tcp)) {
    const { kind, length, at } = option
    const value = valueText(packet.bytes, option, analysis.otherBase)
    const size = length === 1 ? '' : `, length ${length}`
    page.field(`${NAMES[kind] ?? 'Unknown'}: kind ${kind}${size}${value}`, at - tcp.at, length, 2)
    reached = at + length
    if (kind === kinds.KIND_EOL) return
  }
  const end = tcp.at + tcp.headerLength
  if (reached >= end) return
  page.plain(
    packet.end < end && reached >= packet.end
      ? `[the capture ends after ${reached - tcp.at} of ${tcp.headerLength} octets]`
      : `[no option at octet ${reached - tcp.at} of the header: what stands there is cut, or its length cannot be]`,
    2,
  )
}

function valueText(bytes: Uint8Array, option: SeenOption, otherBase: number): string {
  const values = optionValues(bytes, option)
  const { kind, length, at } = option
  if (kind === kinds.KIND_MSS) return `, ${values[0] ?? '?'} octets`
  if (kind === kinds.KIND_WINDOW_SCALE)
    return `, shift ${values[0] ?? '?'} (times ${2 ** Math.min(values[0] ?? 0, 14)})`
  if (kind === kinds.KIND_TIMESTAMPS) return `, value ${values[0] ?? '?'}, echo ${values[1] ?? '?'}`
  if (kind === kinds.KIND_SACK) {
    const edges = values.map((edge) => (edge - otherBase) >>> 0)
    const blocks = edges.filter((_, k) => k % 2 === 0).map((left, k) => ` ${left}-${edges[2 * k + 1] ?? '?'}`)
    return `, blocks${blocks.join(',')} (relative)`
  }
  return length > 2 ? `, value ${hexText(bytes.subarray(at + 2, at + length))}` : ''
}

// ---- analysis

function detailAnalysis(page: DetailPage, view: TcpView): void {
  const { analysis } = view
  page.plain('[Times]')
  page.plain(`[Since the first packet of this stream: ${analysis.sinceFirst} seconds]`, 2)
  page.plain(`[Since the packet before in this stream: ${analysis.sinceLast} seconds]`, 2)
  const found = analysisLines(view)
  const remarks = expertOf(view).map(({ severity, group, message }) => `[${severity}, ${group}: ${message}]`)
  if (found.length + remarks.length === 0) return
  page.plain('[SEQ/ACK analysis]')
  for (const line of [...found, ...remarks]) page.plain(line, 2)
}

function analysisLines({ analysis: a }: TcpView): string[] {
  const lines: string[] = []
  if (a.acksFrame > 0) {
    lines.push(`[This acknowledges the segment in frame ${a.acksFrame}]`, `[It took ${a.ackRtt} seconds]`)
  }
  if (a.hasInitialRtt && a.hasRecord) lines.push(`[Round trip of the handshake: ${a.initialRtt} seconds]`)
  if (a.bytesInFlight > 0) lines.push(`[Octets in flight: ${a.bytesInFlight}]`)
  if (a.pushBytes > 0) lines.push(`[Octets since the last PSH: ${a.pushBytes}]`)
  if (a.rtoFrame > 0) lines.push(`[Sent again ${a.rto} seconds after frame ${a.rtoFrame}]`)
  if (a.duplicateAckNumber > 0)
    lines.push(`[Duplicate of the acknowledgment in frame ${a.duplicateAckFrame}]`)
  return lines
}
