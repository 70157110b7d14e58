/** The lifelines of the two sockets: when each is created, the states that it goes through, when it is deleted. */

import type { StateName } from '../../trace/states.ts'
import type { Ends } from '../ladder-rows.ts'
import type { LifelineSpan } from './sequence-layout.ts'

export class Lifelines {
  readonly spans: LifelineSpan[] = []
  readonly #states: Ends<StateName | undefined>
  readonly #since: Ends<number>

  constructor(states: Ends<StateName | undefined>, top: number) {
    this.#states = [states[0], states[1]]
    this.#since = [top, top]
  }

  /** Before this there was no socket. */
  created(side: 0 | 1, y: number): void {
    const untouched = this.spans.every((span) => span.side !== side)
    if (untouched && this.#states[side] === 'CLOSED') this.#since[side] = y
  }

  enters(side: 0 | 1, state: StateName, y: number): void {
    this.#end(side, y)
    this.#states[side] = state
  }

  finish(y: number): void {
    for (const side of [0, 1] as const) this.#end(side, y)
  }

  #end(side: 0 | 1, y: number): void {
    this.spans.push({ side, state: this.#states[side], y1: this.#since[side], y2: y })
    this.#since[side] = y
  }
}
