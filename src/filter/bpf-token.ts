/** The words of a capture filter (pcap-filter(7)), each the longest that fits, as the lexer of libpcap takes them. */

import { parseAddress } from '../wire/address.ts'
import { FILTER_CONSTANTS } from './filter-constants.ts'
import { FilterError } from './filter-error.ts'

export type BpfTokenKind =
  | 'keyword'
  | 'symbol'
  | 'number'
  /** Two to four numbers between dots. */
  | 'ipv4'
  | 'ipv6'
  | 'ether'
  | 'name'
  | 'end'

export interface BpfToken {
  readonly kind: BpfTokenKind
  /** A keyword or symbol in its first spelling, `and` for `&&`; else as written. */
  readonly text: string
  /** Of a number. */
  readonly value: number
  /** Counts from 1. */
  readonly column: number
}

/** Keywords that mean the same as another one. */
const SYNONYMS: Readonly<Record<string, string>> = {
  '&&': 'and',
  '||': 'or',
  '!': 'not',
  '==': '=',
  link: 'ether',
  ppp: 'ether',
  slip: 'ether',
  fddi: 'ether',
  tr: 'ether',
  wlan: 'ether',
  length: 'len',
}

const KEYWORDS = new Set(
  `dst src ether arp rarp ip sctp tcp udp icmp igmp igrp pim vrrp carp ip6 icmp6 ah esp atalk aarp decnet lat sca moprc
  mopdl iso stp ipx netbeui host net mask port portrange proto protochain gateway less greater byte broadcast multicast
  and or not len inbound outbound vlan mpls pppoed pppoes`.split(/\s+/),
)

const SPACE = /[ \r\n\t]+/y
const SYMBOL = /&&|\|\||>=|<=|!=|==|<<|>>|[-+*/%:[\]!<>()&|^=]/y
const OCTET = '[0-9A-Fa-f]{1,2}'
const ETHER = new RegExp(
  `${OCTET}(?::${OCTET}){5}|${OCTET}(?:-${OCTET}){5}|${OCTET}(?:\\.${OCTET}){5}` +
    '|[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}|[0-9A-Fa-f]{12}',
  'y',
)
const NUMBER = /0[xX][0-9A-Fa-f]+|[0-9]+/y
const PARTS = /(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]+|[0-9]+)){1,3}/y
const IPV6 = /[0-9A-Fa-f:]*:[0-9A-Fa-f:]*(?:\d+\.\d+\.\d+\.\d+)?/y
const NAME = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y
const ESCAPED = /\\[^ !()\n\t]+/y

/** @throws FilterError */
export function bpfTokens(expression: string): BpfToken[] {
  const tokens: BpfToken[] = []
  for (let at = 0; ; ) {
    at += lengthAt(SPACE, expression, at)
    if (at === expression.length) {
      tokens.push({ kind: 'end', text: '', value: 0, column: at + 1 })
      return tokens
    }
    const { kind, length } = longestAt(expression, at)
    const text = expression.slice(at, at + length)
    if (length === 0) throw new FilterError(expression, at + 1, `unexpected "${expression[at]}"`)
    tokens.push(tokenOf(expression, kind, text, at + 1))
    at += length
  }
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}

function longestAt(text: string, at: number): { kind: BpfTokenKind; length: number } {
  const found: [BpfTokenKind, number][] = [
    ['symbol', lengthAt(SYMBOL, text, at)],
    ['ether', lengthAt(ETHER, text, at)],
    ['number', lengthAt(NUMBER, text, at)],
    ['ipv4', lengthAt(PARTS, text, at)],
    ['ipv6', ipv6Length(text, at)],
    ['name', lengthAt(NAME, text, at)],
    ['name', lengthAt(ESCAPED, text, at)],
  ]
  let kind: BpfTokenKind = 'name'
  let longest = 0
  for (const [candidate, length] of found) {
    if (length <= longest) continue
    kind = candidate
    longest = length
  }
  return { kind, length: longest }
}

/** Longer than any IPv6 address. */
const MAX_ADDRESS = 46

function ipv6Length(text: string, at: number): number {
  IPV6.lastIndex = at
  const candidate = IPV6.exec(text.slice(0, at + MAX_ADDRESS))?.[0]
  return candidate !== undefined && parseAddress(candidate)?.version === 6 ? candidate.length : 0
}

function tokenOf(expression: string, kind: BpfTokenKind, text: string, column: number): BpfToken {
  if (kind === 'number') return { kind, text, value: numberOf(expression, text, column), column }
  if (kind === 'symbol') {
    const meaning = SYNONYMS[text] ?? text
    return { kind: KEYWORDS.has(meaning) ? 'keyword' : kind, text: meaning, value: 0, column }
  }
  if (kind !== 'name') return { kind, text, value: 0, column }
  if (text.startsWith('\\')) return { kind, text: text.slice(1), value: 0, column }
  const value = FILTER_CONSTANTS.get(text)
  if (value !== undefined) return { kind: 'number', text, value, column }
  const word = SYNONYMS[text] ?? text
  return { kind: KEYWORDS.has(word) ? 'keyword' : kind, text: word, value: 0, column }
}

/** Decimal, octal behind a 0, or hexadecimal behind 0x, as in C. */
export function numberOf(expression: string, text: string, column: number): number {
  const isOctal = /^0[0-9]/.test(text)
  if (isOctal && /[89]/.test(text)) throw new FilterError(expression, column, `"${text}" is no octal number`)
  const value = isOctal ? Number.parseInt(text, 8) : Number(text)
  if (value > 0xffff_ffff) throw new FilterError(expression, column, `"${text}" has more than 32 bits`)
  return value
}
