/**
 * A queue, first in, first out, in a ring that grows by doubling. Neither `push` nor `shift` moves what waits, and once
 * the ring has its size neither allocates. It is given up when a burst has drained.
 */

const SMALLEST_CAPACITY = 16
/** A ring above this is given up when empty. */
const LARGEST_KEPT = 1024

export class Fifo<T> {
  #items = emptyRing<T>(SMALLEST_CAPACITY)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What waits longest, or undefined. */
  get first(): T | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#head]
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow()
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item
    this.#length++
  }

  /** Takes out what waits longest; undefined where nothing waits. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    if (--this.#length === 0 && this.#items.length > LARGEST_KEPT) this.clear()
    return item
  }

  clear(): void {
    this.#items = emptyRing(SMALLEST_CAPACITY)
    this.#head = 0
    this.#length = 0
  }

  /** All that waits, oldest first, as an array of its own. */
  values(): T[] {
    const mask = this.#items.length - 1
    return Array.from({ length: this.#length }, (_, i) => this.#items[(this.#head + i) & mask] as T)
  }

  #grow(): void {
    const items = emptyRing<T>(2 * this.#items.length)
    for (let i = 0; i < this.#length; i++) items[i] = this.#items[(this.#head + i) & (this.#items.length - 1)]
    this.#items = items
    this.#head = 0
  }
}

function emptyRing<T>(capacity: number): (T | undefined)[] {
  return new Array<T | undefined>(capacity).fill(undefined)
}
