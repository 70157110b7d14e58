/** All events of the run as a list, of which only what is seen stands in the page; the cursor's event is marked. */

import { eventWords } from '../../lab/index.ts'
import { durationText } from '../../svg/scale.ts'
import { make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'
import { isSeen } from './pictures.ts'

const ROW_HEIGHT = 24
/** Rows beyond what is seen, so that scrolling shows no gaps. */
const BEYOND = 12

export class TraceView {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #scroller: HTMLElement
  readonly #sheet = make('div', { class: 'trace-sheet', role: 'presentation' })
  #first = -1
  #last = -1

  constructor(state: LabState) {
    this.#state = state
    this.#scroller = make(
      'div',
      {
        class: 'trace-scroll',
        tabindex: 0,
        role: 'listbox',
        'aria-label': 'Events of the run',
        scroll: () => this.#draw(),
        keydown: (event: KeyboardEvent) => this.#key(event),
      },
      this.#sheet,
    )
    this.element = make('div', { class: 'trace' }, this.#scroller)
    this.#sheet.addEventListener('click', (event) => {
      const row = event.target instanceof Element ? event.target.closest('[data-index]') : null
      if (row !== null) state.goToEvent(Number(row.getAttribute('data-index')))
    })
    state.on('shown', () => this.#shown())
    state.on('reading', () => this.#moved())
    new ResizeObserver(() => this.#moved()).observe(this.#scroller)
  }

  #shown(): void {
    this.#sheet.style.height = `${(this.#state.shown?.timeline.length ?? 0) * ROW_HEIGHT}px`
    this.#first = -1
    this.#draw()
  }

  /** Keys move the cursor, and the list goes with it. */
  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { cursor, shown } = this.#state
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / ROW_HEIGHT) - 2)
    const last = (shown?.timeline.length ?? 1) - 1
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -last,
      End: last,
    }
    const by = steps[event.key]
    if (by === undefined) return
    event.preventDefault()
    this.#state.goToEvent(cursor.index + by)
  }

  #moved(): void {
    if (!isSeen(this.element)) return
    const { clientHeight, scrollTop } = this.#scroller
    if (clientHeight === 0) return
    const top = Math.max(0, this.#state.cursor.index) * ROW_HEIGHT
    if (top < scrollTop + ROW_HEIGHT || top > scrollTop + clientHeight - 2 * ROW_HEIGHT) {
      this.#scroller.scrollTop = top - clientHeight / 2
    }
    this.#draw()
    const marked = this.#sheet.querySelector('[aria-selected=true]')
    marked?.setAttribute('aria-selected', 'false')
    const row = this.#sheet.querySelector(`[data-index="${this.#state.cursor.index}"]`)
    row?.setAttribute('aria-selected', 'true')
    if (row !== null) this.#scroller.setAttribute('aria-activedescendant', row.id)
  }

  #draw(): void {
    const { shown, cursor } = this.#state
    const { clientHeight, scrollTop } = this.#scroller
    if (shown === null || clientHeight === 0) return
    const { events } = shown.timeline
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - BEYOND)
    const last = Math.min(events.length, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + BEYOND)
    if (first === this.#first && last === this.#last) return
    this.#first = first
    this.#last = last
    const rows: HTMLElement[] = []
    for (let i = first; i < last; i++) {
      const event = events[i]!
      const { kind, text, why } = eventWords(event)
      const row = make(
        'div',
        {
          class: `trace-row ${event.kind}`,
          role: 'option',
          id: `event-${i}`,
          'data-index': i,
          'aria-selected': i === cursor.index ? 'true' : 'false',
          title: why === '' ? null : why,
        },
        make('span', { class: 'at' }, durationText(Math.round(event.at))),
        make('span', { class: 'who' }, event.host),
        make('span', { class: 'kind' }, kind),
        make('span', { class: 'what' }, why === '' || event.kind === 'sent' ? text : `${text}: ${why}`),
        make('span', { class: 'why' }, event.kind === 'sent' ? why : ''),
      )
      row.style.top = `${i * ROW_HEIGHT}px`
      rows.push(row)
    }
    this.#sheet.replaceChildren(...rows)
  }
}
