/** What a script says of the IP header: `[ect0]`, `(ttl 1)`, `[tos 0x10, flowlabel 0x2]`. */

import { type Cursor, MAX_UINT8 } from './cursor.ts'
import type { IpSpec } from './script.ts'
import { wrong } from './source-errors.ts'

const MAX_DSCP = 0x3f
const MAX_FLOW_LABEL = 0xf_ffff
const VOICE_ADMIT = /voice-admit/y

/** Code points by name (RFC 2474, 2597, 3246, 5865, 8622); `voice-admit` is 44. */
const DSCP_NAMES: Readonly<Record<string, number>> = {
  le: 1,
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`cs${n}`, 8 * n])),
  ...Object.fromEntries([1, 2, 3, 4].flatMap((c) => [1, 2, 3].map((d) => [`af${c}${d}`, 8 * c + 2 * d]))),
  ef: 46,
}
const ECN_WORDS = ['noecn', 'ect0', 'ect1', 'ect01', 'ce'] as const

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function parseIpInfo(cursor: Cursor, direction: 'in' | 'out'): IpSpec {
  const ip: Mutable<IpSpec> = { ecn: null, tos: null, dscp: null, ttl: null, flowLabel: null }
  const close = cursor.takeMark('(') ? ')' : cursor.takeMark('[') ? ']' : null
  if (close === null) return ip
  const place = cursor.place()
  do parseItem(cursor, ip)
  while (cursor.takeMark(','))
  cursor.expectMark(close, `',' or '${close}'`)
  if (ip.ecn === 'ect01' && direction === 'in') throw wrong(place, 'ect01 in a packet in', 'ect0 or ect1')
  return ip
}

function parseItem(cursor: Cursor, ip: Mutable<IpSpec>): void {
  const place = cursor.place()
  const name = cursor.token.kind === 'word' ? cursor.token.text : ''
  if (name === 'ecn' || ECN_WORDS.some((word) => word === name)) {
    cursor.takeWord('ecn')
    const ecn = ECN_WORDS.find((word) => cursor.takeWord(word)) ?? cursor.fail(ECN_WORDS.join(', '))
    if (ip.tos !== null || ip.ecn !== null) throw wrong(place, 'ECN given twice', 'it once')
    ip.ecn = ecn
  } else if (cursor.takeWord('tos') || cursor.takeWord('class')) {
    if (ip.tos !== null || ip.ecn !== null || ip.dscp !== null)
      throw wrong(place, `${name} given twice`, 'it once')
    ip.tos = cursor.number('the octet', 0, MAX_UINT8)
  } else if (cursor.takeWord('dscp')) {
    if (ip.tos !== null || ip.dscp !== null) throw wrong(place, 'dscp given twice', 'it once')
    ip.dscp = parseDscp(cursor)
  } else if (cursor.takeWord('ttl') || cursor.takeWord('hlim')) {
    ip.ttl = cursor.integer('a TTL', 0, MAX_UINT8)
  } else if (cursor.takeWord('flowlabel')) {
    ip.flowLabel = cursor.number('a flow label', 0, MAX_FLOW_LABEL)
  } else {
    cursor.fail('one of ect0, ect1, ect01, ce, noecn, ecn, tos, class, dscp, ttl, hlim, flowlabel')
  }
}

function parseDscp(cursor: Cursor): number {
  if (cursor.lexer.raw(VOICE_ADMIT) !== null) return 44
  const { kind, text } = cursor.token
  if (kind !== 'word' || !Object.hasOwn(DSCP_NAMES, text)) return cursor.number('a code point', 0, MAX_DSCP)
  cursor.next()
  return DSCP_NAMES[text]!
}
