/** Changes to plain octets that know nothing of their meaning, and the cuts of a shrinker. */

import type { Random } from '../src/sim/random.ts'

/** Values at the edges of what fields of one, two and four octets hold. */
const EDGES_8 = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255]
const EDGES_16 = [0, 1, 2, 20, 40, 60, 255, 256, 536, 1460, 1500, 0x7fff, 0x8000, 0xfffe, 0xffff]
const EDGES_32 = [0, 1, -1, 0x7fffffff, -0x80000000, 0x10000, 0xffff, 0x40000, 0x40001]

/** One change of octets: a bit, a value, a piece taken out, put in, doubled or taken from another input. */
export function mutateOctets(
  random: Random,
  input: Uint8Array,
  other: Uint8Array,
  mostOctets: number,
): Uint8Array {
  const kind = random.range(0, 9)
  if (input.length === 0 || kind === 0) return inserted(random, input, randomOctets(random), mostOctets)
  if (kind === 1) return without(random, input)
  if (kind === 2) return inserted(random, input, piece(random, input), mostOctets)
  if (kind === 3) return inserted(random, input, piece(random, other), mostOctets)
  if (kind === 4) return spliced(random, input, other, mostOctets)
  const changed = input.slice()
  const at = random.range(0, changed.length - 1)
  if (kind === 5) changed[at]! ^= 1 << random.range(0, 7)
  else if (kind === 6) changed[at] = random.int32()
  else if (kind === 7) changed[at] = random.pick(EDGES_8)
  else if (kind === 8) changed[at]! += random.range(-16, 16)
  else putNumber(random, changed, at)
  return changed
}

/** Writes an edge value of two or four octets, in either order, where there is room. */
function putNumber(random: Random, octets: Uint8Array, at: number): void {
  const wide = random.chance(0.5)
  const value = wide ? random.pick(EDGES_32) : random.pick(EDGES_16)
  const length = wide ? 4 : 2
  const little = random.chance(0.3)
  for (let i = 0; i < length && at + i < octets.length; i++) {
    octets[at + i] = value >>> (8 * (little ? i : length - 1 - i))
  }
}

export function randomOctets(random: Random, most = 16): Uint8Array {
  const octets = new Uint8Array(random.range(1, most))
  if (random.chance(0.7)) random.fill(octets)
  else octets.fill(random.pick(EDGES_8))
  return octets
}

/** `input` with `what` put in somewhere. */
export function inserted(random: Random, input: Uint8Array, what: Uint8Array, most: number): Uint8Array {
  return replaced(input, random.range(0, input.length), 0, what, most)
}

/** `input` with `count` octets at `at` replaced by `what`. */
export function replaced(
  input: Uint8Array,
  at: number,
  count: number,
  what: Uint8Array,
  most = Number.POSITIVE_INFINITY,
): Uint8Array {
  const length = Math.min(most, input.length - count + what.length)
  const result = new Uint8Array(Math.max(length, input.length - count + what.length))
  result.set(input.subarray(0, at))
  result.set(what, at)
  result.set(input.subarray(at + count), at + what.length)
  return result.length > length ? result.slice(0, length) : result
}

function without(random: Random, input: Uint8Array): Uint8Array {
  const at = random.range(0, input.length - 1)
  const count = random.chance(0.5) ? random.range(1, 4) : random.range(1, input.length)
  return replaced(input, at, Math.min(count, input.length - at), new Uint8Array(0))
}

function piece(random: Random, octets: Uint8Array): Uint8Array {
  if (octets.length === 0) return octets
  const at = random.range(0, octets.length - 1)
  return octets.slice(at, at + random.range(1, 32))
}

function spliced(random: Random, input: Uint8Array, other: Uint8Array, most: number): Uint8Array {
  const head = input.subarray(0, random.range(0, input.length))
  const tail = other.subarray(random.range(0, other.length))
  return replaced(head, head.length, 0, tail, most)
}

/** Inputs with a piece cut out, half of it first; then with octets that are 0. */
export function* smallerOctets(input: Uint8Array): Generator<Uint8Array> {
  for (let size = input.length >>> 1; size >= 1; size >>>= 1) {
    for (let at = 0; at < input.length; at += size) {
      yield replaced(input, at, Math.min(size, input.length - at), new Uint8Array(0))
    }
  }
  for (let at = 0; at < input.length; at++) {
    if (input[at] === 0) continue
    const zeroed = input.slice()
    zeroed[at] = 0
    yield zeroed
  }
}
