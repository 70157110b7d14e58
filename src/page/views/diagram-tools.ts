/** What can be asked of the diagram: how much of the story, which messages, numbers, times, size, folds. */

import type { View } from '../../diagram/sequence/columns.ts'
import type { DiagramView } from './diagram-view.ts'
import { button, choice, make } from './dom.ts'
import { FILTERS, type Filter } from './message-search.ts'

const VIEWS = [
  ['full', 'everything'],
  ['overview', 'segments only'],
  ['client', 'left host'],
  ['server', 'right host'],
] as const satisfies readonly (readonly [View, string])[]

const ZOOMS = [0.5, 0.62, 0.75, 0.87, 1, 1.15, 1.4, 1.7, 2]

export type Numbers = 'absolute' | 'relative'

export class DiagramTools {
  readonly element = make('div', { class: 'toolbar', role: 'group', 'aria-label': 'Controls of the diagram' })
  /** How numbers are written; a page may have more that follows it. */
  onNumbers: (numbers: Numbers) => void
  readonly #diagram: DiagramView
  readonly #onFilter: (filter: Filter) => void

  constructor(diagram: DiagramView, onFilter: (filter: Filter) => void) {
    this.#diagram = diagram
    this.#onFilter = onFilter
    this.onNumbers = (numbers) => diagram.set({ numbers })
  }

  /** Shows how the diagram is drawn. */
  read(filter: Filter): void {
    const diagram = this.#diagram
    const { view = 'full', numbers = 'absolute', times, remarks = true } = diagram.options
    const filters = Object.entries(FILTERS) as [Filter, string][]
    const numberings = [
      ['absolute', 'as on the wire'],
      ['relative', 'from each SYN'],
    ] as const
    const timings = [
      ['absolute', 'since the start'],
      ['delta', 'since the last'],
    ] as const
    this.element.replaceChildren(
      choice('Show', VIEWS, view, (chosen) => diagram.set({ view: chosen })),
      choice('Messages', filters, filter, this.#onFilter),
      choice('Numbers', numberings, numbers, (chosen) => this.onNumbers(chosen)),
      choice('Times', timings, times, (chosen) => diagram.set({ times: chosen })),
      this.#remarks(remarks),
      make(
        'div',
        { class: 'buttons' },
        button('Unfold all', () => diagram.unfoldAll()),
        button('Fold all', () => diagram.foldAll()),
      ),
      make(
        'div',
        { class: 'buttons' },
        button('−', () => this.#zoom(-1), { 'aria-label': 'Smaller' }),
        button('Fit', () => diagram.set({ zoom: 'fit' }), { title: 'As wide as there is room' }),
        button('+', () => this.#zoom(1), { 'aria-label': 'Larger' }),
      ),
    )
  }

  #remarks(shown: boolean): HTMLLabelElement {
    const box = make('input', {
      type: 'checkbox',
      checked: shown,
      change: () => this.#diagram.set({ remarks: box.checked }),
    })
    return make('label', { class: 'check' }, box, 'Remarks')
  }

  #zoom(by: 1 | -1): void {
    const now = this.#diagram.scale
    const larger = ZOOMS.filter((zoom) => zoom > now + 0.01)
    const smaller = ZOOMS.filter((zoom) => zoom < now - 0.01)
    const next = by > 0 ? larger[0] : smaller.at(-1)
    if (next !== undefined) this.#diagram.set({ zoom: next })
  }
}
