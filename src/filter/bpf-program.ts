/**
 * Programs of the classic Berkeley packet filter: McCanne and Jacobson, "The BSD Packet Filter" (1993), in the encoding that
 * kernels take (Linux: Documentation/networking/filter.rst).
 */

/** One instruction, as in `struct sock_filter`. */
export interface BpfInstruction {
  /** 16 bits. */
  readonly code: number
  /** Instructions to skip where the condition holds, and where it does not: 0 to 255. */
  readonly jt: number
  readonly jf: number
  /** 0 to 2^32 - 1. */
  readonly k: number
}

// ---- loads into the accumulator A
export const LD_IMMEDIATE = 0x00
export const LD_WORD = 0x20
export const LD_HALF = 0x28
export const LD_BYTE = 0x30
/** At X + k. */
export const LD_WORD_X = 0x40
export const LD_HALF_X = 0x48
export const LD_BYTE_X = 0x50
export const LD_MEMORY = 0x60
export const LD_LENGTH = 0x80
// ---- loads into the index register X
/** Four times the lower half of the octet at k: the length of an IPv4 header. */
export const LDX_HEADER = 0xb1
export const ST_MEMORY = 0x02
export const TAX = 0x07
// ---- arithmetic of A with k; with X where ALU_X is set, too
export const ALU_X = 0x08
export const ALU_ADD = 0x04
export const ALU_SUB = 0x14
export const ALU_MUL = 0x24
export const ALU_DIV = 0x34
export const ALU_OR = 0x44
export const ALU_AND = 0x54
export const ALU_LSH = 0x64
export const ALU_RSH = 0x74
export const ALU_NEG = 0x84
export const ALU_MOD = 0x94
export const ALU_XOR = 0xa4
// ---- jumps, always forward; comparisons with X where ALU_X is set, too
export const JUMP = 0x05
export const JUMP_EQUAL = 0x15
export const JUMP_GREATER = 0x25
export const JUMP_NOT_LESS = 0x35
export const JUMP_SET = 0x45
export const RETURN = 0x06

/** Words of scratch memory. */
export const MEMORY_WORDS = 16
/** What the kernel takes. */
export const MAX_INSTRUCTIONS = 4096

/** A program as an array of `struct sock_filter`, in the byte order of nearly every machine. */
export function encodeBpf(program: readonly BpfInstruction[]): Uint8Array {
  const octets = new Uint8Array(8 * program.length)
  const view = new DataView(octets.buffer)
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    view.setUint16(8 * index, code, true)
    view.setUint8(8 * index + 2, jt)
    view.setUint8(8 * index + 3, jf)
    view.setUint32(8 * index + 4, k, true)
  }
  return octets
}
