/** In which step of a run each of its events happened, so that an event leads to the variables as they were then. */

import type { TraceEvent } from '../trace/events.ts'

export class EventSteps {
  readonly #stepOf = new Map<TraceEvent, number>()
  readonly #steps: number[] = []
  /** By the same index, when the step happened, microseconds, rising. */
  readonly #times: number[] = []
  #told = 0

  /**
   * After a step.
   * @param at microseconds.
   * @param events all of the run so far.
   */
  take(step: number, at: number, events: readonly TraceEvent[]): void {
    this.#steps.push(step)
    this.#times.push(at)
    for (let i = this.#told; i < events.length; i++) {
      if (!this.#stepOf.has(events[i]!)) this.#stepOf.set(events[i]!, step)
    }
    this.#told = events.length
  }

  /** For an event that a picture tells in other words than the run: the last step at its time. */
  of(event: TraceEvent): number {
    return this.#stepOf.get(event) ?? this.#stepAt(event.at)
  }

  #stepAt(us: number): number {
    let low = 0
    let high = this.#times.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#times[middle]! <= us) low = middle + 1
      else high = middle
    }
    return this.#steps[low - 1] ?? 0
  }
}
