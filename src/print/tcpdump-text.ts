/** Protocols of text above TCP and UDP as tcpdump prints them: `: HTTP: GET / HTTP/1.1`. */

import type { Page } from './page.ts'
import { putResp } from './tcpdump-resp.ts'
import { putTelnet } from './tcpdump-telnet.ts'

/** A protocol of lines. Where it has methods, what starts with neither one of them nor a status is not shown. */
interface TextProtocol {
  readonly name: string
  readonly methods: ReadonlySet<string> | null
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const FTP: TextProtocol = { name: 'ftp', methods: null }
const SMTP: TextProtocol = { name: 'smtp', methods: null }
const WHOIS: TextProtocol = { name: 'whois', methods: null }
const HTTP: TextProtocol = {
  name: 'http',
  methods: words(
    'GET PUT COPY HEAD LOCK MOVE POLL POST BCOPY BMOVE MKCOL TRACE LABEL MERGE DELETE SEARCH UNLOCK REPORT UPDATE ' +
      'NOTIFY BDELETE CONNECT OPTIONS CHECKIN PROPFIND CHECKOUT CCM_POST SUBSCRIBE PROPPATCH BPROPFIND BPROPPATCH ' +
      'UNCHECKOUT MKACTIVITY MKWORKSPACE UNSUBSCRIBE RPC_CONNECT VERSION-CONTROL BASELINE-CONTROL',
  ),
}
const RTSP: TextProtocol = {
  name: 'rtsp',
  methods: words(
    'ANNOUNCE DESCRIBE GET_PARAMETER OPTIONS PAUSE PLAY RECORD REDIRECT SETUP SET_PARAMETER TEARDOWN',
  ),
}
export const SIP: TextProtocol = {
  name: 'sip',
  methods: words(
    'ACK BYE CANCEL DO INFO INVITE MESSAGE NOTIFY OPTIONS PRACK QAUTH REFER REGISTER SPRACK SUBSCRIBE UPDATE PUBLISH',
  ),
}

const TEXT_PORTS = new Map<number, TextProtocol>([
  [25, SMTP],
  [43, WHOIS],
  [21, FTP],
  [80, HTTP],
  [8080, HTTP],
  [554, RTSP],
  [8554, RTSP],
])
/** The order in which tcpdump asks for ports: the first one that either end has decides. */
const PORTS_IN_ORDER = [23, 25, 43, 6379, 22, 10_288, 21, 80, 8080, 554, 8554, 53]
const IS_KNOWN = new Set(PORTS_IN_ORDER)

/** What a TCP segment carries, where either port is of a protocol that is known. */
export function putTcpText(
  page: Page,
  at: number,
  length: number,
  source: number,
  destination: number,
): void {
  if (!IS_KNOWN.has(source) && !IS_KNOWN.has(destination)) return
  const port = PORTS_IN_ORDER.find((known) => known === source || known === destination)!
  const protocol = TEXT_PORTS.get(port)
  if (protocol !== undefined) {
    page.put(': ')
    putTextProtocol(page, at, length, protocol)
  } else if (port === 23) putTelnet(page, at, length)
  else if (port === 6379) putResp(page, at, length)
  else if (port === 22) putSecureShell(page, at, length)
  else if (port === 53) page.follow('domainTcp', at, length)
  else putBeep(page, at, length)
}

const isPrintable = (octet: number): boolean => octet >= 0x20 && octet < 0x7f
const isBlank = (octet: number): boolean => octet === 0x20 || octet === 9 || octet === 10 || octet === 13

/** The first line of a request or an answer; with -v all of them. */
export function putTextProtocol(page: Page, at: number, length: number, protocol: TextProtocol): void {
  const { name, methods } = protocol
  page.protocol = name
  page.put(name.toUpperCase())
  if (methods !== null && !startsMessage(page, at, length, methods)) return
  if (page.wishes.verbose === 0) {
    putLine(page, ': ', at, at + length)
    return
  }
  page.put(`, length: ${length}`)
  for (let line = at; line < at + length && line >= 0 && !page.isCut; ) {
    line = putLine(page, '\n\t', line, at + length)
  }
}

/** Longest token that is compared. */
const MAX_TOKEN = 127

/** Whether the first word is a method, or the second one a status of three digits. */
function startsMessage(page: Page, at: number, length: number, methods: ReadonlySet<string>): boolean {
  const first = tokenAt(page, at, at + length)
  if (first === null) return false
  if (methods.has(first.text.toUpperCase())) return true
  const second = tokenAt(page, first.next, at + length)
  return second !== null && /^\d{3}$/.test(second.text)
}

/** The word at `at` and where the next one starts; null where there is none, or it is no text. */
function tokenAt(page: Page, at: number, end: number): { text: string; next: number } | null {
  const stop = Math.min(end, page.end)
  let next = at
  let text = ''
  for (; ; next++) {
    if (next >= end) break
    if (next >= stop) return null
    const octet = page.bytes[next]!
    if (isBlank(octet)) break
    if (!isPrintable(octet) || text.length >= MAX_TOKEN) return null
    text += String.fromCharCode(octet)
  }
  if (text === '') return null
  while (next < stop && (page.bytes[next] === 0x20 || page.bytes[next] === 9)) {
    if (page.bytes[next] === 9) break
    next++
  }
  return { text, next }
}

/** Returns where the next line starts; -1: the line does not end here, or is no text. */
function putLine(page: Page, prefix: string, at: number, end: number): number {
  let stop = at
  let next = -1
  for (; stop < end; stop++) {
    const octet = page.uint8(stop)
    if (page.isCut) return -1
    if (octet === 10) {
      next = stop + 1
      break
    }
    if (octet === 13) {
      if (stop + 1 >= end || page.uint8(stop + 1) !== 10) return -1
      next = stop + 2
      break
    }
    if (!isPrintable(octet) && octet !== 9) return -1
  }
  page.put(prefix + latin(page, at, stop))
  if (next < 0) page.truncated()
  return next
}

function latin({ bytes }: Page, at: number, end: number): string {
  let text = ''
  for (let k = at; k < end; k++) text += String.fromCharCode(bytes[k]!)
  return text
}

/** The line in which both sides of SSH say who they are (RFC 4253 4.2). */
function putSecureShell(page: Page, at: number, length: number): void {
  page.protocol = 'ssh'
  for (const [k, letter] of ['S', 'S', 'H', '-'].entries()) {
    if (page.uint8(at + k) !== letter.charCodeAt(0)) return
  }
  let stop = at + 4
  let isWhole = false
  for (; stop < at + length; stop++) {
    const octet = page.uint8(stop)
    if (page.isCut) return
    isWhole = octet === 10 || (octet === 13 && stop + 1 < at + length && page.uint8(stop + 1) === 10)
    if (isWhole || !isPrintable(octet)) break
  }
  if (isWhole) page.put(`: SSH: ${latin(page, at, stop)}`)
}

const BEEP_WORDS = ['MSG', 'RPY ', 'ERR ', 'ANS ', 'NUL ', 'SEQ ', 'END']

function putBeep(page: Page, at: number, length: number): void {
  page.protocol = 'beep'
  const start = latin(page, at, Math.min(at + length, at + 4, page.end))
  // tcpdump compares four octets of each: of words of three with the zero behind them.
  const word = BEEP_WORDS.find((each) => start === each.padEnd(4, '\0'))
  page.put(word === undefined ? ' BEEP (payload or undecoded)' : ` BEEP ${word.trim()}`)
}
