/**
 * IP and ICMP's quotations on the way to TCP, by the rules of link-layers.ts. A packet that a capture cut is
 * followed by its own length fields; what it says beyond its frame is not believed.
 */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import { END, ETHERTYPE_IPV6, IP_PROTOCOL, LAYER_ICMP_QUOTE } from './layer-codes.ts'
import type { Packet } from './packet.ts'

const IPV4_HEADER = 20
const IPV6_HEADER = 40

const LOOSE_SOURCE_ROUTE = 131
const STRICT_SOURCE_ROUTE = 137

/** Where a fragment lies in its datagram. */
export interface FragmentPlace {
  /** Set by what read the header of a fragment, until it was put to its datagram. */
  isPending: boolean
  id: number
  protocol: number
  offset: number
  more: boolean
  /** Whether the header's checksum is right. */
  isSound: boolean
}

/** Reads an IPv4 header; of a fragment, `place` as well. */
export function ipv4(packet: Packet, place: FragmentPlace): number {
  const { at, view } = packet
  if (packet.end - at < 20) return END
  const first = view.getUint8(at)
  const headerLength = (first & 0xf) * 4
  // What is announced as IPv4 may be IPv6: rewritten captures are.
  if (first >> 4 === 6) return ETHERTYPE_IPV6
  if (first >> 4 !== 4 || headerLength < 20) return END
  const onWire = packet.wireEnd - at
  let total = view.getUint16(at + 2)
  // Segmentation offload leaves 0 behind.
  if (total === 0) total = onWire
  if (total < headerLength) return END
  packet.wireEnd = at + Math.min(total, onWire)
  if (packet.end > packet.wireEnd) packet.end = packet.wireEnd
  if (packet.end - at < headerLength) return END
  packet.version = 4
  packet.ipAt = at
  packet.ttl = view.getUint8(at + 8)
  packet.identification = view.getUint16(at + 4)
  packet.src0 = packet.src1 = packet.dst0 = packet.dst1 = 0
  packet.src2 = packet.dst2 = MAPPED_PREFIX
  packet.src3 = view.getInt32(at + 12)
  packet.dst3 = view.getInt32(at + 16)
  packet.at = at + headerLength
  if (headerLength > IPV4_HEADER && !takeOptions(packet, at + IPV4_HEADER)) return END
  const protocol = view.getUint8(at + 9)
  const fragment = view.getUint16(at + 6)
  if ((fragment & 0x3fff) !== 0 && !packet.isQuoted) {
    place.isPending = true
    place.id = packet.identification
    place.protocol = protocol
    place.offset = (fragment & 0x1fff) * 8
    place.more = (fragment & 0x2000) !== 0
    place.isSound = foldChecksum(sumWords(packet.bytes, at, headerLength, 0)) === 0
  } else if ((fragment & 0x1fff) !== 0) return END
  return IP_PROTOCOL + protocol
}

/** Octets that the options of IPv4 have at the least, by their kinds: Wireshark gives up a packet with a shorter one. */
const LEAST_OPTION: Readonly<Record<number, number>> = {
  7: 3,
  25: 8,
  68: 4,
  82: 12,
  130: 3,
  [LOOSE_SOURCE_ROUTE]: 3,
  133: 3,
  134: 6,
  136: 4,
  [STRICT_SOURCE_ROUTE]: 3,
  148: 4,
}

/** Where a route is given (RFC 791 3.1) its last address is the destination. False where an option is too short. */
function takeOptions(packet: Packet, first: number): boolean {
  const { view, at: end } = packet
  for (let at = first; at < end; ) {
    const kind = view.getUint8(at)
    if (kind === 0) return true
    const length = kind === 1 ? 1 : at + 1 < end ? view.getUint8(at + 1) : 0
    if (length === 0 || at + length > end) return true
    if (kind !== 1 && length < 2) return true
    if (length < (LEAST_OPTION[kind] ?? 0)) return false
    const isRoute = kind === LOOSE_SOURCE_ROUTE || kind === STRICT_SOURCE_ROUTE
    if (isRoute && pointsInto(view.getUint8(at + 2), length)) packet.dst3 = view.getInt32(at + length - 4)
    at += length
  }
  return true
}

/** Whether the pointer of a route, which counts from 1, is at one of its addresses. */
const pointsInto = (pointer: number, length: number): boolean =>
  pointer >= 4 && pointer % 4 === 0 && pointer + 3 <= length

/** Reads an IPv6 header and its extension headers (RFC 8200 4). */
export function ipv6(packet: Packet, place: FragmentPlace): number {
  const { at, view } = packet
  if (packet.end - at < IPV6_HEADER || view.getUint8(at) >> 4 !== 6) return END
  const onWire = packet.wireEnd - at
  const length = view.getUint16(at + 4)
  const total = length === 0 ? onWire : IPV6_HEADER + length
  packet.wireEnd = at + Math.min(total, onWire)
  if (packet.end > packet.wireEnd) packet.end = packet.wireEnd
  packet.version = 6
  packet.ipAt = at
  packet.ttl = view.getUint8(at + 7)
  packet.identification = 0
  packet.src0 = view.getInt32(at + 8)
  packet.src1 = view.getInt32(at + 12)
  packet.src2 = view.getInt32(at + 16)
  packet.src3 = view.getInt32(at + 20)
  packet.dst0 = view.getInt32(at + 24)
  packet.dst1 = view.getInt32(at + 28)
  packet.dst2 = view.getInt32(at + 32)
  packet.dst3 = view.getInt32(at + 36)
  packet.at = at + IPV6_HEADER
  return extensions(packet, view.getUint8(at + 6), place)
}

const ROUTING = 43
const DESTINATION_OPTIONS = 60
const HOME_ADDRESS = 0xc9

/** While segments are left the destination stands in the routing header (RFC 2460 4.4, RFC 6275 6.4, RFC 8754 2). */
function takeRoute(packet: Packet, length: number): void {
  const { at, view } = packet
  const type = view.getUint8(at + 2)
  if (view.getUint8(at + 3) === 0 || length < 24) return
  if (type === 0 || type === 2) readDestination(packet, at + 8 + (((length - 8) >> 4) - 1) * 16)
  else if (type === 4) readDestination(packet, at + 8)
}

function readDestination(packet: Packet, at: number): void {
  packet.dst0 = packet.view.getInt32(at)
  packet.dst1 = packet.view.getInt32(at + 4)
  packet.dst2 = packet.view.getInt32(at + 8)
  packet.dst3 = packet.view.getInt32(at + 12)
}

/** A mobile node's own address (RFC 6275 6.3) is the source. */
function takeHomeAddress(packet: Packet, length: number): void {
  const { view } = packet
  const end = packet.at + length
  for (let at = packet.at + 2; at + 1 < end; ) {
    const kind = view.getUint8(at)
    const octets = view.getUint8(at + 1)
    if (kind === HOME_ADDRESS && octets === 16 && at + 18 <= end) {
      packet.src0 = view.getInt32(at + 2)
      packet.src1 = view.getInt32(at + 6)
      packet.src2 = view.getInt32(at + 10)
      packet.src3 = view.getInt32(at + 14)
    }
    at += kind === 0 ? 1 : 2 + octets
  }
}

function extensions(packet: Packet, first: number, place: FragmentPlace): number {
  const { view, end } = packet
  let next = first
  for (;;) {
    const { at } = packet
    // Hop-by-hop, routing, destination options, Shim6: all have the same two octets in front.
    const isPlain = next === 0 || next === ROUTING || next === DESTINATION_OPTIONS || next === 140
    if (!isPlain && next !== 44 && next !== 51) return IP_PROTOCOL + next
    if (end - at < 8) return END
    const length =
      next === 44 ? 8 : next === 51 ? (view.getUint8(at + 1) + 2) * 4 : (view.getUint8(at + 1) + 1) * 8
    if (end - at < length) return END
    if (next === ROUTING) takeRoute(packet, length)
    if (next === DESTINATION_OPTIONS) takeHomeAddress(packet, length)
    if (next === 44) {
      const fragment = view.getUint16(at + 2)
      packet.identification = view.getUint32(at + 4)
      if ((fragment & 0xfff9) !== 0) {
        if (packet.isQuoted && fragment >> 3 !== 0) return END
        place.isPending = !packet.isQuoted
        place.id = packet.identification | 0
        place.protocol = view.getUint8(at)
        place.offset = fragment & 0xfff8
        place.more = (fragment & 1) === 1
        place.isSound = true
        packet.at = at + length
        if (place.isPending) return IP_PROTOCOL + place.protocol
      }
    }
    next = view.getUint8(at)
    packet.at = at + length
  }
}

/** ICMP errors quote the packet that they are about. */
export function icmp(packet: Packet): number {
  if (packet.left < 8) return END
  const type = packet.view.getUint8(packet.at)
  const isError = type === 3 || type === 4 || type === 5 || type === 11 || type === 12
  return quote(packet, isError)
}

export function icmpv6(packet: Packet): number {
  if (packet.left < 8) return END
  const type = packet.view.getUint8(packet.at)
  return quote(packet, type >= 1 && type <= 4)
}

function quote(packet: Packet, isError: boolean): number {
  if (!isError || packet.isFragment) return END
  packet.at += 8
  packet.isQuoted = true
  return LAYER_ICMP_QUOTE
}

/** The Authentication Header in IPv4 (RFC 4302 2): next protocol, length in words less two. */
export function authentication(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 12) return END
  const length = (view.getUint8(at + 1) + 2) * 4
  if (packet.end - at < length) return END
  packet.at = at + length
  return IP_PROTOCOL + view.getUint8(at)
}
