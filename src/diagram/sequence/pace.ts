/** How fast time runs down a picture: the scale, and the pauses that are not worth their paper. */

import type { Message } from '../ladder-messages.ts'
import type { Row } from '../ladder-rows.ts'

export interface Pace {
  readonly pixelsPerUs: number
  /** Longer times without events are folded, microseconds. */
  readonly gapUs: number
  /** What a message on its way falls where nothing tells when it arrived, pixels. */
  readonly fall: number
}

/** A usual flight from host to host falls by so much. */
const FLIGHT = 34
/** Most are as fast. In two captures, whose clocks go alike only by guess, one way often takes no time at all. */
const USUAL_FLIGHT = 0.75
/** Where nothing flies, as in a capture at one place: a step from row to row that is longer than most. */
const STEP = 22
/** So many of all steps are shorter; short ones are as high as their words anyway. */
const MOST_STEPS = 0.85
const FLIGHTS_OF_A_GAP = 4
const STEPS_OF_A_GAP = 5
/** Where few steps are long: a second is a pause in any network, unless half of all steps are about as long. */
const LEAST_PAUSE_US = 1_000_000
const STEPS_OF_A_PAUSE = 20

export function paceOf(rows: readonly Row[], messages: readonly Message[], gapUs?: number): Pace {
  const transits = messages
    .filter(({ fate }) => fate === 'arrived')
    .map((each) => each.arrivedUs - each.sentUs)
    .filter((us) => us > 0)
  const transitUs = quantile(transits, USUAL_FLIGHT)
  if (transitUs > 0) {
    const usual = FLIGHTS_OF_A_GAP * transitUs
    return { pixelsPerUs: FLIGHT / transitUs, gapUs: gapUs ?? usual, fall: FLIGHT }
  }
  const steps: number[] = []
  for (let k = 1; k < rows.length; k++) {
    const us = rows[k]!.at - rows[k - 1]!.at
    if (us > 0) steps.push(us)
  }
  const stepUs = quantile(steps, MOST_STEPS)
  const pause = Math.max(LEAST_PAUSE_US, STEPS_OF_A_PAUSE * quantile(steps, 0.5))
  const usual = Math.max(1, Math.min(STEPS_OF_A_GAP * stepUs, pause))
  return { pixelsPerUs: stepUs > 0 ? STEP / stepUs : 0, gapUs: gapUs ?? usual, fall: FLIGHT }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.floor(sorted.length * part)] ?? 0
}
