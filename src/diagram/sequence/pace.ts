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
/** Where nothing flies, as in a capture at one place, the usual step from row to row. */
const STEP = 20
const STEPS_OF_A_GAP = 4

export function paceOf(rows: readonly Row[], messages: readonly Message[], gapUs?: number): Pace {
  const transits = messages
    .filter(({ fate }) => fate === 'arrived')
    .map((each) => each.arrivedUs - each.sentUs)
  const transitUs = median(transits.filter((us) => us > 0))
  const steps: number[] = []
  for (let k = 1; k < rows.length; k++) {
    const us = rows[k]!.at - rows[k - 1]!.at
    if (us > 0) steps.push(us)
  }
  const stepUs = median(steps)
  const pixelsPerUs = transitUs > 0 ? FLIGHT / transitUs : stepUs > 0 ? STEP / stepUs : 0
  const usual = STEPS_OF_A_GAP * Math.max(transitUs, Math.min(stepUs, transitUs > 0 ? 2 * transitUs : stepUs))
  return { pixelsPerUs, gapUs: gapUs ?? Math.max(1, usual), fall: FLIGHT }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[sorted.length >> 1] ?? 0
}
