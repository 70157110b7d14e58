/** A write that waits for room in the send buffer. One at a time, as of a Writable. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { SystemError } from './errors.ts'
import { ScopedCall } from './scoped-call.ts'

/** Null: all of it is in the send buffer, or the handle was closed before. */
export type WriteCallback = (error: SystemError | null) => void

const NOTHING: readonly Uint8Array[] = []

export class Outgoing {
  /** Octets that found no room so far. */
  queued = 0
  #chunks = NOTHING
  #at = 0
  #offset = 0
  #onWritten: ScopedCall<[SystemError | null]> | null = null

  /** Nobody was told of the write. */
  get isWaiting(): boolean {
    return this.#onWritten !== null
  }

  /** Calls back at once where all finds room; if not, `settle` does. The chunks are borrowed until then. */
  start(connection: HostedConnection, chunks: readonly Uint8Array[], onWritten: WriteCallback): void {
    this.#chunks = chunks
    this.#at = 0
    this.#offset = 0
    for (const { length } of chunks) this.queued += length
    this.push(connection)
    if (this.queued === 0) return onWritten(null)
    this.#onWritten = new ScopedCall('WRITEWRAP', onWritten)
  }

  /** There is room again. The connection must be open. */
  push(connection: HostedConnection): void {
    while (this.#at < this.#chunks.length) {
      const chunk = this.#chunks[this.#at]!
      const left = chunk.length - this.#offset
      const taken = connection.send(chunk, this.#offset, left)
      this.queued -= taken
      if (taken < left) {
        this.#offset += taken
        return
      }
      this.#at++
      this.#offset = 0
    }
    this.#chunks = NOTHING
  }

  /** Calls back; what found no room is dropped. */
  settle(error: SystemError | null): void {
    const onWritten = this.#onWritten
    this.queued = 0
    this.#chunks = NOTHING
    this.#onWritten = null
    onWritten?.call(error)
  }
}
