/** Axes with ticks, their words, and lines across the plot. */

import { decimal, element, textAt } from './markup.ts'
import { type LinearScale, ticks } from './scale.ts'

export interface AxisOptions {
  readonly scale: LinearScale
  /** Where the axis stands: its y for a horizontal one, its x for a vertical one. */
  readonly place: number
  /** Lines across the plot run from `place` to here. */
  readonly across: number
  /** Ticks at most, at least 2. */
  readonly most: number
  readonly text: (value: number) => string
  /** What is measured, with its unit. */
  readonly label: string
}

/** An axis below the plot, time as a rule. */
export function horizontalAxis({ scale, place, across, most, text, label }: AxisOptions): string {
  const marks = ticks(scale.from, scale.to, most).map((value) => {
    const x = scale.at(value)
    return (
      element('path', { class: 'grid', d: `M${decimal(x)} ${decimal(across)}V${decimal(place)}` }) +
      textAt(x, place + 16, text(value), { class: 'tick', 'text-anchor': 'middle' })
    )
  })
  const middle = scale.at((scale.from + scale.to) / 2)
  const name = textAt(middle, place + 34, label, { class: 'axis-label', 'text-anchor': 'middle' })
  return element('g', { class: 'axis' }, ...marks, line(scale, place, 'h'), name)
}

/** An axis at the left of the plot. */
export function verticalAxis({ scale, place, across, most, text, label }: AxisOptions): string {
  const marks = ticks(scale.from, scale.to, most).map((value) => {
    const y = scale.at(value)
    return (
      element('path', { class: 'grid', d: `M${decimal(place)} ${decimal(y)}H${decimal(across)}` }) +
      textAt(place - 8, y + 4, text(value), { class: 'tick', 'text-anchor': 'end' })
    )
  })
  const top = Math.min(scale.at(scale.from), scale.at(scale.to))
  const name = textAt(place - 8, top - 12, label, { class: 'axis-label', 'text-anchor': 'start' })
  return element('g', { class: 'axis' }, ...marks, line(scale, place, 'v'), name)
}

function line(scale: LinearScale, place: number, way: 'h' | 'v'): string {
  const [first, last] = [decimal(scale.at(scale.from)), decimal(scale.at(scale.to))]
  const d = way === 'h' ? `M${first} ${decimal(place)}H${last}` : `M${decimal(place)} ${first}V${last}`
  return element('path', { class: 'axis-line', d })
}
