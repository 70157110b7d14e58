/** The variables of every connection over the whole run, kept as numbers: looking back costs a search, not a replay. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Stack } from '../stack/stack.ts'
import { CLOSED } from '../tcp/state.ts'
import { STATE_NAMES, type StateName } from '../trace/states.ts'
import { VARIABLES } from './variables.ts'

/** A row has its step, the state's number, and the variables in their order. */
const FIRST_VARIABLE = 2
const WIDTH = FIRST_VARIABLE + VARIABLES.length
const FIRST_ROWS = 64

/** What a connection looked like at a time. */
export interface Snapshot {
  readonly state: StateName
  /** In the order of VARIABLES. */
  readonly values: Float64Array
}

/** One connection of one host. */
export class Track {
  readonly host: string
  readonly connection: number
  #rows = new Float64Array(FIRST_ROWS * WIDTH)
  #count = 0
  readonly #row = new Float64Array(WIDTH)

  constructor(host: string, connection: number) {
    this.host = host
    this.connection = connection
  }

  /** Rows kept: one for each step after which something had changed. */
  get length(): number {
    return this.#count
  }

  /** @returns whether anything had changed. */
  take(step: number, { tcb }: HostedConnection): boolean {
    const row = this.#row
    row[0] = step
    row[1] = tcb.state
    for (let i = 0; i < VARIABLES.length; i++) row[FIRST_VARIABLE + i] = VARIABLES[i]!.read(tcb)
    if (this.#count > 0) {
      const last = (this.#count - 1) * WIDTH
      let i = 1
      while (i < WIDTH && Object.is(this.#rows[last + i], row[i])) i++
      if (i === WIDTH) return false
    }
    if ((this.#count + 1) * WIDTH > this.#rows.length) {
      const longer = new Float64Array(2 * this.#rows.length)
      longer.set(this.#rows)
      this.#rows = longer
    }
    this.#rows.set(row, this.#count * WIDTH)
    this.#count++
    return true
  }

  /** After that step; null before the connection was there. */
  at(step: number): Snapshot | null {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#rows[middle * WIDTH]! <= step) low = middle + 1
      else high = middle
    }
    if (low === 0) return null
    const first = (low - 1) * WIDTH
    return {
      state: STATE_NAMES[this.#rows[first + 1]!]!,
      values: this.#rows.subarray(first + FIRST_VARIABLE, first + WIDTH),
    }
  }
}

/** All connections of all hosts of a run. */
export class Tracks {
  readonly all: Track[] = []
  readonly #open = new Map<HostedConnection, Track>()
  /** Each host's connections follow each other and are told as one, of whatever number. */
  isOnePicture = false

  /** Looks at every connection, after a step. */
  take(step: number, hosts: Iterable<{ readonly stack: Stack }>): void {
    for (const { stack } of hosts) {
      for (const connection of stack.connections()) {
        if (this.#open.has(connection)) continue
        const track = new Track(stack.name, connection.tcb.id)
        this.all.push(track)
        this.#open.set(connection, track)
      }
    }
    for (const [connection, track] of this.#open) {
      const isNews = track.take(step, connection)
      // One that is closed may still have a reset to send.
      if (!isNews && connection.tcb.state === CLOSED && !connection.attached) this.#open.delete(connection)
    }
  }

  /**
   * The last one of that number, which had begun at that step: a host that was started again counts from 1 again.
   * @param step default: the end of the run.
   */
  of(host: string, connection: number, step = Number.POSITIVE_INFINITY): Track | null {
    const found = this.all.filter(
      (track) =>
        track.host === host &&
        (this.isOnePicture || track.connection === connection) &&
        track.at(step) !== null,
    )
    return found.at(-1) ?? null
  }
}
