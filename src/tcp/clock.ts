/**
 * The time of the event being handled, in integer microseconds from an arbitrary start.
 *
 * A stack has one and shares it with its connections; whoever drives the stack sets it before each event. Holding the
 * number here instead of passing it on saves boxing a double at every call.
 */
export class Clock {
  now = 0
}

/** A deadline that never comes. */
export const NEVER = Infinity

export function msToUs(ms: number): number {
  return ms * 1000
}
