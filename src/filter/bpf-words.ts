/** The words of a capture filter as a parser goes through them. */

import { type BpfToken, bpfTokens } from './bpf-token.ts'
import { FilterError } from './filter-error.ts'

/** Parentheses, signs and negations within each other; more is a mistake, and would be the end of the call stack. */
const MAX_DEPTH = 200

export class BpfWords {
  readonly expression: string
  at = 0
  readonly #tokens: readonly BpfToken[]
  #depth = 0

  constructor(expression: string) {
    this.expression = expression
    this.#tokens = bpfTokens(expression)
  }

  get token(): BpfToken {
    return this.#tokens[this.at]!
  }

  get next(): BpfToken | undefined {
    return this.#tokens[this.at + 1]
  }

  isKeyword(text: string): boolean {
    return this.token.kind === 'keyword' && this.token.text === text
  }

  isSymbol(text: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === text
  }

  symbol(text: string): void {
    if (!this.isSymbol(text)) this.expected(`"${text}"`)
    this.at++
  }

  number(what: string): number {
    const { kind, value } = this.token
    if (kind !== 'number') return this.expected(what)
    this.at++
    return value
  }

  optionalNumber(): number | null {
    return this.token.kind === 'number' ? this.number('a number') : null
  }

  deeper<T>(inner: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      this.fail(this.token.column, `more than ${MAX_DEPTH} levels within each other`)
    }
    const result = inner()
    this.#depth--
    return result
  }

  expected(what: string): never {
    const { kind, text, column } = this.token
    return this.fail(column, `expected ${what}, not ${kind === 'end' ? 'the end' : `"${text}"`}`)
  }

  fail(column: number, reason: string): never {
    throw new FilterError(this.expression, column, reason)
  }
}
