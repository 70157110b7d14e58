/** TCP options from tcpdump's words, `mss 1460,nop,wscale 7,sack 1 {1:2}`, to octets. */

import {
  EXID_TFO,
  KIND_AO,
  KIND_EOL,
  KIND_EXPERIMENT_2,
  KIND_MD5,
  KIND_MSS,
  KIND_NOP,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TFO,
  KIND_TIMESTAMPS,
  KIND_UTO,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'

/** Octets of an option whose length cannot be: what a printer says [bad opt] of. */
const BAD_OPTION = [253, 0]
const MAX_OPTIONS = 40

export interface ReadOptions {
  readonly octets: number[]
  /** Places in `octets` of the edges of SACK blocks, four octets each, which stand there as they were printed. */
  readonly edges: number[]
  /** Words that mean no option known here; each was left out. */
  readonly unknown: string[]
}

/** @param text what stands between the brackets. */
export function readOptionsText(text: string): ReadOptions {
  const read: ReadOptions = { octets: [], edges: [], unknown: [] }
  for (const words of separated(text)) {
    const option = octetsOf(words)
    if (option === null) {
      read.unknown.push(words)
      continue
    }
    if (read.octets.length + option.length > MAX_OPTIONS) break
    if (option[0] === KIND_SACK) {
      for (let at = 2; at < option.length; at += 4) read.edges.push(read.octets.length + at)
    }
    read.octets.push(...option)
  }
  return read
}

/** Splits at commas, but not inside braces, nor in the one option whose words have a comma. */
function separated(text: string): string[] {
  const words: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at <= text.length; at++) {
    const letter = text[at]
    if (letter === '{') depth++
    else if (letter === '}') depth = Math.max(0, depth - 1)
    const isEnd = at === text.length
    if (!isEnd && (letter !== ',' || depth > 0 || text.startsWith(", can't check", at))) continue
    if (at > from) words.push(text.slice(from, at))
    from = at + 1
  }
  return words
}

function octetsOf(words: string): number[] | null {
  const [name, first, second, third, fourth] = words.trim().split(/ +/)
  switch (name) {
    case 'eol':
      return [KIND_EOL]
    case 'nop':
      return [KIND_NOP]
    case 'mss':
      return first === undefined ? null : [KIND_MSS, 4, ...numberOctets(first, 2)]
    case 'wscale':
      return first === undefined ? null : [KIND_WINDOW_SCALE, 3, ...numberOctets(first, 1)]
    case 'sackOK':
      return [KIND_SACK_PERMITTED, 2]
    case 'TS':
      return [KIND_TIMESTAMPS, 10, ...numberOctets(second, 4), ...numberOctets(fourth, 4)]
    case 'sack':
      return sackOctets(words)
    case 'tfo':
      return withHex([KIND_TFO], first === 'cookie' ? second : '')
    case 'exp-tfo':
      return withHex([KIND_EXPERIMENT_2, EXID_TFO >> 8, EXID_TFO & 0xff], first === 'cookie' ? second : '')
    case 'uto':
      return first === undefined ? null : [KIND_UTO, 4, ...numberOctets(first, 2)]
    case 'tcp-ao':
      return authenticationOctets(words)
    case 'md5':
      return withHex([KIND_MD5], words.split(/ +/).at(-1))
    case '[bad':
      return BAD_OPTION
    default:
      return name?.startsWith('unknown-') && third === undefined ? unknownOctets(name, first) : null
  }
}

function sackOctets(words: string): number[] | null {
  const edges = [...words.matchAll(/\{(\d{1,10}):(\d{1,10})\}/g)].flatMap(([, left, right]) => [left, right])
  return edges.length > 8
    ? null
    : [KIND_SACK, 2 + 4 * edges.length, ...edges.flatMap((edge) => numberOctets(edge, 4))]
}

function authenticationOctets(words: string): number[] | null {
  if (words.endsWith('(invalid)')) return [KIND_AO, 2]
  const match = /keyid (\d+) rnextkeyid (\d+)(?: mac (0x[0-9a-f]*))?/.exec(words)
  if (match === null) return null
  return withHex([KIND_AO, Number(match[1]) & 0xff, Number(match[2]) & 0xff], match[3] ?? '')
}

function unknownOctets(name: string, value: string | undefined): number[] | null {
  const kind = Number(name.slice('unknown-'.length))
  return Number.isInteger(kind) && kind > 1 && kind < 256 ? withHex([kind], value ?? '') : null
}

/** Kind, length, what stands before the value, and the value in hexadecimal digits; null where they are none. */
function withHex([kind, ...before]: number[], digits: string | undefined): number[] | null {
  const value = hexOctets((digits ?? '').replace(/^0x/, ''))
  if (value === null || value.length > MAX_OPTIONS) return null
  return [kind!, 2 + before.length + value.length, ...before, ...value]
}

/** null where these are not pairs of hexadecimal digits. */
export function hexOctets(digits: string): number[] | null {
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return null
  const octets: number[] = []
  for (let at = 0; at < digits.length; at += 2) octets.push(Number.parseInt(digits.slice(at, at + 2), 16))
  return octets
}

/** The lowest octets of a number, the highest first; 0 for what is none. */
function numberOctets(text: string | undefined, length: number): number[] {
  const value = Number(text)
  const octets: number[] = []
  for (let k = length - 1; k >= 0; k--)
    octets.push(Math.floor((Number.isFinite(value) ? value : 0) / 2 ** (8 * k)) & 0xff)
  return octets
}
