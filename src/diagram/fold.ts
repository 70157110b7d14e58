/**
 * Long stories made short: a tree over the rows of a diagram. Steady runs, in which every segment arrived and nothing
 * happened that has a name, become one block; where there are still too many rows, so does whatever stands between two
 * events of note, with its losses counted. Unfolding a block shows at most some hundred rows and smaller blocks.
 *
 * A fold's id comes from the rows that it hides, so that it stays the same whatever else is unfolded.
 */

import { FIN, RST, SYN } from '../wire/segment.ts'
import { type Steady, startsMessage, steadyOf } from './fold-quiet.ts'
import type { Row } from './ladder-rows.ts'

export interface Fold {
  readonly id: string
  /** 'run': steady; 'stretch': with losses and whatever else; 'outside': beyond the time that was asked for. */
  readonly kind: 'run' | 'stretch' | 'outside'
  /** Its rows: from this one to the one before `to`. */
  readonly from: number
  readonly to: number
  readonly children: readonly Unit[]
}

/** A fold, or a row by its index. */
export type Unit = Fold | number

export interface FoldOptions {
  readonly mostRows: number
  /** A pause that ends a run, microseconds. */
  readonly pauseUs: number
  readonly from?: number
  readonly to?: number
}

/** Runs of fewer segments are not worth a fold. */
const LEAST_RUN: Readonly<Record<Steady, number>> = { usual: 16, duplicates: 8 }
/** Neither are fewer rows and folds between two events of note. */
const LEAST_STRETCH = 8
/** What unfolding one block shows at most. */
const FAN_OUT = 100
/** Blocks at the top of the tree, about so many. */
const TOP = 24

/** What a diagram shows when nothing is unfolded. */
export function foldRows(rows: readonly Row[], options: FoldOptions): Unit[] {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, mostRows } = options
  let first = 0
  while (first < rows.length && rows[first]!.at < from) first++
  let end = rows.length
  while (end > first && rows[end - 1]!.at > to) end--
  const units = withRuns(rows, first, end, options.pauseUs)
  const shown = units.length > mostRows ? withStretches(rows, units, mostRows) : units
  const outside = (a: number, b: number): Unit[] => (a < b ? [newFold(rows, 'outside', a, b, [])] : [])
  return [...outside(0, first), ...shown, ...outside(end, rows.length)]
}

/** What stands below each other when some folds are open, each with the open fold that it stands in. */
export function unfold(
  units: readonly Unit[],
  unfolded: 'all' | Pick<ReadonlySet<string>, 'has'>,
): { unit: Unit; inside: Fold | null }[] {
  const shown: { unit: Unit; inside: Fold | null }[] = []
  const walk = (each: readonly Unit[], within: Fold | null): void => {
    for (const unit of each) {
      const isOpen =
        typeof unit !== 'number' && canUnfold(unit) && (unfolded === 'all' || unfolded.has(unit.id))
      if (isOpen) walk(unit.children, unit)
      else shown.push({ unit, inside: within })
    }
  }
  walk(units, null)
  return shown
}

export function canUnfold(fold: Fold): boolean {
  return fold.children.length > 0
}

function newFold(
  rows: readonly Row[],
  kind: Fold['kind'],
  from: number,
  to: number,
  children: readonly Unit[],
): Fold {
  // Two folds may hide the same rows, one in the other: the number of its children tells them apart.
  const id = `${kind[0]}${rows[from]!.item}-${rows[to - 1]!.item}-${children.length}`
  return { id, kind, from, to, children }
}

function withRuns(rows: readonly Row[], first: number, end: number, pauseUs: number): Unit[] {
  const units: Unit[] = []
  let from = first
  let messages = 0
  let now: Steady | null = null
  const close = (to: number): void => {
    if (now !== null && messages >= LEAST_RUN[now]) units.push(divided(rows, 'run', range(from, to)))
    else for (let k = from; k < to; k++) units.push(k)
    messages = 0
    now = null
    from = to
  }
  for (let k = first; k < end; k++) {
    const row = rows[k]!
    const steady = steadyOf(row)
    if (k > from && row.at - rows[k - 1]!.at >= pauseUs) close(k)
    if (steady === null) {
      close(k)
      units.push(k)
      from = k + 1
      continue
    }
    if (steady === 'any') continue
    if (now !== null && steady !== now && !isText(row, now)) close(k)
    now ??= steady
    // Three repeated ones before a fast retransmission stay in sight, whatever is sent meanwhile.
    if (startsMessage(row) && now === steady) messages++
  }
  close(end)
  return units
}

/** While one acknowledgment is repeated, the sender goes on sending: that ends no run. */
function isText(row: Row, now: Steady): boolean {
  return now === 'duplicates' && row.kind === 'message' && row.message.segment.length > 0
}

function withStretches(rows: readonly Row[], units: readonly Unit[], mostRows: number): Unit[] {
  const named = units.filter((unit) => typeof unit === 'number' && isNamed(rows[unit]!)).length
  // Where there are too many events of note, they cannot all stay.
  const stays = (unit: Unit): boolean =>
    named <= mostRows / 2 && typeof unit === 'number' && isNamed(rows[unit]!)
  const size = Math.max(FAN_OUT, Math.ceil(units.length / TOP))
  const shown: Unit[] = []
  let stretch: Unit[] = []
  const close = (): void => {
    if (stretch.length < LEAST_STRETCH) shown.push(...stretch)
    else
      for (const part of parts(rows, stretch, Math.ceil(stretch.length / size)))
        shown.push(divided(rows, 'stretch', part))
    stretch = []
  }
  for (const unit of units) {
    if (!stays(unit)) {
      stretch.push(unit)
      continue
    }
    close()
    shown.push(unit)
  }
  close()
  return shown
}

/** A fold of these units, with folds in it where there are too many of them. */
function divided(rows: readonly Row[], kind: 'run' | 'stretch', units: readonly Unit[]): Fold {
  const from = startOf(units[0]!)
  const to = endOf(units.at(-1)!)
  if (units.length <= FAN_OUT) return newFold(rows, kind, from, to, units)
  const count = Math.min(FAN_OUT, Math.ceil(units.length / FAN_OUT))
  const children = parts(rows, units, Math.max(2, count)).map((part) => divided(rows, kind, part))
  return newFold(rows, kind, from, to, children)
}

const startOf = (unit: Unit): number => (typeof unit === 'number' ? unit : unit.from)
const endOf = (unit: Unit): number => (typeof unit === 'number' ? unit + 1 : unit.to)

/** `count` parts of nearly the same size, each beginning where time went on: after the longest pause near its place. */
function parts(rows: readonly Row[], units: readonly Unit[], count: number): (readonly Unit[])[] {
  const size = units.length / count
  const cut: (readonly Unit[])[] = []
  let from = 0
  for (let k = 1; k <= count; k++) {
    const to = k === count ? units.length : pauseNear(rows, units, Math.round(k * size), Math.floor(size / 3))
    if (to > from) cut.push(units.slice(from, to))
    from = to
  }
  return cut
}

function pauseNear(rows: readonly Row[], units: readonly Unit[], place: number, reach: number): number {
  let best = place
  let longest = 0
  for (let k = Math.max(1, place - reach); k <= Math.min(units.length - 1, place + reach); k++) {
    const us = rows[startOf(units[k]!)]!.at - rows[endOf(units[k - 1]!) - 1]!.at
    if (us > longest) {
      longest = us
      best = k
    }
  }
  return best
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, k) => from + k)
}

/** What a reader looks for in a long story: how it was opened, what its states were, how it ended, its headings. */
function isNamed(row: Row): boolean {
  switch (row.kind) {
    case 'message':
      return (row.message.segment.flags & (SYN | FIN | RST)) !== 0
    case 'state':
    case 'heading':
      return true
    case 'note':
      return row.side === -1
    case 'signal':
      return row.text === 'closed' || row.text === 'connected'
    default:
      return steadyOf(row) === null
  }
}
