/** A panel: one plot with its axes, of one or several that stand above each other and share their time. */

import { horizontalAxis, verticalAxis } from '../svg/axis.ts'
import { decimal, element, textAt } from '../svg/markup.ts'
import { type LinearScale, linearScale, ticks } from '../svg/scale.ts'
import { proportionalWidth } from '../svg/text-width.ts'
import { SIZES } from '../svg/theme.ts'

export interface Panel {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  /** Microseconds on the clock of the run to pixels. */
  readonly x: LinearScale
  readonly y: LinearScale
}

export interface LegendEntry {
  /** A sample of the mark, some 20 pixels wide, with its middle at (x, y). */
  readonly sample: (x: number, y: number) => string
  readonly words: string
}

/** What draws one panel. */
export interface Painter {
  readonly name: string
  /** What goes up, with its unit. */
  readonly label: string
  /** Part of the height, among the panels of a picture. */
  readonly weight: number
  readonly legend: readonly LegendEntry[]
  /** What is there to see, in a sentence. */
  readonly description: string
  /** Least and greatest value that is shown from one time to another. */
  range(fromUs: number, toUs: number): readonly [number, number]
  text(value: number): string
  draw(panel: Panel): string
}

/** Pixels between panels, for the label of the lower one. */
const GAP = 40

/** Panels one above the other in the room that is left between `top` and `bottom`. */
export function stack(
  painters: readonly Painter[],
  room: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
  fromUs: number,
  toUs: number,
): Panel[] {
  const { left, right } = room
  const weights = painters.reduce((sum, { weight }) => sum + weight, 0)
  const height = room.bottom - room.top - GAP * (painters.length - 1)
  let { top } = room
  return painters.map((painter) => {
    const bottom = top + (height * painter.weight) / weights
    const [low, high] = painter.range(fromUs, toUs)
    const y = linearScale(low, high > low ? high : low + 1, bottom, top)
    const panel = { left, right, top, bottom, x: linearScale(fromUs, toUs, left, right), y }
    top = bottom + GAP
    return panel
  })
}

/** Times along one axis, all in the unit that suits its span. */
export function timeText(spanUs: number): (us: number) => string {
  const [unit, size] =
    spanUs < 2e3 ? (['µs', 1] as const) : spanUs < 2e6 ? (['ms', 1e3] as const) : (['s', 1e6] as const)
  return (us) => (us === 0 ? '0' : `${Number((us / size).toFixed(6))} ${unit}`)
}

/** A panel with its axes. Times are told from `startUs` on; only the lowest panel has them in words. */
export function drawPanel(painter: Painter, panel: Panel, startUs: number, isLowest: boolean): string {
  const { left, top, right, bottom, x } = panel
  const frame = { x: left, y: top, width: right - left, height: bottom - top }
  const since = { ...x, from: x.from - startUs, to: x.to - startUs, at: (us: number) => x.at(us + startUs) }
  const most = Math.max(2, Math.floor((right - left) / 90))
  const upward = verticalAxis({
    scale: panel.y,
    place: left,
    across: right,
    most: Math.max(3, Math.floor((bottom - top) / 40)),
    text: (value) => painter.text(value),
    label: painter.label,
  })
  const across = isLowest
    ? horizontalAxis({
        scale: since,
        place: bottom,
        across: top,
        most,
        text: timeText(since.to - since.from),
        label: 'time since the first segment',
      })
    : element('path', {
        class: 'grid',
        d: ticks(since.from, since.to, most)
          .map((us) => `M${decimal(since.at(us))} ${decimal(top)}V${decimal(bottom)}`)
          .join(''),
      }) +
      element('path', { class: 'axis-line', d: `M${decimal(left)} ${decimal(bottom)}H${decimal(right)}` })
  // A nested picture cuts off what lies outside, and needs no name for that.
  const plot = element(
    'svg',
    {
      ...frame,
      viewBox: `${decimal(left)} ${decimal(top)} ${decimal(frame.width)} ${decimal(frame.height)}`,
    },
    painter.draw(panel),
  )
  return element('g', { class: `panel ${painter.name}` }, upward, across, plot)
}

const SAMPLE = 22
const BETWEEN = 20
const ROW = 20

/** Entries in rows of at most `width` pixels, the first row's middle at y. */
export function drawLegend(entries: readonly LegendEntry[], left: number, width: number, y: number): string {
  const rows = rowsOf(entries, width)
  const drawn = rows.flatMap((row, k) => {
    let x = left
    return row.map(({ sample, words }) => {
      const at = x
      x += widthOf(words)
      const middle = y + k * ROW
      return sample(at + SAMPLE / 2, middle) + textAt(at + SAMPLE + 6, middle + 4, words, { class: 'key' })
    })
  })
  return element('g', { class: 'legend' }, ...drawn)
}

export function legendHeight(entries: readonly LegendEntry[], width: number): number {
  return rowsOf(entries, width).length * ROW
}

function rowsOf(entries: readonly LegendEntry[], width: number): LegendEntry[][] {
  const rows: LegendEntry[][] = []
  let used = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    const needed = widthOf(entry.words)
    if (used + needed - BETWEEN > width) {
      rows.push([])
      used = 0
    }
    rows.at(-1)!.push(entry)
    used += needed
  }
  return rows
}

function widthOf(words: string): number {
  return SAMPLE + 6 + proportionalWidth(words, SIZES.label) + BETWEEN
}

/** A sample of a line with a class. */
export function lineSample(className: string): LegendEntry['sample'] {
  return (x, y) => element('path', { class: className, d: `M${decimal(x - 11)} ${decimal(y)}h22` })
}

/** A sample of any mark that is a path. */
export function markSample(className: string, mark: (x: number, y: number) => string): LegendEntry['sample'] {
  return (x, y) => element('path', { class: className, d: mark(x, y) })
}
