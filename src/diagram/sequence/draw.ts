/** Draws a laid out sequence diagram as SVG: lines below, words above them, each group in the order of reading. */

import { arrowHead, cross } from '../../svg/marks.ts'
import { decimal, element, escaped, picture } from '../../svg/markup.ts'
import type { Scheme } from '../../svg/theme.ts'
import { isAgain } from '../fold-words.ts'
import { isInferred, type SeenAt } from '../seen-at.ts'
import { foldMarkup } from './draw-fold.ts'
import { signMarkup } from './draw-legend.ts'
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
    element('g', { class: 'frame' }, ...layout.frame.map(labelMarkup), ...layout.legend.map(signMarkup)),
    element(
      'g',
      { class: 'rows', role: 'list' },
      ...layout.marks.map((mark) => markMarkup(mark, layout.seenAt)),
    ),
    element('g', { class: 'crosses', 'aria-hidden': 'true' }, ...layout.marks.map(crossMarkup)),
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
function bandsMarkup({ marks, columns, gaps, heads, bannerBox }: SequenceLayout): string {
  let markup = ''
  if (bannerBox !== null) {
    const { x, y, width, height, tone } = bannerBox
    markup += element('rect', { class: 'banner-box', x, y, width, height, rx: 4 })
    markup += element('rect', {
      class: `banner-side ${tone}`,
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
  for (const { y1, y2 } of heads) {
    const { axis, right } = columns
    markup += element('rect', { class: 'heads', x: axis, y: y1, width: right - axis, height: y2 - y1 })
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
  const { x1, y1, x2, y2, end, seen, message } = arrow
  const [from, to] = seen
  const line = [
    ...(from < to ? [element('path', { class: 'line', d: lineOf(arrow, from, to) })] : []),
    ...(from > 0 ? [element('path', { class: 'line dashed', d: lineOf(arrow, 0, from) })] : []),
    ...(to < 1 ? [element('path', { class: 'line dashed', d: lineOf(arrow, to, 1) })] : []),
  ].join('')
  const tip = end === 'head' ? element('path', { class: 'tip', d: arrowHead(x1, y1, x2, y2, 10) }) : ''
  return element('g', { class: directionOf(message.from, isAgain(message)), 'data-item': item }, line, tip)
}

/** What was lost is to be seen whatever words stand there. */
function crossMarkup({ arrow }: Mark): string {
  if (arrow?.end !== 'cross') return ''
  return element('path', { class: 'cross', d: cross(arrow.x2, arrow.y2, 6) })
}

/** Retransmissions are thicker. */
const directionOf = (from: 0 | 1, again: boolean): string =>
  (from === 0 ? 'right' : 'left') + (again ? ' again' : '')

/** The line, or a part of it. */
function lineOf({ x1, y1, x2, y2 }: Arrow, from = 0, to = 1): string {
  const at = (part: number) => `${decimal(x1 + part * (x2 - x1))} ${decimal(y1 + part * (y2 - y1))}`
  return `M${at(from)}L${at(to)}`
}

function callMarkup({ x1, x2, y, dashed }: CallArrow): string {
  const line = element('path', {
    class: dashed ? 'call-line dashed' : 'call-line',
    d: `M${decimal(x1)} ${decimal(y)}H${decimal(x2)}`,
  })
  return line + element('path', { class: 'call-tip', d: arrowHead(x1, y, x2, y, 8) })
}

/** The words of a mark, and all there is to say of it. */
function markMarkup(mark: Mark, place: SeenAt | null): string {
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
    const known = isInferred(place, side === 1 ? 1 : 0) ? ' inferred' : ''
    parts.push(
      element('rect', { class: `state-box ${stateClass(state)}${known}`, x, y, width, height, rx: 4 }),
    )
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
