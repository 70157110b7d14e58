/**
 * Runs the Python of scripts: `%{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%`.
 *
 * Variables outlive a snippet, so that one can count on from another. Nothing of a snippet reaches outside of them.
 */

import { braceFormat, formatted, percentFormat } from './python-format.ts'
import {
  type PythonExpression,
  type PythonProgram,
  type PythonStatement,
  parsePython,
} from './python-parser.ts'
import {
  asNumber,
  binary,
  compare,
  isTrue,
  PythonError,
  type PythonValue,
  pythonNumber,
  representation,
  sequence,
  text,
  typeName,
  unary,
} from './python-values.ts'
import type { Place } from './script.ts'

export type PythonVariables = Map<string, PythonValue>

export interface PythonOutcome {
  /** The lines that it printed. */
  readonly printed: readonly string[]
  /** null: it ran to its end, and every assertion holds. */
  readonly failure: PythonFailure | null
}

export interface PythonFailure {
  /** Of an assertion: the message that stands with it, or ''. Of an error: what Python would say. */
  readonly message: string
  readonly kind: 'assertion' | 'error'
  /** The statement, and where it stands in the script. */
  readonly source: string
  readonly place: Place
}

/** Numbers as variables, e.g. the fields of TCP_INFO; whole ones become int, others float. */
export function setNumbers(variables: PythonVariables, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) variables.set(name, pythonNumber(value))
}

/**
 * Parses a snippet and runs it.
 *
 * @param place where it starts in the script
 * @throws ScriptError where it is no Python, or Python that is not known here
 */
export function evaluate(code: string, variables: PythonVariables, place: Place): PythonOutcome {
  return runPython(parsePython(code, place), variables)
}

/** Runs a snippet up to its end or to the first assertion that fails. What it assigns stays in the variables. */
export function runPython(program: PythonProgram, variables: PythonVariables): PythonOutcome {
  const run = new Run(variables)
  return { printed: run.printed, failure: run.statements(program.statements) }
}

class Run {
  readonly printed: string[] = []
  private readonly variables: PythonVariables

  constructor(variables: PythonVariables) {
    this.variables = variables
  }

  statements(statements: readonly PythonStatement[]): PythonFailure | null {
    for (const statement of statements) {
      const failure = this.guarded(statement)
      if (failure !== null) return failure
    }
    return null
  }

  private guarded(statement: PythonStatement): PythonFailure | null {
    try {
      return this.statement(statement)
    } catch (error) {
      if (!(error instanceof PythonError)) throw error
      return { message: error.message, kind: 'error', source: statement.source, place: statement.place }
    }
  }

  private statement(statement: PythonStatement): PythonFailure | null {
    switch (statement.kind) {
      case 'pass':
        return null
      case 'expression':
        this.value(statement.value)
        return null
      case 'if':
        return isTrue(this.value(statement.test)) ? this.statements(statement.body) : null
      case 'assign':
        this.assign(statement.names, statement.operator, this.value(statement.value))
        return null
      case 'assert': {
        if (isTrue(this.value(statement.test))) return null
        const message = statement.message === null ? '' : text(this.value(statement.message))
        return { message, kind: 'assertion', source: statement.source, place: statement.place }
      }
    }
  }

  private assign(names: readonly string[], operator: string, value: PythonValue): void {
    if (names.length === 1) {
      const name = names[0]!
      this.variables.set(name, operator === '' ? value : this.binary(operator, this.named(name), value))
      return
    }
    if (!Array.isArray(value) || value.length !== names.length || operator !== '') {
      throw new PythonError(`ValueError: ${names.length} names for ${representation(value)}`)
    }
    names.forEach((name, i) => {
      this.variables.set(name, value[i])
    })
  }

  private named(name: string): PythonValue {
    const value = this.variables.get(name)
    if (value === undefined) throw new PythonError(`NameError: name '${name}' is not defined`)
    return value
  }

  private value(expression: PythonExpression): PythonValue {
    switch (expression.kind) {
      case 'constant':
        return expression.value
      case 'name':
        return this.named(expression.name)
      case 'unary':
        return unary(expression.operator, this.value(expression.operand))
      case 'binary':
        return this.binary(expression.operator, this.value(expression.left), this.value(expression.right))
      case 'compare':
        return this.comparison(expression.operators, expression.operands)
      case 'and':
      case 'or':
        return this.shortCircuit(expression.operands, expression.kind === 'or')
      case 'choice':
        return this.value(isTrue(this.value(expression.test)) ? expression.then : expression.otherwise)
      case 'sequence':
        return sequence(this.values(expression.items))
      case 'index':
        return indexed(this.value(expression.object), this.value(expression.index))
      case 'call':
        return this.call(expression.name, this.values(expression.args))
      case 'method':
        return method(this.value(expression.object), expression.name, this.values(expression.args))
      case 'template':
        return expression.texts
          .map((part, i) => (i === 0 ? '' : this.formatted(expression, i - 1)) + part)
          .join('')
    }
  }

  private values(expressions: readonly PythonExpression[]): PythonValue[] {
    return expressions.map((expression) => this.value(expression))
  }

  private formatted(template: PythonExpression & { kind: 'template' }, i: number): string {
    return formatted(this.value(template.values[i]!), template.formats[i]!)
  }

  private binary(operator: string, left: PythonValue, right: PythonValue): PythonValue {
    return operator === '%' && typeof left === 'string'
      ? percentFormat(left, right)
      : binary(operator, left, right)
  }

  /** Each operand is taken once, and none behind the first comparison that does not hold. */
  private comparison(operators: readonly string[], operands: readonly PythonExpression[]): boolean {
    let left = this.value(operands[0]!)
    for (const [i, operator] of operators.entries()) {
      const right = this.value(operands[i + 1]!)
      if (!compare(operator, left, right)) return false
      left = right
    }
    return true
  }

  /** The first operand that decides, or the last one. */
  private shortCircuit(operands: readonly PythonExpression[], decides: boolean): PythonValue {
    let value: PythonValue = null
    for (const operand of operands) {
      value = this.value(operand)
      if (isTrue(value) === decides) break
    }
    return value
  }

  private call(name: string, args: PythonValue[]): PythonValue {
    if (name === 'print') {
      this.printed.push(args.map(text).join(' '))
      return null
    }
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
    if (known === undefined) throw new PythonError(`NameError: the function ${name} is not known here`)
    if (args.length < known.least || args.length > known.most) {
      throw new PythonError(`TypeError: ${name}() does not take ${args.length} arguments`)
    }
    return known.apply(args)
  }
}

interface PythonFunction {
  readonly least: number
  readonly most: number
  readonly apply: (args: PythonValue[]) => PythonValue
}

const FUNCTIONS: Readonly<Record<string, PythonFunction>> = {
  abs: { least: 1, most: 1, apply: ([x]) => absolute(x!) },
  bool: { least: 1, most: 1, apply: ([x]) => isTrue(x!) },
  float: { least: 1, most: 1, apply: ([x]) => toFloat(x!) },
  hex: { least: 1, most: 1, apply: ([x]) => percentFormat('%#x', x!) },
  int: { least: 1, most: 2, apply: ([x, base]) => toInteger(x!, base) },
  len: { least: 1, most: 1, apply: ([x]) => BigInt(items(x!).length) },
  max: { least: 1, most: Number.POSITIVE_INFINITY, apply: (args) => extreme(args, '>') },
  min: { least: 1, most: Number.POSITIVE_INFINITY, apply: (args) => extreme(args, '<') },
  repr: { least: 1, most: 1, apply: ([x]) => representation(x!) },
  round: { least: 1, most: 2, apply: ([x, digits]) => rounded(x!, digits) },
  str: { least: 1, most: 1, apply: ([x]) => text(x!) },
  sum: { least: 1, most: 1, apply: ([x]) => items(x!).reduce((a, b) => binary('+', a, b), 0n) },
}

/** The items of a tuple, or the characters of a string. */
function items(value: PythonValue): readonly PythonValue[] {
  if (typeof value === 'string') return [...value]
  if (Array.isArray(value)) return value
  throw new PythonError(`TypeError: object of type '${typeName(value)}' has no items`)
}

function indexed(object: PythonValue, index: PythonValue): PythonValue {
  const all = items(object)
  const at = Number(asNumber(index, 'an index'))
  const found = Number.isInteger(at) ? all.at(at) : undefined
  if (found === undefined) throw new PythonError('IndexError: index out of range')
  return found
}

function absolute(value: PythonValue): PythonValue {
  const number = asNumber(value, 'abs()')
  return number < 0 ? -number : number
}

function extreme(args: PythonValue[], operator: '<' | '>'): PythonValue {
  const all = args.length === 1 ? items(args[0]!) : args
  if (all.length === 0) throw new PythonError('ValueError: the extreme of nothing')
  return all.reduce((best, item) => (compare(operator, item, best) ? item : best))
}

function toFloat(value: PythonValue): number {
  if (typeof value !== 'string') return Number(asNumber(value, 'float()'))
  const number = Number(value)
  if (value.trim() !== '' && !Number.isNaN(number)) return number
  throw new PythonError(`ValueError: could not convert string to float: ${representation(value)}`)
}

function toInteger(value: PythonValue, base: PythonValue | undefined): bigint {
  if (typeof value !== 'string') {
    const number = asNumber(value, 'int()')
    if (typeof number === 'bigint') return number
    if (Number.isFinite(number)) return BigInt(Math.trunc(number))
    throw new PythonError('OverflowError: no integer is that large')
  }
  const [, sign, digits] = /^\s*([-+]?)([0-9a-zA-Z]{1,1000})\s*$/.exec(value) ?? []
  const isHex = base !== undefined && Number(asNumber(base, 'int()')) === 16
  const valid = isHex ? /^(0[xX])?[0-9a-fA-F]+$/ : /^[0-9]+$/
  if (digits === undefined || !valid.test(digits) || (base !== undefined && !isHex && base !== 10n)) {
    throw new PythonError(`ValueError: invalid literal for int(): ${representation(value)}`)
  }
  const size = BigInt(isHex ? `0x${digits.replace(/^0[xX]/, '')}` : digits)
  return sign === '-' ? -size : size
}

/** Halves go to the even neighbour, as in Python. */
function rounded(value: PythonValue, digits: PythonValue | undefined): PythonValue {
  const number = asNumber(value, 'round()')
  if (typeof number === 'bigint') return number
  if (digits !== undefined) {
    const places = Number(asNumber(digits, 'round()'))
    if (!(places >= 0 && places <= 100)) throw new PythonError('ValueError: round() to so many digits')
    return Number(number.toFixed(places))
  }
  if (!Number.isFinite(number)) throw new PythonError('OverflowError: no integer is that large')
  const below = Math.floor(number)
  const isHalf = number - below === 0.5
  return BigInt(isHalf ? (below % 2 === 0 ? below : below + 1) : Math.round(number))
}

function method(object: PythonValue, name: string, args: PythonValue[]): PythonValue {
  if (name === 'format' && typeof object === 'string') return braceFormat(object, args)
  throw new PythonError(`AttributeError: the method ${name} of '${typeName(object)}' is not known here`)
}
