/** Rates over a moving window of time. */

export interface RatePoint {
  readonly at: number
  /** From `at` to the next point: what fell into the window that ends there, by the length of the window. */
  readonly bitsPerSecond: number
}

/**
 * The rate at each moment at which it changes: octets come into the window when they are counted and leave it `windowUs`
 * later. Nothing is divided by a shorter time, so the first octets do not show as a burst.
 *
 * @param counts in order of time.
 */
export function movingRate(
  counts: readonly { readonly at: number; readonly octets: number }[],
  windowUs: number,
): RatePoint[] {
  const points: RatePoint[] = []
  let octets = 0
  let entering = 0
  for (let leaving = 0; leaving < counts.length; ) {
    const nextOut = counts[leaving]!.at + windowUs
    const nextIn = counts[entering]?.at ?? Number.POSITIVE_INFINITY
    const at = Math.min(nextIn, nextOut)
    while (counts[entering]?.at === at) octets += counts[entering++]!.octets
    while (leaving < entering && counts[leaving]!.at + windowUs === at) octets -= counts[leaving++]!.octets
    const bitsPerSecond = (octets * 8 * 1e6) / windowUs
    if (points.at(-1)?.bitsPerSecond !== bitsPerSecond) points.push({ at, bitsPerSecond })
  }
  return points
}
