/**
 * `elko/net`: node:net over Elko's TCP, on a host that is alone in this process (127.0.0.0/8 and ::1).
 *
 * The same names and behaviour as node:net; `createNet(host)` is the same for any other host.
 */

import type { BoundSocket as BoundSocketType } from './bound-socket.ts'
import { createNet } from './create-net.ts'
import { defaultHost } from './default-host.ts'
import type { Server as ServerType } from './server.ts'
import type { Socket as SocketType } from './socket.ts'

export type { DiagnosedError } from './attach-diagnosis.ts'
export type { BoundSocketOptions } from './bound-socket.ts'

export { type Connect, type ConnectOptions, createNet, type Net } from './create-net.ts'
export { defaultHost } from './default-host.ts'
export type { ServerOptions } from './server.ts'
export type { SocketOptions } from './socket.ts'
export type { TcpInfo } from './tcp-info.ts'
export type { ResetMessage, SegmentMessage, StateMessage, TimeoutMessage } from './trace-channels.ts'

const net = createNet(defaultHost)

export default net

export const {
  BlockList,
  BoundSocket,
  Server,
  Socket,
  SocketAddress,
  Stream,
  _normalizeArgs,
  connect,
  createConnection,
  createServer,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} = net

export type Server = ServerType
export type Socket = SocketType
export type BoundSocket = BoundSocketType
