/** The words on a segment's arrow, and where the arrow starts and ends. */

import { fixedWidth } from '../../svg/text-width.ts'
import { SIZES } from '../../svg/theme.ts'
import { DROP_REASONS } from '../../trace/reasons.ts'
import type { SequenceBase } from '../../trace/segment-text.ts'
import type { Message } from '../ladder-messages.ts'
import { labelLines, labelParts, shortLabel, withoutSource } from '../message-label.ts'
import type { Columns } from './columns.ts'
import { labelAt, lineHeight } from './labels.ts'
import type { Arrow, Box, Label, Part, TextRun } from './sequence-layout.ts'

/** From a lifeline to the words on an arrow: timer bars stand between. */
const INSET = 26
/** The end of an arrow keeps so much room free of words: its head. */
const HEAD = { width: 60, above: 7, below: 3 } as const
/** A lost segment comes so far, as a part of the way: beyond the words of most of those that follow. */
const LOST_AT = 0.78
/** One of which nothing tells; there is more to say of it. */
const UNKNOWN_AT = 0.6
/** Under the words, before the arrow starts. */
const ABOVE = 3

/** The words above the start of an arrow. `y` = 0 is where it starts. */
export function arrowLabel(
  message: Message,
  base: SequenceBase,
  columns: Columns,
  words: string,
  marks: readonly string[],
): Label {
  const [left, right] = columns.socket
  const room = right - left - 2 * INSET - 8
  const most = Math.floor(room / fixedWidth('0', SIZES.label))
  const parts = labelParts(message.segment, base)
  const lines: TextRun[][] = labelLines(parts, most).map((text) => [{ text }])
  const flags = parts[0]!
  const first = lines[0]![0]!.text
  if (first.startsWith(flags))
    lines[0] = [{ text: flags, style: 'strong' }, { text: first.slice(flags.length) }]
  if (words !== '') addWords(lines, words, most)
  for (const mark of marks) lines.push([{ text: mark, style: 'bad' }])
  return above(lines, message.from === 0, left + INSET, right - INSET)
}

/** The words at the end of an arrow that comes out of a fold. */
export function outOfFoldLabel(message: Message, base: SequenceBase, columns: Columns): Label {
  const [left, right] = columns.socket
  const lines: TextRun[][] = [[{ text: shortLabel(message.segment, base), style: 'reason' }]]
  return above(lines, message.from === 1, left + INSET, right - INSET)
}

/** The words at an arrow whose start nobody saw. */
export function arrivalLabel(message: Message, base: SequenceBase, columns: Columns): Label {
  const [left, right] = columns.socket
  const middle = (left + right) / 2
  const lines: TextRun[][] = [[{ text: shortLabel(message.segment, base), style: 'strong' }]]
  for (const mark of message.marks) lines.push([{ text: mark, style: 'bad' }])
  const isCopy = message.marks.length > 0
  if (!isCopy) return above(lines, message.from === 0, left + INSET, right - INSET)
  return above(lines, message.from === 0, middle, middle)
}

function above(
  lines: readonly (readonly TextRun[])[],
  rightward: boolean,
  start: number,
  end: number,
): Label {
  const top = -ABOVE - lines.length * lineHeight('message')
  return labelAt('message', rightward ? start : end, top, lines, rightward ? 'start' : 'end')
}

/** A number stays with its unit. */
const BREAKS = / (?!(?:µs|ms|s|min)\b)/

/** Reason and note stand behind the numbers where there is room for them, else below. */
function addWords(lines: TextRun[][], words: string, most: number): void {
  const last = lines.at(-1)!
  const used = last.reduce((sum, { text }) => sum + text.length, 0)
  if (used + 2 + words.length <= most) last.push({ text: `  ${words}`, style: 'reason' })
  else for (const text of labelLines(words.split(BREAKS), most)) lines.push([{ text, style: 'reason' }])
}

/** What was lost or where nothing tells: words beside the end. */
export function endLabel(message: Message, columns: Columns, fall: number): Label | null {
  if (message.fate !== 'lost' && message.fate !== 'unknown') return null
  const words = message.fate === 'lost' ? message.marks[0]! : 'no trace of its arrival'
  const [x, y] = lostEnd(message, columns, fall)
  const rightward = message.from === 0
  return labelAt('bad', rightward ? x + 12 : x - 12, y - 7, [words], rightward ? 'start' : 'end')
}

/** Why the receiver did not use it, below the end of the arrow. */
export function dropLabels(message: Message, columns: Columns): Label[] {
  const toRight = message.from === 0
  const lines = message.drops.map((drop) => {
    const how = message.fate === 'rejected' ? 'dropped' : 'not used'
    return `${how}: ${withoutSource(DROP_REASONS[drop])}`
  })
  if (lines.length === 0) return []
  const [left, right] = columns.socket
  const most = Math.floor((right - left - 2 * INSET) / fixedWidth('0', SIZES.small))
  const wrapped = lines.flatMap((line) => labelLines(line.split(' '), most))
  return [labelAt('bad', toRight ? right - INSET : left + INSET, 5, wrapped, toRight ? 'end' : 'start')]
}

/** Room for the end of an arrow at a lifeline. */
export function endRoom(side: 0 | 1, columns: Columns): Box {
  const x = columns.socket[side]
  const { width, above: up, below } = HEAD
  return { x: side === 0 ? x + 1 : x - width - 1, y: -up, width, height: up + below }
}

/** Room for its start: two segments of one instant do not start in one point. */
export function startRoom(side: 0 | 1, columns: Columns): Box {
  const x = columns.socket[side]
  return { x: side === 0 ? x + 1 : x - 9, y: -2, width: 8, height: 4 }
}

/** Room for an arrow that is level: words that stand on it would hide all of it. */
export function levelRoom(columns: Columns): Box {
  const [left, right] = columns.socket
  return { x: left, y: -1, width: right - left, height: 2 }
}

function lostEnd(message: Message, columns: Columns, fall: number): [x: number, y: number] {
  const [left, right] = columns.socket
  const start = message.from === 0 ? left : right
  const end = message.from === 0 ? right : left
  const part = message.fate === 'lost' ? LOST_AT : UNKNOWN_AT
  return [start + (end - start) * part, fall * part]
}

const ALL: Part = [0, 1]
const NOTHING: Part = [0, 0]

/**
 * An arrow whose other end is not recorded is level: any slope would tell of crossings that nobody has seen.
 * @param y1 where it leaves, null: not seen; @param y2 where it arrives, null: not seen.
 * @param seen what was seen of it where both its ends are known
 */
export function arrowOf(
  message: Message,
  columns: Columns,
  fall: number,
  y1: number | null,
  y2: number | null,
  seen: Part,
): Arrow {
  const [left, right] = columns.socket
  const start = message.from === 0 ? left : right
  const end = message.from === 0 ? right : left
  if (y1 !== null && y2 !== null) {
    const cross = message.fate === 'rejected' ? 'cross' : 'head'
    return { message, x1: start, y1, x2: end, y2, end: cross, seen }
  }
  if (y1 === null) {
    const copied = message.marks.length > 0
    const x1 = copied ? (left + right) / 2 : start
    const cross = message.fate === 'rejected' ? 'cross' : 'head'
    return { message, x1, y1: copied ? y2! - fall / 2 : y2!, x2: end, y2: y2!, end: cross, seen: NOTHING }
  }
  if (message.fate === 'unseen')
    return { message, x1: start, y1, x2: end, y2: y1, end: 'head', seen: NOTHING }
  const [x2, down] = lostEnd(message, columns, fall)
  const sign = message.fate === 'lost' ? 'cross' : 'unknown'
  return { message, x1: start, y1, x2, y2: y1 + down, end: sign, seen: ALL }
}
