/**
 * Many marks in few pixels. What falls into one column of pixels is drawn as what an eye would see of it: lines keep the
 * first, least, greatest and last value of each column, bars the ranges that they cover, signs one of each place. So a
 * picture grows with its width and not with the connection, and no extreme is lost.
 */

import { decimal } from '../svg/markup.ts'

/** Pixels: what a dense screen shows, and what is enough of a picture that moves. */
export const COLUMN = { still: 0.5, moving: 1 } as const
/**
 * Pixels of x that one path covers. A browser paints a picture tile by tile, and each tile takes the trouble of every path
 * that reaches into it as a whole.
 */
const PIECE = 64

/** Path data in pieces that lie side by side, each with its own paths to draw. Marks come in order of x. */
export class Pieces {
  readonly done: string[] = []
  open = ''
  #end = Number.NaN

  /** @returns whether a mark at `x` begins another piece. */
  isBehind(x: number): boolean {
    return this.open !== '' && x >= this.#end
  }

  /** Begins the piece in which `x` lies. */
  begin(x: number): void {
    if (this.open !== '') this.done.push(this.open)
    this.open = ''
    this.#end = (Math.floor(x / PIECE) + 1) * PIECE
  }

  add(x: number, d: string): void {
    if (this.open === '' || x >= this.#end) this.begin(x)
    this.open += d
  }

  /** With something more at the end of the last one. */
  all(more = ''): readonly string[] {
    return this.open === '' ? this.done : [...this.done, this.open + more]
  }
}

/** A value that holds until the next one, as path data. Points come in order of x. */
export class StepPath {
  readonly #pieces = new Pieces()
  readonly #width: number
  #column = Number.NaN
  #x = 0
  #first = 0
  #low = 0
  #high = 0
  #last = 0
  #drawnX = 0
  #drawn = Number.NaN

  /** @param width of a column, pixels */
  constructor(width: number) {
    this.#width = width
  }

  add(x: number, y: number): void {
    const column = Math.floor(x / this.#width)
    if (column !== this.#column) {
      this.#flush()
      this.#column = column
      this.#x = x
      this.#first = this.#low = this.#high = y
    }
    if (y < this.#low) this.#low = y
    if (y > this.#high) this.#high = y
    this.#last = y
  }

  /** The line, in pieces that join, drawn on to `x` where that lies ahead. */
  data(x = this.#x): readonly string[] {
    this.#flush()
    return this.#pieces.all(x > this.#x ? `H${decimal(x)}` : '')
  }

  #flush(): void {
    if (Number.isNaN(this.#column)) return
    this.#column = Number.NaN
    const pieces = this.#pieces
    if (Number.isNaN(this.#drawn)) {
      this.#drawn = this.#first
      this.#drawnX = this.#x
      pieces.begin(this.#x)
      pieces.open = `M${decimal(this.#x)} ${decimal(this.#first)}`
    }
    const levels = levelsBetween(this.#drawn, this.#low, this.#high, this.#last)
    if (levels === '') return
    this.#breakBefore(this.#x)
    if (this.#x !== this.#drawnX) pieces.open += `H${decimal(this.#x)}`
    pieces.open += levels
    this.#drawnX = this.#x
    this.#drawn = this.#last
  }

  /** A piece ends between two pixels of a level part, where nobody sees it. */
  #breakBefore(x: number): void {
    const pieces = this.#pieces
    const seam = Math.ceil(x) - 1
    if (!pieces.isBehind(seam) || seam <= this.#drawnX) return
    pieces.open += `H${seam}`
    pieces.begin(seam)
    pieces.open = `M${seam} ${decimal(this.#drawn)}`
    this.#drawnX = seam
  }
}

/** From a level through the least and the greatest one to the last, and no way twice that is not needed. */
function levelsBetween(from: number, low: number, high: number, last: number): string {
  const [far, near] = last - low < high - last ? [high, low] : [low, high]
  const isFarOnTheWay = (far - from) * (far - near) <= 0
  const isNearBehind = !isFarOnTheWay && (near - from) * (near - far) <= 0
  let d = ''
  let text = decimal(from)
  const go = (level: number): void => {
    const next = decimal(level)
    if (next !== text) d += `V${(text = next)}`
  }
  if (!isFarOnTheWay) go(far)
  if (!isNearBehind) go(near)
  go(last)
  return d
}

/** Upright bars as path data, in order of x. Bars of one column that touch become one. */
export class BarPath {
  readonly #pieces = new Pieces()
  readonly #width: number
  #column = Number.NaN
  #x = 0
  #ranges: [low: number, high: number][] = []

  /** @param width of a column, pixels; bars that stand no farther apart touch */
  constructor(width: number) {
    this.#width = width
  }

  add(x: number, y1: number, y2: number): void {
    const column = Math.floor(x / this.#width)
    if (column !== this.#column) {
      this.#flush()
      this.#column = column
      this.#x = x
    }
    const low = Math.min(y1, y2)
    const high = Math.max(y1, y2)
    const last = this.#ranges.at(-1)
    // The next segment mostly goes on where the last one ended.
    if (last !== undefined && low <= last[1] + this.#width && high >= last[0] - this.#width) {
      last[0] = Math.min(last[0], low)
      last[1] = Math.max(last[1], high)
    } else this.#ranges.push([low, high])
  }

  data(): readonly string[] {
    this.#flush()
    return this.#pieces.all()
  }

  #flush(): void {
    const ranges = this.#ranges.sort((a, b) => a[0] - b[0])
    let open: [number, number] | undefined
    for (const range of ranges) {
      if (open !== undefined && range[0] <= open[1] + this.#width) open[1] = Math.max(open[1], range[1])
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
    this.#pieces.add(this.#x, `M${decimal(this.#x)} ${decimal(middle - half)}V${decimal(middle + half)}`)
  }
}

/** Signs as path data, one for each cell of so many pixels. */
export class SignPath {
  readonly #pieces = new Pieces()
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
    this.#pieces.add(x, this.#sign(x, y))
    return true
  }

  data(): readonly string[] {
    return this.#pieces.all()
  }
}
