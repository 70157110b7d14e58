/**
 * A script's text as tokens, one at a time, so that the parser can also read what has no token of its own (flags,
 * addresses, notes) from the text itself. Comments, blanks and what `#ifdef` leaves out never come up.
 */

import type { Place } from './script.ts'
import { wrong } from './source-errors.ts'

export type TokenKind =
  | 'integer'
  | 'hex'
  | 'float'
  | 'word'
  | 'string'
  | 'command'
  | 'code'
  /** `--name` */
  | 'option'
  /** One character, or `...`. */
  | 'mark'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Numbers, words and marks as they stand or as they are defined; what stands between the delimiters of the others. */
  readonly text: string
  /** Octets of the text, from 0. */
  readonly start: number
  readonly line: number
  readonly column: number
}

/** An `#ifdef` that is still open around the present place. */
interface Condition {
  readonly place: Place
  readonly outer: Condition | null
  readonly sawElse: boolean
}

const BLANK = /[ \t\r\n\f\v]*/y
const FLOAT = /-?[0-9]*\.[0-9]+/y
const NEGATIVE = /-[0-9]+/y
const WORD = /[A-Za-z0-9_]+/y
const OPTION = /--[A-Za-z0-9_]+/y
const HEX = /^0x[0-9a-fA-F]+$/
const DECIMAL = /^-?[0-9]+$/
const DIRECTIVE = /#(ifdef|ifndef|else|endif)(?![A-Za-z0-9_])/y
const NEXT_DIRECTIVE = /#(ifdef|ifndef|else|endif)(?![A-Za-z0-9_])/g
const NAME = /[ \t\r\n]*([A-Za-z_][A-Za-z0-9_]*)/y

export class Lexer {
  readonly file: string
  /** What words stand for, as `--define` gives it: a number, a word, `"text"` or `` `command` ``. */
  readonly definitions: Map<string, string>
  private readonly text: string
  private position = 0
  private line = 1
  private lineStart = 0
  /** The first newline from the position on, or the text's length. */
  private newline = 0
  private peeked: Token | null = null
  private condition: Condition | null = null
  /** Start and end of each comment and directive since `mark`, and where the last token ended. */
  private gaps: number[] = []
  private lastEnd = 0

  constructor(text: string, file: string, definitions: Map<string, string>) {
    this.text = text
    this.file = file
    this.definitions = definitions
    if (text.startsWith('\uFEFF')) this.position = this.lineStart = 1
    this.newline = this.newlineFrom(0)
  }

  /** The next token, which stays the next one. */
  peek(): Token {
    return (this.peeked ??= this.read())
  }

  next(): Token {
    const token = this.peek()
    this.peeked = null
    this.lastEnd = this.position
    return token
  }

  /** What stands next by a sticky pattern, taken where it fits (and is not empty); else null, and nothing is taken. */
  raw(pattern: RegExp): string | null {
    this.toNext()
    const found = this.match(pattern)
    if (found === null || found === '') return null
    this.advance(this.position + found.length)
    this.lastEnd = this.position
    return found
  }

  /** Whether the last token ends at a blank, a comment or the end of the text. */
  isBlankNext(): boolean {
    return /^$|\s/.test(this.text.slice(this.lastEnd, this.lastEnd + 1))
  }

  /** The place of what stands next. */
  place(): Place {
    if (this.peeked !== null) return this.placeOf(this.peeked)
    this.toNext()
    return this.here()
  }

  placeOf({ line, column }: Token): Place {
    return { file: this.file, line, column }
  }

  /** From here on `source` tells the text; the offset to hand to it. */
  mark(): number {
    const { start } = this.peek()
    this.gaps = []
    return start
  }

  /** The text from a mark to the last token that was taken, in one line and without comments. */
  source(from: number): string {
    let text = ''
    let at = from
    for (let i = 0; i < this.gaps.length && this.gaps[i]! < this.lastEnd; i += 2) {
      text += `${this.text.slice(at, this.gaps[i])} `
      at = this.gaps[i + 1]!
    }
    return (text + this.text.slice(at, this.lastEnd)).replace(/\s+/g, ' ').trim()
  }

  /** Back to the start of the token that was looked at, or on to what stands next. */
  private toNext(): void {
    if (this.peeked === null) return this.skipBlanks()
    this.position = this.peeked.start
    if (this.line !== this.peeked.line) this.newline = this.newlineFrom(this.position)
    this.line = this.peeked.line
    this.lineStart = this.peeked.start - this.peeked.column + 1
    this.peeked = null
  }

  private read(): Token {
    this.skipBlanks()
    const start = this.position
    const line = this.line
    const column = start - this.lineStart + 1
    const token = (kind: TokenKind, text: string): Token => ({ kind, text, start, line, column })
    const first = this.text[start]
    if (first === undefined) return this.end(token('end', ''))
    if (first === '"') return token('string', this.delimited('"', '"', true))
    if (first === '`') return token('command', this.delimited('`', '`', true))
    if (this.text.startsWith('%{', start)) {
      return token('code', trimmed(this.delimited('%{', '}%', false)))
    }
    if (this.text.startsWith('...', start)) return token('mark', this.take('...'))
    const option = this.match(OPTION)
    if (option !== null) return token('option', this.take(option).slice(2))
    const number = this.match(FLOAT)
    if (number !== null) return token('float', this.take(number))
    const word = this.match(WORD) ?? this.match(NEGATIVE)
    if (word === null) return token('mark', this.take(first))
    this.take(word)
    const meant = this.defined(word)
    return token(meant.kind, meant.text)
  }

  /** A word's kind, or what is defined for it. */
  private defined(word: string): { kind: TokenKind; text: string } {
    if (DECIMAL.test(word)) return { kind: 'integer', text: word }
    if (HEX.test(word)) return { kind: 'hex', text: word }
    const value = this.definitions.get(word)
    // A name that is defined without a value is for #ifdef; as a word it stays what it is.
    if (value === undefined || value === '') return { kind: 'word', text: word }
    if (/^".*"$/s.test(value)) return { kind: 'string', text: value.slice(1, -1) }
    if (/^`.*`$/s.test(value)) return { kind: 'command', text: value.slice(1, -1) }
    if (/^-?0[0-7]+$/.test(value)) return { kind: 'integer', text: String(Number.parseInt(value, 8)) }
    if (DECIMAL.test(value)) return { kind: 'integer', text: value }
    return { kind: HEX.test(value) ? 'hex' : 'word', text: value }
  }

  private end(token: Token): Token {
    if (this.condition === null) return token
    throw wrong(this.condition.place, 'this condition never ends', '#endif')
  }

  private skipBlanks(): void {
    for (;;) {
      this.advance(this.position + (this.match(BLANK) ?? '').length)
      const start = this.position
      if (this.text.startsWith('//', start)) this.skipTo('\n', this.text.length)
      else if (this.text.startsWith('/*', start)) this.skipTo('*/', null)
      else if (this.text[start] !== '#' || !this.takeDirective()) return
      this.gaps.push(start, this.position)
    }
  }

  /** `otherwise`: where to go if the delimiter does not come; null: that is wrong. */
  private skipTo(delimiter: string, otherwise: number | null): void {
    const found = this.text.indexOf(delimiter, this.position + 2)
    if (found === -1 && otherwise === null) throw wrong(this.here(), 'this comment never ends', delimiter)
    this.advance(found === -1 ? otherwise! : found + delimiter.length)
  }

  private takeDirective(): boolean {
    const place = this.here()
    const directive = this.match(DIRECTIVE)
    if (directive === null) return false
    this.take(directive)
    if (directive === '#ifdef' || directive === '#ifndef') {
      const holds = this.definitions.has(this.conditionName(directive)) === (directive === '#ifdef')
      this.condition = { place, outer: this.condition, sawElse: false }
      if (!holds) this.skipBranch(true)
    } else if (this.condition === null) {
      throw wrong(place, `${directive} without a condition`, '#ifdef before it')
    } else if (directive === '#endif') {
      this.condition = this.condition.outer
    } else {
      this.enterElse(place)
      this.skipBranch(false)
    }
    return true
  }

  private conditionName(directive: string): string {
    NAME.lastIndex = this.position
    const name = NAME.exec(this.text)
    if (name === null) throw wrong(this.here(), `${directive} without a name`, 'a name')
    this.advance(this.position + name[0].length)
    return name[1]!
  }

  private enterElse(place: Place): void {
    const { sawElse, outer, place: opened } = this.condition!
    if (sawElse) throw wrong(place, 'a second #else', '#endif')
    this.condition = { place: opened, outer, sawElse: true }
  }

  /** Past what does not hold: to the #endif of the condition, or into its #else. */
  private skipBranch(mayEnterElse: boolean): void {
    let depth = 0
    for (;;) {
      NEXT_DIRECTIVE.lastIndex = this.position
      const found = NEXT_DIRECTIVE.exec(this.text)
      if (found === null) throw wrong(this.condition!.place, 'this condition never ends', '#endif')
      this.advance(found.index)
      const place = this.here()
      this.take(found[0])
      if (found[1] === 'endif') {
        if (depth-- > 0) continue
        this.condition = this.condition!.outer
        return
      }
      if (found[1] !== 'else') depth++
      else if (depth === 0) {
        this.enterElse(place)
        if (mayEnterElse) return
      }
    }
  }

  /** Takes what stands from `open` to `close` and gives what stands between them. */
  private delimited(open: string, close: string, hasEscapes: boolean): string {
    const from = this.position + open.length
    let at = from
    while (!this.text.startsWith(close, at)) {
      at += hasEscapes && this.text[at] === '\\' ? 2 : 1
      if (at >= this.text.length) throw wrong(this.here(), `this ${open} never ends`, close)
    }
    this.advance(at + close.length)
    return this.text.slice(from, at)
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.position
    return pattern.exec(this.text)?.[0] ?? null
  }

  private take(found: string): string {
    this.advance(this.position + found.length)
    return found
  }

  private advance(to: number): void {
    while (this.newline < to) {
      this.line++
      this.lineStart = this.newline + 1
      this.newline = this.newlineFrom(this.lineStart)
    }
    this.position = to
  }

  private newlineFrom(from: number): number {
    const found = this.text.indexOf('\n', from)
    return found === -1 ? this.text.length : found
  }

  private here(): Place {
    return { file: this.file, line: this.line, column: this.position - this.lineStart + 1 }
  }
}

/** Without the blanks at both ends, but with the lines: one may end in a backslash. */
function trimmed(code: string): string {
  let end = code.length
  while (code[end - 1] === ' ' || code[end - 1] === '\t') end--
  return code.slice(0, end).replace(/^[ \t]+/, '')
}

/** What a token looks like to whoever reads an error. */
export function described({ kind, text }: Token): string {
  if (kind === 'end') return 'the end of the script'
  const shown = JSON.stringify(text.length > 24 ? `${text.slice(0, 24)}...` : text).slice(1, -1)
  if (kind === 'string') return `"${shown}"`
  if (kind === 'command') return `\`${shown}\``
  if (kind === 'code') return `%{ ${shown} }%`
  return kind === 'option' ? `--${shown}` : `'${shown}'`
}
