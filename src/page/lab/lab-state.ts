/** What the page knows: the configuration, what is shown, where the cursor stands, and who wants to hear of changes. */

import {
  checkConfig,
  DEFAULT_LAB,
  type Intervention,
  type LabConfig,
  LabError,
  type SentPacket,
  type Snapshot,
} from '../../lab/index.ts'
import type { LadderPair } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { framesNoted } from '../../trace/frame-notes.ts'
import { type StatePath, statePaths } from '../../trace/state-path.ts'
import type { StateName } from '../../trace/states.ts'
import type { IndexedMessage } from '../views/message-index.ts'
import { Runner, type Shown } from './shown.ts'

/** Where the reader is in the story. */
export interface Cursor {
  /** The event at which the cursor stands, or -1: before the first one. */
  readonly index: number
  /** Microseconds of the run; at that event, or between it and the next. */
  readonly us: number
}

type Listener = () => void

/** Numbers that change more often nobody reads, milliseconds. */
const READING_MS = 80

export class LabState {
  config: LabConfig = DEFAULT_LAB
  shown: Shown | null = null
  cursor: Cursor = { index: 0, us: 0 }
  /** Which of the connections. */
  pairIndex = 0
  numbers: 'absolute' | 'relative' = 'absolute'
  /** The latest complaint about the configuration; '': none. */
  complaint = ''
  /** A film plays: the cursor moves with every frame. */
  isFilm = false
  /** Called with the steps of a run that takes its time, and with -1 when it is over. */
  onProgress: (steps: number) => void = () => {}
  readonly #runner = new Runner()
  #paths: readonly StatePath[] = []
  readonly #onShown: Listener[] = []
  readonly #onCursor: Listener[] = []
  readonly #onReading: Listener[] = []
  readonly #onConfig: Listener[] = []
  #readAt = Number.NEGATIVE_INFINITY
  #isWaiting = false
  /** Something is open that no configuration leads to. */
  #isOpened = false

  /**
   * `shown`: something else is shown; `cursor`: it moved; `reading`: the same for what is read, so often as one can read
   * while a film plays; `config`: it changed, or a complaint about it.
   */
  on(what: 'shown' | 'cursor' | 'reading' | 'config', listener: Listener): void {
    const lists = {
      ...{ shown: this.#onShown, cursor: this.#onCursor },
      ...{ reading: this.#onReading, config: this.#onConfig },
    }
    lists[what].push(listener)
  }

  get pair(): LadderPair | null {
    return this.shown?.pairs[this.pairIndex] ?? null
  }

  /** The left host's name, or the right one's, as the run has it. */
  hostName(side: 0 | 1): string {
    return this.shown?.hosts[side] ?? this.config.hosts[side].name
  }

  get event(): TraceEvent | null {
    return this.shown?.timeline.events[this.cursor.index] ?? null
  }

  /** Another configuration, from its beginning. */
  load(config: LabConfig): void {
    this.cursor = { index: 0, us: 0 }
    this.pairIndex = 0
    this.#take(config)
  }

  /** The same with changes; the cursor stays where it is. What cannot be meant becomes a complaint. */
  change(changes: Partial<LabConfig>): void {
    try {
      this.#take(checkConfig({ ...this.config, ...changes }))
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      this.complaint = error.message
      tell(this.#onConfig)
    }
  }

  /**
   * When what is done at the cursor is done, microseconds: right after it, so that what stands before it in the run stays
   * as it is.
   */
  get nextUs(): number {
    return Math.floor(this.cursor.us) + 1
  }

  intervene(one: Intervention): void {
    const others = this.config.interventions.filter((other) => !isSamePacket(other, one))
    this.change({ interventions: [...others, one] })
  }

  /** How interventions name a packet; null: nobody can do anything to it. */
  sender(indexed: IndexedMessage | null): SentPacket | null {
    return indexed === null ? null : (this.shown?.sender(indexed.frame) ?? null)
  }

  /** What a packet is called: by the host that sent it, as interventions count; in what was opened, by its frame. */
  packetName(indexed: IndexedMessage): string {
    const sender = this.sender(indexed)
    if (sender !== null) return `Packet ${sender.packet} of ${this.hostName(sender.from)}`
    const frames = framesNoted(indexed.message.note)
    if (frames !== '') return `Frame ${frames}`
    return indexed.frame > 0 ? `Frame ${indexed.frame}` : 'Packet'
  }

  /** Which intervention drops a packet, or -1. */
  dropOf({ from, packet }: SentPacket): number {
    return this.config.interventions.findIndex(
      (one) => one.kind === 'drop' && one.from === from && one.packet === packet,
    )
  }

  withdraw(index: number): void {
    this.change({ interventions: this.config.interventions.filter((_, i) => i !== index) })
  }

  /** What is shown follows from the configuration, or is about to. */
  get showsRun(): boolean {
    return !this.#isOpened
  }

  /** The run of the configuration again, instead of what was opened. */
  backToRun(): void {
    this.load(this.config)
  }

  /** Shows something that no configuration leads to: a capture, a script. */
  show(shown: Shown): void {
    this.#isOpened = true
    this.#runner.stop()
    this.cursor = { index: 0, us: shown.timeline.timeOf(0) }
    this.pairIndex = 0
    this.#show(shown)
  }

  choosePair(index: number): void {
    this.pairIndex = index
    tell(this.#onShown)
    this.look()
  }

  setNumbers(numbers: 'absolute' | 'relative'): void {
    this.numbers = numbers
    tell(this.#onShown)
    this.look()
  }

  goToEvent(index: number): void {
    const timeline = this.shown?.timeline
    if (timeline === undefined) return
    const within = timeline.within(index)
    this.cursor = { index: within, us: timeline.timeOf(within) }
    this.look()
  }

  goToTime(us: number): void {
    const timeline = this.shown?.timeline
    if (timeline === undefined) return
    this.cursor = { index: timeline.indexAt(us), us }
    this.look()
  }

  /** A film begins, or ends: then everything is where the cursor is. */
  setFilm(isFilm: boolean): void {
    this.isFilm = isFilm
    if (!isFilm) this.look()
  }

  /** Everything that is seen shows where the cursor is: it moved, or something is seen that was not. */
  look(): void {
    tell(this.#onCursor)
    const now = performance.now()
    if (this.isFilm && now - this.#readAt < READING_MS) return
    this.#readAt = now
    tell(this.#onReading)
  }

  /** The state of one side's connection at the cursor, as far as the events tell. */
  stateOf(side: 0 | 1): StateName | null {
    const { pair, cursor } = this
    const end = side === 0 ? pair?.left : pair?.right
    const path = this.#paths.find((one) => one.host === end?.host && one.connection === end?.connection)
    return path?.steps.filter(({ at }) => at <= cursor.us).at(-1)?.state ?? null
  }

  /** The variables of one side's connection at the cursor, and at the event before it; null where they are not known. */
  snapshots(side: 0 | 1): { readonly now: Snapshot; readonly before: Snapshot | null } | null {
    const { shown, pair, cursor } = this
    const end = side === 0 ? pair?.left : pair?.right
    if (shown === null || shown.tracks === null || end === undefined) return null
    const step = shown.timeline.stepOf(cursor.index)
    const track = shown.tracks.of(end.host, end.connection, step)
    const now = track?.at(step) ?? null
    if (track === null || now === null) return null
    let earlier = cursor.index - 1
    while (earlier > 0 && shown.timeline.stepOf(earlier) === step) earlier--
    return { now, before: cursor.index <= 0 ? null : track.at(shown.timeline.stepOf(earlier)) }
  }

  #take(config: LabConfig): void {
    this.config = config
    this.complaint = ''
    this.#isOpened = false
    tell(this.#onConfig)
    if (this.#isWaiting) return
    this.#isWaiting = true
    // A slider that is drawn changes the configuration more often than a run is worth.
    requestAnimationFrame(() => {
      this.#isWaiting = false
      // What was opened meanwhile stays.
      if (this.#isOpened) return
      this.#runner.start(this.config, (shown) => this.#show(shown), this.onProgress)
    })
  }

  #show(shown: Shown): void {
    this.onProgress(-1)
    this.shown = shown
    this.#paths = statePaths(shown.timeline.events)
    if (this.pairIndex >= shown.pairs.length) this.pairIndex = 0
    const last = shown.timeline.timeOf(shown.timeline.length - 1)
    const us = Math.min(this.cursor.us, last)
    const index = Math.max(0, Math.min(this.cursor.index, shown.timeline.indexAt(us)))
    this.cursor = { index, us: Math.max(us, shown.timeline.timeOf(0)) }
    tell(this.#onShown)
    this.look()
  }
}

function tell(listeners: readonly Listener[]): void {
  for (const listener of listeners) listener()
}

/** Each packet has one fate. */
function isSamePacket(one: Intervention, other: Intervention): boolean {
  if (!('packet' in one && 'packet' in other)) return false
  return one.from === other.from && one.packet === other.packet
}
