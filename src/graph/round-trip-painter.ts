/** Round trips as they were measured, their smoothed mean, and below them the timeout that follows from them (RFC 6298). */

import { path, paths } from '../svg/marks.ts'
import { decimal, textAt } from '../svg/markup.ts'
import { durationText } from '../svg/scale.ts'
import { counted } from '../trace/counted.ts'
import { SignPath } from './columns.ts'
import { entriesThere, type LegendEntry, lineSample, markSample, type Painter, type Panel } from './panel.ts'
import type { GraphDirection, RoundTrip } from './series.ts'
import { greatest, holding, stepsAcross, within } from './timeline.ts'
import { MOST_ALONE, ToldMarks } from './told-mark.ts'

export function roundTripPainter(direction: GraphDirection, startUs: number, weight = 3): Painter {
  const { roundTrips, recovery } = direction
  const smoothed = recovery.filter(({ srttUs }) => srttUs > 0)
  return {
    name: 'round-trips',
    label: 'round-trip time',
    weight,
    legend: legendOf(roundTrips, smoothed.length > 0),
    description: describe(direction),
    range: (fromUs, toUs) => {
      const measured = greatest(within(roundTrips, fromUs, toUs), ({ us }) => us, 1)
      return [0, greatest(holding(smoothed, fromUs, toUs), ({ srttUs }) => srttUs, measured) * 1.1]
    },
    text: (us) => (us === 0 ? '0' : durationText(us)),
    draw: (panel, isInMotion) => {
      const { left, right, top, bottom } = panel
      const marks = dots(roundTrips, panel, startUs, isInMotion)
      const line = paths(
        stepsAcross(panel, smoothed, ({ srttUs }) => srttUs),
        'srtt',
      )
      if (roundTrips.length > 0 || smoothed.length > 0) return marks + line
      const middle = { class: 'words', 'text-anchor': 'middle' }
      return textAt((left + right) / 2, (top + bottom) / 2, 'no round trip could be measured', middle)
    },
  }
}

/** The timeout in force, with its doublings: far above the round trips, so it has a panel of its own. */
export function timeoutPainter({ recovery, expiries, sender }: GraphDirection): Painter {
  const fired = expiries.filter(({ timer }) => timer === 'retransmission')
  const most = greatest(recovery, ({ rtoUs }) => rtoUs)
  const least = recovery.reduce((low, { rtoUs }) => Math.min(low, rtoUs), Number.POSITIVE_INFINITY)
  const expiry = (x: number, y: number): string => `M${decimal(x)} ${decimal(y - 7)}v14`
  return {
    name: 'timeouts',
    label: 'retransmission timeout',
    weight: 1,
    legend: [
      { words: 'RTO', sample: lineSample('rto') },
      ...(fired.length > 0 ? [{ words: 'it expired', sample: markSample('expiry', expiry) }] : []),
    ],
    description:
      `The retransmission timeout of ${sender} is ${durationText(least)} to ${durationText(most)}` +
      `${fired.length > 0 ? `; it expires ${counted(fired.length, 'time')}` : ''}.`,
    range: (fromUs, toUs) => [0, greatest(holding(recovery, fromUs, toUs), ({ rtoUs }) => rtoUs, 1) * 1.15],
    text: (us) => (us === 0 ? '0' : durationText(us)),
    draw: (panel) => {
      const { x, top, bottom } = panel
      const marks = within(fired, x.from, x.to).map(
        ({ at }) => `M${decimal(x.at(at))} ${decimal(top)}V${decimal(bottom)}`,
      )
      return (
        path(marks.join(''), 'expiry') +
        paths(
          stepsAcross(panel, recovery, ({ rtoUs }) => rtoUs),
          'rto',
        )
      )
    },
  }
}

function dots(
  roundTrips: readonly RoundTrip[],
  { x, y }: Panel,
  startUs: number,
  isInMotion: boolean,
): string {
  const shown = within(roundTrips, x.from, x.to)
  if (shown.length <= MOST_ALONE) {
    const marks = new ToldMarks(isInMotion)
    for (const { at, us, by } of shown) {
      const words = (): string =>
        `${durationText(us)} at ${durationText(at - startUs)}, by ${by === 'timestamp' ? 'the echo of a timestamp' : 'an acknowledgment'}`
      const d = (by === 'timestamp' ? ring : dot)(x.at(at), y.at(us))
      marks.add({ x: x.at(at), className: `sample ${by}`, d, words })
    }
    return marks.markup()
  }
  const signs = {
    acknowledgment: new SignPath((a, b) => dot(a, b, 1.5), 1),
    timestamp: new SignPath(ring, 1),
  }
  for (const { at, us, by } of shown) signs[by].add(x.at(at), y.at(us))
  return (
    paths(signs.timestamp.data(), 'sample timestamp') +
    paths(signs.acknowledgment.data(), 'sample acknowledgment')
  )
}

function dot(x: number, y: number, size = 2.5): string {
  return `M${decimal(x - size)} ${decimal(y)}a${size} ${size} 0 1 0 ${size * 2} 0a${size} ${size} 0 1 0 ${-size * 2} 0Z`
}

function ring(x: number, y: number): string {
  return `M${decimal(x - 2)} ${decimal(y - 2)}h4v4h-4Z`
}

function legendOf(roundTrips: readonly RoundTrip[], isSmoothed: boolean): LegendEntry[] {
  const has = (by: RoundTrip['by']): boolean => roundTrips.some((one) => one.by === by)
  return entriesThere([
    [
      has('acknowledgment'),
      'segment sent once, to its acknowledgment',
      markSample('sample acknowledgment', dot),
    ],
    [has('timestamp'), 'by the echo of a timestamp', markSample('sample timestamp', ring)],
    [isSmoothed, 'SRTT', lineSample('srtt')],
  ])
}

function describe({ sender, roundTrips }: GraphDirection): string {
  const times = roundTrips.filter(({ by }) => by === 'acknowledgment').map(({ us }) => us)
  if (times.length === 0) return `No round trip of ${sender} could be measured.`
  const sorted = times.sort((a, b) => a - b)
  const [least, middle, most] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!].map(durationText)
  return `${counted(times.length, 'round trip')} of ${sender}: ${least} to ${most}, median ${middle}.`
}
