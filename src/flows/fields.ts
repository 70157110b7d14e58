/**
 * The fields of a captured packet under Wireshark's names, as values. A field stands in a packet as often as its layer
 * does: an address in every IP header, from the outside in.
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
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
import { addressOf, formatAddress } from '../wire/address.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import { SYN } from '../wire/segment.ts'
import {
  KIND_MSS,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'
import type { Interval } from './interval.ts'
import { ANALYSIS_FLAGS, type TcpAnalysis } from './tcp-analysis.ts'

/** A number, an address or a name as text, a span of time in nanoseconds, or whether a flag is set. */
export type FieldValue = number | string

/** How Wireshark writes a field. */
export type FieldKind = 'number' | 'hex4' | 'address' | 'ether' | 'time' | 'flag' | 'octets'

/** One TCP header of a frame and what the analysis says of it. */
export interface TcpView {
  readonly packet: Packet
  readonly tcp: TcpFields
  readonly analysis: TcpAnalysis
}

export interface Field {
  readonly kind: FieldKind
  /** The values in the frame, or of its TCP header; null where the field does not stand there. */
  readonly read: (view: TcpView) => FieldValue | readonly FieldValue[] | null
}

const LEAST_HEADER = 20

/** What is read once for all TCP headers of a frame. */
export const FRAME_FIELDS: Readonly<Record<string, Field>> = {
  'frame.number': { kind: 'number', read: ({ packet }) => packet.number },
  'frame.time_epoch': { kind: 'time', read: ({ packet }) => timeText(packet.seconds, packet.nanoseconds) },
  'frame.len': { kind: 'number', read: ({ packet }) => packet.frameLength },
  'frame.cap_len': { kind: 'number', read: ({ packet }) => packet.capturedLength },
  'vlan.id': inVlan((bytes, at) => readUint16(bytes, at) & 0xfff),
  'eth.src': { kind: 'ether', read: ({ packet }) => inEthernet(packet, 6) },
  'eth.dst': { kind: 'ether', read: ({ packet }) => inEthernet(packet, 0) },
  'ip.src': {
    kind: 'address',
    read: ({ packet }) => inIpv4(packet, (bytes, at) => ipv4Text(bytes, at + 12)),
  },
  'ip.dst': {
    kind: 'address',
    read: ({ packet }) =>
      inIpv4(packet, (bytes, at) =>
        isInnermost(packet, bytes, at) ? ipv4WordText(packet.dst3) : ipv4Text(bytes, at + 16),
      ),
  },
  'ip.ttl': { kind: 'number', read: ({ packet }) => inIpv4(packet, (bytes, at) => bytes[at + 8]!) },
  'ip.id': { kind: 'hex4', read: ({ packet }) => inIpv4(packet, (bytes, at) => readUint16(bytes, at + 4)) },
  'ip.len': {
    kind: 'number',
    read: ({ packet }) =>
      inIpv4(packet, (bytes, at) => {
        const length = readUint16(bytes, at + 2)
        // Segmentation offload leaves 0 behind.
        return length === 0 && isInnermost(packet, bytes, at) ? packet.wireEnd - at : length
      }),
  },
  'ip.proto': { kind: 'number', read: ({ packet }) => inIpv4(packet, (bytes, at) => bytes[at + 9]!) },
  'ip.flags.df': {
    kind: 'flag',
    read: ({ packet }) => inIpv4(packet, (bytes, at) => (bytes[at + 6]! >> 6) & 1),
  },
  'ip.flags.mf': {
    kind: 'flag',
    read: ({ packet }) => inIpv4(packet, (bytes, at) => (bytes[at + 6]! >> 5) & 1),
  },
  'ip.frag_offset': {
    kind: 'number',
    read: ({ packet }) => inIpv4(packet, (bytes, at) => readUint16(bytes, at + 6) & 0x1fff),
  },
  'ipv6.src': {
    kind: 'address',
    read: ({ packet }) => inIpv6(packet, (bytes, at) => ipv6Text(bytes, at + 8)),
  },
  'ipv6.dst': {
    kind: 'address',
    read: ({ packet }) => inIpv6(packet, (bytes, at) => ipv6Text(bytes, at + 24)),
  },
  'ipv6.hlim': { kind: 'number', read: ({ packet }) => inIpv6(packet, (bytes, at) => bytes[at + 7]!) },
  'icmp.type': {
    kind: 'number',
    read: ({ packet }) => inLayer(packet, codes.IP_ICMP, (bytes, at) => bytes[at]!),
  },
  'icmp.code': {
    kind: 'number',
    read: ({ packet }) => inLayer(packet, codes.IP_ICMP, (bytes, at) => bytes[at + 1]!),
  },
  'icmpv6.type': {
    kind: 'number',
    read: ({ packet }) => inLayer(packet, codes.IP_ICMPV6, (bytes, at) => bytes[at]!),
  },
  'icmpv6.code': {
    kind: 'number',
    read: ({ packet }) => inLayer(packet, codes.IP_ICMPV6, (bytes, at) => bytes[at + 1]!),
  },
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
}

/** A value as Wireshark's `-T fields` writes it. */
export function fieldText(kind: FieldKind, value: FieldValue): string {
  return kind === 'hex4' ? `0x${value.toString(16).padStart(4, '0')}` : String(value)
}

// ---- layers

function inLayer(
  packet: Packet,
  code: number,
  read: (bytes: Uint8Array, at: number) => FieldValue,
): FieldValue[] {
  return inLayers(packet, (each) => each === code, read)
}

function inLayers(
  packet: Packet,
  isWanted: (code: number) => boolean,
  read: (bytes: Uint8Array, at: number) => FieldValue,
): FieldValue[] {
  const values: FieldValue[] = []
  for (let layer = 0; layer < packet.layers; layer++) {
    if (isWanted(packet.layerCodes[layer]!))
      values.push(read(packet.layerBytes[layer]!, packet.layerAts[layer]!))
  }
  return values
}

function inIpv4(packet: Packet, read: (bytes: Uint8Array, at: number) => FieldValue): FieldValue[] {
  return inIp(packet, 4, read)
}

function inIpv6(packet: Packet, read: (bytes: Uint8Array, at: number) => FieldValue): FieldValue[] {
  return inIp(packet, 6, read)
}

/** An IP header is what is read as one: several layers may stand at its place before it is. */
function inIp(
  packet: Packet,
  version: number,
  read: (bytes: Uint8Array, at: number) => FieldValue,
): FieldValue[] {
  const code = version === 4 ? codes.ETHERTYPE_IPV4 : codes.ETHERTYPE_IPV6
  const values: FieldValue[] = []
  for (let layer = 0; layer < packet.layers; layer++) {
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    if (packet.layerCodes[layer] === code && bytes[at]! >> 4 === version) values.push(read(bytes, at))
  }
  return values
}

function inEthernet(packet: Packet, offset: number): FieldValue[] {
  const values: FieldValue[] = []
  for (let layer = 0; layer < packet.layers; layer++) {
    const code = packet.layerCodes[layer]!
    const isEthernet =
      code === codes.LINK + 1 || code === codes.LAYER_ETHERNET || code === codes.ETHERTYPE_BRIDGING
    // The outer addresses of FabricPath are no addresses of Ethernet.
    const isOuter = layer + 1 < packet.layers && packet.layerCodes[layer + 1] === codes.ETHERTYPE_FABRIC_PATH
    if (isEthernet && !isOuter)
      values.push(etherText(packet.layerBytes[layer]!, packet.layerAts[layer]! + offset))
  }
  return values
}

/** The outer tag of IEEE 802.1ad is another protocol's to Wireshark. */
function inVlan(read: (bytes: Uint8Array, at: number) => FieldValue): Field {
  const isTag = (code: number): boolean => code === codes.ETHERTYPE_VLAN || code === codes.ETHERTYPE_QINQ_OLD
  return { kind: 'number', read: ({ packet }) => inLayers(packet, isTag, read) }
}

const isInnermost = (packet: Packet, bytes: Uint8Array, at: number): boolean =>
  packet.version === 4 && at === packet.ipAt && bytes === packet.bytes

const ipv4Text = (bytes: Uint8Array, at: number): string => ipv4WordText(readInt32(bytes, at))

const ipv4WordText = (word: number): string => formatAddress(addressOf(0, 0, MAPPED_PREFIX, word))

/** As inet_ntop does: an IPv4 address in the last 32 bits is written as such, where all before it is zero. */
function ipv6Text(bytes: Uint8Array, at: number): string {
  const word = (k: number): number => readInt32(bytes, at + 4 * k)
  const isCompatible = (word(0) | word(1) | word(2)) === 0 && word(3) >>> 16 !== 0
  if (isCompatible) return `::${ipv4WordText(word(3))}`
  return formatAddress(addressOf(word(0), word(1), word(2), word(3), 6))
}

function etherText(bytes: Uint8Array, at: number): string {
  return hexText(bytes.subarray(at, at + 6), ':')
}

// ---- TCP

/** Whether ICMP quotes the segment with nothing but an IPv4 header around it. */
function isQuotedByIcmp({ version, layers, layerCodes }: Packet): boolean {
  return version === 4 && layers >= 3 && layerCodes[layers - 3] === codes.LAYER_ICMP_QUOTE
}

/** Of a header that is long enough to be one. */
function whole(read: Field['read']): Field['read'] {
  return (view) => (view.tcp.headerLength >= LEAST_HEADER ? read(view) : null)
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
  return { kind: 'flag', read: ({ analysis }) => ((analysis.flags & bit) === 0 ? null : 1) }
}

function option(kind: number, index: number): Field {
  return {
    kind: 'number',
    read: (view) => valuesOf(view, kind).flatMap((values) => values.slice(index, index + 1)),
  }
}

/** Behind an option that is too short Wireshark shows none. */
function shownOptions(packet: Packet, tcp: TcpFields): SeenOption[] {
  const { bytes, end } = packet
  const options = optionsOf(packet, tcp)
  const bad = options.findIndex(({ kind, at, length }) => isTooShort(bytes, kind, at, length, end))
  return bad < 0 ? options : options.slice(0, bad + 1)
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

const span = (isThere: boolean, interval: Interval): string | null =>
  isThere && interval.total !== 0 ? String(interval) : null

const timeText = (seconds: number, nanoseconds: number): string =>
  `${seconds}.${String(nanoseconds).padStart(9, '0')}`
