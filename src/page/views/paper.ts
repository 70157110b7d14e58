/**
 * A diagram for paper: a table whose head is repeated on each page, and whose rows are pieces of the picture between which a page
 * may end. No piece ends within words; none within an arrow either, but where arrows overlap for longer than a page.
 */

import { drawHead, drawPart } from '../../diagram/sequence/draw.ts'
import type { Label, Mark, SequenceLayout } from '../../diagram/sequence/sequence-layout.ts'
import { decimal } from '../../svg/markup.ts'
import { withTimes } from './diagram-painter.ts'
import { make, setMarkup } from './dom.ts'
import type { LayoutIndex } from './layout-window.ts'

/** Letter in portrait within margins of 10 mm, CSS pixels: of the usual sheets the one of the least height. */
const SHEET = { width: 740, height: 975 }
/** Pieces are no lower, where they can be: one for each row would be thousands. */
const LEAST = 40
const BELOW_HEADING = 60
/** Above and below the letters in the box of their words: in a dense picture the boxes of one column reach between those of the next. */
const LEADING = 1.5

interface Span {
  readonly top: number
  readonly bottom: number
}

export function paperOf(index: LayoutIndex, times: 'absolute' | 'delta'): HTMLElement {
  const { layout } = index
  const { top, width } = layout
  const pieces = piecesOf(layout).map((piece) => {
    const part = withTimes(partOf(index, piece), layout, times)
    return make('tr', {}, cell('td', width, piece, drawPart(part)))
  })
  return make(
    'table',
    { class: 'paper picture' },
    make('thead', {}, make('tr', {}, cell('th', width, { top: 0, bottom: top }, drawHead(layout)))),
    make('tbody', {}, ...pieces),
  )
}

function cell(name: 'td' | 'th', width: number, { top, bottom }: Span, markup: string): HTMLElement {
  const made = make(name)
  const view = `0 ${decimal(top)} ${decimal(width)} ${decimal(bottom - top)}`
  setMarkup(made, `<svg viewBox="${view}" style="max-width:${decimal(width)}px">${markup}</svg>`)
  return made
}

/** Where the picture is cut, from its top to its end. */
export function piecesOf(layout: SequenceLayout): Span[] {
  const words = wordSpans(layout)
  const [betweenWords, betweenAll] = [words, [...words, ...lineSpans(layout)]].map((spans) =>
    cutsBetween(united(spans), layout),
  ) as [number[], number[]]
  const scale = Math.min(1, SHEET.width / layout.width)
  const page = SHEET.height / scale - layout.top
  const pieces: Span[] = []
  let from = layout.top
  const cutAt = (to: number): void => {
    if (to > from) pieces.push({ top: from, bottom: to })
    from = to
  }
  for (const cut of [...betweenAll, layout.height]) {
    if (cut - from < LEAST && cut < layout.height) continue
    // Arrows overlap for longer than a page: it ends between words.
    while (cut - from > page) {
      const within = betweenWords.filter((at) => at > from && at <= from + page)
      cutAt(within.at(-1) ?? from + page)
    }
    cutAt(cut)
  }
  return pieces
}

function cutsBetween(spans: readonly Span[], { top, height }: SequenceLayout): number[] {
  const cuts = spans.map(({ bottom }, k) => (bottom + (spans[k + 1]?.top ?? bottom)) / 2)
  return cuts.filter((at) => at > top && at < height)
}

/** What no page may end in: words, boxes, signs. */
function wordSpans({
  marks,
  frame,
  gaps,
  heads,
  bannerBox,
  legend,
  top,
  bottom,
  height,
}: SequenceLayout): Span[] {
  const boxes = [
    ...marks.flatMap(({ labels, fold }) => [
      ...labels.map(({ box }) => box),
      ...(fold === undefined ? [] : [fold.box]),
    ]),
    ...frame.map(({ box }) => box),
    ...(bannerBox === null ? [] : [bannerBox]),
  ]
  const spans = boxes.map((box) => ({ top: box.y + LEADING, bottom: box.y + box.height - LEADING }))
  // A heading stands on the page of what it heads.
  const headings = marks
    .filter(({ kind }) => kind === 'heading')
    .map(({ y }) => ({ top: y, bottom: y + BELOW_HEADING }))
  const bands = [...gaps, ...heads].map(({ y1, y2 }) => ({ top: y1, bottom: y2 }))
  // What its lines mean stands below the picture, in one piece.
  const end = legend.length > 0 ? [{ top: bottom, bottom: height }] : []
  return [...spans, ...headings, ...bands, ...end].filter((span) => span.bottom > top)
}

function lineSpans({ marks }: SequenceLayout): Span[] {
  return marks.flatMap(({ arrow, leader, call }) => [
    ...[arrow, leader].flatMap((line) =>
      line === undefined
        ? []
        : [{ top: Math.min(line.y1, line.y2) - HEAD, bottom: Math.max(line.y1, line.y2) + HEAD }],
    ),
    ...(call === undefined ? [] : [{ top: call.y - HEAD, bottom: call.y + HEAD }]),
  ])
}

/** Half of the height of an arrow's head, or of a cross, at most. */
const HEAD = 7

/** Spans that overlap are one. */
function united(spans: readonly Span[]): Span[] {
  const found: { top: number; bottom: number }[] = []
  for (const { top, bottom } of [...spans].sort((a, b) => a.top - b.top)) {
    const last = found.at(-1)
    if (last !== undefined && top < last.bottom) last.bottom = Math.max(last.bottom, bottom)
    else found.push({ top, bottom })
  }
  return found
}

/** A piece of the picture: the words that stand in it, and all lines that pass. */
function partOf(index: LayoutIndex, { top, bottom }: Span): SequenceLayout {
  const part = index.part(index.between(top, bottom), top, bottom)
  const isIn = ({ box }: Label): boolean => box.y + box.height / 2 >= top && box.y + box.height / 2 < bottom
  const own = (mark: Mark): Mark => {
    const labels = mark.labels.filter(isIn)
    if (labels.length === mark.labels.length) return mark
    const { state: _, fold, ...rest } = mark
    return {
      ...rest,
      labels,
      ...(fold !== undefined && fold.box.y >= top && fold.box.y < bottom && { fold }),
    }
  }
  return {
    ...part,
    marks: part.marks
      .map(own)
      .filter(({ labels, arrow, call, leader }) => labels.length > 0 || arrow || call || leader),
    frame: part.frame.filter(isIn),
    legend: bottom >= index.layout.height ? part.legend : [],
  }
}
