/** The states that each side goes through, numbered and timed; the one at the cursor stands out. */

import { durationText } from '../../svg/scale.ts'
import { TRANSITIONS } from '../../tcp/state.ts'
import { type StatePath, statePaths } from '../../trace/state-path.ts'
import { button, make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'

interface StepRow {
  readonly element: HTMLElement
  readonly at: number
  readonly path: number
}

export class StatesView {
  readonly element = make('section', { class: 'states' })
  readonly #state: LabState
  #rows: readonly StepRow[] = []

  constructor(state: LabState) {
    this.#state = state
    state.on('shown', () => this.#shown())
    state.on('cursor', () => this.#moved())
  }

  #shown(): void {
    const { shown, pair } = this.#state
    const rows: StepRow[] = []
    const paths = statePaths(shown?.timeline.events ?? [])
    const columns = [pair?.left, pair?.right].map((end, column) => {
      const path = paths.find((one) => one.host === end?.host && one.connection === end?.connection)
      if (end === undefined || path === undefined) return null
      const list = make('ol', {}, ...this.#steps(path, column, rows))
      return make('div', { class: 'state-path' }, make('h3', {}, end.host), list)
    })
    this.#rows = rows
    this.element.replaceChildren(...columns.filter((each) => each !== null))
    if (this.element.childElementCount === 0)
      this.element.append(make('p', { class: 'note' }, 'No connection, no states.'))
  }

  #steps({ steps }: StatePath, path: number, rows: StepRow[]): HTMLElement[] {
    return steps.map(({ at, state, cause }, i) => {
      const from = steps[i - 1]?.state
      const row = TRANSITIONS.find((one) => one.from === from && one.to === state && one.cause === cause)
      const why =
        row === undefined ? cause : [row.event, row.action].filter((part) => part !== '').join(' / ')
      const go = button('', () => this.#state.goToTime(at), { class: 'state-step' })
      go.append(
        make('b', {}, state),
        make('span', { class: 'at' }, durationText(Math.round(at))),
        make('span', { class: 'why' }, why),
      )
      const element = make('li', {}, go)
      rows.push({ element, at, path })
      return element
    })
  }

  #moved(): void {
    const { us } = this.#state.cursor
    for (const path of [0, 1]) {
      const own = this.#rows.filter((row) => row.path === path)
      const current = own.filter(({ at }) => at <= us).at(-1)
      for (const row of own) {
        row.element.classList.toggle('current', row === current)
        row.element.classList.toggle('ahead', row.at > us)
      }
    }
  }
}
