/** What views tell each other: which moment of the story is looked at, and which message of it. */

import type { SegmentRecord } from '../../trace/events.ts'

export interface Moment {
  /** Microseconds on the clock of the run. */
  readonly at: number
  /** The message, by the record of its segment; null: only a time, or something that is no message. */
  readonly segment: SegmentRecord | null
}

/** The events of every view: `select` when the reader chose something, `point` while the pointer is over it. */
export interface ViewEvents {
  select: Moment | null
  point: Moment | null
}

/** A source of typed events. */
export class Announcer {
  readonly #listeners = new Map<keyof ViewEvents, ((moment: Moment | null) => void)[]>()

  on(name: keyof ViewEvents, listener: (moment: Moment | null) => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener])
  }

  tell(name: keyof ViewEvents, moment: Moment | null): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(moment)
  }
}
