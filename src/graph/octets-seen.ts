/** Which sequence numbers of one direction have been seen, as ranges: what is new in a segment, and what was there before. */

/** From the first number to the one behind the last. */
export interface SequenceRange {
  readonly first: number
  readonly end: number
}

export class OctetsSeen {
  /** Disjoint, in order, none touching the next. In a stream without gaps there is one. */
  readonly #ranges: { first: number; end: number }[] = []

  /** @returns the parts of [first, end) that were not there before, in order; they are from now on. */
  add(first: number, end: number): SequenceRange[] {
    const ranges = this.#ranges
    const fresh: SequenceRange[] = []
    const start = this.#firstEndingAt(first)
    let at = first
    let k = start
    for (; k < ranges.length && ranges[k]!.first <= end; k++) {
      const range = ranges[k]!
      if (range.first > at) fresh.push({ first: at, end: range.first })
      at = Math.max(at, range.end)
    }
    if (at < end) fresh.push({ first: at, end })
    if (fresh.length === 0) return fresh
    const merged = { first, end }
    if (k > start) {
      merged.first = Math.min(first, ranges[start]!.first)
      merged.end = Math.max(end, ranges[k - 1]!.end)
    }
    ranges.splice(start, k - start, merged)
    return fresh
  }

  /** Whether a range that begins behind `first` reaches beyond `end`: then [first, end) comes late. */
  reachesBeyond(first: number, end: number): boolean {
    const last = this.#ranges.at(-1)
    return last !== undefined && last.end > end && last.first > first
  }

  /** Index of the first range whose end is not below `first`. Mostly the last one, so it is looked at first. */
  #firstEndingAt(first: number): number {
    const ranges = this.#ranges
    let low = 0
    let high = ranges.length
    if (high > 0 && ranges[high - 1]!.end < first) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ranges[middle]!.end < first) low = middle + 1
      else high = middle
    }
    return low
  }
}
