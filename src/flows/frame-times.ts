/** When frames came, as Wireshark tells it: from the first of all, and from the one before. */

import type { CaptureRecord } from '../capture/record.ts'
import { Interval } from './interval.ts'

export class FrameTimes {
  readonly sinceFirst = new Interval()
  readonly sinceLast = new Interval()
  #hasFirst = false
  #firstSeconds = 0
  #firstNanoseconds = 0
  #lastSeconds = 0
  #lastNanoseconds = 0

  /** Takes the next frame, whatever it carries. */
  frame({ seconds, nanoseconds }: CaptureRecord): void {
    if (!this.#hasFirst) {
      this.#hasFirst = true
      this.#firstSeconds = this.#lastSeconds = seconds
      this.#firstNanoseconds = this.#lastNanoseconds = nanoseconds
    }
    this.sinceFirst.set(this.#firstSeconds, this.#firstNanoseconds, seconds, nanoseconds)
    this.sinceLast.set(this.#lastSeconds, this.#lastNanoseconds, seconds, nanoseconds)
    this.#lastSeconds = seconds
    this.#lastNanoseconds = nanoseconds
  }
}
