/**
 * The states that one end of a captured connection went through: the machine of src/tcp/state.ts, driven by what the
 * wire shows. An event that the table has no arrow for changes nothing.
 */

import { type State, TRANSITIONS } from '../tcp/state.ts'
import { STATE_NAMES, type StateName } from '../trace/states.ts'

export interface FlowStep {
  readonly state: StateName
  /** The cause by the name that the table of transitions gives it; "" for the state that a path starts from. */
  readonly cause: string
  /** The packet that showed it: frame.number, and nanoseconds from the first packet of the capture. */
  readonly frame: number
  readonly at: number
  /** No packet shows it: it follows from what came later, or from where the capture begins. */
  readonly inferred: boolean
}

/** The arrow, its place in TRANSITIONS, that an event takes, by state and cause. The table has one for each pair. */
const ARROWS: readonly ReadonlyMap<string, number>[] = STATE_NAMES.map(
  (state) =>
    new Map(TRANSITIONS.flatMap(({ from, cause }, arrow) => (from === state ? [[cause, arrow]] : []))),
)
/** Where each arrow leads, as an index in STATE_NAMES. */
const ENDS: readonly number[] = TRANSITIONS.map(({ to }) => STATE_NAMES.indexOf(to))

/** More is a capture that plays with the machine. */
const MAX_STEPS = 64

const FIRST_STEPS = 8

/** A step in a row: the arrow, below 0 for the state that a path starts from; the frame; the time; 1 where inferred. */
const ARROW = 0
const FRAME = 1
const AT = 2
const INFERRED = 3
const ROW = 4

export class SideStates {
  /** Index in STATE_NAMES. */
  state = 0
  /** Steps so far, the state that it started from among them. */
  count = 0
  #rows = new Float64Array(FIRST_STEPS * ROW)

  /** The way so far. */
  get steps(): FlowStep[] {
    return Array.from({ length: this.count }, (_, step) => this.#step(step * ROW))
  }

  /** As of an end that is in no state yet; the rows are kept for another path. */
  renew(): void {
    this.state = 0
    this.count = 0
  }

  /** Where the path begins. */
  start(state: State, frame: number, at: number, inferred: boolean): void {
    this.state = state
    this.count = 0
    this.#add(-1 - state, frame, at, inferred)
  }

  /** Follows an arrow; whether there is one from here. */
  on(cause: string, frame: number, at: number, inferred = false): boolean {
    const arrow = ARROWS[this.state]!.get(cause)
    if (arrow === undefined) return false
    this.state = ENDS[arrow]!
    if (this.count < MAX_STEPS) this.#add(arrow, frame, at, inferred)
    return true
  }

  /** Takes back the last step. */
  undo(): void {
    if (this.count < 2) return
    this.count--
    const arrow = this.#rows[(this.count - 1) * ROW + ARROW]!
    this.state = arrow < 0 ? -1 - arrow : ENDS[arrow]!
  }

  #add(arrow: number, frame: number, at: number, inferred: boolean): void {
    const row = this.count++ * ROW
    if (row === this.#rows.length) {
      const more = new Float64Array(2 * row)
      more.set(this.#rows)
      this.#rows = more
    }
    this.#rows[row + ARROW] = arrow
    this.#rows[row + FRAME] = frame
    this.#rows[row + AT] = at
    this.#rows[row + INFERRED] = inferred ? 1 : 0
  }

  #step(row: number): FlowStep {
    const rows = this.#rows
    const arrow = rows[row + ARROW]!
    const isStart = arrow < 0
    return {
      state: isStart ? STATE_NAMES[-1 - arrow]! : TRANSITIONS[arrow]!.to,
      cause: isStart ? '' : TRANSITIONS[arrow]!.cause,
      frame: rows[row + FRAME]!,
      at: rows[row + AT]!,
      inferred: rows[row + INFERRED] === 1,
    }
  }
}
