/**
 * Segments of one direction that nobody has acknowledged, as a list in the order of their arrival, in one pool for all
 * conversations. While segments come in order, as nearly all do, an acknowledgment touches only those that it removes.
 */

import { seqLT } from '../wire/seq.ts'
import { NEWEST, OLDEST, SIDE_BITS, UNACKNOWLEDGED } from './conversation-words.ts'

/** As Wireshark's: beyond it no more are kept. */
export const MAX_UNACKNOWLEDGED = 10_000

const FRAME = 0
const SEQ = 1
const END = 2
const TIME = 3
const NEWER = 5
const OLDER = 6
const NODE_WORDS = 7

const FIRST_NODES = 1024
const NONE = -1

/** In SIDE_BITS: some segment starts before the end of an older one, or far behind it. */
const IS_DISORDERED = 0x100
/** Octets between two segments that are still taken for a gap: many of these do not yet go round the circle of numbers. */
const MAX_GAP = 1 << 24
/** What starts so near behind an acknowledgment has only segments behind it that do so too. */
const NEAR = 1 << 30

export class Unacknowledged {
  /** What the last `acknowledge` matched: the frame, or 0, and its time. */
  frame = 0
  seconds = 0
  nanoseconds = 0
  #nodes = new Int32Array(FIRST_NODES * NODE_WORDS)
  #free = NONE
  #used = 0

  /** Adds a segment of the side whose words start at `side`; there must be fewer than MAX_UNACKNOWLEDGED. */
  add(
    words: Int32Array,
    side: number,
    frame: number,
    seq: number,
    end: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    const at = this.#take()
    const nodes = this.#nodes
    const newest = words[side + NEWEST]!
    nodes[at + FRAME] = frame
    nodes[at + SEQ] = seq
    nodes[at + END] = end
    nodes[at + TIME] = seconds
    nodes[at + TIME + 1] = nanoseconds
    nodes[at + NEWER] = NONE
    nodes[at + OLDER] = newest
    if (newest === NONE) {
      words[side + OLDEST] = at
      words[side + SIDE_BITS]! &= ~IS_DISORDERED
    } else {
      if ((seq - nodes[newest + END]!) >>> 0 > MAX_GAP) words[side + SIDE_BITS]! |= IS_DISORDERED
      nodes[newest + NEWER] = at
    }
    words[side + NEWEST] = at
    words[side + UNACKNOWLEDGED]!++
  }

  /** Removes what an acknowledgment covers; the segment that ends at it, the oldest of several, is named in `frame`. */
  acknowledge(words: Int32Array, side: number, ack: number): void {
    this.frame = 0
    const isOrdered = (words[side + SIDE_BITS]! & IS_DISORDERED) === 0
    const nodes = this.#nodes
    for (let at = words[side + OLDEST]!; at !== NONE; ) {
      const newer = nodes[at + NEWER]!
      const end = nodes[at + END]!
      if (ack === end) {
        if (this.frame === 0) {
          this.frame = nodes[at + FRAME]!
          this.seconds = nodes[at + TIME]!
          this.nanoseconds = nodes[at + TIME + 1]!
        }
        this.#remove(words, side, at)
      } else if (seqLT(ack, end)) {
        if (seqLT(nodes[at + SEQ]!, ack)) nodes[at + SEQ] = ack
        if (isOrdered && (end - ack) >>> 0 < NEAR) return
      } else this.#remove(words, side, at)
      at = newer
    }
  }

  /** Forgets all segments of a side. */
  drop(words: Int32Array, side: number): void {
    for (let at = words[side + OLDEST]!; at !== NONE; at = words[side + OLDEST]!)
      this.#remove(words, side, at)
  }

  /** From the lowest start to the highest end of all. Distances are counted from `base`, as unsigned numbers. */
  span(words: Int32Array, side: number, base: number): number {
    const nodes = this.#nodes
    const oldest = words[side + OLDEST]!
    if (oldest === NONE) return 0
    const newest = words[side + NEWEST]!
    let first = (nodes[oldest + SEQ]! - base) >>> 0
    let last = (nodes[newest + END]! - base) >>> 0
    if ((words[side + SIDE_BITS]! & IS_DISORDERED) !== 0 || last < first) {
      for (let at = oldest; at !== NONE; at = nodes[at + NEWER]!) {
        first = Math.min(first, (nodes[at + SEQ]! - base) >>> 0)
        last = Math.max(last, (nodes[at + END]! - base) >>> 0)
      }
    }
    return (last - first) >>> 0
  }

  /** Sets `frame` and its time to the oldest segment's; leaves them where there is none. */
  oldest(words: Int32Array, side: number): void {
    const at = words[side + OLDEST]!
    if (at === NONE) return
    this.frame = this.#nodes[at + FRAME]!
    this.seconds = this.#nodes[at + TIME]!
    this.nanoseconds = this.#nodes[at + TIME + 1]!
  }

  #take(): number {
    const free = this.#free
    if (free !== NONE) {
      this.#free = this.#nodes[free + NEWER]!
      return free
    }
    const at = this.#used
    this.#used += NODE_WORDS
    if (this.#used > this.#nodes.length) {
      const more = new Int32Array(2 * this.#nodes.length)
      more.set(this.#nodes)
      this.#nodes = more
    }
    return at
  }

  #remove(words: Int32Array, side: number, at: number): void {
    const nodes = this.#nodes
    const newer = nodes[at + NEWER]!
    const older = nodes[at + OLDER]!
    if (newer === NONE) words[side + NEWEST] = older
    else nodes[newer + OLDER] = older
    if (older === NONE) words[side + OLDEST] = newer
    else nodes[older + NEWER] = newer
    words[side + UNACKNOWLEDGED]!--
    nodes[at + NEWER] = this.#free
    this.#free = at
  }
}
