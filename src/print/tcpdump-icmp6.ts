/** ICMPv6 as tcpdump prints it, with neighbour discovery (RFC 4861) and multicast listeners (RFC 2710, RFC 3810). */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { bitNames, hex4, type Page, type Printer } from './page.ts'
import { putHex } from './tcpdump-hex.ts'
import { pseudoHeaderSum, shouldBe } from './tcpdump-ip.ts'

const PROTOCOL_ICMPV6 = 58
const UNREACHABLE = 1
const TOO_BIG = 2
const TIME_EXCEEDED = 3
const PARAMETER_PROBLEM = 4
const ECHO_REQUEST = 128
const ECHO_REPLY = 129
const LISTENER_QUERY = 130
const LISTENER_REPORT = 131
const LISTENER_DONE = 132
const ROUTER_SOLICITATION = 133
const ROUTER_ADVERTISEMENT = 134
const NEIGHBOR_SOLICITATION = 135
const NEIGHBOR_ADVERTISEMENT = 136
const REDIRECT = 137
const LISTENER_REPORT_2 = 143

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [UNREACHABLE]: 'destination unreachable',
  [TOO_BIG]: 'packet too big',
  [TIME_EXCEEDED]: 'time exceeded in-transit',
  [PARAMETER_PROBLEM]: 'parameter problem',
  [ECHO_REQUEST]: 'echo request',
  [ECHO_REPLY]: 'echo reply',
  [LISTENER_QUERY]: 'multicast listener query',
  [LISTENER_REPORT]: 'multicast listener report',
  [LISTENER_DONE]: 'multicast listener done',
  [ROUTER_SOLICITATION]: 'router solicitation',
  [ROUTER_ADVERTISEMENT]: 'router advertisement',
  [NEIGHBOR_SOLICITATION]: 'neighbor solicitation',
  [NEIGHBOR_ADVERTISEMENT]: 'neighbor advertisement',
  [REDIRECT]: 'redirect',
  141: 'inverse neighbor solicitation',
  142: 'inverse neighbor advertisement',
  [LISTENER_REPORT_2]: 'multicast listener report v2',
}

/** Where the options of a message start. */
const OPTIONS_AT: Readonly<Record<number, number>> = {
  [ROUTER_SOLICITATION]: 8,
  [ROUTER_ADVERTISEMENT]: 16,
  [NEIGHBOR_SOLICITATION]: 24,
  [NEIGHBOR_ADVERTISEMENT]: 24,
  [REDIRECT]: 40,
}

export const icmp6: Printer = (page, at, length) => {
  page.protocol = 'icmp6'
  const { verbose } = page.wishes
  if (length === 0) {
    page.put('ICMP6, length 0')
    return page.invalid()
  }
  if (verbose > 0 && !page.isFragment) putChecksum(page, at, length)
  const type = page.uint8(at)
  page.put(`ICMP6, ${TYPE_NAMES[type] ?? `unknown icmp6 type (${type})`}`)
  const optionsAt = OPTIONS_AT[type]
  if (verbose > 0 && optionsAt !== undefined) page.put(`, length ${length}`)
  if (!putMessage(page, type, at, length)) return
  if (verbose > 0 && optionsAt !== undefined && !putOptions(page, at + optionsAt, length - optionsAt)) {
    return page.truncated()
  }
  if (verbose === 0) page.put(`, length ${length}`)
}

function putChecksum(page: Page, at: number, length: number): void {
  if (!page.has(at, length)) return
  const found = page.uint16(at + 2)
  const sum = foldChecksum(sumWords(page.bytes, at, length, pseudoHeaderSum(page, PROTOCOL_ICMPV6, length)))
  if (sum === 0) page.put('[icmp6 sum ok] ')
  else page.put(`[bad icmp6 cksum 0x${hex4(found)} -> 0x${hex4(shouldBe(found, sum))}!] `)
}

/** False where nothing is printed behind it. */
function putMessage(page: Page, type: number, at: number, length: number): boolean {
  switch (type) {
    case UNREACHABLE:
      return putUnreachable(page, at, length)
    case TOO_BIG:
      page.put(`, mtu ${page.uint32(at + 4)}`)
      return true
    case TIME_EXCEEDED:
      putTimeExceeded(page, at)
      return true
    case PARAMETER_PROBLEM:
      return putParameterProblem(page, at)
    case ECHO_REQUEST:
    case ECHO_REPLY:
      page.put(`, id ${page.uint16(at + 4)}, seq ${page.uint16(at + 6)}`)
      return true
    case LISTENER_QUERY:
    case LISTENER_REPORT:
    case LISTENER_DONE:
      putListener(page, type, at, length)
      return true
    case LISTENER_REPORT_2:
      putListenerReport(page, at, length)
      return true
    case ROUTER_SOLICITATION:
    case ROUTER_ADVERTISEMENT:
    case NEIGHBOR_SOLICITATION:
    case NEIGHBOR_ADVERTISEMENT:
    case REDIRECT:
      putDiscovery(page, type, at)
      return true
    case 141:
    case 142:
      return true
    default:
      page.put(`, length ${length}`)
      if (page.wishes.verbose < 2) putHex(page, '\n\t', at, Math.max(0, Math.min(length, page.end - at)))
      return false
  }
}

const UNREACHABLE_NAMES: Readonly<Record<number, string>> = {
  0: 'unreachable route',
  1: ' unreachable prohibited',
  2: 'beyond scope',
  3: 'unreachable address',
  4: 'unreachable port',
}

function putUnreachable(page: Page, at: number, length: number): boolean {
  const code = page.uint8(at + 1)
  const quoted = at + 8
  page.put(`, ${UNREACHABLE_NAMES[code] ?? `unknown unreach code (${code})`}`)
  if (code === 4) return putPort(page, quoted)
  if (code > 4) {
    if (page.wishes.verbose > 1) return true
    putHex(page, '\n\t', at, Math.max(0, Math.min(length, page.end - at)))
    return false
  }
  page.put(` ${page.ipv6(quoted + 24)}`)
  if (code === 2) page.put(`, source address ${page.ipv6(quoted + 8)}`)
  return true
}

/** The port that nobody listens on, behind what extension headers the quoted packet has. */
function putPort(page: Page, quoted: number): boolean {
  let next = page.uint8(quoted + 6)
  let place = quoted + 40
  while (next === 0 || next === 43 || next === 60 || next === 44) {
    if (!page.has(place, 4) || (next === 44 && (page.uint16(place + 2) & 0xfff8) !== 0)) break
    const size = next === 44 ? 8 : (page.uint8(place + 1) + 1) * 8
    next = page.uint8(place)
    place += size
  }
  if ((next !== 6 && next !== 17) || !page.has(place, 4)) {
    page.truncated()
    return false
  }
  const protocol = next === 6 ? 'tcp' : 'udp'
  page.put(`, ${page.ipv6(quoted + 24)} ${protocol} port ${page.port(page.uint16(place + 2), protocol)}`)
  return true
}

function putTimeExceeded(page: Page, at: number): void {
  const code = page.uint8(at + 1)
  if (code === 0) page.put(` for ${page.ipv6(at + 32)}`)
  else page.put(code === 1 ? ' (reassembly)' : `, unknown code (${code})`)
}

const PROBLEM_NAMES = ['erroneous', 'next header', 'option', 'incomplete header chain']

function putParameterProblem(page: Page, at: number): boolean {
  if (!page.has(at + 32, 16)) {
    page.truncated()
    return false
  }
  const code = page.uint8(at + 1)
  const name = PROBLEM_NAMES[code]
  page.put(name === undefined ? `, code-#${code}` : `, ${name} - octet ${page.uint32(at + 4)}`)
  return true
}

const MINIMUM_LISTENER = 24
const MINIMUM_LISTENER_2 = 28

function putListener(page: Page, type: number, at: number, length: number): void {
  if (type === LISTENER_QUERY && length !== MINIMUM_LISTENER) {
    if (length >= MINIMUM_LISTENER_2) putListenerQuery(page, at, length)
    else page.put(` unknown-version (len ${length}) `)
    return
  }
  if (!page.has(at, MINIMUM_LISTENER)) return
  page.put(`max resp delay: ${page.uint16(at + 4)} addr: ${page.ipv6(at + 8)}`)
}

function putListenerQuery(page: Page, at: number, length: number): void {
  page.put(' v2')
  const code = page.uint16(at + 4)
  // RFC 3810 5.1.3: from 32768 on a mantissa and an exponent.
  const milliseconds = code < 32_768 ? code : ((code & 0xfff) | 0x1000) << (((code >> 12) & 7) + 3)
  if (page.wishes.verbose > 0) {
    page.put(` [max resp delay=${milliseconds}]`)
    if ((page.uint8(at + 24) & 8) !== 0) page.put(' sflag')
    if ((page.uint8(at + 24) & 7) !== 0) page.put(` robustness=${page.uint8(at + 24) & 7}`)
    const interval = page.uint8(at + 25)
    const seconds = interval < 128 ? interval : ((interval & 15) | 16) << (((interval >> 4) & 7) + 3)
    if (interval !== 0) page.put(` qqi=${seconds}`)
  }
  page.put(` [gaddr ${page.ipv6(at + 8)}`)
  const sources = page.uint16(at + 26)
  if (sources > 0) {
    if (length < MINIMUM_LISTENER_2 + 16 * sources) page.put(' [invalid number of sources]')
    else page.put(sourcesText(page, at + MINIMUM_LISTENER_2, sources))
  }
  page.put(']')
}

function sourcesText(page: Page, at: number, count: number): string {
  if (page.wishes.verbose < 2) return `, ${count} source(s)`
  const each = Array.from({ length: count }, (_, k) => ` ${page.ipv6(at + 16 * k)}`)
  return ` {${each.join('')} }`
}

const RECORD_NAMES = ['is_in', 'is_ex', 'to_in', 'to_ex', 'allow', 'block']

function putListenerReport(page: Page, at: number, length: number): void {
  if (length < 16) return page.put(` [invalid len ${length}]`)
  const count = page.uint16(at + 6)
  page.put(`, ${count} group record(s)`)
  if (page.wishes.verbose === 0) return
  let record = 8
  for (let k = 0; k < count && !page.isCut; k++) {
    if (length < record + 20) return page.put(' [invalid number of groups]')
    const kind = page.uint8(at + record)
    page.put(` [gaddr ${page.ipv6(at + record + 4)} ${RECORD_NAMES[kind - 1] ?? ` [v2-report-#${kind}]`}`)
    const sources = page.uint16(at + record + 2)
    if (length < record + 20 + 16 * sources) return page.put(` [invalid number of sources ${sources}]`)
    const isShown = page.wishes.verbose > 1
    const none = isShown ? ' { }' : ', 0 source(s)'
    page.put(sources === 0 ? none : sourcesText(page, at + record + 20, sources))
    record += 20 + 16 * sources
    page.put(']')
  }
}

// ---- neighbour discovery

const ADVERTISEMENT_FLAGS = [
  [0x80, 'managed'],
  [0x40, 'other stateful'],
  [0x20, 'home agent'],
  [0x02, 'ipv6 only'],
] as const
const NEIGHBOR_FLAGS = [
  [0x80, 'router'],
  [0x40, 'solicited'],
  [0x20, 'override'],
] as const
const PREFIX_FLAGS = [
  [0x80, 'onlink'],
  [0x40, 'auto'],
  [0x20, 'router'],
] as const
const PREFERENCES = ['medium', 'high', 'rsv', 'low']

function putDiscovery(page: Page, type: number, at: number): void {
  const { verbose } = page.wishes
  if (type === NEIGHBOR_SOLICITATION) page.put(`, who has ${page.ipv6(at + 8)}`)
  else if (type === NEIGHBOR_ADVERTISEMENT) {
    page.put(`, tgt is ${page.ipv6(at + 8)}`)
    if (verbose > 0) page.put(`, Flags [${bitNames(NEIGHBOR_FLAGS, page.uint8(at + 4))}]`)
  } else if (type === REDIRECT) page.put(`, ${page.ipv6(at + 24)} to ${page.ipv6(at + 8)}`)
  else if (type === ROUTER_ADVERTISEMENT && verbose > 0) {
    const flags = page.uint8(at + 5)
    page.put(
      `\n\thop limit ${page.uint8(at + 4)}, Flags [${bitNames(ADVERTISEMENT_FLAGS, flags)}]` +
        `, pref ${PREFERENCES[(flags >> 3) & 3]}, router lifetime ${page.uint16(at + 6)}s` +
        `, reachable time ${page.uint32(at + 8)}ms, retrans timer ${page.uint32(at + 12)}ms`,
    )
  }
}

const OPTION_NAMES: Readonly<Record<number, string>> = {
  1: 'source link-address',
  2: 'destination link-address',
  3: 'prefix info',
  4: 'redirected header',
  5: 'mtu',
  7: 'advertisement interval',
  8: 'homeagent information',
  24: 'route info',
  25: 'rdnss',
  31: 'dnssl',
}

/** False where an option is cut or has no length. */
function putOptions(page: Page, at: number, length: number): boolean {
  let left = length
  for (let next = at; next < page.end && left > 0 && !page.isCut; ) {
    if (!page.has(next, 2)) return false
    const type = page.uint8(next)
    const words = page.uint8(next + 1)
    const size = words * 8
    if (words === 0 || !page.has(next, size)) return false
    page.put(`\n\t  ${OPTION_NAMES[type] ?? 'unknown'} option (${type}), length ${size} (${words}): `)
    const isKnown = putOption(page, type, next, size)
    if (!isKnown && page.wishes.verbose < 2) {
      putHex(page, '\n\t  ', next + 2, size - 2)
      return true
    }
    if (page.wishes.verbose > 1) putHex(page, '\n\t    ', next + 2, size - 2)
    next += size
    left -= size
  }
  return true
}

const lifetime = (seconds: number): string => (seconds === 0xffff_ffff ? 'infinity' : `${seconds}s`)

function putOption(page: Page, type: number, at: number, size: number): boolean {
  if (type === 1 || type === 2) page.put(page.hex(at + 2, size - 2, ':'))
  else if (type === 3) {
    const flags = bitNames(PREFIX_FLAGS, page.uint8(at + 3))
    page.put(`${page.ipv6(at + 16)}/${page.uint8(at + 2)}${size === 32 ? '' : 'badlen'}, Flags [${flags}]`)
    page.put(`, valid time ${lifetime(page.uint32(at + 4))}, pref. time ${lifetime(page.uint32(at + 8))}`)
  } else if (type === 4) putHex(page, '\n\t    ', at, size)
  else if (type === 5) page.put(` ${page.uint32(at + 4)}${size === 8 ? '' : 'bad option length'}`)
  else if (type === 7) page.put(` ${page.uint32(at + 4)}ms`)
  else if (type === 8) page.put(` preference ${page.uint16(at + 4)}, lifetime ${page.uint16(at + 6)}`)
  else if (type === 25) {
    page.put(` lifetime ${page.uint32(at + 4)}s,`)
    for (let place = at + 8; place + 16 <= at + size; place += 16) page.put(` addr: ${page.ipv6(place)}`)
  } else return false
  return true
}
