/** Graphs for a terminal: the same numbers as in the picture, in characters, and what it says in words. */

import { countText, durationText } from '../svg/scale.ts'
import { GRAPH_NAMES, type GraphOptions, headWords, paintersOf, timesOf } from './graph-svg.ts'
import { recoverySpans } from './recovery-spans.ts'
import { type GraphDirection, type GraphSegment, type GraphSeries, hasThreshold, mainSide } from './series.ts'
import { TextPlot } from './text-plot.ts'
import { ratesOf } from './throughput-painter.ts'
import { within } from './timeline.ts'

/**
 * @param columns of the text, at least 60
 * @param rows of the plot
 */
export function graphText(series: GraphSeries, options: GraphOptions, columns: number, rows: number): string {
  const direction = series.directions[options.side ?? mainSide(series)]
  const [fromUs, toUs] = timesOf(series, options)
  const painters = paintersOf(series, direction, options)
  const main = painters.find(({ name }) => name === MAIN[options.type])!
  const plot = new TextPlot(Math.max(60, columns), rows, fromUs, toUs, main.range(fromUs, toUs))
  const legend = SKETCHES[options.type](plot, direction, fromUs, toUs, options)
  const title = options.title === undefined ? '' : `: ${options.title}`
  const lines = [
    `${GRAPH_NAMES[options.type]}${title}`,
    headWords(series, direction, options),
    '',
    ...plot.lines(series.startUs, options.type === 'rtt' ? durationText : countText),
    '',
    // Of the signs, those that are there.
    ...inLines(
      legend.filter((entry) => entry.endsWith(':') || plot.signs.has(entry[0]!)),
      '  ',
      columns,
    ),
    ...painters.flatMap(({ description }) => inLines(description.split(' '), ' ', columns)),
  ]
  return `${lines.join('\n')}\n`
}

/** The panel that is sketched, by its painter's name. */
const MAIN: Readonly<Record<GraphOptions['type'], string>> = {
  'time-sequence': 'sequence',
  throughput: 'rates',
  rtt: 'round-trips',
  window: 'congestion',
  congestion: 'congestion',
}

type Sketch = (
  plot: TextPlot,
  direction: GraphDirection,
  fromUs: number,
  toUs: number,
  options: GraphOptions,
) => readonly string[]

const SKETCHES: Readonly<Record<GraphOptions['type'], Sketch>> = {
  'time-sequence': (plot, { segments, acknowledgments }, fromUs, toUs) => {
    plot.line(acknowledgments, ({ ack, window }) => ack + window, '·')
    plot.line(acknowledgments, ({ ack }) => ack, '_')
    const shown = within(segments, fromUs, toUs)
    for (const { at, first, end, kind } of shown) if (kind !== 'empty') plot.bar(at, first, end, '│')
    for (const { at, ack, window, duplicate } of within(acknowledgments, fromUs, toUs)) {
      if (window === 0) plot.put(at, ack, 'Z')
      if (duplicate === 3) plot.put(at, ack, '3')
    }
    for (const segment of shown) {
      const letter = letterOf(segment)
      if (letter !== '') plot.put(segment.at, segment.end, letter)
    }
    return [
      '│ segment',
      '_ acknowledged',
      '· end of the window',
      'R retransmission',
      'O out of order',
      'X lost',
      'P probe',
      'K keep-alive',
      'Z zero window',
      '3 third duplicate',
      'S SYN',
      'F FIN',
    ]
  },
  throughput: (plot, direction, _fromUs, _toUs, options) => {
    const { windowUs, sent, acknowledged } = ratesOf(direction, options.averageUs)
    plot.line(sent, ({ bitsPerSecond }) => bitsPerSecond, '*')
    plot.line(acknowledged, ({ bitsPerSecond }) => bitsPerSecond, 'a')
    return ['bit/s:', '* sent', `a acknowledged, mean of the last ${durationText(windowUs)}`]
  },
  rtt: (plot, { roundTrips, recovery }, fromUs, toUs) => {
    plot.line(
      recovery.filter(({ srttUs }) => srttUs > 0),
      ({ srttUs }) => srttUs,
      's',
    )
    for (const { at, us, by } of within(roundTrips, fromUs, toUs)) {
      plot.put(at, us, by === 'timestamp' ? 't' : '*')
    }
    return ['* round trip', 't by the echo of a timestamp', 's SRTT']
  },
  window: (plot, { flight, acknowledgments }) => {
    plot.line(acknowledgments, ({ window }) => window, 'w')
    plot.line(flight, ({ octets }) => octets, 'f')
    return ['octets:', 'w receive window', 'f in flight']
  },
  congestion: (plot, direction, fromUs, toUs) => {
    const { flight, acknowledgments, recovery, segments } = direction
    plot.line(acknowledgments, ({ window }) => window, 'w')
    plot.line(recovery.filter(hasThreshold), ({ ssthresh }) => ssthresh, 't')
    plot.line(flight, ({ octets }) => octets, 'f')
    plot.line(recovery, ({ cwnd }) => cwnd, 'c')
    const how = recovery.length === 0 ? ', inferred' : ''
    for (const { fromUs: began, toUs: ended = toUs, phase } of recoverySpans(direction)) {
      plot.row(began, ended, 0, phase === 'fast-recovery' ? 'r' : 'l')
    }
    for (const { at, lost } of within(segments, fromUs, toUs)) if (lost !== undefined) plot.put(at, 0, 'X')
    return [
      'octets:',
      'c congestion window',
      't ssthresh',
      'f in flight',
      'w receive window',
      `r fast recovery${how}`,
      `l loss recovery${how}`,
      'X lost',
    ]
  },
}

/** Parts in lines of so many columns; none is cut. */
function inLines(parts: readonly string[], between: string, columns: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const longer = lines.length === 0 ? part : `${lines.at(-1)}${between}${part}`
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer
    else lines.push(part)
  }
  return lines
}

function letterOf({ kind, again, isLate, lost }: GraphSegment): string {
  if (lost !== undefined) return 'X'
  if (kind === 'probe') return 'P'
  if (kind === 'keep-alive') return 'K'
  if (kind === 'rst') return '!'
  if (again > 0) return 'R'
  if (isLate) return 'O'
  return kind === 'syn' ? 'S' : kind === 'fin' ? 'F' : ''
}
