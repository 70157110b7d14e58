/**
 * Where the process stood still (a busy program, a loaded machine) deadlines passed and packets arrived meanwhile. The packets
 * come first: one of them may be the acknowledgment that a deadline was for. The event loop asks timers before links, and a
 * link hands over so many packets a turn, so that what arrived is known to be handled once turns brought none.
 */

import { type Turn, turnOf } from './event-loop.ts'

/**
 * Turns in a row without a packet. The first may be the one that is under way and has asked the links already; what a packet
 * has another host of this process answer comes in the next.
 */
const QUIET_TURNS = 2
/** Turns at most, lest packets that keep arriving starve timers. A TUN device's queue of 500 packets is read in 8. */
const MOST_TURNS = 8

export class Lull {
  /** Whether deadlines wait for it. */
  isAwaited = false
  readonly #comes: (isLast: boolean) => void
  readonly #turn: Turn = turnOf(() => this.#turnEnds())
  #turns = 0
  #quietTurns = 0

  /** @param comes called when packets have ceased to arrive or, with `isLast`, though they have not. */
  constructor(comes: (isLast: boolean) => void) {
    this.#comes = comes
  }

  /** A deadline has passed. */
  await(): void {
    if (this.isAwaited) return
    this.#turns = 0
    this.#quietTurns = 0
    this.goOn()
  }

  /** It came, and not all that waited had its turn: to be called from `comes`. The next turn is judged as if it had not come. */
  goOn(): void {
    this.isAwaited = true
    this.#turn.plan()
  }

  /** The turn that is under way is none without a packet. */
  packetArrives(): void {
    this.#quietTurns = -1
  }

  #turnEnds(): void {
    this.#turns++
    this.#quietTurns++
    const isLast = this.#turns >= MOST_TURNS
    if (!isLast && this.#quietTurns < QUIET_TURNS) return this.#turn.plan()
    this.isAwaited = false
    this.#comes(isLast)
  }

  cancel(): void {
    this.#turn.cancel()
  }

  ref(): void {
    this.#turn.ref()
  }

  unref(): void {
    this.#turn.unref()
  }
}
