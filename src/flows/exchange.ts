/** The packet under analysis and its conversation, as the steps of the analysis pass them on: one reused object. */

import { Interval } from './interval.ts'
import { TcpAnalysis } from './tcp-analysis.ts'
import { Unacknowledged } from './unacknowledged.ts'

export class Exchange {
  /** The conversation's words (conversation-words.ts): where it starts in them, its sender's side, and the other one. */
  words: Int32Array = new Int32Array(0)
  at = 0
  my = 0
  their = 0
  /** When the packet was captured; seconds from the first packet of all, so that they fit a word whatever the clock. */
  seconds = 0
  nanoseconds = 0
  readonly result = new TcpAnalysis()
  readonly unacknowledged = new Unacknowledged()
  readonly #interval = new Interval()

  /** Whether the packet came less than so long after the moment in the two words at `time`; not where it came before. */
  isWithin(time: number, nanoseconds: number): boolean {
    const { words } = this
    const interval = this.#interval
    interval.set(words[time]!, words[time + 1]!, this.seconds, this.nanoseconds)
    const { total } = interval
    return total >= 0 && total < nanoseconds
  }

  /** Notes the packet's time in the two words at `time`. */
  stamp(time: number): void {
    this.words[time] = this.seconds
    this.words[time + 1] = this.nanoseconds
  }

  /** Sets an interval from the moment in the two words at `time` to the packet. */
  measure(interval: Interval, time: number): void {
    interval.set(this.words[time]!, this.words[time + 1]!, this.seconds, this.nanoseconds)
  }
}
