/** A panel: one plot with its axes, of one or several that stand above each other and share their time. */

import { horizontalAxis, verticalAxis } from '../svg/axis.ts'
import { decimal, element, textAt } from '../svg/markup.ts'
import { type LinearScale, linearScale, tickStep, ticks } from '../svg/scale.ts'
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
  /** Pixels in which many marks are seen as one. */
  readonly column: number
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
  /** @param isInMotion the next picture follows at once: no mark needs words. */
  draw(panel: Panel, isInMotion: boolean): string
}

/** Pixels between panels, for the label of the lower one. */
const GAP = 40

/** Panels one above the other in the room that is left between `top` and `bottom`. */
export function stack(
  painters: readonly Painter[],
  room: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
  fromUs: number,
  toUs: number,
  column: number,
): Panel[] {
  const { left, right } = room
  const weights = painters.reduce((sum, { weight }) => sum + weight, 0)
  const height = room.bottom - room.top - GAP * (painters.length - 1)
  let { top } = room
  return painters.map((painter) => {
    const bottom = top + (height * painter.weight) / weights
    const [low, high] = painter.range(fromUs, toUs)
    const y = linearScale(low, high > low ? high : low + 1, bottom, top)
    const panel = { left, right, top, bottom, x: linearScale(fromUs, toUs, left, right), y, column }
    top = bottom + GAP
    return panel
  })
}

/** In what times along an axis are told: so that round numbers of it stand there. */
export interface TimeUnit {
  readonly name: string
  /** Microseconds. */
  readonly size: number
}

const UNITS: readonly (TimeUnit & { readonly most: number })[] = [
  { name: 'µs', size: 1, most: 2e3 },
  { name: 'ms', size: 1e3, most: 2e6 },
  { name: 's', size: 1e6, most: 600e6 },
  { name: 'min', size: 60e6, most: 300 * 60e6 },
  { name: 'h', size: 3600e6, most: 72 * 3600e6 },
  { name: 'd', size: 86_400e6, most: Number.POSITIVE_INFINITY },
]

export function timeUnit(spanUs: number): TimeUnit {
  return UNITS.find(({ most }) => spanUs < most) ?? UNITS.at(-1)!
}

/** Round times from one to another, and their words. */
export function timeTicks(fromUs: number, toUs: number, most: number): { us: number; words: string }[] {
  const { name, size } = timeUnit(toUs - fromUs)
  return ticks(fromUs / size, toUs / size, most).map((value) => ({
    us: value * size,
    words: timeWords(value, name),
  }))
}

function timeWords(value: number, unit: string): string {
  return value === 0 ? '0' : `${Number(value.toFixed(6))} ${unit}`
}

/** One tick alone would not tell how high anything is; there are no parts of an octet, a bit or a microsecond. */
function upwardTicks({ y, top, bottom }: Panel): number {
  let most = Math.max(3, Math.floor((bottom - top) / 40))
  while (most > 3 && tickStep(y.from, y.to, most) < 1) most--
  while (most < 8 && ticks(y.from, y.to, most).length < 2) most++
  return most
}

export interface PanelLook {
  /** Times are told from here on. */
  readonly startUs: number
  /** Only the lowest panel has times in words. */
  readonly isLowest: boolean
  readonly isInMotion: boolean
}

/** A panel with its axes. */
export function drawPanel(
  painter: Painter,
  panel: Panel,
  { startUs, isLowest, isInMotion }: PanelLook,
): string {
  const { left, top, right, bottom, x } = panel
  const frame = { x: left, y: top, width: right - left, height: bottom - top }
  const { name: unit, size } = timeUnit(x.to - x.from)
  const since = {
    from: (x.from - startUs) / size,
    to: (x.to - startUs) / size,
    at: (value: number) => x.at(value * size + startUs),
  }
  const most = Math.max(2, Math.floor((right - left) / 90))
  const upward = verticalAxis({
    scale: panel.y,
    place: left,
    across: right,
    most: upwardTicks(panel),
    text: (value) => painter.text(value),
    label: painter.label,
  })
  const across = isLowest
    ? horizontalAxis({
        scale: since,
        place: bottom,
        across: top,
        most,
        text: (value) => timeWords(value, unit),
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
    painter.draw(panel, isInMotion),
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

/** Those entries of a legend of which there is something in the picture. */
export function entriesThere(
  entries: readonly (readonly [isThere: boolean, words: string, sample: LegendEntry['sample']])[],
): LegendEntry[] {
  return entries.filter(([isThere]) => isThere).map(([, words, sample]) => ({ words, sample }))
}

/** A sample of a line with a class. */
export function lineSample(className: string): LegendEntry['sample'] {
  return (x, y) => element('path', { class: className, d: `M${decimal(x - 11)} ${decimal(y)}h22` })
}

/** A sample of any mark that is a path. */
export function markSample(className: string, mark: (x: number, y: number) => string): LegendEntry['sample'] {
  return (x, y) => element('path', { class: className, d: mark(x, y) })
}
