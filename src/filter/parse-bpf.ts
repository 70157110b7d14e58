/**
 * Reads capture filters: pcap-filter(7), with the grammar of libpcap. `and` and `or` bind alike, from the left; an address or
 * number behind them takes the qualifiers that came before: `port 80 or 443`.
 */

import { BpfOperands } from './bpf-operand.ts'
import {
  ARITHMETIC_OPERATORS,
  type ArithmeticOperator,
  BPF_PROTOCOLS,
  type BpfArithmetic,
  type BpfDirection,
  type BpfExpression,
  type BpfOperand,
  type BpfProtocol,
  type Qualifiers,
  type Relation,
} from './bpf-syntax.ts'
import type { BpfToken } from './bpf-token.ts'
import { BpfWords } from './bpf-words.ts'

/** Conditions between `and` and `or`: as many as a program has instructions. */
const MAX_CONDITIONS = 4096
/** As yacc's declarations in libpcap have it; those that are not here take all that stands to their right. */
const BINDING: Partial<Record<ArithmeticOperator, number>> = {
  '|': 1,
  '&': 2,
  '<<': 3,
  '>>': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
}
const UNARY_BINDING = 6
const RELATIONS: readonly string[] = ['=', '!=', '>', '>=', '<', '<=']

/** A part of a filter: a condition, or a number that may yet become an operand of qualifiers or of arithmetic. */
type Part =
  | { readonly kind: 'condition'; readonly value: BpfExpression; readonly qualifiers: Qualifiers | null }
  | { readonly kind: 'number'; readonly token: BpfToken; readonly value: number }
  | { readonly kind: 'arithmetic'; readonly value: BpfArithmetic }

/** @returns null for a filter without words, which every packet passes. @throws FilterError */
export function parseBpf(expression: string): BpfExpression | null {
  return new BpfParser(expression).parse()
}

class BpfParser {
  readonly #words: BpfWords
  readonly #operands: BpfOperands
  #conditions = 0

  constructor(expression: string) {
    this.#words = new BpfWords(expression)
    this.#operands = new BpfOperands(expression)
  }

  parse(): BpfExpression | null {
    if (this.#words.token.kind === 'end') return null
    const { value } = this.#condition(this.#sequence(null, false), null)
    if (this.#words.next !== undefined) this.#words.expected('"and", "or" or the end')
    return value
  }

  /** Parts between `and` and `or`. @param isOperands only operands of qualifiers that stand before a parenthesis. */
  #sequence(before: Qualifiers | null, isOperands: boolean): Part {
    let left = this.#part(before, isOperands)
    for (;;) {
      const { kind, text } = this.#words.token
      if (kind !== 'keyword' || (text !== 'and' && text !== 'or')) return left
      const first = this.#condition(left, before)
      if (++this.#conditions > MAX_CONDITIONS) {
        return this.#words.fail(this.#words.token.column, `more than ${MAX_CONDITIONS} conditions`)
      }
      this.#words.at++
      const { qualifiers } = first
      const second = this.#condition(this.#part(qualifiers, isOperands), qualifiers)
      const value: BpfExpression = { kind: text, left: first.value, right: second.value }
      left = { kind: 'condition', value, qualifiers: second.qualifiers }
    }
  }

  /** What must be a condition: a number is one behind qualifiers. */
  #condition(part: Part, before: Qualifiers | null): Part & { readonly kind: 'condition' } {
    if (part.kind === 'condition') return part
    if (part.kind === 'arithmetic') return this.#words.expected('a comparison')
    const { token, value } = part
    if (before === null) {
      return this.#words.fail(token.column, `expected "host", "port" or the like before "${token.text}"`)
    }
    return this.#qualified(token, before, this.#operands.number(token, value, before))
  }

  #part(before: Qualifiers | null, isOperands: boolean): Part {
    const { kind, text } = this.#words.token
    if (kind === 'keyword' && text === 'not') {
      this.#words.at++
      return this.#words.deeper(() => {
        const { value, qualifiers } = this.#condition(this.#part(before, isOperands), before)
        return { kind: 'condition', value: { kind: 'not', operand: value }, qualifiers }
      })
    }
    if (isOperands && !this.#isOperand()) return this.#words.expected('an address, a number or a name')
    const part = this.#simple(before, isOperands)
    if (part.kind === 'condition' || isOperands) return part
    return this.#relation(part)
  }

  /** Arithmetic goes on, and is compared with something. */
  #relation(part: Part & { readonly kind: 'number' | 'arithmetic' }): Part {
    const left = this.#binary(part, 0)
    const relation = this.#words.token.text
    if (this.#words.token.kind !== 'symbol' || !RELATIONS.includes(relation)) return left
    this.#words.at++
    const right = this.#binary(this.#arithmeticPart(), 0)
    return {
      kind: 'condition',
      value: {
        kind: 'relation',
        relation: relation as Relation,
        left: arithmetic(left),
        right: arithmetic(right),
      },
      qualifiers: null,
    }
  }

  #binary(first: Part & { readonly kind: 'number' | 'arithmetic' }, least: number): typeof first {
    let left = first
    for (;;) {
      const { kind, text, column } = this.#words.token
      if (kind !== 'symbol' || !isArithmetic(text)) return left
      const binding = BINDING[text]
      if (binding !== undefined && binding <= least) return left
      this.#words.at++
      const right = this.#words.deeper(() => this.#binary(this.#arithmeticPart(), binding ?? 0))
      const [a, b] = [arithmetic(left), arithmetic(right)]
      this.#checkDivisor(text, b, column)
      left = { kind: 'arithmetic', value: { kind: 'binary', operator: text, left: a, right: b, column } }
    }
  }

  #checkDivisor(operator: ArithmeticOperator, right: BpfArithmetic, column: number): void {
    if (right.kind !== 'constant') return
    if ((operator === '/' || operator === '%') && right.value === 0) {
      return this.#words.fail(column, 'division by zero')
    }
    if ((operator === '<<' || operator === '>>') && right.value > 31) {
      return this.#words.fail(column, 'a shift by more than 31 bits')
    }
  }

  #arithmeticPart(): Part & { readonly kind: 'number' | 'arithmetic' } {
    const { column } = this.#words.token
    const part = this.#simple(null, false)
    if (part.kind !== 'condition') return part
    return this.#words.fail(column, 'expected a number, "len" or octets of a protocol')
  }

  #isOperand(): boolean {
    const { kind, text } = this.#words.token
    return kind === 'symbol' ? text === '(' : kind !== 'keyword' && kind !== 'end'
  }

  #simple(before: Qualifiers | null, isOperands: boolean): Part {
    const token = this.#words.token
    switch (token.kind) {
      case 'number':
        this.#words.at++
        return { kind: 'number', token, value: token.value }
      case 'keyword':
        return this.#keyword(token)
      case 'symbol':
        if (token.text === '(') return this.#parentheses(before, isOperands)
        if (token.text === '-') {
          this.#words.at++
          const operand = this.#words.deeper(() => this.#binary(this.#arithmeticPart(), UNARY_BINDING))
          return { kind: 'arithmetic', value: { kind: 'negative', operand: arithmetic(operand) } }
        }
        return this.#words.expected('a condition')
      case 'end':
        return this.#words.expected('a condition')
      default:
        if (before === null) return this.#words.expected('a condition')
        return this.#operand(before)
    }
  }

  #parentheses(before: Qualifiers | null, isOperands: boolean): Part {
    this.#words.at++
    const inner = this.#words.deeper(() => this.#sequence(before, isOperands))
    this.#words.symbol(')')
    if (inner.kind === 'condition' && !isOperands) return { ...inner, qualifiers: before }
    return inner
  }

  #keyword(token: BpfToken): Part {
    const { text, column } = token
    this.#words.at++
    switch (text) {
      case 'len':
        return { kind: 'arithmetic', value: { kind: 'length' } }
      case 'less':
      case 'greater': {
        const bound: BpfArithmetic = { kind: 'constant', value: this.#words.number('a length') }
        const relation = text === 'less' ? '<=' : '>='
        return conditionOf({ kind: 'relation', relation, left: { kind: 'length' }, right: bound })
      }
      case 'byte':
        return this.#byte(column)
      case 'inbound':
      case 'outbound':
      case 'pppoed':
        return conditionOf({ kind: text, column })
      case 'vlan':
      case 'mpls':
      case 'pppoes':
        return conditionOf({ kind: text, number: this.#words.optionalNumber(), column })
    }
    this.#words.at--
    return this.#head()
  }

  /** `byte 5 = 7`: an octet of the link layer. */
  #byte(column: number): Part {
    const index: BpfArithmetic = { kind: 'constant', value: this.#words.number('the number of an octet') }
    const { text: operator } = this.#words.token
    if (!['=', '<', '>', '&', '|'].includes(operator)) return this.#words.expected('=, <, >, & or |')
    this.#words.at++
    const number = this.#words.token
    const value = this.#words.number('an octet')
    if (value > 0xff) return this.#words.fail(number.column, `an octet is at most 255, not ${value}`)
    const octet: BpfArithmetic = { kind: 'load', protocol: 'ether', index, size: 1, column }
    const right: BpfArithmetic = { kind: 'constant', value }
    if (operator !== '&' && operator !== '|') {
      return conditionOf({ kind: 'relation', relation: operator as Relation, left: octet, right })
    }
    const left: BpfArithmetic = { kind: 'binary', operator, left: octet, right, column }
    return conditionOf({ kind: 'relation', relation: '!=', left, right: { kind: 'constant', value: 0 } })
  }

  /** A protocol, alone or with what follows it; or qualifiers without a protocol. */
  #head(): Part {
    const { text: protocolText, column } = this.#words.token
    let protocol: BpfProtocol = 'any'
    if (BPF_PROTOCOLS.has(protocolText)) {
      protocol = protocolText as BpfProtocol
      this.#words.at++
      if (this.#words.isSymbol('[')) return this.#load(protocol, column)
    }
    const { kind, text } = this.#words.token
    if (kind === 'keyword') {
      if (text === 'broadcast' || text === 'multicast') {
        this.#words.at++
        return conditionOf({ kind: text, protocol, column })
      }
      if (text === 'gateway' || text === 'protochain') {
        return this.#words.expected(`something that needs no look-up or loop: "${text}" is not supported`)
      }
      const qualifiers = this.#qualifiers(protocol)
      if (qualifiers !== null) return this.#behind(qualifiers)
    }
    if (protocol === 'any') return this.#words.expected('a condition')
    return conditionOf({ kind: 'protocol', protocol, column })
  }

  #qualifiers(protocol: BpfProtocol): Qualifiers | null {
    const direction = this.#direction()
    const { kind, text } = this.#words.token
    if (kind === 'keyword') {
      if (text === 'host' || text === 'net' || text === 'port' || text === 'portrange') {
        this.#words.at++
        return { protocol, direction: direction ?? 'either', type: text }
      }
      if (text === 'proto' && direction === null) {
        this.#words.at++
        return { protocol, direction: 'either', type: 'proto' }
      }
    }
    return direction === null ? null : { protocol, direction, type: 'default' }
  }

  #direction(): BpfDirection | null {
    const first = this.#words.token
    if (first.kind !== 'keyword' || (first.text !== 'src' && first.text !== 'dst')) return null
    this.#words.at++
    const other = first.text === 'src' ? 'dst' : 'src'
    const [word, second] = [this.#words.token, this.#words.next]
    const isBoth = word.kind === 'keyword' && second?.kind === 'keyword' && second.text === other
    if (!isBoth || (word.text !== 'and' && word.text !== 'or')) return first.text
    this.#words.at += 2
    return word.text === 'and' ? 'both' : 'either'
  }

  /** The operand that qualifiers are about, or several in parentheses. */
  #behind(qualifiers: Qualifiers): Part {
    const { kind, text } = this.#words.token
    if (kind === 'keyword' && text === 'not') return this.#part(qualifiers, true)
    if (!this.#isOperand()) return this.#words.expected(wanted(qualifiers))
    if (kind === 'symbol') return this.#condition(this.#parentheses(qualifiers, true), qualifiers)
    return this.#condition(this.#simple(qualifiers, true), qualifiers)
  }

  #operand(qualifiers: Qualifiers): Part {
    const token = this.#words.token
    this.#words.at++
    if (token.kind === 'ether')
      return this.#qualified(token, qualifiers, this.#operands.ether(token, qualifiers))
    if (token.kind === 'name')
      return this.#qualified(token, qualifiers, this.#operands.name(token, qualifiers))
    let bits: BpfToken | null = null
    let mask: BpfToken | null = null
    if (this.#words.isSymbol('/')) {
      this.#words.at++
      bits = this.#words.token
      this.#words.number('the length of a prefix')
    }
    if (token.kind === 'ipv6')
      return this.#qualified(token, qualifiers, this.#operands.ipv6(token, bits, qualifiers))
    if (bits === null && this.#words.isKeyword('mask')) {
      this.#words.at++
      mask = this.#words.token
      if (mask.kind !== 'ipv4') return this.#words.expected('a mask')
      this.#words.at++
    }
    return this.#qualified(token, qualifiers, this.#operands.ipv4(token, bits, mask, qualifiers))
  }

  #qualified(
    token: BpfToken,
    qualifiers: Qualifiers,
    operand: BpfOperand,
  ): Part & { readonly kind: 'condition' } {
    const value: BpfExpression = { kind: 'qualified', qualifiers, operand, column: token.column }
    return { kind: 'condition', value, qualifiers }
  }

  #load(protocol: BpfProtocol, column: number): Part {
    this.#words.symbol('[')
    const index = arithmetic(this.#words.deeper(() => this.#binary(this.#arithmeticPart(), 0)))
    let size = 1
    if (this.#words.isSymbol(':')) {
      this.#words.at++
      const token = this.#words.token
      size = this.#words.number('1, 2 or 4 octets')
      if (size !== 1 && size !== 2 && size !== 4) {
        return this.#words.fail(token.column, `expected 1, 2 or 4 octets, not ${size}`)
      }
    }
    this.#words.symbol(']')
    return { kind: 'arithmetic', value: { kind: 'load', protocol, index, size: size as 1 | 2 | 4, column } }
  }
}

function wanted({ type }: Qualifiers): string {
  if (type === 'port') return 'a port'
  if (type === 'portrange') return 'two ports with "-" between them'
  return type === 'proto' ? 'the number of a protocol, or its name behind a backslash' : 'an address'
}

function isArithmetic(text: string): text is ArithmeticOperator {
  return (ARITHMETIC_OPERATORS as readonly string[]).includes(text)
}

function conditionOf(value: BpfExpression): Part {
  return { kind: 'condition', value, qualifiers: null }
}

function arithmetic(part: Part & { readonly kind: 'number' | 'arithmetic' }): BpfArithmetic {
  return part.kind === 'number' ? { kind: 'constant', value: part.value } : part.value
}
