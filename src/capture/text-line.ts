/**
 * One TCP packet in tcpdump's words, wherever it stands in a line:
 *
 *   12:00:00.000001 IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [S.], seq 5, ack 6, win 7, options [mss 1460], length 0
 *
 * with what -e and -v put in front of it. The text may be anybody's: every search is linear.
 */

import { ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../wire/segment.ts'
import type { Direction } from './capture-file.ts'
import { hexOctets } from './text-options.ts'

export interface TextTime {
  /** date: since 1970; epoch: the same as a number; clock: since midnight; since: with -ttt or -ttttt, which look alike. */
  readonly kind: 'date' | 'epoch' | 'clock' | 'since'
  readonly seconds: number
  readonly nanoseconds: number
}

export interface TextLink {
  /** Twelve octets, destination first; null where only a direction or an interface is known. */
  readonly addresses: Uint8Array | null
  /** Octets of the frame on the wire; -1: not known. */
  readonly length: number
  readonly interfaceName: string
  readonly direction: Direction | null
}

export interface TextLine {
  readonly time: TextTime | null
  readonly link: TextLink
  readonly version: 4 | 6
  readonly source: string
  readonly destination: string
  readonly sourcePort: string
  readonly destinationPort: string
  readonly tos: number
  readonly ttl: number
  readonly identification: number
  readonly dontFragment: boolean
  readonly flowLabel: number
  readonly flags: number
  /** As printed; null: not printed. */
  readonly seq: number | null
  readonly ack: number | null
  readonly window: number
  readonly urgentPointer: number
  readonly checksum: number | null
  readonly options: string
  /** Octets of text on the wire. */
  readonly length: number
}

const FLAGS_MARK = ': Flags ['
const LETTERS: Readonly<Record<string, number>> = {
  F: FIN,
  S: SYN,
  R: RST,
  P: PSH,
  '.': ACK,
  U: URG,
  E: ECE,
  W: CWR,
  e: AE,
}
/** Where nothing says otherwise. */
const USUAL_TTL = 64

/** Whether this line, or the one that follows it, may hold a TCP packet. */
export function hasSegment(line: string): boolean {
  return line.includes(FLAGS_MARK)
}

/** Whether an IPv4 header as -v prints it ends the line: the rest of the packet is the next line. */
export function endsInIpHeader(line: string): boolean {
  return line.endsWith(')') && line.includes('(tos 0x') && !line.includes(FLAGS_MARK)
}

/** null where it only looks like one. */
export function readTextLine(line: string): TextLine | null {
  const mark = line.indexOf(FLAGS_MARK)
  const arrow = line.lastIndexOf(' > ', mark)
  if (mark < 0 || arrow < 0) return null
  const from = line.lastIndexOf(' ', arrow - 1) + 1
  const [source, destination] = [end(line.slice(from, arrow)), end(line.slice(arrow + 3, mark))]
  if (source === null || destination === null) return null
  const segment = readSegment(line.slice(mark + FLAGS_MARK.length))
  if (segment === null) return null
  const head = line.slice(0, from)
  const version = versionOf(head, source.host, destination.host)
  return {
    time: timeOf(head),
    link: linkOf(head),
    version,
    source: source.host,
    destination: destination.host,
    sourcePort: source.port,
    destinationPort: destination.port,
    tos: numberIn(head, version === 4 ? /\(tos 0x([0-9a-f]{1,2})/ : /[( ]class 0x([0-9a-f]{1,2})/, 16) ?? 0,
    ttl: (numberIn(head, version === 4 ? /, ttl (\d{1,3}),/ : /\bhlim (\d{1,3}),/) ?? USUAL_TTL) & 0xff,
    identification: (numberIn(head, /, id (\d{1,5}),/) ?? 0) & 0xffff,
    dontFragment: head.includes('flags [DF'),
    flowLabel: (numberIn(head, /flowlabel 0x([0-9a-f]{1,5})/, 16) ?? 0) & 0xfffff,
    ...segment,
  }
}

/** A host and a port, which the last dot separates. */
function end(text: string): { host: string; port: string } | null {
  const dot = text.lastIndexOf('.')
  const [host, port] = [text.slice(0, dot), text.slice(dot + 1)]
  const isSound = dot > 0 && host.length <= 255 && /^[\w-]{1,63}$/.test(port) && /^[\w.:%-]+$/.test(host)
  return isSound ? { host, port } : null
}

/** As the addresses show; for two names as the last word before them says. */
function versionOf(head: string, source: string, destination: string): 4 | 6 {
  if (source.includes(':') || destination.includes(':')) return 6
  if (isQuad(source) || isQuad(destination)) return 4
  if (head.includes('ethertype IPv6')) return 6
  return head.lastIndexOf('IP6 ') > head.lastIndexOf('IP ') ? 6 : 4
}

const isQuad = (text: string): boolean => /^(\d{1,3}\.){3}\d{1,3}$/.test(text)

type Segment = Pick<
  TextLine,
  'flags' | 'seq' | 'ack' | 'window' | 'urgentPointer' | 'checksum' | 'options' | 'length'
>

/** @param text what stands behind "Flags [". */
function readSegment(text: string): Segment | null {
  const close = text.indexOf(']')
  if (!text.includes(', win ', close)) return null
  const flags = flagsOf(text.slice(0, close))
  if (close < 0 || flags === null) return null
  const rest = text.slice(close + 1)
  const optionsAt = rest.indexOf(', options [')
  const numbers = optionsAt < 0 ? rest : rest.slice(0, optionsAt)
  const behind = optionsAt < 0 ? -1 : rest.indexOf('], length ', optionsAt)
  const options = optionsAt < 0 ? '' : rest.slice(optionsAt + 11, behind < 0 ? undefined : behind)
  const range = /, seq (\d{1,10})(?::(\d{1,10}))?/.exec(numbers)
  const [seq, last] = [word(range?.[1]), word(range?.[2])]
  const length = numberIn(behind < 0 ? numbers : rest.slice(behind), /, length (\d{1,10})/)
  const counted = seq === null || last === null ? 0 : (last - seq) >>> 0
  return {
    flags,
    seq,
    ack: word(/, ack (\d{1,10})/.exec(numbers)?.[1]),
    window: (numberIn(numbers, /, win (\d{1,5})/) ?? 0) & 0xffff,
    urgentPointer: (numberIn(numbers, /, urg (\d{1,5})/) ?? 0) & 0xffff,
    checksum: numberIn(numbers, /, cksum 0x([0-9a-f]{1,4})/, 16),
    options,
    length: Math.min(length ?? counted, MAX_TEXT),
  }
}

/** More than a capture's length field can say is no length. */
const MAX_TEXT = 0x7fff_0000

function flagsOf(letters: string): number | null {
  if (letters === 'none') return 0
  let flags = 0
  for (const letter of letters) {
    const flag = LETTERS[letter]
    if (flag === undefined) return null
    flags |= flag
  }
  return letters === '' ? null : flags
}

/** A number of 32 bits, or null. */
function word(text: string | undefined): number | null {
  const value = Number(text)
  return text !== undefined && value <= 0xffff_ffff ? value : null
}

function numberIn(text: string, pattern: RegExp, radix = 10): number | null {
  const digits = pattern.exec(text)?.[1]
  return digits === undefined ? null : Number.parseInt(digits, radix)
}

const CLOCK = /(?:(\d{4})-(\d\d)-(\d\d) )?(\d\d):(\d\d):(\d\d)\.(\d{1,9})(?!\d)/
const EPOCH = /(?:^|\s)(\d{5,12})\.(\d{6,9})\s/

/** The first time in the text; a clock behind a single space at the start of a line counts from something else. */
export function timeOf(text: string): TextTime | null {
  const clock = CLOCK.exec(text)
  if (clock !== null) {
    const [, year, month, day, hour, minute, second, fraction] = clock
    const ofDay = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
    const nanoseconds = Number(fraction!.padEnd(9, '0'))
    if (year === undefined) {
      const kind = /^ \d/.test(text) ? 'since' : 'clock'
      return { kind, seconds: ofDay, nanoseconds }
    }
    const days = dayNumber(Number(year), Number(month), Number(day))
    return { kind: 'date', seconds: days * 86_400 + ofDay, nanoseconds }
  }
  const epoch = EPOCH.exec(text)
  if (epoch === null) return null
  return { kind: 'epoch', seconds: Number(epoch[1]), nanoseconds: Number(epoch[2]!.padEnd(9, '0')) }
}

/** Days since 1970-01-01, in years counted from March. */
export function dayNumber(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

const MAC = '((?:[0-9a-f]{2}:){5}[0-9a-f]{2})'
const ETHERNET = new RegExp(`${MAC} > ${MAC}, ethertype [^,]*, length (\\d{1,10}): `)
const COOKED = /(?:^|\s)(\S{1,64})?\s+(In|Out|B|M|P)\s+(?:ifindex|IP6?|[0-9a-f]{2}:)/
const COOKED_LENGTH = /ethertype [^,]*, length \d+: /
const NO_LINK: TextLink = { addresses: null, length: -1, interfaceName: '', direction: null }

/** What -e and `-i any` print in front of the packet. */
function linkOf(head: string): TextLink {
  const ethernet = ETHERNET.exec(head)
  if (ethernet !== null) {
    const [, source, destination, length] = ethernet
    const octets = hexOctets(`${destination}${source}`.replaceAll(':', ''))!
    return { ...NO_LINK, addresses: Uint8Array.from(octets), length: Number(length) }
  }
  const cooked = COOKED.exec(head)
  if (cooked === null || (cooked[0].endsWith(':') && !COOKED_LENGTH.test(head))) return NO_LINK
  const [, name = '', way] = cooked
  const interfaceName = name === '?' || /[.]\d{3,9}$/.test(name) ? '' : name
  return {
    ...NO_LINK,
    interfaceName,
    direction: way === 'Out' ? 'outbound' : way === 'In' ? 'inbound' : null,
  }
}
