/** RFC 5681 3.1 (a): slow start and congestion avoidance, with RFC 6928's initial window. MUST-19 */

import type { CongestionControl } from './congestion.ts'

/** RFC 6928 2: ten segments, but no more than this many octets (or two segments where those are larger). */
const INITIAL_WINDOW_OCTETS = 14_600

export class NewReno implements CongestionControl {
  readonly name = 'new-reno'
  cwnd = 0
  ssthresh = Number.MAX_SAFE_INTEGER // RFC 5681 3.1 (f)
  #mss = 536
  #initialWindow = 0
  /**
   * Segments that one acknowledgment may add in slow start: RFC 3465 2.2 counts octets, up to two segments (2.3), because
   * a receiver acknowledges every second segment; after a timeout one, as in RFC 5681 3.1 (g) (RFC 3465 2.3).
   */
  #growthSegments: number
  readonly #mostGrowth: number
  /** Octets acknowledged in congestion avoidance that have not yet earned a segment. */
  #credit = 0

  /** @param mostGrowth L of RFC 3465 2.2. */
  constructor(mostGrowth = 2) {
    this.#mostGrowth = mostGrowth
    this.#growthSegments = mostGrowth
  }

  start(mss: number, segments: number): void {
    this.#mss = mss
    this.#initialWindow = Math.min(segments * mss, Math.max(2 * mss, (INITIAL_WINDOW_OCTETS / 10) * segments))
    this.cwnd = this.#initialWindow
  }

  /** RFC 5681 3.1 (e): as many segments as before, but no more octets: no burst of small segments. */
  setMss(mss: number): void {
    const share = Math.min(1, mss / this.#mss)
    this.#mss = mss
    this.#initialWindow = Math.floor(this.#initialWindow * share)
    this.cwnd = Math.max(Math.floor(this.cwnd * share), mss)
  }

  /** RFC 5681 3.1 (h, i) and RFC 5681 5: by the octets. A window that was not used says nothing about the path and does not grow (RFC 7661 4.4). */
  onAck(acked: number, limited: boolean): void {
    if (!limited) return
    if (this.cwnd < this.ssthresh) {
      this.cwnd += Math.min(acked, this.#growthSegments * this.#mss)
      return
    }
    this.#growthSegments = this.#mostGrowth
    this.#credit += acked
    if (this.#credit >= this.cwnd) {
      this.#credit -= this.cwnd
      this.cwnd += this.#mss
    }
  }

  /** RFC 5681 3.2 (2), 4.3 (a, d), equation 4: half the flight, at least two segments. */
  onLoss(flight: number): void {
    this.ssthresh = Math.max(Math.floor(flight / 2), 2 * this.#mss)
    this.cwnd = this.ssthresh
    this.#credit = 0
  }

  /** RFC 5681 3.1 (k, l, m): the threshold falls once per lost segment, the window to one segment each time. */
  onTimeout(flight: number, first: boolean): void {
    if (first) this.ssthresh = Math.max(Math.floor(flight / 2), 2 * this.#mss)
    this.cwnd = this.#mss
    this.#growthSegments = 1
    this.#credit = 0
  }

  /** RFC 6582 3.2 (3a), option 1, and RFC 6582 6 (a): no burst when recovery ends; not above ssthresh (RFC 5681 3.2 (6), 4.3 (c)). */
  onRecovered(flight: number): void {
    this.cwnd = Math.min(this.ssthresh, Math.max(flight, this.#mss) + this.#mss)
  }

  onIdle(): void {
    this.cwnd = Math.min(this.cwnd, this.#initialWindow)
  }

  remember(each: (value: number) => number): void {
    this.cwnd = each(this.cwnd)
    this.ssthresh = each(this.ssthresh)
    this.#mss = each(this.#mss)
    this.#initialWindow = each(this.#initialWindow)
    this.#growthSegments = each(this.#growthSegments)
    this.#credit = each(this.#credit)
  }
}
