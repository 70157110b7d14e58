/** tshark, which judges what is read and written. */

import { spawnSync } from 'node:child_process'

const hasTshark = spawnSync('tshark', ['--version']).status === 0

/** Why a test that asks it is skipped; false: it is not, and in CI it never is. */
export const lacksTshark: string | false =
  process.env.CI === 'true' || hasTshark ? false : 'tshark is not installed'
