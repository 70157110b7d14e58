/** Letters beside marks, where there is room: a letter that would stand on another one goes higher or lower, or is left out. */

import { textAt } from '../svg/markup.ts'
import { fixedWidth } from '../svg/text-width.ts'

export const LETTER_SIZE = 11
/** Pixels of a cell of the grid in which taken places are looked up. */
const CELL = 32

interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export class Letters {
  readonly #room: Box
  readonly #taken = new Map<number, Box[]>()
  #markup = ''

  /** @param room nothing stands outside it. */
  constructor(room: Box) {
    this.#room = room
  }

  /** Words around (x, y): above it, or below where `isBelow`. @returns whether there was room. */
  put(x: number, y: number, words: string, className: string, isBelow = false): boolean {
    const half = fixedWidth(words, LETTER_SIZE) / 2 + 1
    const middle = Math.min(Math.max(x, this.#room.left + half), this.#room.right - half)
    for (const offset of isBelow ? BELOW : ABOVE) {
      const base = y + offset
      const box = { left: middle - half, right: middle + half, top: base - LETTER_SIZE, bottom: base + 2 }
      if (box.top < this.#room.top || box.bottom > this.#room.bottom || !this.#isFree(box)) continue
      this.#take(box)
      this.#markup += textAt(middle, base, words, { class: className, 'text-anchor': 'middle' })
      return true
    }
    return false
  }

  /** Keeps letters away from a place. */
  take(left: number, top: number, right: number, bottom: number): void {
    this.#take({ left, top, right, bottom })
  }

  markup(): string {
    return this.#markup
  }

  #isFree(box: Box): boolean {
    for (const cell of cellsOf(box)) {
      for (const other of this.#taken.get(cell) ?? []) {
        const isApart =
          other.right <= box.left ||
          other.left >= box.right ||
          other.bottom <= box.top ||
          other.top >= box.bottom
        if (!isApart) return false
      }
    }
    return true
  }

  #take(box: Box): void {
    for (const cell of cellsOf(box)) {
      const there = this.#taken.get(cell)
      if (there === undefined) this.#taken.set(cell, [box])
      else there.push(box)
    }
  }
}

/** A letter farther off would seem to belong to something else. */
const ABOVE = [-5, -17, 15]
const BELOW = [15, 27, -5]

function cellsOf({ left, top, right, bottom }: Box): number[] {
  const cells: number[] = []
  for (let row = Math.floor(top / CELL); row <= Math.floor(bottom / CELL); row++) {
    for (let column = Math.floor(left / CELL); column <= Math.floor(right / CELL); column++) {
      cells.push(row * 10_007 + column)
    }
  }
  return cells
}
