/** Headers below TCP, field by field. */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { addressOf, formatAddress } from '../wire/address.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import { type DetailPage, setOrNot } from './detail-page.ts'
import { hex2, hex4 } from './page.ts'
import { portName, portRange, protocolName } from './services.ts'
import { ETHERTYPE_NAMES } from './tcpdump-names.ts'

const typeText = (type: number): string => `${ETHERTYPE_NAMES.get(type) ?? 'Unknown'} (0x${hex4(type)})`

export function detailEthernet(page: DetailPage): void {
  if (!page.holds(14, 'Ethernet II')) return
  page.layer(`Ethernet II, Src: ${page.hex(6, 6, ':')}, Dst: ${page.hex(0, 6, ':')}`)
  page.field(`Destination: ${page.hex(0, 6, ':')}`, 0, 6)
  page.field(`Source: ${page.hex(6, 6, ':')}`, 6, 6)
  page.field(`Type: ${typeText(page.uint16(12))}`, 12, 2)
}

export function detailVlan(page: DetailPage): void {
  if (!page.holds(4, '802.1Q Virtual LAN')) return
  const tag = page.uint16(0)
  page.layer(`802.1Q Virtual LAN, PRI: ${tag >> 13}, DEI: ${(tag >> 12) & 1}, ID: ${tag & 0xfff}`)
  page.field('Tag', 0, 2)
  page.bits(`Priority: ${tag >> 13}`, tag, 0xe000, 16)
  page.bits(`DEI: ${(tag >> 12) & 1}`, tag, 0x1000, 16)
  page.bits(`ID: ${tag & 0xfff}`, tag, 0x0fff, 16)
  page.field(`Type: ${typeText(page.uint16(2))}`, 2, 2)
}

const protocolText = (protocol: number): string =>
  `${(protocolName(protocol) ?? 'unknown').toUpperCase()} (${protocol})`

const ECN = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE: congestion was experienced']

function ipv4Address(page: DetailPage, offset: number): string {
  return formatAddress(addressOf(0, 0, MAPPED_PREFIX, page.int32(offset), 4))
}

export function detailIpv4(page: DetailPage): void {
  if (!page.holds(20, 'Internet Protocol Version 4')) return
  const length = (page.uint8(0) & 15) * 4
  const service = page.uint8(1)
  const fragment = page.uint16(6)
  page.layer(`Internet Protocol Version 4, Src: ${ipv4Address(page, 12)}, Dst: ${ipv4Address(page, 16)}`)
  page.field('Version and header length', 0, 1)
  page.bits('Version: 4', page.uint8(0), 0xf0, 8)
  page.bits(`Header length: ${length} octets (${length / 4} words)`, page.uint8(0), 0x0f, 8)
  page.field(`Differentiated services: 0x${hex2(service)}`, 1, 1)
  page.bits(`Codepoint: ${service >> 2}`, service, 0xfc, 8)
  page.bits(`ECN: ${ECN[service & 3]}`, service, 0x03, 8)
  page.field(`Total length: ${page.uint16(2)}`, 2, 2)
  page.field(`Identification: 0x${hex4(page.uint16(4))} (${page.uint16(4)})`, 4, 2)
  page.field('Flags and fragment offset', 6, 2)
  page.bits(`Reserved: ${setOrNot(fragment & 0x8000)}`, fragment, 0x8000, 16)
  page.bits(`Don't fragment: ${setOrNot(fragment & 0x4000)}`, fragment, 0x4000, 16)
  page.bits(`More fragments: ${setOrNot(fragment & 0x2000)}`, fragment, 0x2000, 16)
  page.bits(`Fragment offset: ${(fragment & 0x1fff) * 8}`, fragment, 0x1fff, 16)
  page.field(`Time to live: ${page.uint8(8)}`, 8, 1)
  page.field(`Protocol: ${protocolText(page.uint8(9))}`, 9, 1)
  page.field(`Header checksum: 0x${hex4(page.uint16(10))}, ${headerVerdict(page, length)}`, 10, 2)
  page.field(`Source address: ${ipv4Address(page, 12)}`, 12, 4)
  page.field(`Destination address: ${ipv4Address(page, 16)}`, 16, 4)
  if (length < 20) page.plain(`[a header of ${length} octets cannot be: it has 20 at the least]`)
  else if (length > 20)
    page.field(`Options: ${page.hex(20, Math.min(length - 20, page.left(20)))}`, 20, length - 20)
}

function headerVerdict(page: DetailPage, length: number): string {
  if (length < 20 || page.left() < length) return 'cannot be verified'
  const { bytes, at } = page.octets
  return foldChecksum(sumWords(bytes, at, length, 0)) === 0 ? 'correct' : 'incorrect'
}

function ipv6Address(page: DetailPage, offset: number): string {
  const word = (k: number): number => page.int32(offset + 4 * k)
  return formatAddress(addressOf(word(0), word(1), word(2), word(3), 6))
}

const EXTENSIONS: Readonly<Record<number, string>> = {
  0: 'Hop-by-hop options',
  43: 'Routing',
  44: 'Fragment',
  51: 'Authentication',
  60: 'Destination options',
}

export function detailIpv6(page: DetailPage): void {
  if (!page.holds(40, 'Internet Protocol Version 6')) return
  const first = page.uint32(0)
  page.layer(`Internet Protocol Version 6, Src: ${ipv6Address(page, 8)}, Dst: ${ipv6Address(page, 24)}`)
  page.field('Version, traffic class and flow label', 0, 4)
  page.bits('Version: 6', first, 0xf000_0000, 32)
  page.bits(`Traffic class: 0x${hex2((first >>> 20) & 0xff)}`, first, 0x0ff0_0000, 32)
  page.bits(`Flow label: 0x${(first & 0xfffff).toString(16).padStart(5, '0')}`, first, 0x000f_ffff, 32)
  page.field(`Payload length: ${page.uint16(4)}`, 4, 2)
  page.field(`Next header: ${protocolText(page.uint8(6))}`, 6, 1)
  page.field(`Hop limit: ${page.uint8(7)}`, 7, 1)
  page.field(`Source address: ${ipv6Address(page, 8)}`, 8, 16)
  page.field(`Destination address: ${ipv6Address(page, 24)}`, 24, 16)
  detailExtensions(page)
}

function detailExtensions(page: DetailPage): void {
  let next = page.uint8(6)
  for (let at = 40; EXTENSIONS[next] !== undefined; ) {
    const name = EXTENSIONS[next]!
    if (page.left(at) < 8) return page.plain(`[the capture ends in the header ${name}]`)
    const words = page.uint8(at + 1)
    const length = next === 44 ? 8 : next === 51 ? (words + 2) * 4 : (words + 1) * 8
    page.field(`${name} header, ${length} octets; next: ${protocolText(page.uint8(at))}`, at, length)
    next = page.uint8(at)
    at += length
  }
}

const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: 'echo reply',
  3: 'destination unreachable',
  4: 'source quench',
  5: 'redirect',
  8: 'echo request',
  11: 'time exceeded',
  12: 'parameter problem',
}
const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbour solicitation',
  136: 'neighbour advertisement',
  137: 'redirect',
}

export function detailIcmp(page: DetailPage, isVersion6: boolean): void {
  const name = `Internet Control Message Protocol${isVersion6 ? ' v6' : ''}`
  if (!page.holds(8, name)) return
  const type = page.uint8(0)
  const known = (isVersion6 ? ICMPV6_TYPES : ICMP_TYPES)[type]
  page.layer(name)
  page.field(`Type: ${type}${known === undefined ? '' : ` (${known})`}`, 0, 1)
  page.field(`Code: ${page.uint8(1)}`, 1, 1)
  page.field(`Checksum: 0x${hex4(page.uint16(2))}`, 2, 2)
  page.field(`Rest of the header: 0x${page.hex(4, 4)}`, 4, 4)
}

/** A port with its service and the range that it is in (RFC 6335 6). */
export function portText(port: number, protocol: 'tcp' | 'udp'): string {
  const name = portName(port, protocol)
  return `${port}${name === undefined ? '' : ` (${name})`}, ${portRange(port)}`
}

export function detailUdp(page: DetailPage): void {
  if (!page.holds(8, 'User Datagram Protocol')) return
  page.layer(`User Datagram Protocol, Src Port: ${page.uint16(0)}, Dst Port: ${page.uint16(2)}`)
  page.field(`Source port: ${portText(page.uint16(0), 'udp')}`, 0, 2)
  page.field(`Destination port: ${portText(page.uint16(2), 'udp')}`, 2, 2)
  page.field(`Length: ${page.uint16(4)}`, 4, 2)
  page.field(`Checksum: 0x${hex4(page.uint16(6))}`, 6, 2)
}
