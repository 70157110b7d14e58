/** `elko/web`: sockets as the web has them, in browsers and wherever its streams exist. */

export { createWeb, type Web } from './create-web.ts'
export type {
  DirectSockets,
  TCPServerSocket,
  TCPServerSocketOpenInfo,
  TCPServerSocketOptions,
  TCPSocket,
  TCPSocketOpenInfo,
  TCPSocketOptions,
} from './direct-sockets.ts'
export { type ListenerInfo, type ListenerOptions, SocketListener } from './listener.ts'
export type { Chunk } from './outflow.ts'
export { type OutgoingOptions, Socket, type SocketInfo, type SocketOptions } from './socket.ts'
export type { SocketAddress } from './socket-address.ts'
export { type FailureCode, SocketError } from './socket-error.ts'
