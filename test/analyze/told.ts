/** What a story is, and what must be said of it. */

import type { Outcome } from '../../src/analyze/outside/application-errors.ts'
import type { CaptureCulprit, ResetSender } from '../../src/analyze/outside/case.ts'
import type { CaptureVerdict } from '../../src/analyze/outside/verdicts.ts'

export interface Told {
  /** Connections before the one in question, on ports of their own. */
  readonly before?: readonly string[]
  readonly story: string
  readonly verdict: CaptureVerdict
  readonly culprit: CaptureCulprit | null
  readonly resetBy?: ResetSender
  readonly client?: Outcome
}

export const OPEN = `0 c S
  0.02 s SA
  0.0201 c A
  `
