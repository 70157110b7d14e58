/**
 * IP addresses of both versions as four int32 words (RFC 4291 2, RFC 5952).
 *
 * An IPv4 address stands in word 3 behind ::ffff (RFC 4291 2.5.5.2), so that tables and comparisons know one shape.
 * What the stack asks for each packet takes words and allocates nothing (`...Words`); `Address` is for configuration
 * and for the edge of the program.
 */

import { type IpHeader, MAPPED_PREFIX } from './ip-header.ts'

export class Address {
  readonly version: 4 | 6
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number

  constructor(version: 4 | 6, w0: number, w1: number, w2: number, w3: number) {
    this.version = version
    this.w0 = w0 | 0
    this.w1 = w1 | 0
    this.w2 = w2 | 0
    this.w3 = w3 | 0
  }

  toString(): string {
    return formatAddress(this)
  }
}

export const ANY_V4 = new Address(4, 0, 0, MAPPED_PREFIX, 0)
export const ANY_V6 = new Address(6, 0, 0, 0, 0)

/** The address of four words. Without a version a mapped address is taken as IPv4, any other as IPv6. */
export function addressOf(w0: number, w1: number, w2: number, w3: number, version?: 4 | 6): Address {
  return new Address(version ?? (isMappedWords(w0, w1, w2) ? 4 : 6), w0, w1, w2, w3)
}

type Words = 'src0' | 'src1' | 'src2' | 'src3' | 'dst0' | 'dst1' | 'dst2' | 'dst3'
/** What has the addresses of an IP header as words: a decoded header, a captured packet. */
export type Addressed = Readonly<Pick<IpHeader, 'version' | Words>>

/** The source of a decoded header, to keep. */
export function sourceAddress(header: Addressed): Address {
  return new Address(header.version === 4 ? 4 : 6, header.src0, header.src1, header.src2, header.src3)
}

/** The destination of a decoded header, to keep. */
export function destinationAddress(header: Addressed): Address {
  return new Address(header.version === 4 ? 4 : 6, header.dst0, header.dst1, header.dst2, header.dst3)
}

/** Sets the words of both addresses. */
export function setAddresses(header: IpHeader, source: Address, destination: Address): void {
  header.src0 = source.w0
  header.src1 = source.w1
  header.src2 = source.w2
  header.src3 = source.w3
  header.dst0 = destination.w0
  header.dst1 = destination.w1
  header.dst2 = destination.w2
  header.dst3 = destination.w3
}

/** Whether a packet comes from this address. Same version and same words, as in `addressEquals`. */
export function hasSource(header: IpHeader, a: Address): boolean {
  const { version, src0, src1, src2, src3 } = header
  return version === a.version && src3 === a.w3 && src2 === a.w2 && src1 === a.w1 && src0 === a.w0
}

/** Whether a packet goes to this address. */
export function hasDestination(header: IpHeader, a: Address): boolean {
  const { version, dst0, dst1, dst2, dst3 } = header
  return version === a.version && dst3 === a.w3 && dst2 === a.w2 && dst1 === a.w1 && dst0 === a.w0
}

/** Same version and same words. 10.0.0.1 and ::ffff:10.0.0.1 have the same words and are not equal. */
export function addressEquals(a: Address, b: Address): boolean {
  return a.version === b.version && a.w0 === b.w0 && a.w1 === b.w1 && a.w2 === b.w2 && a.w3 === b.w3
}

/**
 * Parses four decimal numbers without leading zeros, or an IPv6 address in any form of RFC 4291 2.2. A zone
 * (`%eth0`), a port, brackets and blanks are not part of an address.
 *
 * @returns null where the text is no address
 */
export function parseAddress(text: string): Address | null {
  if (text.length > 45) return null
  if (!text.includes(':')) {
    const word = parseDotted(text)
    return word === null ? null : new Address(4, 0, 0, MAPPED_PREFIX, word)
  }
  const groups = parseGroups(text)
  if (groups === null) return null
  const word = (i: number): number => (groups[i]! << 16) | groups[i + 1]!
  return new Address(6, word(0), word(2), word(4), word(6))
}

/** The canonical text (RFC 5952 4 and 5): '10.0.0.1', '2001:db8::1', '::ffff:10.0.0.1'. */
export function formatAddress(address: Address): string {
  if (address.version === 4) return formatDotted(address.w3)
  return formatGroups(address.w0, address.w1, address.w2, address.w3)
}

/** '10.0.0.1:80', '[fd00::1]:80' (RFC 5952 6). */
export function socketText(address: Address, port: number): string {
  return address.version === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

export function isMulticast(a: Address): boolean {
  return isMulticastWords(a.w0, a.w1, a.w2, a.w3)
}

/** 255.255.255.255. The broadcast address of a subnet is `isSubnetBroadcastWords`'s (address-prefix.ts). */
export function isBroadcastV4(a: Address): boolean {
  return isBroadcastV4Words(a.w0, a.w1, a.w2, a.w3)
}

export function isUnspecified(a: Address): boolean {
  return isUnspecifiedWords(a.w0, a.w1, a.w2, a.w3)
}

export function isLoopback(a: Address): boolean {
  return isLoopbackWords(a.w0, a.w1, a.w2, a.w3)
}

export function isLinkLocal(a: Address): boolean {
  return isLinkLocalWords(a.w0, a.w1, a.w2, a.w3)
}

/** ::ffff:0:0/96, the words of every IPv4 address. */
export function isMapped(a: Address): boolean {
  return isMappedWords(a.w0, a.w1, a.w2)
}

export function isMappedWords(w0: number, w1: number, w2: number): boolean {
  return (w0 | w1) === 0 && w2 === MAPPED_PREFIX
}

/** 224.0.0.0/4 or ff00::/8 (RFC 1112 4, RFC 4291 2.7). */
export function isMulticastWords(w0: number, w1: number, w2: number, w3: number): boolean {
  return w0 >>> 24 === 0xff || (w3 >>> 28 === 14 && isMappedWords(w0, w1, w2))
}

export function isBroadcastV4Words(w0: number, w1: number, w2: number, w3: number): boolean {
  return w3 === -1 && isMappedWords(w0, w1, w2)
}

/** 0.0.0.0 or :: */
export function isUnspecifiedWords(w0: number, w1: number, w2: number, w3: number): boolean {
  return (w0 | w1 | w3) === 0 && (w2 === 0 || w2 === MAPPED_PREFIX)
}

/** 127.0.0.0/8 or ::1 (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
export function isLoopbackWords(w0: number, w1: number, w2: number, w3: number): boolean {
  if ((w0 | w1) !== 0) return false
  return (w2 === 0 && w3 === 1) || (w2 === MAPPED_PREFIX && w3 >>> 24 === 127)
}

/** 169.254.0.0/16 or fe80::/10 (RFC 3927 2.1, RFC 4291 2.5.6). */
export function isLinkLocalWords(w0: number, w1: number, w2: number, w3: number): boolean {
  return w0 >>> 22 === 0xfe80 >>> 6 || (w3 >>> 16 === 0xa9fe && isMappedWords(w0, w1, w2))
}

/**
 * Whether no host can have sent from this address: multicast, broadcast, unspecified, 0.0.0.0/8, or a mapped address
 * in an IPv6 header, which would pass for the IPv4 host of the same words (RFC 1122 3.2.1.3, RFC 4942 2.2).
 * The broadcast address of a subnet and loopback addresses from outside are the stack's to judge. // MUST-63
 */
export function isInvalidSource(header: IpHeader): boolean {
  const { src0, src1, src2, src3 } = header
  if (header.version === 6) {
    return (
      isMulticastWords(src0, src1, src2, src3) ||
      isMappedWords(src0, src1, src2) ||
      isUnspecifiedWords(src0, src1, src2, src3)
    )
  }
  return src3 === -1 || src3 >>> 28 === 14 || src3 >>> 24 === 0
}

function parseDotted(text: string): number | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let word = 0
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null
    word = (word << 8) | Number(part)
  }
  return word
}

/** The eight groups of an IPv6 address, or null. */
function parseGroups(text: string): number[] | null {
  const gap = text.indexOf('::')
  if (gap < 0) {
    const groups = parseSide(text, true)
    return groups !== null && groups.length === 8 ? groups : null
  }
  const left = parseSide(text.slice(0, gap), false)
  const right = parseSide(text.slice(gap + 2), true)
  if (left === null || right === null) return null
  // RFC 4291 2.2: "::" stands for one or more groups of zeros.
  const zeros = 8 - left.length - right.length
  if (zeros < 1) return null
  return [...left, ...new Array<number>(zeros).fill(0), ...right]
}

/** The groups of a text without '::'. Only the end of the whole address may be an embedded IPv4 address. */
function parseSide(text: string, atEnd: boolean): number[] | null {
  const groups: number[] = []
  if (text === '') return groups
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const word = atEnd && i === parts.length - 1 ? parseDotted(part) : null
    if (word === null) return null
    groups.push(word >>> 16, word & 0xffff)
  }
  return groups
}

function formatDotted(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function formatGroups(w0: number, w1: number, w2: number, w3: number): string {
  if (isMappedWords(w0, w1, w2)) return `::ffff:${formatDotted(w3)}`
  const groups = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff])
  // RFC 5952 4.2: the longest run of zero groups is shortened, the first of several, never a single group.
  let from = 0
  let length = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > length) {
      from = i
      length = end - i
    }
  }
  const hex = groups.map((group) => group.toString(16))
  if (length === 1) return hex.join(':')
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`
}
