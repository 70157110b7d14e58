/**
 * The retransmission timeout: SRTT, RTTVAR and back-off (RFC 6298). All times are integer microseconds.
 */

/** K of RFC 6298 2.2, and the gains as divisors: alpha = 1/8, beta = 1/4 (RFC 6298 2.3 (a)). */
const K = 4
const ALPHA_DIVISOR = 8
const BETA_DIVISOR = 4

/** Back-off doubles at most this often: 2^16 times the shortest RTO is beyond any upper limit. */
const MAX_BACKOFF = 16

/** How often a back-off may be forgotten before a sample must come: three losses in a row are still chance. */
const MOST_FORGOTTEN = 3

export class RttEstimator {
  /** Smoothed round-trip time, or 0 before the first sample. */
  srttUs = 0
  rttvarUs = 0
  /** The latest sample, and the least one seen. */
  latestUs = 0
  minUs = Infinity
  /** Retransmissions of the front segment since the last reset: the exponent of the back-off. */
  backoff = 0
  /** How often the back-off was forgotten since the last sample. */
  #forgotten = 0
  #baseUs: number
  readonly #floorUs: number
  readonly #ceilingUs: number

  /**
   * @param initialUs RTO before the first sample (RFC 6298 2.1).
   * @param floorUs least distance of the RTO above SRTT; more than the clock's granularity (RFC 6298 4).
   * @param ceilingUs upper limit of the RTO (RFC 6298 2.5).
   */
  constructor(initialUs: number, floorUs: number, ceilingUs: number) {
    this.#baseUs = initialUs
    this.#floorUs = floorUs
    this.#ceilingUs = ceilingUs
  }

  /** True once a round trip was measured. */
  get measured(): boolean {
    return this.srttUs > 0
  }

  /** The timeout in force: base times 2^backoff, at most the ceiling (RFC 6298 5.5). */
  get rtoUs(): number {
    return Math.min(this.#baseUs * 2 ** this.backoff, this.#ceilingUs)
  }

  /** Takes a measured round trip in (RFC 6298 2.2, 2.3). Karn's rule is the caller's (MUST-18). */
  sample(rttUs: number): void {
    const r = Math.max(1, rttUs)
    this.latestUs = r
    this.minUs = Math.min(this.minUs, r)
    if (this.srttUs === 0) {
      this.srttUs = r
      this.rttvarUs = r / 2
    } else {
      this.rttvarUs += (Math.abs(this.srttUs - r) - this.rttvarUs) / BETA_DIVISOR
      this.srttUs += (r - this.srttUs) / ALPHA_DIVISOR
    }
    this.#baseUs = Math.round(this.srttUs + Math.max(this.#floorUs, K * this.rttvarUs))
    this.backoff = 0
    this.#forgotten = 0
  }

  /** The retransmission timer expired: double the timeout (RFC 6298 5.5). */
  backOff(): void {
    if (this.backoff < MAX_BACKOFF) this.backoff++
  }

  /**
   * Data were acknowledged, so the path is alive: a timeout that rests on measurements holds again undoubled. But only a
   * few times between two samples: where round trips have become longer than the timeout, everything is sent twice and
   * nothing measured, until the back-off stays (Karn's second rule, RFC 6298 5).
   */
  forgetBackoff(): void {
    if (!this.measured || this.backoff === 0 || this.#forgotten >= MOST_FORGOTTEN) return
    this.#forgotten++
    this.backoff = 0
  }

  /** The window opened: what the persist timer doubled says nothing about the path. */
  endBackoff(): void {
    this.backoff = 0
  }

  /** The SYN was retransmitted and nothing measured: data start with this timeout (RFC 6298 5.7). */
  restartAt(initialUs: number): void {
    this.#baseUs = initialUs
    this.backoff = 0
  }

  /** As CongestionControl.remember: all that was measured passes through `each`. */
  remember(each: (value: number) => number): void {
    this.srttUs = each(this.srttUs)
    this.rttvarUs = each(this.rttvarUs)
    this.latestUs = each(this.latestUs)
    this.minUs = each(this.minUs)
    this.backoff = each(this.backoff)
    this.#forgotten = each(this.#forgotten)
    this.#baseUs = each(this.#baseUs)
  }
}
