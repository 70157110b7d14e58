/** The words that float beside a mark of the diagram, or beside a timer's bar, while it is pointed at or reached by a key. */

import type { Mark } from '../../diagram/sequence/sequence-layout.ts'
import { type Area, type Tip, Tooltip } from './tooltip.ts'

/** Where a mark is seen: all of it, and its words alone. */
export type AreasOf = (mark: Mark) => readonly Area[]

type Place = Pick<PointerEvent, 'clientX' | 'clientY' | 'target'>

export class DiagramTip {
  /** What there is to say of a mark. */
  tipOf: (mark: Mark) => Tip | null = wordsOf
  readonly #tooltip: Tooltip
  readonly #areasOf: AreasOf
  /** The mark, or the bar, that it speaks of. */
  #about: Mark | Element | null = null
  /** The keyboard went there, and not the pointer. */
  #isKeyed = false
  #pointer = { clientX: 0, clientY: 0 }

  constructor(described: HTMLElement, areasOf: AreasOf) {
    this.#tooltip = new Tooltip(described)
    this.#areasOf = areasOf
  }

  /** The pointer is over this. */
  point(mark: Mark | undefined, { clientX, clientY, target }: Place): void {
    const about = mark ?? barAt(target)
    this.#pointer = { clientX, clientY }
    if (about !== null && about === this.#about) return
    if (about === null) return this.hide()
    this.#isKeyed = false
    const [x, y] = [clientX, clientY]
    const pointer = { left: x, right: x, top: y - POINTER, bottom: y + POINTER }
    if (about instanceof Element)
      this.#show(about, barTip(about), [about.getBoundingClientRect(), pointer], x)
    else {
      const areas = this.#areasOf(about)
      const row = areas.at(-1)
      const near = row === undefined ? [] : [around(row, pointer), row]
      this.#show(about, this.tipOf(about), [...areas.slice(0, 1), ...near], x)
    }
  }

  /** The keyboard is there. */
  key(mark: Mark | null): void {
    this.hide()
    if (mark === null) return
    const areas = this.#areasOf(mark)
    const [all] = areas
    if (all === undefined) return
    this.#isKeyed = true
    this.#show(mark, this.tipOf(mark), areas, (all.left + all.right) / 2)
  }

  /** What it speaks of moves, and the pointer may be over something else now. @param markAt what an element belongs to */
  follow(markAt: (target: EventTarget | null) => Mark | undefined): void {
    if (!this.#tooltip.isShown) return
    if (this.#isKeyed && this.#about !== null && !(this.#about instanceof Element))
      return this.key(this.#about)
    const { clientX, clientY } = this.#pointer
    const target = document.elementFromPoint(clientX, clientY)
    this.#about = null
    this.point(markAt(target), { clientX, clientY, target })
    if (this.#about === null) this.hide()
  }

  hide(): void {
    this.#about = null
    this.#tooltip.hide()
  }

  #show(about: Mark | Element, tip: Tip | null, areas: readonly Area[], x: number): void {
    this.#about = about
    if (tip === null || areas.length === 0) this.#tooltip.hide()
    else this.#tooltip.show(tip, areas, x)
  }
}

/** Half of the height that the pointer needs, pixels. */
const POINTER = 14

/** All that there is to say of it, where that is more than stands there. */
function wordsOf({ kind, about }: Mark): Tip | null {
  const [title = '', ...lines] = about.split('\n')
  const says = kind !== 'heading' && (kind === 'state' || lines.length > 0)
  return says ? { title, rows: lines.map((line) => ['', line] as const) } : null
}

/** A bar of a timer, or of a call that blocks. */
function barAt(target: EventTarget | null): Element | null {
  const bar = target instanceof Element ? target.closest('.lifelines g') : null
  return bar !== null && barTip(bar) !== null ? bar : null
}

/** Its words are those of its title, which the browser would show as well, and later. */
function barTip(bar: Element): Tip | null {
  const title = bar.querySelector(':scope > title')
  if (title !== null) {
    bar.setAttribute('data-tip', title.textContent)
    title.remove()
  }
  const words = bar.getAttribute('data-tip')
  return words === null ? null : { title: words, rows: [] }
}

const around = (a: Area, b: Area): Area => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
})
