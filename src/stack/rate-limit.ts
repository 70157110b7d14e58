/**
 * A token bucket over microseconds: bounds how many answers the stack gives to segments that belong to nobody
 * (resets, ICMP errors; RFC 1812 4.3.2.8, RFC 4443 2.4 f) and how many challenges (RFC 5961 7).
 *
 * Credit is counted in millionths of a token, so elapsed microseconds times a whole rate stay whole: nothing drifts.
 */

/** What one answer costs. */
const TOKEN = 1_000_000

export class RateLimit {
  readonly #perSecond: number
  readonly #fullCredit: number
  readonly #random: (() => number) | null
  #credit: number
  #filledUs = Number.MIN_SAFE_INTEGER

  /**
   * @param perSecond answers a second in the long run, 0 and up; Infinity switches the limit off.
   * @param burst answers at once after a rest, 0 to a million; the bucket starts full.
   * @param random a fresh random int32 at each call, or null. With it an answer costs half a token to one and a
   *   half, one on average: a limit that many remote hosts share and that is exact lets an attacker who forges
   *   addresses count which of the forgeries were answered (CVE-2016-5696, CVE-2020-25705).
   */
  constructor(perSecond: number, burst: number, random: (() => number) | null = null) {
    if (!(perSecond >= 0)) throw new RangeError(`a rate of ${perSecond} a second`)
    if (!(burst >= 0 && burst <= 1_000_000)) throw new RangeError(`a burst of ${burst}`)
    this.#perSecond = perSecond
    this.#fullCredit = burst * TOKEN
    this.#credit = this.#fullCredit
    this.#random = random
  }

  /** Whether one more answer may go out at `nowUs`; pays for it if so. A clock that steps back earns nothing. */
  allow(nowUs: number): boolean {
    if (this.#perSecond === Infinity) return true
    const elapsedUs = nowUs - this.#filledUs
    if (elapsedUs > 0) {
      this.#credit = Math.min(this.#fullCredit, this.#credit + elapsedUs * this.#perSecond)
      this.#filledUs = nowUs
    }
    if (this.#credit < TOKEN) return false
    this.#credit -= this.#random === null ? TOKEN : TOKEN / 2 + ((this.#random() >>> 0) % (TOKEN + 1))
    return true
  }
}
