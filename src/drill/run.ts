/** What a play knows while it goes on, and how it asks the stage. */

import type { Flow } from './flow.ts'
import type { LivePacket } from './packet-out.ts'
import type { PythonVariables } from './python-run.ts'
import type { Due } from './schedule.ts'
import type { Place, ScriptEvent } from './script.ts'
import type { Settings } from './settings.ts'
import type { Answer, Request } from './stage.ts'
import type { Note, Passed } from './verdict.ts'

/** A part of a play: asks a stage, and comes to a result. */
export type Play<T> = Generator<Request, T, Answer>

/** A call that was made and has not returned. */
export interface Pending {
  readonly event: ScriptEvent
  /** When it must return. */
  readonly due: number
}

export class Run {
  readonly settings: Settings
  /** Microseconds since the script's start, as of the last answer. */
  now = 0
  /** The event that is played and when it is due, and when the one before was. */
  event: ScriptEvent | null = null
  due: Due | null = null
  previousDue: number | null = null
  /** When the last packet in was due, while the event before is one: what a packet in right behind it counts from. */
  anchor: number | null = null
  /** Every connection that the script had, the oldest first; the last one is under test. */
  readonly flows: Flow[] = []
  /** Packets that came for one of them while another was looked at. */
  readonly waiting: LivePacket[] = []
  /** The stage's descriptors by the script's. */
  readonly fds = new Map<number, number>()
  pending: Pending | null = null
  /** The verdict is known; what the stage is asked from here on only tidies up. */
  isOver = false
  /** The script has sent octets that are no zeros. */
  sentText = false
  /** What the script's code sees and assigned. */
  readonly variables: PythonVariables = new Map()
  readonly notes: Note[] = []
  readonly output: string[] = []
  readonly passed: Passed[] = []
  readonly #noted = new Set<string>()

  constructor(settings: Settings) {
    this.settings = settings
  }

  /** The connection under test: the newest. */
  get under(): Flow | null {
    return this.flows.at(-1) ?? null
  }

  /** The newest connection of which `is` is true. */
  latest(is: (flow: Flow) => boolean): Flow | null {
    for (let i = this.flows.length - 1; i >= 0; i--) if (is(this.flows[i]!)) return this.flows[i]!
    return null
  }

  /** Says something once. */
  note(text: string, place: Place | null = this.event?.place ?? null): void {
    if (place === null || this.#noted.has(text)) return
    this.#noted.add(text)
    this.notes.push({ place, text })
  }

  /** Asks the stage; the answer must be of the kind that the request asks for. */
  *ask<K extends Answer['kind']>(request: Request, kind: K): Play<Extract<Answer, { kind: K }>> {
    const answer = yield request
    if (answer.kind !== kind) throw new TypeError(`the stage answered ${answer.kind} to ${request.kind}`)
    this.now = answer.now
    return answer as Extract<Answer, { kind: K }>
  }
}
