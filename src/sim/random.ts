/**
 * Seeded randomness for simulations: sfc32 (Doty-Humphrey's small fast chaotic generator, 128 bits of state).
 *
 * A generator splits by label, and a fork depends on its parent's seed and its own label only, never on what the
 * parent has drawn. So each link direction and each application owns a stream, and one that draws more than before
 * does not disturb the others. Not for secrets.
 */

/** The whole state as a value: four int32. */
export type RandomState = readonly [number, number, number, number]

export class Random {
  /** What the forks are derived from; draws do not change it. */
  readonly #seed: RandomState
  #a = 0
  #b = 0
  #c = 0
  #counter = 0

  /** @param seed any integer of up to 53 bits, any text, or a saved state to go on from. */
  constructor(seed: number | string | RandomState) {
    if (typeof seed === 'object') {
      this.#seed = seed
      this.#resume(seed)
      return
    }
    this.#seed = hash(typeof seed === 'number' ? `number ${seed}` : `text ${seed}`)
    this.#resume(this.#seed)
    // The first outputs still resemble the seed.
    for (let round = 0; round < 12; round++) this.int32()
  }

  /** An independent stream: the same seed and label give the same stream, whatever was drawn before. */
  fork(label: string): Random {
    const [a, b, c, counter] = this.#seed
    return new Random(`${a},${b},${c},${counter}/${label}`)
  }

  /** Where the stream stands: `new Random(state)` draws the same numbers from here, but forks differently. */
  save(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter]
  }

  /** Any int32. */
  int32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum
  }

  /** A number in [0, 1) with 32 bits. */
  float(): number {
    return (this.int32() >>> 0) / 0x100000000
  }

  /** True with probability p. Always draws once, so that p = 0 and p = 1 leave the stream in step. */
  chance(p: number): boolean {
    return this.float() < p
  }

  /** An integer from `low` to `high`, both included; the span is at most 2^32. */
  range(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1))
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.range(0, list.length - 1)]!
  }

  /** Fills octets start <= i < end. */
  fill(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    for (let at = start; at < end; at += 4) {
      const word = this.int32()
      for (let k = 0; k < 4 && at + k < end; k++) bytes[at + k] = word >>> (8 * k)
    }
  }

  #resume(state: RandomState): void {
    this.#a = state[0] | 0
    this.#b = state[1] | 0
    this.#c = state[2] | 0
    this.#counter = state[3] | 0
  }
}

/** Four words from a text: FNV-1a with a different start for each, then a finalizer (murmur3's). */
function hash(text: string): RandomState {
  const word = (k: number): number => {
    let h = (0x811c9dc5 ^ Math.imul(k + 1, 0x9e3779b9)) | 0
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return h ^ (h >>> 16)
  }
  return [word(0), word(1), word(2), word(3)]
}
