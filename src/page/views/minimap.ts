/** The whole of a long diagram in a strip, with what of it is seen: a click or a drag goes there. */

import { make } from './dom.ts'

/** A line of the strip, in the coordinates of the diagram. */
export interface MinimapMark {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly role: 'rightward' | 'leftward' | 'bad' | 'state' | 'fold'
}

const WIDTH = 72

export class Minimap {
  readonly element: HTMLElement
  readonly #canvas = make('canvas', { width: WIDTH })
  readonly #range = make('div', { class: 'minimap-range' })
  readonly #chosen = make('div', { class: 'minimap-chosen', hidden: true })
  readonly #onGo: (share: number) => void
  #marks: readonly MinimapMark[] = []
  #size = { width: 1, height: 1 }

  /** @param onGo the reader wants to see the place at this share of the height, in the middle of what is seen. */
  constructor(onGo: (share: number) => void) {
    this.#onGo = onGo
    // Who cannot see it loses nothing: the diagram scrolls by itself.
    this.element = make(
      'div',
      { class: 'minimap', 'aria-hidden': true },
      this.#canvas,
      this.#range,
      this.#chosen,
    )
    this.element.addEventListener('pointerdown', (event) => {
      this.element.setPointerCapture(event.pointerId)
      this.#go(event)
    })
    this.element.addEventListener('pointermove', (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) this.#go(event)
    })
    new ResizeObserver(() => this.draw()).observe(this.element)
  }

  show(marks: readonly MinimapMark[], size: { readonly width: number; readonly height: number }): void {
    this.#marks = marks
    this.#size = size
    this.draw()
  }

  /** What is seen, as shares of the height; the strip hides where that is all. */
  setRange(from: number, to: number): void {
    const isAll = from <= 0.001 && to >= 0.999
    this.element.classList.toggle('idle', isAll)
    this.#range.style.top = `${from * 100}%`
    this.#range.style.height = `max(4px, ${(Math.min(1, to) - from) * 100}%)`
  }

  /** What is chosen, as a share of the height; null: nothing. */
  setChosen(share: number | null): void {
    this.#chosen.hidden = share === null
    if (share !== null) this.#chosen.style.top = `${share * 100}%`
  }

  draw(): void {
    const height = this.element.clientHeight
    const context = this.#canvas.getContext('2d')
    if (height === 0 || context === null) return
    const dense = Math.min(2, globalThis.devicePixelRatio)
    this.#canvas.width = WIDTH * dense
    this.#canvas.height = height * dense
    context.scale(dense, dense)
    const colours = getComputedStyle(this.element)
    const [sx, sy] = [(WIDTH - 8) / this.#size.width, height / this.#size.height]
    const paths = new Map<MinimapMark['role'], Path2D>()
    /** A strip of some hundred pixels needs no two lines that start and end in the same ones. */
    const drawn = new Set<string>()
    for (const { x1, y1, x2, y2, role } of this.#marks) {
      const key = `${role}${Math.round(y1 * sy)},${Math.round(y2 * sy)},${Math.round(x1 * sx)}`
      if (drawn.has(key)) continue
      drawn.add(key)
      const path = paths.get(role) ?? new Path2D()
      paths.set(role, path)
      if (role === 'fold') path.rect(4 + x1 * sx, y1 * sy, (x2 - x1) * sx, Math.max(2, (y2 - y1) * sy))
      else {
        path.moveTo(4 + x1 * sx, y1 * sy)
        path.lineTo(4 + x2 * sx, y2 * sy)
      }
    }
    for (const [role, path] of paths) {
      context.globalAlpha = role === 'fold' ? 0.45 : role === 'rightward' || role === 'leftward' ? 0.7 : 1
      const colour = colours.getPropertyValue(`--${ROLES[role]}`).trim()
      context.strokeStyle = context.fillStyle = colour
      context.lineWidth = role === 'bad' ? 2 : 1
      if (role === 'fold') context.fill(path)
      else context.stroke(path)
    }
  }

  #go(event: PointerEvent): void {
    const { top, height } = this.element.getBoundingClientRect()
    this.#onGo(Math.min(1, Math.max(0, (event.clientY - top) / height)))
    event.preventDefault()
  }
}

const ROLES: Readonly<Record<MinimapMark['role'], string>> = {
  rightward: 'rightward',
  leftward: 'leftward',
  bad: 'bad',
  state: 'state',
  fold: 'dim',
}
