/** Keeps the SVG of a diagram's seen part up to date: a head that stays at the top, and the part of the body around what is seen. */

import { drawHead, drawPart } from '../../diagram/sequence/draw.ts'
import type { Box, Label, Mark, SequenceLayout } from '../../diagram/sequence/sequence-layout.ts'
import { decimal, element } from '../../svg/markup.ts'
import { durationText } from '../../svg/scale.ts'
import type { SegmentRecord } from '../../trace/events.ts'
import { make, setMarkup } from './dom.ts'
import type { LayoutIndex } from './layout-window.ts'
import { markBox } from './mark-box.ts'
import type { Area } from './tooltip.ts'

export interface Highlights {
  /** Place of the chosen mark, or -1. */
  readonly chosen: number
  readonly found: ReadonlySet<SegmentRecord>
  readonly times: 'absolute' | 'delta'
}

interface Range {
  readonly top: number
  readonly bottom: number
}

const SVG = 'http://www.w3.org/2000/svg'

export class DiagramPainter {
  readonly #head = make('div', { class: 'diagram-head picture', 'aria-hidden': true })
  readonly #body = document.createElementNS(SVG, 'svg')
  readonly #cursor = document.createElementNS(SVG, 'path')
  readonly #part = document.createElementNS(SVG, 'g')
  #painted: Range = { top: 0, bottom: 0 }
  #places: readonly number[] = []
  /** What was drawn of each place: its words and, of a message, its line. */
  readonly #drawn = new Map<number, readonly Element[]>()
  /** The place that stands out, or -1, and the box behind it. */
  #chosen = -1
  #frame: SVGRectElement | null = null

  /** @param list where the marks are the options: it has the focus */
  constructor(scroller: HTMLElement, list: HTMLElement) {
    this.#body.setAttribute('role', 'presentation')
    this.#part.setAttribute('role', 'presentation')
    this.#cursor.setAttribute('class', 'time-cursor')
    this.#body.append(this.#part, this.#cursor)
    list.append(this.#body)
    scroller.append(this.#head, list)
  }

  /** The picture has other measures: nothing that was drawn holds. */
  size(layout: SequenceLayout, scale: number): void {
    const { width, height, top } = layout
    setMarkup(
      this.#head,
      `<svg viewBox="0 0 ${decimal(width)} ${decimal(top)}" width="${decimal(width * scale)}" height="${decimal(top * scale)}">${drawHead(layout)}</svg>`,
    )
    this.#body.setAttribute('viewBox', `0 ${decimal(top)} ${decimal(width)} ${decimal(height - top)}`)
    this.#body.setAttribute('width', decimal(width * scale))
    this.#body.setAttribute('height', decimal((height - top) * scale))
    this.invalidate()
  }

  invalidate(): void {
    this.#painted = { top: 0, bottom: -1 }
  }

  has(place: number): boolean {
    return this.#drawn.has(place)
  }

  /** Draws what lies in the range and a good deal around it, unless that is there already. */
  paint(index: LayoutIndex, { top, bottom }: Range, highlights: Highlights): void {
    const { layout } = index
    const painted = this.#painted
    const isThere =
      Math.max(top, layout.top) >= painted.top && Math.min(bottom, layout.height) <= painted.bottom
    if (isThere) return
    const margin = Math.max(400, bottom - top)
    this.#painted = {
      top: Math.max(layout.top, top - margin),
      bottom: Math.min(layout.height, bottom + margin),
    }
    this.#places = index.between(this.#painted.top, this.#painted.bottom)
    const part = index.part(this.#places, this.#painted.top, this.#painted.bottom)
    const brackets = index.openBetween(this.#painted.top, this.#painted.bottom).map(bracketMarkup)
    const drawn = drawPart(withTimes(part, layout, highlights.times))
    setMarkup(this.#part, drawn + brackets.join(''))
    this.#finish(layout, highlights)
  }

  /** Another place stands out; nothing else is drawn anew. */
  choose(place: number, layout: SequenceLayout | null): void {
    this.#frame?.remove()
    for (const each of this.#drawn.get(this.#chosen) ?? []) each.classList.remove('chosen')
    this.#drawn.get(this.#chosen)?.[0]?.setAttribute('aria-selected', 'false')
    this.#chosen = place
    const [row, ...lines] = this.#drawn.get(place) ?? []
    const mark = layout?.marks[place]
    if (row === undefined || mark === undefined) return
    for (const each of [row, ...lines]) each.classList.add('chosen')
    row.setAttribute('aria-selected', 'true')
    this.#frame = frameOf(mark)
    if (this.#frame !== null) row.prepend(this.#frame)
  }

  /** A line at a height, or none. */
  cursor(y: number | null, layout: SequenceLayout): void {
    const { axis, right } = layout.columns
    this.#cursor.setAttribute('d', y === null ? '' : `M${decimal(axis - 6)} ${decimal(y)}H${decimal(right)}`)
  }

  /** The place of the mark that an element belongs to, or -1. */
  placeAt(target: EventTarget | null): number {
    const element = target instanceof Element ? target.closest('[data-place]') : null
    return element === null ? -1 : Number(element.getAttribute('data-place'))
  }

  /** Where a box of the picture is seen. */
  areaOf({ x, y, width, height }: Box, { top }: SequenceLayout, scale: number): Area {
    const body = this.#body.getBoundingClientRect()
    const [left, above] = [body.left + x * scale, body.top + (y - top) * scale]
    return { left, top: above, right: left + width * scale, bottom: above + height * scale }
  }

  /** The id of the open fold whose bracket an element belongs to, or null. */
  bracketAt(target: EventTarget | null): string | null {
    const element = target instanceof Element ? target.closest('[data-close]') : null
    return element?.getAttribute('data-close') ?? null
  }

  /** Gives each mark its place, so that it can be chosen, and shows which is. */
  #finish(layout: SequenceLayout, { chosen, found }: Highlights): void {
    const rows = this.#part.querySelector('.rows')
    rows?.setAttribute('role', 'presentation')
    const lines = this.#part.querySelectorAll('.arrows > g')
    // Times stand beside what is first in its instant, as a column of their own.
    const times = document.createElementNS(SVG, 'g')
    times.setAttribute('aria-hidden', 'true')
    this.#part.append(times)
    let line = 0
    this.#drawn.clear()
    for (const [k, row] of [...(rows?.children ?? [])].entries()) {
      const place = this.#places[k]!
      const mark = layout.marks[place]!
      row.querySelector(':scope > title')?.remove()
      row.setAttribute('role', 'option')
      nameRow(row, times)
      row.setAttribute('id', `mark-${place}`)
      row.setAttribute('data-place', String(place))
      row.setAttribute('aria-selected', 'false')
      const arrow = mark.arrow === undefined ? undefined : lines[line++]
      const segment = mark.arrow?.message.segment
      const drawn = arrow === undefined ? [row] : [row, arrow]
      this.#drawn.set(place, drawn)
      if (segment !== undefined && found.has(segment)) for (const each of drawn) each.classList.add('found')
    }
    this.choose(chosen, layout)
  }
}

/** Who asks for a row by what stands there is understood, and who cannot see it is told when it was. */
function nameRow(row: Element, times: Element): void {
  const time = row.querySelector('text.time')
  if (time !== null) times.append(time)
  const words = (row.textContent ?? '').replace(/\s+/g, ' ').trim()
  const about = row.getAttribute('aria-label') ?? ''
  const name = about.includes(words) ? about : `${words}; ${about}`
  row.setAttribute('aria-label', time === null ? name : `${name}; at ${time.textContent}`)
}

/** Left of what an open fold shows: who clicks on it folds it again. */
function bracketMarkup({
  id,
  top,
  bottom,
}: {
  readonly id: string
  readonly top: number
  readonly bottom: number
}): string {
  const [y1, y2] = [decimal(top), decimal(bottom)]
  const about = element('title', {}, 'Fold this again (Backspace)')
  const hit = element('path', { class: 'bracket-hit', d: `M6 ${y1}V${y2}` })
  const line = element('path', { class: 'bracket-line', d: `M12 ${y1}H4V${y2}H12` })
  const sign = element('circle', { class: 'bracket-sign', cx: 9, cy: top, r: 7 })
  const minus = element('path', { class: 'bracket-minus', d: `M5.5 ${y1}h7` })
  return element(
    'g',
    { class: 'bracket', 'data-close': id, 'aria-hidden': 'true' },
    about,
    hit,
    line,
    sign,
    minus,
  )
}

/** A box behind what is chosen, or null where nothing is drawn of it. */
function frameOf(mark: Mark): SVGRectElement | null {
  const box = markBox(mark, true)
  if (box === null) return null
  const rect = document.createElementNS(SVG, 'rect')
  for (const [name, value] of Object.entries({
    class: 'chosen-frame',
    x: decimal(box.x - 6),
    y: decimal(box.y - 4),
    width: decimal(box.width + 12),
    height: decimal(box.height + 8),
    rx: '5',
  })) {
    rect.setAttribute(name, value)
  }
  return rect
}

/** A part of a layout with times as they are wanted: those since the instant before are not in it. */
export function withTimes(
  part: SequenceLayout,
  { axis }: SequenceLayout,
  times: Highlights['times'],
): SequenceLayout {
  if (times === 'absolute') return part
  const places = new Map(axis.ticks.map(({ at }, k) => [at, k]))
  const told = (label: Label, at: number): Label => {
    const k = places.get(at)
    if (label.role !== 'time' || k === undefined) return label
    const text = k === 0 ? '0' : `+${durationText(at - axis.ticks[k - 1]!.at)}`
    return { ...label, lines: label.lines.map((line) => ({ ...line, runs: [{ text }] })) }
  }
  return {
    ...part,
    marks: part.marks.map((mark) => ({ ...mark, labels: mark.labels.map((label) => told(label, mark.at)) })),
  }
}
