/** Open connections that a reset ended: the rules in their order. */

import type { Rule } from '../case.ts'
import { AFTER_CLOSE_RULES, neverClosed, UNREAD_AT_CLOSE_RULES } from './reset-after-close.ts'
import { CLIENT_RULES, LAST_RULES } from './reset-client.ts'
import { FOREIGN_RULES } from './reset-foreign.ts'
import { rejectedEarly, resetByServer, SERVER_RULES, TIMEOUT_RULES } from './reset-server.ts'

export const RESET_RULES: readonly Rule[] = [
  neverClosed,
  ...FOREIGN_RULES,
  ...TIMEOUT_RULES,
  ...AFTER_CLOSE_RULES,
  rejectedEarly,
  ...UNREAD_AT_CLOSE_RULES,
  ...SERVER_RULES,
  ...CLIENT_RULES,
  resetByServer,
  ...LAST_RULES,
]
