/**
 * Keeps events in order, up to a bound. A stack without a trace holds `null` and pays one comparison per event.
 */

import type { SegmentSent, TraceEvent } from './events.ts'

export interface Trace {
  /**
   * The number of the packet being handled or built, set by whoever carries packets (0: nobody numbers them).
   * It joins a segment's 'sent' event with its 'received' one.
   */
  packet: number
  add(event: TraceEvent): void
}

export class Recorder implements Trace {
  packet = 0
  readonly events: TraceEvent[] = []
  /** Events not kept because the bound was reached. */
  dropped = 0
  readonly #limit: number

  /** @param limit most events to keep; the rest are counted in `dropped`. */
  constructor(limit = 1_000_000) {
    this.#limit = limit
  }

  add(event: TraceEvent): void {
    if (this.events.length < this.#limit) this.events.push(event)
    else this.dropped++
  }
}

/** The newest 'sent' event from index `first` on. */
export function lastSent(events: readonly TraceEvent[], first: number): SegmentSent | null {
  for (let i = events.length - 1; i >= first; i--) {
    const event = events[i]!
    if (event.kind === 'sent') return event
  }
  return null
}
