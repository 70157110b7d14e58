/** From a display filter to a function that says of a frame whether it passes. Types are checked here. */

import { encodeUtf8 } from '../capture/utf8.ts'
import { ProtocolOctets } from './display-fields.ts'
import type { DisplayFrame, ValueReader } from './display-frame.ts'
import { DisplayOperands, type Operand } from './display-operand.ts'
import { regularExpression } from './display-regex.ts'
import type { Comparison, DisplayExpression, Entity, Quantifier } from './display-syntax.ts'
import { compare, includesOctets, isOctetType, Octets, type Value } from './display-value.ts'

export type FrameTest = (frame: DisplayFrame) => boolean

/** @throws FilterError */
export function compileDisplay(
  filter: DisplayExpression,
  expression: string,
  frame: DisplayFrame,
): FrameTest {
  return new DisplayCompiler(new DisplayOperands(expression, frame)).test(filter)
}

class DisplayCompiler {
  readonly #operands: DisplayOperands

  constructor(operands: DisplayOperands) {
    this.#operands = operands
  }

  test(filter: DisplayExpression): FrameTest {
    switch (filter.kind) {
      case 'and': {
        const [left, right] = [this.test(filter.left), this.test(filter.right)]
        return (frame) => left(frame) && right(frame)
      }
      case 'or': {
        const [left, right] = [this.test(filter.left), this.test(filter.right)]
        return (frame) => left(frame) || right(frame)
      }
      case 'not': {
        const operand = this.test(filter.operand)
        return (frame) => !operand(frame)
      }
      case 'test':
        return this.#presence(filter.entity)
      case 'comparison':
        return this.#comparison(filter)
      case 'contains':
        return this.#contains(filter)
      case 'matches':
        return this.#matches(filter)
      case 'in':
        return this.#membership(filter)
    }
  }

  /** A field or a part of it is there; what is calculated is not zero. */
  #presence(entity: Entity): FrameTest {
    const { kind, read } = this.#operands.operand(entity)
    if (kind === 'function')
      this.#operands.fail(entity.column, 'expected a comparison of what the function gives')
    if (kind !== 'arithmetic') return (frame) => read(frame).length > 0
    return (frame) => read(frame).some((value) => !isZero(value))
  }

  #comparison(filter: DisplayExpression & { readonly kind: 'comparison' }): FrameTest {
    const { comparison, quantifier, left, right, column } = filter
    const a = this.#operands.operand(left)
    if (a.type === 'none') this.#operands.fail(column, 'a mark is there or not, and has no value to compare')
    const b = this.#operands.like(right, a)
    const holds = HOLDS[comparison]
    const isAll = quantifier === null ? comparison === '===' || comparison === '!=' : quantifier === 'all'
    return pairs(a.read, b, isAll, (x, y) => holds(compare(x, y)))
  }

  #contains(filter: DisplayExpression & { readonly kind: 'contains' }): FrameTest {
    const { quantifier, left, right, column } = filter
    const a = this.#operands.operand(left)
    if (a.type === 'text') {
      const b = this.#operands.like(right, a)
      return pairs(a.read, b, quantifier === 'all', (x, y) => (x as string).includes(y as string))
    }
    if (!isOctetType(a.type) || a.type === 'ipv4' || a.type === 'ipv6') {
      this.#operands.fail(column, '"contains" searches in octets and strings')
    }
    const b = this.#operands.like(right, a)
    return pairs(a.read, b, quantifier === 'all', (x, y) => includesOctets(searched(x), (y as Octets).bytes))
  }

  #matches(filter: DisplayExpression & { readonly kind: 'matches' }): FrameTest {
    const { quantifier, left, right, column } = filter
    const { type, read } = this.#operands.operand(left)
    if (type !== 'text' && (!isOctetType(type) || type === 'ipv4' || type === 'ipv6')) {
      this.#operands.fail(column, '"matches" searches in octets and strings')
    }
    if (right.kind !== 'string')
      return this.#operands.fail(right.column, 'expected a regular expression in quotes')
    const pattern = regularExpression(right.text)
    if (pattern === null) {
      return this.#operands.fail(right.column, `"${right.text}" is no regular expression that is known here`)
    }
    const matches = (value: Value): boolean =>
      pattern.test(latin1(value instanceof Octets ? searched(value) : encodeUtf8(value as string)))
    return (frame) => quantified(read(frame), quantifier, matches)
  }

  #membership(filter: DisplayExpression & { readonly kind: 'in' }): FrameTest {
    const { quantifier, left, set } = filter
    const a = this.#operands.operand(left)
    if (a.kind !== 'field' || a.type === 'none') {
      this.#operands.fail(left.column, 'expected a field with values before "in"')
    }
    const elements = set.map(({ low, high }) => this.#element(a, low, high))
    return (frame) =>
      quantified(a.read(frame), quantifier, (value) => elements.some((isIn) => isIn(value, frame)))
  }

  #element(a: Operand, low: Entity, high: Entity | null): (value: Value, frame: DisplayFrame) => boolean {
    const least = this.#operands.like(low, a)
    if (high === null) return (value, frame) => least(frame).some((other) => compare(value, other) === 0)
    const most = this.#operands.like(high, a)
    return (value, frame) =>
      least(frame).some((other) => compare(value, other) >= 0) &&
      most(frame).some((other) => compare(value, other) <= 0)
  }
}

const HOLDS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '===': (order) => order === 0,
  '!=': (order) => order !== 0,
  '!==': (order) => order !== 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
}

/** Any pair of values, or all of them; where a side has none, nothing holds. */
function pairs(
  a: ValueReader,
  b: ValueReader,
  isAll: boolean,
  holds: (x: Value, y: Value) => boolean,
): FrameTest {
  return (frame) => {
    const left = a(frame)
    if (left.length === 0) return false
    const right = b(frame)
    if (right.length === 0) return false
    if (isAll) return left.every((x) => right.every((y) => holds(x, y)))
    return left.some((x) => right.some((y) => holds(x, y)))
  }
}

function quantified(
  values: readonly Value[],
  quantifier: Quantifier,
  holds: (value: Value) => boolean,
): boolean {
  return quantifier === 'all' ? values.length > 0 && values.every(holds) : values.some(holds)
}

/** In a protocol one searches to the end of the packet. */
function searched(value: Value): Uint8Array {
  return value instanceof ProtocolOctets ? value.whole : (value as Octets).bytes
}

function isZero(value: Value): boolean {
  return value instanceof Octets ? value.bytes.every((octet) => octet === 0) : Number(value) === 0
}

const PIECE = 8192

/** Each octet as the character of its number. */
function latin1(octets: Uint8Array): string {
  let text = ''
  for (let at = 0; at < octets.length; at += PIECE)
    text += String.fromCharCode(...octets.subarray(at, at + PIECE))
  return text
}
