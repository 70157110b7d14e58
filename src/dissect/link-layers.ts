/**
 * Link layers on the way to IP. Each function reads its header at `packet.at`, moves the cursor behind it, and returns the
 * next layer's code; END where the header is cut. None reads beyond `packet.end`.
 */

import {
  END,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  LAYER_CHDLC,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_WLAN_AGGREGATE,
  LEAST_ETHERTYPE,
  PPP_PROTOCOL,
} from './layer-codes.ts'
import type { Packet } from './packet.ts'

export function ethernet(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 14) return END
  const type = view.getUint16(at + 12)
  packet.at = at + 14
  if (type >= LEAST_ETHERTYPE) return type
  return lengthOf(packet, type)
}

/** IEEE 802.3: what follows has so many octets, and the rest is padding. */
function lengthOf(packet: Packet, length: number): number {
  packet.wireEnd = Math.min(packet.wireEnd, packet.at + length)
  packet.end = Math.min(packet.end, packet.wireEnd)
  return LAYER_LLC
}

/** IEEE 802.1Q: tag, type. */
export function vlan(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 4) return END
  if (packet.vlan < 0) packet.vlan = view.getUint16(at) & 0xfff
  const type = view.getUint16(at + 2)
  packet.at = at + 4
  return type >= LEAST_ETHERTYPE ? type : lengthOf(packet, type)
}

/** A tag of so many octets, and behind it an Ethernet type. */
export function tag(packet: Packet, octets: number): number {
  const { at, view } = packet
  packet.at = at + octets + 2
  return packet.left > 0 ? view.getUint16(at + octets) : END
}

/** TRILL (RFC 6325 3): flags with the length of options in words, hops, two nicknames, then a whole frame. */
export function trill(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 6) return END
  const options = (view.getUint16(at) >> 6) & 0x1f
  packet.at = at + 6 + 4 * options
  return packet.left > 0 ? LAYER_ETHERNET : END
}

/**
 * Cisco FabricPath: an outer Ethernet header was read as two addresses; a tag of two octets, then a whole frame with its check
 * sequence.
 */
export function fabricPath(packet: Packet): number {
  packet.at += 2
  packet.wireEnd -= 4
  packet.end = Math.min(packet.end, packet.wireEnd)
  return packet.left > 0 ? LAYER_ETHERNET : END
}

/** IEEE 802.2 with or without SNAP. */
export function llc(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 3) return END
  const dsap = view.getUint8(at)
  const ssap = view.getUint8(at + 1)
  // An information or supervisory frame has a control field of two octets.
  const control = (view.getUint8(at + 2) & 3) === 3 ? 1 : 2
  if (dsap === 0xaa && ssap === 0xaa) return snap(packet, at + 2 + control)
  packet.at = at + 2 + control
  return dsap === 6 && ssap === 6 ? ETHERTYPE_IPV4 : END
}

function snap(packet: Packet, at: number): number {
  if (packet.end - at < 5) return END
  const organization = (packet.view.getUint16(at) << 8) | packet.view.getUint8(at + 2)
  const type = packet.view.getUint16(at + 3)
  packet.at = at + 5
  // Encapsulated Ethernet (RFC 1042) and bridge tunnels (802.1H).
  return organization === 0 || organization === 0xf8 ? type : END
}

/** BSD loopback: the address family in the byte order of the machine that captured, or (LOOP) in network order. */
export function nullLoopback(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 4) return END
  const big = view.getUint32(at)
  const family = big > 0xffff ? view.getUint32(at, true) : big
  packet.at = at + 4
  if (family === 2) return ETHERTYPE_IPV4
  return family === 10 || family === 24 || family === 28 || family === 30
    ? ETHERTYPE_IPV6
    : etherOrEnd(family)
}

/** Some writers put an Ethernet type where the family belongs. */
function etherOrEnd(family: number): number {
  return family >= LEAST_ETHERTYPE && family <= 0xffff ? family : END
}

/** Linux cooked capture: packet type, ARPHRD type, address of 8 octets with its length, protocol. */
export function linuxCooked(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 16) return END
  const protocol = view.getUint16(at + 14)
  packet.at = at + 16
  return cookedProtocol(protocol)
}

/** Version 2: protocol, reserved, interface index, ARPHRD type, packet type, address length, address of 8. */
export function linuxCooked2(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 20) return END
  const protocol = view.getUint16(at)
  packet.at = at + 20
  return cookedProtocol(protocol)
}

function cookedProtocol(protocol: number): number {
  if (protocol >= LEAST_ETHERTYPE) return protocol
  return protocol === 4 ? LAYER_LLC : END
}

/** PPP with or without the address and control octets of HDLC framing (RFC 1662), and with short protocol numbers. */
export function ppp(packet: Packet): number {
  const { view } = packet
  let { at } = packet
  if (packet.end - at < 2) return END
  const first = view.getUint16(at)
  if (first === 0x0f00 || first === 0x8f00) {
    packet.at = at
    return LAYER_CHDLC
  }
  if (first === 0xff03) at += 2
  return pppProtocol(packet, at)
}

function pppProtocol(packet: Packet, at: number): number {
  if (packet.end - at < 2) return END
  const first = packet.view.getUint8(at)
  const isShort = (first & 1) === 1
  const protocol = isShort ? first : packet.view.getUint16(at)
  packet.at = at + (isShort ? 1 : 2)
  return PPP_PROTOCOL + protocol
}

/** A direction octet of the capturing machine, then PPP. */
export function pppWithDirection(packet: Packet): number {
  packet.at += 1
  return ppp(packet)
}

export function pppNext(protocol: number): number {
  if (protocol === 0x21) return ETHERTYPE_IPV4
  if (protocol === 0x57) return ETHERTYPE_IPV6
  return protocol === 0x281 || protocol === 0x283 ? LAYER_MPLS : END
}

/** PPP over Ethernet (RFC 2516): version and type, code, session, length. */
export function pppoe(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 6 || view.getUint8(at + 1) !== 0) return END
  packet.at = at + 6
  packet.wireEnd = Math.min(packet.wireEnd, packet.at + view.getUint16(at + 4))
  packet.end = Math.min(packet.end, packet.wireEnd)
  return pppProtocol(packet, packet.at)
}

/** Cisco HDLC: address, control, Ethernet type. */
export function chdlc(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 4) return END
  const type = view.getUint16(at + 2)
  packet.at = at + 4
  return type
}

/** FDDI: frame control, two addresses, LLC. */
export function fddi(packet: Packet): number {
  if (packet.left < 13) return END
  packet.at += 13
  return LAYER_LLC
}

/** IP over InfiniBand (RFC 4391): after 40 octets of routing header an Ethernet type and two octets reserved. */
export function ipoib(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 44) return END
  packet.at = at + 44
  return view.getUint16(at + 40)
}

/** ARCNET (RFC 1201): source, destination, (Linux: an offset of two octets,) protocol, split flag, sequence number. */
export function arcnet(packet: Packet, isLinux: boolean): number {
  const at = packet.at + (isLinux ? 4 : 2)
  if (packet.end - at < 4) return END
  const protocol = packet.view.getUint8(at)
  // RFC 1051's framing has neither flag nor sequence number.
  const isOld = protocol === 240
  packet.at = at + (isOld ? 1 : 4)
  if (protocol === 212 || isOld) return ETHERTYPE_IPV4
  return protocol === 196 ? ETHERTYPE_IPV6 : END
}

/** Raw IP: the version stands in the first four bits. */
export function rawIp(packet: Packet): number {
  if (packet.left < 1) return END
  const version = packet.view.getUint8(packet.at) >> 4
  if (version === 4) return ETHERTYPE_IPV4
  return version === 6 ? ETHERTYPE_IPV6 : END
}

/** MPLS (RFC 3032): labels down to the bottom of the stack, then IP by its version, or a pseudowire's Ethernet frame. */
export function mpls(packet: Packet): number {
  const { view, end } = packet
  let { at } = packet
  for (;;) {
    if (end - at < 4) return END
    const isBottom = (view.getUint8(at + 2) & 1) === 1
    at += 4
    if (isBottom) break
  }
  packet.at = at
  if (end - at < 1) return END
  const version = view.getUint8(at) >> 4
  return version === 4 || version === 6 ? LAYER_IP : END
}

/** Radiotap before 802.11: version, pad, length in little-endian. */
export function radiotap(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 4) return END
  const length = view.getUint16(at + 2, true)
  if (length < 8 || packet.end - at < length) return END
  packet.at = at + length
  return wlan(packet)
}

/** IEEE 802.11 data frames: two to four addresses, QoS and HT control, then LLC. Encrypted ones lead nowhere. */
export function wlan(packet: Packet, isLittleEndian = true): number {
  const { at, view } = packet
  if (packet.end - at < 24) return END
  const control = view.getUint16(at, isLittleEndian)
  const isData = ((control >> 2) & 3) === 2
  const subtype = (control >> 4) & 0xf
  const isEncrypted = (control & 0x4000) !== 0
  // The bit 4 of the subtype says that there is no data.
  if (!isData || (subtype & 4) !== 0 || isEncrypted) return END
  const hasFourAddresses = (control & 0x0300) === 0x0300
  const start = at + 24 + (hasFourAddresses ? 6 : 0)
  const isQos = (subtype & 8) !== 0
  packet.at = start
  if (!isQos) return LAYER_LLC
  if (packet.end - start < 2) return END
  const isAggregate = (view.getUint8(start) & 0x80) !== 0
  const hasHtControl = (control & 0x8000) !== 0
  packet.at = start + 2 + (hasHtControl ? 4 : 0)
  return isAggregate ? LAYER_WLAN_AGGREGATE : LAYER_LLC
}

/** A-MSDU (IEEE 802.11 9.3.2.2): two addresses, length and LLC, each padded to 32 bits; the others come later. */
export function wlanAggregate(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 14) return END
  const end = at + 14 + view.getUint16(at + 12)
  const next = at + ((end - at + 3) & ~3)
  if (next < packet.end) packet.later(next, packet.end, packet.wireEnd, LAYER_WLAN_AGGREGATE)
  packet.at = at + 14
  packet.wireEnd = Math.min(packet.wireEnd, end)
  packet.end = Math.min(packet.end, end)
  return LAYER_LLC
}
