/**
 * A column of integers in few octets: the difference of each to the one before it, in seven bits an octet, the same
 * difference again and again as one count.
 *
 * Each number on the wire is `value * 2 + isRun`: a run repeats the last difference `value + 1` times more; otherwise
 * `value` is a difference, 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
 */

/** Integers up to here, either way, keep every difference and its code within what a double holds exactly. */
export const MOST = 2 ** 50

export class IntegerWriter {
  #octets = new Uint8Array(64)
  #length = 0
  #difference = Number.NaN
  #repeated = 0

  /** @param difference to what the reader will have then. */
  put(difference: number): void {
    if (difference === this.#difference) {
      this.#repeated++
      return
    }
    this.#endRun()
    this.#difference = difference
    this.#write((difference < 0 ? -2 * difference - 1 : 2 * difference) * 2)
  }

  finish(): Uint8Array {
    this.#endRun()
    return this.#octets.slice(0, this.#length)
  }

  #endRun(): void {
    if (this.#repeated > 0) this.#write((this.#repeated - 1) * 2 + 1)
    this.#repeated = 0
  }

  #write(value: number): void {
    let left = value
    if (this.#length + 8 > this.#octets.length) {
      const larger = new Uint8Array(this.#octets.length * 2)
      larger.set(this.#octets)
      this.#octets = larger
    }
    while (left >= 128) {
      this.#octets[this.#length++] = (left % 128) + 128
      left = Math.floor(left / 128)
    }
    this.#octets[this.#length++] = left
  }
}

export class IntegerReader {
  readonly #octets: Uint8Array
  #at = 0
  #difference = 0
  #repeated = 0

  constructor(octets: Uint8Array) {
    this.#octets = octets
  }

  /** @throws RangeError behind the last one. */
  next(): number {
    if (this.#repeated > 0) {
      this.#repeated--
      return this.#difference
    }
    const code = this.#read()
    const value = Math.floor(code / 2)
    if (code % 2 === 1) {
      this.#repeated = value
      return this.#difference
    }
    this.#difference = value % 2 === 1 ? -(value + 1) / 2 : value / 2
    return this.#difference
  }

  #read(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const octet = this.#octets[this.#at++]
      if (octet === undefined) throw new RangeError('a packed column ends too early')
      value += (octet % 128) * factor
      if (octet < 128) return value
    }
  }
}
