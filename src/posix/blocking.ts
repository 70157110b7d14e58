/**
 * A call that may block, as a generator: it yields what it waits for and returns its outcome, so that it reads as the
 * kernel's own code does.
 */

import type { Outcome, Value } from './value.ts'

/** A condition, or a time in microseconds, whichever comes first. */
export interface Wait {
  readonly ready: () => boolean
  readonly untilUs: number
}

/** The return value and, where the call answers through its arguments, these. */
export interface Result {
  readonly result: number
  readonly args?: readonly Value[]
}

export type Call = Generator<Wait, Result, void>

export const DONE: Result = { result: 0 }

/** The arguments with some of them replaced. */
export function answered(args: readonly Value[], answers: Readonly<Record<number, Value>>): readonly Value[] {
  return args.map((arg, i) => (i in answers ? answers[i]! : arg))
}

export function outcomeOf({ result, args }: Result, passed: readonly Value[]): Outcome {
  return { result, errno: null, args: args ?? passed }
}
