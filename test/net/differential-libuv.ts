/**
 * The one known difference of elko/net and node:net (docs/deviations.md), as libuv has it on Linux: put on Elko's sockets, so
 * that all else is compared as it is, without exception.
 *
 * Where a reset and octets before it wait together for a reader, libuv reads them, and if the read did not fill its buffer takes
 * the hang-up that the same poll showed for the end of the stream (`uv__stream_io`). The reset is never told. Elko tells it.
 */

import type nodeNet from 'node:net'
import { INNER, type Inner } from '../../src/net/inner.ts'
import { CLOSED } from '../../src/tcp/state.ts'

/** What libuv suggests for one read. */
const BUFFER_BYTES = 65_536

export function readAsLibuv(socket: nodeNet.Socket): void {
  const inner = (socket as unknown as { [INNER]: Inner })[INNER]
  const { inbound } = inner
  const handleRead = inbound.handleRead
  inbound.handleRead = (octets, chunk) => {
    const handle = inner.handle!
    const hangsUp = handle.connection?.state === CLOSED
    Reflect.apply(handleRead, inbound, [octets, chunk])
    if (!hangsUp || octets === BUFFER_BYTES) return
    // It looks again when all that the reader does about the octets is done; planned before Elko's own look at the end.
    setImmediate(() => {
      if (inner.handle !== handle || !handle.reading) return
      handle.readStop()
      inbound.handleEnd()
    })
  }
}
