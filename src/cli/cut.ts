/** `elko cut`: a part of a capture as a capture: by time, by stream, by number, by filter; what is asked must all hold. */

import type { CaptureRecord } from '../capture/record.ts'
import { Dissector } from '../dissect/dissect.ts'
import { CaptureFilter } from '../filter/capture-filter.ts'
import { FilterError } from '../filter/filter-error.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINE, readArguments, UsageError } from './arguments.ts'
import { formatOf } from './capture-output.ts'
import { CaptureTarget, readWhole } from './convert.ts'
import { type Moment, parseMoment } from './moment.ts'

export const HELP = `Usage: elko cut [options] IN OUT [FILTER]

Writes the packets of IN that are asked for to OUT, in the format that its name says
(see elko help convert). Where several things are asked for, all must hold.

Options:
  --from TIME      packets from this time on
  --to TIME        packets up to this time
  --stream N,M-O   packets of these connections, by Wireshark's numbers (tcp.stream)
  --frames N,M-O   packets by their numbers, which count from 1
  --format FORMAT  pcap (microseconds), pcap-ns, pcapng
  FILTER           a filter as tcpdump takes it: "host 10.0.0.1 and tcp port 80"

TIME is +SECONDS from the first packet; a time of the day of the first packet, as
12:00:00.5; a date and time of UTC, as "2018-06-18 12:00:00" or
2018-06-18T12:00:00Z; or seconds since 1970.

Exit code 1 where no packet is left, 3 where IN cannot be read to its end; what came
before the error has been written.

Examples:
  elko cut --from +10 --to +12.5 capture.pcapng part.pcapng
  elko cut --stream 3 capture.pcap.gz stream3.pcap
  elko cut --frames 100-200,250 capture.pcap part.pcap
  elko cut capture.pcap web.pcap.gz tcp port 80
`

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  stream: { type: 'string' },
  frames: { type: 'string' },
  format: { type: 'string' },
} as const

/** Words of a filter. */
const MOST_WORDS = 10_000

type Test = (record: CaptureRecord) => boolean

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, MOST_WORDS)
  const [input, output, ...words] = positionals
  if (input === undefined || output === undefined) {
    throw new UsageError('expected a capture file to read and one to write')
  }
  const { format, isOpen } = formatOf(output, values.format, '--format')
  const frames = values.frames === undefined ? null : rangesOf('--frames', values.frames)
  const tests: Test[] = []
  if (frames !== null) tests.push(({ number }) => isWithin(frames, number))
  if (values.from !== undefined || values.to !== undefined) tests.push(timeTest(values.from, values.to))
  if (words.length > 0) tests.push(filterTest(words.join(' ')))
  if (values.stream !== undefined) tests.push(streamTest(rangesOf('--stream', values.stream)))
  const last = frames === null ? Number.POSITIVE_INFINITY : Math.max(...frames.map(([, high]) => high))
  const target = new CaptureTarget(output, format, isOpen, [input])
  let read = 0
  await target.fill((write) =>
    readWhole(
      input,
      (record, source) => {
        read = record.number
        // Each must see each packet: a stream's number depends on those before it.
        let isKept = true
        for (const test of tests) isKept = test(record) && isKept
        if (isKept) write(record, source)
      },
      () => read >= last,
    ),
  )
  process.stderr.write(`${target.packets} of ${counted(read, 'packet')} to ${output}\n`)
  return target.packets > 0 ? EXIT_FINE : EXIT_NOTHING
}

const EXIT_NOTHING = 1

type Range = readonly [low: number, high: number]

/** '3,5-7' @throws UsageError */
function rangesOf(flag: string, text: string): Range[] {
  return text.split(',').map((part) => {
    const match = /^(\d{1,15})(?:-(\d{1,15})?)?$/.exec(part)
    const low = Number(match?.[1])
    const high =
      match?.[2] !== undefined ? Number(match[2]) : part.endsWith('-') ? Number.MAX_SAFE_INTEGER : low
    if (match === null || high < low)
      throw new UsageError(`${flag}: expected numbers as in 3,5-7,9-, not "${text}"`)
    return [low, high]
  })
}

function isWithin(ranges: readonly Range[], value: number): boolean {
  return ranges.some(([low, high]) => value >= low && value <= high)
}

/** A time without a date, or from the first packet, is known when that is. */
function timeTest(from: string | undefined, to: string | undefined): Test {
  const [fromMoment, toMoment] = [momentOf('--from', from), momentOf('--to', to)]
  let low: Moment | null = null
  let high: Moment | null = null
  let isFirst = true
  return (record) => {
    if (isFirst) {
      isFirst = false
      low = fromMoment?.(record) ?? null
      high = toMoment?.(record) ?? null
    }
    return (low === null || compared(record, low) >= 0) && (high === null || compared(record, high) <= 0)
  }
}

function momentOf(flag: string, text: string | undefined): ((first: Moment) => Moment) | null {
  if (text === undefined) return null
  const moment = parseMoment(text)
  if (moment !== null) return moment
  throw new UsageError(
    `${flag}: expected +SECONDS, HH:MM:SS, a date and time, or seconds since 1970, not "${text}"`,
  )
}

function compared(a: Moment, b: Moment): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds
}

/** @throws UsageError with the column that is wrong */
function filterTest(expression: string): Test {
  try {
    const filter = new CaptureFilter(expression)
    return (record) => {
      try {
        return filter.matches(record)
      } catch (error) {
        throw filterMistake(error)
      }
    }
  } catch (error) {
    throw filterMistake(error)
  }
}

/** Some expressions are wrong only for the link layer that a packet has. */
function filterMistake(error: unknown): unknown {
  return error instanceof FilterError ? new UsageError(`filter: ${error.message}`) : error
}

/** A frame belongs to each stream of which a packet is in it; fragments before the last one to none. */
function streamTest(streams: readonly Range[]): Test {
  const analysis = new SequenceAnalysis()
  let isFound = false
  const dissector = new Dissector((packet, tcp) => {
    isFound = isWithin(streams, analysis.analyze(packet, tcp).stream) || isFound
  })
  return (record) => {
    isFound = false
    dissector.dissect(record)
    return isFound
  }
}
