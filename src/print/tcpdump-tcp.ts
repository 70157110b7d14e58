/** TCP as tcpdump prints it: `Flags [P.], seq 1:101, ack 1, win 501, length 100`, and what it carries. */

import { readInt32 } from '../bytes/big-endian.ts'
import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { tcpdumpFlags } from '../trace/segment-text.ts'
import { PROTOCOL_TCP } from '../wire/ip-header.ts'
import { ACK, FIN, RST, SYN, URG } from '../wire/segment.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import { charText, hex4, type Page, type Printer } from './page.ts'
import { SequenceBases } from './sequence-bases.ts'
import { pseudoHeaderSum, shouldBe } from './tcpdump-ip.ts'
import { putTcpOptions } from './tcpdump-options.ts'
import { putTcpText } from './tcpdump-text.ts'

/** The octets of a reset's text that -v shows. */
const MAX_RESET_TEXT = 30

/** A printer with a memory of its own: which numbers each conversation began with. */
export function tcpPrinter(): Printer {
  const bases = new SequenceBases()
  return (page, at, length) => printTcp(page, at, length, bases)
}

function printTcp(page: Page, at: number, length: number, bases: SequenceBases): void {
  page.protocol = 'tcp'
  if (!page.has(at, 4)) {
    page.put(`${sourceText(page)} > ${destinationText(page)}:`)
    return page.truncated()
  }
  const source = page.uint16(at)
  const destination = page.uint16(at + 2)
  putEnds(page, source, destination)
  if (!page.has(at, TCP_HEADER_LENGTH)) return page.truncated()
  const headerLength = (page.uint8(at + 12) >> 4) * 4
  const tooLong = headerLength > length ? ` [bad hdr length ${headerLength} - too long, > ${length}]` : ''
  if (headerLength < TCP_HEADER_LENGTH) {
    const left = (length - headerLength) >>> 0
    return page.put(` tcp ${left} [bad hdr length ${headerLength} - too short, < ${TCP_HEADER_LENGTH}]`)
  }
  if (page.wishes.quiet) return page.put(`tcp ${(length - headerLength) >>> 0}${tooLong}`)
  const flags = page.uint8(at + 13) | ((page.uint8(at + 12) & 1) << 8)
  page.put(`Flags [${tcpdumpFlags(flags)}]`)
  const base = baseOf(page, at, source, destination, flags, bases)
  if (tooLong !== '') return page.put(tooLong)
  if (page.wishes.verbose > 0 && !page.isFragment) putChecksum(page, at, length)
  const left = length - headerLength
  putNumbers(page, at, left, flags, base)
  if (headerLength > TCP_HEADER_LENGTH && !putTcpOptions(page, at, headerLength, flags, base.sack)) return
  page.put(`, length ${left}`)
  if (left > 0) putContents(page, at, headerLength, left, flags, source, destination)
}

// ---- addresses and ports

/** Behind extension headers the addresses have been printed. */
function putEnds(page: Page, source: number, destination: number): void {
  const isVersion6 = isIpv6(page)
  const from = page.port(source, 'tcp')
  const to = page.port(destination, 'tcp')
  const isDirect = page.bytes[page.ipAt + (isVersion6 ? 6 : 9)] === PROTOCOL_TCP
  if (isDirect) page.put(`${sourceText(page)}.${from} > ${destinationText(page)}.${to}: `)
  else page.put(`${from} > ${to}: `)
}

const isIpv6 = (page: Page): boolean => page.bytes[page.ipAt]! >> 4 === 6

const sourceText = (page: Page): string =>
  isIpv6(page) ? page.ipv6(page.ipAt + 8) : page.ipv4(page.ipAt + 12)

const destinationText = (page: Page): string =>
  isIpv6(page) ? page.ipv6(page.ipAt + 24) : page.ipv4(page.ipAt + 16)

// ---- relative numbers

/** What is subtracted: from the packet's own numbers, and from the edges of SACK blocks. */
interface Base {
  seq: number
  ack: number
  sack: number
}

const BASE: Base = { seq: 0, ack: 0, sack: 0 }

/**
 * Nothing is subtracted where -S asks for numbers as they are, where nothing is acknowledged, and from the packet that
 * begins a conversation, or begins it again. Borrowed until the next call.
 */
function baseOf(
  page: Page,
  at: number,
  source: number,
  destination: number,
  flags: number,
  bases: SequenceBases,
): Base {
  BASE.seq = BASE.ack = BASE.sack = 0
  if (page.wishes.absolute || (flags & ACK) === 0) return BASE
  const isFirst = setKey(page, source, destination, bases.key)
  bases.find()
  const own = isFirst ? 0 : 1
  if (!bases.isKnown || (flags & SYN) !== 0) {
    const seq = readInt32(page.bytes, at + 4)
    const ack = (readInt32(page.bytes, at + 8) - 1) | 0
    bases.setBases(isFirst ? seq : ack, isFirst ? ack : seq)
  } else {
    BASE.seq = bases.base(own)
    BASE.ack = bases.base(isFirst ? 1 : 0)
  }
  BASE.sack = bases.base(isFirst ? 1 : 0)
  return BASE
}

/** Sets the key of the conversation; true where the sender is the side that sorts first. */
function setKey({ bytes, ipAt }: Page, source: number, destination: number, key: Int32Array): boolean {
  const isVersion6 = bytes[ipAt]! >> 4 === 6
  const from = ipAt + (isVersion6 ? 8 : 12)
  const words = isVersion6 ? 4 : 1
  const to = from + 4 * words
  const isFirst = source === destination ? compare(bytes, from, to, 4 * words) <= 0 : source < destination
  key.fill(0)
  key[0] = isVersion6 ? 6 : 4
  for (let k = 0; k < words; k++) {
    key[(isFirst ? 1 : 5) + k] = readInt32(bytes, from + 4 * k)
    key[(isFirst ? 5 : 1) + k] = readInt32(bytes, to + 4 * k)
  }
  key[9] = isFirst ? (source << 16) | destination : (destination << 16) | source
  return isFirst
}

function compare(bytes: Uint8Array, a: number, b: number, length: number): number {
  for (let k = 0; k < length; k++) if (bytes[a + k] !== bytes[b + k]) return bytes[a + k]! - bytes[b + k]!
  return 0
}

// ---- the header

function putNumbers(page: Page, at: number, length: number, flags: number, base: Base): void {
  const seq = (page.uint32(at + 4) - base.seq) >>> 0
  let text = ''
  if (page.wishes.verbose > 1 || length > 0 || (flags & (SYN | FIN | RST)) !== 0) {
    text = length > 0 ? `, seq ${seq}:${(seq + length) >>> 0}` : `, seq ${seq}`
  }
  if ((flags & ACK) !== 0) text += `, ack ${(page.uint32(at + 8) - base.ack) >>> 0}`
  text += `, win ${page.uint16(at + 14)}`
  if ((flags & URG) !== 0) text += `, urg ${page.uint16(at + 18)}`
  page.put(text)
}

function putChecksum(page: Page, at: number, length: number): void {
  if (!page.has(at, length)) return
  const sum = foldChecksum(sumWords(page.bytes, at, length, pseudoHeaderSum(page, PROTOCOL_TCP, length)))
  const found = page.uint16(at + 16)
  const verdict = sum === 0 ? 'correct' : `incorrect -> 0x${hex4(shouldBe(found, sum))}`
  page.put(`, cksum 0x${hex4(found)} (${verdict})`)
}

// ---- what it carries

function putContents(
  page: Page,
  at: number,
  headerLength: number,
  length: number,
  flags: number,
  source: number,
  destination: number,
): void {
  if (!page.has(at, headerLength)) {
    page.put(` [remaining caplen(${page.end - at}) < header length(${headerLength})]`)
    return page.cut()
  }
  const textAt = at + headerLength
  if ((flags & RST) !== 0 && page.wishes.verbose > 0) return putResetText(page, textAt, length)
  putTcpText(page, textAt, length, source, destination)
}

/** A reset may say why (RFC 9293 3.5.2). */
function putResetText(page: Page, at: number, length: number): void {
  const shown = Math.min(length, MAX_RESET_TEXT)
  page.put(`${page.has(at, length) ? ' [RST' : ' [!RST'}${length > shown ? '+' : ''} `)
  for (let k = at; k < at + shown && k < page.end; k++) page.put(charText(page.bytes[k]!))
  page.put(']')
}
