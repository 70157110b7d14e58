/** Reads display filters: the grammar of Wireshark 4.0, in which `and` binds tighter than `or`. */

import type {
  Comparison,
  DisplayExpression,
  Entity,
  OctetRange,
  Quantifier,
  SetElement,
} from './display-syntax.ts'
import { type DisplayToken, displayTokens } from './display-token.ts'
import { FilterError } from './filter-error.ts'

/** More is a mistake, and would be the end of the call stack. */
const MAX_DEPTH = 200
const MAX_CONDITIONS = 4096

const COMPARISONS: readonly string[] = ['==', '!=', '===', '!==', '>', '>=', '<', '<=']
const BINDING: Readonly<Record<string, number>> = { '&': 1, '+': 2, '-': 2, '*': 3, '/': 3, '%': 3 }

type Part = DisplayExpression

/** @returns null for a filter without words, which every frame passes. @throws FilterError */
export function parseDisplay(expression: string): DisplayExpression | null {
  return new DisplayParser(expression).parse()
}

class DisplayParser {
  readonly #expression: string
  readonly #tokens: readonly DisplayToken[]
  #at = 0
  #depth = 0
  #conditions = 0

  constructor(expression: string) {
    this.#expression = expression
    this.#tokens = displayTokens(expression)
  }

  parse(): DisplayExpression | null {
    if (this.#tokens.length === 1) return null
    const parsed = this.#or()
    if (this.#token.kind !== 'end') this.#expected('"and", "or" or the end')
    return parsed
  }

  get #token(): DisplayToken {
    return this.#tokens[this.#at]!
  }

  #is(operator: string): boolean {
    return this.#token.kind === 'operator' && this.#token.text === operator
  }

  #take(operator: string): boolean {
    if (!this.#is(operator)) return false
    this.#at++
    return true
  }

  #or(): Part {
    let left = this.#and()
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and() }
    return left
  }

  #and(): Part {
    let left = this.#not()
    while (this.#take('and')) {
      if (++this.#conditions > MAX_CONDITIONS) this.#fail(`more than ${MAX_CONDITIONS} conditions`)
      left = { kind: 'and', left, right: this.#not() }
    }
    return left
  }

  #not(): Part {
    if (this.#take('not')) return this.#deeper(() => ({ kind: 'not', operand: this.#not() }))
    if (++this.#conditions > MAX_CONDITIONS) this.#fail(`more than ${MAX_CONDITIONS} conditions`)
    if (this.#take('(')) {
      const inner = this.#deeper(() => this.#or())
      this.#operator(')')
      return inner
    }
    return this.#relation()
  }

  #relation(): Part {
    const quantifier: Quantifier = this.#take('any') ? 'any' : this.#take('all') ? 'all' : null
    const left = this.#arithmetic(0)
    const { kind, text, column } = this.#token
    if (kind === 'operator') {
      if (COMPARISONS.includes(text)) return this.#comparison(left, quantifier)
      if (text === 'contains' || text === 'matches') {
        this.#at++
        return { kind: text, quantifier, left, right: this.#entity(), column }
      }
      if (this.#take('in')) return { kind: 'in', quantifier, left, set: this.#set(), column }
      const next = this.#tokens[this.#at + 1]
      if (text === 'not' && next?.kind === 'operator' && next.text === 'in') {
        this.#at += 2
        return { kind: 'not', operand: { kind: 'in', quantifier, left, set: this.#set(), column } }
      }
    }
    if (quantifier !== null) return this.#expected('a comparison')
    return { kind: 'test', entity: left }
  }

  /** `a < b < c` is `a < b and b < c`. */
  #comparison(first: Entity, quantifier: Quantifier): Part {
    let left = first
    let all: Part | null = null
    while (this.#token.kind === 'operator' && COMPARISONS.includes(this.#token.text)) {
      const { text, column } = this.#token
      if (++this.#conditions > MAX_CONDITIONS) this.#fail(`more than ${MAX_CONDITIONS} conditions`)
      this.#at++
      const right = this.#arithmetic(0)
      const one: Part = {
        kind: 'comparison',
        comparison: text as Comparison,
        quantifier,
        left,
        right,
        column,
      }
      all = all === null ? one : { kind: 'and', left: all, right: one }
      left = right
    }
    return all!
  }

  #set(): SetElement[] {
    this.#operator('{')
    const elements: SetElement[] = []
    do {
      const low = this.#signed()
      elements.push({ low, high: this.#take('..') ? this.#signed() : null })
    } while (this.#take(','))
    this.#operator('}')
    return elements
  }

  #arithmetic(least: number): Entity {
    let left = this.#signed()
    for (;;) {
      const { kind, text, column } = this.#token
      const binding = kind === 'operator' ? (BINDING[text] ?? 0) : 0
      if (binding <= least) return left
      this.#at++
      const right = this.#deeper(() => this.#arithmetic(binding))
      left = { kind: 'arithmetic', operator: text as '+', left, right, column }
    }
  }

  #signed(): Entity {
    const { column } = this.#token
    if (this.#take('-')) return { kind: 'negative', operand: this.#entity(), column }
    this.#take('+')
    return this.#entity()
  }

  #entity(): Entity {
    if (this.#take('{')) {
      const inner = this.#deeper(() => this.#arithmetic(0))
      this.#operator('}')
      return inner
    }
    let entity = this.#simple()
    while (this.#is('[')) {
      const { column } = this.#token
      entity = { kind: 'slice', of: entity, ranges: this.#ranges(), column }
      if (++this.#conditions > MAX_CONDITIONS) this.#fail(`more than ${MAX_CONDITIONS} conditions`)
    }
    return entity
  }

  #simple(): Entity {
    const { kind, text, column } = this.#token
    if (kind === 'string' || kind === 'character') {
      this.#at++
      return { kind, text, column }
    }
    if (kind !== 'word') return this.#expected('a field or a value')
    this.#at++
    if (this.#take('(')) {
      const parameters: Entity[] = []
      if (!this.#is(')')) {
        do parameters.push(this.#deeper(() => this.#arithmetic(0)))
        while (this.#take(','))
      }
      this.#operator(')')
      return { kind: 'call', name: text, parameters, column }
    }
    if (!this.#take('#')) return { kind: 'word', text, layers: null, column }
    if (this.#is('[')) return { kind: 'word', text, layers: this.#ranges(), column }
    const number = this.#token
    if (number.kind !== 'word' || !/^\d+$/.test(number.text)) return this.#expected('the number of a layer')
    this.#at++
    return { kind: 'word', text, layers: [{ start: Number(number.text), length: 1, last: null }], column }
  }

  /** What stands between brackets is one text: `3`, `1-2`, `0:4`, `:4`, `2:`, `-4:4`, with commas between several. */
  #ranges(): OctetRange[] {
    const open = this.#token
    const start = open.column
    const end = this.#expression.indexOf(']', start)
    if (end < 0) this.#failAt(start, 'expected "]" to what starts here')
    const ranges: OctetRange[] = []
    let column = start + 1
    for (const part of this.#expression.slice(start, end).split(',')) {
      ranges.push(this.#range(part, column))
      column += part.length + 1
    }
    while (this.#token.column <= end) this.#at++
    this.#operator(']')
    return ranges
  }

  #range(text: string, column: number): OctetRange {
    const match = /^\s*(?:(-?\d{1,9})(?:\s*(:)\s*(\d{1,9})?|\s*-\s*(-?\d{1,9}))?|:\s*(\d{1,9}))\s*$/.exec(
      text,
    )
    if (match === null)
      return this.#failAt(column, `expected a range such as 0:4, 1-2, :4 or 4:, not "${text}"`)
    const [, first, colon, length, last, fromStart] = match
    if (fromStart !== undefined) return { start: 0, length: Number(fromStart), last: null }
    if (last !== undefined) return { start: Number(first), length: null, last: Number(last) }
    if (colon === undefined) return { start: Number(first), length: 1, last: null }
    return { start: Number(first), length: length === undefined ? null : Number(length), last: null }
  }

  #operator(text: string): void {
    if (!this.#take(text)) this.#expected(`"${text}"`)
  }

  #deeper<T>(inner: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels within each other`)
    const result = inner()
    this.#depth--
    return result
  }

  #expected(what: string): never {
    const { kind, text } = this.#token
    return this.#fail(`expected ${what}, not ${kind === 'end' ? 'the end' : `"${text}"`}`)
  }

  #fail(reason: string): never {
    return this.#failAt(this.#token.column, reason)
  }

  #failAt(column: number, reason: string): never {
    throw new FilterError(this.#expression, column, reason)
  }
}
