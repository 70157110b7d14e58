/** The Python that scripts check a connection with: simple statements, expressions without loops or definitions. */

import { type PythonToken, placeInSnippet, pythonTokens } from './python-lexer.ts'
import type { Place } from './script.ts'
import { ScriptError, unsupported } from './source-errors.ts'

export type PythonExpression =
  | { readonly kind: 'constant'; readonly value: bigint | number | string | boolean | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: PythonExpression }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: PythonExpression
      readonly right: PythonExpression
    }
  /** `a < b <= c`: operand i stands before operator i. */
  | {
      readonly kind: 'compare'
      readonly operators: readonly string[]
      readonly operands: readonly PythonExpression[]
    }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly PythonExpression[] }
  | {
      readonly kind: 'choice'
      readonly test: PythonExpression
      readonly then: PythonExpression
      readonly otherwise: PythonExpression
    }
  /** A tuple or a list. */
  | { readonly kind: 'sequence'; readonly items: readonly PythonExpression[] }
  | { readonly kind: 'index'; readonly object: PythonExpression; readonly index: PythonExpression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly PythonExpression[] }
  /** `object.name(args)` */
  | {
      readonly kind: 'method'
      readonly object: PythonExpression
      readonly name: string
      readonly args: readonly PythonExpression[]
    }
  /** Text between the braces of an f-string goes through `formats`; texts[i] stands before values[i]. */
  | {
      readonly kind: 'template'
      readonly texts: readonly string[]
      readonly values: readonly PythonExpression[]
      readonly formats: readonly string[]
    }

export type PythonStatement = { readonly place: Place; readonly source: string } & (
  | { readonly kind: 'assert'; readonly test: PythonExpression; readonly message: PythonExpression | null }
  | { readonly kind: 'expression'; readonly value: PythonExpression }
  /** `operator` '': plain; else the one of `+=`. */
  | {
      readonly kind: 'assign'
      readonly names: readonly string[]
      readonly operator: string
      readonly value: PythonExpression
    }
  | { readonly kind: 'if'; readonly test: PythonExpression; readonly body: readonly PythonStatement[] }
  | { readonly kind: 'pass' }
)

export interface PythonProgram {
  readonly statements: readonly PythonStatement[]
}

/** More than any script needs, and few enough for the evaluation to nest. */
const MAX_OPERATIONS = 500
const MAX_DEPTH = 50
const UNKNOWN_STATEMENTS = new Set(
  `for while def class import from with try raise return del global lambda yield async break continue elif else
  nonlocal`.split(/\s+/),
)
const WORDS = new Set('and or not in is if else None True False assert pass lambda'.split(' '))
/** From what binds least to what binds most; comparisons stand above them. */
const BINARY: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%'],
]
const ASSIGNMENT = /^(\*\*|\/\/|<<|>>|[-+*/%&|^])?=$/

/**
 * A snippet, ready to run.
 *
 * @param place where the snippet starts in the script
 * @throws ScriptError: 'unsupported' where it is Python that is not known here, 'syntax' where it is none
 */
export function parsePython(text: string, place: Place): PythonProgram {
  return new PythonParser(text, place).program()
}

class PythonParser {
  private readonly text: string
  private readonly place: Place
  private readonly tokens: readonly PythonToken[]
  private index = 0
  private operations = 0
  private depth = 0

  constructor(text: string, place: Place) {
    this.text = text
    this.place = place
    this.tokens = pythonTokens(text, place)
  }

  program(): PythonProgram {
    const statements: PythonStatement[] = []
    for (;;) {
      while (this.take(';') || this.takeKind('newline'));
      if (this.token.kind === 'end') return { statements }
      statements.push(this.statement())
      if (!['newline', 'end'].includes(this.token.kind) && !this.is(';')) this.fail("';' or a new line")
    }
  }

  /** The one expression that the whole text is. */
  whole(): PythonExpression {
    const value = this.expression()
    if (this.token.kind !== 'end') this.fail("'}'")
    return value
  }

  private get token(): PythonToken {
    return this.tokens[this.index]!
  }

  private here(): Place {
    return placeInSnippet(this.place, this.text, this.token.start, this.token.line)
  }

  private is(text: string): boolean {
    const { kind } = this.token
    return (kind === 'operator' || kind === 'name') && this.token.text === text
  }

  private take(text: string): boolean {
    const found = this.is(text)
    if (found) this.index++
    return found
  }

  private takeKind(kind: PythonToken['kind']): boolean {
    const found = this.token.kind === kind
    if (found) this.index++
    return found
  }

  private expect(text: string): void {
    if (!this.take(text)) this.fail(`'${text}'`)
  }

  private fail(expected: string): never {
    const { kind, text } = this.token
    const found =
      kind === 'end' ? 'the end of the code' : kind === 'newline' ? 'the end of the line' : `'${text}'`
    throw new ScriptError('syntax', this.here(), `expected ${expected}, found ${found}`, expected)
  }

  private statement(): PythonStatement {
    const place = this.here()
    const { start } = this.token
    this.operations = 0
    if (this.token.kind === 'name' && UNKNOWN_STATEMENTS.has(this.token.text)) {
      throw unsupported(place, `'${this.token.text}' in Python`)
    }
    const made = this.statementKind()
    const source = this.text.slice(start, this.tokens[this.index - 1]!.end).replace(/\s+/g, ' ')
    return { ...made, place, source }
  }

  private statementKind() {
    if (this.take('pass')) return { kind: 'pass' } as const
    if (this.take('if')) return this.ifStatement()
    if (this.take('assert')) {
      const test = this.expression()
      return { kind: 'assert', test, message: this.take(',') ? this.expression() : null } as const
    }
    const value = this.expressions()
    const operator = this.token.kind === 'operator' ? ASSIGNMENT.exec(this.token.text) : null
    if (operator === null) return { kind: 'expression', value } as const
    const targets = value.kind === 'sequence' ? value.items : [value]
    const names = targets.map((target) =>
      target.kind === 'name' ? target.name : this.fail('a name before it'),
    )
    this.index++
    return { kind: 'assign', names, operator: operator[1] ?? '', value: this.expressions() } as const
  }

  /** `if test: statement; statement`, all in one line. */
  private ifStatement() {
    const test = this.expression()
    this.expect(':')
    if (this.token.kind === 'newline') throw unsupported(this.here(), 'a block of Python in lines of its own')
    const body: PythonStatement[] = []
    this.deeper(() => {
      do body.push(this.statement())
      while (this.take(';') && this.token.kind !== 'newline' && this.token.kind !== 'end')
    })
    return { kind: 'if', test, body } as const
  }

  /** One expression, or several with commas, which are a tuple. */
  private expressions(): PythonExpression {
    const first = this.expression()
    if (!this.is(',')) return first
    const items = [first]
    while (this.take(',') && !this.endsHere()) items.push(this.expression())
    return { kind: 'sequence', items }
  }

  private endsHere(): boolean {
    const { kind, text } = this.token
    return kind === 'end' || kind === 'newline' || (kind === 'operator' && /^[)\]};=]$/.test(text))
  }

  private expression(): PythonExpression {
    return this.deeper(() => {
      if (this.is('lambda')) throw unsupported(this.here(), "'lambda' in Python")
      const then = this.either()
      if (!this.take('if')) return then
      const test = this.either()
      this.expect('else')
      return { kind: 'choice', test, then, otherwise: this.expression() }
    })
  }

  private either(): PythonExpression {
    const operands = [this.both()]
    while (this.take('or')) operands.push(this.both())
    return operands.length === 1 ? operands[0]! : { kind: 'or', operands }
  }

  private both(): PythonExpression {
    const operands = [this.negation()]
    while (this.take('and')) operands.push(this.negation())
    return operands.length === 1 ? operands[0]! : { kind: 'and', operands }
  }

  private negation(): PythonExpression {
    if (!this.take('not')) return this.comparison()
    return this.deeper(() => ({ kind: 'unary', operator: 'not', operand: this.negation() }))
  }

  private comparison(): PythonExpression {
    const operands = [this.binary(0)]
    const operators: string[] = []
    for (let found = this.comparator(); found !== null; found = this.comparator()) {
      operators.push(found)
      operands.push(this.binary(0))
    }
    return operators.length === 0 ? operands[0]! : { kind: 'compare', operators, operands }
  }

  private comparator(): string | null {
    for (const operator of ['<', '<=', '>', '>=', '==', '!=', 'in']) if (this.take(operator)) return operator
    if (this.take('is')) return this.take('not') ? '!=' : '=='
    if (!this.is('not') || this.tokens[this.index + 1]?.text !== 'in') return null
    this.index += 2
    return 'not in'
  }

  private binary(level: number): PythonExpression {
    const operators = BINARY[level]
    if (operators === undefined) return this.unary()
    let left = this.binary(level + 1)
    for (;;) {
      const operator = operators.find((text) => this.take(text))
      if (operator === undefined) return left
      this.count()
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) }
    }
  }

  private unary(): PythonExpression {
    const operator = ['-', '+', '~'].find((text) => this.take(text))
    if (operator !== undefined) return this.deeper(() => ({ kind: 'unary', operator, operand: this.unary() }))
    const base = this.postfix()
    if (!this.take('**')) return base
    return this.deeper(() => ({ kind: 'binary', operator: '**', left: base, right: this.unary() }))
  }

  private postfix(): PythonExpression {
    let value = this.atom()
    for (;;) {
      if (this.take('[')) {
        const index = this.expression()
        if (this.is(':')) throw unsupported(this.here(), 'a slice in Python')
        this.expect(']')
        value = { kind: 'index', object: value, index }
      } else if (this.take('.')) {
        const name = this.name()
        if (!this.take('(')) throw unsupported(this.here(), `the attribute ${name} in Python`)
        value = { kind: 'method', object: value, name, args: this.items(')') }
      } else if (value.kind === 'name' && this.take('(')) {
        value = { kind: 'call', name: value.name, args: this.items(')') }
      } else return value
      this.count()
    }
  }

  private name(): string {
    const { kind, text } = this.token
    if (kind !== 'name' || WORDS.has(text)) this.fail('a name')
    this.index++
    return text
  }

  private items(close: string): PythonExpression[] {
    const items: PythonExpression[] = []
    while (!this.take(close)) {
      items.push(this.expression())
      if (this.is('=')) throw unsupported(this.here(), 'an argument by name in Python')
      if (this.is('for')) throw unsupported(this.here(), "'for' in Python")
      if (!this.is(close)) this.expect(',')
    }
    return items
  }

  private atom(): PythonExpression {
    const { kind, text } = this.token
    switch (kind) {
      case 'integer':
        if (/^0[0-9]*[1-9]/.test(text)) this.fail('a number without a leading 0')
        this.index++
        return { kind: 'constant', value: BigInt(text) }
      case 'float':
        this.index++
        return { kind: 'constant', value: Number(text) }
      case 'string':
      case 'template':
        return this.strings()
      case 'name':
        return this.constant() ?? { kind: 'name', name: this.name() }
    }
    if (this.take('[')) return { kind: 'sequence', items: this.items(']') }
    if (this.is('{')) throw unsupported(this.here(), 'a dict or a set in Python')
    if (!this.take('(')) this.fail('an expression')
    if (this.take(')')) return { kind: 'sequence', items: [] }
    const value = this.expressions()
    if (this.is('for')) throw unsupported(this.here(), "'for' in Python")
    this.expect(')')
    return value
  }

  private constant(): PythonExpression | null {
    if (this.take('None')) return { kind: 'constant', value: null }
    if (this.take('True')) return { kind: 'constant', value: true }
    return this.take('False') ? { kind: 'constant', value: false } : null
  }

  /** Strings one behind the other are one. */
  private strings(): PythonExpression {
    const texts = ['']
    const values: PythonExpression[] = []
    const formats: string[] = []
    for (; this.token.kind === 'string' || this.token.kind === 'template'; this.index++) {
      if (this.token.kind === 'string') texts[texts.length - 1] += this.token.text
      else this.template(this.token.text, texts, values, formats)
    }
    if (values.length === 0) return { kind: 'constant', value: texts[0]! }
    return { kind: 'template', texts, values, formats }
  }

  private template(text: string, texts: string[], values: PythonExpression[], formats: string[]): void {
    for (const [part] of text.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g)) {
      if (part === '{' || part === '}') this.fail('braces in pairs')
      if (part === '{{' || part === '}}' || !part.startsWith('{')) {
        texts[texts.length - 1] += part.startsWith('{') ? '{' : part.startsWith('}') ? '}' : part
        continue
      }
      const [, code, format] = /^\{([^:!]*(?:![=][^:!]*)*)(?::(.*))?\}$/.exec(part) ?? []
      if (code === undefined) throw unsupported(this.here(), `${part} in a string`)
      this.count()
      values.push(this.deeper(() => new PythonParser(code.trim(), this.here()).whole()))
      formats.push(format ?? '')
      texts.push('')
    }
  }

  private count(): void {
    if (++this.operations > MAX_OPERATIONS) {
      throw unsupported(this.here(), `Python with more than ${MAX_OPERATIONS} operations in a statement`)
    }
  }

  private deeper<T>(parse: () => T): T {
    if (++this.depth > MAX_DEPTH) throw unsupported(this.here(), `Python nested deeper than ${MAX_DEPTH}`)
    const value = parse()
    this.depth--
    return value
  }
}
