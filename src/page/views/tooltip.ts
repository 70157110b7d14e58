/** What stands beside the pointer, or beside what the keyboard reached: a few words on it, which cover nothing of it. */

import { make } from './dom.ts'

export interface Tip {
  readonly title: string
  readonly rows: readonly (readonly [name: string, value: string])[]
}

/** Pixels of the window. */
export interface Area {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Pixels between it and what it speaks of, and between it and the edges of the window. */
const GAP = 8

let count = 0

export class Tooltip {
  readonly #element = make('div', { class: 'tooltip', role: 'tooltip', id: `tip-${++count}`, hidden: true })
  /** What it describes, as long as it is seen. */
  readonly #described: HTMLElement
  readonly #onEscape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.hide()
  }

  constructor(described: HTMLElement) {
    this.#described = described
  }

  get isShown(): boolean {
    return !this.#element.hidden
  }

  /**
   * @param about what it must leave free; where there is no room for that, the next one, which is smaller
   * @param x the middle of it, where the window is wide enough
   */
  show({ title, rows }: Tip, about: readonly Area[], x: number): void {
    const tip = this.#element
    tip.replaceChildren(
      make('strong', {}, title),
      make('dl', {}, ...rows.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
    )
    // In the body nothing around it cuts it off.
    if (!tip.isConnected) document.body.append(tip)
    tip.hidden = false
    const { offsetWidth: width, offsetHeight: height } = tip
    const left = Math.max(GAP, Math.min(x - width / 2, innerWidth - width - GAP))
    tip.style.left = `${Math.round(left)}px`
    tip.style.top = `${Math.round(topFor(about, height))}px`
    this.#described.setAttribute('aria-describedby', tip.id)
    document.addEventListener('keydown', this.#onEscape, true)
  }

  hide(): void {
    if (!this.isShown) return
    this.#element.hidden = true
    this.#described.removeAttribute('aria-describedby')
    document.removeEventListener('keydown', this.#onEscape, true)
  }
}

/** Below, or else above what it speaks of; where neither has room, where there is more of it. */
function topFor(about: readonly Area[], height: number): number {
  for (const { top, bottom } of about) {
    if (bottom + GAP + height <= innerHeight - GAP) return bottom + GAP
    if (top - GAP - height >= GAP) return top - GAP - height
  }
  const { top, bottom } = about.at(-1)!
  return innerHeight - bottom > top ? bottom + GAP : Math.max(GAP, top - GAP - height)
}
