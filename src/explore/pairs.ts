/**
 * Hash-consing: each different pair of int32 gets the next number, and the same pair the same number again.
 *
 * Everything that an exploration knows is a pair of pairs in the end: a packet before the rest of a channel, two hosts,
 * two channels. So two states are the same exactly where their numbers are, and no hash can collide: there is none kept.
 */

const FIRST_SLOTS = 1 << 10
const NO_PAIR = -1

export class Pairs {
  /** Pairs numbered so far: 0 to size - 1. */
  size = 0
  #first = new Int32Array(FIRST_SLOTS >> 1)
  #second = new Int32Array(FIRST_SLOTS >> 1)
  /** Open addressing with linear probing, at most half full. */
  #slots = new Int32Array(FIRST_SLOTS).fill(NO_PAIR)

  /** The number of (x, y), a new one where it was never seen. */
  intern(x: number, y: number): number {
    const mask = this.#slots.length - 1
    let slot = hash(x, y) & mask
    for (let id = this.#slots[slot]!; id !== NO_PAIR; id = this.#slots[slot]!) {
      if (this.#first[id] === x && this.#second[id] === y) return id
      slot = (slot + 1) & mask
    }
    const id = this.size++
    if (id === this.#first.length) return this.#grow(x, y, id)
    this.#first[id] = x
    this.#second[id] = y
    this.#slots[slot] = id
    return id
  }

  first(id: number): number {
    return this.#first[id]!
  }

  second(id: number): number {
    return this.#second[id]!
  }

  #grow(x: number, y: number, id: number): number {
    this.#first = longer(this.#first)
    this.#second = longer(this.#second)
    this.#first[id] = x
    this.#second[id] = y
    const slots = new Int32Array(this.#slots.length * 2).fill(NO_PAIR)
    const mask = slots.length - 1
    for (let i = 0; i <= id; i++) {
      let slot = hash(this.#first[i]!, this.#second[i]!) & mask
      while (slots[slot] !== NO_PAIR) slot = (slot + 1) & mask
      slots[slot] = i
    }
    this.#slots = slots
    return id
  }
}

/** The array in one of twice the length. */
export function longer(array: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(array.length * 2)
  twice.set(array)
  return twice
}

function hash(x: number, y: number): number {
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y + 0x7f4a7c15, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return h ^ (h >>> 13)
}
