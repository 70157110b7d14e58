/**
 * From every world, all must end well once the network does what it can: what is under way arrives, the applications do
 * what they mean to, then time passes. A path that was walked once ends as it did, so each world costs a step or two.
 */

import { TIME_WAIT } from '../tcp/state.ts'
import { EMPTY } from './channel.ts'
import { ABORT, TIMEOUT, TRANSMIT } from './host.ts'
import { BROKEN, NEVER_MS } from './host-states.ts'
import { actionOf, CALL, DELIVER, EXPIRE, kindOf, type Worlds } from './worlds.ts'

/** Deliveries in a row, no call and no deadline between them: more is a storm. */
const MOST_DELIVERIES = 60
/** A path longer than this never ends. */
const MOST_STEPS = 5000
const UNKNOWN = 0
const FIRST_WORLDS = 1 << 12

export class Fairness {
  /** The actions of the last path walked. */
  readonly path: number[] = []
  readonly #worlds: Worlds
  /** UNKNOWN, or 1 and the number of deliveries that come in a row from there. */
  #fate = new Uint8Array(FIRST_WORLDS)
  readonly #passed: number[] = []

  constructor(worlds: Worlds) {
    this.#worlds = worlds
  }

  /** What goes wrong from here on though all goes as well as it can, or null. */
  problemFrom(start: number): string | null {
    const { path } = this
    const passed = this.#passed
    path.length = 0
    passed.length = 0
    let world = start
    let inARow = 0
    while (this.#fateOf(world) === UNKNOWN) {
      const action = this.#next(world)
      passed.push(world)
      path.push(action)
      if (action < 0) {
        path.pop()
        const broken = this.#worlds.brokenEnd(world)
        if (broken !== null) return broken
        break
      }
      const before = world
      world = this.#worlds.apply(world, action)
      if (world === BROKEN) return this.#worlds.problem
      inARow = kindOf(action) === DELIVER ? inARow + 1 : 0
      if (inARow > MOST_DELIVERIES) return storm(inARow)
      const problem = passed.length > MOST_STEPS ? 'it never ends' : this.#worlds.broken(world)
      if (problem !== null) return problem
      if (kindOf(action) === EXPIRE && this.#abandons(before, world)) {
        return 'one side ends at a deadline though the other is still there and all packets arrived'
      }
    }
    return this.#remember(world)
  }

  /** A deadline ended one side and left the other with a connection that is not over: TIME-WAIT is there to prevent it. */
  #abandons(before: number, after: number): boolean {
    const worlds = this.#worlds
    if (worlds.facts(before, 0).ended || worlds.facts(before, 1).ended) return false
    const left = ([0, 1] as const).filter((side) => !worlds.facts(after, side).ended)
    return left.length === 1 && worlds.facts(after, left[0]!).state !== TIME_WAIT
  }

  /** Notes how all worlds passed end, the last first. */
  #remember(end: number): string | null {
    const known = this.#fateOf(end)
    let deliveries = known === UNKNOWN ? 0 : known - 1
    for (let i = this.#passed.length - 1; i >= 0; i--) {
      const action = this.path[i]
      deliveries = action !== undefined && kindOf(action) === DELIVER ? deliveries + 1 : 0
      if (deliveries > MOST_DELIVERIES) return storm(deliveries)
      this.#setFate(this.#passed[i]!, deliveries + 1)
    }
    return null
  }

  #fateOf(world: number): number {
    return world < this.#fate.length ? this.#fate[world]! : UNKNOWN
  }

  #setFate(world: number, fate: number): void {
    while (world >= this.#fate.length) {
      const twice = new Uint8Array(this.#fate.length * 2)
      twice.set(this.#fate)
      this.#fate = twice
    }
    this.#fate[world] = fate
  }

  /** What happens next where all goes well, or -1 for nothing. */
  #next(world: number): number {
    const worlds = this.#worlds
    for (const side of [0, 1] as const) {
      if ((worlds.facts(world, side).wants >> TRANSMIT) & 1) return actionOf(CALL, side, TRANSMIT)
    }
    for (let side = 0; side < 2; side++) {
      if (worlds.channelTo(world, side) !== EMPTY) return actionOf(DELIVER, side, 0)
    }
    for (const side of [0, 1] as const) {
      const wants = worlds.facts(world, side).wants & ~(1 << ABORT)
      for (let call = 0; call < TIMEOUT; call++) if ((wants >> call) & 1) return actionOf(CALL, side, call)
    }
    return worlds.deadlineMs(world) === NEVER_MS ? -1 : actionOf(EXPIRE, 0, 0)
  }
}

function storm(deliveries: number): string {
  return `a storm: ${deliveries} packets follow from each other, without a call or a deadline`
}
