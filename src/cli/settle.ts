/** Waits for the end of what was written and closed. */

import type { Host } from '../link/host.ts'
import { CLOSED, TIME_WAIT } from '../tcp/state.ts'

const ASK_AGAIN_MS = 5

/**
 * Resolves with true once the other sides know all that they must: every connection is closed or waits in TIME-WAIT for
 * nothing but old duplicates. With false where that takes longer than `limitMs`, or the host ends.
 */
export async function settle(host: Host, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  const isSettled = (): boolean =>
    host.stack.connections().every(({ state }) => state === CLOSED || state === TIME_WAIT)
  while (!isSettled()) {
    if (host.closed || performance.now() >= until) return false
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
  return true
}
