/**
 * The recorder of a simulated run: it knows that a listener listens before anybody comes.
 *
 * A stack gives each SYN a connection of its own, and records its passive OPEN when the SYN arrives. An application
 * called `listen` long before: the first connection of a listener gets its step from CLOSED to LISTEN where that
 * happened, with what the application did until then; a later one gets it where `accept` began to wait. So the picture
 * tells what a reader of RFC 9293 expects.
 */

import type { Remark, StateChanged, TraceEvent } from '../trace/events.ts'
import { Recorder, type Trace } from '../trace/recorder.ts'

/** A remark whose connection may be filled in later: when it was made, there was none. */
export type Note = { -readonly [K in keyof Remark]: Remark[K] }

interface Listening {
  readonly note: Note
  readonly port: number
  /** Events of the listening socket since its last connection. */
  readonly unnumbered: Note[]
  hasConnection: boolean
}

export class ScenarioRecorder extends Recorder {
  readonly #listening: Listening[] = []
  /** The passive OPEN of a connection whose SYN is told next. */
  #open: StateChanged | null = null
  /** What stacks tell, as they tell it: kept for a record, else null. */
  readonly stackEvents: TraceEvent[] | null
  /** Where stacks tell it. */
  readonly ofStacks: Trace

  /** @param keepsStackEvents for `storyEdits`. */
  constructor(keepsStackEvents = false) {
    super()
    this.stackEvents = keepsStackEvents ? [] : null
    this.ofStacks = this.stackEvents === null ? this : new StackTrace(this, this.stackEvents)
  }

  /** `note` tells of listen(); `unnumbered` are the notes that the next connection of the listener will take. */
  listens(note: Note, port: number, unnumbered: Note[]): void {
    this.#listening.push({ note, port, unnumbered, hasConnection: false })
  }

  /** A host forgets all it knew. */
  forget(host: string): void {
    const kept = this.#listening.filter((listening) => listening.note.host !== host)
    this.#listening.splice(0, this.#listening.length, ...kept)
  }

  override add(event: TraceEvent): void {
    if (event.kind === 'call' && event.call === 'open' && event.detail === 'passive') return
    if (event.kind === 'state' && event.cause === 'passive-open') {
      this.#open = event
      return
    }
    const open = this.#open
    if (open !== null) {
      this.#open = null
      this.#addOpen(open, event.kind === 'received' ? event.segment.dstPort : -1)
    }
    super.add(event)
  }

  #addOpen(open: StateChanged, port: number): void {
    const found = this.#listening.filter((one) => one.note.host === open.host && one.port === port).at(-1)
    if (found === undefined) return super.add(open)
    const notes = found.unnumbered.splice(0)
    for (const note of notes) note.connection = open.connection
    // A later connection is in LISTEN since somebody waits for it, if anybody does.
    const since = found.hasConnection ? notes[0] : found.note
    const place = since === undefined ? -1 : this.events.indexOf(since)
    if (since === undefined || place < 0) return super.add(open)
    this.events.splice(found.hasConnection ? place : place + 1, 0, { ...open, at: since.at })
    found.hasConnection = true
  }
}

/** Keeps what it is told, besides. */
class StackTrace implements Trace {
  readonly #recorder: Recorder
  readonly #kept: TraceEvent[]

  constructor(recorder: Recorder, kept: TraceEvent[]) {
    this.#recorder = recorder
    this.#kept = kept
  }

  get packet(): number {
    return this.#recorder.packet
  }

  set packet(packet: number) {
    this.#recorder.packet = packet
  }

  add(event: TraceEvent): void {
    this.#kept.push(event)
    this.#recorder.add(event)
  }
}
