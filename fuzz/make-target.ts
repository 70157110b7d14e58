/** What targets over octets, over text, and over lists of operations have in common. */

import type { Random } from '../src/sim/random.ts'
import { mutateOctets, smallerOctets } from './mutate-octets.ts'
import type { Operation, OperationList } from './mutate-operations.ts'
import { mutateText, smallerTexts } from './mutate-text.ts'
import type { Probe, Target } from './target.ts'

interface Parts<I> {
  readonly name: string
  readonly about: string
  seeds(): I[]
  run(input: I, probe: Probe): void
}

export interface OctetParts extends Parts<Uint8Array> {
  readonly mostOctets: number
  /** A change that knows the format. */
  mutateByGrammar(random: Random, input: Uint8Array, other: Uint8Array): Uint8Array
  /** What makes an input pass the first checks after any change: lengths, checksums. Default: nothing. */
  repair?(random: Random, input: Uint8Array): Uint8Array
}

/** One change in three is made without regard to the format. */
const BLIND = 0.33

export function octetTarget(parts: OctetParts): Target<Uint8Array> {
  const { name, about, mostOctets } = parts
  return {
    name,
    about,
    seeds: () => parts.seeds(),
    run: (input, probe) => parts.run(input, probe),
    mutate(random, input, other) {
      const changed = random.chance(BLIND)
        ? mutateOctets(random, input, other, mostOctets)
        : parts.mutateByGrammar(random, input, other)
      const kept = changed.length > mostOctets ? changed.slice(0, mostOctets) : changed
      return parts.repair === undefined ? kept : parts.repair(random, kept)
    },
    size: (input) => input.length,
    extension: 'bin',
    smaller: smallerOctets,
    toFile: (input) => input,
    fromFile: (octets) => octets,
  }
}

export function operationTarget(parts: Parts<Operation[]>, list: OperationList): Target<Operation[]> {
  const { name, about } = parts
  return {
    name,
    about,
    seeds: () => parts.seeds(),
    run: (input, probe) => parts.run(input, probe),
    mutate: (random, input, other) => list.mutate(random, input, other),
    size: (input) => input.length,
    extension: 'txt',
    smaller: (input) => list.smaller(input),
    toFile: (input) => new TextEncoder().encode(list.toText(input)),
    fromFile: (octets) => list.fromText(new TextDecoder().decode(octets)),
  }
}

export interface TextParts extends Parts<string> {
  readonly mostLetters: number
  /** Words that the language knows. */
  readonly dictionary: readonly string[]
}

export function textTarget(parts: TextParts): Target<string> {
  const { name, about, mostLetters, dictionary } = parts
  return {
    name,
    about,
    seeds: () => parts.seeds(),
    run: (input, probe) => parts.run(input, probe),
    mutate: (random, input, other) =>
      asFiled(mutateText(random, input, other, dictionary).slice(0, mostLetters)),
    size: (input) => input.length,
    extension: 'txt',
    smaller: smallerTexts,
    toFile: (input) => new TextEncoder().encode(input),
    fromFile: (octets) => new TextDecoder().decode(octets),
  }
}

/** Half a pair of surrogates has no place in a file: U+FFFD, as reading it would give. */
function asFiled(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? new TextDecoder().decode(new TextEncoder().encode(text)) : text
}
