/** All provoked cases. */

import type { Case } from './case.ts'
import { BACKLOG_CASES } from './cases/backlog.ts'
import { CONNECT_CASES } from './cases/connect.ts'
import { ENDING_CASES } from './cases/endings.ts'
import { HEALTHY_CASES } from './cases/healthy.ts'
import { REJECTION_CASES } from './cases/rejections.ts'
import { RESET_CASES } from './cases/resets.ts'
import { SILENCE_CASES } from './cases/silence.ts'
import { STALL_CASES } from './cases/stalls.ts'
import { VARIANT_CASES } from './cases/variants.ts'

/** Those that wait longest first. */
export const CASES: readonly Case[] = [
  ...BACKLOG_CASES,
  ...SILENCE_CASES,
  ...CONNECT_CASES,
  ...STALL_CASES,
  ...REJECTION_CASES,
  ...VARIANT_CASES,
  ...RESET_CASES,
  ...ENDING_CASES,
  ...HEALTHY_CASES,
]
