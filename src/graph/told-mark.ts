/** Marks with words of their own, for who points at them. */

import { paths } from '../svg/marks.ts'
import { element, escaped } from '../svg/markup.ts'
import { Pieces } from './columns.ts'

/** More marks than this are drawn together, without words of their own. */
export const MOST_ALONE = 1500

export interface ToldMark {
  readonly x: number
  readonly className: string
  /** Path data. */
  readonly d: string
  readonly words: () => string
  /** The number by which a page finds the segment. */
  readonly packet?: number
}

/** In order of x. While the picture moves nobody points at them: then they are one path for each class and piece. */
export class ToldMarks {
  readonly #isInMotion: boolean
  readonly #byClass = new Map<string, Pieces>()
  #markup = ''

  constructor(isInMotion: boolean) {
    this.#isInMotion = isInMotion
  }

  add({ x, className, d, words, packet }: ToldMark): void {
    if (!this.#isInMotion) {
      const shape = element('path', { class: className, d })
      const title = element('title', {}, escaped(words()))
      this.#markup += element('g', { class: 'mark', 'data-packet': packet }, title, shape)
      return
    }
    let pieces = this.#byClass.get(className)
    if (pieces === undefined) this.#byClass.set(className, (pieces = new Pieces()))
    pieces.add(x, d)
  }

  markup(): string {
    if (!this.#isInMotion) return this.#markup
    return [...this.#byClass].map(([className, pieces]) => paths(pieces.all(), className)).join('')
  }
}
