/** What the page knows: the configuration, what is shown, where the cursor stands, and who wants to hear of changes. */

import {
  checkConfig,
  DEFAULT_LAB,
  type Intervention,
  type LabConfig,
  LabError,
  type Snapshot,
} from '../../lab/index.ts'
import type { LadderPair } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { type StatePath, statePaths } from '../../trace/state-path.ts'
import type { StateName } from '../../trace/states.ts'
import { Runner, type Shown } from './shown.ts'

/** Where the reader is in the story. */
export interface Cursor {
  /** The event at which the cursor stands, or -1: before the first one. */
  readonly index: number
  /** Microseconds of the run; at that event, or between it and the next. */
  readonly us: number
}

type Listener = () => void

export class LabState {
  config: LabConfig = DEFAULT_LAB
  shown: Shown | null = null
  cursor: Cursor = { index: 0, us: 0 }
  /** Which of the connections. */
  pairIndex = 0
  numbers: 'absolute' | 'relative' = 'absolute'
  /** The latest complaint about the configuration; '': none. */
  complaint = ''
  /** Called with the steps of a run that takes its time, and with -1 when it is over. */
  onProgress: (steps: number) => void = () => {}
  readonly #runner = new Runner()
  #paths: readonly StatePath[] = []
  readonly #onShown: Listener[] = []
  readonly #onCursor: Listener[] = []
  readonly #onConfig: Listener[] = []
  #isWaiting = false

  /** `shown`: something else is shown; `cursor`: it moved; `config`: it changed, or a complaint about it. */
  on(what: 'shown' | 'cursor' | 'config', listener: Listener): void {
    const lists = { shown: this.#onShown, cursor: this.#onCursor, config: this.#onConfig }
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

  intervene(one: Intervention): void {
    const others = this.config.interventions.filter((other) => !isSamePacket(other, one))
    this.change({ interventions: [...others, one] })
  }

  withdraw(index: number): void {
    this.change({ interventions: this.config.interventions.filter((_, i) => i !== index) })
  }

  /** Shows something that no configuration leads to: a capture, a script. */
  show(shown: Shown): void {
    this.cursor = { index: 0, us: shown.timeline.timeOf(0) }
    this.pairIndex = 0
    this.#show(shown)
  }

  choosePair(index: number): void {
    this.pairIndex = index
    tell(this.#onShown)
    tell(this.#onCursor)
  }

  setNumbers(numbers: 'absolute' | 'relative'): void {
    this.numbers = numbers
    tell(this.#onShown)
    tell(this.#onCursor)
  }

  goToEvent(index: number): void {
    const timeline = this.shown?.timeline
    if (timeline === undefined) return
    const within = timeline.within(index)
    this.cursor = { index: within, us: timeline.timeOf(within) }
    tell(this.#onCursor)
  }

  goToTime(us: number): void {
    const timeline = this.shown?.timeline
    if (timeline === undefined) return
    this.cursor = { index: timeline.indexAt(us), us }
    tell(this.#onCursor)
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
    const track = shown.tracks.of(end.host, end.connection)
    const step = shown.timeline.stepOf(cursor.index)
    const now = track?.at(step) ?? null
    if (track === null || now === null) return null
    let earlier = cursor.index - 1
    while (earlier > 0 && shown.timeline.stepOf(earlier) === step) earlier--
    return { now, before: cursor.index <= 0 ? null : track.at(shown.timeline.stepOf(earlier)) }
  }

  #take(config: LabConfig): void {
    this.config = config
    this.complaint = ''
    tell(this.#onConfig)
    if (this.#isWaiting) return
    this.#isWaiting = true
    // A slider that is drawn changes the configuration more often than a run is worth.
    requestAnimationFrame(() => {
      this.#isWaiting = false
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
    tell(this.#onCursor)
  }
}

function tell(listeners: readonly Listener[]): void {
  for (const listener of listeners) listener()
}

/** Each packet has one fate. */
function isSamePacket(one: Intervention, other: Intervention): boolean {
  if (one.kind === 'inject' || other.kind === 'inject') return false
  return one.from === other.from && one.packet === other.packet
}
