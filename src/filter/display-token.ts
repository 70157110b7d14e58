/** The words of a display filter: the language of Wireshark 4.0 (wireshark-filter(4)). */

import { encodeUtf8 } from '../capture/utf8.ts'
import { FilterError } from './filter-error.ts'

export type DisplayTokenKind = 'operator' | 'word' | 'string' | 'character' | 'end'

export interface DisplayToken {
  readonly kind: DisplayTokenKind
  /** An operator in its first spelling, a word as written; of a string each octet as the character of its number. */
  readonly text: string
  /** Counts from 1. */
  readonly column: number
}

const OPERATORS: ReadonlyMap<string, string> = new Map([
  ...['==', '!=', '===', '!==', '>', '>=', '<', '<=', '&', '+', '-', '*', '/', '%'].map(same),
  ...['(', ')', '[', ']', '{', '}', ',', '..', '#'].map(same),
  ['~=', '!=='],
  ['~', 'matches'],
  ['!', 'not'],
  ['&&', 'and'],
  ['||', 'or'],
])

function same(text: string): [string, string] {
  return [text, text]
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ...['contains', 'matches', 'in', 'and', 'or', 'not', 'any', 'all'].map(same),
  ['eq', '=='],
  ['any_eq', '=='],
  ['ne', '!='],
  ['all_ne', '!='],
  ['all_eq', '==='],
  ['any_ne', '!=='],
  ['gt', '>'],
  ['ge', '>='],
  ['lt', '<'],
  ['le', '<='],
  ['bitwise_and', '&'],
])

const SPACE = /[ \t\r\n]+/y
const OPERATOR = /===|!==|==|!=|~=|>=|<=|&&|\|\||\.\.|[><&+\-*/%()[\]{},#~!]/y
/**
 * Names, numbers, addresses and hexadecimal octets are one kind of word: what it is, is told by what it is compared with.
 * Dots and minus signs belong to it where they stand between its parts.
 */
const WORD = /[A-Za-z0-9_:.][A-Za-z0-9_:]*(?:(?:\.(?!\.)|-(?=[A-Za-z0-9]))[A-Za-z0-9_:]+)*/y
/** An address may have the length of a prefix behind it; a field is divided by a number. */
const ADDRESS = /^(?:\d+(?:\.\d+)+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$/
const PREFIX_LENGTH = /\/\d+/y
const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  '"': 34,
  "'": 39,
}

/** @throws FilterError */
export function displayTokens(expression: string): DisplayToken[] {
  const tokens: DisplayToken[] = []
  for (let at = 0; ; ) {
    at += matchAt(SPACE, expression, at).length
    const column = at + 1
    if (at === expression.length) {
      tokens.push({ kind: 'end', text: '', column })
      return tokens
    }
    const quoted = quotedAt(expression, at)
    if (quoted !== null) {
      tokens.push({ kind: quoted.kind, text: quoted.text, column })
      at += quoted.length
      continue
    }
    const word = wordAt(expression, at, tokens.at(-1))
    const text = word === '' ? matchAt(OPERATOR, expression, at) : word
    if (text === '') throw new FilterError(expression, column, `unexpected "${expression[at]}"`)
    const meaning = (word === '' ? OPERATORS : WORDS).get(text)
    tokens.push({ kind: meaning === undefined ? 'word' : 'operator', text: meaning ?? text, column })
    at += text.length
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

/** Behind "[" and "#" stand only numbers with signs between them. */
function wordAt(text: string, at: number, before: DisplayToken | undefined): string {
  if (text.startsWith('..', at)) return ''
  const word = matchAt(WORD, text, at)
  if (before?.kind === 'operator' && before.text === '#') return /^\d+/.exec(word)?.[0] ?? word
  return ADDRESS.test(word) ? word + matchAt(PREFIX_LENGTH, text, at + word.length) : word
}

interface Quoted {
  readonly kind: 'string' | 'character'
  readonly text: string
  readonly length: number
}

/** A string, a string without escapes behind r, or a character. */
function quotedAt(expression: string, start: number): Quoted | null {
  const isRaw = /^[rR]"/.test(expression.slice(start, start + 2))
  const quote = expression[isRaw ? start + 1 : start]!
  if (quote !== '"' && quote !== "'") return null
  const octets: number[] = []
  for (let at = start + (isRaw ? 2 : 1); at < expression.length; ) {
    const letter = expression[at]!
    if (letter === quote) {
      const text = octets.map((octet) => String.fromCharCode(octet)).join('')
      if (quote === "'" && octets.length !== 1) {
        throw new FilterError(expression, start + 1, 'expected one character between quotes')
      }
      return { kind: quote === '"' ? 'string' : 'character', text, length: at + 1 - start }
    }
    if (letter !== '\\' || isRaw) {
      const character = String.fromCodePoint(expression.codePointAt(at)!)
      octets.push(...encodeUtf8(character))
      at += character.length
      continue
    }
    const escaped = escapeAt(expression, at)
    octets.push(escaped.code)
    at += escaped.length
  }
  throw new FilterError(expression, start + 1, `expected ${quote} at the end of what starts here`)
}

function escapeAt(expression: string, at: number): { code: number; length: number } {
  const hex = /^\\x[0-9A-Fa-f]{1,2}/.exec(expression.slice(at, at + 4))?.[0]
  if (hex !== undefined) return { code: Number.parseInt(hex.slice(2), 16), length: hex.length }
  const octal = /^\\[0-7]{1,3}/.exec(expression.slice(at, at + 4))?.[0]
  if (octal !== undefined) return { code: Number.parseInt(octal.slice(1), 8) & 0xff, length: octal.length }
  const code = ESCAPES[expression[at + 1] ?? '']
  if (code === undefined) {
    throw new FilterError(
      expression,
      at + 1,
      `expected an escape such as \\n or \\x41; for regular expressions write r"..."`,
    )
  }
  return { code, length: 2 }
}
