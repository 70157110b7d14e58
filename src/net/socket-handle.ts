/** What a socket asks of what is beneath it: a connection of Elko's (tcp-handle.ts), or a stream of the system's (system-stream.ts). */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { HandleOwner } from './handle-owner.ts'
import type { SocketName } from './names.ts'
import type { WriteCallback } from './outgoing.ts'

export interface SocketHandle {
  owner: HandleOwner | null
  /** Set by whoever calls `readStart` and `readStop`, as in Node. */
  reading: boolean
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Octets of writes that wait. */
  readonly writeQueueSize: number
  /** Null where it is none of Elko's. */
  readonly connection: HostedConnection | null
  readonly sockname: SocketName | null
  readonly peername: SocketName | null
  readStart(): void
  readStop(): void
  /** @param isShortText whether Node would have tried to write it from its stack, which counts nothing where it is refused. */
  write(chunks: readonly Uint8Array[], onWritten: WriteCallback, isShortText?: boolean): void
  /** Returns whether it calls back: not where nobody is left to end to. */
  shutdown(onShutdown: () => void): boolean
  setNoDelay(enable: boolean): void
  /** Whole seconds, and a number of probes. */
  setKeepAlive(enable: boolean, initialDelay: number, interval?: number, count?: number): void
  setDiffServ(dscp: number): void
  ref(): void
  unref(): void
  close(onClose?: () => void): void
  /** Whether it is TCP. */
  readonly canReset: boolean
  /** Returns null, or the errno where it is refused; then it does not call back. */
  reset(onClose?: () => void): 'EINVAL' | null
}
