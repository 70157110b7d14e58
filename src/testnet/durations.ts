/** Times as people write them: '10s', '2h', '1.5ms'; a number is in milliseconds. */

import { measured } from '../sim/impairment-options.ts'

export type Duration = string | number

const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  µs: 1,
  ms: 1e3,
  s: 1e6,
  min: 6e7,
  h: 3.6e9,
  d: 8.64e10,
}

/**
 * Whole microseconds, 0 or more.
 * @param what the option that has it, for the error.
 * @throws TypeError for what is no duration.
 */
export function microseconds(duration: Duration, what: string): number {
  const us = typeof duration === 'number' ? duration * 1000 : measured(String(duration).trim(), UNITS)
  if (us !== null && us >= 0 && Number.isFinite(us)) return Math.round(us)
  throw new TypeError(
    `${what}: expected a duration such as '500ms', '10s', '5min', '2h' or a number of milliseconds, not '${duration}'`,
  )
}

/** '250 us', '12.5 ms', '3.2 s', '2 h 5 min'. */
export function durationWords(us: number): string {
  if (us < 1000) return `${us} us`
  if (us < 1e6) return `${us / 1000} ms`
  if (us < 6e7) return `${Math.round(us / 1e3) / 1e3} s`
  const minutes = Math.floor(us / 6e7)
  const seconds = Math.round((us - minutes * 6e7) / 1e3) / 1e3
  const words = [
    [Math.floor(minutes / 60), 'h'],
    [minutes % 60, 'min'],
    [seconds, 's'],
  ] as const
  return words
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}
