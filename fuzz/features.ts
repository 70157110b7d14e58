/**
 * Which features the inputs of a corpus have: a branch taken once, two or three times, 4 to 15 times, more often. The
 * smallest input that has a feature owns it, and an input that owns none is not kept.
 */

/** How many kinds of counts are told apart. More of them make corpora long and find nothing sooner. */
const BUCKETS = 4

function bucketOf(count: number): number {
  if (count === 1) return 0
  if (count < 4) return 1
  return count < 16 ? 2 : 3
}

export interface Entry<I> {
  readonly input: I
  readonly size: number
  /** Features that it owns. */
  owned: number
}

export class Features<I> {
  readonly #counters: Uint16Array
  /** The counters two at a time: most are 0. */
  readonly #pairs: Uint32Array
  readonly #owners: (Entry<I> | undefined)[]
  /** Bucket features of what the last input did. */
  readonly #met: number[] = []
  #found = 0
  #slotsSeen = 0
  readonly #slotSeen: Uint8Array

  constructor(counters: Uint16Array) {
    this.#counters = counters
    this.#pairs = new Uint32Array(counters.buffer, 0, counters.length >>> 1)
    this.#owners = new Array<Entry<I> | undefined>(counters.length * BUCKETS).fill(undefined)
    this.#slotSeen = new Uint8Array(counters.length)
  }

  /** Features that some input had. */
  get found(): number {
    return this.#found
  }

  /** Branches, and features of the target's own, that some input had. */
  get slotsSeen(): number {
    return this.#slotsSeen
  }

  /** Whether the branch or feature was met by any input. */
  wasSeen(slot: number): boolean {
    return this.#slotSeen[slot] !== 0
  }

  /** Before a run. */
  clear(): void {
    this.#counters.fill(0)
  }

  /** After a run: takes the counters. @returns how many features nobody had, or only larger inputs. */
  collect(size: number): number {
    const pairs = this.#pairs
    this.#met.length = 0
    let news = 0
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i]!
      if (pair === 0) continue
      news += this.#meet(2 * i, size) + this.#meet(2 * i + 1, size)
    }
    if ((this.#counters.length & 1) === 1) news += this.#meet(this.#counters.length - 1, size)
    return news
  }

  #meet(slot: number, size: number): number {
    const count = this.#counters[slot]!
    if (count === 0) return 0
    const feature = slot * BUCKETS + bucketOf(count)
    const owner = this.#owners[feature]
    if (owner !== undefined && owner.size <= size) return 0
    this.#met.push(feature)
    return 1
  }

  /** Gives an entry the features that `collect` found to be worth having, and returns those that lost their last. */
  own(entry: Entry<I>): Entry<I>[] {
    const gone: Entry<I>[] = []
    for (const feature of this.#met) {
      const before = this.#owners[feature]
      this.#owners[feature] = entry
      entry.owned++
      if (before === undefined) {
        this.#found++
        const slot = Math.floor(feature / BUCKETS)
        if (this.#slotSeen[slot] === 0) {
          this.#slotSeen[slot] = 1
          this.#slotsSeen++
        }
      } else if (--before.owned === 0) gone.push(before)
    }
    return gone
  }
}
