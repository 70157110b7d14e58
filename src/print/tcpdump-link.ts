/** Link layers as tcpdump prints them: nothing without -e, but for what they carry. */

import * as links from '../wire/linktype.ts'
import { hex2, hex4, type Page, type Printer } from './page.ts'
import {
  etherText,
  MAX_ETHERNET_LENGTH,
  printEthertype,
  putEthertype,
  vlanText,
} from './tcpdump-ethertype.ts'
import { putHexAndText } from './tcpdump-hex.ts'
import { printLlc } from './tcpdump-llc.ts'
import { ETHERTYPE_NAMES, FAMILY_NAMES } from './tcpdump-names.ts'

const VLAN_TYPES = [0x8100, 0x9100, 0x9200, 0x88a8]

/** The printer of each link type that is known. */
export const LINK_PRINTERS: Readonly<Record<number, string>> = {
  [links.LINKTYPE_ETHERNET]: 'ether',
  [links.LINKTYPE_RAW]: 'raw',
  [links.LINKTYPE_RAW_BSD]: 'raw',
  [links.LINKTYPE_RAW_OPENBSD]: 'raw',
  [links.LINKTYPE_IPV4]: 'raw',
  [links.LINKTYPE_IPV6]: 'raw',
  [links.LINKTYPE_NULL]: 'null',
  [links.LINKTYPE_LOOP]: 'null',
  [links.LINKTYPE_LINUX_SLL]: 'sll',
  [links.LINKTYPE_LINUX_SLL2]: 'sll2',
  [links.LINKTYPE_PPP]: 'pppLink',
  [links.LINKTYPE_PPP_HDLC]: 'pppHdlc',
  [links.LINKTYPE_PPP_ETHER]: 'pppoeLink',
  [links.LINKTYPE_CHDLC]: 'chdlc',
  [links.LINKTYPE_FDDI]: 'fddi',
  [links.LINKTYPE_IPOIB]: 'ipoib',
  [links.LINKTYPE_IEEE802_11]: 'wlan',
  [links.LINKTYPE_ARCNET]: 'arcnet',
  [links.LINKTYPE_ARCNET_LINUX]: 'arcnetLinux',
}

export const ether: Printer = (page, at, length) => {
  page.protocol = 'ether'
  const { link } = page.wishes
  if (!page.has(at, 14)) {
    page.truncated()
    page.linkLength += Math.max(0, page.end - at)
    return
  }
  if (link) page.put(`${etherText(page, at + 6)} > ${etherText(page, at)}, `)
  let type = page.uint16(at + 12)
  let next = at + 14
  let isCounted = false
  const count = (): void => {
    page.put(isCounted ? ', ' : `, length ${length}: `)
    isCounted = true
  }
  while (VLAN_TYPES.includes(type)) {
    if (!page.has(next, 4)) {
      page.protocol = 'vlan'
      page.linkLength += page.end - at
      return page.truncated()
    }
    if (link) {
      putEthertype(page, type)
      count()
      page.put(`${vlanText(page.uint16(next))}, `)
    }
    type = page.uint16(next + 2)
    next += 4
  }
  page.linkLength += next - at
  const left = length - (next - at)
  if (type <= MAX_ETHERNET_LENGTH) {
    const inside = Math.min(type, left)
    if (link) page.put(isCounted ? '802.3' : `802.3, length ${inside}: `)
    page.end = Math.min(page.end, next + inside)
    printLlc(page, next, inside, at)
    return
  }
  if (link) {
    putEthertype(page, type)
    count()
  }
  if (printEthertype(page, type, next, left)) return
  if (!link) {
    page.put(`${etherText(page, at + 6)} > ${etherText(page, at)}, `)
    putEthertype(page, type)
    page.put(`, length ${length}: `)
  }
  putHexAndText(page, '\n\t', next, Math.max(0, page.end - next))
}

export const raw: Printer = (page, at, length) => {
  page.protocol = 'raw'
  if (page.wishes.link) page.put('ip: ')
  page.follow('ipVersion', at, length)
}

export const nullLoopback: Printer = (page, at, length) => {
  page.protocol = 'null'
  // Of the machine that captured: x86 and ARM write the lower octet first; what has an upper half is turned.
  const first = page.uint32(at)
  if (page.isCut) return
  const little = swapped(first)
  const family = (little & 0xffff0000) === 0 ? little : first
  page.linkLength += 4
  const header = (size: number): void => {
    const name = FAMILY_NAMES[family]
    const shown = page.wishes.quiet ? (name ?? `Unknown AF ${family}`) : `AF ${name ?? 'Unknown'} (${family})`
    page.put(`${shown}, length ${size}: `)
  }
  if (page.wishes.link) header(length)
  if (family === 2) page.follow('ip', at + 4, length - 4)
  else if (FAMILY_NAMES[family] === 'IPv6') page.follow('ip6', at + 4, length - 4)
  else {
    if (!page.wishes.link) header(length)
    putHexAndText(page, '\n\t', at + 4, Math.max(0, page.end - at - 4))
  }
}

const swapped = (word: number): number =>
  ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0

const COOKED_KINDS = ['In', 'B', 'M', 'P', 'Out']

export const linuxCooked: Printer = (page, at, length) => {
  page.protocol = 'sll'
  if (!page.has(at, 16)) return page.cut()
  const kind = (COOKED_KINDS[page.uint16(at)] ?? '?').padStart(3)
  const type = page.uint16(at + 14)
  const header = (): void => {
    page.put(`${kind} `)
    putCooked(page, page.uint16(at + 4), at + 6, type, length)
  }
  if (page.wishes.link) header()
  printCooked(page, at + 16, length - 16, type, header, 16)
}

export const linuxCooked2: Printer = (page, at, length) => {
  page.protocol = 'sll2'
  if (!page.has(at, 20)) return page.cut()
  const index = page.uint32(at + 4)
  const type = page.uint16(at)
  // tcpdump names the interface of its own machine that has the index; this machine is another one.
  page.put(`?     ${(COOKED_KINDS[page.uint8(at + 10)] ?? '?').padEnd(3)} `)
  const header = (): void => {
    page.put(`ifindex ${index} `)
    putCooked(page, page.uint8(at + 11), at + 12, type, length)
  }
  if (page.wishes.link) header()
  printCooked(page, at + 20, length - 20, type, header, 20)
}

function putCooked(page: Page, size: number, address: number, type: number, length: number): void {
  if (size === 6) page.put(`${etherText(page, address)} `)
  if (page.wishes.quiet) return
  if (type === 1) page.put('802.3')
  else if (type === 4) page.put('802.2')
  else {
    const name = type <= MAX_ETHERNET_LENGTH ? undefined : ETHERTYPE_NAMES.get(type)
    page.put(`ethertype ${name ?? 'Unknown'} (0x${hex4(type)})`)
  }
  page.put(`, length ${length}: `)
}

function printCooked(
  page: Page,
  at: number,
  length: number,
  first: number,
  header: () => void,
  headerLength: number,
): void {
  let type = first
  let next = at
  while (type === 0x8100) {
    if (!page.has(next, 4)) {
      page.protocol = 'vlan'
      return page.truncated()
    }
    if (page.wishes.link) page.put(`${vlanText(page.uint16(next))}, `)
    type = page.uint16(next + 2)
    if (type <= MAX_ETHERNET_LENGTH) type = 4
    if (!page.wishes.quiet) page.put(`ethertype ${ETHERTYPE_NAMES.get(type) ?? 'Unknown'}, `)
    next += 4
  }
  page.linkLength += headerLength + next - at
  const left = length - (next - at)
  if (type === 4) printLlc(page, next, left, -1)
  else if (type <= MAX_ETHERNET_LENGTH) putHexAndText(page, '\n\t', next, Math.max(0, page.end - next))
  else if (!printEthertype(page, type, next, left)) {
    if (!page.wishes.link) header()
    putHexAndText(page, '\n\t', next, Math.max(0, page.end - next))
  }
}

/** Cisco HDLC. */
export const chdlc: Printer = (page, at, length) => {
  page.protocol = 'chdlc'
  const type = page.uint16(at + 2)
  if (length < 4) return page.truncated()
  if (page.wishes.link) {
    const cast = page.uint8(at)
    const name = cast === 0x0f ? 'unicast' : cast === 0x8f ? 'bcast' : `0x${hex2(cast)}`
    page.put(
      `${name}, ethertype ${ETHERTYPE_NAMES.get(type) ?? 'Unknown'} (0x${hex4(type)}), length ${length}: `,
    )
  }
  page.linkLength += 4
  if (type === 0x0800 || type === 0x86dd || type === 0x8847 || type === 0x8848)
    printEthertype(page, type, at + 4, length - 4)
  else if (!page.wishes.link) page.put(`unknown CHDLC protocol (0x${hex4(type)})`)
}

/** IP over InfiniBand: 40 octets of an address, an Ethernet type, two octets reserved. */
export const ipoib: Printer = (page, at, length) => {
  page.protocol = 'ipoib'
  if (!page.has(at, 44)) return page.truncated()
  const header = (): void => {
    const type = page.uint16(at + 40)
    const number = page.wishes.quiet ? '' : ` (0x${hex4(type)})`
    page.put(`, ethertype ${ETHERTYPE_NAMES.get(type) ?? 'Unknown'}${number}, length ${length}: `)
  }
  if (page.wishes.link) {
    page.put('IPOIB')
    header()
  }
  page.linkLength += 44
  if (printEthertype(page, page.uint16(at + 40), at + 44, length - 44)) return
  if (!page.wishes.link) header()
  putHexAndText(page, '\n\t', at + 44, Math.max(0, page.end - at - 44))
}

/** FDDI: frame control, two addresses, LLC. */
export const fddi: Printer = (page, at, length) => {
  page.protocol = 'fddi'
  if (!page.has(at, 13)) return page.truncated()
  if (page.wishes.link) {
    const control = page.uint8(at)
    const isAsync = (control & 0xf0) === 0x50
    if (!page.wishes.quiet) page.put(isAsync ? `async${(control & 7).toString(16)} ` : `${hex2(control)} `)
    page.put(`${etherText(page, at + 7)} > ${etherText(page, at + 1)}, length ${length}: `)
  }
  page.linkLength += 13
  printLlc(page, at + 13, length - 13, at + 1)
}

/** 802.11: of data frames what they carry; of others no more than that. */
export const wlan: Printer = (page, at, length) => {
  page.protocol = '802.11'
  if (!page.has(at, 24)) return page.truncated()
  const control = page.uint8(at)
  const second = page.uint8(at + 1)
  const isQos = (control & 0x80) !== 0
  const size = 24 + ((second & 3) === 3 ? 6 : 0) + (isQos ? 2 : 0) + (isQos && (second & 0x80) !== 0 ? 4 : 0)
  page.linkLength += size
  if ((control & 0x0c) !== 0x08 || (control & 0x40) !== 0) return page.put('802.11')
  if ((second & 0x40) !== 0) return page.put('Data IV: encrypted')
  printLlc(page, at + size, length - size, -1)
}

/** ARCNET (RFC 1201, and RFC 1051, whose framing has neither flag nor sequence number). */
export const arcnet: Printer = (page, at, length) => printArcnet(page, at, length, 2)
/** Linux puts an offset of two octets before the protocol. */
export const arcnetLinux: Printer = (page, at, length) => printArcnet(page, at, length, 4)

const ARCNET_PROTOCOLS: Readonly<Record<number, readonly [name: string, printer: string]>> = {
  196: ['ipv6', 'ip6'],
  212: ['ip', 'ip'],
  213: ['arp', 'arp'],
  214: ['rarp', 'arp'],
  240: ['oldip', 'ip'],
  241: ['oldarp', 'arp'],
}

function printArcnet(page: Page, at: number, length: number, protocolAt: number): void {
  page.protocol = protocolAt === 2 ? 'arcnet' : 'arcnet_linux'
  const protocol = page.uint8(at + protocolAt)
  const isOld = protocol === 240 || protocol === 241 || protocol === 0x80
  const size = protocolAt + (isOld ? 1 : 4)
  if (!page.has(at, size)) return page.cut()
  const known = ARCNET_PROTOCOLS[protocol]
  if (page.wishes.link) {
    const ends = `${hex2(page.uint8(at))} ${hex2(page.uint8(at + 1))}`
    const isNumbered = !isOld && protocolAt === 2
    const sequence = isNumbered ? ` seqid ${hex4(page.uint16(at + 4))}` : ''
    // Of Linux's header tcpdump shows the octet that is elsewhere the protocol's.
    const shown = page.uint8(at + 2)
    const name = page.wishes.quiet ? '' : ` ${ARCNET_PROTOCOLS[shown]?.[0] ?? hex2(shown)}${sequence}`
    page.put(`${ends}${name} ${length}: `)
  }
  page.linkLength += size
  if (known === undefined) putHexAndText(page, '\n\t', at + size, Math.max(0, page.end - at - size))
  else page.follow(known[1], at + size, length - size)
}

const LOOPBACK_REPLY = 1
const LOOPBACK_FORWARD = 2

/** Ethernet's configuration test: a message after octets that are skipped, in little-endian. */
export const loopback: Printer = (page, at, length) => {
  page.protocol = 'loopback'
  page.put('Loopback')
  const little = (place: number): number => page.uint8(place) | (page.uint8(place + 1) << 8)
  if (length < 2) return page.invalid()
  const skipped = little(at)
  page.put(`, skipCount ${skipped}${skipped % 8 === 0 ? '' : ' (bogus)'}`)
  if (skipped > length - 2) return page.invalid()
  const next = at + 2 + skipped
  const left = length - 2 - skipped
  if (left < 2) return page.invalid()
  const message = little(next)
  if (message === LOOPBACK_REPLY) {
    page.put(', Reply')
    if (left < 4) return page.invalid()
    page.put(`, receipt number ${little(next + 2)}, data (${left - 4} octets)`)
  } else if (message === LOOPBACK_FORWARD) {
    page.put(', Forward Data')
    if (left < 8) return page.invalid()
    page.put(`, forwarding address ${etherText(page, next + 2)}, data (${left - 8} octets)`)
  } else page.put(`,  invalid (${message})`)
  if (!page.has(next, left)) page.truncated()
}
