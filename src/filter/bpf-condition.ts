/** What a program of the Berkeley packet filter asks of a packet, as a tree of tests. Constants are folded where it is made. */

/** One instruction that loads or calculates; codes as in bpf-program.ts. */
export interface Step {
  readonly code: number
  readonly k: number
}

/** What a test loads into the accumulator. */
export type Load =
  | {
      readonly kind: 'octets'
      /** Offset in the packet, or behind the IPv4 header that starts at `headerAt`. */
      readonly at: number
      readonly size: 1 | 2 | 4
      /** ANDed with what is loaded; MASK_NONE: all of it counts. */
      readonly mask: number
      /** -1: `at` counts from the packet's start. */
      readonly headerAt: number
    }
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }

export type Jump = '=' | '>' | '>=' | '&'

export type Condition =
  | { readonly kind: 'constant'; readonly holds: boolean }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly operand: Condition }
  | {
      readonly kind: 'test'
      readonly load: Load
      readonly jump: Jump
      /** What is compared with; null: the index register. */
      readonly k: number | null
    }

export const MASK_NONE = 0xffff_ffff

export const ALWAYS: Condition = { kind: 'constant', holds: true }
export const NEVER: Condition = { kind: 'constant', holds: false }

export function both(left: Condition, right: Condition): Condition {
  if (left.kind === 'constant') return left.holds ? right : NEVER
  if (right.kind === 'constant') return right.holds ? left : NEVER
  return { kind: 'and', left, right }
}

export function either(left: Condition, right: Condition): Condition {
  if (left.kind === 'constant') return left.holds ? ALWAYS : right
  if (right.kind === 'constant') return right.holds ? ALWAYS : left
  return { kind: 'or', left, right }
}

export function not(operand: Condition): Condition {
  if (operand.kind === 'constant') return operand.holds ? NEVER : ALWAYS
  return operand.kind === 'not' ? operand.operand : { kind: 'not', operand }
}

/** Octets at a fixed place compared with a number. */
export function octets(
  at: number,
  size: 1 | 2 | 4,
  jump: Jump,
  k: number,
  mask: number = MASK_NONE,
): Condition {
  if (mask === 0 && jump === '=') return k === 0 ? ALWAYS : NEVER
  return { kind: 'test', load: { kind: 'octets', at, size, mask, headerAt: -1 }, jump, k }
}

/** The same of octets behind the IPv4 header at `headerAt`, whatever its length. */
export function octetsBehind(
  headerAt: number,
  at: number,
  size: 1 | 2 | 4,
  jump: Jump,
  k: number,
): Condition {
  return { kind: 'test', load: { kind: 'octets', at, size, mask: MASK_NONE, headerAt }, jump, k }
}
