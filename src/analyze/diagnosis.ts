/** What is said of a connection: one sentence, and the evidence that it rests on. */

import type { CloseReason } from '../trace/reasons.ts'

export interface Diagnosis {
  /** Elko's word for it; trace/reasons.ts has the sentence. */
  readonly reason: CloseReason
}
