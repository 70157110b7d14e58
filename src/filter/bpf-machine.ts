/** Runs programs of the classic Berkeley packet filter as a kernel does. */

import * as bpf from './bpf-program.ts'

/**
 * The codes as numbers without gaps, so that what they select is one jump: loads at a fixed place and loads behind X, each of
 * four, two and one octet; then what compares, and the rest.
 */
const ORDER = [
  bpf.LD_WORD,
  bpf.LD_HALF,
  bpf.LD_BYTE,
  bpf.LD_WORD_X,
  bpf.LD_HALF_X,
  bpf.LD_BYTE_X,
  bpf.JUMP_EQUAL,
  bpf.JUMP_GREATER,
  bpf.JUMP_NOT_LESS,
  bpf.JUMP_SET,
  bpf.JUMP_EQUAL | bpf.ALU_X,
  bpf.JUMP_GREATER | bpf.ALU_X,
  bpf.JUMP_NOT_LESS | bpf.ALU_X,
  bpf.LDX_HEADER,
  bpf.RETURN,
  bpf.ALU_AND,
  bpf.JUMP,
  bpf.LD_IMMEDIATE,
  bpf.LD_LENGTH,
  bpf.LD_MEMORY,
  bpf.ST_MEMORY,
  bpf.TAX,
] as const
const DENSE: ReadonlyMap<number, number> = new Map(ORDER.map((code, dense) => [code, dense]))
const FIRST_LOAD_X = 3
const FIRST_COMPARISON = 6
const FIRST_OTHER = 13
/** Arithmetic: the code itself stands behind it. */
const ARITHMETIC = ORDER.length

/**
 * A program made ready to run. What lies outside of the captured octets ends the program with a refusal, and so does a division
 * by zero.
 */
export class BpfMachine {
  /** The dense code, where to go on where a condition holds, and where it does not, and k, in turn. */
  readonly #code: Int32Array
  readonly #memory = new Int32Array(bpf.MEMORY_WORDS)

  constructor(program: readonly bpf.BpfInstruction[]) {
    this.#code = new Int32Array(4 * program.length)
    for (const [index, { code, jt, jf, k }] of program.entries()) {
      const dense = DENSE.get(code) ?? ARITHMETIC
      const at = 4 * index
      const next = at + 4
      this.#code[at] = dense
      this.#code[at + 1] = code === bpf.JUMP ? next + 4 * k : dense === ARITHMETIC ? code : next + 4 * jt
      this.#code[at + 2] = next + 4 * jf
      this.#code[at + 3] = k
    }
  }

  /**
   * @param bytes octets around the packet.
   * @param start where it starts in them.
   * @param length octets that were captured.
   * @param wireLength octets that it had on the wire.
   * @returns how many octets of the packet are wanted; 0: none of it.
   */
  run(bytes: Uint8Array, start: number, length: number, wireLength: number): number {
    const code = this.#code
    let a = 0
    let x = 0
    let pc = 0
    for (;;) {
      const operation = code[pc]!
      const k = code[pc + 3]!
      if (operation < FIRST_COMPARISON) {
        // Negative is from 2^31 on, where no packet has octets.
        const at = operation < FIRST_LOAD_X ? k : x < 0 || k < 0 ? -1 : (x + k) | 0
        const size = 4 >> (operation < FIRST_LOAD_X ? operation : operation - FIRST_LOAD_X)
        if (at < 0 || at + size > length) return 0
        a = loaded(bytes, start + at, size)
        pc += 4
        continue
      }
      if (operation < FIRST_OTHER) {
        pc = code[holds(operation, a, x, k) ? pc + 1 : pc + 2]!
        continue
      }
      switch (operation) {
        case 13: // LDX_HEADER
          if (k < 0 || k >= length) return 0
          x = (bytes[start + k]! & 0xf) << 2
          break
        case 14: // RETURN
          return k >>> 0
        case 15: // ALU_AND
          a &= k
          break
        case 16: // JUMP
          pc = code[pc + 1]!
          continue
        case 17: // LD_IMMEDIATE
          a = k
          break
        case 18: // LD_LENGTH
          a = wireLength | 0
          break
        case 19: // LD_MEMORY
          a = this.#memory[k]!
          break
        case 20: // ST_MEMORY
          this.#memory[k] = a
          break
        case 21: // TAX
          x = a
          break
        default: {
          const arithmetic = code[pc + 1]!
          const operand = (arithmetic & bpf.ALU_X) !== 0 ? x : k
          const plain = arithmetic & ~bpf.ALU_X
          if (operand === 0 && (plain === bpf.ALU_DIV || plain === bpf.ALU_MOD)) return 0
          a = calculated(plain, a, operand)
        }
      }
      pc += 4
    }
  }
}

function holds(comparison: number, a: number, x: number, k: number): boolean {
  switch (comparison) {
    case 6: // JUMP_EQUAL
      return a === k
    case 7: // JUMP_GREATER
      return a >>> 0 > k >>> 0
    case 8: // JUMP_NOT_LESS
      return a >>> 0 >= k >>> 0
    case 9: // JUMP_SET
      return (a & k) !== 0
    case 10: // JUMP_EQUAL, X
      return a === x
    case 11: // JUMP_GREATER, X
      return a >>> 0 > x >>> 0
    default: // JUMP_NOT_LESS, X
      return a >>> 0 >= x >>> 0
  }
}

function loaded(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) return bytes[at]!
  const half = (bytes[at]! << 8) | bytes[at + 1]!
  return size === 2 ? half : (half << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** As 32-bit words without sign, given and returned as int32. A divisor of zero must have been refused before. */
export function calculated(operation: number, a: number, b: number): number {
  switch (operation) {
    case bpf.ALU_ADD:
      return (a + b) | 0
    case bpf.ALU_SUB:
      return (a - b) | 0
    case bpf.ALU_MUL:
      return Math.imul(a, b)
    case bpf.ALU_DIV:
      return ((a >>> 0) / (b >>> 0)) | 0
    case bpf.ALU_MOD:
      return ((a >>> 0) % (b >>> 0)) | 0
    case bpf.ALU_OR:
      return a | b
    case bpf.ALU_AND:
      return a & b
    case bpf.ALU_XOR:
      return a ^ b
    case bpf.ALU_LSH:
      return b >>> 0 > 31 ? 0 : a << b
    case bpf.ALU_RSH:
      return b >>> 0 > 31 ? 0 : (a >>> b) | 0
    default:
      return -a | 0
  }
}
