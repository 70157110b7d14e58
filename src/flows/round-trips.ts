/**
 * Round trips as a capture shows them: from the capture point to one end and back. What is timed was sent to that end; its
 * answer tells. By acknowledgments one segment is timed at once, and none that was sent again (Karn's rule, RFC 6298 3);
 * by timestamps the first segment with a value, and its first echo (RFC 7323 4).
 */

import { Spread } from './spread.ts'

export class RoundTrips {
  readonly byAck = new Spread()
  readonly byTimestamp = new Spread()
  #isTimed = false
  #end = 0
  #sentAt = 0
  #isMarked = false
  #value = 0
  #markedAt = 0

  /** As of an end that nothing was sent to. */
  renew(): void {
    this.byAck.renew()
    this.byTimestamp.renew()
    this.#isTimed = false
    this.#isMarked = false
  }

  /** A segment with new numbers leaves for the end. */
  sent(end: number, at: number): void {
    if (this.#isTimed) return
    this.#isTimed = true
    this.#end = end
    this.#sentAt = at
  }

  /** Numbers were sent again, or are missing: what is timed by them says nothing. */
  sentAgain(): void {
    this.#isTimed = false
  }

  /** The end acknowledges. */
  acknowledged(ack: number, at: number): void {
    if (!this.#isTimed || ((ack - this.#end) | 0) < 0) return
    this.#isTimed = false
    if (at >= this.#sentAt) this.byAck.add(at - this.#sentAt)
  }

  /** A segment that will be answered leaves with a timestamp. */
  stamped(value: number, at: number): void {
    if (this.#isMarked) return
    this.#isMarked = true
    this.#value = value
    this.#markedAt = at
  }

  /** The end echoes a timestamp; a later one than that which is waited for passes it by. */
  echoed(value: number, at: number): void {
    if (!this.#isMarked || ((value - this.#value) | 0) < 0) return
    this.#isMarked = false
    if (value === this.#value && at >= this.#markedAt) this.byTimestamp.add(at - this.#markedAt)
  }
}
