/** A second decoder of TCP segments and their options, written from RFC 9293 3.1 and 3.2 and the options' own RFCs. */

import type { Verdict } from '../../src/wire/verdict.ts'
import type { IpFields, Octets } from './ip-reference.ts'
import { Octets as OctetList } from './ip-reference.ts'

export interface OptionFields {
  mss: number
  windowScale: number
  sackPermitted: boolean
  timestamps: readonly [number, number] | null
  /** Edges of the blocks. */
  sack: readonly number[]
  /** Names of what else was seen. */
  others: readonly OtherOption[]
}

/** The bits of `Segment.otherOptions`, lowest first. */
export const OTHER_OPTIONS = [
  'user-timeout',
  'md5',
  'authentication',
  'fast-open',
  'accurate-ecn',
  'multipath',
  'experiment',
  'unknown',
] as const
type OtherOption = (typeof OTHER_OPTIONS)[number]

export interface TcpFields {
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
  readonly ack: number
  readonly flags: number
  readonly window: number
  readonly urgentPointer: number
  readonly options: OptionFields
  readonly textLength: number
}

export function referenceTcp(ip: IpFields, verifyChecksum: boolean): Verdict | TcpFields {
  if (ip.protocol !== 6) return 'other-protocol'
  const segment = ip.payload
  if (segment.length < 20) return 'tcp-truncated'
  const headerLength = Math.floor(segment.number(12) / 16) * 4
  if (headerLength < 20 || headerLength > ip.payloadLength) return 'tcp-data-offset'
  if (headerLength > segment.length) return 'tcp-truncated'
  const whole = segment.length === ip.payloadLength
  if (verifyChecksum && whole && !checksumHolds(ip, segment)) return 'tcp-checksum'
  const options = referenceOptions(segment.from(20, headerLength))
  if (options === null) return 'tcp-option-length'
  return {
    srcPort: segment.number(0, 2),
    dstPort: segment.number(2, 2),
    seq: segment.number(4, 4),
    ack: segment.number(8, 4),
    flags: segment.number(12, 2) % 512,
    window: segment.number(14, 2),
    urgentPointer: segment.number(18, 2),
    options,
    textLength: ip.payloadLength - headerLength,
  }
}

/** Over the pseudo-header of RFC 9293 3.1 or RFC 8200 8.1 and the upper-layer packet. */
export function checksumHolds(ip: IpFields, upper: Octets): boolean {
  const addresses = (ip.version === 4 ? [ip.src.slice(24), ip.dst.slice(24)] : [ip.src, ip.dst]).join('')
  const octets = addresses.match(/../g)!.map((pair) => Number.parseInt(pair, 16))
  const { length } = upper
  octets.push(0, ip.protocol, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255)
  for (let i = 0; i < length; i++) octets.push(upper.number(i))
  return new OctetList(octets).sum() === 0xffff
}

interface Option {
  readonly kind: number
  readonly value: Octets
}

/** The list of options up to End of Option List, or null where a length is illegal (MUST-7). */
function listOf(octets: Octets): Option[] | null {
  const list: Option[] = []
  for (let at = 0; at < octets.length; ) {
    const kind = octets.number(at)
    if (kind === 0) break
    if (kind === 1) {
      at += 1
      continue
    }
    if (at + 1 === octets.length) return null
    const length = octets.number(at + 1)
    if (length < 2 || at + length > octets.length) return null
    list.push({ kind, value: octets.from(at + 2, at + length) })
    at += length
  }
  return list
}

/** The lengths of values that a kind may have; a kind that is missing may have any. */
const LENGTHS: Readonly<Record<number, (length: number) => boolean>> = {
  2: (n) => n === 2,
  3: (n) => n === 1,
  4: (n) => n === 0,
  5: (n) => n === 8 || n === 16 || n === 24 || n === 32,
  8: (n) => n === 8,
  19: (n) => n === 16,
  28: (n) => n === 2,
  29: (n) => n >= 2,
  30: (n) => n >= 1,
}
const ONCE: readonly number[] = [2, 3, 4, 5, 8, 19, 28, 29]

/** @returns null for 'tcp-option-length'. */
export function referenceOptions(octets: Octets): OptionFields | null {
  const list = listOf(octets)
  if (list === null) return null
  const others = new Set<OtherOption>()
  const fields: OptionFields = {
    mss: -1,
    windowScale: -1,
    sackPermitted: false,
    timestamps: null,
    sack: [],
    others: [],
  }
  for (const { kind, value } of list) {
    if (LENGTHS[kind]?.(value.length) === false) return null
    if (ONCE.includes(kind) && list.filter((one) => one.kind === kind).length > 1) return null
    if (kind === 2) fields.mss = value.number(0, 2)
    else if (kind === 3) fields.windowScale = value.number(0)
    else if (kind === 4) fields.sackPermitted = true
    else if (kind === 8) fields.timestamps = [value.number(0, 4), value.number(4, 4)]
    else if (kind === 5) {
      fields.sack = Array.from({ length: value.length / 4 }, (_, i) => value.number(4 * i, 4))
    } else others.add(otherOption(kind, value))
  }
  fields.others = OTHER_OPTIONS.filter((name) => others.has(name))
  return fields
}

function otherOption(kind: number, value: Octets): OtherOption {
  if (kind === 19) return 'md5'
  if (kind === 28) return 'user-timeout'
  if (kind === 29) return 'authentication'
  if (kind === 30) return 'multipath'
  if (kind === 34) return isCookie(value.length) ? 'fast-open' : 'unknown'
  if (kind === 172 || kind === 174) return 'accurate-ecn'
  if (kind !== 253 && kind !== 254) return 'unknown'
  const experiment = value.length < 2 ? -1 : value.number(0, 2)
  if (experiment === 0xf989 && isCookie(value.length - 2)) return 'fast-open'
  return experiment === 0xacc0 || experiment === 0xacc1 ? 'accurate-ecn' : 'experiment'
}

/** RFC 7413 4.1.1. */
function isCookie(length: number): boolean {
  return length === 0 || [4, 6, 8, 10, 12, 14, 16].includes(length)
}
