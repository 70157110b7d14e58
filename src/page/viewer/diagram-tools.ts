/** What can be asked of the diagram: how much of the story, which messages, numbers, times, size, folds. */

import type { View } from '../../diagram/sequence/columns.ts'
import type { DiagramView } from '../views/diagram-view.ts'
import { button, choice, make } from '../views/dom.ts'
import { FILTERS, type Filter } from '../views/message-search.ts'

const VIEWS = [
  ['full', 'everything'],
  ['overview', 'segments only'],
  ['client', 'left host'],
  ['server', 'right host'],
] as const satisfies readonly (readonly [View, string])[]

const ZOOMS = [0.5, 0.62, 0.75, 0.87, 1, 1.15, 1.4, 1.7, 2]

export class DiagramTools {
  readonly element = make('div', { class: 'toolbar', role: 'group', 'aria-label': 'Controls of the diagram' })
  readonly #diagram: DiagramView
  readonly #onFilter: (filter: Filter) => void

  constructor(diagram: DiagramView, onFilter: (filter: Filter) => void) {
    this.#diagram = diagram
    this.#onFilter = onFilter
  }

  /** Shows how the diagram is drawn. */
  read(): void {
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
      choice('Messages', filters, 'all', this.#onFilter),
      choice('Numbers', numberings, numbers, (chosen) => diagram.set({ numbers: chosen })),
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

  /** The filter is off, whoever took it off. */
  showEverything(): void {
    const select = this.element.querySelectorAll('select')[1]
    if (select !== undefined) select.value = 'all'
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
