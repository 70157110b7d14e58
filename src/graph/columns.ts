/**
 * Many marks in few pixels. What falls into one column of pixels is drawn as what an eye would see of it: lines keep the
 * first, least, greatest and last value of each column, bars the ranges that they cover, signs one of each place. So a
 * picture grows with its width and not with the connection, and no extreme is lost.
 */

import { decimal } from '../svg/markup.ts'

/** Pixels. Half of one: what a dense screen shows. */
const COLUMN = 0.5

/** A value that holds until the next one, as path data. Points come in order of x. */
export class StepPath {
  #d = ''
  #column = Number.NaN
  #x = 0
  #first = 0
  #low = 0
  #high = 0
  #last = 0
  #drawn = ''

  add(x: number, y: number): void {
    const column = Math.floor(x / COLUMN)
    if (column !== this.#column) {
      this.#flush()
      this.#column = column
      this.#x = x
      this.#first = this.#low = this.#high = y
    }
    this.#low = Math.min(this.#low, y)
    this.#high = Math.max(this.#high, y)
    this.#last = y
  }

  /** The path, drawn on to `x` where that lies ahead. */
  data(x = this.#x): string {
    this.#flush()
    return this.#d === '' || x <= this.#x ? this.#d : `${this.#d}H${decimal(x)}`
  }

  #flush(): void {
    if (Number.isNaN(this.#column)) return
    this.#column = Number.NaN
    let isThere = this.#d === ''
    if (isThere) this.#d = `M${decimal(this.#x)} ${(this.#drawn = decimal(this.#first))}`
    for (const level of [this.#first, this.#low, this.#high, this.#last]) {
      const text = decimal(level)
      if (text === this.#drawn) continue
      if (!isThere) this.#d += `H${decimal(this.#x)}`
      isThere = true
      this.#d += `V${text}`
      this.#drawn = text
    }
  }
}

/** Upright bars as path data, in order of x. Bars of one column that touch become one. */
export class BarPath {
  #d = ''
  #column = Number.NaN
  #x = 0
  #ranges: [low: number, high: number][] = []

  add(x: number, y1: number, y2: number): void {
    const column = Math.floor(x / COLUMN)
    if (column !== this.#column) {
      this.#flush()
      this.#column = column
      this.#x = x
    }
    const low = Math.min(y1, y2)
    const high = Math.max(y1, y2)
    const last = this.#ranges.at(-1)
    // The next segment mostly goes on where the last one ended.
    if (last !== undefined && low <= last[1] + COLUMN && high >= last[0] - COLUMN) {
      last[0] = Math.min(last[0], low)
      last[1] = Math.max(last[1], high)
    } else this.#ranges.push([low, high])
  }

  data(): string {
    this.#flush()
    return this.#d
  }

  #flush(): void {
    const ranges = this.#ranges.sort((a, b) => a[0] - b[0])
    let open: [number, number] | undefined
    for (const range of ranges) {
      if (open !== undefined && range[0] <= open[1] + COLUMN) open[1] = Math.max(open[1], range[1])
      else {
        if (open !== undefined) this.#draw(open)
        open = range
      }
    }
    if (open !== undefined) this.#draw(open)
    this.#ranges = []
  }

  #draw([low, high]: [number, number]): void {
    // A bar without height would not show.
    const middle = (low + high) / 2
    const half = Math.max(high - low, 1) / 2
    this.#d += `M${decimal(this.#x)} ${decimal(middle - half)}V${decimal(middle + half)}`
  }
}

/** Signs as path data, one for each cell of so many pixels. */
export class SignPath {
  #d = ''
  readonly #taken = new Set<number>()
  readonly #sign: (x: number, y: number) => string
  readonly #cell: number

  constructor(sign: (x: number, y: number) => string, cell = 1) {
    this.#sign = sign
    this.#cell = cell
  }

  /** @returns false where another one stands already. */
  add(x: number, y: number): boolean {
    const key = Math.floor(x / this.#cell) * 100_003 + Math.floor(y / this.#cell)
    if (this.#taken.has(key)) return false
    this.#taken.add(key)
    this.#d += this.#sign(x, y)
    return true
  }

  data(): string {
    return this.#d
  }
}
