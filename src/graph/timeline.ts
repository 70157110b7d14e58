/** Lists in order of time: what of them lies in a picture, and the line that they make there. */

import { StepPath } from './columns.ts'
import type { Panel } from './panel.ts'

export interface Timed {
  /** Microseconds on the clock of the run. */
  readonly at: number
}

/** What happens from one time to another, both included. */
export function within<T extends Timed>(list: readonly T[], fromUs: number, toUs: number): T[] {
  return list.slice(indexAt(list, fromUs), indexBehind(list, toUs))
}

/** The same for values that hold until the next one: with the last one before. */
export function holding<T extends Timed>(list: readonly T[], fromUs: number, toUs: number): T[] {
  return list.slice(Math.max(0, indexBehind(list, fromUs) - 1), indexBehind(list, toUs))
}

/** The greatest value of some of a list, or `least`. */
export function greatest<T>(list: readonly T[], value: (one: T) => number, least = 0): number {
  return list.reduce((most, one) => Math.max(most, value(one)), least)
}

/** A value that holds until the next one, as path data across a panel, in pieces. */
export function stepsAcross<T extends Timed>(
  { x, y, left, right, column }: Panel,
  list: readonly T[],
  value: (one: T) => number,
): readonly string[] {
  const steps = new StepPath(column)
  for (const one of holding(list, x.from, x.to)) steps.add(Math.max(left, x.at(one.at)), y.at(value(one)))
  return steps.data(right)
}

/** Index of the first that happens at a time or later. */
function indexAt(list: readonly Timed[], atUs: number): number {
  return indexWhere(list, (at) => at >= atUs)
}

/** Index of the first that happens later. */
function indexBehind(list: readonly Timed[], atUs: number): number {
  return indexWhere(list, (at) => at > atUs)
}

/** Index of the first whose time is so, as are the times of all behind it. */
function indexWhere(list: readonly Timed[], isSo: (at: number) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isSo(list[middle]!.at)) high = middle
    else low = middle + 1
  }
  return low
}
