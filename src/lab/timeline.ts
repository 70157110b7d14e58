/** The events of a run in their order, as a cursor walks over them: by event, or by time. */

import type { TraceEvent } from '../trace/events.ts'

export class Timeline {
  readonly events: readonly TraceEvent[]
  /** By event, the step of the run in which it happened, rising. */
  readonly #steps: Int32Array

  constructor(events: readonly TraceEvent[], stepOf: (event: TraceEvent, index: number) => number) {
    this.events = events
    this.#steps = new Int32Array(events.length)
    let step = 0
    events.forEach((event, index) => {
      step = Math.max(step, stepOf(event, index))
      this.#steps[index] = step
    })
  }

  get length(): number {
    return this.events.length
  }

  /** Microseconds of an event; the index is kept within the first and the last one. 0 where there is none. */
  timeOf(index: number): number {
    return this.events[this.within(index)]?.at ?? 0
  }

  stepOf(index: number): number {
    return this.#steps[this.within(index)] ?? 0
  }

  /** The last event at or before a time; -1 before the first one. */
  indexAt(us: number): number {
    let low = 0
    let high = this.events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.events[middle]!.at <= us) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  within(index: number): number {
    return Math.max(0, Math.min(this.events.length - 1, index))
  }
}
