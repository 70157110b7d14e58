/**
 * Runs a log again: makes its stacks, gives them event by event what they were given, and compares what comes of it with
 * what came then, octet for octet. Nothing else goes in, so nothing else can come out: where it differs, the code does.
 */

import type { Trace } from '../trace/recorder.ts'
import { type Divergence, difference, inputText, toldDifference } from './divergence.ts'
import { LogError } from './log-cursor.ts'
import { type Entry, type LogEnd, LogReader, type Outcome } from './log-entries.ts'
import { ReplayedStack } from './replayed-stack.ts'

/** A packet that a stack took or gave. The octets are borrowed. */
export interface ReplayedPacket {
  /** The stack's number, from 0. */
  readonly stack: number
  readonly direction: 'inbound' | 'outbound'
  /** Microseconds on its clock. */
  readonly at: number
  readonly octets: Uint8Array
}

export interface ReplayerOptions {
  /** Takes what the stacks tell; null or absent: nobody does, which is faster. */
  readonly trace?: Trace | null
  /** Sees every packet of every stack, after the event. */
  readonly onPacket?: (packet: ReplayedPacket) => void
}

export class Replayer {
  readonly stacks: ReplayedStack[] = []
  /** The event that was replayed last; null before the first. */
  entry: Entry | null = null
  /** Where it was no longer the same; the replay ends there. */
  divergence: Divergence | null = null
  /**
   * Where the stacks first did the same and told another thing: another reason, another congestion window, an event that this
   * Elko tells and the one that recorded it did not. The replay goes on: what differs may or may not show later.
   */
  retelling: Divergence | null = null
  /** What of the log cannot be read; the replay ends before it. */
  problem: LogError | null = null
  readonly #reader: LogReader
  readonly #trace: Trace | null
  readonly #onPacket: ((packet: ReplayedPacket) => void) | null
  #next: Entry | null = null

  /** @throws LogError where it is no log, or one of another version. */
  constructor(log: Uint8Array, options: ReplayerOptions = {}) {
    this.#reader = new LogReader(log)
    this.#trace = options.trace ?? null
    this.#onPacket = options.onPacket ?? null
  }

  /** The number of the last event; 0 before the first. */
  get index(): number {
    return this.entry?.index ?? 0
  }

  /** The Elko that recorded it. */
  get elko(): string {
    return this.#reader.elko
  }

  /** How the log ends, once it was read to its end. */
  get end(): LogEnd {
    return this.#reader.end
  }

  /** Events of the log that were read so far, replayed or not. */
  get recorded(): number {
    return this.#reader.count
  }

  /** Octets of the log that were read. */
  get offset(): number {
    return this.#reader.offset
  }

  /** What the log says of how the run was told; null: nothing so far. */
  get story(): unknown {
    return this.#reader.story
  }

  /** The next event of the log, which `step` is going to replay; null where there is none. */
  peek(): Entry | null {
    if (this.#next === null && this.divergence === null && this.problem === null) this.#next = this.#read()
    return this.#next
  }

  /** Replays one event. Returns whether there was one and it came out the same. */
  step(): boolean {
    const entry = this.peek()
    if (entry === null) return false
    this.#next = null
    this.entry = entry
    const { input } = entry
    if (input.kind === 'stack') {
      const made = new ReplayedStack(input.made, entry.draws, this.#trace)
      this.stacks.push(made)
      this.divergence = divergenceOf(made, entry, entry.outcome)
    } else this.#perform(this.stacks[entry.stack]!, entry)
    return this.divergence === null
  }

  /** Replays up to and including an event, or as far as there are any and they come out the same. */
  run(index = Number.POSITIVE_INFINITY): void {
    while (this.index < index && this.step());
  }

  /** Reads the rest of the log, so that `recorded`, `end` and `story` are known: nothing more can be replayed. */
  readOn(): void {
    this.#next = null
    if (this.problem !== null) return
    while (this.#read() !== null);
  }

  #perform(replayed: ReplayedStack, entry: Entry): void {
    const { at, input, stack } = entry
    const came = replayed.perform(entry)
    const { octets, length } = replayed.frame
    if (input.kind === 'packet') this.#onPacket?.({ stack, direction: 'inbound', at, octets: input.octets })
    if (length > 0) this.#onPacket?.({ stack, direction: 'outbound', at, octets: octets.subarray(0, length) })
    this.divergence = divergenceOf(replayed, entry, came)
    this.retelling ??= retellingOf(replayed, entry)
  }

  #read(): Entry | null {
    try {
      return this.#reader.next()
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      this.problem = error
      return null
    }
  }
}

function divergenceOf(replayed: ReplayedStack, entry: Entry, came: Outcome): Divergence | null {
  const differs = difference(entry, came, replayed.misdrawn)
  return differs === null ? null : { ...placeOf(replayed, entry), ...differs }
}

function retellingOf(replayed: ReplayedStack, entry: Entry): Divergence | null {
  const differs = toldDifference(entry, replayed.told)
  return differs === null ? null : { ...placeOf(replayed, entry), ...differs }
}

function placeOf({ stack }: ReplayedStack, { index, offset, at, input }: Entry) {
  return { index, offset, at, host: stack.name, event: inputText(input) }
}

/**
 * The run as it was after an event: its stacks, and all that is in them. An event takes 2 us (node 20.20, random runs, with and
 * without a trace), so that going back is replaying from the start.
 *
 * @param index of the event, from 1; beyond the last: the end of the run.
 * @throws LogError where it is no log, or one of another version.
 */
export function replayTo(log: Uint8Array, index: number, options: ReplayerOptions = {}): Replayer {
  const replayer = new Replayer(log, options)
  replayer.run(index)
  return replayer
}
