/**
 * Loss detection by duplicate acknowledgments and recovery without SACK (RFC 5681 3.2, RFC 6582, RFC 3042).
 *
 * The window is inflated here and not in the congestion control: what may be outstanding is `cwnd + inflation`, so
 * that cwnd keeps its meaning and a later SACK recovery can stand in this file's place.
 */

import { seqGE, seqGT } from '../wire/seq.ts'

/** What an acknowledgment asks of the sender. */
export const NOTHING = 0
export const RETRANSMIT = 1
export const RECOVERED = 2

export type Advice = typeof NOTHING | typeof RETRANSMIT | typeof RECOVERED

export class FastRecovery {
  /** True between the third duplicate acknowledgment and the one that covers `recover` (RFC 6582 6 (b)). */
  active = false
  /** Duplicate acknowledgments in a row. */
  duplicates = 0
  /**
   * Octets that may be outstanding beyond cwnd: each duplicate tells of a segment that left the network. Below zero
   * where a partial acknowledgment covered more than the duplicates had told of.
   */
  inflation = 0
  /** RFC 6582's "recover": SND.NXT when the last loss was found. No second reduction below it. */
  recover: number
  /** Partial acknowledgments in this recovery: only the first restarts the timer (RFC 6582 3.2 (3c)). */
  partials = 0

  /** @param iss RFC 6582 3.2 (1): below it nothing is lost. */
  constructor(iss: number) {
    this.recover = iss
  }

  /**
   * An acknowledgment that repeats SND.UNA while data are outstanding.
   *
   * @returns RETRANSMIT when it is the one that reveals a loss.
   */
  onDuplicate(una: number, nxt: number, mss: number, threshold: number): Advice {
    this.duplicates++
    if (this.active) {
      this.inflation += mss // RFC 5681 3.2 (4)
      return NOTHING
    }
    if (this.duplicates < threshold) {
      this.inflation = this.duplicates * mss // RFC 3042 2, RFC 5681 3.2 (1, d): cwnd stays
      return NOTHING
    }
    if (!seqGT(una, this.recover)) {
      this.inflation = 0
      return NOTHING // RFC 6582 3.2 (2): duplicates of what a timeout sent again
    }
    this.active = true
    this.recover = nxt
    this.partials = 0
    this.inflation = threshold * mss // RFC 5681 3.2 (3)
    return RETRANSMIT
  }

  /**
   * An acknowledgment that advances SND.UNA by `acked` octets to `una`.
   *
   * @returns RETRANSMIT on a partial acknowledgment, RECOVERED on the one that ends recovery.
   */
  onAdvance(una: number, acked: number, mss: number): Advice {
    this.duplicates = 0
    if (!this.active) {
      this.inflation = 0
      // RFC 6582 6 (c): drawn along, lest it seem to lie ahead once 2^31 octets went by without a loss.
      if (seqGT(una, this.recover)) this.recover = (una - 1) | 0
      return NOTHING
    }
    if (seqGE(una, this.recover)) {
      this.active = false
      this.inflation = 0
      return RECOVERED
    }
    // RFC 6582 3.2 (3b), RFC 5681 4.3 (e): deflate by what was acknowledged, add one segment back.
    this.partials++
    this.inflation -= acked
    if (acked >= mss) this.inflation += mss
    return RETRANSMIT
  }

  /** RFC 6582 3.2 (4): the retransmission timer expired: recovery ends, and what is outstanding may not reveal a new loss. */
  onTimeout(nxt: number): void {
    this.active = false
    this.duplicates = 0
    this.inflation = 0
    this.recover = nxt
  }
}
