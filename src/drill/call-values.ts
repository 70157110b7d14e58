/** From the expressions of a script to the values of a call, and back: what a call gave against what was expected. */

import { constantOf, ERRNO_NUMBERS } from '../posix/constants.ts'
import { DEFAULT_ARGUMENT, type Structure, type Value } from '../posix/value.ts'
import { printExpression } from './print.ts'
import type { Expression } from './script.ts'
import { type Difference, Stop } from './verdict.ts'

/** @throws Stop where a symbol or a form is not known. */
export function valueFrom(expression: Expression): Value {
  switch (expression.kind) {
    case 'ellipsis':
      return DEFAULT_ARGUMENT
    case 'integer':
      return expression.value
    case 'string':
      return expression.value
    case 'symbol':
      return symbolOf(expression.name)
    case 'or':
      return expression.operands.map((operand) => numberOf(operand)).reduce((a, b) => (a | b) >>> 0, 0)
    case 'call':
      return calledValue(expression.name, expression.args)
    case 'list':
      return expression.items.map(valueFrom)
    case 'struct': {
      const structure: Record<string, Value> = {}
      for (const [i, { name, value }] of expression.fields.entries())
        structure[name ?? `${i}`] = valueFrom(value)
      return structure
    }
  }
}

/** @throws Stop where it is no number. */
export function numberOf(expression: Expression): number {
  const value = valueFrom(expression)
  if (typeof value === 'number') return value
  throw Stop.unsupported(`${printExpression(expression)} where a number is expected`)
}

function symbolOf(name: string): Value {
  if (name === 'NULL') return null
  const value = constantOf(name)
  if (value === undefined) throw Stop.unsupported(`the symbol ${name}`)
  return value
}

/** The few functions that stand for their result. Ports and addresses stay in the order of a person. */
function calledValue(name: string, args: readonly Expression[]): Value {
  const [first, second] = args
  if ((name === 'htons' || name === 'htonl' || name === 'ntohs') && first !== undefined)
    return numberOf(first)
  if (name === 'inet_addr' && first !== undefined) return valueFrom(first)
  if (name === 'inet_pton' && second !== undefined) return valueFrom(second)
  throw Stop.unsupported(`the function ${name}()`)
}

/** Where an actual value differs from the expected one; `...` takes any. `path` names the place, e.g. "argument 4". */
export function valueDifferences(expected: Value, actual: Value | undefined, path: string): Difference[] {
  if (expected === DEFAULT_ARGUMENT || expected === actual) return []
  if (Array.isArray(expected)) {
    const items = expected as readonly Value[]
    const others: readonly Value[] = Array.isArray(actual) ? (actual as readonly Value[]) : []
    if (!Array.isArray(actual))
      return [{ field: path, expected: valueText(expected), actual: valueText(actual) }]
    if (items.length === 1) return valueDifferences(items[0]!, others[0], path)
    return items.flatMap((item, i) => valueDifferences(item, others[i], `${path}[${i}]`))
  }
  if (isStructure(expected)) {
    if (!isStructure(actual))
      return [{ field: path, expected: valueText(expected), actual: valueText(actual) }]
    return Object.entries(expected).flatMap(([name, value]) =>
      valueDifferences(value, actual[name], /^\d+$/.test(name) ? path : `${path} ${name}`),
    )
  }
  const [one, other] = [valueText(expected), valueText(actual)]
  const same = isText(expected) && isText(actual) ? textOf(expected) === textOf(actual) : one === other
  return same ? [] : [{ field: path, expected: one, actual: other }]
}

function isText(value: Value | undefined): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}

function textOf(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : Array.from(value, (octet) => String.fromCharCode(octet)).join('')
}

/** Whether a value is text, or has some in it. */
export function holdsText(value: Value | undefined): boolean {
  if (Array.isArray(value)) return (value as readonly Value[]).some(holdsText)
  return isText(value) || (isStructure(value) && Object.values(value).some(holdsText))
}

export function isStructure(value: Value | undefined): value is Structure {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

/** Octets of a buffer that a report shows. */
const MOST_SHOWN = 64

/** Octets as the text that they are, so that a string and what was read can be compared. */
export function valueText(value: Value | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'NULL'
  if (value === DEFAULT_ARGUMENT) return '...'
  if (value instanceof Uint8Array) return JSON.stringify(textOf(value.subarray(0, MOST_SHOWN)))
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(valueText).join(', ')}]`
  if (isStructure(value)) {
    return `{${Object.entries(value)
      .map(([name, one]) => `${name}=${valueText(one)}`)
      .join(', ')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : `${value}`
}

/** Whether two names of errors are one error: EAGAIN and EWOULDBLOCK have one number. */
export function sameErrno(one: string, other: string): boolean {
  if (one === other) return true
  const numbers: Readonly<Record<string, number>> = ERRNO_NUMBERS
  return numbers[one] !== undefined && numbers[one] === numbers[other]
}
