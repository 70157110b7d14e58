/**
 * Which octets beyond RCV.NXT have arrived: ranges [start, end) of offsets from a base, sorted, disjoint, and never
 * touching. It knows where octets are, not what they are; the receive buffer holds those.
 *
 * The ranges stand in the middle of one Int32Array with room on both sides, as positions modulo 2^32 that don't
 * change when the base moves. So a new range at either end costs no moves, moving the base costs nothing per range,
 * and a range in between moves the shorter side. A connection without holes has no array at all.
 */

const NO_RANGES = new Int32Array(0)
const FIRST_SLOTS = 8
/** Offsets stay below 2^30 (the largest window of RFC 7323 2.3), so that differences of positions fit an int32. */
const MAX_OFFSET = 2 ** 30

export class Assembler {
  readonly #maxRanges: number
  /** Range i is at [2 * (first + i)] (start) and the entry after it (end). */
  #ranges: Int32Array = NO_RANGES
  #first = 0
  #count = 0
  /** The position of offset 0, int32. */
  #base = 0
  #octets = 0
  #recent = -1
  #moves = 0

  /** @param maxRanges most ranges held at a time, at least 0. */
  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges
  }

  /** Ranges held, 0 to maxRanges. */
  get count(): number {
    return this.#count
  }

  /** Octets in all ranges. */
  get octets(): number {
    return this.#octets
  }

  /** The index of the range that the last `add` made or touched, or -1 when the base has passed it (RFC 2018 4). */
  get recent(): number {
    return this.#recent
  }

  /** How often a range was moved to another slot, ever: what an adversary can make us pay for. */
  get moves(): number {
    return this.#moves
  }

  /** The offset of the first octet of range `i`, 0 <= i < count. */
  start(i: number): number {
    return (this.#ranges[2 * (this.#first + i)]! - this.#base) | 0
  }

  /** The offset after the last octet of range `i`, 0 <= i < count. */
  end(i: number): number {
    return (this.#ranges[2 * (this.#first + i) + 1]! - this.#base) | 0
  }

  /** The index of the range that holds the octet at `offset`, or -1. */
  find(offset: number): number {
    const i = this.#firstEndingAfter(offset)
    return i < this.#count && this.start(i) <= offset ? i : -1
  }

  /** Whether `add` of the same range would succeed. */
  accepts(start: number, end: number): boolean {
    if (this.#count < this.#maxRanges || start >= end) return true
    const i = this.#firstEndingAfter(start - 1)
    return i < this.#count && this.start(i) <= end
  }

  /**
   * Notes that [start, end) has arrived; 0 <= start <= end <= 2^30. An empty range changes nothing.
   * @returns false when this would be one range more than maxRanges; then nothing has changed.
   * @throws RangeError for offsets out of bounds.
   */
  add(start: number, end: number): boolean {
    if (!(start >= 0 && start <= end && end <= MAX_OFFSET))
      throw new RangeError(`no range [${start}, ${end})`)
    if (start === end) return true
    // The ranges that [start, end) overlaps or touches are i up to, not including, next.
    const i = this.#firstEndingAfter(start - 1)
    let next = i
    let absorbed = 0
    while (next < this.#count && this.start(next) <= end) {
      absorbed += this.end(next) - this.start(next)
      next++
    }
    if (next === i) {
      if (this.#count >= this.#maxRanges) return false
      this.#openSlot(i)
    } else {
      start = Math.min(start, this.start(i))
      end = Math.max(end, this.end(next - 1))
      if (next - i > 1) this.#closeSlots(i, next - i - 1)
    }
    const slot = 2 * (this.#first + i)
    this.#ranges[slot] = this.#base + start
    this.#ranges[slot + 1] = this.#base + end
    this.#octets += end - start - absorbed
    this.#recent = i
    return true
  }

  /** Moves the base `n` octets forward: what is below it is forgotten, and every offset is less by n. 0 <= n <= 2^30. */
  advance(n: number): void {
    let passed = 0
    while (passed < this.#count && this.end(passed) <= n) {
      this.#octets -= this.end(passed) - this.start(passed)
      passed++
    }
    this.#first += passed
    this.#count -= passed
    this.#recent = this.#recent < passed ? -1 : this.#recent - passed
    if (this.#count === 0) {
      this.clear()
      return
    }
    const start = this.start(0)
    if (start < n) {
      this.#octets -= n - start
      this.#ranges[2 * this.#first] = this.#base + n
    }
    this.#base = (this.#base + n) | 0
  }

  /** The length of the range that starts at offset 0, or 0. */
  contiguous(): number {
    return this.#count > 0 && this.start(0) === 0 ? this.end(0) : 0
  }

  /**
   * The first offset in [from, end) that no range covers, or `end`. With nextCovered it walks the gaps of a range:
   * `for (let g = nextGap(a, b); g < b; g = nextGap(h, b)) { h = nextCovered(g, b); ... [g, h) has not arrived }`.
   */
  nextGap(from: number, end: number): number {
    const i = this.find(from)
    if (i < 0) return from
    const gap = this.end(i)
    return Math.min(gap, end)
  }

  /** The first offset in [from, end) that a range covers, or `end`. */
  nextCovered(from: number, end: number): number {
    const i = this.#firstEndingAfter(from)
    if (i === this.#count) return end
    const start = this.start(i)
    if (start <= from) return from
    return Math.min(start, end)
  }

  /** Forgets all ranges and gives the memory back. */
  clear(): void {
    this.#ranges = NO_RANGES
    this.#first = 0
    this.#count = 0
    this.#octets = 0
    this.#recent = -1
  }

  /** The first range whose end is above `offset`, or count. Most segments arrive behind all ranges or in the last. */
  #firstEndingAfter(offset: number): number {
    let low = 0
    let high = this.#count
    if (high > 0 && this.end(high - 1) <= offset) return high
    if (high > 1 && this.end(high - 2) <= offset) return high - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.end(middle) > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Makes an empty slot before range `i`, by moving the shorter side away from it. */
  #openSlot(i: number): void {
    const towardsFront = i < this.#count - i
    if (towardsFront ? this.#first === 0 : 2 * (this.#first + this.#count) === this.#ranges.length)
      this.#centre()
    if (towardsFront) {
      this.#move(this.#first, this.#first - 1, i)
      this.#first--
    } else {
      this.#move(this.#first + i, this.#first + i + 1, this.#count - i)
    }
    this.#count++
  }

  /** Removes `n` ranges after range `i`, by moving the shorter side over them. */
  #closeSlots(i: number, n: number): void {
    const after = this.#count - i - 1 - n
    if (i + 1 < after) {
      this.#move(this.#first, this.#first + n, i + 1)
      this.#first += n
    } else {
      this.#move(this.#first + i + 1 + n, this.#first + i + 1, after)
    }
    this.#count -= n
  }

  #move(from: number, to: number, n: number): void {
    if (n === 0) return
    this.#ranges.copyWithin(2 * to, 2 * from, 2 * (from + n))
    this.#moves += n
  }

  /**
   * Puts the ranges in the middle, in an array of twice the slots when half of them are taken. At least a quarter of
   * the slots is then free on each side, so that the moves made here are constant per range added at an end.
   */
  #centre(): void {
    const slots = this.#ranges.length >>> 1
    let wanted = slots === 0 ? FIRST_SLOTS : slots
    if (2 * this.#count >= wanted) wanted *= 2
    const first = (wanted - this.#count) >>> 1
    if (wanted === slots) {
      this.#move(this.#first, first, this.#count)
    } else {
      const ranges = new Int32Array(2 * wanted)
      for (let i = 0; i < 2 * this.#count; i++) ranges[2 * first + i] = this.#ranges[2 * this.#first + i]!
      this.#ranges = ranges
      this.#moves += this.#count
    }
    this.#first = first
  }
}
