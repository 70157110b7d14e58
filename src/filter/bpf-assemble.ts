/** From a tree of tests to a program: jumps for `and` and `or`, and no load of what is loaded already. */

import type { Condition, Load } from './bpf-condition.ts'
import { MASK_NONE } from './bpf-condition.ts'
import * as bpf from './bpf-program.ts'

const JUMP_CODES = {
  '=': bpf.JUMP_EQUAL,
  '>': bpf.JUMP_GREATER,
  '>=': bpf.JUMP_NOT_LESS,
  '&': bpf.JUMP_SET,
} as const

const FARTHEST = 255

/** A place that is jumped to, and what A and X hold there; '' where that depends on the way, or is nothing known. */
class Label {
  a: string | null = null
  x: string | null = null
  /** Instructions from here to the end. */
  left = 0

  reachedWith(a: string, x: string): void {
    this.a = this.a === null || this.a === a ? a : ''
    this.x = this.x === null || this.x === x ? x : ''
  }
}

type Item =
  | { readonly kind: 'label'; readonly label: Label }
  | { readonly kind: 'step'; readonly code: number; readonly k: number }
  | {
      readonly kind: 'branch'
      readonly code: number
      readonly k: number
      readonly yes: Label
      readonly no: Label
    }

/** @param wanted octets that are taken of a packet that passes. */
export function assemble(condition: Condition, wanted: number): bpf.BpfInstruction[] {
  if (condition.kind === 'constant') {
    return [{ code: bpf.RETURN, jt: 0, jf: 0, k: condition.holds ? wanted : 0 }]
  }
  const yes = new Label()
  const no = new Label()
  const writer = new Writer()
  writer.condition(condition, yes, no)
  const { items } = writer
  items.push({ kind: 'label', label: yes }, { kind: 'step', code: bpf.RETURN, k: wanted })
  items.push({ kind: 'label', label: no }, { kind: 'step', code: bpf.RETURN, k: 0 })
  return resolved(items)
}

class Writer {
  readonly items: Item[] = []
  /** What the registers hold. */
  #a = ''
  #x = ''

  condition(condition: Condition, yes: Label, no: Label): void {
    switch (condition.kind) {
      case 'constant':
        throw new Error('constants are folded where conditions are made')
      case 'not':
        return this.condition(condition.operand, no, yes)
      case 'test':
        return this.#test(condition, yes, no)
      default: {
        const next = new Label()
        if (condition.kind === 'and') this.condition(condition.left, next, no)
        else this.condition(condition.left, yes, next)
        this.#place(next)
        this.condition(condition.right, yes, no)
      }
    }
  }

  #test({ load, jump, k }: Condition & { readonly kind: 'test' }, yes: Label, no: Label): void {
    this.#load(load)
    const code = JUMP_CODES[jump] | (k === null ? bpf.ALU_X : 0)
    this.items.push({ kind: 'branch', code, k: k ?? 0, yes, no })
    yes.reachedWith(this.#a, this.#x)
    no.reachedWith(this.#a, this.#x)
  }

  #load(load: Load): void {
    if (load.kind === 'steps') {
      for (const { code, k } of load.steps) this.#step(code, k)
      this.#a = ''
      this.#x = ''
      return
    }
    const { at, size, mask, headerAt } = load
    const isIndexed = headerAt >= 0
    if (isIndexed && this.#x !== `${headerAt}`) {
      this.#step(bpf.LDX_HEADER, headerAt)
      this.#x = `${headerAt}`
    }
    const unmasked = `${headerAt} ${at} ${size}`
    const held = `${unmasked} ${mask}`
    if (this.#a === held) return
    if (this.#a !== `${unmasked} ${MASK_NONE}`) this.#step(loadCode(size, isIndexed), at)
    if (mask !== MASK_NONE) this.#step(bpf.ALU_AND, mask)
    this.#a = held
  }

  #step(code: number, k: number): void {
    this.items.push({ kind: 'step', code, k })
  }

  #place(label: Label): void {
    this.items.push({ kind: 'label', label })
    this.#a = label.a ?? ''
    this.#x = label.x ?? ''
  }
}

export function loadCode(size: 1 | 2 | 4, isIndexed: boolean): number {
  if (size === 1) return isIndexed ? bpf.LD_BYTE_X : bpf.LD_BYTE
  if (size === 2) return isIndexed ? bpf.LD_HALF_X : bpf.LD_HALF
  return isIndexed ? bpf.LD_WORD_X : bpf.LD_WORD
}

/** From the end to the start, so that all distances are known; what is too far for a branch is reached by a jump behind it. */
function resolved(items: readonly Item[]): bpf.BpfInstruction[] {
  const backwards: bpf.BpfInstruction[] = []
  const distance = (label: Label): number => backwards.length - label.left
  const jump = (label: Label): void => {
    backwards.push({ code: bpf.JUMP, jt: 0, jf: 0, k: distance(label) })
  }
  for (let k = items.length - 1; k >= 0; k--) {
    const item = items[k]!
    if (item.kind === 'label') item.label.left = backwards.length
    else if (item.kind === 'step') backwards.push({ code: item.code, jt: 0, jf: 0, k: item.k >>> 0 })
    else {
      const { code, yes, no } = item
      // One jump more may push the other target too far, too.
      const isNoFar = distance(no) >= FARTHEST
      if (isNoFar) jump(no)
      const isYesFar = distance(yes) >= FARTHEST
      if (isYesFar) jump(yes)
      const jt = isYesFar ? 0 : distance(yes)
      const jf = isNoFar ? (isYesFar ? 1 : 0) : distance(no)
      backwards.push({ code, jt, jf, k: item.k >>> 0 })
    }
  }
  return backwards.reverse()
}
