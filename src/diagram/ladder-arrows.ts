/** Draws one message between the two sockets: the arrow with its label, and the lines below that explain it. */

import { durationText } from '../svg/scale.ts'
import { DROP_REASONS, type SendReason } from '../trace/reasons.ts'
import type { SequenceBase } from '../trace/segment-text.ts'
import { columns, type Style, type TextLine, wrap } from './canvas.ts'
import type { Message } from './ladder-messages.ts'
import type { MessageRow } from './ladder-rows.ts'
import { labelLines, labelParts, reasonSentence, shortLabel, withoutSource } from './message-label.ts'
import { type SeenAt, seenPart } from './seen-at.ts'

/** The columns between the two sockets: `start` is the first, `end` the one behind the last. */
export interface Net {
  readonly start: number
  readonly end: number
}

export interface ArrowOptions {
  readonly reasons: 'none' | 'words' | 'sentences'
  readonly bases: readonly [number, number]
  /** Reasons whose sentence has been given already. */
  readonly told: Set<SendReason>
  /** Where a capture of one place was made; null: both ends were recorded. */
  readonly place: SeenAt | null
}

/** A line of words below an arrow. */
export interface Below {
  readonly text: string
  readonly style: Style
}

/** Puts the arrow on `line` and returns what must stand below it. */
export function drawArrow(line: TextLine, row: MessageRow, net: Net, options: ArrowOptions): Below[] {
  const { message } = row
  const pen = new Pen(line, message.from === 0, net, message.from === 0 ? 'rightward' : 'leftward')
  const base = baseOf(message, options)
  if (row.half === 'arrives') {
    drawArrival(pen, message, base)
    return notesAtArrival(message, message.tag === 0)
  }
  const room = pen.width - (row.half === 'leaves' ? 12 : message.fate === 'lost' ? 16 : 7)
  const label = labelLines(labelParts(message.segment, base), room)
  const below: Below[] = label.slice(1).map((text) => ({ text, style: pen.style }))
  if (row.half === 'leaves') drawDeparture(pen, message, label[0]!)
  else below.push(...drawWhole(pen, message, label[0]!, options.place))
  below.push(...reasonBelow(pen, message, options))
  const marks = message.fate === 'lost' ? message.marks.slice(1) : message.marks
  for (const mark of marks) below.push({ text: mark, style: 'bad' })
  if (row.half === 'whole') below.push(...notesAtArrival(message, false))
  return below
}

/** Puts one line of words below an arrow, on the side of its sender. */
export function drawBelow(line: TextLine, text: string, rightward: boolean, net: Net, style: Style): void {
  if (rightward) line.put(net.start + 3, text, style)
  else line.putEnd(net.end - 4, text, style)
}

export function wrapBelow(below: readonly Below[], net: Net): Below[] {
  return below.flatMap(({ text, style }) =>
    wrap(text, net.end - net.start - 6).map((line) => ({ text: line, style })),
  )
}

/** Draws between the sockets in columns counted from the sender, so that both directions are one case. */
class Pen {
  readonly width: number
  readonly rightward: boolean
  readonly style: Style
  readonly #line: TextLine
  readonly #net: Net
  /** Columns taken by the label, from the sender. */
  used = 0
  /** Columns taken at the far end. */
  usedFar = 0

  constructor(line: TextLine, rightward: boolean, net: Net, style: Style) {
    this.#line = line
    this.#net = net
    this.width = net.end - net.start
    this.rightward = rightward
    this.style = style
  }

  stroke(from: number, to: number, character: string): void {
    for (let i = from; i < to; i++) this.#line.put(this.#column(i), character, this.style)
  }

  /** Text that takes the columns from `from` on, readable in both directions. */
  text(from: number, text: string, style: Style = this.style): void {
    const first = this.rightward ? this.#column(from) : this.#column(from + columns(text) - 1)
    this.#line.put(first, text, style)
  }

  head(at: number): void {
    this.text(at, this.rightward ? '▶' : '◀')
  }

  label(text: string): void {
    this.text(2, ` ${text} `)
    this.used = columns(text) + 4
  }

  /** Words at the far end if there is room for them. */
  far(text: string): boolean {
    const from = this.width - 3 - columns(text) - 1 - this.usedFar
    if (from < this.used + 1) return false
    this.text(from, ` ${text} `)
    this.usedFar = this.width - from
    return true
  }

  #column(i: number): number {
    return this.rightward ? this.#net.start + i : this.#net.end - 1 - i
  }
}

function drawWhole(pen: Pen, message: Message, label: string, place: SeenAt | null): Below[] {
  const dashed = message.fate === 'unseen' || message.sentItem < 0
  if (message.fate === 'lost' || message.fate === 'unknown') {
    const what = message.fate === 'lost' ? message.marks[0]! : 'no trace of its arrival'
    const sign = message.fate === 'lost' ? '×' : '?'
    const end = Math.max(columns(label) + 6, Math.floor(pen.width * 0.7))
    pen.stroke(0, end, '─')
    pen.label(label)
    pen.text(end, sign, 'bad')
    if (end + 3 + columns(what) > pen.width) return [{ text: what, style: 'bad' }]
    pen.text(end + 2, what, 'bad')
    return []
  }
  pen.stroke(0, pen.width, dashed || place !== null ? '╌' : '─')
  if (place !== null) {
    const [from, to] = seenPart(place, message.from)
    pen.stroke(Math.round(from * pen.width), Math.round(to * pen.width), '─')
  }
  pen.label(label)
  if (message.fate === 'rejected') pen.text(pen.width - 1, '×', 'bad')
  else pen.head(pen.width - 1)
  const transitUs = message.arrivedUs - message.sentUs
  if (transitUs > 0) pen.far(durationText(transitUs))
  return []
}

function drawDeparture(pen: Pen, message: Message, label: string): void {
  const end = Math.max(columns(label) + 6, Math.floor(pen.width * 0.6))
  pen.stroke(0, end, '─')
  pen.stroke(end - 1, end + 1, '╌')
  pen.label(label)
  pen.text(end + 2, `(${message.tag})`, 'strong')
}

function drawArrival(pen: Pen, message: Message, base: SequenceBase): void {
  const tag = message.tag === 0 ? '' : `(${message.tag})`
  const label = shortLabel(message.segment, base)
  const latest = pen.width - columns(label) - columns(tag) - 9
  const start = Math.max(0, Math.min(Math.floor(pen.width * 0.4), latest))
  if (tag !== '') pen.text(start, tag, 'strong')
  const from = start + (tag === '' ? 0 : columns(tag) + 1)
  pen.stroke(from, pen.width, '─')
  pen.stroke(from, from + 2, '╌')
  pen.text(from + 3, ` ${label} `)
  if (message.fate === 'rejected') pen.text(pen.width - 1, '×', 'bad')
  else pen.head(pen.width - 1)
}

/**
 * What an observer says, and the reason: explained where it comes first; afterwards its word is enough, on the arrow if
 * there is room.
 */
function reasonBelow(pen: Pen, message: Message, options: ArrowOptions): Below[] {
  const { note } = message
  const reason = options.reasons === 'none' ? undefined : message.reason
  if (reason !== undefined && options.reasons === 'sentences' && !options.told.has(reason)) {
    options.told.add(reason)
    return [{ text: told(note, `${reason} – ${reasonSentence(reason)}`), style: 'dim' }]
  }
  const words = told(note, reason)
  if (words === '' || (message.fate === 'arrived' && message.whole && pen.far(words))) return []
  return [{ text: words, style: 'dim' }]
}

const told = (...words: (string | undefined)[]): string =>
  words.filter((each) => each !== undefined).join(': ')

function notesAtArrival(message: Message, withMarks: boolean): Below[] {
  const notes: Below[] = withMarks ? message.marks.map((text) => ({ text, style: 'bad' as const })) : []
  for (const drop of message.drops) {
    const how = message.fate === 'rejected' ? 'dropped' : 'not used'
    notes.push({ text: `${how}: ${withoutSource(DROP_REASONS[drop])}`, style: 'bad' })
  }
  return notes
}

function baseOf(message: Message, options: ArrowOptions): SequenceBase {
  const from = message.from
  return { seq: options.bases[from], ack: options.bases[from === 0 ? 1 : 0] }
}
