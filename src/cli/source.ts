/**
 * What the commands that draw are given, whatever it is: a scenario, a capture, two captures of one connection, a
 * recorded run. Out comes the one thing that pictures are made of: events, and what to write around them.
 */

import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { choosePair } from '../diagram/ladder.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import { findScenario } from '../sim/scenarios.ts'
import type { Banner } from '../trace/banner.ts'
import { connectionsIn, type LadderPair } from '../trace/connections.ts'
import { counted } from '../trace/counted.ts'
import type { SegmentReceived, SegmentSent, TraceEvent } from '../trace/events.ts'
import type { PacketOctets } from '../trace/packed-packets.ts'
import { EXIT_FINE, InputError, UsageError, wholeNumber } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { streamReadOnce } from './capture-input.ts'
import { MOST_PAYLOAD, PacketKeeper } from './packet-keeper.ts'
import { HEAD_OCTETS, headOf, isReadOnce } from './packing.ts'
import { looksLikeRun } from './saved-run.ts'
import { nearScenario, SCENARIO_HELP, SCENARIO_OPTIONS, type ScenarioFlags } from './scenario-options.ts'
import { captureSource, twoCapturesSource } from './source-capture.ts'
import { eventsSource, logSource, looksLikeLog, scenarioSource } from './source-events.ts'
import { fileTrouble, wholeFile } from './whole-file.ts'

export interface Source {
  readonly events: readonly TraceEvent[]
  /** By host. */
  readonly addresses: Readonly<Record<string, string>>
  readonly title: string
  readonly banner: Banner | null
  /** The connection that is asked for, by its number at one of its hosts; null: there is none in the events. */
  readonly connection: { readonly host: string; readonly connection: number } | null
  /** Seen from outside, rather than told by the stacks themselves: why a segment was sent is a guess. */
  readonly isCapture: boolean
  /** The time that is 0 for the events, in microseconds since 1970; absent where there is no such time. */
  readonly epochUs?: number
  /** Packets of the connection that were left out, as there are too many. */
  readonly left: number
  /** Why what it was read from could not be read to its end; absent: it could. */
  readonly trouble?: InputError | null
  /** The octets of a packet that an event tells of; null: nobody has them, or nobody asked. */
  readonly packetOf: PacketOf | null
}

/** The octets of the packet that an event tells of. */
export type PacketOf = (event: SegmentSent | SegmentReceived) => PacketOctets | undefined

export const SOURCE_OPTIONS = {
  ...SCENARIO_OPTIONS,
  ...DECODE_OPTIONS,
  stream: { type: 'string' },
  c: { type: 'string', short: 'c' },
  payload: { type: 'string' },
} as const

/** At most so many words name a source: two captures do. */
export const MOST_SOURCE_WORDS = 2

export const SOURCE_HELP = `SOURCE is one of
  NAME             a scenario, as in \`elko sim NAME\`; \`elko sim --list\`
  FILE             a capture, a run that --record wrote down, or what
                   \`elko sim --json\` printed. "-": standard input; a file with
                   the name of a scenario: ./NAME
  FILE FILE        captures of one connection from two places: each end is
                   drawn from its own, on one clock
Of a capture that cannot be read to its end what came before the error is drawn;
the exit code is 3.

Which connection:
  --stream N       by its tcp.stream in the (first) capture, or by its place in
                   the run (default 0)
  -c N             of a capture: its first N packets
  --payload N      of .html, which carries the packets' octets: at most N octets
                   of what each packet's segment carries, 0 for headers only
                   (default: as many as fit into 1.5 MB in all)
${DECODE_HELP}

A scenario's, as in \`elko sim\`:
  --seed N         decides all that chance decides; any text (default 1)
${SCENARIO_HELP}`

type Flags = ScenarioFlags & {
  readonly stream?: string | undefined
  readonly c?: string | undefined
  readonly d?: readonly string[]
  readonly payload?: string | undefined
}

/** What is asked of a source of any kind. */
export interface Asked {
  /** Undefined: the first connection. */
  readonly stream: number | undefined
  /** Packets that are kept. */
  readonly most: number
  /** Keeps the packets' octets; null: nobody wants them. */
  readonly keeper: PacketKeeper | null
  readonly tunnels: TunnelPorts | null
}

const MAX_STREAM = 2 ** 31 - 1
const MAX_PACKETS = 1_000_000

/**
 * @param usual how many packets of a capture are kept where -c does not say
 * @param form of the picture: a page shows the packets' octets
 * @throws UsageError where the words name nothing, or a flag does not go with what they name.
 * @throws InputError where the file cannot be read, or has nothing to draw.
 */
export async function resolveSource(
  words: readonly string[],
  flags: Flags,
  usual: number,
  form = 'txt',
): Promise<Source> {
  const [word, second] = words
  if (word === undefined)
    throw new UsageError(
      'expected a SOURCE: a scenario (`elko sim --list`), a capture file, or - for standard input',
    )
  const asked: Asked = {
    stream: wholeNumber('--stream', flags.stream, 0, MAX_STREAM),
    most: wholeNumber('-c', flags.c, 1, MAX_PACKETS) ?? usual,
    keeper: askedKeeper(flags.payload, form),
    tunnels: askedTunnels(flags),
  }
  const scenario = findScenario(word)
  if (scenario !== null) {
    if (second !== undefined) throw new UsageError(`unexpected "${second}": ${word} is a scenario`)
    refuseCaptureFlags(flags, `${word} is a scenario`)
    return scenarioSource(scenario, flags, asked)
  }
  for (const file of words) checkFile(file)
  for (const flag of Object.keys(SCENARIO_OPTIONS) as (keyof ScenarioFlags)[])
    if (flags[flag] !== undefined) throw new UsageError(`--${flag}: only with a scenario; ${word} is a file`)
  if (second !== undefined) return twoCapturesSource([word, second], asked)
  const opened = isReadOnce(word) ? streamReadOnce(word) : null
  const head = opened === null ? headOfFile(word) : await headOfStream(word, opened)
  const isLog = looksLikeLog(head)
  if (!isLog && !looksLikeRun(head)) return captureSource(word, asked, opened)
  refuseCaptureFlags(flags, `${word} is a run of Elko's`)
  const octets = opened === null ? wholeFile(word) : await restOf(opened)
  return isLog ? logSource(word, octets, asked) : eventsSource(word, octets, asked)
}

/** @throws UsageError for another form than a page, which alone shows octets. */
function askedKeeper(payload: string | undefined, form: string): PacketKeeper | null {
  if (payload !== undefined && form !== 'html') throw new UsageError('--payload: only for .html')
  return form === 'html' ? new PacketKeeper(wholeNumber('--payload', payload, 0, MOST_PAYLOAD)) : null
}

/** @throws UsageError */
function refuseCaptureFlags(flags: Flags, but: string): void {
  for (const flag of ['c', 'd'] as const)
    if (flags[flag] !== undefined) throw new UsageError(`-${flag}: only with a capture; ${but}`)
}

/** The two ends of the connection that is asked for; undefined: there is none in the events. */
export function pairOf({ events, connection }: Source): LadderPair | undefined {
  return connection === null ? undefined : choosePair(connectionsIn(events), { connection })
}

/** What was left out of the connection, and how to ask for more; '': nothing. */
export function leftText({ left, events }: Source): string {
  if (left === 0) return ''
  const shown = events.filter(({ kind }) => kind === 'sent').length
  const said = `${counted(left, 'more packet')} left out`
  if (left + shown <= MAX_PACKETS) return `${said}: -c ${left + shown} has them`
  if (shown < MAX_PACKETS)
    return `${said}: -c ${MAX_PACKETS}, the most there is, has the next ${MAX_PACKETS - shown}`
  return `${said}: no picture has more than ${MAX_PACKETS}`
}

/** Says that a picture is saved. @param way of the data, where a picture shows one. */
export function tellSaved(file: string, source: Source, way = ''): void {
  const left = leftText(source)
  process.stderr.write(`Saved ${file}${way === '' ? '' : `: ${way}`}.${left === '' ? '' : ` ${left}.`}\n`)
}

/** The exit code behind a picture. @throws InputError where it shows what came before an error. */
export function pictureDone({ trouble }: Source): number {
  if (trouble) throw trouble
  return EXIT_FINE
}

/** What a file begins with says what it is. */
function headOfFile(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r')
    try {
      return headOf(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${fileTrouble(error)}`)
  }
}

/** The same of a stream, which is then read as if nothing of it had been. */
async function headOfStream(path: string, stream: Readable): Promise<Uint8Array> {
  let head = Buffer.alloc(0)
  try {
    while (head.length < HEAD_OCTETS) {
      await once(stream, 'readable')
      const chunk: Buffer | null = stream.read()
      if (chunk === null) break
      head = Buffer.concat([head, chunk])
    }
  } catch (error) {
    throw new InputError(`cannot read ${path === '-' ? 'standard input' : path}: ${fileTrouble(error)}`)
  }
  // Before the next turn, in which a stream that is at its end takes nothing back.
  if (head.length > 0) stream.unshift(head)
  return head
}

async function restOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Who mistypes a scenario's name looks for no file. */
function checkFile(path: string): void {
  if (path === '-' || existsSync(path)) return
  const near = nearScenario(path)
  const hint = near === undefined ? '`elko sim --list` shows the scenarios' : `did you mean ${near}?`
  throw new InputError(`${path}: there is no such file, and no scenario of that name; ${hint}`)
}
