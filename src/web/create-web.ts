/** Sockets of the web, bound to a host. */

import type { Host } from '../link/host.ts'
import { createDirectSockets, type DirectSockets } from './direct-sockets.ts'
import { type ListenerOptions, listen, type SocketListener } from './listener.ts'
import { connect, type OutgoingOptions, type Socket } from './socket.ts'
import type { SocketAddress } from './socket-address.ts'

/** What `elko/web` makes of a host: WinterTC's `connect`, a listener, and the names of Direct Sockets. */
export interface Web extends DirectSockets {
  /**
   * Opens a connection: `connect('name:80')`, `connect({ hostname: '10.0.0.2', port: 80 }, { allowHalfOpen: true })`.
   *
   * @throws SocketError for an address or an option that makes no sense, and for TLS. All else rejects `opened`.
   */
  connect(address: string | SocketAddress, options?: OutgoingOptions): Socket
  /**
   * Waits for connections: `for await (const socket of listen({ port: 80 })) ...`
   *
   * @throws SocketError for an option that makes no sense. All else rejects `opened`.
   */
  listen(options: ListenerOptions): SocketListener
}

/** The functions and classes may be taken apart: `const { connect, listen } = createWeb(host)`. */
export function createWeb(host: Host): Web {
  return {
    connect: (address, options) => connect(host, address, options),
    listen: (options) => listen(host, options),
    ...createDirectSockets(host),
  }
}
