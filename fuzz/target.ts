/** What is fuzzed: where inputs come from, how they change, and what must hold of each. */

import type { Random } from '../src/sim/random.ts'

/** Takes notes of what branches cannot show: that an event met a state. */
export interface Probe {
  /** @param n 0 to OWN_SLOTS - 1. */
  feature(n: number): void
  /** Branches taken by this run so far: work, on every machine the same. */
  work(): number
}

/** One thing to fuzz, over inputs of the type I. */
export interface Target<I> {
  readonly name: string
  /** One line for `npm run fuzz -- --list`. */
  readonly about: string
  /** Inputs to start from, besides the corpus. */
  seeds(): I[]
  /** Another input. `input` and `other`, one more of the corpus, stay as they are. */
  mutate(random: Random, input: I, other: I): I
  /**
   * Tries one input.
   *
   * @throws Finding, or anything else, where something is wrong.
   */
  run(input: I, probe: Probe): void
  /** How large an input is; among those that show the same the smallest is kept. */
  size(input: I): number
  /** Inputs with less in them, the largest cuts first. */
  smaller(input: I): Iterable<I>
  /** How files with inputs are called: 'txt' where a reader can make sense of them. */
  readonly extension: 'txt' | 'bin'
  /** An input as a file, and back; what no `toFile` wrote may throw an Error. */
  toFile(input: I): Uint8Array
  fromFile(octets: Uint8Array): I
}

/** Targets of all kinds of input. */
// biome-ignore lint/suspicious/noExplicitAny: a target takes back only the inputs that it gave.
export type AnyTarget = Target<any>

/** What a target's run says is wrong. */
export class Finding extends Error {
  override readonly name = 'Finding'
}

/** @throws Finding unless `holds`. The text is a function where making it costs something. */
export function expect(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Finding(typeof what === 'string' ? what : what())
}

/** @throws Finding where two texts of what should be the same differ. */
export function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (actual === expected) return
  const [a, b] = [shown(actual), shown(expected)]
  if (a !== b) throw new Finding(`${what}: ${a}, expected ${b}`)
}

function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner))
}
