/** A graph as a picture: panels, axes, legend, title; and where times and values lie in it. */

import { element, picture, textAt } from '../svg/markup.ts'
import { durationText } from '../svg/scale.ts'
import { proportionalWidth, wrapped } from '../svg/text-width.ts'
import { BASE_STYLE, type Scheme, SIZES, themeStyle } from '../svg/theme.ts'
import { COLUMN } from './columns.ts'
import { congestionPainter } from './congestion-painter.ts'
import { GRAPH_STYLE } from './graph-style.ts'
import { drawLegend, drawPanel, legendHeight, type Painter, stack } from './panel.ts'
import { roundTripPainter, timeoutPainter } from './round-trip-painter.ts'
import { sequencePainter } from './sequence-painter.ts'
import { type GraphDirection, type GraphSeries, mainSide } from './series.ts'
import { ratePainter, sizePainter } from './throughput-painter.ts'

export const GRAPH_TYPES = ['time-sequence', 'throughput', 'rtt', 'window', 'congestion'] as const
export type GraphType = (typeof GRAPH_TYPES)[number]

export interface GraphOptions {
  readonly type: GraphType
  /** Whose data: 0 left, 1 right. Default: who sends more. */
  readonly side?: 0 | 1
  /** Pixels; at least 320 by 240. Default 1000 by 620, `congestion` 1000 by 860. */
  readonly width?: number
  readonly height?: number
  /** Microseconds on the clock of the run. Default: from the first segment to the last, with a margin. */
  readonly fromUs?: number
  readonly toUs?: number
  readonly title?: string
  /** By the names of hosts. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly scheme?: Scheme
  /** The window of the moving average of `throughput`, in microseconds. Default: a round one, some fortieth of the connection. */
  readonly averageUs?: number
  /** The next picture follows at once, as while a page zooms: marks have no words of their own. */
  readonly isInMotion?: boolean
}

/** Where a panel lies in the picture, and what its edges stand for. */
export interface PanelGeometry {
  readonly name: string
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  /** At `left` and `right`, microseconds on the clock of the run. */
  readonly fromUs: number
  readonly toUs: number
  /** At `bottom` and `top`. */
  readonly fromValue: number
  readonly toValue: number
}

export interface GraphPicture {
  readonly svg: string
  readonly geometry: {
    readonly width: number
    readonly height: number
    readonly panels: readonly PanelGeometry[]
  }
}

export const GRAPH_NAMES: Readonly<Record<GraphType, string>> = {
  'time-sequence': 'Time sequence',
  throughput: 'Throughput',
  rtt: 'Round-trip time',
  window: 'Receive window',
  congestion: 'Congestion control',
}

/** The picture alone. */
export function graphSvg(series: GraphSeries, options: GraphOptions): string {
  return graphPicture(series, options).svg
}

/** Pixels. With less, `congestion` leaves round trips and timeouts to `rtt`: four panels would show nothing. */
const ROOM_FOR_TIMES = 740

const LEFT = 76
const RIGHT = 24

export function graphPicture(series: GraphSeries, options: GraphOptions): GraphPicture {
  const width = Math.max(320, options.width ?? 1000)
  const { isInMotion = false } = options
  const height = Math.max(240, options.height ?? (options.type === 'congestion' ? 860 : 620))
  const direction = series.directions[options.side ?? mainSide(series)]
  const [fromUs, toUs] = timesOf(series, options)
  const painters = paintersOf(series, direction, options)
  const all = painters.flatMap(({ legend }) => legend)
  // Two panels may show the same thing.
  const entries = all.filter(({ words }, k) => all.findIndex((other) => other.words === words) === k)
  const room = width - LEFT - RIGHT
  const below = 46 + legendHeight(entries, room) + 6
  const heads = headsOf(series, direction, options, width - 32)
  const top = 20 + heads.length * 20 + 26
  const panels = stack(
    painters,
    { left: LEFT, right: width - RIGHT, top, bottom: height - below },
    fromUs,
    toUs,
    isInMotion ? COLUMN.moving : COLUMN.still,
  )
  const { startUs } = series
  const drawn = panels.map((panel, k) =>
    drawPanel(painters[k]!, panel, { startUs, isLowest: k === panels.length - 1, isInMotion }),
  )
  const body = element(
    'g',
    { class: 'graph' },
    ...heads.map(({ words, className }, k) => textAt(16, 28 + k * 20, words, { class: className })),
    ...drawn,
    drawLegend(entries, LEFT, room, height - below + 56),
  )
  const svg = picture({
    width,
    height,
    title: heads.map(({ words }) => words).join(' '),
    description: painters.map(({ description }) => description).join(' '),
    style: themeStyle('svg', options.scheme ?? 'auto') + BASE_STYLE + GRAPH_STYLE,
    body,
  })
  const geometry = panels.map(({ left, right, top: upper, bottom, x, y }, k) => ({
    ...{ name: painters[k]!.name, left, top: upper, right, bottom },
    ...{ fromUs: x.from, toUs: x.to, fromValue: y.from, toValue: y.to },
  }))
  return { svg, geometry: { width, height, panels: geometry } }
}

/** Microseconds beside what happened in one moment. */
const AROUND_A_MOMENT = 1000

/** From the first segment to the last, with some room at both sides. */
export function timesOf({ startUs, endUs }: GraphSeries, { fromUs, toUs }: GraphOptions): [number, number] {
  const margin = endUs > startUs ? Math.max((endUs - startUs) * 0.015, 1) : AROUND_A_MOMENT
  const from = fromUs ?? startUs - margin
  const to = toUs ?? endUs + margin
  return to > from ? [from, to] : [from, from + 1]
}

/** Those that were asked for last: they look at the whole connection, and a page draws with the same ones many times. */
const lastPainters = new WeakMap<GraphDirection, { readonly key: string; readonly painters: Painter[] }>()

/** The panels of a graph, from above. */
export function paintersOf(
  { startUs }: GraphSeries,
  direction: GraphDirection,
  { type, height, averageUs }: GraphOptions,
): Painter[] {
  const hasRoom = (height ?? ROOM_FOR_TIMES) >= ROOM_FOR_TIMES
  const key = [type, hasRoom, averageUs, startUs].join()
  const known = lastPainters.get(direction)
  if (known?.key === key) return known.painters
  const painters = newPainters(direction, startUs, { type, hasRoom, averageUs })
  lastPainters.set(direction, { key, painters })
  return painters
}

function newPainters(
  direction: GraphDirection,
  startUs: number,
  {
    type,
    hasRoom,
    averageUs,
  }: { readonly type: GraphType; readonly hasRoom: boolean; readonly averageUs: number | undefined },
): Painter[] {
  const timeouts = direction.recovery.length > 0 ? [timeoutPainter(direction)] : []
  switch (type) {
    case 'time-sequence':
      return [sequencePainter(direction, startUs, 1)]
    case 'throughput':
      return [ratePainter(direction, averageUs), sizePainter(direction, startUs)]
    case 'rtt':
      return [roundTripPainter(direction, startUs), ...timeouts]
    case 'window':
      return [congestionPainter(direction, false)]
    case 'congestion':
      return [
        sequencePainter(direction, startUs, 2.4),
        congestionPainter(direction, true),
        ...(hasRoom && direction.roundTrips.length > 0 ? [roundTripPainter(direction, startUs, 1.4)] : []),
        ...(hasRoom ? timeouts : []),
      ]
  }
}

interface Head {
  readonly words: string
  readonly className: 'title' | 'words'
}

/** Whose data they are, and where they were seen. */
export function headWords(
  { isCaptured, clockBack }: GraphSeries,
  { sender, receiver, ports, isSeenAtSender }: GraphDirection,
  { addresses }: GraphOptions,
): string {
  const name = (host: string, port: number): string => {
    const address = addresses?.[host]
    const known = address === undefined ? [host] : [host, address]
    return port < 0 ? known.join(' ') : `${known.join(' ')} port ${port}`
  }
  const place = isCaptured ? 'the capture' : isSeenAtSender ? sender : receiver
  return `${name(sender, ports.sender)} → ${name(receiver, ports.receiver)}, as seen at ${place}${clockWords(clockBack)}`
}

function clockWords({ times, mostUs }: GraphSeries['clockBack']): string {
  if (times === 0) return ''
  const often = times === 1 ? 'once, by' : `${times} times, by up to`
  return `, whose clock goes back ${often} ${durationText(mostUs)}: drawn by its times`
}

/** Title and subtitle in lines that fit into `room` pixels. */
function headsOf(
  series: GraphSeries,
  direction: GraphDirection,
  options: GraphOptions,
  room: number,
): Head[] {
  const { type, title } = options
  const what = title === undefined ? GRAPH_NAMES[type] : `${GRAPH_NAMES[type]}: ${title}`
  const inLines = (words: string, className: Head['className']): Head[] => {
    const isTitle = className === 'title'
    const size = isTitle ? SIZES.title : SIZES.words
    const widthOf = (text: string): number => proportionalWidth(text, size, isTitle ? 'bold' : 'normal')
    return wrapped(words, room, widthOf).map((line) => ({ words: line, className }))
  }
  return [...inLines(what, 'title'), ...inLines(headWords(series, direction, options), 'words')]
}
