/** Everything between the names of the hosts and the legend: row after row, each at its own height. */

import { wrapped } from '../../svg/text-width.ts'
import type { SequenceBase } from '../../trace/segment-text.ts'
import { printable } from '../canvas.ts'
import type { Message } from '../ladder-messages.ts'
import type { Ends, MessageRow, Row } from '../ladder-rows.ts'
import { aboutArrival, aboutMessage, type Naming } from './about.ts'
import {
  arrivalLabel,
  arrowLabel,
  arrowOf,
  dropLabels,
  endLabel,
  endRoom,
  levelRoom,
  outOfFoldLabel,
  startRoom,
} from './arrows.ts'
import { Blocking, type CallRow, callArrow, callLabel, callRoom, wayOf } from './calls.ts'
import type { Columns } from './columns.ts'
import { labelAt, moved, widthOf } from './labels.ts'
import type { Lifelines } from './lifelines.ts'
import type { Pace } from './pace.ts'
import type { Remarks } from './remarks.ts'
import type { Label, Mark, Part, TextRun } from './sequence-layout.ts'
import type { Needs, Stage } from './stage.ts'

/** Between a socket and the words beside it, inside: timer bars stand there. */
const BESIDE = 26
/** Between a socket and the box of its state, outside. */
const STATE_GAP = 5
const STATE_PADDING = 6
const HEADING_HEIGHT = 26

export interface Scene {
  readonly columns: Columns
  readonly pace: Pace
  readonly naming: Naming
  readonly withReasons: boolean
  /** What of an arrow from an end was seen. */
  readonly seen: (from: 0 | 1) => Part
  readonly remarks: Remarks
  readonly lifelines: Lifelines
  /** Time that a message or a timer took which its row tells, '' else. */
  readonly after: (row: Row) => string
  /** By the item of the state that ends a connection: the error that the application gets. */
  readonly errors: ReadonlyMap<number, string>
}

type Draft = { -readonly [K in keyof Mark]: Mark[K] }

export class Body {
  readonly marks: Draft[] = []
  readonly blocking = new Blocking()
  /** By item: its height. */
  readonly heights = new Map<number, number>()
  readonly #drawn = new Map<Draft, Message>()
  #inside: string | null = null
  readonly #stage: Stage
  readonly #scene: Scene

  constructor(stage: Stage, scene: Scene) {
    this.#stage = stage
    this.#scene = scene
  }

  take(row: Row, next: Row | undefined, inside: string | null): void {
    if (!this.#isShown(row)) return
    this.#inside = inside
    this.pause(row.at)
    switch (row.kind) {
      case 'heading':
        this.#heading(row)
        return
      case 'message':
        if (row.half === 'arrives') this.#arrives(row)
        else this.#leaves(row, next)
        return
      case 'state':
        this.#state(row)
        return
      case 'note':
        this.#note(row)
        return
      default:
        this.#call(row)
    }
  }

  /** Time goes on to `at`; where that takes long, there is a mark of it. */
  pause(at: number): void {
    const gap = this.#stage.until(at)
    if (gap !== null) this.marks.push(gap)
  }

  /** A fold takes the place of its rows. `hidden`: the height of each of them that the lifelines have to know. */
  fold(mark: Mark, rows: readonly Row[], hidden: (row: Row) => number): void {
    this.marks.push(mark)
    const { columns, lifelines } = this.#scene
    for (const row of rows) {
      if (row.kind === 'message' || row.kind === 'heading' || row.kind === 'note') continue
      if (!columns.shown[row.side]) continue
      const y = hidden(row)
      if (row.kind === 'state') lifelines.enters(row.side, row.states[row.side]!, y)
      else this.blocking.take(row, y)
    }
  }

  /** Draws what needs the heights of both its ends. `hidden`: the height of an item that has no row of its own. */
  finish(hidden: (item: number) => number | null, bottom: number): void {
    const { columns, pace, seen } = this.#scene
    const at = (item: number) => (item < 0 ? null : (this.heights.get(item) ?? hidden(item)))
    for (const [mark, message] of this.#drawn) {
      const [y1, y2] = [at(message.sentItem), at(message.arrivedItem)]
      mark.arrow = arrowOf(message, columns, pace.fall, y1, y2, seen(message.from))
    }
    this.blocking.finish(bottom)
  }

  /** Without those of which nothing is seen but their heights. */
  shownMarks(): Mark[] {
    return this.marks.filter(
      ({ labels, arrow, call }) => labels.length > 0 || arrow !== undefined || call !== undefined,
    )
  }

  #isShown(row: Row): boolean {
    if (row.kind === 'heading' || row.kind === 'message') return true
    const { side } = row
    if (side === -1) return true
    const { shown, application } = this.#scene.columns
    if (!shown[side]) return false
    return row.kind === 'state' || row.kind === 'note' || application[side] !== null
  }

  /** @param spare stands beside the row if no remark says the same. */
  #stand(
    row: Row,
    kind: Mark['kind'],
    side: Mark['side'],
    needs: Needs,
    about: string,
    spare: Label | null = null,
  ): Draft {
    const { columns, remarks } = this.#scene
    const room = columns.remarks
    const remark = room === null ? null : remarks.of(row, room.x, room.width - 12)
    const own = remark === null && spare !== null ? [...needs.labels, spare] : needs.labels
    const { y, labels, leader } = this.#stage.stand({ ...needs, labels: own, remark })
    this.heights.set(row.item, y)
    const mark: Draft = { kind, item: row.item, at: row.at, side, y, labels, about }
    if (leader !== undefined) mark.leader = leader
    if (this.#inside !== null) mark.inside = this.#inside
    this.marks.push(mark)
    return mark
  }

  #heading(row: Extract<Row, { kind: 'heading' }>): void {
    const { right } = this.#scene.columns
    const lines = wrapped(row.text, right - 40, (text) => widthOf('heading', text))
    const top = this.#stage.band(HEADING_HEIGHT + (lines.length - 1) * 19, 12, 8)
    const label = labelAt('heading', 14, top + 3.5, lines)
    const { item, at } = row
    this.marks.push({
      kind: 'heading',
      item,
      at,
      side: -1,
      y: top + HEADING_HEIGHT / 2,
      labels: [label],
      about: row.text,
    })
  }

  #leaves(row: MessageRow, next: Row | undefined): void {
    const { message } = row
    const { columns, naming, withReasons, pace } = this.#scene
    const side = message.from
    const reason = withReasons ? message.reason : undefined
    const words = [message.note, reason]
      .filter((each) => each !== undefined)
      .map(printable)
      .join(': ')
    const marks = message.fate === 'lost' ? message.marks.slice(1) : message.marks
    const base = this.#base(message)
    const labels = [
      arrowLabel(message, base, columns, words === '' ? '' : words + this.#scene.after(row), marks),
    ]
    const end = endLabel(message, columns, pace.fall)
    if (end !== null) labels.push(end)
    // A capture sees both ends in one moment: the arrow is level, and its end needs its room now.
    const isSeenAtOnce = next?.kind === 'message' && next.message === message && next.at === row.at
    const keep = [startRoom(side, columns)]
    if (isSeenAtOnce || message.fate === 'unseen')
      keep.push(endRoom(side === 0 ? 1 : 0, columns), levelRoom(columns))
    const mark = this.#stand(row, 'message', side, { labels, keep }, aboutMessage(message, naming))
    this.#drawn.set(mark, message)
    if (isSeenAtOnce) this.heights.set(message.arrivedItem, mark.y)
  }

  #arrives(row: MessageRow): void {
    const { message } = row
    const { columns, naming, pace } = this.#scene
    const side = message.from === 0 ? 1 : 0
    const labels = dropLabels(message, columns)
    const known = this.heights.get(row.item)
    if (known !== undefined) {
      if (labels.length > 0) this.#stand(row, 'arrival', side, { labels }, aboutArrival(message, naming))
      return
    }
    const keep = [endRoom(side, columns)]
    if (message.sentItem >= 0) {
      const leftHere = this.heights.has(message.sentItem)
      const about = leftHere ? aboutArrival(message, naming) : aboutMessage(message, naming)
      if (!leftHere) labels.unshift(outOfFoldLabel(message, this.#base(message), columns))
      const mark = this.#stand(row, 'arrival', side, { labels, keep }, about)
      // It comes out of a fold.
      if (!leftHere) this.#drawn.set(mark, message)
      return
    }
    const isCopy = message.marks.length > 0
    if (!isCopy) keep.push(startRoom(message.from, columns), levelRoom(columns))
    const label = arrivalLabel(message, this.#base(message), columns)
    labels.unshift(isCopy ? moved(label, -pace.fall / 2) : label)
    const mark = this.#stand(row, 'message', side, { labels, keep }, aboutMessage(message, naming))
    this.#drawn.set(mark, message)
  }

  #state(row: Extract<Row, { kind: 'state' }>): void {
    const { columns, lifelines, naming } = this.#scene
    const state = row.states[row.side]!
    const x = columns.socket[row.side] + (row.side === 0 ? -1 : 1) * (STATE_GAP + STATE_PADDING)
    const error = this.#scene.errors.get(row.item)
    const words: TextRun[] = [{ text: state }]
    if (error !== undefined) words.push({ text: `  ${error}`, style: 'bad' })
    const inner = labelAt('state', x, -7.5, [words], row.side === 0 ? 'end' : 'start')
    const label: Label = { ...inner, box: padded(inner.box, STATE_PADDING, 2) }
    const about = `${naming.names[row.side]} enters ${state}${error === undefined ? '' : `: ${error}`}`
    const mark = this.#stand(row, 'state', row.side, { labels: [label] }, about)
    mark.state = state
    lifelines.enters(row.side, state, mark.y)
  }

  #note(row: Extract<Row, { kind: 'note' }>): void {
    const { columns } = this.#scene
    const [left, right] = columns.socket
    if (row.side === -1 && columns.remarks !== null) {
      this.#stand(row, 'note', -1, { labels: [] }, row.text)
      return
    }
    const room = right - left - 2 * BESIDE
    const role = row.style === 'bad' ? 'bad' : 'note'
    const lines = wrapped(row.text + this.#scene.after(row), room, (text) => widthOf(role, text))
    const x = row.side === -1 ? (left + right) / 2 : row.side === 0 ? left + BESIDE : right - BESIDE
    const anchor = row.side === -1 ? 'middle' : row.side === 0 ? 'start' : 'end'
    this.#stand(row, 'note', row.side, { labels: [labelAt(role, x, -7, lines, anchor)] }, row.text)
  }

  #call(row: CallRow): void {
    const { columns, lifelines, naming } = this.#scene
    const label = callLabel(row, columns)
    const labels = [label]
    const note = row.note === '' ? null : this.#callNote(row)
    const about = `${naming.names[row.side]}: ${row.text}${row.note === '' ? '' : `, ${row.note}`}`
    const keep = wayOf(row) === 'none' ? [] : [callRoom(label, row.side, columns)]
    const mark = this.#stand(row, 'call', row.side, { labels, keep }, about, note)
    const arrow = callArrow(row, columns, mark.y)
    if (arrow !== null) mark.call = arrow
    if (row.text.startsWith('socket()')) lifelines.created(row.side, mark.y)
    this.blocking.take(row, mark.y)
  }

  #callNote(row: CallRow): Label {
    const { socket } = this.#scene.columns
    const room = socket[1] - socket[0] - 2 * BESIDE
    const lines = wrapped(row.note, room, (text) => widthOf('note', text))
    const x = row.side === 0 ? socket[0] + BESIDE : socket[1] - BESIDE
    return labelAt('note', x, -7, lines, row.side === 0 ? 'start' : 'end')
  }

  #base(message: Message): SequenceBase {
    const bases: Readonly<Ends<number>> = this.#scene.naming.bases
    return { seq: bases[message.from], ack: bases[message.from === 0 ? 1 : 0] }
  }
}

function padded(box: Label['box'], x: number, y: number): Label['box'] {
  return { x: box.x - x, y: box.y - y, width: box.width + 2 * x, height: box.height + 2 * y }
}
