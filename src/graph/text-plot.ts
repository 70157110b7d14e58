/** A plot in characters, for a terminal: what is put later stands above what was there. */

import { type LinearScale, linearScale, ticks } from '../svg/scale.ts'
import { timeTicks } from './panel.ts'
import { holding, type Timed } from './timeline.ts'

/** Columns at the left, for the values of the axis. */
const MARGIN = 9

export class TextPlot {
  /** What stands in it, or stood there. */
  readonly signs = new Set<string>()
  readonly #rows: string[][]
  readonly #x: LinearScale
  readonly #y: LinearScale

  /** @param width columns, with those of the axis. */
  constructor(
    width: number,
    height: number,
    fromUs: number,
    toUs: number,
    [low, high]: readonly [number, number],
  ) {
    const columns = Math.max(20, width - MARGIN - 1)
    this.#rows = Array.from({ length: height }, () => new Array<string>(columns).fill(' '))
    this.#x = linearScale(fromUs, toUs, 0, columns - 1)
    this.#y = linearScale(low, high > low ? high : low + 1, height - 1, 0)
  }

  put(us: number, value: number, sign: string): void {
    this.#set(Math.round(this.#y.at(value)), Math.round(this.#x.at(us)), sign)
  }

  bar(us: number, first: number, end: number, sign: string): void {
    const column = Math.round(this.#x.at(us))
    const low = Math.round(this.#y.at(first))
    for (let row = Math.round(this.#y.at(end)); row <= low; row++) this.#set(row, column, sign)
  }

  /** A value from one time to another, as far as they are in the plot. */
  row(fromUs: number, toUs: number, value: number, sign: string): void {
    const end = Math.min(toUs, this.#x.to)
    const last = Math.round(this.#x.at(end))
    for (let column = Math.max(0, Math.round(this.#x.at(fromUs))); column <= last; column++)
      this.#set(Math.round(this.#y.at(value)), column, sign)
  }

  /** A value that holds until the next one. */
  line<T extends Timed>(list: readonly T[], value: (one: T) => number, sign: string): void {
    const shown = holding(list, this.#x.from, this.#x.to)
    for (const [k, one] of shown.entries()) {
      const row = Math.round(this.#y.at(value(one)))
      const start = Math.max(0, Math.round(this.#x.at(one.at)))
      const stop = k + 1 < shown.length ? Math.round(this.#x.at(shown[k + 1]!.at)) : this.#rows[0]!.length - 1
      for (let column = start; column <= stop; column++) this.#set(row, column, sign)
    }
  }

  /** With axes; times are told from `startUs` on. */
  lines(startUs: number, text: (value: number) => string): string[] {
    const names = new Map<number, string>()
    // There are no parts of an octet.
    for (const value of ticks(this.#y.from, this.#y.to, 6).filter(Number.isInteger))
      names.set(Math.round(this.#y.at(value)), text(value))
    const drawn = this.#rows.map((row, k) => {
      const name = names.get(k)
      return `${(name ?? '').padStart(MARGIN - 1)} ${name === undefined ? '│' : '┤'}${row.join('').trimEnd()}`
    })
    const columns = this.#rows[0]!.length
    const marks = new Array<string>(columns).fill('─')
    const words = new Array<string>(columns).fill(' ')
    const most = Math.max(2, Math.floor(columns / 14))
    for (const { us, words: name } of timeTicks(this.#x.from - startUs, this.#x.to - startUs, most)) {
      const column = Math.round(this.#x.at(us + startUs))
      const start = Math.min(Math.max(0, column - (name.length >> 1)), columns - name.length)
      marks[column] = '┬'
      for (const [k, character] of [...name].entries()) words[start + k] = character
    }
    const indent = ' '.repeat(MARGIN)
    return [...drawn, `${indent}└${marks.join('')}`, `${indent} ${words.join('').trimEnd()}`]
  }

  #set(row: number, column: number, sign: string): void {
    const there = this.#rows[row]
    if (there === undefined || column < 0 || column >= there.length) return
    there[column] = sign
    this.signs.add(sign)
  }
}
