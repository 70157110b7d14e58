/**
 * Inputs that are lists of operations: what they may be, how they change, and how they stand in a file, one a line:
 * `segment 18 0 -1 0 512`. An operation is its kind's number and its arguments.
 */

import type { Random } from '../src/sim/random.ts'

/** An argument: an integer from `low` to `high`, with values worth more than others. */
export interface Argument {
  readonly low: number
  readonly high: number
  readonly often: readonly number[]
}

export interface Kind {
  readonly name: string
  readonly arguments: readonly Argument[]
  /** How often it is put in, beside others; default 1. */
  readonly weight?: number
}

/** The number of a kind, then its arguments. */
export type Operation = readonly number[]

export function argument(low: number, high: number, ...often: number[]): Argument {
  return { low, high, often }
}

/** The text of a list may not be longer. */
const MOST_LINES = 10_000

export class OperationList {
  readonly #kinds: readonly Kind[]
  readonly #most: number
  readonly #weighted: readonly number[]

  /** @param most operations in a list, at most. */
  constructor(kinds: readonly Kind[], most: number) {
    this.#kinds = kinds
    this.#most = most
    this.#weighted = kinds.flatMap(({ weight }, kind) => new Array<number>(weight ?? 1).fill(kind))
  }

  /** One change: an operation put in, taken out, moved, said again or changed, or a tail from another list. */
  mutate(random: Random, input: readonly Operation[], other: readonly Operation[]): Operation[] {
    const list = [...input]
    const at = random.range(0, list.length)
    const kind = random.range(0, 9)
    if (list.length === 0 || kind <= 1) list.splice(at, 0, this.#fresh(random))
    else if (kind === 2) list.splice(at, random.chance(0.7) ? 1 : random.range(1, list.length))
    else if (kind === 3) list.splice(at, 0, ...repeated(random, list))
    else if (kind === 4) list.splice(at, list.length, ...other.slice(random.range(0, other.length)))
    else if (kind === 5) list.splice(at, 0, ...pieceOf(random, other))
    else if (kind === 6) list.splice(at, 0, ...list.splice(random.range(0, list.length - 1), 1))
    else {
      const which = random.range(0, list.length - 1)
      list[which] = this.#changed(random, list[which]!)
    }
    return list.slice(0, this.#most)
  }

  #fresh(random: Random): Operation {
    const kind = random.pick(this.#weighted)
    return [kind, ...this.#kinds[kind]!.arguments.map((one) => drawn(random, one))]
  }

  #changed(random: Random, operation: Operation): Operation {
    const { arguments: known } = this.#kinds[operation[0]!]!
    if (known.length === 0) return this.#fresh(random)
    const changed = [...operation]
    const which = random.range(0, known.length - 1)
    const { low, high } = known[which]!
    const near = operation[which + 1]! + random.range(-3, 3)
    const stays = random.chance(0.3) && near >= low && near <= high
    changed[which + 1] = stays ? near : drawn(random, known[which]!)
    return changed
  }

  /** Lists with fewer operations, then with smaller arguments. */
  *smaller(input: readonly Operation[]): Generator<Operation[]> {
    for (let size = (input.length + 1) >>> 1; size >= 1; size >>>= 1) {
      for (let at = 0; at < input.length; at += size) {
        yield [...input.slice(0, at), ...input.slice(at + size)]
      }
    }
    for (const [at, operation] of input.entries()) {
      for (const [which, { low, high }] of this.#kinds[operation[0]!]!.arguments.entries()) {
        const value = operation[which + 1]!
        const least = Math.max(low, 0)
        for (const next of new Set([least, Math.trunc(value / 2), value - Math.sign(value)])) {
          if (next < low || next > high || Math.abs(next) >= Math.abs(value)) continue
          yield input.map((one, i) => (i === at ? one.map((old, k) => (k === which + 1 ? next : old)) : one))
        }
      }
    }
  }

  toText(input: readonly Operation[]): string {
    const lines = input.map(([kind, ...values]) => [this.#kinds[kind!]!.name, ...values].join(' '))
    return lines.map((line) => `${line}\n`).join('')
  }

  /** @throws Error naming the line, where it is not an operation that this list knows. */
  fromText(text: string): Operation[] {
    const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim())
    if (lines.length > MOST_LINES) throw new Error(`${lines.length} lines, at most ${MOST_LINES}`)
    return lines.flatMap((line, i) => (line === '' ? [] : [this.#parse(line, i + 1)]))
  }

  #parse(line: string, number: number): Operation {
    const [name, ...words] = line.split(/\s+/)
    const kind = this.#kinds.findIndex((one) => one.name === name)
    if (kind < 0) throw new Error(`line ${number}: no operation '${name}'`)
    const known = this.#kinds[kind]!.arguments
    if (words.length !== known.length) {
      throw new Error(`line ${number}: ${name} takes ${known.length} arguments, not ${words.length}`)
    }
    const values = words.map(Number)
    for (const [i, { low, high }] of known.entries()) {
      const value = values[i]!
      if (!Number.isInteger(value) || value < low || value > high) {
        throw new Error(
          `line ${number}: argument ${i + 1} of ${name} is ${low} to ${high}, not '${words[i]}'`,
        )
      }
    }
    return [kind, ...values]
  }

  /** The operation of a kind, for seeds. @throws Error where it is not one. */
  read(...lines: string[]): Operation[] {
    return this.fromText(lines.join('\n'))
  }
}

function drawn(random: Random, { low, high, often }: Argument): number {
  if (often.length > 0 && random.chance(0.7)) return random.pick(often)
  return random.range(low, high)
}

function pieceOf(random: Random, list: readonly Operation[]): readonly Operation[] {
  const at = random.range(0, Math.max(0, list.length - 1))
  return list.slice(at, at + random.range(1, 6))
}

/** A piece said again, perhaps several times: queues fill and counters run up. */
function repeated(random: Random, list: readonly Operation[]): Operation[] {
  const piece = pieceOf(random, list)
  const times = random.chance(0.2) ? random.range(2, 12) : 1
  return new Array<readonly Operation[]>(times).fill(piece).flat()
}
