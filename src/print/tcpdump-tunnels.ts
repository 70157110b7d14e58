/** What carries packets inside packets, as tcpdump prints it: PPP, PPPoE, MPLS, GRE, VXLAN. */

import { bitNames, charText, hex2, hex4, type Page, type Printer } from './page.ts'
import { putHex, putHexAndText } from './tcpdump-hex.ts'
import { ETHERTYPE_NAMES, PPP_NAMES } from './tcpdump-names.ts'

/** PPP, with or without the address and control octets of HDLC framing (RFC 1662). */
export const ppp: Printer = (page, at, length) => {
  page.protocol = 'ppp'
  if (length < 2) return page.truncated()
  const first = page.uint16(at)
  let next = first === 0xff03 || first === 0x0003 || first === 0x0103 ? at + 2 : at
  if (page.wishes.link && first === 0x0003) page.put('In  ')
  if (page.wishes.link && first === 0x0103) page.put('Out ')
  const isShort = (page.uint8(next) & 1) === 1
  const protocol = isShort ? page.uint8(next) : page.uint16(next)
  next += isShort ? 1 : 2
  if (page.wishes.link) {
    const name = PPP_NAMES.get(protocol)
    page.put(`${name ?? 'unknown'} (0x${hex4(protocol)}), length ${length}`)
    if (name === undefined) return
    page.put(': ')
  }
  printPpp(page, protocol, next, length - (next - at))
}

export const pppLink: Printer = (page, at, length) => {
  page.protocol = 'ppp'
  if (!page.has(at, 4)) return page.truncated()
  page.linkLength += 4
  ppp(page, at, length)
}

/** PPP in HDLC-like framing, or Cisco's. */
export const pppHdlc: Printer = (page, at, length) => {
  page.protocol = 'ppp_hdlc'
  const address = page.uint8(at)
  if (address === 0x0f || address === 0x8f) return page.follow('chdlc', at, length)
  if (!page.has(at, 4)) return page.truncated()
  if (page.wishes.link) page.put(`${hex2(address)} ${hex2(page.uint8(at + 1))} ${length} `)
  if (address !== 0xff) {
    page.linkLength += 2
    return page.put(`unknown addr ${hex2(page.uint8(at + 2))}; ctrl ${hex2(page.uint8(at + 3))}`)
  }
  page.linkLength += 4
  const protocol = page.uint16(at + 2)
  page.put(`${PPP_NAMES.get(protocol) ?? `unknown PPP protocol (0x${hex4(protocol)})`}: `)
  printPpp(page, protocol, at + 4, length - 4)
}

function printPpp(page: Page, protocol: number, at: number, length: number): void {
  if (protocol === 0x21 || protocol === 0x2f || protocol === 0x0800) return page.follow('ip', at, length)
  if (protocol === 0x57 || protocol === 0x86dd) return page.follow('ip6', at, length)
  if (protocol === 0x281 || protocol === 0x283) return page.follow('mpls', at, length)
  if (protocol === 0xfd) return page.put('compressed PPP data')
  page.put(`${PPP_NAMES.get(protocol) ?? `unknown PPP protocol (0x${hex4(protocol)})`} `)
  putHex(page, '\n\t', at, Math.max(0, Math.min(length, page.end - at)))
}

const PPPOE_CODES: ReadonlyMap<number, string> = new Map([
  [0x09, 'PADI'],
  [0x07, 'PADO'],
  [0x19, 'PADR'],
  [0x65, 'PADS'],
  [0xa7, 'PADT'],
  [0x00, ''],
])

const PPPOE_TAGS: ReadonlyMap<number, string> = new Map([
  [0x0000, 'EOL'],
  [0x0101, 'Service-Name'],
  [0x0102, 'AC-Name'],
  [0x0103, 'Host-Uniq'],
  [0x0104, 'AC-Cookie'],
  [0x0105, 'Vendor-Specific'],
  [0x0110, 'Relay-Session-ID'],
  [0x0120, 'PPP-Max-Payload'],
  [0x0201, 'Service-Name-Error'],
  [0x0202, 'AC-System-Error'],
  [0x0203, 'Generic-Error'],
])
/** Octets of a tag's text that are shown. */
const MAX_TAG_TEXT = 79

/** PPP over Ethernet (RFC 2516): version, type, code, session, length; then PPP, or tags. */
export const pppoe: Printer = (page, at, length) => {
  page.protocol = 'pppoe'
  if (length < 6) {
    page.put(` (length ${length} < 6)`)
    return page.invalid()
  }
  if (!page.has(at, 6)) return page.truncated()
  const kind = page.uint8(at)
  const code = page.uint8(at + 1)
  const session = page.uint16(at + 2)
  let inside = page.uint16(at + 4)
  if (kind >> 4 !== 1) page.put(` [ver ${kind >> 4}]`)
  if ((kind & 15) !== 1) page.put(` [type ${kind & 15}]`)
  page.put(`PPPoE ${PPPOE_CODES.get(code) ?? `PAD-${code.toString(16)}`}`)
  if (code === 0x09 && inside > 1478) page.put(` [len ${inside}!]`)
  if (inside > length - 6) {
    page.put(` [len ${inside} > ${length - 6}!]`)
    inside = length - 6
  }
  if (session !== 0) page.put(` [ses 0x${session.toString(16)}]`)
  if (code !== 0) return putTags(page, at + 6, inside)
  page.put(' ')
  ppp(page, at + 6, inside)
}

export const pppoeLink: Printer = (page, at, length) => {
  page.linkLength += 6
  pppoe(page, at, length)
}

function putTags(page: Page, at: number, length: number): void {
  for (let tag = at; tag < at + length && !page.isCut; ) {
    const type = page.uint16(tag)
    const size = page.uint16(tag + 2)
    const name = PPPOE_TAGS.get(type) ?? `TAG-0x${type.toString(16)}`
    if (size === 0) page.put(` [${name}]`)
    else if (!page.has(tag + 4, size)) return page.truncated()
    else page.put(` [${name} ${tagText(page, tag + 4, size)}]`)
    if (type === 0) return
    tag += 4 + size
  }
}

/** As text where most of it is, else as octets. */
function tagText(page: Page, at: number, size: number): string {
  const shown = Array.from(page.bytes.subarray(at, at + Math.min(size, MAX_TAG_TEXT)))
  const printable = shown.filter((octet) => octet >= 0x20 && octet < 0x7f).length
  if (printable <= shown.length - printable) return `0x${page.hex(at, size).toUpperCase()}`
  const text = shown.map((octet) => (octet >= 0x20 && octet < 0x7f ? charText(octet) : '.'))
  return `"${text.join('')}"`
}

const LABEL_NAMES = ['IPv4 explicit NULL', 'router alert', 'IPv6 explicit NULL', 'implicit NULL']
const RESERVED_LABELS = 16

/** MPLS (RFC 3032): labels down to the bottom of the stack; what follows is told by its first octet. */
export const mpls: Printer = (page, at, length) => {
  page.protocol = 'mpls'
  const { verbose } = page.wishes
  page.put('MPLS')
  let next = at
  let label = 0
  for (let isBottom = false; !isBottom; next += 4) {
    if (length - (next - at) < 4) return page.invalid()
    const entry = page.uint32(next)
    if (page.isCut) return
    label = entry >>> 12
    isBottom = (entry & 0x100) !== 0
    page.put(`${next > at && verbose > 0 ? '\n\t' : ' '}(label ${label}`)
    if (verbose > 0 && label < RESERVED_LABELS) page.put(` (${LABEL_NAMES[label] ?? 'rsvd'})`)
    page.put(`, tc ${(entry >> 9) & 7}${isBottom ? ', [S]' : ''}, ttl ${entry & 0xff})`)
  }
  const left = length - (next - at)
  const isNamed = label === 0 || label === 2 || label === 3
  if (!isNamed && left < 1) return
  const first = isNamed ? (label === 2 ? 0x60 : 0x45) : page.uint8(next)
  const isIpv4 = first >= 0x45 && first <= 0x4f
  if (!isIpv4 && first >> 4 !== 6) return putHexAndText(page, '\n\t', next, left)
  page.put(verbose > 0 ? '\n\t' : ' ')
  page.follow(isIpv4 ? 'ip' : 'ip6', next, left)
}

const GRE_FLAGS = [
  [0x8000, 'checksum present'],
  [0x4000, 'routing present'],
  [0x2000, 'key present'],
  [0x1000, 'sequence# present'],
  [0x0800, 'source routing present'],
  [0x0080, 'ack present'],
] as const

const GRE_PRINTERS: ReadonlyMap<number, string> = new Map([
  [0x0800, 'ip'],
  [0x86dd, 'ip6'],
  [0x8847, 'mpls'],
  [0x6558, 'ether'],
])
const ETHERTYPE_PPP = 0x880b

/** GRE (RFC 2784, 2890), and version 1, which PPTP uses (RFC 2637). */
export const gre: Printer = (page, at, length) => {
  page.protocol = 'gre'
  if (length < 4 || !page.has(at, 4)) {
    if (page.has(at, 2) && length >= 2) page.put(`GREv${page.uint16(at) & 7}`)
    return page.truncated()
  }
  const flags = page.uint16(at)
  const version = flags & 7
  page.put(`GREv${version}`)
  if (version > 1) return page.put(' ERROR: unknown-version')
  if (page.wishes.verbose > 0) page.put(`, Flags [${bitNames(GRE_FLAGS, flags)}]`)
  const type = page.uint16(at + 2)
  const next = version === 0 ? putGreWords(page, flags, at, length) : putPptpWords(page, flags, at, length)
  if (next < 0) return page.truncated()
  if (page.wishes.link) page.put(`, proto ${ETHERTYPE_NAMES.get(type) ?? 'unknown'} (0x${hex4(type)})`)
  page.put(`, length ${length}`)
  if (version === 1 && (flags & 0x1000) === 0) return
  page.put(page.wishes.verbose > 0 ? '\n\t' : ': ')
  const printer = version === 0 ? GRE_PRINTERS.get(type) : type === ETHERTYPE_PPP ? 'ppp' : undefined
  if (printer === undefined) return page.put(`gre-proto-0x${type.toString(16)}`)
  const before = page.linkLength
  page.follow(printer, next, length - (next - at))
  page.linkLength = before
}

/** Returns where the optional words end; -1: one is missing. */
function putGreWords(page: Page, flags: number, at: number, length: number): number {
  let next = at + 4
  const isThere = (): boolean => next + 4 - at <= length && page.has(next, 4)
  if ((flags & 0xc000) !== 0) {
    if (!isThere()) return -1
    if (page.wishes.verbose > 0) page.put(`, sum 0x${page.uint16(next).toString(16)}`)
    page.put(`, off 0x${page.uint16(next + 2).toString(16)}`)
    next += 4
  }
  if ((flags & 0x2000) !== 0) {
    if (!isThere()) return -1
    page.put(`, key=0x${page.uint32(next).toString(16)}`)
    next += 4
  }
  if ((flags & 0x1000) !== 0) {
    if (!isThere()) return -1
    page.put(`, seq ${page.uint32(next)}`)
    next += 4
  }
  return (flags & 0x4000) === 0 ? next : skipRoutes(page, next, at + length)
}

/** Source routes (RFC 1701): family, offset, length; the one of family and length 0 is the last. */
function skipRoutes(page: Page, at: number, end: number): number {
  for (let next = at; ; ) {
    if (next + 4 > end || !page.has(next, 4)) return -1
    const family = page.uint16(next)
    const size = page.uint8(next + 3)
    next += 4
    if (family === 0 && size === 0) return next
    page.put(`, (rtaf=0x${family.toString(16)})`)
    next += size
  }
}

function putPptpWords(page: Page, flags: number, at: number, length: number): number {
  let next = at + 4
  const words: readonly (readonly [bit: number, text: (word: number) => string])[] = [
    [0x2000, (word) => `, call ${word & 0xffff}`],
    [0x1000, (word) => `, seq ${word}`],
    [0x0080, (word) => `, ack ${word}`],
  ]
  for (const [bit, text] of words) {
    if ((flags & bit) === 0) continue
    if (next + 4 - at > length || !page.has(next, 4)) return -1
    page.put(text(page.uint32(next)))
    next += 4
  }
  if ((flags & 0x1000) === 0) page.put(', no-payload')
  return next
}

/** VXLAN (RFC 7348): flags, network identifier, an Ethernet frame. */
export const vxlan: Printer = (page, at, length) => {
  page.protocol = 'vxlan'
  page.put('VXLAN')
  if (length < 8) return page.invalid()
  const flags = page.uint8(at)
  page.put(
    `, flags [${(flags & 8) === 0 ? 'invalid' : 'I'}] (0x${hex2(flags)}), vni ${page.uint24(at + 4)}\n`,
  )
  if (!page.has(at + 7, 1)) return page.cut()
  const before = page.linkLength
  page.follow('ether', at + 8, length - 8)
  page.linkLength = before
}
