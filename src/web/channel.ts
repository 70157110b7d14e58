/**
 * A connection as two streams and two promises: what both faces of the web share, whatever they call it. Every promise
 * settles: when the connection opens, ends, fails, or its host is gone.
 */

import type { Host } from '../link/host.ts'
import type { ConnectionOwner } from '../link/owners.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { CONNECTED, DRAINED, GONE, PEER_CLOSED, READABLE, URGENT_DATA, WRITABLE } from '../tcp/signals.ts'
import { CLOSED, FIN_WAIT_2, TIME_WAIT } from '../tcp/state.ts'
import type { CloseReason } from '../trace/reasons.ts'
import { type Deferred, deferred } from './deferred.ts'
import { Inflow, type InflowOwner } from './inflow.ts'
import { Outflow, type OutflowOwner } from './outflow.ts'
import { type Course, Race, type RaceOwner } from './race.ts'
import { type AsError, type Failure, failureOf, failureOfCall, failureOfHost } from './socket-error.ts'

export interface ChannelOptions {
  /** false: once all that the other side sent is read, this side ends, too. */
  readonly allowHalfOpen: boolean
  /** Octets that `writable` lets wait before its `ready` does. */
  readonly highWaterMark: number
  readonly asError: AsError
}

/** Ends that this side chose, or the other side's slowness after this side had nothing more to ask. */
const CHOSEN: ReadonlySet<CloseReason | null> = new Set([
  'aborted-by-user',
  'closed-by-user',
  'unread-data',
  'fin-wait-2-timeout',
] as const)

export class Channel implements ConnectionOwner, InflowOwner, OutflowOwner, RaceOwner {
  readonly #host: Host
  readonly #options: ChannelOptions
  readonly #opened: Deferred<HostedConnection> = deferred()
  readonly #closed: Deferred<void> = deferred()
  readonly #inflow: Inflow
  readonly #outflow: Outflow
  #connection: HostedConnection | null = null
  #race: Race | null = null
  #isOpen = false
  /** `closed` is settled. */
  #isOver = false
  #holdsHost = true

  constructor(host: Host, options: ChannelOptions) {
    this.#host = host
    this.#options = options
    this.#inflow = new Inflow(this)
    this.#outflow = new Outflow(this, options.highWaterMark)
    host.hold()
  }

  get readable(): Inflow['readable'] {
    return this.#inflow.readable
  }

  get writable(): Outflow['writable'] {
    return this.#outflow.writable
  }

  /** The connection once it is established. Marked as handled, as is `closed`. */
  get opened(): Promise<HostedConnection> {
    return this.#opened.promise
  }

  /** Resolves once both directions have ended in order, or `close` was called; rejects where the connection failed. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  // ---- opening

  /** Opens a connection to the first of the addresses that answers. */
  connect(course: Course): void {
    if (this.#isOver) return
    if (this.#host.closed) return void this.fail(failureOfHost(null))
    if (course.addresses.length === 0) {
      this.fail({ message: 'ENOTFOUND: no address to connect to', code: 'ENOTFOUND' })
      return
    }
    this.#race = new Race(this.#host, course, this.#options.asError, this)
    this.#race.begin()
  }

  raceWon(connection: HostedConnection, events: number): void {
    this.#race = null
    this.#connection = connection
    connection.owner = this
    this.handleEvents(events)
  }

  raceLost(failure: Failure): void {
    this.#race = null
    this.fail(failure)
  }

  /** Takes over a connection that a listener had. */
  accept(connection: HostedConnection): void {
    this.#connection = connection
    connection.owner = this
    this.#opens(connection)
  }

  /** The connection failed, or there is none. Octets that arrived before can still be read. */
  fail(failure: Failure): Error {
    const error = this.#options.asError(failure)
    if (this.#isOver) return error
    this.#isOver = true
    this.#opened.reject(error)
    this.#closed.reject(error)
    this.#outflow.error(error)
    this.#inflow.fail(error)
    this.#letGoOfHost()
    return error
  }

  #opens(connection: HostedConnection): void {
    this.#isOpen = true
    this.#opened.resolve(connection)
  }

  // ---- ConnectionOwner

  handleEvents(events: number): void {
    const connection = this.#connection!
    if ((events & CONNECTED) !== 0 && !this.#isOpen && !this.#isOver) this.#opens(connection)
    if ((events & GONE) !== 0) this.#connectionEnds(connection)
    if ((events & (WRITABLE | DRAINED)) !== 0) this.#outflow.push()
    if ((events & (READABLE | PEER_CLOSED | URGENT_DATA | GONE)) !== 0) this.#inflow.deliver()
    this.#settle()
    this.#letGoOfHost()
  }

  handleHostEnd(error: Error | null): void {
    this.#race?.end()
    this.fail(failureOfHost(error))
    if (this.#holdsHost) this.#host.letGo()
    this.#holdsHost = false
  }

  #connectionEnds(connection: HostedConnection): void {
    if (this.#isOver || CHOSEN.has(connection.closeReason)) return
    const failure = failureOf(connection)
    if (failure !== null) this.fail(failure)
  }

  /** The host's process need not wait once the other side knows all that it must. */
  #letGoOfHost(): void {
    const state = this.#connection?.state ?? CLOSED
    const isDone = state === CLOSED || state === TIME_WAIT || (this.#isOver && state === FIN_WAIT_2)
    if (!isDone || !this.#holdsHost) return
    this.#holdsHost = false
    this.#host.letGo()
  }

  // ---- InflowOwner, OutflowOwner

  sync(): void {
    this.#host.sync()
  }

  call(call: (connection: HostedConnection) => void): Error | null {
    const connection = this.#connection!
    this.sync()
    try {
      call(connection)
      return null
    } catch (error) {
      return this.fail(failureOf(connection) ?? failureOfCall(error))
    }
  }

  inflowEnds(): void {
    if (!this.#options.allowHalfOpen) this.#outflow.endWhenWritten()
    this.#settle()
  }

  inflowCancelled(): void {
    this.#releaseIfUnused()
  }

  outflowEnds(): void {
    this.#releaseIfUnused()
    this.#settle()
  }

  /** What the other side has got must not look complete. */
  outflowBreaks(reason: unknown): void {
    this.#finish(reason, true)
    this.#inflow.error(reason)
  }

  brokenPipe(): Error {
    return this.#options.asError({ message: 'EPIPE: this side has ended with the other side', code: 'EPIPE' })
  }

  // ---- ending

  /** Both directions have ended, and the other side has acknowledged it. */
  #settle(): void {
    if (!this.#inflow.hasEnded || !this.#outflow.hasEnded || this.#isOver) return
    const { state } = this.#connection!
    if (state !== CLOSED && state !== TIME_WAIT) return
    this.#isOver = true
    this.#closed.resolve()
  }

  /** Nobody reads and nobody will write: the connection ends by itself, or is reset by what still arrives. */
  #releaseIfUnused(): void {
    if (!this.#inflow.isCancelled || !this.#outflow.hasEnded) return
    this.sync()
    this.#connection?.release()
  }

  /**
   * Ends both directions; who reads comes to an end, who writes finds `reason`. What was written still arrives, unless a
   * write is under way: then the connection is reset.
   */
  close(reason?: unknown): Promise<void> {
    const closed = { message: 'ECONNABORTED: the socket was closed', code: 'ECONNABORTED' } as const
    this.#finish(reason ?? this.#options.asError(closed), this.#outflow.isWriting)
    if (this.#isOpen) this.#inflow.end()
    this.#connection?.release() // what nobody has read needs no memory any more
    return this.closed
  }

  #finish(reason: unknown, resets: boolean): void {
    if (this.#isOver) return
    const connection = this.#connection
    const aborts = !this.#isOpen || (resets && !this.#outflow.hasEnded)
    this.#isOver = true
    this.#race?.end()
    this.#opened.reject(reason)
    this.#closed.resolve()
    this.#outflow.error(reason)
    this.sync()
    if (connection === null) this.#letGoOfHost()
    else if (aborts && connection.state !== CLOSED) connection.abort()
    else connection.release()
  }
}
