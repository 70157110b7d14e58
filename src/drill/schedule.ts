/** When an event is due, and whether what happened happened in time. Microseconds since the script's start. */

import type { EventTime } from './script.ts'
import type { Settings } from './settings.ts'

export interface Due {
  readonly kind: EventTime['kind']
  /** The whole of an exact time is `from`; of 'any', both are the moment at which the event was taken up. */
  readonly from: number
  readonly to: number
  /** What relative times count from. */
  readonly base: number
}

/**
 * @param base the moment at which the event is taken up; for a packet in right after a packet in, when that was due:
 *   so delays of the host do not add up.
 */
export function dueAt(time: EventTime, base: number): Due {
  switch (time.kind) {
    case 'absolute':
      return { kind: time.kind, from: time.at, to: time.at, base }
    case 'relative':
      return { kind: time.kind, from: base + time.at, to: base + time.at, base }
    case 'any':
      return { kind: time.kind, from: base, to: base, base }
    case 'absolute-range':
      return { kind: time.kind, from: time.from, to: time.to, base }
    case 'relative-range':
      return { kind: time.kind, from: base + time.from, to: base + time.to, base }
  }
}

/**
 * How far off something may be: a fixed time, or a share of the time since the event before, whichever is more.
 *
 * @param previous when the event before was due; null for the first.
 */
export function toleranceOf(settings: Settings, from: number, previous: number | null): number {
  const share = previous === null ? 0 : (settings.tolerancePercent / 100) * (from - previous)
  return Math.max(settings.toleranceUs, share)
}

/** Whether `at` is in time. */
export function inTime(due: Due, at: number, tolerance: number): boolean {
  return due.kind === 'any' || (at >= due.from - tolerance && at <= due.to + tolerance)
}

/** e.g. '0.210000' or '0.210000~0.215000 (tolerance 0.004000)', in seconds. */
export function dueText(due: Due, tolerance: number): string {
  if (due.kind === 'any') return 'any time'
  const range = due.from === due.to ? seconds(due.from) : `${seconds(due.from)}~${seconds(due.to)}`
  return `${range} s (tolerance ${seconds(tolerance)})`
}

/** Microseconds as seconds with six digits. */
export function seconds(us: number): string {
  return (us / 1e6).toFixed(6)
}
