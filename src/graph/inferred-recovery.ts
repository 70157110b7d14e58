/**
 * What a sender of which nobody tells seems to be doing about losses: from what it sent again, and what it had been told when
 * it did. Told from outside, so it may be wrong; pictures say that it is inferred.
 */

import type { GraphAcknowledgment, GraphSegment } from './series.ts'

export interface InferredPhase {
  readonly at: number
  /** 'none': nothing is known to be lost. */
  readonly phase: 'none' | 'fast-recovery' | 'loss-recovery'
}

/**
 * Where something is sent again after three duplicates (RFC 5681 3.2) or SACK blocks (RFC 6675 5), it is fast recovery;
 * without them, or where a segment is sent again once more, a timer must have expired (RFC 6298 5.4). Either lasts until all is
 * acknowledged that had been sent when it began (RFC 6582 3.2).
 */
export function inferredRecovery(
  segments: readonly GraphSegment[],
  acknowledgments: readonly GraphAcknowledgment[],
): InferredPhase[] {
  const follower = new RecoveryFollower()
  let sent = 0
  for (const answer of acknowledgments) {
    while (sent < segments.length && segments[sent]!.at < answer.at) follower.sent(segments[sent++]!)
    follower.answered(answer)
  }
  while (sent < segments.length) follower.sent(segments[sent++]!)
  return follower.phases
}

class RecoveryFollower {
  readonly phases: InferredPhase[] = []
  /** Behind the highest number that was sent, and that was acknowledged. */
  #sentEnd = 0
  #acknowledged = 0
  /** The receiver told of a gap. */
  #isToldOfGap = false
  #recoveryPoint = 0
  /** First numbers of what was sent again in this recovery. */
  readonly #again = new Set<number>()

  sent({ at, first, end, again, kind }: GraphSegment): void {
    // Another connection between the same ports.
    if (kind === 'syn' && again === 0) this.#begin(at)
    const isRepair = again > 0 && (kind === 'data' || kind === 'fin') && end > this.#acknowledged
    if (isRepair) this.#repaired(at, first)
    if (kind !== 'rst') this.#sentEnd = Math.max(this.#sentEnd, end)
  }

  answered({ at, ack, fresh, duplicate, blocks }: GraphAcknowledgment): void {
    const isAbove = blocks.some(({ end }) => end > ack)
    this.#isToldOfGap = isAbove || duplicate >= 3 || (this.#isToldOfGap && fresh === 0)
    this.#acknowledged = Math.max(this.#acknowledged, ack)
    if (this.#phase !== 'none' && ack >= this.#recoveryPoint) this.#enter(at, 'none')
  }

  get #phase(): InferredPhase['phase'] {
    return this.phases.at(-1)?.phase ?? 'none'
  }

  #begin(at: number): void {
    this.#sentEnd = this.#acknowledged = 0
    this.#isToldOfGap = false
    if (this.#phase !== 'none') this.#enter(at, 'none')
  }

  #repaired(at: number, first: number): void {
    if (this.#phase === 'none') {
      this.#recoveryPoint = this.#sentEnd
      this.#enter(at, this.#isToldOfGap ? 'fast-recovery' : 'loss-recovery')
    } else if (this.#phase === 'fast-recovery' && this.#again.has(first)) {
      this.#recoveryPoint = this.#sentEnd
      this.#enter(at, 'loss-recovery')
    }
    this.#again.add(first)
  }

  #enter(at: number, phase: InferredPhase['phase']): void {
    this.phases.push({ at, phase })
    this.#again.clear()
  }
}
