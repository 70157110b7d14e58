/**
 * Breadth first through all that may happen: the first rule found broken is broken by a shortest path.
 *
 * What a path has left of its bounds belongs to where it is. A world that was reached with more of everything, or with as
 * much, is not entered again: whatever follows was followed from there.
 */

import { EMPTY } from './channel.ts'
import { Fairness } from './fairness.ts'
import { BROKEN } from './host-states.ts'
import { longer } from './pairs.ts'
import type { Bounds, Scenario } from './plan.ts'
import { COPY, DELIVER, EXPIRE, kindOf, LOSE, sideOf, Worlds, whichOf } from './worlds.ts'

const NO_ENTRY = -1
const FIRST_ENTRIES = 1 << 12
/** Bits for each of the four numbers of what is left. */
const LEFT_BITS = 6
const MOST_LEFT = (1 << LEFT_BITS) - 1
const LOSSES = 0
const COPIES = LEFT_BITS
const OVERTAKINGS = 2 * LEFT_BITS
const TIMEOUTS = 3 * LEFT_BITS

export interface Violation {
  readonly problem: string
  /** What happened, from the first world on. */
  readonly path: readonly number[]
  /** What happened after the bounded part, where all goes as well as it can. */
  readonly fair: readonly number[]
}

export class Exploration {
  readonly scenario: Scenario
  readonly worlds: Worlds
  violation: Violation | null = null
  /** Different worlds entered: both sides and the network, without what is left of the bounds. */
  states = 0
  /** Steps taken from one world to a next. */
  steps = 0
  /** Steps not taken because more packets would have been under way than the bounds allow. */
  cut = 0
  readonly #fairness: Fairness
  readonly #actions: number[] = []
  #entries = 0
  #done = 0
  /** Entries: the world, what is left, the entry before and what happened there, the next one of the same world. */
  #world = new Int32Array(FIRST_ENTRIES)
  #left = new Int32Array(FIRST_ENTRIES)
  #parent = new Int32Array(FIRST_ENTRIES)
  #action = new Int32Array(FIRST_ENTRIES)
  #sibling = new Int32Array(FIRST_ENTRIES)
  /** The last entry of each world. */
  #last = new Int32Array(FIRST_ENTRIES).fill(NO_ENTRY)
  /** The first entry of each depth. */
  readonly #levels: number[] = [0]

  constructor(scenario: Scenario) {
    this.scenario = scenario
    this.worlds = new Worlds(scenario)
    this.#fairness = new Fairness(this.worlds)
    this.#enter(this.worlds.first, leftOf(scenario.bounds), NO_ENTRY, 0)
  }

  /** Steps from the first world. */
  get depth(): number {
    return this.#levels.length - 1
  }

  /** Entries that wait to be followed. */
  get waiting(): number {
    return this.#entries - this.#done
  }

  /** Everything within the bounds was seen, or a violation was. */
  get isOver(): boolean {
    return this.violation !== null || this.waiting === 0
  }

  /** Follows up to `entries` more, or as many as there are until `mostStates` is reached. Returns `isOver`. */
  run(entries: number, mostStates = Infinity): boolean {
    const end = this.#done + entries
    while (!this.isOver && this.#done < end && this.states < mostStates) {
      if (this.#done === this.#levels[this.#levels.length - 1]) this.#levels.push(this.#entries)
      this.#follow(this.#done++)
    }
    return this.isOver
  }

  #follow(entry: number): void {
    const actions = this.#actions
    const world = this.#world[entry]!
    this.worlds.actions(world, actions)
    for (const action of actions) {
      const left = this.#leftAfter(this.#left[entry]!, world, action)
      if (left < 0) continue
      const next = this.worlds.apply(world, action)
      this.steps++
      if (next === BROKEN) return this.#violated(entry, action, this.worlds.problem, [])
      if (this.#isFull(next)) this.cut++
      else if (!this.#isKnown(next, left)) this.#enter(next, left, entry, action)
      if (this.violation !== null) return
    }
  }

  /** What is left of the bounds after an action, below zero where they forbid it. */
  #leftAfter(left: number, world: number, action: number): number {
    const kind = kindOf(action)
    if (kind === LOSE) return without(left, LOSSES)
    if (kind === EXPIRE) return without(left, TIMEOUTS)
    if (kind !== DELIVER && kind !== COPY) return left
    const after = kind === COPY ? without(left, COPIES) : left
    // Of equal packets ahead none is overtaken, but those were sent later as well.
    const isAhead = whichOf(action) > 0 && this.scenario.bounds.overtakings !== Infinity
    return after >= 0 && isAhead && this.#overtakes(world, action) ? without(after, OVERTAKINGS) : after
  }

  #overtakes(world: number, action: number): boolean {
    const { channels } = this.worlds
    const channel = this.worlds.channelTo(world, sideOf(action))
    return channels.at(channel, whichOf(action)) !== channels.head(channel)
  }

  #isFull(world: number): boolean {
    const { channels } = this.worlds
    for (let side = 0; side < 2; side++) {
      let room = this.scenario.bounds.underWay
      for (let at = this.worlds.channelTo(world, side); at !== EMPTY; at = channels.rest(at)) {
        if (--room < 0) return true
      }
    }
    return false
  }

  #isKnown(world: number, left: number): boolean {
    if (world >= this.#last.length) return false
    for (let entry = this.#last[world]!; entry !== NO_ENTRY; entry = this.#sibling[entry]!) {
      if (covers(this.#left[entry]!, left)) return true
    }
    return false
  }

  #enter(world: number, left: number, parent: number, action: number): void {
    const entry = this.#entries++
    if (entry === this.#world.length) this.#makeRoom()
    while (world >= this.#last.length) {
      const before = this.#last.length
      this.#last = longer(this.#last).fill(NO_ENTRY, before)
    }
    const isNew = this.#last[world] === NO_ENTRY
    this.#world[entry] = world
    this.#left[entry] = left
    this.#parent[entry] = parent
    this.#action[entry] = action
    this.#sibling[entry] = this.#last[world]!
    this.#last[world] = entry
    if (!isNew) return
    this.states++
    const broken = this.worlds.broken(world)
    if (broken !== null) return this.#violated(entry, -1, broken, [])
    const unfair = this.#fairness.problemFrom(world)
    if (unfair !== null) this.#violated(entry, -1, unfair, this.#fairness.path)
  }

  #makeRoom(): void {
    this.#world = longer(this.#world)
    this.#left = longer(this.#left)
    this.#parent = longer(this.#parent)
    this.#action = longer(this.#action)
    this.#sibling = longer(this.#sibling)
  }

  #violated(entry: number, action: number, problem: string, fair: readonly number[]): void {
    const path: number[] = action < 0 ? [] : [action]
    for (let at = entry; this.#parent[at] !== NO_ENTRY; at = this.#parent[at]!)
      path.unshift(this.#action[at]!)
    this.violation = { problem, path, fair: [...fair] }
  }
}

function leftOf(bounds: Bounds): number {
  const { losses, copies, overtakings, timeouts } = bounds
  for (const [name, value] of Object.entries({ losses, copies, timeouts })) {
    if (!Number.isInteger(value) || value < 0 || value > MOST_LEFT) {
      throw new RangeError(`bounds.${name} must be a whole number from 0 to ${MOST_LEFT}, not ${value}`)
    }
  }
  const ahead = Math.min(overtakings, MOST_LEFT)
  return (losses << LOSSES) | (copies << COPIES) | (ahead << OVERTAKINGS) | (timeouts << TIMEOUTS)
}

function without(left: number, bits: number): number {
  return ((left >> bits) & MOST_LEFT) === 0 ? -1 : left - (1 << bits)
}

/** Whether `more` has at least as much left of everything. */
function covers(more: number, left: number): boolean {
  for (const bits of [LOSSES, COPIES, OVERTAKINGS, TIMEOUTS]) {
    if (((more >> bits) & MOST_LEFT) < ((left >> bits) & MOST_LEFT)) return false
  }
  return true
}
