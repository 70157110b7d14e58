/** Fields, slices, functions and arithmetic of display filters, with their types; and literals, by what they are compared with. */

import { encodeUtf8 } from '../capture/utf8.ts'
import { ipv6Text } from '../flows/field-layers.ts'
import { DISPLAY_FIELDS, type DisplayField, namedValue } from './display-fields.ts'
import type { DisplayFrame, ValueReader } from './display-frame.ts'
import type { Entity, OctetRange } from './display-syntax.ts'
import {
  areComparable,
  isOctetType,
  literalOf,
  nameOfType,
  Octets,
  octetsOfString,
  type Value,
  type ValueType,
} from './display-value.ts'
import { FilterError } from './filter-error.ts'
import { nearestWord } from './nearest.ts'

/** Something that has values in a frame. */
export interface Operand {
  readonly type: ValueType
  readonly read: ValueReader
  /** What it is: a field can be asked for alone, and be searched in a set. */
  readonly kind: 'field' | 'slice' | 'function' | 'arithmetic'
  /** Of a field: bounds its numbers, and names them. */
  readonly field: DisplayField | null
}

const FUNCTIONS = ['len', 'count', 'string', 'lower', 'upper', 'max', 'min', 'abs'] as const
type FunctionName = (typeof FUNCTIONS)[number]

export class DisplayOperands {
  readonly #expression: string
  readonly #frame: DisplayFrame

  constructor(expression: string, frame: DisplayFrame) {
    this.#expression = expression
    this.#frame = frame
  }

  /** What is no literal. @throws FilterError */
  operand(entity: Entity): Operand {
    const operand = this.#operandOf(entity)
    if (operand !== null) return operand
    if (entity.kind === 'word') return this.unknown(entity)
    return this.fail(entity.column, 'expected a field or a function, not a value')
  }

  unknown({ text, column }: Entity & { readonly kind: 'word' }): never {
    if (/^[-\d:]/.test(text)) return this.fail(column, `expected a field or a function, not ${text}`)
    const near = nearestWord(text, DISPLAY_FIELDS.keys())
    return this.fail(
      column,
      `"${text}" is no field that is known here${near === null ? '' : `; did you mean ${near}?`}`,
    )
  }

  /** The right side of something: an operand of a type that compares with `like`, or a literal of its type. */
  like(entity: Entity, like: Operand): ValueReader {
    const operand = this.#operandOf(entity)
    if (operand === null) {
      const value = this.literal(entity, like)
      return () => value
    }
    if (!areComparable(operand.type, like.type)) {
      this.fail(entity.column, `expected ${nameOfType(like.type)}`)
    }
    return operand.read
  }

  /** One value, in a list. @throws FilterError */
  literal(entity: Entity, like: Operand): readonly [Value] {
    const { type, field } = like
    if (entity.kind === 'negative') {
      const [value] = this.literal(entity.operand, like)
      if (typeof value === 'bigint') return [-value]
      if (typeof value !== 'number') return this.fail(entity.column, `expected ${nameOfType(type)}`)
      // Of what has no sign, negative numbers are beyond all others, as in Wireshark.
      return [field === null || field.isSigned || value === 0 ? -value : 2 ** 32 - value]
    }
    if (entity.kind === 'arithmetic')
      return this.fail(entity.column, 'expected a field in what is calculated')
    if (entity.kind !== 'word' && entity.kind !== 'string' && entity.kind !== 'character') {
      return this.fail(entity.column, `expected ${nameOfType(type)}`)
    }
    const value = this.#literalValue(entity, like)
    if (value === null) this.fail(entity.column, `expected ${nameOfType(type)}, not "${entity.text}"`)
    if (field !== null && typeof value === 'number' && value > field.most) {
      this.fail(entity.column, `${entity.text} is more than ${field.name} can be: ${field.most}`)
    }
    return [value as Value]
  }

  #literalValue(entity: Entity & { readonly text: string }, { type, field }: Operand): Value | null {
    const { kind, text } = entity
    const named = field === null ? null : namedValue(field.name, text)
    if (named !== null) return named
    if (kind !== 'character') return literalOf(type, text, kind === 'string')
    if (type === 'number') return text.charCodeAt(0)
    return isOctetType(type) ? new Octets(octetsOfString(text)) : type === 'text' ? text : null
  }

  /** null: a literal. */
  #operandOf(entity: Entity): Operand | null {
    switch (entity.kind) {
      case 'word':
        return this.#field(entity)
      case 'slice':
        return this.#slice(entity)
      case 'call':
        return this.#call(entity)
      case 'negative': {
        const operand = this.#operandOf(entity.operand)
        return operand === null ? null : this.#mapped(entity, operand, (value) => -value)
      }
      case 'arithmetic':
        return this.#arithmetic(entity)
      default:
        return null
    }
  }

  #field(entity: Entity & { readonly kind: 'word' }): Operand | null {
    const { text, layers } = entity
    const field = DISPLAY_FIELDS.get(text.startsWith('.') ? text.slice(1) : text)
    if (field === undefined) return layers === null ? null : this.unknown(entity)
    return { type: field.type, read: this.#frame.readerOf(field, layers), kind: 'field', field }
  }

  #slice({ of, ranges, column }: Entity & { readonly kind: 'slice' }): Operand {
    const { type, read } = this.operand(of)
    if (!isOctetType(type) && type !== 'text') {
      this.fail(column, 'only octets, addresses and strings have parts')
    }
    const isText = type === 'text'
    return {
      type: isText ? 'text' : 'octets',
      kind: 'slice',
      field: null,
      read: (frame) =>
        read(frame)
          .map((value) =>
            isText ? textPart(value as string, ranges) : octetPart((value as Octets).bytes, ranges),
          )
          .filter((value) => value !== null),
    }
  }

  #call({ name, parameters, column }: Entity & { readonly kind: 'call' }): Operand {
    if (!(FUNCTIONS as readonly string[]).includes(name)) {
      const near = nearestWord(name, FUNCTIONS)
      this.fail(column, `there is no function "${name}"${near === null ? '' : `; did you mean ${near}?`}`)
    }
    const isOfMany = name === 'max' || name === 'min'
    if (parameters.length === 0 || (parameters.length > 1 && !isOfMany)) {
      this.fail(column, `"${name}" takes ${isOfMany ? 'one field or more' : 'one field'}`)
    }
    const operands = parameters.map((parameter) => this.operand(parameter))
    return this.#function(name as FunctionName, operands, column)
  }

  #function(name: FunctionName, operands: readonly Operand[], column: number): Operand {
    const [first] = operands as [Operand, ...Operand[]]
    const { type, read } = first
    const made = (result: ValueType, values: ValueReader): Operand => ({
      type: result,
      kind: 'function',
      field: null,
      read: values,
    })
    switch (name) {
      case 'count':
        return made('number', (frame) => {
          const { length } = read(frame)
          return length === 0 ? [] : [length]
        })
      case 'len':
        if (!isOctetType(type) && type !== 'text') this.fail(column, '"len" takes octets or a string')
        return made('number', (frame) => read(frame).map(lengthOf))
      case 'lower':
      case 'upper': {
        if (type !== 'text') this.fail(column, `"${name}" takes a string`)
        const change = name === 'lower' ? toLower : toUpper
        return made('text', (frame) => read(frame).map((value) => change(value as string)))
      }
      case 'string':
        return this.#text(first, column)
      case 'abs':
        return this.#mapped({ column }, first, (value) => (value < 0 ? -value : value))
      default: {
        if (operands.some((operand) => !areComparable(operand.type, type))) {
          this.fail(column, `"${name}" takes fields of one type`)
        }
        const sign = name === 'max' ? 1 : -1
        return made(type, (frame) =>
          extreme(
            operands.flatMap((operand) => operand.read(frame)),
            sign,
          ),
        )
      }
    }
  }

  /** As it is printed: numbers in decimal, addresses with their signs. */
  #text({ type, read }: Operand, column: number): Operand {
    if (type !== 'number' && type !== 'ipv4' && type !== 'ipv6' && type !== 'ether' && type !== 'text') {
      this.fail(column, '"string" takes a number, an address or a string')
    }
    return {
      type: 'text',
      kind: 'function',
      field: null,
      read: (frame) =>
        read(frame).map((value) => (value instanceof Octets ? addressText(value.bytes) : String(value))),
    }
  }

  #mapped(
    entity: { readonly column: number },
    operand: Operand,
    change: (value: number | bigint) => number | bigint,
  ): Operand {
    const { type, read } = operand
    if (type !== 'number' && type !== 'time') this.fail(entity.column, 'expected a number')
    const values: ValueReader = (frame) => read(frame).map((value) => change(value as number | bigint))
    return { type, kind: 'arithmetic', field: null, read: values }
  }

  #arithmetic({ operator, left, right, column }: Entity & { readonly kind: 'arithmetic' }): Operand | null {
    const a = this.#operandOf(left)
    if (a === null) {
      return this.#operandOf(right) === null
        ? null
        : this.fail(left.column, 'expected a field or a function first')
    }
    const isOctets = operator === '&' && isOctetType(a.type)
    if (!isOctets && a.type !== 'number') this.fail(column, 'expected a number on the left')
    const b = this.like(right, a)
    const calculate = (x: Value, y: Value): Value | null =>
      x instanceof Octets ? commonBits(x, y as Octets) : calculated(operator, x as number, y as number)
    return {
      type: isOctets ? 'octets' : 'number',
      kind: 'arithmetic',
      field: a.field,
      read: (frame) => {
        const others = b(frame)
        return a
          .read(frame)
          .flatMap((x) => others.map((y) => calculate(x, y)))
          .filter((value) => value !== null)
      },
    }
  }

  fail(column: number, reason: string): never {
    throw new FilterError(this.#expression, column, reason)
  }
}

/** null: there is no result. */
function calculated(operator: string, a: number, b: number): number | null {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? null : Math.trunc(a / b)
    case '%':
      return b === 0 ? null : a % b
    default:
      return (a & b) >>> 0
  }
}

function commonBits({ bytes: a }: Octets, { bytes: b }: Octets): Octets {
  return new Octets(a.subarray(0, b.length).map((octet, k) => octet & b[k]!))
}

function lengthOf(value: Value): number {
  return value instanceof Octets ? value.bytes.length : encodeUtf8(value as string).length
}

/** Of ASCII only, as Wireshark's. */
const toLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
const toUpper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

function extreme(values: readonly Value[], sign: 1 | -1): Value[] {
  let best: Value | undefined
  for (const value of values) {
    if (best === undefined || (sign > 0 ? value > best : value < best)) best = value
  }
  return best === undefined ? [] : [best]
}

/** Start and end of a range in so many octets; null where it does not lie in them. */
function placeOf({ start, length, last }: OctetRange, all: number): [from: number, to: number] | null {
  const from = start < 0 ? all + start : start
  const end = last === null ? (length === null ? all : from + length) : (last < 0 ? all + last : last) + 1
  return from < 0 || from >= all || end > all || end <= from ? null : [from, end]
}

function octetPart(bytes: Uint8Array, ranges: readonly OctetRange[]): Octets | null {
  const parts: number[] = []
  for (const range of ranges) {
    const place = placeOf(range, bytes.length)
    if (place === null) return null
    if (ranges.length === 1) return new Octets(bytes.subarray(...place))
    for (const octet of bytes.subarray(...place)) parts.push(octet)
  }
  return new Octets(Uint8Array.from(parts))
}

function textPart(text: string, ranges: readonly OctetRange[]): string | null {
  let parts = ''
  for (const range of ranges) {
    const place = placeOf(range, text.length)
    if (place === null) return null
    parts += text.slice(...place)
  }
  return parts
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length === 6) return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(':')
  return ipv6Text(bytes, 0)
}
