/** A run in a few figures, so that two of them can be laid side by side. */

import { LOSSES, type TraceEvent } from '../trace/events.ts'
import { RST, SYN } from '../wire/segment.ts'
import { seqGT } from '../wire/seq.ts'

export interface Outcome {
  /** Segments that both hosts sent. */
  readonly segments: number
  /** Octets of text in them. */
  readonly octets: number
  /** Segments with text that was sent before, and timers that expired for it. */
  readonly retransmissions: number
  readonly timeouts: number
  readonly lost: number
  readonly resets: number
  /** From the first segment to the arrival of the last one with text, microseconds; 0 where there was none. */
  readonly transferUs: number
  /** Octets of text, each counted once, per second of that time. */
  readonly octetsPerSecond: number
}

export function outcomeOf(events: readonly TraceEvent[]): Outcome {
  const tally = new Tally()
  for (const event of events) tally.take(event)
  return tally.outcome
}

class Tally {
  #segments = 0
  #octets = 0
  #retransmissions = 0
  #timeouts = 0
  #lost = 0
  #resets = 0
  #first = Number.NaN
  #last = Number.NaN
  #unique = 0
  /** The number after the last octet sent, by host and ports. */
  readonly #ends = new Map<string, number>()

  take(event: TraceEvent): void {
    if (event.kind === 'sent') this.#sent(event)
    else if (event.kind === 'received' && event.segment.length > 0) this.#last = event.at
    else if (event.kind === 'timer' && event.timer === 'retransmission' && event.action === 'expired')
      this.#timeouts++
    else if (event.kind === 'network' && LOSSES.has(event.action)) this.#lost++
  }

  #sent({ at, host, segment }: Extract<TraceEvent, { kind: 'sent' }>): void {
    this.#segments++
    if (Number.isNaN(this.#first)) this.#first = at
    if ((segment.flags & RST) !== 0) this.#resets++
    if (segment.length === 0) return
    this.#octets += segment.length
    const key = `${host} ${segment.srcPort} ${segment.dstPort}`
    const start = (segment.flags & SYN) !== 0 ? (segment.seq + 1) | 0 : segment.seq
    const end = (start + segment.length) | 0
    const before = this.#ends.get(key)
    if (before !== undefined && !seqGT(end, before)) {
      this.#retransmissions++
      return
    }
    this.#unique += before === undefined || !seqGT(before, start) ? segment.length : (end - before) | 0
    this.#ends.set(key, end)
  }

  get outcome(): Outcome {
    const transferUs = Number.isNaN(this.#last) ? 0 : this.#last - this.#first
    return {
      segments: this.#segments,
      octets: this.#octets,
      retransmissions: this.#retransmissions,
      timeouts: this.#timeouts,
      lost: this.#lost,
      resets: this.#resets,
      transferUs,
      octetsPerSecond: transferUs > 0 ? Math.round((this.#unique * 1e6) / transferUs) : 0,
    }
  }
}
