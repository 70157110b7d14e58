/**
 * What tshark's columns say of a frame without TCP of its own: of UDP, ICMP, ARP and fragments in its words; of other protocols the
 * name of the outermost header that is not taken apart here, and no more.
 */

import { readUint16 } from '../bytes/big-endian.ts'
import * as codes from '../dissect/layer-codes.ts'
import type { Packet } from '../dissect/packet.ts'
import { endOf, etherText, ipv4Text, ipv6Text, isIpv4, isIpv6 } from '../flows/field-layers.ts'
import { CUT, MALFORMED } from './column-tcp.ts'
import { PROTOCOL_NAMES } from './tcpdump-names.ts'

export interface ProtocolAndInfo {
  readonly protocol: string
  readonly info: string
}

/** The headers of a frame before what an ICMP error quotes, from the outside in. */
export function ownLayers(packet: Packet): number {
  for (let layer = 0; layer < packet.layers; layer++) {
    if (packet.layerCodes[layer] === codes.LAYER_ICMP_QUOTE) return layer
  }
  return packet.layers
}

const ETHERTYPE_ARP = 0x0806
const NOTHING: ProtocolAndInfo = { protocol: '', info: '' }

export function frameColumns(packet: Packet): ProtocolAndInfo {
  for (let layer = ownLayers(packet) - 1; layer >= 0; layer--) {
    const found = headerColumns(packet, layer)
    if (found !== null) return found
  }
  return NOTHING
}

/** Null: a header that leads to another one, or is cut. */
function headerColumns(packet: Packet, layer: number): ProtocolAndInfo | null {
  const code = packet.layerCodes[layer]!
  const bytes = packet.layerBytes[layer]!
  const at = packet.layerAts[layer]!
  const held = endOf(packet, bytes) - at
  if (code >= codes.IP_PROTOCOL && code < codes.LINK) return overIp(packet, layer, held)
  if (code === ETHERTYPE_ARP && held >= 28) return { protocol: 'ARP', info: arpInfo(bytes, at) }
  if (code === codes.LAYER_LLC) return { protocol: 'LLC', info: '' }
  const isType = code >= codes.LEAST_ETHERTYPE && code < codes.IP_PROTOCOL
  if (!isType || layer < packet.layers - 1) return null
  if (code === codes.ETHERTYPE_IPV4) return { protocol: 'IPv4', info: CUT }
  if (code === codes.ETHERTYPE_IPV6) return { protocol: 'IPv6', info: CUT }
  return { protocol: `0x${hex(code, 4)}`, info: '' }
}

function overIp(packet: Packet, layer: number, held: number): ProtocolAndInfo | null {
  const code = packet.layerCodes[layer]!
  const bytes = packet.layerBytes[layer]!
  const at = packet.layerAts[layer]!
  const fragment = layer === 0 ? null : fragmentInfo(packet, layer - 1, code - codes.IP_PROTOCOL)
  if (fragment !== null) return { protocol: 'IPv4', info: fragment }
  switch (code) {
    case codes.IP_UDP:
      return held < 8 ? null : { protocol: 'UDP', info: udpInfo(bytes, at) }
    case codes.IP_ICMP:
      return held < 8 ? null : { protocol: 'ICMP', info: icmpInfo(bytes, at, timeToLive(packet, layer)) }
    case codes.IP_ICMPV6:
      return held < 8 ? null : { protocol: 'ICMPv6', info: icmpv6Info(bytes, at, held) }
    case codes.IP_TCP:
      // Without both ports Wireshark does not get as far as calling it TCP.
      if (held < 4 && packet.end < packet.wireEnd) {
        return { protocol: isOverIpv6(packet, layer) ? 'IPv6' : 'IPv4', info: CUT }
      }
      return { protocol: 'TCP', info: cutTcpInfo(packet, bytes, at, held) }
    default: {
      const number = code - codes.IP_PROTOCOL
      return { protocol: isOverIpv6(packet, layer) ? 'IPv6' : 'IPv4', info: protocolText(number, ' (', ')') }
    }
  }
}

const isOverIpv6 = (packet: Packet, layer: number): boolean =>
  layer > 0 && isIpv6(...layerOf(packet, layer - 1))

const layerOf = (packet: Packet, layer: number): [code: number, bytes: Uint8Array, at: number] => [
  packet.layerCodes[layer]!,
  packet.layerBytes[layer]!,
  packet.layerAts[layer]!,
]

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

const protocolText = (number: number, before: string, behind: string): string =>
  `${PROTOCOL_NAMES[number] ?? 'Unknown'}${before}${number}${behind}`

/** Of a datagram that is not whole here; one that was put together has octets of its own. */
function fragmentInfo(packet: Packet, layer: number, protocol: number): string | null {
  const [code, bytes, at] = layerOf(packet, layer)
  if (!isIpv4(code, bytes, at) || packet.layerBytes[layer + 1] !== bytes) return null
  const fragment = readUint16(bytes, at + 6)
  if ((fragment & 0x3fff) === 0) return null
  const offset = 8 * (fragment & 0x1fff)
  const id = hex(readUint16(bytes, at + 4), 4)
  return `Fragmented IP protocol (proto=${protocolText(protocol, ' ', '')}, off=${offset}, ID=${id})`
}

function udpInfo(bytes: Uint8Array, at: number): string {
  return `${readUint16(bytes, at)} → ${readUint16(bytes, at + 2)} Len=${readUint16(bytes, at + 4) - 8}`
}

/** Of a header of which too little is there to be one. */
function cutTcpInfo(packet: Packet, bytes: Uint8Array, at: number, held: number): string {
  const why = packet.end < packet.wireEnd ? CUT : MALFORMED
  return held < 4 ? why : `${readUint16(bytes, at)} → ${readUint16(bytes, at + 2)}${why}`
}

/** The time to live of the IPv4 header before. */
function timeToLive(packet: Packet, layer: number): number {
  return layer === 0 ? 0 : packet.layerBytes[layer - 1]![packet.layerAts[layer - 1]! + 8]!
}

const UNREACHABLE =
  `Network unreachable,Host unreachable,Protocol unreachable,Port unreachable,Fragmentation needed,
Source route failed,Destination network unknown,Destination host unknown,Source host isolated,
Network administratively prohibited,Host administratively prohibited,Network unreachable for TOS,Host unreachable for TOS,
Communication administratively filtered,Host precedence violation,Precedence cutoff in effect`
    .split(/,\s*/)
    .map((text) => text.trim())

function icmpInfo(bytes: Uint8Array, at: number, ttl: number): string {
  const type = bytes[at]!
  const code = bytes[at + 1]!
  switch (type) {
    case 0:
      return `Echo (ping) reply    ${echoInfo(bytes, at)}, ttl=${ttl}`
    case 8:
      return `Echo (ping) request  ${echoInfo(bytes, at)}, ttl=${ttl}`
    case 3:
      return `Destination unreachable (${UNREACHABLE[code] ?? code})`
    case 4:
      return 'Source quench (flow control)'
    case 5:
      return `Redirect             (Redirect for ${['network', 'host', 'TOS and network', 'TOS and host'][code] ?? code})`
    case 11:
      return `Time-to-live exceeded (${code === 0 ? 'Time to live exceeded in transit' : 'Fragment reassembly time exceeded'})`
    default:
      return `Type ${type}, code ${code}`
  }
}

/** The number of an echo in both orders of its octets: some senders write the other one. */
function echoInfo(bytes: Uint8Array, at: number): string {
  const number = readUint16(bytes, at + 6)
  const swapped = ((number & 0xff) << 8) | (number >> 8)
  return `id=0x${hex(readUint16(bytes, at + 4), 4)}, seq=${number}/${swapped}`
}

const UNREACHABLE_6 = [
  'no route to destination',
  'Administratively prohibited',
  'Beyond scope of source address',
  'Address unreachable',
  'Port unreachable',
  'Source address failed ingress/egress policy',
  'Reject route to destination',
]

function icmpv6Info(bytes: Uint8Array, at: number, held: number): string {
  const type = bytes[at]!
  const code = bytes[at + 1]!
  const echo = `id=0x${hex(readUint16(bytes, at + 4), 4)}, seq=${readUint16(bytes, at + 6)}`
  const target = held >= 24 ? ipv6Text(bytes, at + 8) : ''
  switch (type) {
    case 1:
      return `Destination Unreachable (${UNREACHABLE_6[code] ?? code})`
    case 2:
      return 'Packet Too Big'
    case 3:
      return `Time Exceeded (${code === 0 ? 'hop limit exceeded in transit' : 'fragment reassembly time exceeded'})`
    case 128:
      return `Echo (ping) request ${echo}`
    case 129:
      return `Echo (ping) reply ${echo}`
    case 133:
      return 'Router Solicitation'
    case 134:
      return 'Router Advertisement'
    case 135:
      return `Neighbor Solicitation for ${target}`
    case 136:
      return `Neighbor Advertisement ${target}`
    default:
      return `Type ${type}, code ${code}`
  }
}

const EMPTY = '0.0.0.0'

/** Of Ethernet and IPv4. */
function arpInfo(bytes: Uint8Array, at: number): string {
  const operation = readUint16(bytes, at + 6)
  const sender = ipv4Text(bytes, at + 14)
  const target = ipv4Text(bytes, at + 24)
  if (operation === 2) return `${sender} is at ${etherText(bytes, at + 8)}`
  if (operation !== 1) return `Operation ${operation}`
  if (sender === target) return `ARP Announcement for ${sender}`
  return sender === EMPTY ? `Who has ${target}? (ARP Probe)` : `Who has ${target}? Tell ${sender}`
}
