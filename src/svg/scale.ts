/** From values to pixels, and the round values that deserve a tick. */

export interface LinearScale {
  readonly from: number
  readonly to: number
  /** Pixels of a value; beyond the ends the scale goes on. */
  at(value: number): number
}

/** Where `from` and `to` are the same value, it stands in the middle. */
export function linearScale(from: number, to: number, first: number, last: number): LinearScale {
  const span = to - from
  const room = last - first
  return {
    from,
    to,
    at: (value) => (span === 0 ? first + room / 2 : first + ((value - from) / span) * room),
  }
}

/** Round values from `from` to `to` in steps of 1, 2 or 5 times a power of ten, at most `most` of them (at least 2). */
export function ticks(from: number, to: number, most: number): number[] {
  const step = tickStep(from, to, most)
  if (step === 0) return [from]
  const values: number[] = []
  // Counted in steps, as added fractions would drift away from round values.
  for (let count = Math.ceil(from / step); count * step <= to; count++)
    values.push(roundTo(count * step, step))
  return values
}

export function tickStep(from: number, to: number, most: number): number {
  const span = to - from
  if (!(span > 0)) return 0
  const least = span / Math.max(1, most - 1)
  const power = 10 ** Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-9))!
}

function roundTo(value: number, step: number): number {
  const decimals = Math.max(0, -Math.floor(Math.log10(step)))
  return Number(value.toFixed(Math.min(20, decimals)))
}

/** '1448', '64 k', '1.5 M': octets and sequence numbers on an axis, in steps of 1000. */
export function countText(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return `${trimmed(value / 1e9)} G`
  if (size >= 1e6) return `${trimmed(value / 1e6)} M`
  if (size >= 10_000) return `${trimmed(value / 1e3)} k`
  return trimmed(value)
}

/** Each unit, microseconds, and how many of them are told in the next one. A year has 365.25 days. */
const DURATIONS = [
  { unit: 'µs', size: 1, most: 1000 },
  { unit: 'ms', size: 1e3, most: 1000 },
  { unit: 's', size: 1e6, most: 120 },
  { unit: 'min', size: 60e6, most: 300 },
  { unit: 'h', size: 3600e6, most: 72 },
  { unit: 'd', size: 86_400e6, most: 730.5 },
  { unit: 'years', size: 365.25 * 86_400e6, most: Number.POSITIVE_INFINITY },
] as const

/**
 * '350 µs', '20 ms', '1.5 s', '2 min' of microseconds: at most three decimals. A broken clock's times come out as well:
 * '-5 s', '40 years', and '?' of what is no number.
 */
export function durationText(us: number): string {
  if (!Number.isFinite(us)) return '?'
  // As it will be told: 999.9999 µs are a millisecond.
  const toldOf = (size: number): number => Math.round((us / size) * 1000) / 1000
  const { unit, size } = DURATIONS.find((each) => Math.abs(toldOf(each.size)) < each.most)!
  return `${trimmed(us / size)} ${unit}`
}

function trimmed(value: number): string {
  return String(Math.round(value * 1000) / 1000)
}
