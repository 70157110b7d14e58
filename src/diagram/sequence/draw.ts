/** Draws a laid out sequence diagram as SVG: lines below, words above them, each group in the order of reading. */

import { arrowHead, cross } from '../../svg/marks.ts'
import { decimal, element, escaped, picture } from '../../svg/markup.ts'
import type { Scheme } from '../../svg/theme.ts'
import { foldMarkup } from './draw-fold.ts'
import { lifelinesMarkup, stateClass } from './draw-lifelines.ts'
import type { Arrow, CallArrow, Label, Mark, SequenceLayout, TextRun } from './sequence-layout.ts'
import { sequenceStyle } from './style.ts'

export function drawSequence(layout: SequenceLayout, scheme: Scheme): string {
  const { width, height, title, description } = layout
  const style = sequenceStyle(scheme)
  return picture({ width, height, title, description, style, role: 'group', body: drawPart(layout) })
}

/** A layout, or a part of one, without the element around it: a page draws what is seen of it. */
export function drawPart(layout: SequenceLayout): string {
  const body = [
    lifelinesMarkup(layout),
    bandsMarkup(layout),
    element('g', { class: 'arrows', 'aria-hidden': 'true' }, ...layout.marks.map(linesMarkup)),
    element('g', { class: 'frame' }, ...layout.frame.map(labelMarkup)),
    element('g', { class: 'rows', role: 'list' }, ...layout.marks.map(markMarkup)),
  ]
  return body.join('\n')
}

/** What stands above the lifelines, by itself: the names of hosts and columns. */
export function drawHead({ frame, top }: SequenceLayout): string {
  return frame
    .filter(({ box }) => box.y < top)
    .map(labelMarkup)
    .join('')
}

/** Headings, pauses, the verdict: what lies below everything. */
function bandsMarkup({ marks, columns, gaps, bannerBox }: SequenceLayout): string {
  let markup = ''
  if (bannerBox !== null) {
    const { x, y, width, height, healthy } = bannerBox
    markup += element('rect', { class: 'banner-box', x, y, width, height, rx: 4 })
    markup += element('rect', {
      class: healthy ? 'banner-side' : 'banner-side sick',
      x,
      y,
      width: 5,
      height,
      rx: 2,
    })
  }
  for (const { kind, labels } of marks) {
    if (kind !== 'heading') continue
    const { y, height } = labels[0]!.box
    markup += element('rect', {
      class: 'panel',
      x: 4,
      y: y - 3.5,
      width: columns.right - 4,
      height: height + 7,
      rx: 3,
    })
  }
  for (const { y1, y2 } of gaps) {
    markup += element('rect', {
      class: 'gap-band',
      x: columns.axis - 4,
      y: y1,
      width: columns.right - columns.axis,
      height: y2 - y1,
    })
    for (const y of [y1, y2])
      markup += element('path', {
        class: 'gap-line',
        d: `M${columns.axis - 4} ${decimal(y)}H${decimal(columns.right - 4)}`,
      })
  }
  return element('g', { class: 'bands', 'aria-hidden': 'true' }, markup)
}

function linesMarkup({ item, arrow, call, leader }: Mark): string {
  let markup = ''
  if (leader !== undefined) {
    const { x1, y1, x2, y2 } = leader
    markup += element('path', {
      class: 'leader',
      d: `M${decimal(x1)} ${decimal(y1)}L${decimal(x2)} ${decimal(y2)}`,
    })
  }
  if (call !== undefined) markup += callMarkup(call)
  if (arrow !== undefined) markup += arrowMarkup(arrow, item)
  return markup
}

function arrowMarkup(arrow: Arrow, item: number): string {
  const { x1, y1, x2, y2, end, dashed, message } = arrow
  const line = element('path', { class: dashed ? 'line dashed' : 'line', d: lineOf(arrow) })
  const tip = end === 'head' ? element('path', { class: 'tip', d: arrowHead(x1, y1, x2, y2, 10) }) : ''
  const sign = end === 'cross' ? element('path', { class: 'cross', d: cross(x2, y2, 6) }) : ''
  return element(
    'g',
    { class: directionOf(message.from, isAgain(message.reason)), 'data-item': item },
    line,
    tip,
    sign,
  )
}

/** Retransmissions are thicker. */
function isAgain(reason: string | undefined): boolean {
  return reason !== undefined && AGAIN.has(reason)
}
const AGAIN: ReadonlySet<string> = new Set([
  'retransmission-timeout',
  'loss-recovery',
  'fast-retransmit',
  'partial-ack',
])

const directionOf = (from: 0 | 1, again: boolean): string =>
  (from === 0 ? 'right' : 'left') + (again ? ' again' : '')

function lineOf({ x1, y1, x2, y2 }: Arrow): string {
  return `M${decimal(x1)} ${decimal(y1)}L${decimal(x2)} ${decimal(y2)}`
}

function callMarkup({ x1, x2, y, dashed }: CallArrow): string {
  const line = element('path', {
    class: dashed ? 'call-line dashed' : 'call-line',
    d: `M${decimal(x1)} ${decimal(y)}H${decimal(x2)}`,
  })
  return line + element('path', { class: 'call-tip', d: arrowHead(x1, y, x2, y, 8) })
}

/** The words of a mark, and all there is to say of it. */
function markMarkup(mark: Mark): string {
  const { kind, item, at, side, labels, arrow, state, fold, inside, about } = mark
  const message = arrow?.message
  const attributes = {
    class: message === undefined ? `row ${kind}-row` : `row ${kind}-row ${directionOf(message.from, false)}`,
    role: 'listitem',
    'aria-label': about.split('\n').join('; '),
    'data-item': item < 0 ? undefined : item,
    'data-packet': message === undefined || message.packet === 0 ? undefined : message.packet,
    'data-frame': message === undefined ? undefined : frameOf(message.note),
    'data-at': at,
    'data-side': side < 0 ? undefined : side,
    'data-fold': fold?.id,
    'data-inside': inside,
  }
  const parts = [element('title', {}, escaped(about))]
  if (fold !== undefined) parts.push(foldMarkup(fold))
  if (state !== undefined) {
    const { x, y, width, height } = labels[0]!.box
    parts.push(element('rect', { class: `state-box ${stateClass(state)}`, x, y, width, height, rx: 4 }))
  }
  if (arrow !== undefined) parts.push(element('path', { class: 'hit', d: lineOf(arrow) }))
  return element('g', attributes, ...parts, ...labels.map(labelMarkup))
}

/** The frame of a capture that a segment is in, from its note. */
function frameOf(note: string | undefined): string | undefined {
  return note === undefined ? undefined : /^frame (\d+)/.exec(note)?.[1]
}

/** Words between the lifelines have paper behind them, so that no line runs through them. */
const BACKED: ReadonlySet<string> = new Set(['message', 'note', 'bad', 'gap', 'call'])

export function labelMarkup(label: Label): string {
  const { role, anchor, x, lines, box } = label
  const back = BACKED.has(role)
    ? element('rect', { class: 'back', x: box.x - 2, y: box.y, width: box.width + 4, height: box.height })
    : ''
  const texts = lines.map(({ y, runs }) => {
    const how = {
      x,
      y,
      class: role,
      'text-anchor': anchor === 'start' ? undefined : anchor,
      'xml:space': 'preserve',
    }
    return element('text', how, ...runs.map(runMarkup))
  })
  return back + texts.join('')
}

function runMarkup({ text, style }: TextRun): string {
  return style === undefined ? escaped(text) : element('tspan', { class: style }, escaped(text))
}
