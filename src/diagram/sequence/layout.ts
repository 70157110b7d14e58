/** Lays a sequence diagram out. */

import { ERRNO_OF_END } from '../../tcp/errno.ts'
import { connectionsIn, type LadderPair, selectEvents } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'
import type { StateName } from '../../trace/states.ts'
import { printable } from '../canvas.ts'
import { foldRows, type Unit, unfold } from '../fold.ts'
import { bareState, choosePair, nothingToDraw } from '../ladder.ts'
import { type LadderItem, ladderItems, type Message, messagesOf } from '../ladder-messages.ts'
import { type Ends, ladderRows, type Row, type Rows } from '../ladder-rows.ts'
import { relativeBases } from '../message-label.ts'
import { type Sight, seenLines, seenPart, sightOf } from '../seen-at.ts'
import { type TimeScale, timeScale } from '../time-text.ts'
import { Body, type Scene } from './body.ts'
import { type ColumnNeeds, type Columns, columnsOf } from './columns.ts'
import { FoldBlocks } from './fold-blocks.ts'
import { Column, type Header, headerOf } from './frame.ts'
import { widthOf } from './labels.ts'
import { type Legend, legendOf, type Shown } from './legend.ts'
import { Lifelines } from './lifelines.ts'
import type { SequenceOptions } from './options.ts'
import { type Pace, paceOf } from './pace.ts'
import { Remarks } from './remarks.ts'
import { RepeatedHeads } from './repeated-heads.ts'
import type { SequenceLayout } from './sequence-layout.ts'
import { Stage } from './stage.ts'
import { TimersOf } from './timers.ts'

/** Of a longer story, stretches are folded. */
const MOST_ROWS = 400
/** A pause so many times as long as one that is worth a label ends a steady run. */
const PAUSE = 8

export function layoutSequence(events: readonly TraceEvent[], options: SequenceOptions = {}): SequenceLayout {
  return sheetOf(events, options)(options.unfolded)
}

/** A diagram whose folds open and close: what does not depend on them is made once. */
export type SequenceSheet = (unfolded: SequenceOptions['unfolded']) => SequenceLayout

export function sheetOf(
  events: readonly TraceEvent[],
  options: Omit<SequenceOptions, 'unfolded'>,
): SequenceSheet {
  const pairs = connectionsIn(events)
  const pair = choosePair(pairs, options)
  if (pair === undefined) {
    const empty = emptyLayout(nothingToDraw(events, pairs, options), options)
    return () => empty
  }
  const items = ladderItems(selectEvents(events, pair), pair)
  const drawn = ladderRows(items, {
    timers: options.timers ?? 'main',
    recovery: options.recovery ?? 'phases',
    apart: true,
  })
  const scale = timeScale(drawn.rows.map((row) => row.at))
  const last = drawn.rows.at(-1)?.at ?? 0
  const timeWidth = widthOf('time', `${scale.text(last)} ${scale.unit}`)
  const columns = columnsOf(needsOf(options, drawn.rows, timeWidth))
  const sight = sightOf(messagesOf(items), pair)
  const header = headerOf(pair, pairs.length, columns, sight?.at ?? null, options)
  const sheet = new Sheet(pair, items, drawn, columns, sight, options)
  return (unfolded) => sheet.layout(header, scale, unfolded)
}

/** One connection on its sheet of paper. */
class Sheet {
  readonly #pair: LadderPair
  readonly #items: readonly LadderItem[]
  readonly #messages: readonly Message[]
  readonly #drawn: Rows
  readonly #columns: Columns
  readonly #options: SequenceOptions
  readonly #pace: Pace
  readonly #isRelative: boolean
  readonly #sight: Sight | null
  readonly #units: readonly Unit[]

  constructor(
    pair: LadderPair,
    items: readonly LadderItem[],
    drawn: Rows,
    columns: Columns,
    sight: Sight | null,
    options: SequenceOptions,
  ) {
    this.#pair = pair
    this.#items = items
    this.#messages = messagesOf(items)
    this.#drawn = drawn
    this.#columns = columns
    this.#options = options
    this.#pace = paceOf(drawn.rows, this.#messages, options.gapUs)
    this.#isRelative = options.numbers === 'relative'
    this.#sight = sight
    const { mostRows = MOST_ROWS, from, to } = options
    this.#units = foldRows(drawn.rows, {
      mostRows,
      pauseUs: PAUSE * this.#pace.gapUs,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    })
  }

  layout(header: Header, scale: TimeScale, unfolded: SequenceOptions['unfolded']): SequenceLayout {
    const { rows } = this.#drawn
    const columns = this.#columns
    const top = header.bottom
    const stage = new Stage(columns, this.#pace, scale, rows[0]?.at ?? 0, top + 6)
    const lifelines = new Lifelines(this.#firstStates(), top)
    const timers = new TimersOf(this.#items, this.#sight?.at ?? null)
    const body = new Body(stage, this.#scene(lifelines, timers))
    const place = this.#sight?.at ?? null
    const heads = new RepeatedHeads(stage, this.#pair, columns, place, this.#options.repeatHeads)
    const folds = this.#fill(body, stage, heads, unfolded)
    const bottom = stage.bottom + 22
    const hidden = (item: number) => folds.heightOf(this.#rowOf(item))
    body.finish(hidden, bottom)
    lifelines.finish(bottom)
    const marks = body.shownMarks()
    const bars = timers
      .bars(columns, (item) => body.heights.get(item) ?? hidden(item), bottom)
      .filter(({ y1, y2 }) => !folds.hides(y1, y2))
    const legend = this.#legend(bottom + 10, {
      hasCalls: marks.some(({ call }) => call !== undefined),
      hasTimers: bars.length > 0,
      hasGaps: stage.gaps.length > 0,
      hasFolds: marks.some(({ fold }) => fold !== undefined),
    })
    const end = legend.labels.reduce((most, { box }) => Math.max(most, box.y + box.height), bottom)
    return {
      width: columns.width,
      height: Math.ceil(end + 12),
      pair: this.#pair,
      title: this.#options.title ?? `Sequence diagram: ${this.#pair.left.host} and ${this.#pair.right.host}`,
      description: descriptionOf(this.#pair, this.#messages, rows),
      columns,
      seenAt: place,
      top,
      bottom,
      frame: [...header.labels, ...heads.labels, ...legend.labels],
      legend: legend.signs,
      bannerBox: header.bannerBox,
      marks,
      lifelines: lifelines.spans.filter(({ side, y1, y2 }) => columns.shown[side] && y2 > y1),
      activations: body.blocking.bars.filter(({ y1, y2 }) => !folds.hides(y1, y2)),
      timers: bars,
      gaps: stage.gaps,
      heads: heads.bands,
      axis: { x: columns.axis, ticks: stage.ticks, instants: stage.instants },
    }
  }

  /** Row after row, with a block where some are folded. */
  #fill(
    body: Body,
    stage: Stage,
    heads: RepeatedHeads,
    unfolded: SequenceOptions['unfolded'] = new Set<string>(),
  ): FoldBlocks {
    const { rows } = this.#drawn
    const folds = new FoldBlocks(rows)
    for (const { unit, inside } of unfold(this.#units, unfolded)) {
      const begins = typeof unit !== 'number' || rows[unit]!.kind === 'heading'
      if (begins) body.pause(rows[typeof unit === 'number' ? unit : unit.from]!.at)
      heads.before(!begins)
      if (typeof unit === 'number') body.take(rows[unit]!, rows[unit + 1], inside?.id ?? null)
      else {
        const mark = folds.stand(unit, stage, this.#columns)
        const hidden = rows.slice(unit.from, unit.to)
        body.fold(inside === null ? mark : { ...mark, inside: inside.id }, hidden, (row) => {
          return folds.heightOf(this.#rowOf(row.item)) ?? mark.y
        })
      }
    }
    return folds
  }

  /** The row of an item by its index; the next one where it has none. */
  #rowOf(item: number): number {
    const { rows } = this.#drawn
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (rows[middle]!.item < item) low = middle + 1
      else high = middle
    }
    return low
  }

  #scene(lifelines: Lifelines, timers: TimersOf): Scene {
    const { view, reasons = view === 'overview' ? 'none' : 'sentences' } = this.#options
    return {
      columns: this.#columns,
      pace: this.#pace,
      seen: (from) => (this.#sight === null ? [0, 1] : seenPart(this.#sight.at, from)),
      naming: {
        names: [printable(this.#pair.left.host), printable(this.#pair.right.host)],
        bases: this.#isRelative ? relativeBases(this.#messages) : [0, 0],
      },
      withReasons: reasons !== 'none',
      remarks: new Remarks(this.#items, reasons === 'sentences'),
      lifelines,
      after: (row) => timers.after(row),
      errors: errorsOf(this.#items),
    }
  }

  #firstStates(): Ends<StateName | undefined> {
    const { first } = this.#drawn
    return [first[0] ?? bareState(this.#pair.left), first[1] ?? bareState(this.#pair.right)]
  }

  #legend(top: number, has: Omit<Shown, 'messages' | 'isRelative' | 'seen' | 'hasInferred'>): Legend {
    if (this.#options.legend === false) return { signs: [], labels: [] }
    return legendOf(this.#columns, top, {
      messages: this.#messages,
      isRelative: this.#isRelative,
      seen: this.#sight === null ? [] : seenLines(this.#sight, this.#pair),
      hasInferred: this.#sight?.at !== 'both',
      ...has,
    })
  }
}

function needsOf(options: SequenceOptions, rows: readonly Row[], timeWidth: number): ColumnNeeds {
  const { view = 'full', remarks = view !== 'overview' } = options
  const withApplications = rows.some(
    ({ kind }) => kind === 'call' || kind === 'signal' || kind === 'application',
  )
  return { view, withRemarks: remarks, withApplications, timeWidth }
}

/** By the item of the state that ends a connection: what it ended with, as the application is told. */
function errorsOf(items: readonly LadderItem[]): Map<number, string> {
  const errors = new Map<number, string>()
  const ended: Ends<number> = [-1, -1]
  items.forEach((item, k) => {
    if (item.kind !== 'event' || item.side < 0) return
    const side = item.side as 0 | 1
    const { event } = item
    if (event.kind === 'state') ended[side] = event.to === 'CLOSED' ? k : -1
    if (event.kind !== 'signal' || event.signal !== 'closed' || event.reason === undefined) return
    const errno = ERRNO_OF_END[event.reason]
    if (errno !== null && ended[side] >= 0) errors.set(ended[side], errno)
  })
  return errors
}

function descriptionOf(pair: LadderPair, messages: readonly Message[], rows: readonly Row[]): string {
  const lost = messages.filter(({ fate }) => fate === 'lost').length
  const span = rows.length === 0 ? 0 : (rows.at(-1)!.at - rows[0]!.at) / 1e6
  const losses = lost === 0 ? '' : `, ${lost} of them lost`
  return (
    `${messages.length} segments between ${pair.left.host} and ${pair.right.host}${losses}, in ${span} seconds; ` +
    'time runs from top to bottom.'
  )
}

function emptyLayout(lines: readonly string[], options: SequenceOptions): SequenceLayout {
  const columns = columnsOf(needsOf(options, [], 0))
  const page = new Column(columns.width - 32)
  if (options.title !== undefined) page.words('title', 16, options.title)
  for (const line of lines) page.words('words', 16, line)
  const title = options.title ?? 'Nothing to draw'
  return {
    width: columns.width,
    height: page.y + 16,
    pair: null,
    title,
    description: lines.join(' '),
    columns,
    seenAt: null,
    top: page.y,
    bottom: page.y,
    frame: page.labels,
    legend: [],
    bannerBox: null,
    marks: [],
    lifelines: [],
    activations: [],
    timers: [],
    gaps: [],
    heads: [],
    axis: { x: columns.axis, ticks: [], instants: [] },
  }
}
