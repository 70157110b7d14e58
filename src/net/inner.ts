/** What a socket keeps for itself: behind one symbol, as its instance belongs to whoever extends it. */

import type { BlockList } from 'node:net'
import type { Binding } from './binding.ts'
import type { AdoptedSocket } from './bound-socket.ts'
import type { Inbound } from './inbound.ts'
import type { SocketHandle } from './socket-handle.ts'

export const INNER = Symbol('elko.socket')

export interface Inner {
  readonly binding: Binding
  readonly inbound: Inbound
  handle: SocketHandle | null
  /** Of `setTimeout`. */
  timer: NodeJS.Timeout | null
  /** What was queued when a write began to wait: a write that moves on is no idle socket. */
  lastWriteQueueSize: number
  /** Options that were asked for, to be set once there is a connection. */
  noDelay: boolean
  keepAlive: boolean
  /** Whole seconds, whole seconds, and a number of probes. */
  keepAliveDelay: number
  keepAliveInterval: number
  keepAliveCount: number
  /** The octet of the IP header, of which TCP sets the upper six bits. */
  typeOfService: number
  /** Of handles that are gone. */
  bytesRead: number
  bytesWritten: number
  readonly blockList: BlockList | null
  /** The BoundSocket that it was made with: it connects from there. */
  bound: AdoptedSocket | null
}

export const newInner = (binding: Binding, inbound: Inbound, blockList: BlockList | null): Inner => ({
  binding,
  inbound,
  handle: null,
  timer: null,
  lastWriteQueueSize: 0,
  noDelay: false,
  keepAlive: false,
  keepAliveDelay: 0,
  keepAliveInterval: 1,
  keepAliveCount: 10,
  typeOfService: 0,
  bytesRead: 0,
  bytesWritten: 0,
  blockList,
  bound: null,
})
