/** Two runs over the same path, one below the other on one axis of time, and what came of each in figures. */

import { GRAPH_NAMES, GRAPH_TYPES, type GraphType, graphSvg } from '../../graph/graph-svg.ts'
import { graphSeries, mainSide } from '../../graph/series.ts'
import { type LabConfig, type Outcome, versusConfig } from '../../lab/index.ts'
import { htmlFile } from '../../svg/html-file.ts'
import { escaped } from '../../svg/markup.ts'
import { countText, durationText } from '../../svg/scale.ts'
import { choice, make, setMarkup } from '../views/dom.ts'
import { namePicture } from '../views/picture-name.ts'
import { check, section } from './fields.ts'
import { TuningFields } from './host-controls.ts'
import type { LabState } from './lab-state.ts'
import { Runner, type Shown } from './shown.ts'

const GRAPH_HEIGHT = 300
/** Of the graphs in a saved page, pixels. */
const PAGE_WIDTH = 1000
const PAGE_STYLE =
  'body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,sans-serif}' +
  'main{max-width:1040px;margin:0 auto;padding:16px 20px}h1{font-size:20px}h2{font-size:15px}' +
  'table{border-collapse:collapse}th,td{padding:3px 18px 3px 0;text-align:left}tbody th{font-weight:400}' +
  '.changed{font-weight:700}svg{display:block;max-width:100%;height:auto}'

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
  #first: Shown | null = null
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
    const note = make(
      'p',
      { class: 'note' },
      'There is one congestion control so far, NewReno: the runs may differ in its numbers and in every other option.',
    )
    return section('Compare', false, box, note, inner)
  }

  #run(): void {
    const { config, shown } = this.#state
    // Another connection or another way to write numbers is no other run.
    if (shown === this.#first) return
    this.#first = shown
    const other = shown?.kind === 'run' ? versusConfig(config) : null
    if (other === null) {
      this.#runner.stop()
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
    for (const [i, svg] of this.#drawn(shown, second, Math.max(320, width - 32)).entries()) {
      setMarkup(this.#pictures[i]!, svg)
      namePicture(this.#pictures[i]!)
    }
  }

  /** Both runs and what came of them as an HTML file. @throws Error where there is no second run */
  page(): string {
    const { shown, config } = this.#state
    const second = this.#second
    if (shown === null || second === null)
      throw new Error('There is no second run: "Compare with a second run" makes one.')
    this.#fillTable(shown.outcome, second.outcome)
    const [first, other] = this.#drawn(shown, second, PAGE_WIDTH).map(withOwnName)
    const title = `${shown.title}: two runs compared`
    const body = [
      `<main><h1>${escaped(title)}</h1>`,
      ...differences(config).map((line) => `<p>${escaped(line)}</p>`),
      this.#table.outerHTML,
      `<h2>First run</h2>${first ?? ''}<h2>Second run</h2>${other ?? ''}</main>`,
    ]
    return htmlFile({ title, style: PAGE_STYLE, body })
  }

  /** The graph that is chosen, of each run, on one axis of time. */
  #drawn(shown: Shown, second: Shown, width: number): string[] {
    const endUs = Math.max(...[shown, second].map(({ outcome }) => outcome.transferUs)) * 1.08
    return [shown, second].map(({ timeline, pairs: [pair] }) => {
      if (pair === undefined) return ''
      const series = graphSeries(timeline.events, pair)
      const fromUs = series.startUs
      return graphSvg(series, {
        ...{ type: this.#type, width, height: GRAPH_HEIGHT, side: mainSide(series) },
        ...(endUs > 0 && { fromUs, toUs: fromUs + endUs }),
        addresses: shown.addresses,
      })
    })
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

/** As one of several pictures of a page. */
function withOwnName(svg: string): string {
  const holder = make('div')
  setMarkup(holder, svg)
  namePicture(holder)
  return holder.innerHTML
}

/** What the second run has differently, a host a line. */
function differences({ hosts, versus }: LabConfig): string[] {
  return (versus ?? []).flatMap((tuning, side) => {
    const told = Object.entries(tuning).map(([name, value]) => `${name} ${String(value)}`)
    return told.length === 0 ? [] : [`Second run, ${hosts[side]!.name}: ${told.join(', ')}`]
  })
}
