/** A recorded run as pictures want it: what its stacks told, under its title, with its hosts, addresses and paths of states. */

import { pcapngHeader, pcapngInterface, pcapngPacket } from '../capture/pcapng.ts'
import type { SegmentRecord, SegmentSent, TraceEvent } from '../trace/events.ts'
import { isPlainText } from '../trace/plain-text.ts'
import { SEND_REASONS } from '../trace/reasons.ts'
import { lastSent, Recorder } from '../trace/recorder.ts'
import { type StatePath, statePaths } from '../trace/state-path.ts'
import { toldStory } from '../trace/story-edits.ts'
import type { Divergence } from './divergence.ts'
import { LogError } from './log-cursor.ts'
import type { LogEnd } from './log-entries.ts'
import { type ReplayedPacket, Replayer } from './replayer.ts'

export interface ReplayOptions {
  /** The last event to replay, from 1; default all. */
  readonly to?: number
  /** The last time to replay, microseconds since the run began; default all. */
  readonly untilUs?: number
  /** Takes the octets of a pcapng file with all that the stacks took and gave, an interface a stack. */
  readonly capture?: ((octets: Uint8Array) => void) | null
  /** Called for each packet that the trace tells of as sent, with its octets, which are borrowed. */
  readonly onSent?: ((segment: SegmentRecord, octets: Uint8Array) => void) | null
  /** Called after each event that was replayed, with the stacks as they are then, and all that they told so far. */
  readonly onEvent?: (replayer: Replayer, told: readonly TraceEvent[]) => void
  /** Most events of the trace that are kept; default 1,000,000. */
  readonly limit?: number
}

export interface ReplayedRun {
  /** The recorded scenario's name, title and lesson; '' where it was none. */
  readonly name: string
  readonly title: string
  readonly lesson: string
  /** The connections of the run follow each other and belong into one picture. */
  readonly onePicture: boolean
  /** Microseconds on the stacks' clocks. */
  readonly events: readonly TraceEvent[]
  /** Names of the stacks, in the order in which they were made; each once. */
  readonly hosts: readonly string[]
  /** The first address of each, without its length. */
  readonly addresses: Readonly<Record<string, string>>
  readonly paths: readonly StatePath[]
  /** The Elko that recorded it. */
  readonly elko: string
  /** Events of the log, and how many of them were replayed. */
  readonly recorded: number
  readonly replayed: number
  /** Packets that the stacks took and gave. */
  readonly packets: number
  /** Microseconds from the run's first event to the last that was replayed. */
  readonly lastUs: number
  /** Where it was no longer the same, or null. */
  readonly divergence: Divergence | null
  /** Where the same was done and another thing was told, or null. */
  readonly retelling: Divergence | null
  /** What of the log cannot be read, or null. */
  readonly problem: LogError | null
  /** How the log ends. */
  readonly end: LogEnd
}

/** @throws LogError where it is no log, or one of another version. */
export function replayRun(log: Uint8Array, options: ReplayOptions = {}): ReplayedRun {
  const { to = Number.POSITIVE_INFINITY, untilUs = Number.POSITIVE_INFINITY, limit } = options
  const recorder = new Recorder(limit)
  const capture = options.capture == null ? null : new Capture(options.capture)
  /** Events before the one that is replayed now. */
  let before = 0
  let packets = 0
  const onPacket = (packet: ReplayedPacket): void => {
    packets++
    // An answer to nobody's packet was told of before.
    const sent = packet.direction === 'inbound' ? null : lastSent(recorder.events, before)
    capture?.packet(packet, sent)
    if (sent !== null) options.onSent?.(sent.segment, packet.octets)
  }
  const replayer = new Replayer(log, { trace: recorder, onPacket })
  let startUs: number | null = null
  let lastUs = 0
  for (let next = replayer.peek(); next !== null && next.index <= to; next = replayer.peek()) {
    if (next.input.kind === 'stack') capture?.host(next.input.made.name)
    else {
      startUs ??= next.at
      if (next.at - startUs > untilUs) break
      lastUs = next.at - startUs
    }
    before = recorder.events.length
    const isSame = replayer.step()
    options.onEvent?.(replayer, recorder.events)
    if (!isSame) break
  }
  const replayed = replayer.index
  replayer.readOn()
  const run = { ...told(replayer, recorder), ...hostsOf(replayer), replayed, packets, lastUs }
  const paths = statePaths(run.events).sort((a, b) => run.hosts.indexOf(a.host) - run.hosts.indexOf(b.host))
  return { ...run, paths }
}

function told(
  replayer: Replayer,
  { events: told }: Recorder,
): Omit<ReplayedRun, 'replayed' | 'packets' | 'lastUs' | 'hosts' | 'addresses' | 'paths'> {
  const { elko, recorded, divergence, retelling, end } = replayer
  const story = (replayer.story ?? {}) as Readonly<Record<string, unknown>>
  const text = (value: unknown): string => (isPlainText(value) ? value : '')
  let { problem } = replayer
  let events: readonly TraceEvent[] = told
  try {
    if (Array.isArray(story.edits)) events = toldStory(told, story.edits)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    problem ??= new LogError(replayer.offset, error.message)
  }
  return {
    name: text(story.name),
    title: text(story.title),
    lesson: text(story.lesson),
    onePicture: story.onePicture === true,
    events,
    elko,
    recorded,
    divergence,
    retelling,
    problem,
    end,
  }
}

function hostsOf({ stacks }: Replayer): Pick<ReplayedRun, 'hosts' | 'addresses'> {
  const names = stacks.map(({ stack }) => [stack.name, stack.addresses.prefixes[0]] as const)
  return {
    hosts: [...new Set(names.map(([name]) => name))],
    addresses: Object.fromEntries(names.map(([name, prefix]) => [name, String(prefix?.address ?? '')])),
  }
}

/** Each packet with the reason for which it was sent. */
class Capture {
  readonly #write: (octets: Uint8Array) => void

  constructor(write: (octets: Uint8Array) => void) {
    this.#write = write
    write(pcapngHeader())
  }

  host(name: string): void {
    this.#write(pcapngInterface({ name }))
  }

  packet({ stack, direction, at, octets }: ReplayedPacket, sent: SegmentSent | null): void {
    const time = Math.max(0, Math.round(at))
    const comment = sent === null ? '' : `${sent.reason}: ${SEND_REASONS[sent.reason]}`
    this.#write(pcapngPacket(stack, time, octets, 0, octets.length, { comment, direction }))
  }
}
