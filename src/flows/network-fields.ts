/** Wireshark's fields of IPv4, IPv6, ICMP, ICMPv6 and UDP. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import * as codes from '../dissect/layer-codes.ts'
import type { FrameFields } from './field.ts'
import { fieldsOf, ipv4Text, ipv6Text, isIpv4, isIpv6 } from './field-layers.ts'

const inIpv4 = fieldsOf(isIpv4, 20)
const inIpv6 = fieldsOf(isIpv6, 40)
const inIp = fieldsOf((...layer) => isIpv4(...layer) || isIpv6(...layer), 20)
const inIcmp = fieldsOf((code) => code === codes.IP_ICMP, 4)
const inIcmpv6 = fieldsOf((code) => code === codes.IP_ICMPV6, 4)
const inUdp = fieldsOf((code) => code === codes.IP_UDP, 8)

const headerLength = (bytes: Uint8Array, at: number): number => (bytes[at]! & 0xf) * 4
const bothIpv4 = (bytes: Uint8Array, at: number): string[] => [
  ipv4Text(bytes, at + 12),
  ipv4Text(bytes, at + 16),
]
const bothIpv6 = (bytes: Uint8Array, at: number): string[] => [
  ipv6Text(bytes, at + 8),
  ipv6Text(bytes, at + 24),
]

/** 0 bad, 1 good, 2 unverified: of a header that is not there as a whole. */
function checksumStatus(bytes: Uint8Array, at: number, length: number, end: number): number {
  if (at + length > end) return 2
  return foldChecksum(sumWords(bytes, at, length, 0)) === 0 ? 1 : 0
}

export const IPV4_FIELDS: FrameFields = {
  // Wireshark names the first half of either header so.
  'ip.version': inIp('number', (bytes, at) => bytes[at]! >> 4),
  'ip.hdr_len': inIpv4('number', headerLength),
  'ip.dsfield': inIpv4('hex2', (bytes, at) => bytes[at + 1]!),
  'ip.dsfield.dscp': inIpv4('number', (bytes, at) => bytes[at + 1]! >> 2),
  'ip.dsfield.ecn': inIpv4('number', (bytes, at) => bytes[at + 1]! & 3),
  'ip.flags': inIpv4('hex2', (bytes, at) => bytes[at + 6]! >> 5),
  'ip.flags.rb': inIpv4('boolean', (bytes, at) => bytes[at + 6]! >> 7),
  'ip.checksum': inIpv4('hex4', (bytes, at) => readUint16(bytes, at + 10)),
  'ip.checksum.status': inIpv4('number', (bytes, at, end) =>
    checksumStatus(bytes, at, headerLength(bytes, at), end),
  ),
  'ip.addr': inIpv4('address', bothIpv4),
  'ip.host': inIpv4('text', bothIpv4),
  'ip.src_host': inIpv4('text', (bytes, at) => ipv4Text(bytes, at + 12)),
  'ip.dst_host': inIpv4('text', (bytes, at) => ipv4Text(bytes, at + 16)),
}

/** Class of traffic: eight bits that lie across two octets. */
const trafficClass = (bytes: Uint8Array, at: number): number => (readUint16(bytes, at) >> 4) & 0xff

export const IPV6_FIELDS: FrameFields = {
  'ipv6.version': inIpv6('number', (bytes, at) => bytes[at]! >> 4),
  'ipv6.tclass': inIpv6('hex8', trafficClass),
  'ipv6.tclass.dscp': inIpv6('number', (bytes, at) => trafficClass(bytes, at) >> 2),
  'ipv6.tclass.ecn': inIpv6('number', (bytes, at) => trafficClass(bytes, at) & 3),
  'ipv6.flow': inIpv6('hex6', (bytes, at) => readInt32(bytes, at) & 0xf_ffff),
  'ipv6.plen': inIpv6('number', (bytes, at) => readUint16(bytes, at + 4)),
  'ipv6.nxt': inIpv6('number', (bytes, at) => bytes[at + 6]!),
  'ipv6.addr': inIpv6('address', bothIpv6),
  'ipv6.host': inIpv6('text', bothIpv6),
  'ipv6.src_host': inIpv6('text', (bytes, at) => ipv6Text(bytes, at + 8)),
  'ipv6.dst_host': inIpv6('text', (bytes, at) => ipv6Text(bytes, at + 24)),
}

/** ICMP's questions and answers have an identifier and a number: echo, timestamp, information and address mask. */
const HAS_IDENTIFIER = new Set([0, 8, 13, 14, 15, 16, 17, 18])

const ifIdentified =
  (read: (bytes: Uint8Array, at: number) => number) =>
  (bytes: Uint8Array, at: number, end: number): number | null =>
    HAS_IDENTIFIER.has(bytes[at]!) && end - at >= 8 ? read(bytes, at) : null

const swapped = (value: number): number => ((value & 0xff) << 8) | (value >> 8)

export const ICMP_FIELDS: FrameFields = {
  'icmp.checksum': inIcmp('hex4', (bytes, at) => readUint16(bytes, at + 2)),
  'icmp.ident': inIcmp(
    'number',
    ifIdentified((bytes, at) => readUint16(bytes, at + 4)),
  ),
  'icmp.ident_le': inIcmp(
    'number',
    ifIdentified((bytes, at) => swapped(readUint16(bytes, at + 4))),
  ),
  'icmp.seq': inIcmp(
    'number',
    ifIdentified((bytes, at) => readUint16(bytes, at + 6)),
  ),
  'icmp.seq_le': inIcmp(
    'number',
    ifIdentified((bytes, at) => swapped(readUint16(bytes, at + 6))),
  ),
  'icmp.mtu': inIcmp('number', (bytes, at, end) =>
    bytes[at] === 3 && bytes[at + 1] === 4 && end - at >= 8 ? readUint16(bytes, at + 6) : null,
  ),
  'icmp.redir_gw': inIcmp('address', (bytes, at, end) =>
    bytes[at] === 5 && end - at >= 8 ? ipv4Text(bytes, at + 4) : null,
  ),
  'icmpv6.checksum': inIcmpv6('hex4', (bytes, at) => readUint16(bytes, at + 2)),
  'icmpv6.echo.identifier': inIcmpv6(
    'hex4',
    ifEcho((bytes, at) => readUint16(bytes, at + 4)),
  ),
  'icmpv6.echo.sequence_number': inIcmpv6(
    'number',
    ifEcho((bytes, at) => readUint16(bytes, at + 6)),
  ),
  'icmpv6.mtu': inIcmpv6('number', (bytes, at, end) =>
    bytes[at] === 2 && end - at >= 8 ? readInt32(bytes, at + 4) >>> 0 : null,
  ),
  'icmpv6.nd.ns.target_address': inIcmpv6('address', (bytes, at, end) =>
    bytes[at] === 135 && end - at >= 24 ? ipv6Text(bytes, at + 8) : null,
  ),
  'icmpv6.nd.na.target_address': inIcmpv6('address', (bytes, at, end) =>
    bytes[at] === 136 && end - at >= 24 ? ipv6Text(bytes, at + 8) : null,
  ),
}

function ifEcho(
  read: (bytes: Uint8Array, at: number) => number,
): (bytes: Uint8Array, at: number, end: number) => number | null {
  return (bytes, at, end) =>
    (bytes[at] === 128 || bytes[at] === 129) && end - at >= 8 ? read(bytes, at) : null
}

export const UDP_FIELDS: FrameFields = {
  'udp.stream': { kind: 'number', read: ({ packet, udp }) => udp?.of(packet) ?? null },
  'udp.srcport': inUdp('number', (bytes, at) => readUint16(bytes, at)),
  'udp.dstport': inUdp('number', (bytes, at) => readUint16(bytes, at + 2)),
  'udp.port': inUdp('number', (bytes, at) => [readUint16(bytes, at), readUint16(bytes, at + 2)]),
  'udp.length': inUdp('number', (bytes, at) => readUint16(bytes, at + 4)),
  'udp.checksum': inUdp('hex4', (bytes, at) => readUint16(bytes, at + 6)),
}
