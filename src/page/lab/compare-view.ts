/** Two runs over the same path, one below the other on one axis of time, and what came of each in figures. */

import { GRAPH_NAMES, GRAPH_TYPES, type GraphType, graphPicture } from '../../graph/graph-svg.ts'
import { graphSeries, mainSide } from '../../graph/series.ts'
import { type LabConfig, type Outcome, versusConfig } from '../../lab/index.ts'
import { countText, durationText } from '../../svg/scale.ts'
import { choice, make, setMarkup } from '../views/dom.ts'
import { namePicture } from '../views/picture-name.ts'
import { check, section } from './fields.ts'
import { TuningFields } from './host-controls.ts'
import type { LabState } from './lab-state.ts'
import { Runner, type Shown } from './shown.ts'

const GRAPH_HEIGHT = 300

const FIGURES: readonly (readonly [name: string, text: (outcome: Outcome) => string])[] = [
  ['Time until the last octet arrived', ({ transferUs }) => durationText(transferUs)],
  ['Octets of text per second', ({ octetsPerSecond }) => countText(octetsPerSecond)],
  ['Segments', ({ segments }) => String(segments)],
  ['Octets of text sent', ({ octets }) => countText(octets)],
  ['Segments sent again', ({ retransmissions }) => String(retransmissions)],
  ['Time-outs', ({ timeouts }) => String(timeouts)],
  ['Packets lost on the way', ({ lost }) => String(lost)],
]

export class CompareView {
  readonly element: HTMLElement
  /** For the side panel: whether there is a second run, and what it has differently. */
  readonly controls: HTMLElement
  readonly #state: LabState
  readonly #runner = new Runner()
  readonly #none = make(
    'p',
    { class: 'note' },
    'Nothing to compare yet: "Compare with a second run" at the left runs the same path with other options.',
  )
  readonly #body = make('div', { class: 'compare-body' })
  readonly #table = make('table', { class: 'outcomes' })
  readonly #pictures = [
    make('div', { class: 'compare-picture' }),
    make('div', { class: 'compare-picture' }),
  ] as const
  #second: Shown | null = null
  #type: GraphType = 'time-sequence'

  constructor(state: LabState) {
    this.#state = state
    const types = GRAPH_TYPES.map((type) => [type, GRAPH_NAMES[type]] as const)
    this.#body.append(
      this.#table,
      choice('Graph', types, this.#type, (type) => {
        this.#type = type
        this.draw()
      }),
      make('h3', {}, 'First run'),
      this.#pictures[0],
      make('h3', {}, 'Second run'),
      this.#pictures[1],
    )
    this.element = make('section', { class: 'compare' }, this.#none, this.#body)
    this.controls = this.#makeControls()
    state.on('shown', () => this.#run())
    new ResizeObserver(() => this.draw()).observe(this.element)
  }

  #makeControls(): HTMLElement {
    const state = this.#state
    const box = check('Compare with a second run', false, (on) =>
      state.change({ versus: on ? [{}, {}] : null }),
    )
    const input = box.querySelector('input')!
    const inner = make('div')
    const parts = ([0, 1] as const).map((side) => {
      const fields = new TuningFields(
        () => ({ ...state.config.hosts[side].tuning, ...state.config.versus?.[side] }),
        (tuning) => state.change({ versus: withSide(state.config, side, tuning) }),
      )
      const title = make('span')
      const part = section('', false, fields.element)
      part.querySelector('summary')!.append('Second run: ', title)
      inner.append(part)
      return { fields, title }
    })
    state.on('config', () => {
      const { config } = state
      input.checked = config.versus !== null
      inner.hidden = config.versus === null
      for (const [side, { fields, title }] of parts.entries()) {
        title.textContent = state.hostName(side as 0 | 1)
        fields.draw()
      }
    })
    inner.hidden = true
    return section('Compare', false, box, inner)
  }

  #run(): void {
    const { config, shown } = this.#state
    const other = shown?.kind === 'run' ? versusConfig(config) : null
    if (other === null) {
      this.#second = null
      return this.draw()
    }
    this.#runner.start(
      other,
      (second) => {
        this.#second = second
        this.draw()
      },
      () => {},
    )
  }

  draw(): void {
    const { shown } = this.#state
    const second = this.#second
    this.#none.hidden = second !== null
    this.#body.hidden = second === null
    const width = this.element.clientWidth
    if (second === null || shown === null || width === 0) return
    this.#fillTable(shown.outcome, second.outcome)
    const ends = [shown, second].map(({ timeline, pairs }) => {
      const [pair] = pairs
      return pair === undefined ? null : graphSeries(timeline.events, pair)
    })
    const endUs = Math.max(...[shown, second].map(({ outcome }) => outcome.transferUs)) * 1.08
    for (const [i, series] of ends.entries()) {
      if (series === null) continue
      const fromUs = series.startUs
      const { svg } = graphPicture(series, {
        ...{
          type: this.#type,
          width: Math.max(320, width - 32),
          height: GRAPH_HEIGHT,
          side: mainSide(series),
        },
        ...(endUs > 0 && { fromUs, toUs: fromUs + endUs }),
        addresses: shown.addresses,
      })
      setMarkup(this.#pictures[i]!, svg)
      namePicture(this.#pictures[i]!)
    }
  }

  #fillTable(first: Outcome, second: Outcome): void {
    const rows = FIGURES.map(([name, text]) => {
      const [a, b] = [text(first), text(second)]
      return make(
        'tr',
        {},
        make('th', { scope: 'row' }, name),
        make('td', {}, a),
        make('td', { class: a === b ? null : 'changed' }, b),
      )
    })
    const heads = ['What came of it', 'First run', 'Second run'].map((text) =>
      make('th', { scope: 'col' }, text),
    )
    this.#table.replaceChildren(make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...rows))
  }
}

/** Only what differs from the first run stays. */
function withSide(
  config: LabConfig,
  side: 0 | 1,
  tuning: LabConfig['hosts'][0]['tuning'],
): LabConfig['versus'] {
  const own = config.hosts[side].tuning
  const kept = Object.entries(tuning).filter(([name, value]) => own[name as keyof typeof own] !== value)
  const changed = Object.fromEntries(kept)
  const [left, right] = config.versus ?? [{}, {}]
  return side === 0 ? [changed, right] : [left, changed]
}
