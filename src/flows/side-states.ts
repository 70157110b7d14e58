/**
 * The states that one end of a captured connection went through: the machine of src/tcp/state.ts, driven by what the
 * wire shows. An event that the table has no arrow for changes nothing.
 */

import { TRANSITIONS } from '../tcp/state.ts'
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

/** Where an event leads, by state and cause. The table has one arrow for each pair. */
const ARROWS: readonly ReadonlyMap<string, number>[] = STATE_NAMES.map(
  (state) =>
    new Map(
      TRANSITIONS.filter(({ from }) => from === state).map(({ to, cause }) => [
        cause,
        STATE_NAMES.indexOf(to),
      ]),
    ),
)

/** More is a capture that plays with the machine. */
const MAX_STEPS = 64

export class SideStates {
  /** Index in STATE_NAMES. */
  state = 0
  readonly steps: FlowStep[] = []

  /** Where the path begins. */
  start(state: StateName, frame: number, at: number, inferred: boolean): void {
    this.state = STATE_NAMES.indexOf(state)
    this.steps.length = 0
    this.steps.push({ state, cause: '', frame, at, inferred })
  }

  /** Follows an arrow; whether there is one from here. */
  on(cause: string, frame: number, at: number, inferred = false): boolean {
    const to = ARROWS[this.state]!.get(cause)
    if (to === undefined) return false
    this.state = to
    if (this.steps.length < MAX_STEPS)
      this.steps.push({ state: STATE_NAMES[to]!, cause, frame, at, inferred })
    return true
  }

  /** Takes back the last step. */
  undo(): void {
    if (this.steps.length < 2) return
    this.steps.pop()
    this.state = STATE_NAMES.indexOf(this.steps.at(-1)!.state)
  }
}
