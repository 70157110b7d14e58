/**
 * The events of a run as a picture wants them: each call once, in the words of the application.
 *
 * An application's call and TCP's user call are two events of one thing. A picture draws the user call as an arrow, so
 * the application's words for it go, and what TCP signals goes where the application tells of it itself: a `read` that
 * returns needs no "readable" beside it.
 */

import type { Called, TraceEvent } from '../../trace/events.ts'

export interface StoryOptions {
  /** Every connection of a host counts as one: they have the same ports and follow each other. */
  readonly oneConnection?: boolean
}

const TOLD_BY_APPLICATIONS: ReadonlySet<string> = new Set([
  'connected',
  'readable',
  'writable',
  'drained',
  'closing',
  'returned-to-listen',
])

export function story(events: readonly TraceEvent[], options: StoryOptions = {}): TraceEvent[] {
  const merged = options.oneConnection === true ? inOneConnection(events) : events
  const told: TraceEvent[] = []
  merged.forEach((event, index) => {
    if (event.kind === 'signal' && TOLD_BY_APPLICATIONS.has(event.signal)) return
    if (event.kind === 'call' && (event.call === 'receive' || isToldOtherwise(merged, index, event))) return
    if (event.kind === 'application') {
      const call = callBehind(merged, index)
      if (call !== null && event.text === wordsOf(call)) return
      if (call !== null && event.text === 'connect() blocks') {
        told.push({ ...call, at: event.at }, { ...event, text: '(blocks)' })
        return
      }
    }
    told.push(event)
  })
  return told
}

/** The user call that follows at once at the same connection. */
function callBehind(events: readonly TraceEvent[], index: number): Called | null {
  const event = events[index]!
  const next = events[index + 1]
  const follows = next?.kind === 'call' && next.at === event.at && next.host === event.host
  return follows && next.connection === event.connection ? next : null
}

/** "close" is what TCP calls shutdown, too; a connect that blocks has been told already. */
function isToldOtherwise(events: readonly TraceEvent[], index: number, call: Called): boolean {
  const before = events[index - 1]
  if (before?.kind !== 'application' || callBehind(events, index - 1) !== call) return false
  if (call.call === 'open') return before.text === 'connect() blocks'
  if (call.call === 'close') return before.text !== 'close()'
  return call.call === 'abort' || call.detail === 'urgent'
}

function wordsOf(call: Called): string {
  if (call.call === 'send') return call.detail === 'urgent' ? '' : `write(${call.octets})`
  return call.call === 'close' ? 'close()' : ''
}

/** A host's connections as one. That a listener's later child starts in LISTEN is no news then. */
function inOneConnection(events: readonly TraceEvent[]): TraceEvent[] {
  const began = new Set<string>()
  const merged: TraceEvent[] = []
  for (const event of events) {
    if (event.kind === 'state' && event.cause === 'passive-open') {
      if (began.has(event.host)) continue
      began.add(event.host)
    }
    merged.push(event.connection > 1 ? { ...event, connection: 1 } : event)
  }
  return merged
}
