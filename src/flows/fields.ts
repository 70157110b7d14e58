/**
 * The fields of a captured packet under Wireshark's names, as values. A field stands in a packet as often as its layer
 * does: an address in every IP header, from the outside in.
 */

import { readUint16 } from '../bytes/big-endian.ts'
import * as codes from '../dissect/layer-codes.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import { isTooShort } from '../dissect/seen-options.ts'
import {
  checksumIsRight,
  cutOptionValues,
  hexText,
  optionsOf,
  optionValues,
  type SeenOption,
} from '../dissect/tcp-details.ts'
import { SYN } from '../wire/segment.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import {
  KIND_MSS,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'
import { isDuplicate, judgedAck } from './expert-options.ts'
import type { Field, FrameFields, TcpView } from './field.ts'
import {
  etherText,
  inLayers,
  ipv4Text,
  ipv4WordText,
  ipv6Text,
  isEthernet,
  isIpv4,
  isIpv6,
  isVlan,
} from './field-layers.ts'
import type { Interval } from './interval.ts'
import { ETHERNET_FIELDS, MORE_FRAME_FIELDS, SLL_FIELDS } from './link-fields.ts'
import { ICMP_FIELDS, IPV4_FIELDS, IPV6_FIELDS, UDP_FIELDS } from './network-fields.ts'
import { ANALYSIS_FLAGS, DUPLICATE_ACK } from './tcp-analysis.ts'
import { ANALYSIS_TREES, HEADER_FIELDS } from './tcp-fields.ts'

export { type Field, type FieldKind, type FieldValue, fieldText, type TcpView } from './field.ts'

const isIcmp = (code: number): boolean => code === codes.IP_ICMP
const isIcmpv6 = (code: number): boolean => code === codes.IP_ICMPV6

/** What is read once for all TCP headers of a frame. */
export const FRAME_FIELDS: FrameFields = {
  'frame.number': { kind: 'number', read: ({ packet }) => packet.number },
  'frame.time_epoch': { kind: 'time', read: ({ packet }) => timeText(packet.seconds, packet.nanoseconds) },
  'frame.len': { kind: 'number', read: ({ packet }) => packet.frameLength },
  'frame.cap_len': { kind: 'number', read: ({ packet }) => packet.capturedLength },
  ...MORE_FRAME_FIELDS,
  'vlan.id': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isVlan, (bytes, at) => readUint16(bytes, at) & 0xfff),
  },
  'eth.src': {
    kind: 'ether',
    read: ({ packet }) => inLayers(packet, isEthernet, (bytes, at) => etherText(bytes, at + 6)),
  },
  'eth.dst': {
    kind: 'ether',
    read: ({ packet }) => inLayers(packet, isEthernet, (bytes, at) => etherText(bytes, at)),
  },
  'ip.src': {
    kind: 'address',
    read: ({ packet }) => inLayers(packet, isIpv4, (bytes, at) => ipv4Text(bytes, at + 12)),
  },
  'ip.dst': {
    kind: 'address',
    read: ({ packet }) =>
      inLayers(packet, isIpv4, (bytes, at) =>
        isInnermost(packet, bytes, at) ? ipv4WordText(packet.dst3) : ipv4Text(bytes, at + 16),
      ),
  },
  'ip.ttl': { kind: 'number', read: ({ packet }) => inLayers(packet, isIpv4, (bytes, at) => bytes[at + 8]!) },
  'ip.id': {
    kind: 'hex4',
    read: ({ packet }) => inLayers(packet, isIpv4, (bytes, at) => readUint16(bytes, at + 4)),
  },
  'ip.len': {
    kind: 'number',
    read: ({ packet }) =>
      inLayers(packet, isIpv4, (bytes, at) => {
        const length = readUint16(bytes, at + 2)
        // Segmentation offload leaves 0 behind.
        return length === 0 && isInnermost(packet, bytes, at) ? packet.wireEnd - at : length
      }),
  },
  'ip.proto': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isIpv4, (bytes, at) => bytes[at + 9]!),
  },
  'ip.flags.df': {
    kind: 'boolean',
    read: ({ packet }) => inLayers(packet, isIpv4, (bytes, at) => (bytes[at + 6]! >> 6) & 1),
  },
  'ip.flags.mf': {
    kind: 'boolean',
    read: ({ packet }) => inLayers(packet, isIpv4, (bytes, at) => (bytes[at + 6]! >> 5) & 1),
  },
  'ip.frag_offset': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isIpv4, (bytes, at) => readUint16(bytes, at + 6) & 0x1fff),
  },
  'ipv6.src': {
    kind: 'address',
    read: ({ packet }) => inLayers(packet, isIpv6, (bytes, at) => ipv6Text(bytes, at + 8)),
  },
  'ipv6.dst': {
    kind: 'address',
    read: ({ packet }) => inLayers(packet, isIpv6, (bytes, at) => ipv6Text(bytes, at + 24)),
  },
  'ipv6.hlim': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isIpv6, (bytes, at) => bytes[at + 7]!),
  },
  'icmp.type': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isIcmp, (bytes, at) => bytes[at]!),
  },
  'icmp.code': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isIcmp, (bytes, at) => bytes[at + 1]!),
  },
  'icmpv6.type': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isIcmpv6, (bytes, at) => bytes[at]!),
  },
  'icmpv6.code': {
    kind: 'number',
    read: ({ packet }) => inLayers(packet, isIcmpv6, (bytes, at) => bytes[at + 1]!),
  },
  ...ETHERNET_FIELDS,
  ...SLL_FIELDS,
  ...IPV4_FIELDS,
  ...IPV6_FIELDS,
  ...ICMP_FIELDS,
  ...UDP_FIELDS,
}

/** What is read for each TCP header. */
export const TCP_FIELDS: Readonly<Record<string, Field>> = {
  'tcp.stream': { kind: 'number', read: ({ analysis }) => analysis.stream },
  'tcp.srcport': { kind: 'number', read: ({ tcp }) => tcp.sourcePort },
  'tcp.dstport': { kind: 'number', read: ({ tcp }) => tcp.destinationPort },
  // Of a segment that ICMP quotes Wireshark shows the number once, as `tcp.seq`.
  'tcp.seq_raw': {
    kind: 'number',
    read: ({ packet, tcp }) => (isQuotedByIcmp(packet) ? null : tcp.seq >>> 0),
  },
  'tcp.ack_raw': { kind: 'number', read: whole(({ tcp }) => tcp.ack >>> 0) },
  'tcp.seq': { kind: 'number', read: ({ analysis }) => analysis.seq },
  'tcp.nxtseq': {
    kind: 'number',
    read: whole(({ tcp, analysis }) => (tcp.textLength >= 0 ? analysis.nextSeq : null)),
  },
  'tcp.ack': { kind: 'number', read: whole(({ analysis }) => analysis.ack) },
  'tcp.hdr_len': { kind: 'number', read: ({ tcp }) => tcp.headerLength },
  'tcp.flags': { kind: 'hex4', read: whole(({ tcp }) => tcp.flags) },
  'tcp.len': { kind: 'number', read: ({ tcp }) => (tcp.textLength >= 0 ? tcp.textLength : null) },
  'tcp.window_size_value': { kind: 'number', read: whole(({ tcp }) => tcp.window) },
  'tcp.window_size': { kind: 'number', read: whole(({ analysis }) => analysis.window) },
  'tcp.window_size_scalefactor': {
    kind: 'number',
    read: whole(({ tcp, analysis }) => ((tcp.flags & SYN) === 0 ? analysis.scaleFactor : null)),
  },
  'tcp.urgent_pointer': { kind: 'number', read: held(20, ({ tcp }) => tcp.urgentPointer) },
  'tcp.checksum': { kind: 'hex4', read: held(18, ({ tcp }) => tcp.checksum) },
  'tcp.checksum.status': { kind: 'number', read: held(18, checksumStatus) },
  'tcp.options.mss_val': option(KIND_MSS, 0),
  'tcp.options.wscale.shift': option(KIND_WINDOW_SCALE, 0),
  'tcp.options.sack_perm': { kind: 'octets', read: (view) => optionOctets(view, KIND_SACK_PERMITTED) },
  'tcp.options.sack_le': { kind: 'number', read: (view) => sackEdges(view, 0) },
  'tcp.options.sack_re': { kind: 'number', read: (view) => sackEdges(view, 1) },
  'tcp.options.sack.dsack_le': { kind: 'number', read: (view) => duplicateEdges(view, 0) },
  'tcp.options.sack.dsack_re': { kind: 'number', read: (view) => duplicateEdges(view, 1) },
  'tcp.options.timestamp.tsval': option(KIND_TIMESTAMPS, 0),
  'tcp.options.timestamp.tsecr': option(KIND_TIMESTAMPS, 1),
  'tcp.time_relative': { kind: 'time', read: held(20, ({ analysis }) => String(analysis.sinceFirst)) },
  'tcp.time_delta': { kind: 'time', read: held(20, ({ analysis }) => String(analysis.sinceLast)) },
  'tcp.completeness': { kind: 'number', read: ({ analysis }) => analysis.completeness },
  'tcp.analysis.acks_frame': { kind: 'number', read: ({ analysis }) => analysis.acksFrame || null },
  'tcp.analysis.ack_rtt': {
    kind: 'time',
    read: ({ analysis }) => span(analysis.acksFrame > 0, analysis.ackRtt),
  },
  'tcp.analysis.initial_rtt': {
    kind: 'time',
    read: ({ analysis }) => span(analysis.hasInitialRtt && analysis.hasRecord, analysis.initialRtt),
  },
  'tcp.analysis.bytes_in_flight': { kind: 'number', read: ({ analysis }) => analysis.bytesInFlight || null },
  'tcp.analysis.push_bytes_sent': { kind: 'number', read: ({ analysis }) => analysis.pushBytes || null },
  'tcp.analysis.rto': { kind: 'time', read: ({ analysis }) => span(analysis.rtoFrame > 0, analysis.rto) },
  'tcp.analysis.rto_frame': { kind: 'number', read: ({ analysis }) => analysis.rtoFrame || null },
  'tcp.analysis.duplicate_ack_num': {
    kind: 'number',
    read: ({ analysis }) => analysis.duplicateAckNumber || null,
  },
  'tcp.analysis.duplicate_ack_frame': {
    kind: 'number',
    read: ({ analysis }) => (analysis.duplicateAckNumber > 0 ? analysis.duplicateAckFrame : null),
  },
  ...Object.fromEntries(
    Object.entries(ANALYSIS_FLAGS).map(([name, bit]) => [`tcp.analysis.${name}`, flag(bit)]),
  ),
  ...HEADER_FIELDS,
  ...ANALYSIS_TREES,
}

/** What Wireshark shows of a header of which the capture has the ports, and not all that stands before the checksum. */
export const FIELDS_OF_CUT_TCP: ReadonlySet<string> = new Set([
  'tcp',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.port',
])

const isInnermost = (packet: Packet, bytes: Uint8Array, at: number): boolean =>
  packet.version === 4 && at === packet.ipAt && bytes === packet.bytes

// ---- TCP

/** Whether ICMP quotes the segment with nothing but an IPv4 header around it. */
function isQuotedByIcmp({ version, layers, layerCodes }: Packet): boolean {
  return version === 4 && layers >= 3 && layerCodes[layers - 3] === codes.LAYER_ICMP_QUOTE
}

/** Of a header that is long enough to be one. */
function whole(read: Field['read']): Field['read'] {
  return (view) => (view.tcp.headerLength >= TCP_HEADER_LENGTH ? read(view) : null)
}

/** Of such a header, of which so many octets were captured. */
function held(octets: number, read: Field['read']): Field['read'] {
  return whole((view) => (view.tcp.held >= octets ? read(view) : null))
}

/** 0 bad, 1 good, 2 unverified. */
function checksumStatus({ packet, tcp }: TcpView): number {
  const isRight = checksumIsRight(packet, tcp)
  return isRight === null ? 2 : isRight ? 1 : 0
}

function flag(bit: number): Field {
  // Wireshark shows this one twice: as an item of the tree, and as a remark.
  const shown = bit === DUPLICATE_ACK ? [1, 1] : 1
  return { kind: 'flag', read: ({ analysis }) => ((analysis.flags & bit) === 0 ? null : shown) }
}

function option(kind: number, index: number): Field {
  return {
    kind: 'number',
    read: (view) => valuesOf(view, kind).flatMap((values) => values.slice(index, index + 1)),
  }
}

/** Behind an option that is too short Wireshark shows none. */
export function shownOptions(packet: Packet, tcp: TcpFields): SeenOption[] {
  const options = optionsOf(packet, tcp)
  const bad = options.findIndex((option) => isShortOption(packet, option))
  return bad < 0 ? options : options.slice(0, bad + 1)
}

export function isShortOption({ bytes, end }: Packet, { kind, at, length }: SeenOption): boolean {
  return isTooShort(bytes, kind, at, length, end)
}

function valuesOf({ packet, tcp }: TcpView, kind: number): number[][] {
  const options = shownOptions(packet, tcp).filter((each) => each.kind === kind)
  const values = options.map((each) => optionValues(packet.bytes, each))
  return tcp.held < tcp.headerLength ? [...values, cutOptionValues(packet, tcp, kind)] : values
}

function optionOctets({ packet, tcp }: TcpView, kind: number): string[] {
  const options = shownOptions(packet, tcp).filter((each) => each.kind === kind)
  return options.map(({ at, length }) => hexText(packet.bytes.subarray(at, at + length)))
}

/** SACK edges are relative numbers of the other side. */
function sackEdges(view: TcpView, side: 0 | 1): number[] {
  const base = view.analysis.otherBase
  const edges = valuesOf(view, KIND_SACK).flat()
  return edges.filter((_, k) => k % 2 === side).map((edge) => (edge - base) >>> 0)
}

/** Of the first block where it tells of what came twice (RFC 2883). */
function duplicateEdges(view: TcpView, side: 0 | 1): number[] {
  const { packet, tcp, analysis } = view
  const { bytes } = packet
  const ack = judgedAck(view)
  return shownOptions(packet, tcp)
    .filter(({ kind, at, length }) => kind === KIND_SACK && isDuplicate(bytes, at, length, ack))
    .map((option) => (optionValues(bytes, option)[side]! - analysis.otherBase) >>> 0)
}

const span = (isThere: boolean, interval: Interval): string | null =>
  isThere && interval.total !== 0 ? String(interval) : null

const timeText = (seconds: number, nanoseconds: number): string =>
  `${seconds}.${String(nanoseconds).padStart(9, '0')}`
