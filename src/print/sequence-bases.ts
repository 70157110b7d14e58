/**
 * The first numbers of both sides of each conversation, which tcpdump subtracts from what it shows: a table of flat words,
 * since every packet with ACK asks it.
 */

/** Words of an entry: version, two addresses, ports, two numbers. */
const WORDS = 12
const PORTS = 9
const FIRST = 10
const FIRST_SLOTS = 1 << 10

export class SequenceBases {
  /** Set by `find`: whether the conversation was known. */
  isKnown = false
  /** Its words, and where it starts in them. */
  words = new Int32Array(FIRST_SLOTS * WORDS)
  at = 0
  /** The key of `find`: version, words of the addresses of the side that sorts first and of the other, ports. */
  readonly key = new Int32Array(PORTS + 1)
  #mask = FIRST_SLOTS - 1
  #used = 0

  /** Finds the conversation of `key`, or makes room for it. */
  find(): void {
    if (2 * this.#used > this.#mask) this.#grow()
    this.at = this.#slotOf(this.key, 0)
    this.isKnown = this.words[this.at] !== 0
    if (this.isKnown) return
    this.words.set(this.key, this.at)
    this.#used++
  }

  /** The first number of the side that sorts first (0), or of the other one (1). */
  base(side: 0 | 1): number {
    return this.words[this.at + FIRST + side]!
  }

  setBases(first: number, second: number): void {
    this.words[this.at + FIRST] = first
    this.words[this.at + FIRST + 1] = second
  }

  #slotOf(key: Int32Array, from: number): number {
    const { words } = this
    let hash = 0
    for (let k = 1; k <= PORTS; k++) hash = Math.imul(hash ^ key[from + k]!, 0x9e3779b1) ^ (hash >>> 15)
    hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
    for (let slot = (hash ^ (hash >>> 15)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS
      if (words[at] === 0 || isSame(words, at, key, from)) return at
    }
  }

  #grow(): void {
    const old = this.words
    this.#mask = 2 * this.#mask + 1
    this.words = new Int32Array((this.#mask + 1) * WORDS)
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from] === 0) continue
      this.words.set(old.subarray(from, from + WORDS), this.#slotOf(old, from))
    }
  }
}

function isSame(words: Int32Array, at: number, key: Int32Array, from: number): boolean {
  for (let k = PORTS; k >= 0; k--) if (words[at + k] !== key[from + k]) return false
  return true
}
