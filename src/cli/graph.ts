/** `elko graph`: one connection over time, in the form that the file's name asks for. */

import { graphData } from '../graph/graph-data.ts'
import { GRAPH_TYPES, type GraphOptions, graphSvg } from '../graph/graph-svg.ts'
import { graphText } from '../graph/graph-text.ts'
import { type GraphSeries, graphSeries, mainSide } from '../graph/series.ts'
import { graphXpl } from '../graph/xpl.ts'
import { measured } from '../sim/impairment-options.ts'
import { InputError, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { sourcePage } from './html-page.ts'
import { drawing, print, saveFile } from './output.ts'
import { checkFlags, formatOf, oneOf, SCHEMES } from './picture-format.ts'
import {
  leftText,
  MOST_SOURCE_WORDS,
  pairOf,
  pictureDone,
  resolveSource,
  SOURCE_HELP,
  SOURCE_OPTIONS,
  type Source,
  tellSaved,
} from './source.ts'

/** However many there are, the picture stays small; more is asked for with -c. */
const MOST_PACKETS = 500_000
const FORMATS = ['svg', 'html', 'xpl', 'json', 'txt'] as const
const DIRECTIONS = ['a2b', 'b2a'] as const
const TEXT_ROWS = 22

export const HELP = `Usage: elko graph SOURCE [--type TYPE] [-o FILE] [options]

Draws a connection over time. Without -o it prints a sketch in characters, and
what the graph says in words.

Types:
  time-sequence    tcptrace's: each segment, what is acknowledged, the window;
                   R retransmission, O out of order, 3 third duplicate, Z zero
                   window, P probe, K keep-alive, S SACK, U urgent (default)
  throughput       sent and acknowledged, as a moving average; segment lengths
  rtt              round trips (Karn's rule; echoes of timestamps), SRTT, RTO
  window           receive window and octets in flight
  congestion       cwnd, ssthresh, flight and receive window, with the phase of
                   recovery, timeouts and losses, below the time sequence;
                   below that RTT and RTO. Of a capture: what shows from
                   outside, and recovery as far as that can be inferred

${SOURCE_HELP}

The graph:
  -o FILE          .svg; .html: a page in which the wheel zooms, with all other
                   graphs and the diagram; .json: what it shows, as data; .txt;
                   .xpl: for xplot, one direction a file: FILE_a2b.xpl and
                   FILE_b2a.xpl, unless --direction says which
  --direction WAY  whose data: a2b or b2a (default: who sends more). a: who
                   opened or, where the capture does not show it, who was
                   seen first
  --from TIME, --to TIME
                   of .svg and text: only a part, such as 1.5s or 200ms since
                   the first segment
  --average TIME   with --type throughput: the window of the moving average
  --width N, --height N
                   pixels of .svg (1000 by 620, congestion 860), or columns and
                   rows of text
  --scheme WHICH   of .svg: light, dark or auto (default): the reader's own

In the page of .html the direction, the part and the colours are chosen there.

Examples:
  elko graph slow-start --type congestion -o slow-start.svg
  elko graph --stream 3 capture.pcapng --type rtt
  elko graph data-transfer --bytes 1000000 --loss 1% -o loss.xpl
`

const OPTIONS = {
  ...SOURCE_OPTIONS,
  o: { type: 'string', short: 'o' },
  type: { type: 'string' },
  direction: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  average: { type: 'string' },
  width: { type: 'string' },
  height: { type: 'string' },
  scheme: { type: 'string' },
} as const

const TAKEN_BY = {
  direction: ['svg', 'xpl', 'json', 'txt'],
  from: ['svg', 'txt'],
  to: ['svg', 'txt'],
  average: ['svg', 'json', 'txt'],
  width: ['svg', 'txt'],
  height: ['svg', 'txt'],
  scheme: ['svg'],
} as const

interface Asked {
  readonly width: number | undefined
  readonly height: number | undefined
  readonly side: 0 | 1 | undefined
}

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, MOST_SOURCE_WORDS)
  const format = formatOf(values.o, FORMATS)
  const type = oneOf('--type', values.type, GRAPH_TYPES) ?? 'time-sequence'
  checkFlags(values, format, TAKEN_BY)
  if (values.average !== undefined && type !== 'throughput')
    throw new UsageError('--average: only with --type throughput')
  const scheme = oneOf('--scheme', values.scheme, SCHEMES)
  const [from, to, average] = (['from', 'to', 'average'] as const).map((flag) => timeOf(flag, values[flag]))
  if (from !== undefined && to !== undefined && to <= from)
    throw new UsageError(`--to: expected a time behind --from, not "${values.to}"`)
  const asked = askedSize(values, format === 'txt')
  const source = await resolveSource(positionals, values, MOST_PACKETS, format)
  const series = seriesOf(source)
  const options: GraphOptions = {
    type,
    title: source.title,
    addresses: source.addresses,
    ...(asked.side !== undefined && { side: asked.side }),
    ...(asked.width !== undefined && { width: asked.width }),
    ...(asked.height !== undefined && { height: asked.height }),
    ...(from !== undefined && { fromUs: series.startUs + from }),
    ...(to !== undefined && { toUs: series.startUs + to }),
    ...(average !== undefined && { averageUs: Math.max(1, average) }),
    ...(scheme !== undefined && { scheme }),
  }
  if (format === 'xpl') return saveXpl(values.o!, source, series, options)
  const text = FORMS[format](series, options, source)
  if (values.o === undefined) print(`${text}${source.left === 0 ? '' : `\n... ${leftText(source)}`}`)
  else {
    saveFile(values.o, text)
    tellSaved(values.o, source, wayOf(series, options.side ?? mainSide(series)))
  }
  return pictureDone(source)
}

const FORMS: Readonly<
  Record<
    Exclude<(typeof FORMATS)[number], 'xpl'>,
    (series: GraphSeries, options: GraphOptions, source: Source) => string
  >
> = {
  svg: graphSvg,
  html: (series, options, source) => {
    const first = { look: { numbers: 'relative' }, tab: 'graphs', graph: options.type } as const
    return sourcePage(source, first, graphSvg(series, options))
  },
  json: (series, options) => `${JSON.stringify(graphData(series, options), null, 1)}\n`,
  txt: (series, options) => {
    return graphText(series, options, options.width ?? drawing({}).width, options.height ?? TEXT_ROWS)
  },
}

function seriesOf(source: Source): GraphSeries {
  const pair = pairOf(source)
  if (pair === undefined) throw new InputError(`${source.title}: there is no connection to draw`)
  return graphSeries(source.events, pair)
}

/** One file for each direction in which anything went, or the one that is asked for. */
function saveXpl(file: string, source: Source, series: GraphSeries, options: GraphOptions): number {
  const { type, side: only, addresses } = options
  const sides = ([0, 1] as const).filter((side) => only === undefined || side === only)
  for (const side of sides) {
    const name = only === undefined ? file.replace(/(\.xpl)$/i, `_${DIRECTIONS[side]}$1`) : file
    const { epochUs = 0 } = source
    const text = graphXpl(series, { type, side, epochUs, ...(addresses !== undefined && { addresses }) })
    saveFile(name, text)
    tellSaved(name, source, wayOf(series, side))
  }
  return pictureDone(source)
}

function wayOf({ directions }: GraphSeries, side: 0 | 1): string {
  const { sender, receiver } = directions[side]
  return `${sender} to ${receiver} (${DIRECTIONS[side]})`
}

/** Least and most that --width and --height take. */
interface Bounds {
  readonly width: readonly [number, number]
  readonly height: readonly [number, number]
}
const PIXELS: Bounds = { width: [320, 8000], height: [240, 8000] }
const CHARACTERS: Bounds = { width: [60, 400], height: [5, 200] }

function askedSize(
  values: { readonly width?: string; readonly height?: string; readonly direction?: string },
  isText: boolean,
): Asked {
  const { width, height } = isText ? CHARACTERS : PIXELS
  const direction = oneOf('--direction', values.direction, DIRECTIONS)
  return {
    width: wholeNumber('--width', values.width, ...width),
    height: wholeNumber('--height', values.height, ...height),
    side: direction === undefined ? undefined : direction === 'a2b' ? 0 : 1,
  }
}

/** @returns microseconds. @throws UsageError */
function timeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const us = text === '0' ? 0 : measured(text, { us: 1, µs: 1, ms: 1e3, s: 1e6, min: 6e7, h: 3.6e9 })
  if (us === null)
    throw new UsageError(`--${flag}: expected a time such as 200ms, 1.5s or 2min, not "${text}"`)
  return us
}
