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
  #planned = false
  /** A tick that a microtask plans comes after all microtasks and all ticks that were planned before them. */
  readonly #soon = (): void => process.nextTick(this.#next)
  readonly #next = (): void => {
    const taker = this.#waiting.shift()
    this.#planned = this.#waiting.length > 0
    if (this.#planned) queueMicrotask(this.#soon) // Before the call, which may throw.
    taker?.takeTurn()
  }

  /** Whoever plans sees to it that it waits once. Turns come in the order in which they were planned. */
  plan(taker: TurnTaker): void {
    this.#waiting.push(taker)
    if (this.#planned) return
    this.#planned = true
    queueMicrotask(this.#soon)
  }
}
