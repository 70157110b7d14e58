/** `frame.protocols`: the headers of a frame by Wireshark's short names, from the outside in, up to what is not taken apart here. */

import { readUint16 } from '../bytes/big-endian.ts'
import * as codes from '../dissect/layer-codes.ts'
import type { Packet } from '../dissect/packet.ts'
import { optionsInHeader } from '../dissect/tcp-details.ts'
import * as links from '../wire/linktype.ts'
import { KIND_MPTCP } from '../wire/tcp-options.ts'
import { endOf, isIpv4, isIpv6 } from './field-layers.ts'

const LINK_NAMES: ReadonlyMap<number, string> = new Map([
  [links.LINKTYPE_NULL, 'null'],
  [links.LINKTYPE_LOOP, 'null'],
  [links.LINKTYPE_ETHERNET, 'eth'],
  [links.LINKTYPE_ARCNET, 'arcnet'],
  [links.LINKTYPE_ARCNET_LINUX, 'arcnet'],
  [links.LINKTYPE_PPP, 'ppp'],
  [links.LINKTYPE_PPP_HDLC, 'ppp'],
  [links.LINKTYPE_PPP_WITH_DIRECTION, 'ppp'],
  [links.LINKTYPE_PPP_ETHER, 'pppoes'],
  [links.LINKTYPE_FDDI, 'fddi'],
  [links.LINKTYPE_RAW, 'raw'],
  [links.LINKTYPE_RAW_BSD, 'raw'],
  [links.LINKTYPE_RAW_OPENBSD, 'raw'],
  [links.LINKTYPE_CHDLC, 'chdlc'],
  [links.LINKTYPE_IEEE802_11, 'wlan'],
  [links.LINKTYPE_IEEE802_11_RADIOTAP, 'radiotap:wlan'],
  [links.LINKTYPE_LINUX_SLL, 'sll'],
  [links.LINKTYPE_LINUX_SLL2, 'sll'],
  [links.LINKTYPE_PPI, 'ppi'],
  [links.LINKTYPE_NFLOG, 'nflog'],
  [links.LINKTYPE_IPOIB, 'ipoib'],
])

const ETHERTYPE_ARP = 0x0806
const ETHERTYPE_RARP = 0x8035

const NAMES: ReadonlyMap<number, string> = new Map([
  [codes.ETHERTYPE_VLAN, 'vlan'],
  [codes.ETHERTYPE_QINQ, 'ieee8021ad'],
  [codes.ETHERTYPE_QINQ_OLD, 'vlan'],
  [codes.ETHERTYPE_PPPOE_SESSION, 'pppoes'],
  [codes.ETHERTYPE_MPLS, 'mpls'],
  [codes.ETHERTYPE_MPLS_MULTICAST, 'mpls'],
  [codes.ETHERTYPE_FABRIC_PATH, 'cfp'],
  [codes.ETHERTYPE_BRIDGING, 'eth'],
  [codes.ETHERTYPE_NSH, 'nsh'],
  [codes.ETHERTYPE_IPV4, 'ip'],
  [ETHERTYPE_ARP, 'arp'],
  [ETHERTYPE_RARP, 'arp'],
  [codes.IP_ICMP, 'icmp'],
  [codes.IP_TCP, 'tcp'],
  [codes.IP_UDP, 'udp'],
  [codes.IP_GRE, 'gre'],
  [codes.IP_AUTHENTICATION, 'ah'],
  [codes.IP_ICMPV6, 'icmpv6'],
  [codes.IP_ETHERIP, 'etherip'],
  [codes.IP_MPLS, 'mpls'],
  [codes.LAYER_ETHERNET, 'eth'],
  [codes.LAYER_LLC, 'llc'],
  [codes.LAYER_PPP, 'ppp'],
  [codes.LAYER_MPLS, 'mpls'],
  [codes.LAYER_WLAN, 'wlan'],
  [codes.LAYER_WLAN_SWAPPED, 'wlan'],
  [codes.LAYER_CHDLC, 'chdlc'],
])

/** Tunnels by their ports of UDP. */
const TUNNELS: ReadonlyMap<number, string> = new Map([
  [1701, 'l2tp'],
  [2152, 'gtp'],
  [3386, 'gtp'],
  [3544, 'teredo'],
  [4341, 'lisp'],
  [4789, 'vxlan'],
  [5072, 'ayiya'],
  [5247, 'capwap.data'],
  [6081, 'geneve'],
])

/** Headers between IPv6 and what it carries (RFC 8200 4). */
const EXTENSIONS: ReadonlyMap<number, string> = new Map([
  [0, 'ipv6.hopopts'],
  [43, 'ipv6.routing'],
  [44, 'ipv6.fraghdr'],
  [51, 'ah'],
  [60, 'ipv6.dstopts'],
  [140, 'ipv6.shim6'],
])

/** Layers in which an Ethernet type says what follows, as a step of its own. */
const NAMES_TYPES = new Set(['eth', 'sll', 'vlan', 'ieee8021ad'])

export function protocolNames(packet: Packet): string {
  const names: string[] = []
  for (let layer = 0; layer < packet.layers; layer++) {
    const name = nameOf(packet, layer, names.at(-1))
    if (name === '') continue
    const code = packet.layerCodes[layer]!
    const isType = code >= codes.LEAST_ETHERTYPE && code < codes.IP_PROTOCOL && name !== 'cfp'
    if (isType && NAMES_TYPES.has(names.at(-1) ?? '')) names.push('ethertype')
    names.push(name)
  }
  if (names.at(-1) === 'tcp') names.push(...multipathOptions(packet))
  return names.join(':')
}

/** Empty: it is named with the layer before, or behind it. */
function nameOf(packet: Packet, layer: number, before: string | undefined): string {
  const code = packet.layerCodes[layer]!
  if (code === codes.ETHERTYPE_IPV6)
    return isIpv6(code, packet.layerBytes[layer]!, packet.layerAts[layer]!)
      ? withExtensions(packet, layer)
      : 'ipv6'
  if (isOfFragment(packet, layer)) return ''
  if (code === codes.IP_UDP) return withTunnel(packet, layer)
  if (code >= codes.PPP_PROTOCOL && code < codes.LAYER_IP) return before === 'pppoes' ? 'ppp' : ''
  if (code >= codes.LINK && code < codes.PPP_PROTOCOL) return LINK_NAMES.get(code - codes.LINK) ?? ''
  return NAMES.get(code) ?? ''
}

/** What a fragment carries is not known before its datagram is put together, and stands once more there. */
function isOfFragment(packet: Packet, layer: number): boolean {
  if (layer === 0) return false
  const isWhole = layer + 1 < packet.layers && packet.layerBytes[layer + 1] !== packet.layerBytes[layer]
  if (isWhole) return packet.layerCodes[layer + 1] === packet.layerCodes[layer]
  const bytes = packet.layerBytes[layer - 1]!
  const at = packet.layerAts[layer - 1]!
  if (bytes !== packet.layerBytes[layer] || !isIpv4(packet.layerCodes[layer - 1]!, bytes, at)) return false
  return (readUint16(bytes, at + 6) & 0x3fff) !== 0
}

function withTunnel(packet: Packet, layer: number): string {
  if (layer === packet.layers - 1) return 'udp'
  const bytes = packet.layerBytes[layer]!
  const at = packet.layerAts[layer]!
  const tunnel = TUNNELS.get(readUint16(bytes, at + 2)) ?? TUNNELS.get(readUint16(bytes, at))
  return tunnel === undefined ? 'udp' : `udp:${tunnel}`
}

function withExtensions(packet: Packet, layer: number): string {
  const bytes = packet.layerBytes[layer]!
  const start = packet.layerAts[layer]!
  const end = endOf(packet, bytes)
  const names = ['ipv6']
  let next = bytes[start + 6]!
  for (let at = start + 40; at + 8 <= end; ) {
    const name = EXTENSIONS.get(next)
    // A header of authentication is a layer of its own where it is followed from IPv4.
    if (name === undefined) break
    names.push(name)
    const length = next === 44 ? 8 : next === 51 ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8
    next = bytes[at]!
    at += length
  }
  return names.join(':')
}

/** Each option of Multipath TCP is a protocol to Wireshark. */
function multipathOptions(packet: Packet): string[] {
  const layer = packet.layers - 1
  const bytes = packet.layerBytes[layer]!
  const at = packet.layerAts[layer]!
  if (packet.end - at < 20) return []
  const stop = Math.min(at + (bytes[at + 12]! >> 4) * 4, packet.end)
  return optionsInHeader(bytes, at, stop).flatMap(({ kind }) => (kind === KIND_MPTCP ? ['mptcp'] : []))
}
