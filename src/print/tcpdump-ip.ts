/** IPv4 as tcpdump prints it, and what IP of both versions carries. Fragments are shown as they are, not put together. */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { bitNames, type Page, type Printer } from './page.ts'
import { protocolName } from './services.ts'
import { PROTOCOL_NAMES } from './tcpdump-names.ts'

const LEAST_HEADER = 20
const FLAG_NAMES = [
  [0x2000, '+'],
  [0x4000, 'DF'],
  [0x8000, 'rsvd'],
] as const
const ECN_NAMES = ['', ',ECT(1)', ',ECT(0)', ',CE']

/** Protocols that print the addresses with the ports. */
const WITH_PORTS = new Set([6, 17, 33, 132])

export const ip: Printer = (page, at, length) => {
  page.protocol = 'ip'
  const version = page.uint8(at) >> 4
  if (page.isCut) return
  if (version !== 4) {
    page.put(version === 6 ? 'IP6, wrong link-layer encapsulation' : `IP${version}`)
    return page.invalid()
  }
  if (!page.wishes.link) page.put('IP ')
  if (!page.has(at, LEAST_HEADER)) return page.truncated()
  if (length < LEAST_HEADER) return page.put(`truncated-ip ${length}`)
  const headerLength = (page.uint8(at) & 15) * 4
  if (headerLength < LEAST_HEADER) return page.put(`bad-hlen ${headerLength}`)
  let total = page.uint16(at + 2)
  if (length < total) page.put(`truncated-ip - ${total - length} bytes missing! `)
  if (total < headerLength) {
    if (total !== 0) return page.put(`bad-len ${total}`)
    // Segmentation offload leaves 0 behind.
    total = length
  }
  const outer = page.end
  page.end = Math.min(outer, at + total)
  page.ipAt = at
  if (page.wishes.verbose > 0 && !putHeader(page, at, headerLength)) {
    page.put(`${page.ipv4(at + 12)} > ${page.ipv4(at + 16)}: `)
    page.truncated()
  } else putContents(page, at, headerLength, total - headerLength)
  page.end = outer
}

function putContents(page: Page, at: number, headerLength: number, length: number): void {
  const fragment = page.uint16(at + 6)
  const protocol = page.uint8(at + 9)
  const ends = `${page.ipv4(at + 12)} > ${page.ipv4(at + 16)}:`
  if ((fragment & 0x1fff) !== 0) return page.put(`${ends} ${unprinted(page, protocol)}`)
  if (!WITH_PORTS.has(protocol)) page.put(`${ends} `)
  if (!page.has(at, headerLength)) {
    page.put(` [remaining caplen(${page.end - at}) < header length(${headerLength})]`)
    return page.cut()
  }
  page.isFragment = (fragment & 0x2000) !== 0
  printProtocol(page, protocol, at + headerLength, length, 4)
}

/** -v: the header's fields; false where its options are cut. */
function putHeader(page: Page, at: number, headerLength: number): boolean {
  const service = page.uint8(at + 1)
  const ttl = page.uint8(at + 8)
  const fragment = page.uint16(at + 6)
  const protocol = page.uint8(at + 9)
  page.put(
    `(tos 0x${service.toString(16)}${ECN_NAMES[service & 3]}${ttl > 0 ? `, ttl ${ttl}` : ''}` +
      `, id ${page.uint16(at + 4)}, offset ${(fragment & 0x1fff) * 8}, flags [${bitNames(FLAG_NAMES, fragment)}]` +
      `, proto ${PROTOCOL_NAMES[protocol] ?? 'unknown'} (${protocol}), length ${page.uint16(at + 2)}`,
  )
  let isWhole = true
  if (headerLength > LEAST_HEADER) {
    page.put(', options (')
    isWhole = putOptions(page, at + LEAST_HEADER, headerLength - LEAST_HEADER)
    page.put(isWhole ? ')' : ' [truncated-option])')
  }
  if (page.has(at, headerLength)) {
    const sum = foldChecksum(sumWords(page.bytes, at, headerLength, 0))
    const found = page.uint16(at + 10)
    if (sum !== 0) page.put(`, bad cksum ${found.toString(16)} (->${shouldBe(found, sum).toString(16)})!`)
  }
  page.put(')\n    ')
  return isWhole
}

/** What the checksum would have to be where the sum over everything is not zero. */
export function shouldBe(found: number, sum: number): number {
  let right = found + sum
  right = (right & 0xffff) + (right >>> 16)
  return (right & 0xffff) + (right >>> 16)
}

const OPTION_EOL = 0
const OPTION_NOP = 1
const OPTION_RECORD_ROUTE = 7
const OPTION_TIMESTAMP = 68
const OPTION_LOOSE_ROUTE = 131
const OPTION_STRICT_ROUTE = 137
const OPTION_ROUTER_ALERT = 148
const OPTION_NAMES: Readonly<Record<number, string>> = {
  [OPTION_EOL]: 'EOL',
  [OPTION_NOP]: 'NOP',
  [OPTION_TIMESTAMP]: 'timestamp',
  130: 'security',
  [OPTION_RECORD_ROUTE]: 'RR',
  [OPTION_STRICT_ROUTE]: 'SSRR',
  [OPTION_LOOSE_ROUTE]: 'LSRR',
  [OPTION_ROUTER_ALERT]: 'RA',
  82: 'traceroute',
}

/** False where octets of an option were not captured. */
function putOptions(page: Page, at: number, length: number): boolean {
  for (let next = at; next < at + length && !page.isCut; ) {
    const left = at + length - next
    const code = page.uint8(next)
    page.put(`${next > at ? ',' : ''}${OPTION_NAMES[code] ?? `unknown ${code}`}`)
    const size = code === OPTION_NOP || code === OPTION_EOL ? 1 : page.uint8(next + 1)
    if ((size < 2 && code > OPTION_NOP) || size > left) {
      page.put(` [bad length ${size}]`)
      return true
    }
    if (!page.has(next, size)) return false
    if (code === OPTION_EOL) return true
    if (code === OPTION_TIMESTAMP) putTimestamps(page, next, size)
    else if (code === OPTION_ROUTER_ALERT) putAlert(page, next, size)
    else if (code === OPTION_RECORD_ROUTE || code === OPTION_LOOSE_ROUTE || code === OPTION_STRICT_ROUTE) {
      putRoute(page, next, size)
    }
    next += size
  }
  return true
}

function putAlert(page: Page, at: number, size: number): void {
  if (size < 4) return page.put(` [bad length ${size}]`)
  const value = page.uint16(at + 2)
  if (value !== 0) page.put(` value ${value}`)
}

/** Addresses; those before the pointer have been visited. */
function putRoute(page: Page, at: number, size: number): void {
  if (size < 3) return page.put(` [bad length ${size}]`)
  if (((size + 1) & 3) !== 0) page.put(` [bad length ${size}]`)
  const pointer = page.uint8(at + 2) - 1
  if (pointer < 3 || ((pointer + 1) & 3) !== 0 || pointer > size + 1) page.put(` [bad ptr ${pointer + 1}]`)
  for (let place = 3; place < size; place += 4) {
    page.put(` ${page.ipv4(at + place)}${pointer > place ? ',' : ''}`)
  }
}

const TIMESTAMP_KINDS: Readonly<Record<number, string>> = { 0: 'TSONLY', 1: 'TS+ADDR', 3: 'PRESPEC' }

function putTimestamps(page: Page, at: number, size: number): void {
  if (size < 4) return page.put(`[bad length ${size}]`)
  const kind = page.uint8(at + 3) & 15
  const hop = kind === 0 ? 4 : 8
  page.put(' TS{')
  if (((size - 4) & (hop - 1)) !== 0) page.put(`[bad length ${size}]`)
  const pointer = page.uint8(at + 2) - 1
  if (pointer < 4 || ((pointer - 4) & (hop - 1)) !== 0 || pointer > size + 1) {
    page.put(`[bad ptr ${pointer + 1}]`)
  }
  let place = 4
  if (TIMESTAMP_KINDS[kind] === undefined) {
    page.put(`[bad ts type ${kind}]`)
    place = 0
  } else {
    page.put(TIMESTAMP_KINDS[kind]!)
    for (; place < size; place += hop) {
      const address = hop === 8 ? page.ipv4(at + place) : ''
      page.put(`${pointer === place ? ' ^ ' : ' '}${page.uint32(at + place + hop - 4)}@${address}`)
    }
  }
  const missed = page.uint8(at + 3) >> 4
  page.put(`${pointer === place ? ' ^ ' : ''}${missed > 0 ? ` [${missed} hops not recorded]} ` : '}'}`)
}

/** IP of either version, by its first four bits. */
export const ipVersion: Printer = (page, at, length) => {
  page.protocol = 'ipn'
  if (length < 1) return page.put(`truncated-ip ${length}`)
  const version = page.uint8(at) >> 4
  if (version === 4) ip(page, at, length)
  else if (version === 6) page.follow('ip6', at, length)
  else page.put(`unknown ip ${version}`)
}

const PRINTERS: Readonly<Record<number, string>> = {
  2: 'igmp',
  4: 'ip',
  6: 'tcp',
  17: 'udp',
  41: 'ip6',
  47: 'gre',
}

/** What an IP header of a version announces. */
export function printProtocol(
  page: Page,
  protocol: number,
  at: number,
  length: number,
  version: 4 | 6,
): void {
  const needs = protocol === 1 || protocol === 2 ? 4 : protocol === 58 || protocol === 143 ? 6 : version
  if (needs !== version) {
    page.put(`[${PROTOCOL_NAMES[protocol]} requires IPv${needs}]`)
    return page.invalid()
  }
  const printer = PRINTERS[protocol]
  if (printer !== undefined) page.follow(printer, at, length)
  else if (protocol === 1) page.follow('icmp', at, length)
  else if (protocol === 58) page.follow('icmp6', at, length)
  else if (protocol === 59) page.put('no next header')
  else if (protocol === 51) printAuthentication(page, at, length, version)
  else if (protocol === 50) putEncrypted(page, at, length)
  else if (protocol === 143) {
    const before = page.linkLength
    page.follow('ether', at, length)
    page.linkLength = before
  } else page.put(` ${unprinted(page, protocol)} ${length}`)
}

const unprinted = (page: Page, protocol: number): string =>
  (page.wishes.numeric ? undefined : protocolName(protocol)) ?? `ip-proto-${protocol}`

/** Authentication Header (RFC 4302), and what follows it. */
function printAuthentication(page: Page, at: number, length: number, version: 4 | 6): void {
  page.protocol = 'ah'
  const next = page.uint8(at)
  const size = (page.uint8(at + 1) + 2) * 4
  page.put('AH(')
  if (page.wishes.verbose > 0) page.put(`length=${page.uint8(at + 1)}(${size}-bytes),`)
  const reserved = page.uint16(at + 2)
  if (reserved !== 0) page.put(`reserved=0x${reserved.toString(16)}[MustBeZero],`)
  page.put(
    `spi=0x${page
      .uint32(at + 4)
      .toString(16)
      .padStart(8, '0')},`,
  )
  page.put(`seq=0x${page.uint32(at + 8).toString(16)},icv=0x`)
  page.put(`${page.hex(at + 12, size - 12)}): `)
  if (!page.isCut) printProtocol(page, next, at + size, length - size, version)
}

/** Encapsulating Security Payload (RFC 4303): its two numbers; the rest is secret. */
function putEncrypted(page: Page, at: number, length: number): void {
  page.protocol = 'esp'
  page.put(`ESP(spi=0x${page.uint32(at).toString(16).padStart(8, '0')}`)
  page.put(`,seq=0x${page.uint32(at + 4).toString(16)}), length ${length}`)
}

/** What is summed up before TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1): both addresses, protocol, length. */
export function pseudoHeaderSum(page: Page, protocol: number, length: number): number {
  const { bytes, ipAt } = page
  const isVersion6 = bytes[ipAt]! >> 4 === 6
  const seed = protocol + (length >>> 16) + (length & 0xffff)
  if (!isVersion6) return sumWords(bytes, ipAt + 12, 8, seed)
  return sumWords(bytes, ipAt + 8, 32, seed)
}
