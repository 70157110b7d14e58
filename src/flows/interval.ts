/** A span of time of up to 68 years in whole seconds and nanoseconds, exactly; one reused object. */

export class Interval {
  seconds = 0
  /** 0 to 999,999,999; with negative `seconds`, -999,999,999 to 0. */
  nanoseconds = 0

  /** From one moment to another, which may be the earlier one. */
  set(fromSeconds: number, fromNanoseconds: number, seconds: number, nanoseconds: number): void {
    let s = (seconds - fromSeconds) | 0
    let ns = nanoseconds - fromNanoseconds
    if (s > 0 && ns < 0) {
      s--
      ns += 1e9
    } else if (s < 0 && ns > 0) {
      s++
      ns -= 1e9
    }
    this.seconds = s
    this.nanoseconds = ns
  }

  /** Nanoseconds: exact up to 104 days. */
  get total(): number {
    return this.seconds * 1e9 + this.nanoseconds
  }

  /** With nine decimals, as Wireshark prints it. */
  toString(): string {
    const sign = this.seconds < 0 || this.nanoseconds < 0 ? '-' : ''
    return `${sign}${Math.abs(this.seconds)}.${String(Math.abs(this.nanoseconds)).padStart(9, '0')}`
  }
}
