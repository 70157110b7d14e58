/** Reads the octets of a log. What cannot be is a LogError that names its place; a log that was cut off ends there. */

export class LogError extends Error {
  override readonly name = 'LogError'
  /** Octets from the start of the log. */
  readonly offset: number

  constructor(offset: number, what: string) {
    super(`octet ${offset}: ${what}`)
    this.offset = offset
  }
}

/** The log ends within a record. */
export class CutOff extends Error {
  override readonly name = 'CutOff'
}

export class LogCursor {
  readonly octets: Uint8Array
  at = 0

  constructor(octets: Uint8Array) {
    this.octets = octets
  }

  get isAtEnd(): boolean {
    return this.at >= this.octets.length
  }

  byte(): number {
    if (this.isAtEnd) throw new CutOff()
    return this.octets[this.at++]!
  }

  /** A whole number, 0 to 2^53. */
  whole(): number {
    const start = this.at
    let number = 0
    let weight = 1
    for (;;) {
      const octet = this.byte()
      number += (octet & 0x7f) * weight
      if (octet < 0x80) break
      weight *= 0x80
      if (weight > Number.MAX_SAFE_INTEGER) throw new LogError(start, 'a number of more than 53 bits')
    }
    if (number > Number.MAX_SAFE_INTEGER) throw new LogError(start, 'a number of more than 53 bits')
    return number
  }

  /** What InputLog.number wrote. */
  number(base = 0): number {
    const code = this.whole()
    if (code % 2 === 0) {
      const zigzag = code / 2
      return base + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2)
    }
    const view = new DataView(new ArrayBuffer(8))
    for (let i = 0; i < 8; i++) view.setUint8(i, this.byte())
    return view.getFloat64(0)
  }

  /** A time: any number but NaN and the infinities. */
  time(base: number): number {
    const start = this.at
    const time = this.number(base)
    if (!Number.isFinite(time)) throw new LogError(start, `expected a time in microseconds, not ${time}`)
    return time
  }

  /** Octets with their number before them: a view of the log. */
  block(): Uint8Array {
    const length = this.whole()
    if (length > this.octets.length - this.at) throw new CutOff()
    this.at += length
    return this.octets.subarray(this.at - length, this.at)
  }

  text(): string {
    let text = ''
    for (const octet of this.block()) text += String.fromCharCode(octet)
    return text
  }

  /** @throws LogError where it is no JSON object. */
  object(): Readonly<Record<string, unknown>> {
    const start = this.at
    const text = this.text()
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      value = null
    }
    if (typeof value !== 'object' || value === null) throw new LogError(start, 'expected a JSON object')
    return value as Readonly<Record<string, unknown>>
  }
}
