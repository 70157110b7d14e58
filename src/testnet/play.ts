/**
 * The loop under a run: one event of the network or one timer, then whatever the code under test does because of it,
 * to its end; then the clock goes to the next. While nobody is told anything, packets follow each other without a turn of
 * the real event loop in between: a turn costs more than a packet.
 */

import type { Network } from '../sim/network.ts'
import type { RealWork } from './real-work.ts'
import { realDelay, realNow, turn, type VirtualClock } from './virtual-clock.ts'

/** Turns of the event loop at one moment of virtual time, after which code that asks again and again has to wait. */
const MAX_TURNS = 1000
/** Turns in which real work is looked for eagerly; then once a millisecond. */
const EAGER_TURNS = 200
/** Timers at one moment. */
const MAX_TIMERS_AT_ONCE = 100_000
/** Events of the network without a look at the limit. */
const EVENTS_AT_ONCE = 1000
/** How long nothing may happen in real time before nothing will happen at all, milliseconds. */
const GRACE_MS = 100
const GRACE_TURNS = 20

export interface PlayParts {
  readonly network: Network
  readonly clock: VirtualClock
  readonly work: RealWork
  /** Called between events. */
  readonly between: () => void
  /** How long a run waits in real time for kernel sockets and child processes of its own, milliseconds. */
  readonly realWaitMs: number
}

/** Nothing can happen any more, and the function has not ended. */
export class Deadlock extends Error {
  /** Kinds of handles of the process that might have brought something, and did not. */
  readonly handles: readonly string[]

  constructor(handles: readonly string[]) {
    super('deadlock: nothing can happen any more, and the function that was run has not ended')
    this.name = 'Deadlock'
    this.handles = handles
  }
}

export class TimeLimit extends Error {
  constructor(words: string) {
    super(`the function that was run has not ended within ${words} of virtual time`)
    this.name = 'TimeLimit'
  }
}

export class Play {
  readonly #parts: PlayParts
  #isAwake = false
  #timersAtOnce = 0
  #timeOfTimers = -1

  constructor(parts: PlayParts) {
    this.#parts = parts
  }

  /** Code under test was told something: it gets its turn before virtual time passes. */
  wake(): void {
    this.#isAwake = true
    this.#parts.clock.follow()
  }

  /**
   * Plays until `ended`, which is asked whenever the code under test has done all that it can at a moment.
   * @param limitUs virtual time at which to give up with what `tooLong` makes.
   */
  async until(ended: () => boolean, limitUs: number, tooLong: () => Error): Promise<void> {
    const { network, clock, between } = this.#parts
    for (;;) {
      await this.#quiet()
      network.settle()
      if (this.#takeAwake()) continue
      if (ended()) return
      between()
      const next = Math.min(network.nextAt, clock.nextAt)
      if (next === Number.POSITIVE_INFINITY) {
        if (await this.#somethingReal(ended)) continue
        throw new Deadlock(this.#parts.work.handles)
      }
      if (next > limitUs) throw tooLong()
      if (this.#networkComesFirst()) continue
      this.#countTimer()
      clock.follow()
      clock.runNext()
    }
  }

  /** Lets events of the network happen, until code under test is told something, or (false) a timer is due. */
  #networkComesFirst(): boolean {
    const { network, clock } = this.#parts
    const timerAt = clock.nextAt
    for (let events = 0; events < EVENTS_AT_ONCE; events++) {
      const end = network.step(timerAt)
      if (this.#takeAwake()) return true
      if (end !== null) return end === 'idle' && timerAt === Number.POSITIVE_INFINITY
    }
    return true
  }

  /** Waits until all that the code under test does at this moment, and what it has others do for it, is done. */
  async #quiet(): Promise<void> {
    const { work } = this.#parts
    let worked = 0
    for (let turns = 1; ; turns++) {
      await turn()
      const { pending } = work
      if (pending === null) return
      if (pending === 'turn' && turns >= MAX_TURNS) return
      if (pending === 'work') {
        turns = 0
        if (++worked > EAGER_TURNS) await realDelay(1)
      }
    }
  }

  /** Whether real time brings something more. */
  async #somethingReal(ended: () => boolean): Promise<boolean> {
    const { network, clock, work, realWaitMs } = this.#parts
    const waitMs = work.handles.length > 0 ? realWaitMs : GRACE_MS
    const startMs = realNow()
    // A busy machine may take all of that time for itself: a few turns there must be.
    for (let turns = 0; turns < GRACE_TURNS || realNow() - startMs < waitMs; turns++) {
      await realDelay(1)
      network.settle()
      // Immediates alone, one after the other, are no progress.
      const isBusy = work.pending === 'work' || clock.nextAt !== Number.POSITIVE_INFINITY
      if (ended() || isBusy || this.#isAwake || network.nextAt !== Number.POSITIVE_INFINITY) return true
    }
    return false
  }

  #takeAwake(): boolean {
    const wasAwake = this.#isAwake
    this.#isAwake = false
    return wasAwake
  }

  #countTimer(): void {
    const { now } = this.#parts.network
    if (now !== this.#timeOfTimers) {
      this.#timeOfTimers = now
      this.#timersAtOnce = 0
    }
    if (++this.#timersAtOnce > MAX_TIMERS_AT_ONCE) {
      throw new Error(`livelock: ${MAX_TIMERS_AT_ONCE} timers at ${now} us and time does not pass`)
    }
  }
}
