/**
 * What is sent, as a stream to write to. A write is done when the connection's send buffer has taken it, which has room
 * when the other side has acknowledged: back-pressure is the peer's window.
 */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { type Deferred, deferred } from './deferred.ts'

/** What may be written; a text goes as UTF-8. */
export type Chunk = ArrayBuffer | ArrayBufferView | string

/** Whom the outflow belongs to. */
export interface OutflowOwner {
  readonly opened: Promise<HostedConnection>
  /**
   * Calls the connection. What it refuses it refuses because it has ended, and nobody was told yet: then the owner tells all
   * whom it concerns, this outflow too, and returns the error.
   */
  call(call: (connection: HostedConnection) => void): Error | null
  /** FIN was asked for. */
  outflowEnds(): void
  /** `abort` was called, or what was written is no octets: the stream is broken. */
  outflowBreaks(reason: unknown): void
  /** What a write is told after this side has ended by itself. */
  brokenPipe(): Error
}

export class Outflow {
  readonly writable: WritableStream<Chunk>
  readonly #owner: OutflowOwner
  #sink!: WritableStreamDefaultController
  /** Chunks that the stream has taken and the connection has not, at least in part. */
  #unwritten = 0
  /** What the connection had no room for of the first of them, and who waits for that. */
  #rest: Uint8Array | null = null
  #written: Deferred<void> | null = null
  #endsWhenWritten = false
  /** The stream knows its error by itself, and Node 20 takes it amiss to be told. */
  #isAborted = false
  hasEnded = false

  constructor(owner: OutflowOwner, highWaterMark: number) {
    this.#owner = owner
    this.writable = new WritableStream<Chunk>(
      {
        start: async (controller) => {
          this.#sink = controller
          // Not `abort` of the sink, which would wait for a write that waits for room.
          controller.signal.addEventListener('abort', () => {
            this.#isAborted = true
            owner.outflowBreaks(controller.signal.reason)
          })
          await owner.opened
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
      },
      { highWaterMark, size: (chunk) => this.#enters(chunk) },
    )
  }

  /** Whether a chunk, or a part of one, would be lost if this were the end. */
  get isWriting(): boolean {
    return this.#unwritten > 0 && !this.hasEnded
  }

  #enters(chunk: Chunk): number {
    this.#unwritten++
    if (typeof chunk === 'string') return chunk.length
    return ArrayBuffer.isView(chunk) || chunk instanceof ArrayBuffer ? chunk.byteLength : 0
  }

  #write(chunk: Chunk): Promise<void> | undefined {
    if (this.hasEnded) throw this.#owner.brokenPipe()
    try {
      this.#rest = octetsOf(chunk)
    } catch (error) {
      this.#owner.outflowBreaks(error)
      throw error
    }
    const failure = this.push()
    if (failure !== null) throw failure
    if (this.#rest === null) return undefined
    this.#written = deferred()
    return this.#written.promise
  }

  /** Writes on, as far as there is room. */
  push(): Error | null {
    if (this.#rest === null) return null
    const failure = this.#owner.call((connection) => this.#send(connection))
    if (failure !== null || this.#rest !== null) return failure
    this.#unwritten--
    const written = this.#written
    this.#written = null
    written?.resolve()
    this.#endIfWritten()
    return null
  }

  #send(connection: HostedConnection): void {
    const rest = this.#rest!
    const taken = connection.send(rest)
    this.#rest = taken < rest.length ? rest.subarray(taken) : null
  }

  #close(): void {
    if (this.hasEnded) return
    const failure = this.#owner.call((connection) => connection.close())
    if (failure !== null) throw failure
    this.hasEnded = true
    this.#owner.outflowEnds()
  }

  /** Ends after what is written already. A writer that somebody holds cannot be closed from here, but finds it done. */
  endWhenWritten(): void {
    this.#endsWhenWritten = true
    this.#endIfWritten()
  }

  #endIfWritten(): void {
    if (!this.#endsWhenWritten || this.#unwritten > 0 || this.hasEnded) return
    if (this.#owner.call((connection) => connection.close()) !== null) return
    this.hasEnded = true
    if (!this.writable.locked) this.writable.close().catch(() => {})
    this.#owner.outflowEnds()
  }

  /** Writers find an error, and what waited is not sent. */
  error(reason: unknown): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#rest = null
    this.#written?.reject(reason)
    this.#written = null
    if (!this.#isAborted) this.#sink.error(reason)
  }
}

function octetsOf(chunk: Chunk): Uint8Array {
  if (typeof chunk === 'string') return new TextEncoder().encode(chunk)
  if (chunk instanceof Uint8Array) return chunk
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  throw new TypeError(`expected octets or a text to write, got ${chunk === null ? 'null' : typeof chunk}`)
}
