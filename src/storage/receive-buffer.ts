/**
 * The octets that have arrived: those in order and not yet read by the user, then the out-of-order ones beyond
 * RCV.NXT, each at its final place in one ring. A hole that fills makes octets readable without moving any.
 *
 * An octet that has arrived is never overwritten by a later segment that claims to carry it too (RFC 9293 3.10.7.4
 * lets us choose; the first one wins, so that nobody can rewrite what a peer has acknowledged with SACK).
 *
 * The memory comes from the pool, grows by doubling, and goes back as soon as the buffer is empty. It isn't zeroed:
 * only octets below RCV.NXT, all written here, ever leave.
 */

import { NO_RING, ringRead, ringWrite } from '../bytes/ring.ts'
import type { RingPool } from '../bytes/ring-pool.ts'
import { Assembler } from './assembler.ts'

/** What `insert` returns when the segment would need a range more than there may be. */
export const REASSEMBLY_FULL = -1

export class ReceiveBuffer {
  readonly #pool: RingPool
  readonly #assembler: Assembler
  #ring: Uint8Array = NO_RING
  /** Index in the ring of the first octet to read. */
  #head = 0
  #readable = 0
  #capacity: number

  /**
   * @param pool where the memory comes from.
   * @param capacity most octets from the first unread one on, holes included, 0 to 2^30; need not be a power of two.
   * @param maxRanges most ranges of out-of-order octets, at least 0; with 0 only octets in order are taken.
   */
  constructor(pool: RingPool, capacity: number, maxRanges: number) {
    this.#pool = pool
    this.#capacity = capacity
    this.#assembler = new Assembler(maxRanges)
  }

  /** Octets in order, not yet read: those before RCV.NXT. */
  get readable(): number {
    return this.#readable
  }

  /** Octets that have arrived beyond RCV.NXT. */
  get outOfOrder(): number {
    return this.#assembler.octets
  }

  /** Whether octets have arrived behind a hole. */
  get hasGaps(): boolean {
    return this.#assembler.count > 0
  }

  /** How often a range of out-of-order octets was moved, ever: what an adversary can make us pay for. */
  get moves(): number {
    return this.#assembler.moves
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Octets from RCV.NXT on that there is room for: the largest window that may be offered. */
  get free(): number {
    return this.#readable < this.#capacity ? this.#capacity - this.#readable : 0
  }

  /**
   * A new bound. Octets already held stay, even beyond it. When it gets smaller, the caller must still refuse what the
   * new bound has no room for, though it was inside the window once offered.
   */
  setCapacity(capacity: number): void {
    this.#capacity = capacity
  }

  /**
   * Takes the octets of a segment, `length` of them from `bytes[from]` on.
   * @param offset where the first of them belongs, relative to RCV.NXT, at least 0.
   * @returns how many octets RCV.NXT advances, 0 for octets out of order; REASSEMBLY_FULL when they are one range
   * too many, and then nothing is stored. Octets at offset 0 are always taken.
   * @throws RangeError when offset + length is above `free`: the caller cuts a segment to its window first.
   */
  insert(offset: number, bytes: Uint8Array, from: number, length: number): number {
    const end = offset + length
    if (offset < 0 || length < 0 || end > this.free) outsideWindow()
    if (length === 0) return 0
    if (this.#assembler.count > 0 || offset > 0) return this.#insertAroundHoles(offset, bytes, from, length)
    if (this.#readable + length > this.#ring.length) this.#grow(this.#readable + length)
    ringWrite(this.#ring, this.#head + this.#readable, bytes, from, length)
    this.#readable += length
    return length
  }

  /** Moves up to `length` octets to `target[offset]` on. Returns how many there were. */
  read(target: Uint8Array, offset: number, length: number): number {
    const n = Math.min(length, this.#readable)
    if (n <= 0) return 0
    ringRead(this.#ring, this.#head, target, offset, n)
    this.consume(n)
    return n
  }

  /**
   * The memory that holds the octets, for a reader without a copy: `peekLength` octets from index `peekOffset` on are
   * the next to read. It belongs to another connection after the next `insert`, `consume` or `clear`; so nobody may
   * keep it, nor look outside of that piece.
   */
  get ring(): Uint8Array {
    return this.#ring
  }

  /** The index in `ring` of the next octet to read. */
  get peekOffset(): number {
    return this.#head
  }

  /** How many readable octets stand in one piece: all, or those up to the ring's end. */
  get peekLength(): number {
    const untilEnd = this.#ring.length - this.#head
    return Math.min(this.#readable, untilEnd)
  }

  /**
   * Drops the first `n` readable octets.
   * @throws RangeError when fewer are readable.
   */
  consume(n: number): void {
    if (n < 0 || n > this.#readable) notReadable()
    if (n === 0) return
    this.#readable -= n
    if (this.#readable === 0 && this.#assembler.count === 0) this.#releaseRing()
    else this.#head = (this.#head + n) & (this.#ring.length - 1)
  }

  /** Ranges of out-of-order octets, 0 to maxRanges; all are disjoint, none touch, and they are sorted by offset. */
  get rangeCount(): number {
    return this.#assembler.count
  }

  /** The offset from RCV.NXT of the first octet of range `i`, 0 <= i < rangeCount; always above 0. */
  rangeStart(i: number): number {
    return this.#assembler.start(i)
  }

  /** The offset from RCV.NXT after the last octet of range `i`, 0 <= i < rangeCount. */
  rangeEnd(i: number): number {
    return this.#assembler.end(i)
  }

  /** The range that the last out-of-order octets went to, or -1: RFC 2018 4 has it reported first. */
  get recentRange(): number {
    return this.#assembler.recent
  }

  /** The index of the range that holds the octet at `offset` from RCV.NXT, or -1. */
  findRange(offset: number): number {
    return this.#assembler.find(offset)
  }

  /** Drops the octets beyond RCV.NXT: the hole before them will never be filled. */
  dropOutOfOrder(): void {
    this.#assembler.clear()
    if (this.#readable === 0) this.#releaseRing()
  }

  /** Drops all octets and gives the memory back. */
  clear(): void {
    this.#readable = 0
    this.#assembler.clear()
    this.#releaseRing()
  }

  #insertAroundHoles(offset: number, bytes: Uint8Array, from: number, length: number): number {
    const assembler = this.#assembler
    const end = offset + length
    if (offset > 0 && !assembler.accepts(offset, end)) return REASSEMBLY_FULL
    if (this.#readable + end > this.#ring.length) this.#grow(this.#readable + end)
    const position = this.#head + this.#readable
    for (let gap = assembler.nextGap(offset, end); gap < end; ) {
      const covered = assembler.nextCovered(gap, end)
      ringWrite(this.#ring, position + gap, bytes, from + gap - offset, covered - gap)
      gap = assembler.nextGap(covered, end)
    }
    if (offset > 0) {
      assembler.add(offset, end)
      return 0
    }
    // Octets at RCV.NXT are never a range of their own, so that a full queue can't stop the stream.
    const last = assembler.find(end)
    const advance = last < 0 ? end : assembler.end(last)
    assembler.advance(advance)
    this.#readable += advance
    return advance
  }

  #grow(octets: number): void {
    const ring = this.#pool.take(octets)
    const ranges = this.#assembler.count
    const held = this.#readable + (ranges > 0 ? this.#assembler.end(ranges - 1) : 0)
    if (held > 0) ringRead(this.#ring, this.#head, ring, 0, held)
    if (this.#ring !== NO_RING) this.#pool.release(this.#ring)
    this.#ring = ring
    this.#head = 0
  }

  #releaseRing(): void {
    const ring = this.#ring
    this.#ring = NO_RING
    this.#head = 0
    if (ring !== NO_RING) this.#pool.release(ring)
  }
}

function outsideWindow(): never {
  throw new RangeError('octets outside of the receive buffer')
}

function notReadable(): never {
  throw new RangeError('octets that are not readable')
}
