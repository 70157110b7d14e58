/** `socket.tcpInfo()`. */

import { type ConnectionInfo, connectionInfo } from '../posix/connection-info.ts'
import type { Inner } from './inner.ts'

/** The state of a connection by the names, and in the units, of Linux's `struct tcp_info`. */
export type TcpInfo = ConnectionInfo

/** Null where the socket has no connection: before `connect`, and once it is destroyed. */
export function tcpInfoOf({ binding, handle }: Inner): TcpInfo | null {
  const connection = handle?.connection ?? null
  if (connection === null) return null
  const { host } = binding
  host.sync()
  return connectionInfo(connection, host.stack.clock.now, true)
}
