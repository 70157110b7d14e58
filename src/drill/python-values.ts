/** Values of the Python in scripts, its arithmetic, and what they look like. Integers are exact, as in Python. */

export type PythonValue = bigint | number | string | boolean | null | readonly PythonValue[]

/** What Python would raise, e.g. `ZeroDivisionError: division by zero`. */
export class PythonError extends Error {
  override readonly name = 'PythonError'
}

/** Beyond these a snippet computes nothing that a connection could be checked with. */
const MAX_BITS = 4096
const MAX_LENGTH = 65_536
const MAX_ITEMS = 1000

type Numeric = bigint | number

export function typeName(value: PythonValue): string {
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'tuple'
  return { bigint: 'int', number: 'float', string: 'str', boolean: 'bool' }[typeof value as 'bigint']
}

/** A number as a script's variables have it: whole ones are int, others float. */
export function pythonNumber(value: number): bigint | number {
  return Number.isInteger(value) ? BigInt(value) : value
}

export function isTrue(value: PythonValue): boolean {
  if (Array.isArray(value)) return value.length > 0
  return Boolean(value)
}

/** bool counts as int; null for what is no number. */
function numeric(value: PythonValue): Numeric | null {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'bigint' || typeof value === 'number' ? value : null
}

export function isEqual(a: PythonValue, b: PythonValue): boolean {
  const x = numeric(a)
  const y = numeric(b)
  // biome-ignore lint/suspicious/noDoubleEquals: an int and a float of one value are equal.
  if (x !== null && y !== null) return x == y
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((item, i) => isEqual(item, b[i]))
}

function isLess(a: PythonValue, b: PythonValue, operator: string): boolean {
  const x = numeric(a)
  const y = numeric(b)
  if (x !== null && y !== null) return x < y
  if (typeof a === 'string' && typeof b === 'string') return a < b
  if (Array.isArray(a) && Array.isArray(b)) {
    const at = a.findIndex((item, i) => i >= b.length || !isEqual(item, b[i]))
    if (at === -1) return a.length < b.length
    return at < b.length && isLess(a[at], b[at], operator)
  }
  const types = `'${typeName(a)}' and '${typeName(b)}'`
  throw new PythonError(`TypeError: '${operator}' not supported between instances of ${types}`)
}

export function compare(operator: string, a: PythonValue, b: PythonValue): boolean {
  switch (operator) {
    case '==':
      return isEqual(a, b)
    case '!=':
      return !isEqual(a, b)
    case '<':
      return isLess(a, b, operator)
    case '>':
      return isLess(b, a, operator)
    case '<=':
      return isLess(a, b, operator) || isEqual(a, b)
    case '>=':
      return isLess(b, a, operator) || isEqual(a, b)
  }
  if (typeof b === 'string' && typeof a === 'string') return b.includes(a) === (operator === 'in')
  if (!Array.isArray(b)) throw new PythonError(`TypeError: argument of type '${typeName(b)}' is not iterable`)
  return b.some((item) => isEqual(item, a)) === (operator === 'in')
}

export function unary(operator: string, operand: PythonValue): PythonValue {
  if (operator === 'not') return !isTrue(operand)
  const value = numeric(operand)
  if (value === null || (operator === '~' && typeof value === 'number')) {
    throw new PythonError(`TypeError: bad operand type for unary ${operator}: '${typeName(operand)}'`)
  }
  if (operator === '+') return value
  return operator === '-' ? -value : ~(value as bigint)
}

export function binary(operator: string, a: PythonValue, b: PythonValue): PythonValue {
  const x = numeric(a)
  const y = numeric(b)
  if (x !== null && y !== null) {
    if (typeof x === 'bigint' && typeof y === 'bigint') {
      const result = ofIntegers(operator, x, y)
      return isBoolean(operator, a, b) ? isTrue(result) : result
    }
    const result = ofFloats(operator, Number(x), Number(y))
    if (result !== null) return result
  }
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return bounded(a + b)
  if (operator === '+' && Array.isArray(a) && Array.isArray(b)) return sequence([...a, ...b])
  if (operator === '*' && typeof a === 'string' && typeof y === 'bigint') {
    if (y > MAX_LENGTH) throw new PythonError('MemoryError')
    return bounded(a.length * Number(y) > MAX_LENGTH ? null : a.repeat(Math.max(0, Number(y))))
  }
  const types = `'${typeName(a)}' and '${typeName(b)}'`
  throw new PythonError(`TypeError: unsupported operand type(s) for ${operator}: ${types}`)
}

/** A tuple, flat enough and short enough that what is done with it takes no time to speak of. */
export function sequence(items: readonly PythonValue[]): PythonValue {
  const isDeep = items.some((item) => Array.isArray(item) && item.some((inner) => Array.isArray(inner)))
  if (!isDeep && items.length <= MAX_ITEMS) return items
  throw new PythonError('MemoryError: a tuple that is too large')
}

function bounded(text: string | null): string {
  if (text === null || text.length > MAX_LENGTH) throw new PythonError('MemoryError')
  return text
}

function ofIntegers(operator: string, x: bigint, y: bigint): PythonValue {
  switch (operator) {
    case '+':
      return x + y
    case '-':
      return x - y
    case '*':
      return boundedBits(bits(x) + bits(y), () => x * y)
    case '&':
      return x & y
    case '|':
      return x | y
    case '^':
      return x ^ y
    case '<<':
    case '>>':
      if (y < 0n) throw new PythonError('ValueError: negative shift count')
      if (operator === '>>') return y > MAX_BITS ? (x < 0n ? -1n : 0n) : x >> y
      return boundedBits(bits(x) + Number(y), () => x << y)
    case '**':
      if (y < 0n) return power(Number(x), Number(y))
      return bits(x) <= 1 ? x ** (y % 2n === 0n && y > 0n ? 2n : y > 0n ? 1n : 0n) : boundedPower(x, y)
  }
  if (y === 0n) throw divisionByZero(operator)
  if (operator === '/') return Number(x) / Number(y)
  const remainder = ((x % y) + y) % y
  return operator === '%' ? remainder : (x - remainder) / y
}

/** Of two truths, the bit operators make a truth. */
function isBoolean(operator: string, a: PythonValue, b: PythonValue): boolean {
  return '&|^'.includes(operator) && typeof a === 'boolean' && typeof b === 'boolean'
}

function boundedPower(x: bigint, y: bigint): bigint {
  return boundedBits(bits(x) * Number(y), () => x ** y)
}

function boundedBits(expected: number, compute: () => bigint): bigint {
  if (expected > MAX_BITS) throw new PythonError(`OverflowError: an integer of more than ${MAX_BITS} bits`)
  return compute()
}

function bits(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length
}

/** null: no operation of floats. */
function ofFloats(operator: string, x: number, y: number): number | null {
  switch (operator) {
    case '+':
      return x + y
    case '-':
      return x - y
    case '*':
      return x * y
    case '**':
      return power(x, y)
    case '/':
    case '//':
    case '%':
      if (y === 0) throw divisionByZero(operator)
      if (operator === '/') return x / y
      return operator === '//' ? Math.floor(x / y) : x - Math.floor(x / y) * y
  }
  return null
}

function power(x: number, y: number): number {
  if (x === 0 && y < 0) throw new PythonError('ZeroDivisionError: 0.0 cannot be raised to a negative power')
  const result = x ** y
  if (Number.isNaN(result)) throw new PythonError('ValueError: a complex number')
  return result
}

function divisionByZero(operator: string): PythonError {
  return new PythonError(`ZeroDivisionError: ${operator === '/' ? 'division' : 'division or modulo'} by zero`)
}

/** What `str` gives. */
export function text(value: PythonValue): string {
  return typeof value === 'string' ? value : representation(value)
}

/** What `repr` gives. */
export function representation(value: PythonValue): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return floatText(value)
  if (typeof value !== 'string') {
    const items = value.map(representation)
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`
  }
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
  return (
    quote + value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`).replaceAll('\n', '\\n') + quote
  )
}

/** The shortest digits that are the same number; exponents from 1e16 on and below 1e-4, of two digits at least. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([-+])(\d)$/, 'e$10$2')
  }
  return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value)
}

/** A number for arithmetic outside of Python's own, or a TypeError. */
export function asNumber(value: PythonValue, what: string): Numeric {
  const number = numeric(value)
  if (number !== null) return number
  throw new PythonError(`TypeError: ${what}: a number is required, not ${typeName(value)}`)
}
