/**
 * What carries whole packets inside IP, by the rules of link-layers.ts: GRE, and tunnels on ports of UDP. Ports are those
 * that Wireshark looks through without being asked; more of them are asked for with `TunnelPorts`.
 */

import {
  END,
  ETHERTYPE_ARUBA_FIRST,
  ETHERTYPE_ARUBA_LAST,
  ETHERTYPE_BRIDGING,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_NSH,
  ETHERTYPE_PPP,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_MPLS,
  LAYER_PPP,
  LAYER_WLAN,
  LAYER_WLAN_SWAPPED,
} from './layer-codes.ts'
import type { Packet } from './packet.ts'

const ERSPAN = 0x88be
const ERSPAN_3 = 0x22eb
const WCCP = 0x883e
const MERAKI = 0x6400

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
  const hasNumber = (flags & 0x1000) !== 0
  if (hasNumber) length += 4
  if (isEnhanced && (flags & 0x0080) !== 0) length += 4
  if (packet.end - at < length) return END
  packet.at = at + length
  if ((flags & 0x4000) !== 0 && !skipRoutes(packet)) return END
  return greProtocol(packet, type, hasNumber)
}

/** Source routes (RFC 1701): family, offset, length and so many octets each, up to an empty one. */
function skipRoutes(packet: Packet): boolean {
  const { view } = packet
  while (packet.left >= 4) {
    const family = view.getUint16(packet.at)
    const length = view.getUint8(packet.at + 3)
    packet.at += 4 + length
    if (family === 0 && length === 0) return true
  }
  return false
}

function greProtocol(packet: Packet, type: number, hasNumber: boolean): number {
  switch (type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
    case ETHERTYPE_BRIDGING:
    case ETHERTYPE_NSH:
      return type
    case ETHERTYPE_PPP:
      return LAYER_PPP
    case MERAKI:
      return LAYER_ETHERNET
    case ERSPAN:
      // The first version has no header of its own.
      return hasNumber ? erspan(packet) : LAYER_ETHERNET
    case ERSPAN_3:
      return erspan(packet)
    case WCCP:
      return wccp(packet)
    default:
      return type >= ETHERTYPE_ARUBA_FIRST && type <= ETHERTYPE_ARUBA_LAST ? LAYER_WLAN : END
  }
}

/** ERSPAN (draft-foschiano-erspan): 8 octets, or 12 with an optional 8. */
function erspan(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 12) return END
  const version = view.getUint8(at) >> 4
  if (version !== 1 && version !== 2) return END
  const hasMore = version === 2 && (view.getUint8(at + 11) & 1) !== 0
  packet.at = at + (version === 1 ? 8 : hasMore ? 20 : 12)
  return packet.left > 0 ? LAYER_ETHERNET : END
}

/** WCCP: the packet as it is, or behind a header of four octets that does not look like one. */
function wccp(packet: Packet): number {
  if (packet.left < 5) return END
  if (packet.view.getUint8(packet.at) >> 4 !== 4) packet.at += 4
  return LAYER_IP
}

/** EtherIP (RFC 3378): a version in two octets, then a whole frame. */
export function etherIp(packet: Packet): number {
  if (packet.left < 2) return END
  packet.at += 2
  return LAYER_ETHERNET
}

/** Network Service Header (RFC 8300 2.2): its length in words (one with metadata of type 1 has six), and what is inside. */
export function nsh(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 8) return END
  const length = (view.getUint8(at + 2) & 0xf) === 1 ? 24 : (view.getUint8(at + 1) & 0x3f) * 4
  if (length < 8 || packet.end - at < length) return END
  packet.at = at + length
  return nextProtocol(view.getUint8(at + 3))
}

/** Numbers that NSH and VXLAN-GPE have in common. */
function nextProtocol(protocol: number): number {
  if (protocol === 1) return ETHERTYPE_IPV4
  if (protocol === 2) return ETHERTYPE_IPV6
  if (protocol === 3) return LAYER_ETHERNET
  if (protocol === 4) return ETHERTYPE_NSH
  return protocol === 5 ? LAYER_MPLS : END
}

// ---- UDP

type Tunnel = (packet: Packet) => number

/** Tunnels by the names that Wireshark has for them. */
const TUNNELS = {
  vxlan,
  'vxlan-gpe': vxlanGpe,
  geneve,
  gtp: gtpUser,
  capwap,
  l2tp,
  teredo,
  lisp,
  mpls: (): number => LAYER_MPLS,
  ip: (): number => LAYER_IP,
  eth: (): number => LAYER_ETHERNET,
} as const

export type TunnelName = keyof typeof TUNNELS

export const TUNNEL_NAMES = Object.keys(TUNNELS) as readonly TunnelName[]

/** Ports of UDP, and the tunnels on them. */
export type TunnelPorts = ReadonlyMap<number, TunnelName>

const KNOWN_PORTS: TunnelPorts = new Map<number, TunnelName>([
  [1701, 'l2tp'],
  [2152, 'gtp'],
  [3386, 'gtp'],
  [3544, 'teredo'],
  [4341, 'lisp'],
  [4789, 'vxlan'],
  [4790, 'vxlan-gpe'],
  [5247, 'capwap'],
  [6081, 'geneve'],
  [6635, 'mpls'],
])

export function udp(packet: Packet, asked: TunnelPorts | null): number {
  const { at, view } = packet
  if (packet.end - at < 8) return END
  const source = view.getUint16(at)
  const destination = view.getUint16(at + 2)
  packet.at = at + 8
  const low = Math.min(source, destination)
  const high = Math.max(source, destination)
  const name = asked?.get(low) ?? asked?.get(high) ?? KNOWN_PORTS.get(low) ?? KNOWN_PORTS.get(high)
  if (name === undefined) return END
  const tunnel: Tunnel = TUNNELS[name]
  return tunnel(packet)
}

/** VXLAN (RFC 7348 5): flags, network identifier. */
function vxlan(packet: Packet): number {
  if (packet.left < 8) return END
  packet.at += 8
  return LAYER_ETHERNET
}

/** Generic Protocol Extension for VXLAN (draft-ietf-nvo3-vxlan-gpe): the fourth octet says what is inside. */
function vxlanGpe(packet: Packet): number {
  if (packet.left < 8) return END
  const next = packet.view.getUint8(packet.at + 3)
  packet.at += 8
  return nextProtocol(next)
}

/** Geneve (RFC 8926 3.4): length of the options in words, and the type of what is inside. */
function geneve(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 8) return END
  const length = 8 + (view.getUint8(at) & 0x3f) * 4
  const type = view.getUint16(at + 2)
  packet.at = at + length
  return type === ETHERTYPE_BRIDGING ? LAYER_ETHERNET : type
}

/** GTP-U (3GPP TS 29.281 5.1): a G-PDU (type 255) carries IP, or what is no IP a frame. */
function gtpUser(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 8 || view.getUint8(at + 1) !== 255) return END
  const flags = view.getUint8(at)
  // The first version (3GPP TS 29.060 6) has 20 octets.
  if (flags >> 5 === 0) packet.at = at + 20
  else if (flags >> 4 !== 3 || !skipGtp(packet, flags)) return END
  if (packet.left < 1) return END
  const version = view.getUint8(packet.at) >> 4
  return version === 4 || version === 6 ? LAYER_IP : LAYER_ETHERNET
}

function skipGtp(packet: Packet, flags: number): boolean {
  const { view } = packet
  let next = packet.at + 8
  if ((flags & 7) !== 0) {
    // A sequence number, an N-PDU number and the type of the first extension header.
    if (packet.end - next < 4) return false
    let extension = view.getUint8(next + 3)
    next += 4
    while ((flags & 4) !== 0 && extension !== 0) {
      if (packet.end - next < 4) return false
      const length = view.getUint8(next) * 4
      if (length === 0 || packet.end - next < length) return false
      extension = view.getUint8(next + length - 1)
      next += length
    }
  }
  packet.at = next
  return true
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

/** L2TP (RFC 2661 3.1): data messages carry PPP; the flags say which fields follow. */
function l2tp(packet: Packet): number {
  const { at, view } = packet
  if (packet.end - at < 6) return END
  const flags = view.getUint16(at)
  const isControl = (flags & 0x8000) !== 0
  if (isControl || (flags & 0xf) !== 2) return END
  let next = at + 2 + ((flags & 0x4000) === 0 ? 0 : 2) + 4 + ((flags & 0x0800) === 0 ? 0 : 4)
  if ((flags & 0x0200) !== 0) {
    if (packet.end - next < 2) return END
    next += 2 + view.getUint16(next)
  }
  packet.at = next
  return packet.left > 0 ? LAYER_PPP : END
}

/** Teredo (RFC 4380 5.1.1): perhaps an authentication and the origin, then IPv6. */
function teredo(packet: Packet): number {
  const { view } = packet
  if (packet.left >= 4 && view.getUint16(packet.at) === 1)
    packet.at += 13 + view.getUint8(packet.at + 2) + view.getUint8(packet.at + 3)
  if (packet.left >= 8 && view.getUint16(packet.at) === 0) packet.at += 8
  return packet.left > 0 && view.getUint8(packet.at) >> 4 === 6 ? ETHERTYPE_IPV6 : END
}

/** LISP data (RFC 9300 5.1): eight octets, then IP. */
function lisp(packet: Packet): number {
  if (packet.left < 8) return END
  packet.at += 8
  return LAYER_IP
}
