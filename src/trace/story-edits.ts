/**
 * How a run was told, beside what its stacks told: the network's doings, remarks, and events that stand elsewhere. As edits of
 * the stacks' events they go with a record of the stacks' inputs, and a replay is told in the same words.
 */

import { NETWORK_ACTIONS, type TraceEvent } from './events.ts'
import { isPlainText } from './plain-text.ts'
import { STATE_NAMES } from './states.ts'

/** So many events of the stacks are left out, and then so many kept; or one is put in. */
export type StoryEdit = readonly [skip: number, keep: number] | TraceEvent

/**
 * What makes `told` of `events`.
 *
 * @param events what the stacks told, in order.
 * @param told some of the same objects, in the same order, and others.
 */
export function storyEdits(events: readonly TraceEvent[], told: readonly TraceEvent[]): StoryEdit[] {
  const places = new Map(events.map((event, place) => [event, place]))
  const edits: StoryEdit[] = []
  let next = 0
  let skip = 0
  let keep = 0
  const close = (): void => {
    if (skip + keep > 0) edits.push([skip, keep])
    skip = 0
    keep = 0
  }
  for (const event of told) {
    const place = places.get(event) ?? -1
    if (place < next) {
      close()
      edits.push(event)
      continue
    }
    if (place > next) {
      close()
      skip = place - next
    }
    keep++
    next = place + 1
  }
  close()
  return edits
}

/**
 * The told events of a run, or of its beginning.
 *
 * @param events what the stacks told, or the first of it.
 * @throws RangeError where an edit is none.
 */
export function toldStory(events: readonly TraceEvent[], edits: readonly unknown[]): TraceEvent[] {
  const told: TraceEvent[] = []
  let next = 0
  for (const edit of edits) {
    if (isStep(edit)) {
      for (let i = next + edit[0]; i < next + edit[0] + edit[1] && i < events.length; i++)
        told.push(events[i]!)
      next += edit[0] + edit[1]
    } else if (isToldEvent(edit)) told.push(edit)
    else throw new RangeError('a story: expected numbers of events, or an event that no stack tells')
    if (next > events.length) break
  }
  return told
}

function isStep(edit: unknown): edit is readonly [number, number] {
  return (
    Array.isArray(edit) &&
    edit.length === 2 &&
    edit.every((number) => Number.isSafeInteger(number) && number >= 0)
  )
}

const ACTIONS: readonly unknown[] = NETWORK_ACTIONS
const STATES: readonly unknown[] = STATE_NAMES

/** Events that somebody else than a stack tells, and changes of state, which may stand elsewhere. */
function isToldEvent(edit: unknown): edit is TraceEvent {
  if (typeof edit !== 'object' || edit === null) return false
  const { kind, at, host, connection, ...rest } = edit as Record<string, unknown>
  if (!Number.isFinite(at) || !isPlainText(host) || !Number.isSafeInteger(connection)) return false
  if (kind === 'state') {
    return STATES.includes(rest.from) && STATES.includes(rest.to) && isPlainText(rest.cause)
  }
  if (kind === 'network') {
    const isCopy = rest.copy === undefined || Number.isFinite(rest.copy)
    return ACTIONS.includes(rest.action) && Number.isFinite(rest.packet) && isCopy
  }
  return (kind === 'application' || kind === 'remark' || kind === 'heading') && isPlainText(rest.text)
}
