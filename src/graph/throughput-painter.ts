/** How fast: octets sent and octets acknowledged over a moving window of time, and below them the size of each segment. */

import { paths } from '../svg/marks.ts'
import { decimal } from '../svg/markup.ts'
import { countText, durationText, tickStep } from '../svg/scale.ts'
import { SignPath } from './columns.ts'
import { lineSample, markSample, type Painter } from './panel.ts'
import type { GraphDirection } from './series.ts'
import { movingRate, type RatePoint } from './throughput.ts'
import { greatest, holding, stepsAcross, within } from './timeline.ts'
import { MOST_ALONE, ToldMarks } from './told-mark.ts'
import { segmentWords } from './words.ts'

/** A round window, some fortieth of the connection but no shorter than two round trips: shorter ones show bursts only. */
function usualWindowUs({ segments, roundTrips }: GraphDirection): number {
  const spanUs = segments.length === 0 ? 0 : segments.at(-1)!.at - segments[0]!.at
  const times = roundTrips.map(({ us }) => us).sort((a, b) => a - b)
  const wanted = Math.max(spanUs / 40, 2 * (times[times.length >> 1] ?? 0), 1000)
  return tickStep(0, wanted, 2)
}

interface Rates {
  /** As it was asked for. */
  readonly averageUs: number | undefined
  readonly windowUs: number
  readonly sent: readonly RatePoint[]
  readonly acknowledged: readonly RatePoint[]
}

/** Those that were asked for last: a page draws the same ones many times. */
const lastRates = new WeakMap<GraphDirection, Rates>()

/** Rates of what is sent and of what is acknowledged for the first time. */
export function ratesOf(direction: GraphDirection, averageUs: number | undefined): Rates {
  const known = lastRates.get(direction)
  if (known !== undefined && known.averageUs === averageUs) return known
  const windowUs = averageUs ?? usualWindowUs(direction)
  const sent = direction.segments.map(({ at, length }) => ({ at, octets: length }))
  const acknowledged = direction.acknowledgments.map(({ at, fresh }) => ({ at, octets: fresh }))
  const rates = {
    averageUs,
    windowUs,
    sent: movingRate(sent, windowUs),
    acknowledged: movingRate(acknowledged, windowUs),
  }
  lastRates.set(direction, rates)
  return rates
}

export function ratePainter(direction: GraphDirection, averageUs: number | undefined): Painter {
  const { windowUs, sent, acknowledged } = ratesOf(direction, averageUs)
  const most = (fromUs: number, toUs: number): number =>
    Math.max(
      ...[sent, acknowledged].map((rates) =>
        greatest(holding(rates, fromUs, toUs), (one) => one.bitsPerSecond),
      ),
    )
  const over = `mean of the last ${durationText(windowUs)}`
  const peak = most(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
  return {
    name: 'rates',
    label: `throughput (bit/s), ${over}`,
    weight: 3,
    legend: [
      { words: 'sent', sample: lineSample('cwnd') },
      { words: 'acknowledged (goodput)', sample: lineSample('ack') },
    ],
    description: `${direction.sender} sends ${direction.counts.octets} octets, at most ${countText(Math.round(peak))} bit/s as the ${over}.`,
    range: (fromUs, toUs) => [0, Math.max(most(fromUs, toUs), 1) * 1.08],
    text: countText,
    draw: (panel) => {
      const line = (rates: readonly RatePoint[]): readonly string[] =>
        stepsAcross(panel, rates, (one) => one.bitsPerSecond)
      return paths(line(sent), 'cwnd') + paths(line(acknowledged), 'ack')
    },
  }
}

export function sizePainter({ segments, counts }: GraphDirection, startUs: number): Painter {
  const most = Math.max(1, counts.longest)
  return {
    name: 'sizes',
    label: 'segment length (octets)',
    weight: 1,
    legend: [
      { words: 'segment', sample: markSample('sample acknowledgment', square) },
      ...(counts.retransmissions > 0
        ? [{ words: 'retransmission', sample: markSample('sample again', cornered) }]
        : []),
    ],
    description: `The longest segment has ${most} octets.`,
    range: () => [0, most * 1.15],
    text: countText,
    draw: ({ x, y }, isInMotion) => {
      const shown = within(segments, x.from, x.to).filter(({ length }) => length > 0)
      if (shown.length <= MOST_ALONE) {
        const marks = new ToldMarks(isInMotion)
        for (const segment of shown) {
          const isAgain = segment.again > 0
          const atX = x.at(segment.at)
          const d = (isAgain ? cornered : square)(atX, y.at(segment.length))
          const className = isAgain ? 'sample again' : 'sample acknowledgment'
          const words = (): string => segmentWords(segment, startUs)
          marks.add({ x: atX, className, d, words, packet: segment.packet })
        }
        return marks.markup()
      }
      const once = new SignPath(square, 1.5)
      const again = new SignPath(cornered, 1.5)
      for (const segment of shown) {
        const signs = segment.again > 0 ? again : once
        signs.add(x.at(segment.at), y.at(segment.length))
      }
      return paths(once.data(), 'sample acknowledgment') + paths(again.data(), 'sample again')
    },
  }
}

function square(x: number, y: number): string {
  return `M${decimal(x - 1.5)} ${decimal(y - 1.5)}h3v3h-3Z`
}

/** A triangle: told from a square without its colour. */
function cornered(x: number, y: number): string {
  return `M${decimal(x - 3.5)} ${decimal(y + 3)}h7l-3.5 -6Z`
}
