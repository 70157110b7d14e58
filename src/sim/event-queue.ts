/**
 * Virtual time: what happens next, by (time, order of insertion), so that equal times have one order in every run.
 *
 * A binary heap whose entries know their place, so that cancelling costs O(log n) and leaves nothing behind.
 */

/** A scheduled item; also the handle to cancel it. */
export interface Scheduled<T> {
  /** Microseconds. */
  readonly at: number
  readonly item: T
  /** Insertion number. */
  readonly order: number
  /** Place in the heap, -1 once taken or cancelled. Only the queue writes it. */
  place: number
}

export class EventQueue<T> {
  readonly #heap: Scheduled<T>[] = []
  readonly #limit: number
  #order = 0

  /** @param limit most items at once; more is a mistake of the caller and throws. */
  constructor(limit = 1_000_000) {
    this.#limit = limit
  }

  get size(): number {
    return this.#heap.length
  }

  /** When the next item is due, in microseconds; Infinity where there is none. */
  get nextAt(): number {
    const first = this.#heap[0]
    return first === undefined ? Number.POSITIVE_INFINITY : first.at
  }

  /** @param at microseconds; must be a number, Infinity is refused because it would never come. */
  schedule(at: number, item: T): Scheduled<T> {
    if (!Number.isFinite(at)) throw new RangeError(`event queue: a time in microseconds is needed, not ${at}`)
    if (this.#heap.length >= this.#limit) throw new RangeError(`event queue: more than ${this.#limit} items`)
    const entry: Scheduled<T> = { at, item, order: this.#order++, place: this.#heap.length }
    this.#heap.push(entry)
    this.#rise(entry)
    return entry
  }

  /** Removes an item that was not taken yet; false where it was taken or cancelled before. */
  cancel(entry: Scheduled<T>): boolean {
    const place = entry.place
    if (place < 0 || this.#heap[place] !== entry) return false
    const last = this.#heap.pop()!
    entry.place = -1
    if (last !== entry) {
      this.#put(last, place)
      this.#rise(last)
      this.#sink(last)
    }
    return true
  }

  /** Takes the next item if it is due at `now`, else null. */
  take(now: number = Number.POSITIVE_INFINITY): Scheduled<T> | null {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return null
    this.cancel(first)
    return first
  }

  /** Forgets everything; each item is shown to `visit` first, in no particular order. */
  clear(visit?: (item: T) => void): void {
    for (const entry of this.#heap) {
      entry.place = -1
      visit?.(entry.item)
    }
    this.#heap.length = 0
  }

  #rise(entry: Scheduled<T>): void {
    while (entry.place > 0) {
      const parent = this.#heap[(entry.place - 1) >> 1]!
      if (!earlier(entry, parent)) return
      this.#swap(parent, entry)
    }
  }

  #sink(entry: Scheduled<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1]
      if (left === undefined) return
      const right = this.#heap[2 * entry.place + 2]
      const child = right !== undefined && earlier(right, left) ? right : left
      if (!earlier(child, entry)) return
      this.#swap(entry, child)
    }
  }

  #swap(upper: Scheduled<T>, lower: Scheduled<T>): void {
    const place = upper.place
    this.#put(upper, lower.place)
    this.#put(lower, place)
  }

  #put(entry: Scheduled<T>, place: number): void {
    entry.place = place
    this.#heap[place] = entry
  }
}

function earlier<T>(a: Scheduled<T>, b: Scheduled<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
