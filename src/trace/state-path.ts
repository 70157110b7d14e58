/**
 * The states that each connection of each host went through, in order: the lists that seed 004 calls
 * "states visited by client side" and "by server side".
 */

import type { TraceEvent } from './events.ts'
import type { StateName } from './states.ts'

export interface StateStep {
  /** Microseconds on the clock of the run at which the state was entered. */
  readonly at: number
  readonly state: StateName
  /** The cause by the name that the table of transitions gives it; "" for the state that a path starts from. */
  readonly cause: string
}

export interface StatePath {
  readonly host: string
  readonly connection: number
  /** The state that it started from, then each state entered. Never empty. */
  readonly steps: readonly StateStep[]
}

/** One path for each host and connection with a 'state' event, in the order of their first one. */
export function statePaths(events: readonly TraceEvent[]): StatePath[] {
  const paths = new Map<string, { host: string; connection: number; steps: StateStep[] }>()
  for (const event of events) {
    if (event.kind !== 'state') continue
    const key = `${event.connection} ${event.host}`
    let path = paths.get(key)
    if (path === undefined) {
      path = { host: event.host, connection: event.connection, steps: [] }
      paths.set(key, path)
    }
    // A record that lost events has a gap; the state before the gap's end is known all the same.
    if (path.steps.at(-1)?.state !== event.from)
      path.steps.push({ at: event.at, state: event.from, cause: '' })
    path.steps.push({ at: event.at, state: event.to, cause: event.cause })
  }
  return [...paths.values()]
}

/** "CLOSED -> SYN-SENT -> ESTABLISHED" */
export function statePathText(path: StatePath): string {
  return path.steps.map((step) => step.state).join(' -> ')
}

/** The paths of these ends, in their order, left out where nothing tells of one. */
export function pathsOf(
  events: readonly TraceEvent[],
  ends: readonly { readonly host: string; readonly connection: number }[],
): StatePath[] {
  const paths = statePaths(events)
  return ends.flatMap(({ host, connection }) =>
    paths.filter((path) => path.host === host && path.connection === connection),
  )
}
