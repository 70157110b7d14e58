/** ICMP and IGMP as tcpdump prints them. */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import type { Page, Printer } from './page.ts'
import { shouldBe } from './tcpdump-ip.ts'

const ECHO_REPLY = 0
const UNREACHABLE = 3
const SOURCE_QUENCH = 4
const REDIRECT = 5
const ECHO = 8
const TIME_EXCEEDED = 11
const PARAMETER_PROBLEM = 12
const TIMESTAMP = 13
const TIMESTAMP_REPLY = 14
const MASK_REPLY = 18

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [SOURCE_QUENCH]: 'source quench',
  10: 'router solicitation',
  15: 'information request',
  16: 'information reply',
  17: 'address mask request',
}

const ERRORS = new Set([UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM])

export const icmp: Printer = (page, at, length) => {
  page.protocol = 'icmp'
  const { isFragment } = page
  const text = messageText(page, at)
  page.put(`ICMP ${text}, length ${length}`)
  if (page.wishes.verbose === 0 || page.isCut) return
  if (!isFragment && page.has(at, length)) {
    const sum = foldChecksum(sumWords(page.bytes, at, length, 0))
    const found = page.uint16(at + 2)
    if (sum !== 0)
      page.put(` (wrong icmp cksum ${found.toString(16)} (->${shouldBe(found, sum).toString(16)})!)`)
  }
  if (ERRORS.has(page.uint8(at))) putQuotation(page, at + 8)
}

/** -v: the packet that an error is about, as far as it is quoted. */
function putQuotation(page: Page, at: number): void {
  page.put('\n\t')
  const length = page.uint16(at + 2)
  const outer = page.end
  page.end = Math.min(outer, at + length)
  page.follow('ip', at, length)
  page.end = outer
}

function messageText(page: Page, at: number): string {
  const type = page.uint8(at)
  const code = page.uint8(at + 1)
  const numbers = (): string => `id ${page.uint16(at + 4)}, seq ${page.uint16(at + 6)}`
  switch (type) {
    case ECHO:
      return `echo request, ${numbers()}`
    case ECHO_REPLY:
      return `echo reply, ${numbers()}`
    case UNREACHABLE:
      return unreachableText(page, at, code)
    case REDIRECT:
      return redirectText(page.ipv4(at + 24), page.ipv4(at + 4), code)
    case TIME_EXCEEDED:
      if (!page.has(at + 24, 4)) page.cut()
      if (code > 1) return `time exceeded-#${code}`
      return code === 0 ? 'time exceeded in-transit' : 'ip reassembly time exceeded'
    case PARAMETER_PROBLEM:
      if (code !== 0) return `parameter problem - code ${code}`
      return `parameter problem - octet ${page.uint8(at + 4)}`
    case MASK_REPLY:
      return `address mask is 0x${page
        .uint32(at + 8)
        .toString(16)
        .padStart(8, '0')}`
    case TIMESTAMP:
      return `time stamp query ${numbers().replace(',', '')}`
    case TIMESTAMP_REPLY: {
      const time = (place: number): string => timeOfDay(page.uint32(at + place))
      return `time stamp reply ${numbers().replace(',', '')}: org ${time(8)}, recv ${time(12)}, xmit ${time(16)}`
    }
    case 9:
      return advertisementText(page, at)
    default:
      return TYPE_NAMES[type] ?? `type-#${type}`
  }
}

/** By codes 0 to 15; `%` is where the address belongs. */
const UNREACHABLE_TEXTS: Readonly<Record<number, string>> = {
  0: 'net % unreachable',
  1: 'host % unreachable',
  5: '% unreachable - source route failed',
  6: 'net % unreachable - unknown',
  7: 'host % unreachable - unknown',
  8: '% unreachable - source host isolated',
  9: 'net % unreachable - admin prohibited',
  10: 'host % unreachable - admin prohibited',
  11: 'net % unreachable - tos prohibited',
  12: 'host % unreachable - tos prohibited',
  13: 'host % unreachable - admin prohibited filter',
  14: 'host % unreachable - host precedence violation',
  15: 'host % unreachable - precedence cutoff',
}

function unreachableText(page: Page, at: number, code: number): string {
  const quoted = at + 8
  if (code === 3 && !page.has(quoted + 9, 1)) page.cut()
  const destination = page.ipv4(quoted + 16)
  const protocol = page.uint8(quoted + 9)
  if (code === 2) return `${destination} protocol ${protocol} unreachable`
  if (code === 3) {
    const port = page.uint16(quoted + (page.uint8(quoted) & 15) * 4 + 2)
    if (protocol === 6) return `${destination} tcp port ${page.port(port, 'tcp')} unreachable`
    if (protocol === 17) return `${destination} udp port ${page.port(port, 'udp')} unreachable`
    return `${destination} protocol ${protocol} port ${port} unreachable`
  }
  if (code === 4) {
    const mtu = page.uint16(at + 6)
    return `${destination} unreachable - need to frag${mtu === 0 ? '' : ` (mtu ${mtu})`}`
  }
  return UNREACHABLE_TEXTS[code]?.replace('%', destination) ?? `${destination} unreachable - #${code}`
}

function redirectText(destination: string, gateway: string, code: number): string {
  if (code > 3) return `redirect-#${code} ${destination} to ${gateway}`
  return `redirect${code > 1 ? '-tos' : ''} ${destination} to ${(code & 1) === 0 ? 'net' : 'host'} ${gateway}`
}

/** Milliseconds since midnight. */
function timeOfDay(milliseconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const seconds = Math.floor(milliseconds / 1000)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${clock}.${String(milliseconds % 1000).padStart(3, '0')}`
}

/** Routers and how much each is preferred (RFC 1256). */
function advertisementText(page: Page, at: number): string {
  const count = page.uint8(at + 4)
  const size = page.uint8(at + 5)
  const lifetime = page.uint16(at + 6)
  const two = (value: number): string => String(value).padStart(2, '0')
  const minutes = lifetime < 3600 ? Math.floor(lifetime / 60) : Math.floor((lifetime % 3600) / 60)
  let shown = lifetime < 60 ? String(lifetime) : `${minutes}:${two(lifetime % 60)}`
  if (lifetime >= 3600) shown = `${Math.floor(lifetime / 3600)}:${two(minutes)}:${two(lifetime % 60)}`
  const head = `router advertisement lifetime ${shown} ${count}:`
  if (size !== 2) return `${head} [size ${size}]`
  let text = head
  for (let k = 0; k < count && !page.isCut; k++) {
    text += ` {${page.ipv4(at + 8 + 8 * k)} ${page.uint32(at + 12 + 8 * k)}}`
  }
  return text
}

// ---- IGMP

export const igmp: Printer = (page, at, length) => {
  page.protocol = 'igmp'
  if (page.wishes.quiet) return page.put('igmp')
  const type = page.uint8(at)
  const long = length === 8 ? '' : ` [len ${length}]`
  if (type === 0x11) putQuery(page, at, length, long)
  else if (type === 0x12) page.put(`igmp v1 report ${page.ipv4(at + 4)}${long}`)
  else if (type === 0x16) page.put(`igmp v2 report ${page.ipv4(at + 4)}`)
  else if (type === 0x17) page.put(`igmp leave ${page.ipv4(at + 4)}`)
  else if (type === 0x22) putReport(page, at, length)
  else page.put(`igmp-${type}`)
  if (page.wishes.verbose === 0 || length < 4 || !page.has(at, length)) return
  if (foldChecksum(sumWords(page.bytes, at, length, 0)) !== 0) {
    page.put(` bad igmp cksum ${page.uint16(at + 2).toString(16)}!`)
  }
}

function putQuery(page: Page, at: number, length: number, long: string): void {
  page.put('igmp query')
  const code = page.uint8(at + 1)
  if (length >= 12) return putQueryOfSources(page, at, length, code)
  page.put(code === 0 ? ' v1' : ` v2${code === 100 ? '' : ` [max resp time ${code}]`}`)
  if (page.uint32(at + 4) !== 0) page.put(` [gaddr ${page.ipv4(at + 4)}]`)
  page.put(long)
}

function putQueryOfSources(page: Page, at: number, length: number, code: number): void {
  page.put(' v3')
  if ((length & 3) !== 0) return page.put(` [invalid len ${length}]`)
  // RFC 3376 4.1.1: from 128 on a mantissa and an exponent.
  const tenths = code < 128 ? code : ((code & 15) | 16) << (((code >> 4) & 7) + 3)
  if (code !== 100)
    page.put(
      ` [max resp time ${tenths < 600 ? `${(tenths / 10).toFixed(1)}s` : spanText(Math.floor(tenths / 10))}]`,
    )
  if (page.uint32(at + 4) === 0) return
  page.put(` [gaddr ${page.ipv4(at + 4)}`)
  const sources = page.uint16(at + 10)
  if (sources > 0 && length < 12 + 4 * sources) page.put(' [invalid number of sources]')
  else if (sources > 0) page.put(sourcesText(page, at + 12, sources))
  page.put(']')
}

function sourcesText(page: Page, at: number, count: number): string {
  if (page.wishes.verbose < 2) return `, ${count} source(s)`
  const each = Array.from({ length: count }, (_, k) => ` ${page.ipv4(at + 4 * k)}`)
  return ` {${each.join('')} }`
}

/** Seconds as `1h2m3s`, with what is zero left out. */
export function spanText(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [31_536_000, 'y'],
    [604_800, 'w'],
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ]
  let left = seconds
  let text = ''
  for (const [size, unit] of units) {
    if (left >= size) text += `${Math.floor(left / size)}${unit}`
    left %= size
  }
  return text === '' ? '0s' : text
}

const RECORD_NAMES = ['is_in', 'is_ex', 'to_in', 'to_ex', 'allow', 'block']

function putReport(page: Page, at: number, length: number): void {
  page.put('igmp v3 report')
  if (length < 16 || (length & 3) !== 0) return page.put(` [invalid len ${length}]`)
  const count = page.uint16(at + 6)
  page.put(`, ${count} group record(s)`)
  if (page.wishes.verbose === 0) return
  let record = 8
  for (let k = 0; k < count && !page.isCut; k++) {
    if (length < record + 8) return page.put(' [invalid number of groups]')
    const kind = page.uint8(at + record)
    page.put(` [gaddr ${page.ipv4(at + record + 4)} ${RECORD_NAMES[kind - 1] ?? ` [v3-report-#${kind}]`}`)
    const sources = page.uint16(at + record + 2)
    if (length < record + 8 + 4 * sources) return page.put(` [invalid number of sources ${sources}]`)
    const isShown = page.wishes.verbose > 1
    page.put(
      isShown && sources === 0
        ? ' { }'
        : isShown
          ? sourcesText(page, at + record + 8, sources)
          : `, ${sources} source(s)`,
    )
    record += 8 + 4 * sources
    page.put(']')
  }
}
