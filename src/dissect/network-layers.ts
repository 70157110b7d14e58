/**
 * IP, ICMP's quotations and tunnels on the way to TCP, by the rules of link-layers.ts. A packet that a capture cut is
 * followed by its own length fields; what it says beyond its frame is not believed.
 */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import {
  END,
  ETHERTYPE_ARUBA_FIRST,
  ETHERTYPE_ARUBA_LAST,
  ETHERTYPE_IPV6,
  ETHERTYPE_PPP,
  IP_PROTOCOL,
  LAYER_ETHERNET,
  LAYER_ICMP_QUOTE,
  LAYER_IP,
  LAYER_PPP,
  LAYER_WLAN,
  LAYER_WLAN_SWAPPED,
} from './layer-codes.ts'
import type { Packet } from './packet.ts'

const IPV6_HEADER = 40

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

function extensions(packet: Packet, first: number, place: FragmentPlace): number {
  const { view, end } = packet
  let next = first
  for (;;) {
    const { at } = packet
    // Hop-by-hop, routing, destination options, mobility, HIP, Shim6: all have the same two octets in front.
    const isPlain = next === 0 || next === 43 || next === 60 || next === 135 || next === 139 || next === 140
    if (!isPlain && next !== 44 && next !== 51) return IP_PROTOCOL + next
    if (end - at < 8) return END
    const length =
      next === 44 ? 8 : next === 51 ? (view.getUint8(at + 1) + 2) * 4 : (view.getUint8(at + 1) + 1) * 8
    if (end - at < length) return END
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

/** GRE (RFC 2784, 2890, 2637): flags say which optional words follow; the version 1 is PPTP's. */
export function gre(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 4) return END
  const flags = view.getUint16(at)
  const type = view.getUint16(at + 2)
  const isEnhanced = (flags & 7) === 1
  let length = 4
  if ((flags & 0xc000) !== 0) length += 4
  if ((flags & 0x2000) !== 0) length += 4
  if ((flags & 0x1000) !== 0) length += 4
  if (isEnhanced && (flags & 0x0080) !== 0) length += 4
  if (packet.end - at < length) return END
  packet.at = at + length
  if (type === ETHERTYPE_PPP) return LAYER_PPP
  return type >= ETHERTYPE_ARUBA_FIRST && type <= ETHERTYPE_ARUBA_LAST ? LAYER_WLAN : type
}

const PORT_VXLAN = 4789
const PORT_GTP_USER = 2152
const PORT_CAPWAP_DATA = 5247
const PORT_GENEVE = 6081

/** UDP carries tunnels on well-known ports. */
export function udp(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 8 || packet.isFragment) return END
  const source = view.getUint16(at)
  const destination = view.getUint16(at + 2)
  packet.at = at + 8
  const has = (port: number): boolean => source === port || destination === port
  if (has(PORT_VXLAN)) return vxlan(packet)
  if (has(PORT_GTP_USER)) return gtpUser(packet)
  if (has(PORT_CAPWAP_DATA)) return capwap(packet)
  return has(PORT_GENEVE) ? geneve(packet) : END
}

/** VXLAN (RFC 7348 5): flags, network identifier. */
function vxlan(packet: Packet): number {
  if (packet.left < 8) return END
  packet.at += 8
  return LAYER_ETHERNET
}

/** Geneve (RFC 8926 3.4): length of the options in words, and the type of what is inside. */
function geneve(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 8) return END
  const length = 8 + (view.getUint8(at) & 0x3f) * 4
  const type = view.getUint16(at + 2)
  packet.at = at + length
  return type === 0x6558 ? LAYER_ETHERNET : type
}

/** GTP-U (3GPP TS 29.281 5.1): a G-PDU (type 255) carries IP. */
function gtpUser(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 8) return END
  const flags = view.getUint8(at)
  if (flags >> 5 !== 1 || view.getUint8(at + 1) !== 255) return END
  let next = at + 8
  if ((flags & 7) !== 0) {
    // A sequence number, an N-PDU number and the type of the first extension header.
    if (packet.end - next < 4) return END
    let extension = view.getUint8(next + 3)
    next += 4
    while ((flags & 4) !== 0 && extension !== 0) {
      if (packet.end - next < 4) return END
      const length = view.getUint8(next) * 4
      if (length === 0 || packet.end - next < length) return END
      extension = view.getUint8(next + length - 1)
      next += length
    }
  }
  packet.at = next
  return LAYER_IP
}

/** CAPWAP data (RFC 5415 4.3): a header of its own length, then an 802.11 or 802.3 frame. Fragments lead nowhere. */
function capwap(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 8 || view.getUint8(at) !== 0) return END
  const word = view.getUint32(at)
  const length = ((word >> 19) & 0x1f) * 4
  const isNative = (word & 0x100) !== 0
  const isFragment = (word & 0x80) !== 0
  const isKeepAlive = (word & 0x08) !== 0
  if (length < 8 || isFragment || isKeepAlive || packet.end - at < length) return END
  packet.at = at + length
  return isNative ? LAYER_WLAN_SWAPPED : LAYER_ETHERNET
}
