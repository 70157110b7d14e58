/** The reasons that are worth a diagnosis: all but those of connections that ended as they should. */

import type { CloseReason } from '../trace/reasons.ts'

/** A word of CLOSE_REASONS (trace/reasons.ts) that says something went wrong, or was cut short. */
export type Trouble = Exclude<CloseReason, 'closed-normally' | 'time-wait-reused'>

export const isTrouble = (reason: CloseReason): reason is Trouble =>
  reason !== 'closed-normally' && reason !== 'time-wait-reused'
