/** DNS (RFC 1035) as tcpdump prints it: `4711+ A? example.org. (29)`, `4711 1/0/0 A 192.0.2.1 (45)`. */

import type { Page, Printer } from './page.ts'
import { NOWHERE, putName, putOctets, skipName } from './tcpdump-dns-names.ts'
import { spanText } from './tcpdump-icmp.ts'

const OPERATIONS =
  '| inv_q| stat| op3| notify| update| op6| op7| op8| updateA| updateD| updateDA| updateM| updateMA| zoneInit| zoneRef'.split(
    '|',
  )
const RESPONSES = (
  '| FormErr| ServFail| NXDomain| NotImp| Refused| YXDomain| YXRRSet| NXRRSet| NotAuth| NotZone| Resp11| Resp12' +
  '| Resp13| Resp14| NoChange| BadVers|Resp17| Resp18| Resp19| Resp20|Resp21| Resp22| BadCookie'
).split('|')

const HEADER = 12
const TYPE_A = 1
const TYPE_NS = 2
const TYPE_CNAME = 5
const TYPE_SOA = 6
const TYPE_PTR = 12
const TYPE_MX = 15
const TYPE_TXT = 16
const TYPE_AAAA = 28
const TYPE_SRV = 33
const TYPE_DNAME = 39
const TYPE_OPT = 41

const TYPE_NAMES: Readonly<Record<number, string>> = {
  ...Object.fromEntries(
    (
      'A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP_PTR SIG KEY PX GPOS ' +
      'AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY'
    )
      .split(' ')
      .map((name, k) => [k + 1, name]),
  ),
  99: 'SPF',
  100: 'UINFO',
  101: 'UID',
  102: 'GID',
  103: 'UNSPEC',
  104: 'UNSPECA',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  253: 'MAILB',
  254: 'MAILA',
  255: 'ANY',
  256: 'URI',
}
const CLASS_IN = 1
const CLASS_NAMES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CHAOS', 4: 'HS', 255: 'ANY' }

export const domain: Printer = (page, at, length) => printMessage(page, at, length, false)
export const domainMulticast: Printer = (page, at, length) => printMessage(page, at, length, true)

/** Over TCP the length stands before the message. */
export const domainTcp: Printer = (page, at, length) => {
  page.protocol = 'domain'
  if (length < 2) {
    page.put(` [DNS over TCP: length ${length} < 2]`)
    return page.invalid()
  }
  const said = page.uint16(at)
  if (said !== length - 2) {
    page.put(` [prefix length(${said}) != length(${length - 2})]`)
    return page.invalid()
  }
  page.put(' ')
  printMessage(page, at + 2, length - 2, false)
}

/** Where a message starts, and whether it is multicast DNS (RFC 6762). */
interface Message {
  readonly start: number
  readonly isMulticast: boolean
}

function printMessage(page: Page, at: number, length: number, isMulticast: boolean): void {
  page.protocol = 'domain'
  if (length < HEADER) {
    page.put(`domain [length ${length} < ${HEADER}]`)
    return page.invalid()
  }
  if (!page.has(at, HEADER)) return page.truncated()
  const message: Message = { start: at, isMulticast }
  const isResponse = (page.uint16(at + 2) & 0x8000) !== 0
  if (isResponse ? printResponse(page, message) : printRequest(page, message)) page.put(` (${length})`)
  else page.truncated()
}

const counts = (page: Page, at: number): number[] => [4, 6, 8, 10].map((k) => page.uint16(at + k))

/** False where it is cut. */
function printRequest(page: Page, message: Message): boolean {
  const { start } = message
  const flags = page.uint16(start + 2)
  const operation = (flags >> 11) & 15
  const [questions, answers, authorities, additional] = counts(page, start) as [
    number,
    number,
    number,
    number,
  ]
  const bits = `${(flags & 0x100) === 0 ? '' : '+'}${(flags & 0x10) === 0 ? '' : '%'}`
  page.put(`${page.uint16(start)}${OPERATIONS[operation]}${bits}`)
  if ((flags & 0x6cf) !== 0) page.put(` [b2&3=0x${flags.toString(16)}]`)
  if (operation === 1) {
    if (questions > 0) page.put(` [${questions}q]`)
    if (answers !== 1) page.put(` [${answers}a]`)
  } else {
    if (answers > 0) page.put(` [${answers}a]`)
    if (questions !== 1) page.put(` [${questions}q]`)
  }
  if (authorities > 0) page.put(` [${authorities}n]`)
  if (additional > 0) page.put(` [${additional}au]`)
  let next = start + HEADER
  let left = questions
  while (left > 0 && (left === questions || next < page.end)) {
    next = printQuestion(page, next, message)
    if (next === NOWHERE) return false
    left--
  }
  if (left > 0) return false
  if (page.wishes.verbose < 2) return true
  next = printRecords(page, next, answers, '', message)
  if (next !== NOWHERE) next = printRecords(page, next, authorities, ' ns:', message)
  if (next !== NOWHERE) next = printRecords(page, next, additional, ' ar:', message)
  return next !== NOWHERE
}

function printResponse(page: Page, message: Message): boolean {
  const { start } = message
  const flags = page.uint16(start + 2)
  const [questions, answers, authorities, additional] = counts(page, start) as [
    number,
    number,
    number,
    number,
  ]
  const code = responseCode(page, start, flags)
  const bits = [
    (flags & 0x400) === 0 ? '' : '*',
    (flags & 0x80) === 0 ? '-' : '',
    (flags & 0x200) === 0 ? '' : '|',
    (flags & 0x20) === 0 ? '' : '$',
  ]
  const response = RESPONSES[code] ?? ` Resp${code & 0xfff}`
  page.put(`${page.uint16(start)}${OPERATIONS[(flags >> 11) & 15]}${response}${bits.join('')}`)
  if (questions !== 1) page.put(` [${questions}q]`)
  let next = start + HEADER
  for (let k = 0; k < questions; k++) {
    if (k > 0) page.put(',')
    if (page.wishes.verbose > 1) {
      page.put(' q:')
      next = printQuestion(page, next, message)
    } else {
      next = skipName(page, next)
      if (next !== NOWHERE) next += 4
    }
    if (next === NOWHERE) return false
  }
  page.put(` ${answers}/${authorities}/${additional}`)
  next = printRecords(page, next, answers, '', message)
  if (next === NOWHERE || page.wishes.verbose < 2) return next !== NOWHERE
  next = printRecords(page, next, authorities, ' ns:', message)
  if (next !== NOWHERE) next = printRecords(page, next, additional, ' ar:', message)
  return next !== NOWHERE
}

/** Four bits of the header, and eight more of an OPT record (RFC 6891 6.1.3), where there is one. */
function responseCode(page: Page, start: number, flags: number): number {
  const code = flags & 15
  const [questions, answers, authorities, additional] = counts(page, start) as [
    number,
    number,
    number,
    number,
  ]
  let next = start + HEADER
  for (let k = 0; k < questions; k++) {
    next = skipName(page, next)
    if (next === NOWHERE || next + 4 >= page.end) return code
    next += 4
  }
  for (let k = 0; k < answers + authorities + additional; k++) {
    next = skipName(page, next)
    if (next === NOWHERE || next + 10 > page.end) return code
    const isAdditional = k >= answers + authorities
    if (isAdditional && page.uint16(next) === TYPE_OPT) return code | (page.uint8(next + 4) << 4)
    next += 10 + page.uint16(next + 8)
    if (next >= page.end) return code
  }
  return code
}

function printRecords(page: Page, at: number, count: number, title: string, message: Message): number {
  let next = at
  if (count === 0) return next
  if (title !== '' && next >= page.end) return NOWHERE
  page.put(title)
  for (let k = 0; k < count; k++) {
    if (k > 0) {
      if (next >= page.end) return NOWHERE
      page.put(',')
    }
    next = printRecord(page, next, message)
    if (next === NOWHERE) return NOWHERE
  }
  return next
}

function printQuestion(page: Page, at: number, { start, isMulticast }: Message): number {
  const next = skipName(page, at)
  if (next === NOWHERE || !page.has(next, 4)) return NOWHERE
  const type = page.uint16(next)
  page.put(` ${TYPE_NAMES[type] ?? `Type${type}`}`)
  const field = page.uint16(next + 2)
  const kind = isMulticast ? field & 0x7fff : field
  if (kind !== CLASS_IN) page.put(` ${CLASS_NAMES[kind] ?? `(Class ${kind})`}`)
  if (isMulticast) page.put((field & 0x8000) === 0 ? ' (QM)' : ' (QU)')
  page.put('? ')
  const end = putName(page, at, start)
  return end === NOWHERE ? NOWHERE : end + 4
}

function printRecord(page: Page, at: number, message: Message): number {
  const { start, isMulticast } = message
  const { verbose } = page.wishes
  if (verbose > 0) page.put(' ')
  const next = verbose > 0 ? putName(page, at, start) : skipName(page, at)
  if (next === NOWHERE && verbose > 0) return NOWHERE
  if (next === NOWHERE || !page.has(next, 10)) return page.end
  const type = page.uint16(next)
  const field = page.uint16(next + 2)
  const kind = isMulticast ? field & 0x7fff : field
  if (kind !== CLASS_IN && type !== TYPE_OPT) page.put(` ${CLASS_NAMES[kind] ?? `(Class ${kind})`}`)
  if (isMulticast && (field & 0x8000) !== 0) page.put(' (Cache flush)')
  if (type !== TYPE_OPT && verbose > 2) page.put(` [${spanText(page.uint32(next + 4))}]`)
  const length = page.uint16(next + 8)
  const value = next + 10
  page.put(` ${TYPE_NAMES[type] ?? `Type${type}`}`)
  if (value + length > page.end) return NOWHERE
  if (type === TYPE_OPT) {
    page.put(` UDPsize=${kind}${(page.uint16(next + 6) & 0x8000) === 0 ? '' : ' DO'}`)
    if (length > 0 && !putExtensions(page, value, value + length)) return NOWHERE
  } else if (!putValue(page, type, value, length, start)) return NOWHERE
  return value + length
}

/** False where it is cut. */
function putValue(page: Page, type: number, at: number, length: number, start: number): boolean {
  switch (type) {
    case TYPE_A:
      if (!page.has(at, 4)) return false
      page.put(` ${page.ipv4(at)}`)
      return true
    case TYPE_AAAA:
      if (!page.has(at, 16)) return false
      page.put(` ${page.ipv6(at)}`)
      return true
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_PTR:
    case TYPE_DNAME:
      page.put(' ')
      return putName(page, at, start) !== NOWHERE
    case TYPE_MX:
      page.put(' ')
      if (!page.has(at, 2) || putName(page, at + 2, start) === NOWHERE) return false
      page.put(` ${page.uint16(at)}`)
      return true
    case TYPE_SRV:
      page.put(' ')
      if (!page.has(at, 6) || putName(page, at + 6, start) === NOWHERE) return false
      page.put(`:${page.uint16(at + 4)} ${page.uint16(at)} ${page.uint16(at + 2)}`)
      return true
    case TYPE_TXT:
      return putStrings(page, at, at + length)
    case TYPE_SOA:
      return page.wishes.verbose === 0 || putAuthority(page, at, start)
    default:
      return true
  }
}

function putStrings(page: Page, at: number, end: number): boolean {
  for (let next = at; next < end; ) {
    const size = page.uint8(next)
    page.put(' "')
    if (!putOctets(page, next + 1, size)) return false
    page.put('"')
    next += size + 1
  }
  return true
}

function putAuthority(page: Page, at: number, start: number): boolean {
  page.put(' ')
  let next = putName(page, at, start)
  if (next === NOWHERE) return false
  page.put(' ')
  next = putName(page, next, start)
  if (next === NOWHERE || !page.has(next, 20)) return false
  for (let k = 0; k < 5; k++) page.put(` ${page.uint32(next + 4 * k)}`)
  return true
}

const EXTENSION_NAMES: Readonly<Record<number, string>> = {
  1: 'LLQ',
  2: 'UL',
  3: 'NSID',
  5: 'DAU',
  6: 'DHU',
  7: 'N3U',
  8: 'ECS',
  9: 'EXPIRE',
  10: 'COOKIE',
  11: 'KEEPALIVE',
  12: 'PADDING',
  13: 'CHAIN',
  14: 'KEY-TAG',
  16: 'CLIENT-TAG',
  17: 'SERVER-TAG',
}

/** Options of EDNS (RFC 6891): names, and their octets where they are no more than that. */
function putExtensions(page: Page, at: number, end: number): boolean {
  page.put(' [')
  for (let next = at; next < end; ) {
    if (!page.has(next, 4)) return false
    const code = page.uint16(next)
    const size = page.uint16(next + 2)
    page.put(EXTENSION_NAMES[code] ?? `Opt${code}`)
    next += 4
    if (!page.has(next, size)) return false
    if (size > 0) page.put(` ${extensionText(page, code, next, size)}`)
    next += size
    if (next < end) page.put(',')
  }
  page.put(']')
  return true
}

function extensionText(page: Page, code: number, at: number, size: number): string {
  if (code === 12) return `(${size})`
  if (code === 11 && size === 2) return `${(page.uint16(at) / 10).toFixed(1)} sec`
  if (code === 9 && size === 4) return `${page.uint32(at)} sec`
  if (code === 10 && size > 8) return `${page.hex(at, 8)} ${page.hex(at + 8, size - 8)}`
  return page.hex(at, size)
}
