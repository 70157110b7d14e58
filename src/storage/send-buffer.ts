/**
 * The octets from SND.UNA on: written by the user, held until they are acknowledged (RFC 9293 3.8.1, the
 * retransmission queue). An octet is named by its distance from the first one held; SYN and FIN are not in here.
 *
 * The octets stand in one ring of the pool, which grows by doubling and goes back as soon as the buffer is empty.
 */

import { NO_RING, ringRead, ringWrite } from '../bytes/ring.ts'
import type { RingPool } from '../bytes/ring-pool.ts'

export class SendBuffer {
  readonly #pool: RingPool
  #ring: Uint8Array = NO_RING
  /** Index in the ring of the first octet held. */
  #head = 0
  #length = 0
  #capacity: number
  /** Octets ever dropped; and where records end, counted from the first octet ever held. Null: there are none. */
  #dropped = 0
  #recordEnds: number[] | null = null

  /**
   * @param pool where the memory comes from.
   * @param capacity most octets held at a time, 0 to 2^30; need not be a power of two.
   */
  constructor(pool: RingPool, capacity: number) {
    this.#pool = pool
    this.#capacity = capacity
  }

  /** Octets held, sent or not. */
  get length(): number {
    return this.#length
  }

  /** Octets that `write` would accept now. */
  get free(): number {
    return this.#length < this.#capacity ? this.#capacity - this.#length : 0
  }

  get capacity(): number {
    return this.#capacity
  }

  /** A new bound. Octets already held stay, even beyond it; then nothing is accepted until enough are acknowledged. */
  setCapacity(capacity: number): void {
    this.#capacity = capacity
  }

  /** Copies up to `length` octets from `bytes[offset]` on to the end. Returns how many there was room for. */
  write(bytes: Uint8Array, offset: number, length: number): number {
    const free = this.free
    const accepted = Math.min(length, free)
    if (accepted <= 0) return 0
    if (this.#length + accepted > this.#ring.length) this.#grow(this.#length + accepted)
    ringWrite(this.#ring, this.#head + this.#length, bytes, offset, accepted)
    this.#length += accepted
    return accepted
  }

  /** The octets held so far end a record: no segment holds octets from both sides of its end. */
  endRecord(): void {
    this.#recordEnds ??= []
    const end = this.#dropped + this.#length
    if (this.#recordEnds.at(-1) !== end) this.#recordEnds.push(end)
  }

  /** Whether a record ends somewhere, so that `untilRecordEnd` is worth asking. */
  get hasRecords(): boolean {
    return this.#recordEnds !== null
  }

  /** Octets from the one at `from` until the end of its record; Infinity where it ends nowhere yet. */
  untilRecordEnd(from: number): number {
    const ends = this.#recordEnds
    if (ends === null) return Number.POSITIVE_INFINITY
    const place = this.#dropped + from
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ends[middle]! <= place) low = middle + 1
      else high = middle
    }
    return low < ends.length ? ends[low]! - place : Number.POSITIVE_INFINITY
  }

  /**
   * Copies `length` octets, the first of them `from` octets after the first held, to `target[targetOffset]` on.
   * @throws RangeError when they are not all held, or don't fit.
   */
  copyTo(from: number, target: Uint8Array, targetOffset: number, length: number): void {
    if (from < 0 || length < 0 || from + length > this.#length) notHeld()
    ringRead(this.#ring, this.#head + from, target, targetOffset, length)
  }

  /**
   * Drops the first `n` octets: SND.UNA has passed them.
   * @throws RangeError when fewer are held.
   */
  acknowledge(n: number): void {
    if (n < 0 || n > this.#length) notHeld()
    if (this.#recordEnds !== null) this.#dropRecords(n)
    if (n === this.#length) {
      this.clear()
    } else {
      this.#head = (this.#head + n) & (this.#ring.length - 1)
      this.#length -= n
    }
  }

  /** Drops all octets and gives the memory back. */
  clear(): void {
    const ring = this.#ring
    this.#ring = NO_RING
    this.#head = 0
    this.#length = 0
    this.#recordEnds = null
    if (ring !== NO_RING) this.#pool.release(ring)
  }

  /**
   * The memory that holds the octets, for a link that gathers from it without a copy. It belongs to another
   * connection after the next `write`, `acknowledge` or `clear`; so nobody may keep it.
   */
  get ring(): Uint8Array {
    return this.#ring
  }

  /** The index in `ring` of the octet `from` octets after the first held; 0 <= from < length. */
  offsetOf(from: number): number {
    return (this.#head + from) & (this.#ring.length - 1)
  }

  /** How many octets stand in one piece from `offsetOf(from)` on: up to the last one held or the ring's end. */
  segmentAt(from: number): number {
    if (from < 0 || from >= this.#length) return 0
    const held = this.#length - from
    const untilEnd = this.#ring.length - this.offsetOf(from)
    return Math.min(held, untilEnd)
  }

  #dropRecords(n: number): void {
    const ends = this.#recordEnds!
    this.#dropped += n
    let passed = 0
    while (passed < ends.length && ends[passed]! <= this.#dropped) passed++
    if (passed === ends.length) this.#recordEnds = null
    else ends.splice(0, passed)
  }

  #grow(octets: number): void {
    const ring = this.#pool.take(octets)
    if (this.#length > 0) ringRead(this.#ring, this.#head, ring, 0, this.#length)
    if (this.#ring !== NO_RING) this.#pool.release(this.#ring)
    this.#ring = ring
    this.#head = 0
  }
}

function notHeld(): never {
  throw new RangeError('octets that the send buffer does not hold')
}
