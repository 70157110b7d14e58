/** The parser's place in a script: takes what is there, or says what was expected. */

import { described, Lexer, type Token } from './lexer.ts'
import type { Place } from './script.ts'
import { expectedBut, wrong } from './source-errors.ts'

export const MAX_UINT8 = 0xff
export const MAX_UINT16 = 0xffff
export const MAX_UINT32 = 0xffff_ffff

export class Cursor {
  readonly lexer: Lexer

  constructor(text: string, file: string, definitions: Map<string, string>) {
    this.lexer = new Lexer(text, file, definitions)
  }

  get token(): Token {
    return this.lexer.peek()
  }

  place(): Place {
    return this.lexer.place()
  }

  next(): Token {
    return this.lexer.next()
  }

  isMark(mark: string): boolean {
    const { kind, text } = this.token
    return kind === 'mark' && text === mark
  }

  isWord(word: string): boolean {
    const { kind, text } = this.token
    return kind === 'word' && text === word
  }

  takeMark(mark: string): boolean {
    const found = this.isMark(mark)
    if (found) this.next()
    return found
  }

  takeWord(word: string): boolean {
    const found = this.isWord(word)
    if (found) this.next()
    return found
  }

  expectMark(mark: string, expected = `'${mark}'`): void {
    if (!this.takeMark(mark)) this.fail(expected)
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) this.fail(`'${word}'`)
  }

  /** A decimal number in a range. */
  integer(what: string, min: number, max: number): number {
    const { kind, text } = this.token
    if (kind !== 'integer') this.fail(what)
    return this.inRange(Number(text), what, min, max)
  }

  /** A number in decimal or in hexadecimal. */
  number(what: string, min: number, max: number): number {
    const { kind, text } = this.token
    if (kind !== 'integer' && kind !== 'hex') this.fail(what)
    return this.inRange(Number(text), what, min, max)
  }

  /** Throws: something else was expected here. */
  fail(expected: string): never {
    throw expectedBut(this.place(), expected, described(this.token))
  }

  private inRange(value: number, what: string, min: number, max: number): number {
    if (value < min || value > max) {
      throw wrong(this.place(), `${this.token.text} is out of range`, `${what} from ${min} to ${max}`)
    }
    this.next()
    return value
  }
}
