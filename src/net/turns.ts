/**
 * Gives each callback of a socket a turn of its own, as the event loop of libuv does: what one callback left to do (ticks,
 * promises) is done before the next one comes.
 *
 * A stack tells of several events, of one connection and of many, within one flush of its driver. Told on the spot, the
 * continuation of `await once(socket, 'connect')` would come after the 'error' of the reset that arrived next.
 */

import { Fifo } from '../stack/fifo.ts'

export interface TurnTaker {
  /** Called once for each `plan`. */
  takeTurn(): void
}

export class Turns {
  readonly #waiting = new Fifo<TurnTaker>()
  /** Who comes when nobody else waits. */
  readonly #last = new Fifo<TurnTaker>()
  /** A turn is to come, or what the last one left to do is being done. */
  #running = false
  /** A tick that a microtask plans comes after all microtasks and all ticks that were planned before them. */
  readonly #soon = (): void => process.nextTick(this.#next)
  readonly #next = (): void => {
    const taker = this.#waiting.shift() ?? this.#last.shift()
    this.#running = taker !== undefined
    if (this.#running) queueMicrotask(this.#soon) // Before the call, which may throw.
    taker?.takeTurn()
  }

  /** Whoever plans sees to it that it waits once. Turns come in the order in which they were planned. */
  plan(taker: TurnTaker): void {
    this.#waiting.push(taker)
    if (this.#running) return
    this.#running = true
    queueMicrotask(this.#soon)
  }

  /**
   * A turn behind all that wait, as libuv's pending calls come behind its polling; planned in no turn, it comes when the event
   * loop has turned.
   */
  planLast(taker: TurnTaker): void {
    if (this.#running) this.#last.push(taker)
    else setImmediate(() => this.plan(taker))
  }
}
