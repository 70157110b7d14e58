/**
 * What arrives, as a byte stream. Nothing is read ahead: octets stay in the connection until somebody reads, so that its
 * window closes on a sender that nobody reads. They are copied once: into the reader's own buffer where it brought one
 * (BYOB), else into a chunk of their own.
 */

import type { HostedConnection } from '../stack/hosted-connection.ts'

/** Whom the inflow belongs to. */
export interface InflowOwner {
  readonly opened: Promise<HostedConnection>
  /** Sets the stack's clock. */
  sync(): void
  /** All that the other side sent was read. */
  inflowEnds(): void
  /** Nobody will read. */
  inflowCancelled(): void
}

/** Most octets of one chunk for a reader that brings no buffer. */
const CHUNK_BYTES = 64 * 1024

export class Inflow {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly #owner: InflowOwner
  #source!: ReadableByteStreamController
  #connection: HostedConnection | null = null
  /** Told to readers once they have read what arrived before it. */
  #failure: Error | null = null
  /** A read waits that nothing has satisfied. */
  #wanted = false
  #isDelivering = false
  isCancelled = false
  hasEnded = false

  constructor(owner: InflowOwner) {
    this.#owner = owner
    this.readable = new ReadableStream({
      type: 'bytes',
      start: async (controller) => {
        this.#source = controller
        this.#connection = await owner.opened
        this.deliver() // it may have failed meanwhile
      },
      pull: () => {
        this.#wanted = true
        if (!this.#isDelivering) this.deliver()
      },
      cancel: () => {
        this.isCancelled = true
        owner.inflowCancelled()
        this.deliver()
      },
    })
  }

  /** Hands over octets for as long as somebody waits for them; then tells of the end, if this is it. */
  deliver(): void {
    const connection = this.#connection
    if (connection === null || this.hasEnded) return
    this.#owner.sync()
    if (this.isCancelled) discard(connection)
    this.#isDelivering = true
    while (this.#wanted && connection.readable > 0 && this.#satisfy(connection));
    this.#isDelivering = false
    if (connection.readable > 0) return
    if (this.#failure !== null) this.error(this.#failure)
    else if (connection.atEndOfStream && (this.#wanted || this.isCancelled)) {
      this.end()
      this.#owner.inflowEnds()
    }
  }

  /** Satisfies one read. Returns whether there was something to satisfy it with. */
  #satisfy(connection: HostedConnection): boolean {
    const request = this.#source.byobRequest
    if (request !== null) {
      const octets = connection.receive(request.view as Uint8Array)
      if (octets === 0) return false
      this.#wanted = false // whoever is served now may read again within the call
      request.respond(octets)
      return true
    }
    const chunk = new Uint8Array(Math.min(connection.readable, CHUNK_BYTES))
    const octets = connection.receive(chunk)
    if (octets === 0) return false
    this.#wanted = false
    this.#source.enqueue(octets === chunk.length ? chunk : chunk.slice(0, octets))
    return true
  }

  /** The connection failed: readers are told, after the octets on hand. */
  fail(error: Error): void {
    this.#failure = error
    this.deliver()
  }

  /** Readers find an end. */
  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    if (this.isCancelled) return
    try {
      this.#source.close()
      this.#source.byobRequest?.respond(0)
    } catch {
      // The stream ended within an element of a reader's array, and has told that reader so.
    }
  }

  /** Readers find an error, at once. */
  error(reason: unknown): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#source.error(reason)
  }
}

/** Where what nobody reads goes: written to by all, read by none. */
const NOWHERE = new Uint8Array(CHUNK_BYTES)

/** Lets the other side come to its end though nobody reads. */
function discard(connection: HostedConnection): void {
  while (connection.receive(NOWHERE) > 0);
}
