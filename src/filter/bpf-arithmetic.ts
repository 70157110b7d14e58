/** Arithmetic on the octets of a packet, as steps of a program. */

import { loadCode } from './bpf-assemble.ts'
import type { Condition, Step } from './bpf-condition.ts'
import { calculated } from './bpf-machine.ts'
import * as bpf from './bpf-program.ts'
import type { ArithmeticOperator, BpfArithmetic } from './bpf-syntax.ts'

const OPERATIONS: Record<ArithmeticOperator, number> = {
  '+': bpf.ALU_ADD,
  '-': bpf.ALU_SUB,
  '*': bpf.ALU_MUL,
  '/': bpf.ALU_DIV,
  '%': bpf.ALU_MOD,
  '&': bpf.ALU_AND,
  '|': bpf.ALU_OR,
  '^': bpf.ALU_XOR,
  '<<': bpf.ALU_LSH,
  '>>': bpf.ALU_RSH,
}

/** Where the octets of a protocol start, and what must hold for them to be there. */
export interface Place {
  readonly at: number
  readonly headerAt: number
  readonly check: Condition
}

/** Arithmetic as steps that leave its value in the accumulator. */
export class Arithmetic {
  /** What must hold for the octets that are loaded, in their order. */
  readonly checks: Condition[] = []
  isTooDeep = false
  readonly #placeOf: (load: BpfArithmetic & { kind: 'load' }) => Place
  readonly #steps: Step[] = []
  #used = 0

  constructor(placeOf: (load: BpfArithmetic & { kind: 'load' }) => Place) {
    this.#placeOf = placeOf
  }

  /** The left side in A; the right side in X, unless it is a constant. */
  pair(left: BpfArithmetic, right: BpfArithmetic): Step[] {
    this.#value(left)
    if (constantOf(right) === null) {
      const memory = this.#keep()
      this.#value(right)
      this.#add(bpf.TAX, 0)
      this.#add(bpf.LD_MEMORY, memory)
    }
    return this.#steps
  }

  #value(arithmetic: BpfArithmetic): void {
    const constant = constantOf(arithmetic)
    if (constant !== null) return this.#add(bpf.LD_IMMEDIATE, constant)
    switch (arithmetic.kind) {
      case 'length':
        return this.#add(bpf.LD_LENGTH, 0)
      case 'negative':
        this.#value(arithmetic.operand)
        return this.#add(bpf.ALU_NEG, 0)
      case 'load':
        return this.#load(arithmetic)
      case 'binary':
        return this.#binary(arithmetic)
    }
  }

  #binary({ operator, left, right }: BpfArithmetic & { kind: 'binary' }): void {
    this.#value(left)
    const constant = constantOf(right)
    if (constant !== null) return this.#add(OPERATIONS[operator], constant)
    const memory = this.#keep()
    // As libpcap has it, only what stands first in a calculation is asked whether it is there.
    const asked = this.checks.length
    this.#value(right)
    this.checks.length = asked
    this.#add(bpf.TAX, 0)
    this.#add(bpf.LD_MEMORY, memory)
    this.#used--
    this.#add(OPERATIONS[operator] | bpf.ALU_X, 0)
  }

  #load(load: BpfArithmetic & { kind: 'load' }): void {
    const { index, size } = load
    const constant = constantOf(index)
    if (constant === null) this.#value(index)
    const { at, headerAt, check } = this.#placeOf(load)
    this.checks.push(check)
    if (constant === null) {
      if (headerAt >= 0) {
        const memory = this.#keep()
        this.#add(bpf.LDX_HEADER, headerAt)
        this.#add(bpf.LD_MEMORY, memory)
        this.#used--
        this.#add(bpf.ALU_ADD | bpf.ALU_X, 0)
      }
      this.#add(bpf.TAX, 0)
      return this.#add(loadCode(size, true), at)
    }
    if (headerAt >= 0) this.#add(bpf.LDX_HEADER, headerAt)
    this.#add(loadCode(size, headerAt >= 0), (at + constant) >>> 0)
  }

  /** Puts A away. @returns where. */
  #keep(): number {
    const memory = this.#used++
    if (memory >= bpf.MEMORY_WORDS) this.isTooDeep = true
    this.#add(bpf.ST_MEMORY, memory)
    return memory
  }

  #add(code: number, k: number): void {
    this.#steps.push({ code, k })
  }
}

/** The value of arithmetic on constants; null where it depends on the packet, or divides by zero. */
export function constantOf(arithmetic: BpfArithmetic): number | null {
  switch (arithmetic.kind) {
    case 'constant':
      return arithmetic.value
    case 'negative': {
      const operand = constantOf(arithmetic.operand)
      return operand === null ? null : -operand >>> 0
    }
    case 'binary': {
      const [left, right] = [constantOf(arithmetic.left), constantOf(arithmetic.right)]
      const { operator } = arithmetic
      if (right === 0 && (operator === '*' || operator === '&')) return 0
      if (left === null || right === null) return null
      if (right === 0 && (operator === '/' || operator === '%')) return null
      return calculated(OPERATIONS[operator], left | 0, right | 0) >>> 0
    }
    default:
      return null
  }
}
