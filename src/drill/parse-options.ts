/** TCP options in a script: `<mss 1460,nop,wscale 7,sackOK,TS val 1 ecr 0>`, by either of the dialects' names. */

import {
  EXID_ACCECN0,
  EXID_ACCECN1,
  KIND_ACCECN0,
  KIND_ACCECN1,
  KIND_EXPERIMENT_2,
  LENGTH_SACK_BLOCK,
} from '../wire/tcp-options.ts'
import { type Cursor, MAX_UINT8, MAX_UINT16, MAX_UINT32 } from './cursor.ts'
import type { OptionSpec, Place } from './script.ts'
import { wrong } from './source-errors.ts'

const MAX_UINT24 = 0xff_ffff
const MAX_OPTIONS_LENGTH = 40
/** draft-ietf-tcpm-ack-rate-request: how often acknowledgments are wished for, seven bits. */
const EXID_ACK_RATE = 0x00ac
const MAX_ACK_RATE = 0x7f

/** Names with a number in them: an option by its kind, or one of RFC 6994 by its identifier, or what has a hyphen. */
const HYPHENATED = /(?:gen|exp)-[A-Za-z0-9]+/y
const WHOLE_AREA = /[0-9a-fA-F]+(?=\s*>)/y

/** After the `<`. null: `...`, not checked. */
export function parseOptions(cursor: Cursor): OptionSpec[] | null {
  const place = cursor.place()
  if (cursor.takeMark('...')) {
    cursor.expectMark('>')
    return null
  }
  const area = cursor.lexer.raw(WHOLE_AREA)
  const options: OptionSpec[] = []
  if (area !== null) options.push({ kind: 'raw', octets: octetsOf(area, place) })
  else {
    do options.push(parseOption(cursor))
    while (cursor.takeMark(','))
  }
  cursor.expectMark('>', "',' or '>'")
  const length = options.reduce((sum, option) => sum + optionLength(option), 0)
  if (length % 4 !== 0)
    throw wrong(place, `${length} octets of options`, 'a multiple of 4: pad with nop or eol')
  if (length > MAX_OPTIONS_LENGTH) throw wrong(place, `${length} octets of options`, 'at most 40')
  return options
}

/** How many octets an option takes in the header. */
export function optionLength(option: OptionSpec): number {
  switch (option.kind) {
    case 'nop':
    case 'eol':
      return 1
    case 'mss':
      return 4
    case 'wscale':
      return 3
    case 'sackOK':
      return 2
    case 'sack':
      return 2 + LENGTH_SACK_BLOCK * option.blocks.length
    case 'TS':
      return 10
    case 'FO':
      return (option.experimental ? 4 : 2) + option.cookie.length
    case 'md5':
      return 2 + (option.digest?.length ?? 16)
    case 'raw':
      return option.octets.length
    case 'other':
      return 2 + option.data.length
  }
}

function parseOption(cursor: Cursor): OptionSpec {
  const hyphenated = cursor.lexer.raw(HYPHENATED)
  if (hyphenated !== null) return parseHyphenated(cursor, hyphenated)
  const { kind, text } = cursor.token
  const parse = kind === 'word' && Object.hasOwn(OPTIONS, text) ? OPTIONS[text] : undefined
  if (parse === undefined) cursor.fail('a TCP option')
  cursor.next()
  return parse(cursor)
}

const OPTIONS: Readonly<Record<string, (cursor: Cursor) => OptionSpec>> = {
  nop: () => ({ kind: 'nop' }),
  eol: () => ({ kind: 'eol' }),
  mss: (cursor) => ({ kind: 'mss', mss: cursor.integer('an MSS', 0, MAX_UINT16) }),
  wscale: (cursor) => ({ kind: 'wscale', shift: cursor.integer('a shift count', 0, MAX_UINT8) }),
  sackOK: () => ({ kind: 'sackOK' }),
  sack: parseSack,
  TS: parseTimestamps,
  FO: (cursor) => ({ kind: 'FO', cookie: optionalOctets(cursor), experimental: false }),
  FOEXP: (cursor) => ({ kind: 'FO', cookie: optionalOctets(cursor), experimental: true }),
  md5: parseMd5,
  ECN: (cursor) => {
    if (!cursor.isWord('e0b') && !cursor.isWord('e1b')) cursor.fail("'e0b' or 'e1b'")
    const order = cursor.isWord('e0b') ? ['e0b', 'ceb', 'e1b'] : ['e1b', 'ceb', 'e0b']
    const number = order[0] === 'e0b' ? KIND_ACCECN0 : KIND_ACCECN1
    return accEcn(number === KIND_ACCECN0 ? 'AccECN0' : 'AccECN1', number, [], counters(cursor, order))
  },
  AccECN0: (cursor) => accEcn('AccECN0', KIND_ACCECN0, [], counters(cursor, ['ee0b', 'eceb', 'ee1b'])),
  AccECN1: (cursor) => accEcn('AccECN1', KIND_ACCECN1, [], counters(cursor, ['ee1b', 'eceb', 'ee0b'])),
}

function parseHyphenated(cursor: Cursor, name: string): OptionSpec {
  const experimental = (exid: number, counts: number[]) =>
    accEcn(name, KIND_EXPERIMENT_2, [exid >> 8, exid & 0xff], counts)
  const place = cursor.place()
  switch (name) {
    case 'exp-FO':
      return { kind: 'FO', cookie: optionalOctets(cursor), experimental: true }
    case 'exp-AccECN0':
      return experimental(EXID_ACCECN0, counters(cursor, ['ee0b', 'eceb', 'ee1b']))
    case 'exp-AccECN1':
      return experimental(EXID_ACCECN1, counters(cursor, ['ee1b', 'eceb', 'ee0b']))
    case 'exp-tarr': {
      const data = [EXID_ACK_RATE >> 8, EXID_ACK_RATE & 0xff]
      if (cursor.token.kind === 'integer') data.push(cursor.integer('a rate', 0, MAX_ACK_RATE) << 1)
      return { kind: 'other', name, number: KIND_EXPERIMENT_2, data: Uint8Array.from(data) }
    }
  }
  const identifier = name.slice(4)
  if (name.startsWith('gen-')) {
    const number = /^[0-9]+$/.test(identifier) ? Number(identifier) : Number.NaN
    if (!(number <= MAX_UINT8)) throw wrong(place, `${name} is no option`, 'gen- and a kind from 0 to 255')
    return { kind: 'other', name: `gen-${number}`, number, data: optionalOctets(cursor) }
  }
  if (!/^[0-9a-fA-F]{1,4}$/.test(identifier)) {
    throw wrong(place, `${name} is no option`, 'exp- and one to four hexadecimal digits')
  }
  const exid = Number.parseInt(identifier, 16)
  const data = Uint8Array.of(exid >> 8, exid & 0xff, ...optionalOctets(cursor))
  return { kind: 'other', name: `exp-${identifier.toUpperCase()}`, number: KIND_EXPERIMENT_2, data }
}

function parseSack(cursor: Cursor): OptionSpec {
  const blocks: { left: number; right: number }[] = []
  do {
    const left = cursor.integer('the left edge of a SACK block', 0, MAX_UINT32)
    cursor.expectMark(':')
    blocks.push({ left, right: cursor.integer('the right edge of a SACK block', 0, MAX_UINT32) })
  } while (cursor.token.kind === 'integer')
  return { kind: 'sack', blocks }
}

function parseTimestamps(cursor: Cursor): OptionSpec {
  cursor.expectWord('val')
  const anyVal = cursor.takeMark('...')
  const val = anyVal ? 0 : cursor.integer("a timestamp or '...'", 0, MAX_UINT32)
  cursor.expectWord('ecr')
  const ecr = cursor.integer('a timestamp', 0, MAX_UINT32)
  return { kind: 'TS', val, anyVal, ecr, absoluteEcr: cursor.takeMark('!') }
}

function parseMd5(cursor: Cursor): OptionSpec {
  if (cursor.takeWord('valid')) return { kind: 'md5', digest: null }
  const place = cursor.place()
  const digest = optionalOctets(cursor)
  if (digest.length === 0) cursor.fail("a digest in hexadecimal or 'valid'")
  if (digest.length > 16) throw wrong(place, `a digest of ${digest.length} octets`, 'at most 16')
  return { kind: 'md5', digest }
}

/** Counters of AccECN (RFC 9768 3.2.3): the order says which, and the last ones may be absent. */
function counters(cursor: Cursor, order: readonly string[]): number[] {
  const values: number[] = []
  for (const name of order) {
    if (!cursor.takeWord(name)) break
    values.push(cursor.integer('a counter', 0, MAX_UINT24))
  }
  return values
}

function accEcn(name: string, number: number, prefix: number[], values: number[]): OptionSpec {
  const octets = values.flatMap((value) => [value >> 16, (value >> 8) & 0xff, value & 0xff])
  return { kind: 'other', name, number, data: Uint8Array.from([...prefix, ...octets]) }
}

function optionalOctets(cursor: Cursor): Uint8Array {
  const { kind, text } = cursor.token
  if (kind !== 'word' && kind !== 'integer') return new Uint8Array(0)
  const octets = octetsOf(text, cursor.place())
  cursor.next()
  return octets
}

function octetsOf(text: string, place: Place): Uint8Array {
  if (text.length > 2 * MAX_OPTIONS_LENGTH) throw wrong(place, `${text.length} digits`, 'at most 80')
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) {
    const why = /^[0-9a-fA-F]*$/.test(text)
      ? 'has an odd number of digits'
      : 'is neither hexadecimal nor defined'
    throw wrong(place, `${text} ${why}`, 'pairs of hexadecimal digits')
  }
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  )
}
