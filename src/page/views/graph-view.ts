/**
 * A graph of the connection in a page: the wheel zooms, a drag chooses a range, a click chooses the nearest segment, and
 * a line follows the time that other views point at. Mount `element`, then `show` events.
 */

import {
  GRAPH_NAMES,
  GRAPH_TYPES,
  type GraphOptions,
  type GraphType,
  graphPicture,
  type PanelGeometry,
} from '../../graph/graph-svg.ts'
import { type GraphSegment, type GraphSeries, graphSeries, mainSide } from '../../graph/series.ts'
import { durationText } from '../../svg/scale.ts'
import type { LadderPair } from '../../trace/connections.ts'
import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import { button, choice, make, setMarkup } from './dom.ts'
import { Announcer, type Moment } from './moment.ts'
import { namePicture } from './picture-name.ts'
import { withoutStyle } from './picture-style.ts'

export interface GraphViewOptions {
  readonly type: GraphType
  /** Whose data; undefined: who sends more. */
  readonly side?: 0 | 1
  readonly addresses: Readonly<Record<string, string>>
  /** The message of a packet, by its number or, where nobody numbered them, by when and where it was seen. */
  readonly segmentOf: (packet: number, at: number, side: 0 | 1) => SegmentRecord | null
}

type Range = readonly [fromUs: number, toUs: number]

const WHEEL = 1.0015
const STEP = 0.2
/** Milliseconds without a change after which a gesture is over, and each mark gets its words. */
const SETTLED = 150
/** A press that moves less is a click, pixels. */
const CLICK = 4

export class GraphView {
  readonly element: HTMLElement
  readonly announcer = new Announcer()
  readonly #plot: HTMLElement
  readonly #picture = make('div', { class: 'graph-picture' })
  readonly #cursor = make('div', { class: 'graph-cursor', hidden: true }, make('span', {}))
  readonly #chosen = make('div', { class: 'graph-cursor chosen', hidden: true }, make('span', {}))
  readonly #brush = make('div', { class: 'graph-brush', hidden: true })
  readonly #tools = make('div', { class: 'toolbar', role: 'group', 'aria-label': 'Controls of the graph' })
  #source: { readonly events: readonly TraceEvent[]; readonly pair: LadderPair } | null = null
  /** Made of the source when it is seen first: of a long connection that takes its time. */
  #series: GraphSeries | null = null
  #options: GraphViewOptions = { type: 'time-sequence', addresses: {}, segmentOf: () => null }
  /** The times that are seen, microseconds on the clock of the run; null: all. */
  #range: Range | null = null
  #panels: readonly PanelGeometry[] = []
  #pressedX = Number.NaN
  #isWaiting = false
  /** While a gesture lasts, the timer that ends it. */
  #settling: ReturnType<typeof setTimeout> | null = null
  #moment: Moment | null = null

  constructor() {
    this.#plot = make(
      'div',
      {
        class: 'graph-plot',
        tabindex: 0,
        role: 'group',
        'aria-label': 'Graph: arrow keys move, plus and minus zoom, 0 shows all',
      },
      this.#picture,
      this.#brush,
      this.#chosen,
      this.#cursor,
    )
    this.element = make('div', { class: 'graph-view' }, this.#tools, this.#plot)
    this.#plot.addEventListener('wheel', (event) => this.#wheel(event), { passive: false })
    this.#plot.addEventListener('pointerdown', (event) => this.#press(event))
    this.#plot.addEventListener('pointermove', (event) => this.#move(event))
    this.#plot.addEventListener('pointerup', (event) => this.#release(event))
    this.#plot.addEventListener('pointerleave', () => this.announcer.tell('point', null))
    this.#plot.addEventListener('dblclick', () => this.#zoomTo(null))
    this.#plot.addEventListener('keydown', (event) => this.#key(event))
    new ResizeObserver(() => this.#soon()).observe(this.#plot)
  }

  show(events: readonly TraceEvent[], pair: LadderPair, options: GraphViewOptions): void {
    this.#source = { events, pair }
    this.#series = null
    this.#options = options
    this.#soon()
  }

  get type(): GraphType {
    return this.#options.type
  }

  /** The graph as the reader has it: its data, type, side, and the times that are seen. @throws Error where nothing is shown */
  seen(): { readonly series: GraphSeries; readonly options: GraphOptions & { readonly side: 0 | 1 } } {
    const series = this.#made()
    if (series === null) throw new Error('There is no connection, and no graph of it.')
    const { type, side = mainSide(series), addresses } = this.#options
    const range = this.#range === null ? {} : { fromUs: this.#range[0], toUs: this.#range[1] }
    return { series, options: { type, side, addresses, ...range } }
  }

  #made(): GraphSeries | null {
    if (this.#series === null && this.#source !== null) {
      const { events, pair } = this.#source
      this.#series = graphSeries(events, pair)
      this.#fillTools(pair)
    }
    return this.#series
  }

  #setType(type: GraphType): void {
    this.#options = { ...this.#options, type }
    this.#soon()
  }

  choose(moment: Moment | null): void {
    this.#moment = moment
    if (moment !== null && this.#range !== null) {
      const [from, to] = this.#range
      if (moment.at < from || moment.at > to) {
        const half = (to - from) / 2
        this.#zoomTo([moment.at - half, moment.at + half])
      }
    }
    this.#line(this.#chosen, moment?.at ?? null)
  }

  /** A line at a time that another view points at. */
  pointAt(at: number | null): void {
    this.#line(this.#cursor, at)
  }

  redraw(): void {
    this.#soon()
  }

  #fillTools(pair: LadderPair): void {
    const types = GRAPH_TYPES.map((type) => [type, GRAPH_NAMES[type]] as const)
    const sides = [
      ['0', `from ${pair.left.host}`],
      ['1', `from ${pair.right.host}`],
    ] as const
    const side = this.#options.side ?? (this.#series === null ? 0 : mainSide(this.#series))
    this.#tools.replaceChildren(
      choice('Graph', types, this.#options.type, (type) => this.#setType(type)),
      choice('Data', sides, `${side}`, (chosen) => {
        this.#options = { ...this.#options, side: chosen === '1' ? 1 : 0 }
        this.#soon()
      }),
      button('−', () => this.#zoom(2), { 'aria-label': 'Zoom out', title: 'Zoom out (−)' }),
      button('+', () => this.#zoom(0.5), { 'aria-label': 'Zoom in', title: 'Zoom in (+)' }),
      button('All', () => this.#zoomTo(null), { title: 'The whole connection (0)' }),
    )
  }

  /** Once for each frame, whatever asked for it. */
  #soon(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    requestAnimationFrame(() => {
      this.#isWaiting = false
      this.#draw()
    })
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#plot
    if (this.#source === null || width === 0 || height === 0) return
    const { series, options } = this.seen()
    const { svg, geometry } = graphPicture(series, {
      ...options,
      width,
      height,
      isInMotion: this.#settling !== null,
    })
    setMarkup(this.#picture, withoutStyle(svg))
    namePicture(this.#picture)
    this.#panels = geometry.panels
    this.#line(this.#chosen, this.#moment?.at ?? null)
    this.#line(this.#cursor, null)
  }

  #line(line: HTMLElement, at: number | null): void {
    const [first] = this.#panels
    const last = this.#panels.at(-1)
    line.hidden = at === null || first === undefined || at < first.fromUs || at > first.toUs
    if (at === null || first === undefined || last === undefined) return
    line.style.left = `${xOf(first, at)}px`
    line.style.top = `${first.top}px`
    line.style.height = `${last.bottom - first.top}px`
    line.firstElementChild!.textContent = durationText(at - (this.#series?.startUs ?? 0))
  }

  #offset(event: MouseEvent): number {
    return event.clientX - this.#plot.getBoundingClientRect().left
  }

  #timeAt(x: number): number | null {
    const [panel] = this.#panels
    if (panel === undefined || x < panel.left || x > panel.right) return null
    return panel.fromUs + ((x - panel.left) / (panel.right - panel.left)) * (panel.toUs - panel.fromUs)
  }

  #wheel(event: WheelEvent): void {
    const at = this.#timeAt(this.#offset(event))
    if (at === null) return
    event.preventDefault()
    this.#moves()
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.#slide(event.deltaX / 500)
    else this.#zoom(WHEEL ** event.deltaY, at)
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0 || this.#timeAt(this.#offset(event)) === null) return
    this.#pressedX = this.#offset(event)
    this.#plot.setPointerCapture(event.pointerId)
  }

  #move(event: PointerEvent): void {
    const x = this.#offset(event)
    const at = this.#timeAt(x)
    if (!Number.isNaN(this.#pressedX)) this.#drawBrush(x)
    this.#line(this.#cursor, at)
    this.announcer.tell('point', at === null ? null : { at, segment: null })
  }

  #drawBrush(x: number): void {
    const [panel] = this.#panels
    const last = this.#panels.at(-1)
    if (panel === undefined || last === undefined) return
    const [left, right] = this.#brushed(x)
    this.#brush.hidden = right - left < CLICK
    this.#brush.style.left = `${left}px`
    this.#brush.style.width = `${right - left}px`
    this.#brush.style.top = `${panel.top}px`
    this.#brush.style.height = `${last.bottom - panel.top}px`
  }

  #brushed(x: number): [number, number] {
    const { left, right } = this.#panels[0]!
    const inside = (one: number): number => Math.min(right, Math.max(left, one))
    const [a, b] = [inside(this.#pressedX), inside(x)]
    return [Math.min(a, b), Math.max(a, b)]
  }

  #release(event: PointerEvent): void {
    if (Number.isNaN(this.#pressedX)) return
    const [left, right] = this.#brushed(this.#offset(event))
    this.#pressedX = Number.NaN
    this.#brush.hidden = true
    if (right - left >= CLICK) this.#zoomTo([this.#timeAt(left)!, this.#timeAt(right)!])
    else this.#pick(event)
  }

  /** The nearest segment, or in a graph of values the one at that time. */
  #pick(event: MouseEvent): void {
    const { top } = this.#plot.getBoundingClientRect()
    const [x, y] = [this.#offset(event), event.clientY - top]
    const at = this.#timeAt(x)
    if (at === null || this.#series === null) return
    const { type, segmentOf } = this.#options
    const side = this.#options.side ?? mainSide(this.#series)
    const { segments } = this.#series.directions[side]
    const panel = this.#panels[0]!
    const isPlace = (type === 'time-sequence' || type === 'congestion') && y <= panel.bottom
    const away = (segment: GraphSegment): number =>
      Math.hypot(xOf(panel, segment.at) - x, isPlace ? distance(panel, segment, y) : 0)
    let best: GraphSegment | undefined
    for (const segment of segments) if (best === undefined || away(segment) < away(best)) best = segment
    const segment = best === undefined ? null : segmentOf(best.packet, best.at, side)
    this.announcer.tell('select', { at: best?.at ?? at, segment })
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.repeat) this.#moves()
    if (event.key === 'ArrowRight') this.#slide(STEP)
    else if (event.key === 'ArrowLeft') this.#slide(-STEP)
    else if (event.key === '+' || event.key === '=') this.#zoom(0.5)
    else if (event.key === '-') this.#zoom(2)
    else if (event.key === '0') this.#zoomTo(null)
    else return
    event.preventDefault()
  }

  /** One step of a gesture, after which others follow. */
  #moves(): void {
    if (this.#settling !== null) clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      this.#settling = null
      this.#soon()
    }, SETTLED)
  }

  /** Moves on by a share of what is seen. */
  #slide(share: number): void {
    const [from, to] = this.#seen()
    this.#zoomTo([from + (to - from) * share, to + (to - from) * share])
  }

  #zoom(factor: number, around?: number): void {
    const [from, to] = this.#seen()
    const middle = around ?? this.#moment?.at ?? (from + to) / 2
    const fixed = middle >= from && middle <= to ? middle : (from + to) / 2
    this.#zoomTo([fixed - (fixed - from) * factor, fixed + (to - fixed) * factor])
  }

  #seen(): Range {
    const [panel] = this.#panels
    return this.#range ?? (panel === undefined ? [0, 1] : [panel.fromUs, panel.toUs])
  }

  /** Never beyond the connection, and never closer than ten microseconds. */
  #zoomTo(range: Range | null): void {
    const { startUs, endUs } = this.#series ?? { startUs: 0, endUs: 1 }
    const whole = Math.max(endUs - startUs, 1) * 1.03
    if (range === null || range[1] - range[0] >= whole) this.#range = null
    else {
      const span = Math.max(10, range[1] - range[0])
      const from = Math.min(Math.max(range[0], startUs - span / 2), endUs - span / 2)
      this.#range = [from, from + span]
    }
    this.#soon()
  }
}

function xOf({ left, right, fromUs, toUs }: PanelGeometry, at: number): number {
  return left + ((at - fromUs) / (toUs - fromUs)) * (right - left)
}

function distance(panel: PanelGeometry, { first, end }: GraphSegment, y: number): number {
  const { top, bottom, fromValue, toValue } = panel
  const yOf = (value: number): number =>
    bottom - ((value - fromValue) / (toValue - fromValue)) * (bottom - top)
  const [high, low] = [yOf(end), yOf(first)]
  return y < high ? high - y : y > low ? y - low : 0
}
