/**
 * NODE_DEBUG=elko: one line for each thing that happens to sockets and servers, in the spirit of NODE_DEBUG=net. What TCP
 * does beneath them is under NODE_DEBUG=elko-tcp (trace-channels.ts); NODE_DEBUG='elko*' is both.
 */

import { debuglog } from 'node:util'
import type { SocketName } from './names.ts'

export const debug = debuglog('elko')

/** 'connected: 127.0.0.1:49152 > 127.0.0.1:80'. The socket itself is not asked, as it remembers what it was asked. */
export function debugEnds(
  what: string,
  handle: { readonly sockname: SocketName | null; readonly peername: SocketName | null } | null,
): void {
  if (!debug.enabled) return
  const local = handle?.sockname ?? null
  const remote = handle?.peername ?? null
  if (local === null || remote === null) return debug('%s', what)
  debug('%s: %s:%d > %s:%d', what, local.address, local.port, remote.address, remote.port)
}
