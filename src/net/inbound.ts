/** What a socket reads: octets into the Duplex or into the user's own buffer (`onread`), its end, and its failures. */

import type { OnReadOpts } from 'node:net'
import { types } from 'node:util'
import type { SystemError } from './errors.ts'
import type { HandleOwner } from './handle-owner.ts'
import { INNER } from './inner.ts'
import type { TcpSocket } from './socket-methods.ts'

const { isUint8Array } = types

export class Inbound implements HandleOwner {
  /** Where the next octets go; null: into a new buffer. */
  room: Uint8Array | null = null
  /** Octets go to the user's callback, not into the stream. */
  readonly isUsers: boolean
  readonly socket: TcpSocket
  readonly #users: OnReadOpts | null

  constructor(socket: TcpSocket, onread: unknown) {
    this.socket = socket
    this.#users = isOnRead(onread) ? onread : null
    this.isUsers = this.#users !== null
  }

  /** There is a handle: the user's buffer is asked for. */
  begin(): void {
    if (this.#users === null) return
    const { buffer } = this.#users
    const first = typeof buffer === 'function' ? buffer() : buffer
    if (isUint8Array(first)) this.room = first
  }

  handleRead(octets: number, chunk: Buffer | null): void {
    const socket = this.socket
    const { handle } = socket[INNER]
    socket._unrefTimer()
    if (socket.destroyed || handle === null) return
    if (chunk === null ? this.#handOver(octets) : socket.push(chunk)) return
    handle.reading = false
    handle.readStop()
  }

  #handOver(octets: number): boolean {
    const { buffer, callback } = this.#users!
    const goesOn = Reflect.apply(callback, this.socket, [octets, this.room]) !== false
    if (typeof buffer === 'function') {
      const next = buffer()
      if (isUint8Array(next)) this.room = next
    }
    return goesOn
  }

  handleEnd(): void {
    const socket = this.socket
    socket._unrefTimer()
    if (socket.readableEnded) return
    socket.push(null)
    socket.read(0)
  }

  handleFailure(error: SystemError): void {
    this.socket._unrefTimer()
    this.socket.destroy(error)
  }

  /** No error: nobody could do anything about it, and whoever could know did it. */
  handleHostClosed(): void {
    this.socket.destroy()
  }

  handleWritten(): void {
    this.socket._unrefTimer()
    this.socket[INNER].lastWriteQueueSize = 0
  }
}

function isOnRead(onread: unknown): onread is OnReadOpts {
  if (typeof onread !== 'object' || onread === null) return false
  const { buffer, callback } = onread as Partial<OnReadOpts>
  return (isUint8Array(buffer) || typeof buffer === 'function') && typeof callback === 'function'
}
