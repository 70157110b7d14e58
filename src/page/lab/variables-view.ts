/** The variables of both ends at the cursor, by RFC 9293's names; those that the last step changed stand out. */

import { VARIABLES, type ValueContext, type Variable, valueText } from '../../lab/index.ts'
import { make } from '../views/dom.ts'
import { check } from './fields.ts'
import type { LabState } from './lab-state.ts'

const ISS = VARIABLES.findIndex(({ name }) => name === 'ISS')
const IRS = VARIABLES.findIndex(({ name }) => name === 'IRS')

interface Row {
  readonly element: HTMLTableRowElement
  readonly cells: readonly [HTMLTableCellElement, HTMLTableCellElement]
}

export class VariablesView {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #table = make('table', { class: 'variables' })
  readonly #heads = [make('th', { scope: 'col' }), make('th', { scope: 'col' })] as const
  readonly #states: Row
  readonly #rows: readonly Row[]
  readonly #none = make(
    'p',
    { class: 'note', hidden: true },
    'A capture and a script show packets; what the stacks think is known of runs only.',
  )

  constructor(state: LabState) {
    this.#state = state
    this.#states = row('State', 'the state of the connection (RFC 9293 3.3.2)', '')
    this.#rows = VARIABLES.map((variable) => row(variable.name, variable.about, variable.tcpInfo))
    const caption = make('caption', { class: 'only-read' }, 'Variables of both ends')
    const head = make('tr', {}, make('th', { scope: 'col' }, 'Variable'), ...this.#heads)
    const body = make('tbody', {}, this.#states.element)
    let group = ''
    VARIABLES.forEach((variable, i) => {
      if (variable.group !== group) {
        group = variable.group
        body.append(make('tr', { class: 'group' }, make('th', { colspan: 3, scope: 'colgroup' }, group)))
      }
      body.append(this.#rows[i]!.element)
    })
    this.#table.append(caption, make('thead', {}, head), body)
    const relative = check('numbers from each SYN', false, (on) =>
      state.setNumbers(on ? 'relative' : 'absolute'),
    )
    const box = relative.querySelector('input')!
    this.element = make(
      'section',
      { class: 'variables-panel', 'aria-label': 'Variables', tabindex: 0 },
      make('div', { class: 'panel-head' }, make('h2', {}, 'Variables'), relative),
      this.#none,
      this.#table,
    )
    state.on('shown', () => {
      box.checked = state.numbers === 'relative'
      this.#shown()
    })
    state.on('reading', () => this.draw())
  }

  #shown(): void {
    const { pair, shown } = this.#state
    this.#heads[0].textContent = pair?.left.host ?? ''
    this.#heads[1].textContent = pair?.right.host ?? ''
    const isKnown = shown !== null && shown.tracks !== null
    this.#none.hidden = isKnown
    this.#table.hidden = !isKnown
  }

  draw(): void {
    for (const side of [0, 1] as const) {
      const found = this.#state.snapshots(side)
      const before = found?.before ?? null
      const state = found?.now.state ?? this.#state.stateOf(side) ?? ''
      setCell(this.#states.cells[side], state, before !== null && before.state !== state)
      const context = this.#context(found?.now.values ?? null)
      VARIABLES.forEach((variable, i) => {
        const value = found?.now.values[i]
        const cell = this.#rows[i]!.cells[side]
        if (value === undefined) setCell(cell, '', false)
        else setCell(cell, valueText(variable, value, context), isChanged(variable, before?.values[i], value))
      })
    }
  }

  #context(values: Float64Array | null): ValueContext {
    const now = this.#state.cursor.us
    if (values === null || this.#state.numbers === 'absolute') return { now, bases: null }
    return { now, bases: { iss: values[ISS]!, irs: values[IRS]! } }
  }
}

function isChanged({ kind }: Variable, before: number | undefined, value: number): boolean {
  if (before === undefined || Object.is(before, value)) return false
  return kind !== 'deadline' || before === Number.POSITIVE_INFINITY || value === Number.POSITIVE_INFINITY
}

function row(name: string, about: string, tcpInfo: string): Row {
  const cells = [make('td'), make('td')] as const
  const hint = tcpInfo === '' ? about : `${about}${about === '' ? '' : '; '}tcp_info: ${tcpInfo}`
  const element = make(
    'tr',
    {},
    make('th', { scope: 'row', title: hint === '' ? null : hint }, name),
    ...cells,
  )
  return { element, cells }
}

function setCell(cell: HTMLTableCellElement, text: string, isNew: boolean): void {
  if (cell.textContent !== text) cell.textContent = text
  if (cell.classList.contains('changed') !== isNew) cell.classList.toggle('changed', isNew)
}
