/** A log's records as entries: one for each stack that was made and each input that it had, in order. */

import type { ListenOptions } from '../stack/listener.ts'
import { LOG_MAGIC, LOG_VERSION, RunningHash } from '../stack/log-format.ts'
import * as RECORD from '../stack/log-records.ts'
import type { ConnectOptions } from '../stack/stack-options.ts'
import type { Config } from '../tcp/config.ts'
import { isPlainText } from '../trace/plain-text.ts'
import { CutOff, LogCursor, LogError } from './log-cursor.ts'
import {
  configOf,
  connectOptions,
  listenOptions,
  type RecordedStack,
  recordedStack,
} from './recorded-facts.ts'

/** What a stack was given, or asked. `listener` and `connection` are numbers: of its listeners from 0, of its connections from 1. */
export type Input =
  | { readonly kind: 'stack'; readonly made: RecordedStack }
  | { readonly kind: 'packet'; readonly octets: Uint8Array }
  | { readonly kind: 'timeout'; readonly last: number }
  | { readonly kind: 'transmit' | 'deadline' | 'told' | 'free-port' | 'close-stack' }
  | { readonly kind: 'listen'; readonly options: ListenOptions }
  | { readonly kind: 'accept' | 'close-listener'; readonly listener: number }
  | { readonly kind: 'listener-config'; readonly listener: number; readonly config: Config }
  | { readonly kind: 'backlog'; readonly listener: number; readonly backlog: number }
  | { readonly kind: 'connect'; readonly options: ConnectOptions }
  | { readonly kind: 'open' | 'push' | 'close' | 'release' | 'events'; readonly connection: number }
  | {
      readonly kind: 'send'
      readonly connection: number
      readonly flags: number
      readonly octets: Uint8Array
    }
  | { readonly kind: 'receive'; readonly connection: number; readonly length: number }
  | { readonly kind: 'acknowledge-quickly'; readonly connection: number; readonly quickly: boolean }
  | { readonly kind: 'abort'; readonly connection: number; readonly reason: string }
  | { readonly kind: 'reconfigure'; readonly connection: number; readonly config: Config }

/** What came of an input: what was thrown, or numbers that each kind of input has its own of; and a sent packet's headers. */
export interface Outcome {
  readonly threw: string | null
  readonly numbers: readonly number[]
  readonly headers: Uint8Array | null
}

/** A number that a stack was given: random, or an initial sequence number; null where it had to choose that by itself. */
export interface Draw {
  readonly what: 'random' | 'sequence-number'
  readonly number: number | null
}

export interface Entry {
  /** From 1. */
  readonly index: number
  /** Where it begins, in octets. */
  readonly offset: number
  /** The stack's number, from 0. */
  readonly stack: number
  /** Microseconds on the stack's clock. */
  readonly at: number
  readonly input: Input
  /** The packet's number in the run; 0: it has none. */
  readonly packet: number
  /** Octets of the frame of this poll and those after it, and `ownPacketsLeft`; null: as before. */
  readonly polling: { readonly frameOctets: number; readonly ownPacketsLeft: number } | null
  readonly draws: readonly Draw[]
  readonly outcome: Outcome
  /** A hash of each event that the stack told of it; null: of this kind of input none is told. */
  readonly told: readonly number[] | null
}

/**
 * How a log ends: in order; in order, but its octets are not those that were written; because it was full; or as that of a run
 * which goes on, or of one that crashed.
 */
export type LogEnd = 'ended' | 'changed' | 'full' | 'open' | 'cut-off'

interface StackState {
  time: number
  listeners: number
  readonly configs: Config[]
}

/** A frame is no larger than this: what a link may carry, and some. */
const LARGEST_FRAME = 70_000
const NO_DRAWS: readonly Draw[] = []
const NONE_TOLD: readonly number[] = []
const DEADLINE: Input = { kind: 'deadline' }
const TOLD: Input = { kind: 'told' }

export class LogReader {
  /** The Elko that wrote it: '0.1.0'. */
  readonly elko: string
  /** How it ends, once `next` gave null. */
  end: LogEnd = 'open'
  /** How the run was told, where the log says so: what `toldStory` takes. */
  story: unknown = null
  readonly #cursor: LogCursor
  readonly #stacks: StackState[] = []
  #current = 0
  #count = 0
  /** It ended, or what comes next makes no sense: nothing more is read. */
  #isOver = false
  #packet = 0
  #polling: Entry['polling'] = null

  /** @throws LogError where it is no log, or one of another version. */
  constructor(octets: Uint8Array) {
    this.#cursor = new LogCursor(octets)
    this.elko = readHead(this.#cursor)
  }

  /** Entries read. */
  get count(): number {
    return this.#count
  }

  /** Octets read. */
  get offset(): number {
    return this.#cursor.at
  }

  /**
   * The next one, or null where there is no other: `end` says why.
   *
   * @throws LogError where the log says what cannot be.
   */
  next(): Entry | null {
    const start = this.#cursor.at
    if (this.#isOver) return null
    try {
      const entry = this.#read()
      this.#isOver = entry === null
      return entry
    } catch (error) {
      this.#isOver = true
      if (error instanceof RangeError) throw new LogError(start, error.message)
      if (!(error instanceof CutOff)) throw error
      this.end = 'cut-off'
      return null
    }
  }

  #read(): Entry | null {
    const cursor = this.#cursor
    while (!cursor.isAtEnd) {
      const offset = cursor.at
      const record = cursor.byte()
      if (record >= RECORD.PACKET) return this.#readInput(offset, record)
      if (record === RECORD.STACK) return this.#readStack(offset)
      if (record === RECORD.END || record === RECORD.FULL) {
        const isAsWritten = record === RECORD.FULL ? cursor.isAtEnd : this.#isAsWritten()
        this.end = !isAsWritten ? 'changed' : record === RECORD.FULL ? 'full' : 'ended'
        return null
      }
      this.#readAside(offset, record)
    }
    return null
  }

  /** What says how later records are to be read. */
  #readAside(offset: number, record: number): void {
    const cursor = this.#cursor
    if (record === RECORD.OTHER_STACK) {
      this.#current = cursor.whole()
      if (this.#current > this.#stacks.length)
        throw new LogError(offset, `there is no stack ${this.#current}`)
    } else if (record === RECORD.CONFIG) {
      const { configs } = this.#state(offset)
      configs.push(configOf(cursor.object(), configs[0]))
    } else if (record === RECORD.POLLING) {
      const frameOctets = cursor.whole()
      if (frameOctets > LARGEST_FRAME) throw new LogError(offset, `a frame of ${frameOctets} octets`)
      this.#polling = { frameOctets, ownPacketsLeft: cursor.number() }
    } else if (record === RECORD.STORY) this.story = cursor.object()
    else throw new LogError(offset, `no record begins with ${record}`)
  }

  #readStack(offset: number): Entry {
    const made = recordedStack(this.#cursor.object())
    this.#current = this.#stacks.push({ time: 0, listeners: 0, configs: [made.config] }) - 1
    const draws = this.#readDraws()
    return this.#entry(offset, 0, { kind: 'stack', made }, draws, readOutcome(this.#cursor, 'stack'), null)
  }

  /** Behind END. */
  #isAsWritten(): boolean {
    const cursor = this.#cursor
    const hash = new RunningHash()
    hash.add(cursor.octets, 0, cursor.at)
    return cursor.number() === hash.value && cursor.isAtEnd
  }

  #readInput(offset: number, record: number): Entry {
    const cursor = this.#cursor
    const state = this.#state(offset)
    if (record === RECORD.DEADLINE || record === RECORD.TOLD) {
      const isDeadline = record === RECORD.DEADLINE
      const number = isDeadline ? cursor.number(state.time) : cursor.whole()
      const outcome = { threw: null, numbers: [number], headers: null }
      return this.#entry(offset, state.time, isDeadline ? DEADLINE : TOLD, NO_DRAWS, outcome, null)
    }
    const at = cursor.time(state.time)
    state.time = at
    if (record === RECORD.PACKET || record === RECORD.TRANSMIT) this.#packet = cursor.time(0)
    const input = readInput(cursor, record, state, offset)
    const draws = this.#readDraws()
    const outcome = readOutcome(cursor, input.kind)
    if (input.kind === 'listen' && outcome.threw === null) state.listeners++
    return this.#entry(offset, at, input, draws, outcome, this.#readTold())
  }

  #readTold(): readonly number[] {
    const cursor = this.#cursor
    const count = cursor.whole()
    if (count === 0) return NONE_TOLD
    if (3 * count > cursor.octets.length - cursor.at) throw new CutOff()
    return Array.from({ length: count }, () => cursor.byte() | (cursor.byte() << 8) | (cursor.byte() << 16))
  }

  #entry(
    offset: number,
    at: number,
    input: Input,
    draws: readonly Draw[],
    outcome: Outcome,
    told: Entry['told'],
  ): Entry {
    const polling = this.#polling
    const packet = this.#packet
    this.#packet = 0
    this.#polling = null
    const index = ++this.#count
    return { index, offset, stack: this.#current, at, input, packet, polling, draws, outcome, told }
  }

  #readDraws(): readonly Draw[] {
    const cursor = this.#cursor
    let draws: Draw[] | null = null
    while (!cursor.isAtEnd) {
      const record = cursor.octets[cursor.at]
      if (record === RECORD.RANDOM) {
        cursor.at++
        draws = draws ?? []
        draws.push({ what: 'random', number: cursor.number() })
      } else if (record === RECORD.SEQUENCE_NUMBER) {
        cursor.at++
        draws = draws ?? []
        draws.push({ what: 'sequence-number', number: cursor.byte() === 0 ? null : cursor.number() })
      } else break
    }
    return draws ?? NO_DRAWS
  }

  #state(offset: number): StackState {
    const state = this.#stacks[this.#current]
    if (state === undefined) throw new LogError(offset, 'a record of a stack that was not made')
    return state
  }
}

function readHead(cursor: LogCursor): string {
  const { octets } = cursor
  const end = octets.subarray(0, 100).indexOf(0x0a)
  let head = ''
  for (const octet of octets.subarray(0, Math.max(0, end))) head += String.fromCharCode(octet)
  const [, version, elko] = /^elko-log (\d+) ([!-~]+)$/.exec(head) ?? []
  if (version === undefined || elko === undefined) {
    throw new LogError(0, `expected a log of Elko, which begins with "${LOG_MAGIC}${LOG_VERSION}"`)
  }
  if (Number(version) !== LOG_VERSION) {
    throw new LogError(
      LOG_MAGIC.length,
      `a log of version ${version}, which Elko ${elko} wrote and can replay; this one replays version ${LOG_VERSION}`,
    )
  }
  cursor.at = end + 1
  return elko
}

const SIMPLE: ReadonlyMap<number, Input> = new Map([
  [RECORD.TRANSMIT, { kind: 'transmit' }],
  [RECORD.FREE_PORT, { kind: 'free-port' }],
  [RECORD.CLOSE, { kind: 'close-stack' }],
])

function readInput(cursor: LogCursor, record: number, state: StackState, offset: number): Input {
  const simple = SIMPLE.get(record)
  if (simple !== undefined) return simple
  if (record === RECORD.PACKET) return { kind: 'packet', octets: cursor.block() }
  if (record === RECORD.TIMEOUT) return { kind: 'timeout', last: cursor.number(state.time) }
  if (record === RECORD.LISTEN)
    return { kind: 'listen', options: listenOptions(cursor.object(), state.configs) }
  if (record === RECORD.CONNECT)
    return { kind: 'connect', options: connectOptions(cursor.object(), state.configs) }
  if (record >= RECORD.OPEN) return readCall(cursor, record, state, offset)
  const listener = cursor.whole()
  if (listener >= state.listeners) throw new LogError(offset, `there is no listener ${listener}`)
  if (record === RECORD.ACCEPT) return { kind: 'accept', listener }
  if (record === RECORD.CLOSE_LISTENER) return { kind: 'close-listener', listener }
  if (record === RECORD.BACKLOG) return { kind: 'backlog', listener, backlog: cursor.number() }
  if (record !== RECORD.LISTENER_CONFIG) throw new LogError(offset, `no record begins with ${record}`)
  return { kind: 'listener-config', listener, config: readConfig(cursor, state, offset) }
}

const PLAIN_CALLS: ReadonlyMap<number, 'open' | 'push' | 'close' | 'release' | 'events'> = new Map([
  [RECORD.OPEN, 'open'],
  [RECORD.PUSH, 'push'],
  [RECORD.CLOSE_CONNECTION, 'close'],
  [RECORD.RELEASE, 'release'],
  [RECORD.EVENTS, 'events'],
])

function readCall(cursor: LogCursor, record: number, state: StackState, offset: number): Input {
  const connection = cursor.whole()
  const plain = PLAIN_CALLS.get(record)
  if (plain !== undefined) return { kind: plain, connection }
  switch (record) {
    case RECORD.SEND:
      return { kind: 'send', connection, flags: cursor.whole(), octets: cursor.block() }
    case RECORD.RECEIVE:
      return { kind: 'receive', connection, length: cursor.whole() }
    case RECORD.ACKNOWLEDGE_QUICKLY:
      return { kind: 'acknowledge-quickly', connection, quickly: cursor.byte() !== 0 }
    case RECORD.ABORT:
      return { kind: 'abort', connection, reason: cursor.text() }
    case RECORD.RECONFIGURE:
      return { kind: 'reconfigure', connection, config: readConfig(cursor, state, offset) }
    default:
      throw new LogError(offset, `no record begins with ${record}`)
  }
}

function readConfig(cursor: LogCursor, { configs }: StackState, offset: number): Config {
  const number = cursor.whole()
  const config = configs[number]
  if (config === undefined) throw new LogError(offset, `there is no configuration ${number}`)
  return config
}

/** How many whole numbers an outcome has. */
const WHOLE_NUMBERS: Readonly<Partial<Record<Input['kind'], number>>> = {
  listen: 2,
  accept: 1,
  connect: 1,
  send: 1,
  events: 1,
}

function readOutcome(cursor: LogCursor, kind: Input['kind']): Outcome {
  const offset = cursor.at
  const record = cursor.byte()
  if (record === RECORD.THREW) {
    const threw = cursor.text()
    if (!isPlainText(threw)) throw new LogError(offset, 'expected the name of an error')
    return { threw, numbers: [], headers: null }
  }
  if (record !== RECORD.DONE) throw new LogError(offset, `expected what came of it, not ${record}`)
  const numbers: number[] = []
  for (let left = WHOLE_NUMBERS[kind] ?? 0; left > 0; left--) numbers.push(cursor.whole())
  let headers: Uint8Array | null = null
  if (kind === 'free-port') numbers.push(cursor.number())
  else if (kind === 'receive') numbers.push(cursor.whole(), cursor.whole(), cursor.number())
  else if (kind === 'transmit') {
    numbers.push(cursor.whole())
    if (numbers[0]! > 0) {
      headers = cursor.block()
      numbers.push(cursor.number())
    }
  }
  return { threw: null, numbers, headers }
}
