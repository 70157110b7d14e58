/**
 * A stream of the system's beneath a socket of Elko's: what `new net.Socket().connect('/run/x')` connects to in a program that
 * `elko/register` runs, as that socket was made before anybody could know. A socket of node:net's does the work.
 */

import type nodeNet from 'node:net'
import type { SystemError } from './errors.ts'
import type { HandleOwner } from './handle-owner.ts'
import type { SocketName } from './names.ts'
import type { WriteCallback } from './outgoing.ts'
import type { SocketHandle } from './socket-handle.ts'

export class SystemStream implements SocketHandle {
  owner: HandleOwner | null = null
  reading = false
  bytesRead = 0
  bytesWritten = 0
  readonly connection = null
  readonly #socket: nodeNet.Socket
  #onClose: (() => void) | undefined

  /** @param socket with `allowHalfOpen`, and nobody else's: this handle reads it. */
  constructor(socket: nodeNet.Socket) {
    this.#socket = socket
    socket.pause()
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('end', () => this.owner?.handleEnd())
    socket.on('error', (error) => this.owner?.handleFailure(error as SystemError))
    socket.on('close', () => this.#onClose?.())
  }

  connect(path: string, onConnect: () => void): void {
    this.#socket.connect(path, onConnect)
  }

  get writeQueueSize(): number {
    return this.#socket.writableLength
  }

  /** A path has no address; a descriptor may be one of TCP. */
  get sockname(): SocketName | null {
    const name = this.#socket.address()
    return 'address' in name ? (name as SocketName) : null
  }

  get peername(): SocketName | null {
    const { remoteAddress: address, remotePort: port, remoteFamily: family } = this.#socket
    return address === undefined ? null : ({ address, port, family } as SocketName)
  }

  readStart(): void {
    this.#socket.resume()
  }

  readStop(): void {
    this.#socket.pause()
  }

  /** Into the user's own buffer in as many pieces as it takes; a user that stops in between has the rest all the same, as of one read(2). */
  #read(chunk: Buffer): void {
    this.bytesRead += chunk.length
    for (let rest = chunk; rest.length > 0 && this.owner !== null; ) {
      const { room } = this.owner
      if (room === null) return this.owner.handleRead(rest.length, rest)
      const octets = Math.min(room.length, rest.length)
      room.set(rest.subarray(0, octets))
      rest = rest.subarray(octets)
      this.owner.handleRead(octets, null)
    }
  }

  write(chunks: readonly Uint8Array[], onWritten: WriteCallback): void {
    const socket = this.#socket
    const last = chunks.length - 1
    socket.cork()
    for (const [i, chunk] of chunks.entries()) {
      this.bytesWritten += chunk.length
      socket.write(chunk, i === last ? (error) => this.#written(onWritten, error ?? null) : undefined)
    }
    socket.uncork()
  }

  #written(onWritten: WriteCallback, error: Error | null): void {
    if (this.owner === null) return onWritten(null) // Closed: it is nobody's failure.
    this.owner.handleWritten()
    onWritten(error as SystemError | null)
  }

  shutdown(onShutdown: () => void): boolean {
    if (!this.#socket.writable) return false
    this.#socket.end(() => onShutdown())
    return true
  }

  setNoDelay(enable: boolean): void {
    this.#socket.setNoDelay(enable)
  }

  setKeepAlive(enable: boolean, initialDelay: number): void {
    this.#socket.setKeepAlive(enable, initialDelay * 1000)
  }

  /** node:net 20 has no call for it, and a path no IP header. */
  setDiffServ(): void {}

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  close(onClose?: () => void): void {
    this.owner = null
    this.#onClose = onClose
    this.#socket.destroy()
  }

  get canReset(): boolean {
    return this.sockname !== null
  }

  reset(onClose?: () => void): null {
    this.owner = null
    this.#onClose = onClose
    this.#socket.resetAndDestroy()
    return null
  }
}
