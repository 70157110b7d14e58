/**
 * The time-sequence graph with tcptrace's marks: a bar from the first to the last octet of each segment, a line of what
 * is acknowledged, a line of what the window allows, and a letter for what is worth a look.
 */

import { cross, diamond, paths, tick } from '../svg/marks.ts'
import { decimal, element } from '../svg/markup.ts'
import { countText } from '../svg/scale.ts'
import { counted } from '../trace/counted.ts'
import { PSH } from '../wire/segment.ts'
import { BarPath, SignPath, StepPath } from './columns.ts'
import { entriesThere, type LegendEntry, lineSample, markSample, type Painter, type Panel } from './panel.ts'
import { SequenceLetters } from './sequence-letters.ts'
import type { GraphAcknowledgment, GraphDirection, GraphSegment } from './series.ts'
import { holding, within } from './timeline.ts'
import { MOST_ALONE, ToldMarks } from './told-mark.ts'
import { acknowledgmentWords, SCALE_UNSEEN, segmentWords } from './words.ts'

export function sequencePainter(direction: GraphDirection, startUs: number, weight: number): Painter {
  const letters = new SequenceLetters(direction)
  const hasSyn = direction.segments.some(({ kind }) => kind === 'syn')
  return {
    name: 'sequence',
    label: `sequence number, from ${hasSyn ? 'the SYN' : 'the first one seen'} (octets)`,
    weight,
    legend: legendOf(direction),
    description: describe(direction),
    range: (fromUs, toUs) => {
      const { low, high } = extentOf(
        within(direction.segments, fromUs, toUs),
        holding(direction.acknowledgments, fromUs, toUs),
      )
      // Above the highest mark there is room for its letter, in a low panel as well.
      const margin = Math.max(high - low, 10) * 0.05
      return [low - margin, high + margin * (weight > 1 ? 3 : 1.8)]
    },
    text: countText,
    draw: (panel, isInMotion) => new SequencePlot(direction, panel, startUs, letters).draw(isInMotion),
  }
}

class SequencePlot {
  readonly #direction: GraphDirection
  readonly #panel: Panel
  readonly #startUs: number
  readonly #segments: readonly GraphSegment[]
  /** With the last one before the panel, whose level still holds. */
  readonly #acknowledgments: readonly GraphAcknowledgment[]
  readonly #letters: SequenceLetters
  #markup = ''

  constructor(direction: GraphDirection, panel: Panel, startUs: number, letters: SequenceLetters) {
    const { from, to } = panel.x
    const { segments, acknowledgments } = direction
    this.#direction = direction
    this.#panel = panel
    this.#startUs = startUs
    this.#segments = within(segments, from, to)
    this.#acknowledgments = holding(acknowledgments, from, to)
    this.#letters = letters
  }

  draw(isInMotion: boolean): string {
    const areAlone = this.#segments.length + this.#acknowledgments.length <= MOST_ALONE
    this.#lines()
    this.#blocks()
    if (areAlone) this.#everyMark(new ToldMarks(isInMotion), isInMotion)
    else this.#segmentsTogether()
    this.#losses()
    return this.#markup + element('g', { class: 'letters' }, this.#letters.draw(this.#panel))
  }

  #lines(): void {
    const { x, y, right, column } = this.#panel
    const acked = new StepPath(column)
    const edges = new StepPath(column)
    const repeated = new SignPath((atX, atY) => tick(atX, atY, 'down'), 3)
    const unchanged = new SignPath((atX, atY) => tick(atX, atY, 'up'), 3)
    let before: GraphAcknowledgment | undefined
    for (const one of this.#acknowledgments) {
      const at = x.at(one.at)
      const edge = one.ack + one.window
      acked.add(at, y.at(one.ack))
      edges.add(at, y.at(edge))
      if (before?.ack === one.ack) repeated.add(at, y.at(one.ack))
      if (before !== undefined && before.ack + before.window === edge) unchanged.add(at, y.at(edge))
      before = one
    }
    this.#markup += paths(edges.data(right), 'window') + paths(unchanged.data(), 'window')
    this.#markup += paths(acked.data(right), 'ack') + paths(repeated.data(), 'ack')
  }

  #blocks(): void {
    const { x, y, column } = this.#panel
    const bars = new BarPath(column)
    const ends = new SignPath((atX, atY) => tick(atX, atY, 'across', 2), 2)
    for (const { at, blocks } of this.#acknowledgments) {
      for (const { first, end } of blocks) {
        bars.add(x.at(at), y.at(first), y.at(end))
        ends.add(x.at(at), y.at(first))
        ends.add(x.at(at), y.at(end))
      }
    }
    this.#markup += paths([...bars.data(), ...ends.data()], 'sack')
  }

  #everyMark(marks: ToldMarks, isInMotion: boolean): void {
    const { x, y, left } = this.#panel
    for (const segment of this.#segments) {
      const { at, packet } = segment
      const words = (): string => segmentWords(segment, this.#startUs)
      marks.add({ x: x.at(at), className: classOf(segment), d: this.#shape(segment), words, packet })
    }
    // Acknowledgments are invisible, and there for who points at them.
    for (const one of isInMotion ? [] : this.#acknowledgments) {
      const at = x.at(one.at)
      if (at < left) continue
      const d = `M${decimal(at - 3)} ${decimal(y.at(one.ack) - 3)}h6v6h-6z`
      const words = (): string => acknowledgmentWords(one, this.#startUs)
      marks.add({ x: at, className: 'hover', d, words, packet: one.packet })
    }
    this.#markup += marks.markup()
  }

  #segmentsTogether(): void {
    const { x, y, column } = this.#panel
    const bars = new Map(CLASSES.map((name) => [name, new BarPath(column)]))
    const empty = new SignPath((atX, atY) => cross(atX, atY, 2), 4)
    const pushes = new SignPath((atX, atY) => diamond(atX, atY, 2.5), 6)
    for (const segment of this.#segments) {
      const at = x.at(segment.at)
      if (segment.end === segment.first) empty.add(at, y.at(segment.first))
      else bars.get(classOf(segment))!.add(at, y.at(segment.first), y.at(segment.end))
      if ((segment.flags & PSH) !== 0 && segment.length > 0) pushes.add(at, y.at(segment.end))
    }
    this.#markup += paths(empty.data(), 'empty') + paths(pushes.data(), 'push')
    for (const [name, bar] of bars) this.#markup += paths(bar.data(), name)
  }

  /** A bar between two arrow heads; a diamond on top where it is pushed. */
  #shape({ at, first, end, length, flags, kind }: GraphSegment): string {
    const { x, y } = this.#panel
    const middle = x.at(at)
    const [low, high] = [y.at(first), y.at(end)]
    if (first === end) return cross(middle, low, 2.5)
    const bar = `M${decimal(middle)} ${decimal(low)}V${decimal(Math.min(high, low - 1))}`
    if (kind === 'syn') return bar + diamond(middle, low, 4)
    if (kind === 'fin') return bar + box(middle, high, 3)
    const isPushed = (flags & PSH) !== 0 && length > 0
    return (
      bar +
      footOf(middle, low, low - high) +
      (isPushed ? diamond(middle, high, 2.5) : headOf(middle, high, low - high))
    )
  }

  #losses(): void {
    if (this.#direction.counts.lost === 0) return
    const { x, y } = this.#panel
    const crosses = new SignPath((atX, atY) => cross(atX, atY, 4), 2)
    for (const { at, first, end, lost } of this.#segments) {
      if (lost !== undefined) crosses.add(x.at(at), y.at((first + end) / 2))
    }
    this.#markup += paths(crosses.data(), 'lost')
  }
}

const CLASSES = ['data', 'control', 'late', 'again', 'probe', 'empty'] as const

function classOf({ kind, again, isLate }: GraphSegment): (typeof CLASSES)[number] {
  if (kind === 'probe' || kind === 'keep-alive') return 'probe'
  if (again > 0) return 'again'
  if (kind === 'syn' || kind === 'fin') return 'control'
  if (kind === 'empty' || kind === 'rst') return 'empty'
  return isLate ? 'late' : 'data'
}

/** An arrow head where the bar is long enough to have one, or a stroke across its end. */
function headOf(x: number, y: number, height: number): string {
  if (height < 4) return ''
  return height < 16 ? tick(x, y, 'across', 2) : `M${decimal(x - 2.5)} ${decimal(y + 4)}l2.5 -4l2.5 4`
}

function footOf(x: number, y: number, height: number): string {
  if (height < 4) return ''
  return height < 16 ? tick(x, y, 'across', 2) : `M${decimal(x - 2.5)} ${decimal(y - 4)}l2.5 4l2.5 -4`
}

function box(x: number, y: number, size: number): string {
  return `M${decimal(x - size)} ${decimal(y - size)}h${size * 2}v${size * 2}h${-size * 2}Z`
}

/** A window whose edge lies farther off than this many times the data leaves the picture at its top. */
const FARTHEST_EDGE = 2.2

/** Which numbers are shown of some segments and acknowledgments, and whether the end of the window is among them. */
function extentOf(
  segments: readonly GraphSegment[],
  acknowledgments: readonly GraphAcknowledgment[],
): { readonly low: number; readonly high: number; readonly isWindowShown: boolean } {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let edge = Number.NEGATIVE_INFINITY
  for (const { first, end } of segments) {
    low = Math.min(low, first)
    high = Math.max(high, end)
  }
  for (const { ack, window } of acknowledgments) {
    low = Math.min(low, ack)
    high = Math.max(high, ack)
    edge = Math.max(edge, ack + window)
  }
  if (low > high) return { low: 0, high: 1, isWindowShown: false }
  high = Math.max(high, low + 4)
  const isWindowShown = edge - low <= Math.max(high - low, 10) * FARTHEST_EDGE
  return { low, high: isWindowShown ? Math.max(high, edge) : high, isWindowShown }
}

function legendOf({ segments, acknowledgments, counts, isScaleSeen }: GraphDirection): LegendEntry[] {
  const { isWindowShown } = extentOf(segments, acknowledgments)
  const bar = (x: number, y: number): string => `M${x} ${y - 6}v12`
  const isAnswered = counts.acknowledgments > 0
  return entriesThere([
    [counts.withText > 0, 'segment', markSample('data', bar)],
    [counts.pushed > 0, 'PSH', markSample('data', (x, y) => `M${x} ${y}v6${diamond(x, y - 3, 3)}`)],
    [counts.empty > 0, 'without data', markSample('empty', (x, y) => cross(x, y, 2.5))],
    [counts.retransmissions > 0, 'R retransmission', markSample('again', bar)],
    [counts.late > 0, 'O out of order', markSample('late', bar)],
    [counts.probes > 0, 'P window probe', markSample('probe', bar)],
    [counts.keepAlives > 0, 'K keep-alive', markSample('probe', bar)],
    [counts.lost > 0, 'lost', markSample('lost', (x, y) => cross(x, y, 4))],
    [isAnswered, 'acknowledged (tick: again, 3: third duplicate)', lineSample('ack')],
    [
      isAnswered,
      `end of the window${isScaleSeen ? '' : SCALE_UNSEEN}${isWindowShown ? ' (Z: zero)' : ': above the picture'}`,
      lineSample('window'),
    ],
    [counts.withBlocks > 0, 'S SACK', markSample('sack', bar)],
  ])
}

function describe({ sender, counts }: GraphDirection): string {
  const parts = [
    `${sender} sends ${counted(counts.segments, 'segment')} up to sequence number ${counts.end}`,
    counts.retransmissions > 0 ? counted(counts.retransmissions, 'retransmission') : '',
    counts.late > 0 ? `${counts.late} out of order` : '',
    counts.lost > 0 ? `${counts.lost} lost` : '',
    `and gets ${counted(counts.acknowledgments, 'acknowledgment')}`,
    counts.thirdDuplicates > 0 ? counted(counts.thirdDuplicates, 'third duplicate') : '',
    counts.zeroWindows > 0 ? `${counts.zeroWindows} with a zero window` : '',
  ]
  return `${parts.filter((part) => part !== '').join(', ')}.`
}
