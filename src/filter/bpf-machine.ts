/** Runs programs of the classic Berkeley packet filter as a kernel does. */

import * as bpf from './bpf-program.ts'

/** The codes as numbers without gaps, so that what they select is one jump. */
const DENSE: ReadonlyMap<number, number> = new Map(
  [
    bpf.LD_WORD,
    bpf.LD_HALF,
    bpf.LD_BYTE,
    bpf.LD_WORD_X,
    bpf.LD_HALF_X,
    bpf.LD_BYTE_X,
    bpf.LDX_HEADER,
    bpf.JUMP_EQUAL,
    bpf.JUMP_GREATER,
    bpf.JUMP_NOT_LESS,
    bpf.JUMP_SET,
    bpf.RETURN,
    bpf.ALU_AND,
    bpf.JUMP,
    bpf.JUMP_EQUAL | bpf.ALU_X,
    bpf.JUMP_GREATER | bpf.ALU_X,
    bpf.JUMP_NOT_LESS | bpf.ALU_X,
    bpf.LD_IMMEDIATE,
    bpf.LD_LENGTH,
    bpf.LD_MEMORY,
    bpf.LDX_MEMORY,
    bpf.ST_MEMORY,
    bpf.TAX,
  ].map((code, dense) => [code, dense]),
)
/** Arithmetic: the code itself stands behind it. */
const OTHER = 23

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
      const dense = DENSE.get(code) ?? OTHER
      const at = 4 * index
      const next = at + 4
      this.#code[at] = dense
      this.#code[at + 1] = code === bpf.JUMP ? next + 4 * k : dense === OTHER ? code : next + 4 * jt
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
      const k = code[pc + 3]!
      switch (code[pc]!) {
        case 0: // LD_WORD. Negative: from 2^31 on, where no packet has octets.
          if (k < 0 || k + 4 > length) return 0
          a = word(bytes, start + k)
          break
        case 1: // LD_HALF
          if (k < 0 || k + 2 > length) return 0
          a = (bytes[start + k]! << 8) | bytes[start + k + 1]!
          break
        case 2: // LD_BYTE
          if (k < 0 || k >= length) return 0
          a = bytes[start + k]!
          break
        case 3: {
          // LD_WORD_X
          const at = (x + k) | 0
          if (x < 0 || k < 0 || at < 0 || at + 4 > length) return 0
          a = word(bytes, start + at)
          break
        }
        case 4: {
          // LD_HALF_X
          const at = (x + k) | 0
          if (x < 0 || k < 0 || at < 0 || at + 2 > length) return 0
          a = (bytes[start + at]! << 8) | bytes[start + at + 1]!
          break
        }
        case 5: {
          // LD_BYTE_X
          const at = (x + k) | 0
          if (x < 0 || k < 0 || at < 0 || at >= length) return 0
          a = bytes[start + at]!
          break
        }
        case 6: // LDX_HEADER
          if (k < 0 || k >= length) return 0
          x = (bytes[start + k]! & 0xf) << 2
          break
        case 7: // JUMP_EQUAL
          pc = code[a === k ? pc + 1 : pc + 2]!
          continue
        case 8: // JUMP_GREATER
          pc = code[a >>> 0 > k >>> 0 ? pc + 1 : pc + 2]!
          continue
        case 9: // JUMP_NOT_LESS
          pc = code[a >>> 0 >= k >>> 0 ? pc + 1 : pc + 2]!
          continue
        case 10: // JUMP_SET
          pc = code[(a & k) !== 0 ? pc + 1 : pc + 2]!
          continue
        case 11: // RETURN
          return k >>> 0
        case 12: // ALU_AND
          a &= k
          break
        case 13: // JUMP
          pc = code[pc + 1]!
          continue
        case 14: // JUMP_EQUAL, X
          pc = code[a === x ? pc + 1 : pc + 2]!
          continue
        case 15: // JUMP_GREATER, X
          pc = code[a >>> 0 > x >>> 0 ? pc + 1 : pc + 2]!
          continue
        case 16: // JUMP_NOT_LESS, X
          pc = code[a >>> 0 >= x >>> 0 ? pc + 1 : pc + 2]!
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
        case 20: // LDX_MEMORY
          x = this.#memory[k]!
          break
        case 21: // ST_MEMORY
          this.#memory[k] = a
          break
        case 22: // TAX
          x = a
          break
        default: {
          const operation = code[pc + 1]!
          const operand = (operation & bpf.ALU_X) !== 0 ? x : k
          const isDivision = (operation & 0xf0) === bpf.ALU_DIV - 4 || (operation & 0xf0) === bpf.ALU_MOD - 4
          if (operand === 0 && isDivision) return 0
          a = calculated(operation & ~bpf.ALU_X, a, operand)
        }
      }
      pc += 4
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
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
