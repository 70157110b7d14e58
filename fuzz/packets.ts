/** Whole packets for seeds, and the lengths and checksums of packets that a mutation has broken. */

import { ipHeaderLength, writeIpHeader } from '../src/wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../src/wire/ip-header.ts'
import { ACK, PSH, Segment, SYN } from '../src/wire/segment.ts'
import { tcpPacketOf } from '../src/wire/tcp-packet.ts'

/** A packet of either version around a payload; lengths and checksums are right. */
export function ipPacket(version: 4 | 6, protocol: number, payload: Uint8Array, before = 0): Uint8Array {
  const header = new IpHeader()
  header.version = version
  header.ttl = 64
  header.protocol = protocol
  header.identification = 7
  header.dontFragment = version === 6
  header.flowLabel = version === 6 ? 0x12345 : 0
  setAddresses(header)
  const at = ipHeaderLength(version)
  header.totalLength = at + payload.length
  const packet = new Uint8Array(before + header.totalLength)
  writeIpHeader(new DataView(packet.buffer), before, header)
  packet.set(payload, before + at)
  return repairPacket(packet)
}

function setAddresses(header: IpHeader): void {
  const isV4 = header.version === 4
  header.src0 = header.dst0 = isV4 ? 0 : 0x20010db8
  header.src2 = header.dst2 = isV4 ? 0xffff : 0
  header.src3 = isV4 ? 0x0a000001 : 1
  header.dst3 = isV4 ? 0x0a000002 : 2
}

/** A SYN with all options, or a segment with timestamps, SACK blocks and text. */
export function tcpPacket(version: 4 | 6, syn: boolean): Uint8Array {
  const header = new IpHeader()
  header.version = version
  header.ttl = 64
  setAddresses(header)
  const segment = new Segment()
  segment.srcPort = 1234
  segment.dstPort = 80
  segment.seq = 0x7ffffff0
  segment.flags = syn ? SYN : ACK | PSH
  segment.ack = syn ? 0 : -5
  segment.window = 65535
  segment.hasTimestamps = true
  segment.tsVal = 1
  segment.tsEcr = 2
  if (syn) {
    segment.mss = 1460
    segment.windowScale = 7
    segment.sackPermitted = true
  } else {
    segment.sackBlocks = 2
    segment.sackEdges.set([10, 20, 30, 40])
  }
  return tcpPacketOf(header, segment, Uint8Array.of(1, 2, 3))
}

/** Extension headers: hop-by-hop, destination options, an atomic fragment, then TCP. */
export function extendedPacket(): Uint8Array {
  const chain = [60, 0, 5, 2, 0, 0, 1, 0, 44, 0, 1, 4, 0, 0, 0, 0, PROTOCOL_TCP, 0, 0, 0, 1, 2, 3, 4]
  const packet = tcpPacket(6, true)
  return ipPacket(6, 0, Uint8Array.of(...chain, ...packet.subarray(40)))
}

/** An ICMP message: type, code, four octets and what follows. */
export function icmpPacket(version: 4 | 6, type: number, code: number, rest: Uint8Array): Uint8Array {
  return ipPacket(version, version === 4 ? 1 : 58, Uint8Array.of(type, code, 0, 0, 0, 0, 5, 120, ...rest))
}

/** The packet with the length field that its octets have, and right checksums as far as its headers can be followed. */
export function repairPacket(input: Uint8Array): Uint8Array {
  const packet = input.slice()
  if (packet.length === 0) return packet
  const version = packet[0]! >> 4
  if (version === 4 && packet.length >= 20) repairIpv4(packet)
  else if (version === 6 && packet.length >= 40) repairIpv6(packet)
  return packet
}

function repairIpv4(packet: Uint8Array): void {
  const headerLength = (packet[0]! & 15) * 4
  put16(packet, 2, packet.length)
  if (headerLength < 20 || headerLength > packet.length) return
  put16(packet, 10, 0)
  put16(packet, 10, ~wordSum(packet, 0, headerLength, 0) & 0xffff)
  repairPayload(packet, packet[9]!, headerLength, wordSum(packet, 12, 20, 0))
}

const EXTENSIONS: readonly number[] = [0, 43, 44, 60]

function repairIpv6(packet: Uint8Array): void {
  put16(packet, 4, packet.length - 40)
  let next = packet[6]!
  let at = 40
  while (EXTENSIONS.includes(next) && at + 8 <= packet.length) {
    const length = next === 44 ? 8 : 8 + 8 * packet[at + 1]!
    next = packet[at]!
    at += length
  }
  if (at <= packet.length) repairPayload(packet, next, at, wordSum(packet, 8, 40, 0))
}

function repairPayload(packet: Uint8Array, protocol: number, at: number, addresses: number): void {
  const place = protocol === PROTOCOL_TCP ? at + 16 : at + 2
  if (protocol !== PROTOCOL_TCP && protocol !== 1 && protocol !== 58) return
  if (place + 2 > packet.length) return
  const pseudo = protocol === 1 ? 0 : addresses + protocol + (packet.length - at)
  put16(packet, place, 0)
  put16(packet, place, ~wordSum(packet, at, packet.length, pseudo) & 0xffff)
}

function put16(packet: Uint8Array, at: number, value: number): void {
  packet[at] = value >> 8
  packet[at + 1] = value
}

function wordSum(packet: Uint8Array, from: number, end: number, start: number): number {
  let sum = start
  for (let at = from; at < end; at += 2) sum += (packet[at]! << 8) | (at + 1 < end ? packet[at + 1]! : 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}
