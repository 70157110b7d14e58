/** Times as a reader wants them: one unit for a column of times. */

export interface TimeScale {
  readonly unit: 'µs' | 'ms' | 's'
  /** Time since the first one, in `unit`, without its name. */
  text(atUs: number): string
}

/** The scale for a column of times in microseconds: every text has the same decimals, and none loses a digit. */
export function timeScale(timesUs: readonly number[]): TimeScale {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const at of timesUs) {
    if (at < first) first = at
    if (at > last) last = at
  }
  const origin = timesUs.length === 0 ? 0 : first
  const spanUs = timesUs.length === 0 ? 0 : last - first
  const even = (stepUs: number) => timesUs.every((at) => (at - origin) % stepUs === 0)
  if (spanUs > 0 && spanUs < 10_000 && !even(1000)) {
    return { unit: 'µs', text: (at) => String(at - origin) }
  }
  if (spanUs < 10_000_000) {
    const decimals = even(1000) ? 0 : even(100) ? 1 : 3
    return { unit: 'ms', text: (at) => ((at - origin) / 1000).toFixed(decimals) }
  }
  const decimals = even(1000) ? 3 : 6
  return { unit: 's', text: (at) => ((at - origin) / 1e6).toFixed(decimals) }
}
