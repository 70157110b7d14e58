/** The values of display filters: what types they have, how they are written in a filter, and how they compare. */

import { decodeUtf8 } from '../capture/utf8.ts'
import { parseAddress } from '../wire/address.ts'

/** `none`: a mark that is there or not. Times are nanoseconds, addresses octets. */
export type ValueType =
  | 'number'
  | 'boolean'
  | 'ipv4'
  | 'ipv6'
  | 'ether'
  | 'octets'
  | 'text'
  | 'time'
  | 'date'
  | 'none'
  | 'protocol'

export class Octets {
  readonly bytes: Uint8Array
  /** Bits that count in a comparison; -1: all. */
  readonly prefix: number

  constructor(bytes: Uint8Array, prefix = -1) {
    this.bytes = bytes
    this.prefix = prefix
  }
}

export type Value = number | bigint | string | Octets

const NAMES: Readonly<Record<string, string>> = {
  number: 'a number',
  boolean: 'True or False',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  ether: 'an Ethernet address',
  octets: 'octets, such as 47:45:54 or "GET"',
  protocol: 'octets, such as 47:45:54 or "GET"',
  text: 'a string',
  time: 'a number of seconds',
  date: 'a time, such as "2026-11-21 20:46:05.5"',
}

/** What a filter may write where a value of a type is wanted. */
export function nameOfType(type: ValueType): string {
  return NAMES[type] ?? 'a value'
}

export const isOctetType = (type: ValueType): boolean =>
  type === 'ipv4' || type === 'ipv6' || type === 'ether' || type === 'octets' || type === 'protocol'

/** Whether values of two types can be compared. */
export function areComparable(a: ValueType, b: ValueType): boolean {
  const kind = (type: ValueType): string =>
    isOctetType(type) ? 'octets' : type === 'boolean' ? 'number' : type === 'date' ? 'time' : type
  return a !== 'none' && b !== 'none' && kind(a) === kind(b)
}

/** A string of a filter has each octet as the character of its number. */
export function octetsOfString(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

/** A word or string of a filter as a value of a type; null where it cannot be one. */
export function literalOf(type: ValueType, text: string, isString: boolean): Value | null {
  switch (type) {
    case 'number':
      return isString ? null : numberOfText(text)
    case 'boolean': {
      if (isString || text === 'True' || text === 'False')
        return text === 'True' ? 1 : text === 'False' ? 0 : null
      const value = numberOfText(text)
      return value === null ? null : value === 0 ? 0 : 1
    }
    case 'text': {
      if (!isString) return text
      const octets = octetsOfString(text)
      return decodeUtf8(octets, 0, octets.length)
    }
    case 'time':
      return isString ? null : secondsOf(text)
    case 'date':
      return dateOf(text)
    case 'ipv4':
      return isString ? null : addressOf(text, 4)
    case 'ipv6':
      return isString ? null : addressOf(text, 6)
    case 'ether':
      return isString ? null : octetsOf(text, true)
    case 'octets':
    case 'protocol':
      return isString ? new Octets(octetsOfString(text)) : octetsOf(text, false)
    case 'none':
      return null
  }
}

/** Decimal, octal behind a 0, hexadecimal behind 0x. */
function numberOfText(text: string): number | null {
  if (/^0[xX][0-9A-Fa-f]{1,13}$/.test(text)) return Number(text)
  if (/^0[0-7]{1,16}$/.test(text)) return Number.parseInt(text, 8)
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : null
}

function secondsOf(text: string): bigint | null {
  const match = /^(\d{1,12})(?:\.(\d{0,9})\d*)?$/.exec(text)
  if (match === null) return null
  return BigInt(match[1]!) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(?: ?(?:Z|UTC))?$/
const LONG =
  /^([A-Z][a-z]{2}) +(\d{1,2}), (\d{4})(?: (\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(?: ?(?:Z|UTC))?$/

/** Of UTC, as nanoseconds since the epoch. */
function dateOf(text: string): bigint | null {
  const iso = ISO.exec(text)
  const long = iso === null ? LONG.exec(text) : null
  const parts = iso ?? long
  if (parts === null) return null
  const [year, month, day] =
    long === null
      ? [Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])]
      : [Number(long[3]), MONTHS.indexOf(long[1]!), Number(long[2])]
  const [hour, minute, second] = [4, 5, 6].map((k) => Number(parts[k] ?? 0)) as [number, number, number]
  const isDate = month >= 0 && month < 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 61
  if (!isDate) return null
  const seconds = daysTo(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  return BigInt(seconds) * 1_000_000_000n + BigInt((parts[7] ?? '').padEnd(9, '0'))
}

/** Days from 1970 on in the calendar of today. @param month 0 to 11. */
function daysTo(year: number, month: number, day: number): number {
  // Years begin in March, so that the leap day comes last.
  const shifted = month < 2 ? year - 1 : year
  const ofYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5) + day - 1
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400)
  return 365 * shifted + leaps + ofYear - 719_468
}

function addressOf(text: string, version: 4 | 6): Octets | null {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  const most = version === 4 ? 32 : 128
  if (address === null || address.version !== version) return null
  const prefix = slash < 0 ? -1 : Number(text.slice(slash + 1))
  if (prefix > most) return null
  const { w0, w1, w2, w3 } = address
  const octets = [w0, w1, w2, w3].flatMap((word) =>
    [word >>> 24, word >>> 16, word >>> 8, word].map((o) => o & 0xff),
  )
  return new Octets(Uint8Array.from(version === 4 ? octets.slice(12) : octets), prefix)
}

/** Hexadecimal digits, with the same sign between each two or four, or none. */
function octetsOf(text: string, isEther: boolean): Octets | null {
  const separator = /[:\-.]/.exec(text)?.[0]
  const groups = separator === undefined ? [text] : text.split(separator)
  let digits = ''
  for (const [k, group] of groups.entries()) {
    if (!/^[0-9A-Fa-f]+$/.test(group)) return numberedOctet(text, isEther)
    const isShort = group.length === 1 && (separator !== undefined || groups.length === 1)
    const isRight = separator === undefined || group.length === 2 || group.length === 4 || isShort
    const isLast = k === groups.length - 1
    if (
      !isRight ||
      (group.length % 2 === 1 && !isShort) ||
      (separator !== undefined && group === '' && !isLast)
    ) {
      return null
    }
    digits += isShort ? `0${group}` : group
  }
  const octets = Uint8Array.from({ length: digits.length / 2 }, (_, k) =>
    Number(`0x${digits.slice(2 * k, 2 * k + 2)}`),
  )
  return isEther && octets.length > 6 ? null : new Octets(octets)
}

/** One octet may be written as a number. */
function numberedOctet(text: string, isEther: boolean): Octets | null {
  const value = /^0[xX]/.test(text) && !isEther ? numberOfText(text) : null
  return value === null || value > 0xff ? null : new Octets(Uint8Array.of(value))
}

/** Negative, zero or positive: a before b, the same, behind. */
export function compare(a: Value, b: Value): number {
  if (a instanceof Octets && b instanceof Octets) return compareOctets(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

/** Addresses up to the shorter prefix; of octets the longer ones are behind the shorter ones, whatever they are. */
function compareOctets({ bytes: a, prefix: p }: Octets, { bytes: b, prefix: q }: Octets): number {
  if (a.length !== b.length) return a.length - b.length
  const bits = p < 0 ? q : q < 0 ? p : Math.min(p, q)
  for (let k = 0; k < a.length; k++) {
    const left = bits < 0 ? 8 : bits - 8 * k
    if (left <= 0) return 0
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff
    const difference = (a[k]! & mask) - (b[k]! & mask)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether some octets stand in others. */
export function includesOctets(all: Uint8Array, part: Uint8Array): boolean {
  if (part.length === 0) return true
  const last = all.length - part.length
  for (let at = all.indexOf(part[0]!); at >= 0 && at <= last; at = all.indexOf(part[0]!, at + 1)) {
    let k = 1
    while (k < part.length && all[at + k] === part[k]) k++
    if (k === part.length) return true
  }
  return false
}
