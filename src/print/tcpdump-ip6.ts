/** IPv6 and its extension headers (RFC 8200) as tcpdump prints them. */

import { hex2, hex4, type Page, type Printer } from './page.ts'
import { printProtocol } from './tcpdump-ip.ts'
import { PROTOCOL_NAMES } from './tcpdump-names.ts'

const HEADER = 40
const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const DESTINATION_OPTIONS = 60
const MOBILITY = 135
const LEAST_JUMBO = 65_536

const WITH_PORTS = new Set([6, 17, 33, 132])

/** What the extension headers before the payload have shown. */
interface Chain {
  hasExtension: boolean
  hasHopByHop: boolean
  /** Length of a jumbogram (RFC 2675); 0: it is none. */
  jumbo: number
  payload: number
}

/** An extension header ended the walk, or the packet. */
const STOP = -1

export const ip6: Printer = (page, at, length) => {
  page.protocol = 'ip6'
  if (!page.has(at, HEADER)) return page.truncated()
  if (length < HEADER) return page.put(`truncated-ip6 ${length}`)
  if (!page.wishes.link) page.put('IP6 ')
  const version = page.uint8(at) >> 4
  if (version !== 6) return page.put(`version error: ${version} != 6`)
  const payload = page.uint16(at + 4)
  const total = payload === 0 ? length + HEADER : payload + HEADER
  if (payload !== 0 && length < total) page.put(`truncated-ip6 - ${total - length} bytes missing!`)
  if (page.wishes.verbose > 0) putHeader(page, at, payload)
  const outer = page.end
  page.end = Math.min(outer, at + total)
  page.ipAt = at
  page.isFragment = false
  walk(page, at, total, { hasExtension: false, hasHopByHop: false, jumbo: 0, payload }, length)
  page.end = outer
}

function putHeader(page: Page, at: number, payload: number): void {
  const flow = page.uint32(at)
  const service = (flow >>> 20) & 0xff
  const label = flow & 0xfffff
  const next = page.uint8(at + 6)
  page.put(
    `(${service === 0 ? '' : `class 0x${hex2(service)}, `}` +
      `${label === 0 ? '' : `flowlabel 0x${label.toString(16).padStart(5, '0')}, `}` +
      `hlim ${page.uint8(at + 7)}, next-header ${PROTOCOL_NAMES[next] ?? 'unknown'} (${next}) payload length: ${payload}) `,
  )
}

function walk(page: Page, at: number, total: number, chain: Chain, length: number): void {
  let next = page.uint8(at + 6)
  let place = at
  let size = HEADER
  let left = total
  while (place < page.end && size > 0 && !page.isCut) {
    if (left < size) return page.truncated()
    place += size
    left -= size
    if (place === at + HEADER && !WITH_PORTS.has(next))
      page.put(`${page.ipv6(at + 8)} > ${page.ipv6(at + 24)}: `)
    if (!isExtension(next)) return printPayload(page, next, at, place, left, chain, length)
    size = printExtension(page, next, at, place, chain)
    if (size === STOP) return
    chain.hasExtension = true
    next = page.uint8(place)
    page.protocol = 'ip6'
  }
}

const isExtension = (next: number): boolean =>
  next === HOP_BY_HOP ||
  next === ROUTING ||
  next === FRAGMENT ||
  next === DESTINATION_OPTIONS ||
  next === MOBILITY

function printPayload(
  page: Page,
  next: number,
  at: number,
  place: number,
  left: number,
  chain: Chain,
  length: number,
): void {
  let payload = left
  if (chain.jumbo > 0) {
    const total = chain.jumbo + HEADER
    if (total < place - at) return page.truncated()
    if (length < total) page.put(`truncated-ip6 - ${total - length} bytes missing!`)
    payload = total - (place - at)
  } else if (chain.payload === 0) {
    if (chain.hasExtension) return page.truncated()
    page.end = Math.min(page.end, at + HEADER)
    payload = 0
  }
  printProtocol(page, next, place, payload, 6)
}

/** Returns the octets of the header, or STOP. */
function printExtension(page: Page, kind: number, at: number, place: number, chain: Chain): number {
  if (kind === HOP_BY_HOP) return printHopByHop(page, at, place, chain)
  if (kind === DESTINATION_OPTIONS) return printDestinationOptions(page, place)
  if (kind === FRAGMENT) return printFragment(page, at, place)
  if (kind === ROUTING) return printRouting(page, place)
  page.protocol = 'mobility'
  page.put('mobility')
  return STOP
}

function printHopByHop(page: Page, at: number, place: number, chain: Chain): number {
  if (chain.hasHopByHop || place !== at + HEADER) {
    page.put(
      chain.hasHopByHop
        ? '[The Hop-by-Hop Options header was already found]'
        : "[The Hop-by-Hop Options header don't follow the IPv6 header]",
    )
    page.invalid()
    return STOP
  }
  page.protocol = 'hbhopt'
  const size = (page.uint8(place + 1) + 1) * 8
  if (!page.has(place, size)) {
    page.truncated()
    return STOP
  }
  page.put('HBH ')
  if (!putOptions(page, place + 2, size - 2, chain)) {
    page.truncated()
    return STOP
  }
  if (chain.payload === 0 && chain.jumbo === 0) {
    page.put('[No valid Jumbo Payload Hop-by-Hop option found]')
    page.invalid()
    return STOP
  }
  chain.hasHopByHop = true
  return size
}

function printDestinationOptions(page: Page, place: number): number {
  page.protocol = 'dstopt'
  const size = (page.uint8(place + 1) + 1) * 8
  if (!page.has(place, size)) {
    page.truncated()
    return STOP
  }
  page.put('DSTOPT ')
  if (page.wishes.verbose === 0 || putOptions(page, place + 2, size - 2, null)) return size
  page.truncated()
  return STOP
}

function printFragment(page: Page, at: number, place: number): number {
  page.protocol = 'frag6'
  const identification = page.uint32(place + 4)
  const offset = page.uint16(place + 2) & 0xfff8
  const length = HEADER + page.uint16(at + 4) - (place - at) - 8
  const shown = page.wishes.verbose > 0 ? `0x${identification.toString(16).padStart(8, '0')}:` : ''
  page.put(`frag (${shown}${offset}|${length})`)
  if (offset !== 0) return STOP
  page.put(' ')
  page.isFragment = true
  return page.end <= place + 8 ? STOP : 8
}

const ROUTING_SEGMENTS = 4

/** RFC 8200 4.4; types 0 and 2 list addresses, type 4 is the segment routing header (RFC 8754). */
function printRouting(page: Page, place: number): number {
  page.protocol = 'rt6'
  const words = page.uint8(place + 1)
  const type = page.uint8(place + 2)
  page.put(
    `RT6 (len=${words}, type=${type}${type === 0 ? ' [Deprecated]' : ''}, segleft=${page.uint8(place + 3)}`,
  )
  if (type !== 0 && type !== 2 && type !== ROUTING_SEGMENTS) {
    page.put(' (unknown type)')
    page.invalid()
    return STOP
  }
  const isVerbose = page.wishes.verbose > 0
  if (type === ROUTING_SEGMENTS) {
    const flags = page.uint8(place + 5)
    page.put(`, last-entry=${page.uint8(place + 4)}`)
    if (flags !== 0 || isVerbose) page.put(`, flags=0x${flags.toString(16)}`)
    page.put(`, tag=${page.uint16(place + 6).toString(16)}`)
  } else {
    const reserved = page.uint32(place + 4)
    if (reserved !== 0 || isVerbose) page.put(`, rsv=0x${reserved.toString(16)}`)
  }
  if (words % 2 === 1) {
    page.put(` (invalid length ${words})`)
    page.invalid()
    return STOP
  }
  for (let k = 0; k < words / 2 && !page.isCut; k++) page.put(`, [${k}]${page.ipv6(place + 8 + 16 * k)}`)
  page.put(') ')
  return (words + 1) * 8
}

const OPTION_PAD1 = 0
const OPTION_PADN = 1
const OPTION_ROUTER_ALERT = 5
const OPTION_JUMBO = 0xc2
const OPTION_HOME_ADDRESS = 0xc9

/** False where an option is cut. @param chain null: in a header where a jumbogram cannot be announced. */
function putOptions(page: Page, at: number, length: number, chain: Chain | null): boolean {
  const show = (text: string): void => {
    if (page.wishes.verbose > 0) page.put(text)
  }
  let size = 0
  for (let place = 0; place < length && !page.isCut; place += size) {
    const kind = page.uint8(at + place)
    if (kind !== OPTION_PAD1 && place + 1 >= length) return false
    size = kind === OPTION_PAD1 ? 1 : page.uint8(at + place + 1) + 2
    if (place + size > length) return false
    const value = at + place + 2
    if (kind === OPTION_PAD1) show('(pad1)')
    else if (kind === OPTION_PADN) show('(padn)')
    else if (kind === OPTION_ROUTER_ALERT) {
      if (size !== 4) {
        page.put(`(rtalert: invalid len ${size - 2})`)
        return false
      }
      show(`(rtalert: 0x${hex4(page.uint16(value))}) `)
    } else if (kind === OPTION_JUMBO) {
      if (size !== 6) {
        page.put(`(jumbo: invalid len ${size - 2})`)
        return false
      }
      show(takeJumbo(page.uint32(value), chain))
    } else if (kind === OPTION_HOME_ADDRESS && size >= 18) show(`(homeaddr: ${page.ipv6(value)})`)
    else show(`(opt_type 0x${hex2(kind)}: len=${size - 2})`)
  }
  show(' ')
  return true
}

function takeJumbo(length: number, chain: Chain | null): string {
  if (chain === null) return `(jumbo: ${length} - not a hop-by-hop option) `
  if (chain.jumbo > 0) return `(jumbo: ${length} - already seen) `
  if (chain.payload !== 0) return `(jumbo: ${length} - payload len != 0) `
  if (length < LEAST_JUMBO) return `(jumbo: ${length} - < 65536) `
  chain.jumbo = length
  return `(jumbo: ${length}) `
}
