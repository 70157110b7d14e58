/**
 * Connections of a stack as Node streams: a small face for the command line and for tests. `elko/net` will take its
 * place; nothing here knows more of TCP than the connection's calls and events.
 *
 *     const host = new StreamHost(link, { addresses: ['10.7.0.2/24'] })
 *     host.listen({ port: 7 }, (stream) => stream.pipe(stream))
 *     const stream = host.connect({ remoteAddress, remotePort: 80 })
 */

import { getRandomValues, randomBytes } from 'node:crypto'
import { Duplex } from 'node:stream'
import { Driver } from '../link/driver.ts'
import type { Link } from '../link/link.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener, ListenOptions } from '../stack/listener.ts'
import { type ConnectOptions, Stack, type StackOptions } from '../stack/stack.ts'
import { CallError } from '../tcp/call-error.ts'
import { ERRNO_OF_END } from '../tcp/errno.ts'
import { CONNECTED, DRAINED, GONE, PEER_CLOSED, READABLE, URGENT_DATA, WRITABLE } from '../tcp/signals.ts'
import { CLOSED, ESTABLISHED, TIME_WAIT } from '../tcp/state.ts'
import { CLOSE_REASONS, type CloseReason } from '../trace/reasons.ts'
import { Address } from '../wire/address.ts'

/** Why a connection failed: `reason` is Elko's word for it, `code` the one that node:net uses. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly reason: CloseReason
  readonly code: string

  constructor(reason: CloseReason, code: string, evidence: string) {
    super(`${code}: ${CLOSE_REASONS[reason]}${evidence === '' ? '' : `; ${evidence}`}`)
    this.reason = reason
    this.code = code
  }
}

/** What a host's stack is made of; secret and randomness come from the host's own if they are left out. */
export type StreamHostOptions = Omit<StackOptions, 'secret' | 'random' | 'mtu' | 'checksumOffload'> &
  Partial<Pick<StackOptions, 'secret' | 'random'>>

/** A stack, the driver that joins it to a link, and the streams on it. The link belongs to the host from here on. */
export class StreamHost {
  readonly stack: Stack
  readonly driver: Driver
  /** Called once, where the link died; every stream fails as well. */
  onLinkError: ((error: Error) => void) | null = null
  readonly #accept = new Map<Listener, (stream: TcpStream) => void>()
  readonly #paused = new Set<Listener>()
  #closed = false

  constructor(link: Link, options: StreamHostOptions) {
    const { mtu, checksumOffload } = link
    const source = { secret: randomBytes(16), random: randomInt32 }
    this.stack = new Stack({ ...source, ...options, mtu, checksumOffload })
    this.driver = new Driver(this.stack, link, {
      onConnection: (connection, events) => {
        if (connection.owner instanceof TcpStream) connection.owner.handleEvents(events)
      },
      onListener: (listener) => this.#acceptAll(listener),
    })
    link.onError = (error) => this.#linkDied(error)
  }

  /** As Stack.listen; `onStream` gets each connection once its handshake is done. */
  listen(options: ListenOptions, onStream: (stream: TcpStream) => void): Listener {
    this.driver.sync()
    const listener = this.stack.listen(options)
    this.#accept.set(listener, onStream)
    return listener
  }

  /** Connections that nobody accepted are reset. */
  closeListener(listener: Listener): void {
    this.driver.sync()
    this.#accept.delete(listener)
    this.#paused.delete(listener)
    this.stack.closeListener(listener)
    this.driver.wake()
  }

  /** Lets connections wait in the backlog, or takes those that do. */
  pauseListener(listener: Listener, pause: boolean): void {
    if (pause) this.#paused.add(listener)
    else if (this.#paused.delete(listener)) {
      this.driver.sync()
      this.#acceptAll(listener)
      this.driver.wake()
    }
  }

  #acceptAll(listener: Listener): void {
    const onStream = this.#accept.get(listener)
    while (onStream !== undefined && !this.#paused.has(listener) && !listener.closed) {
      const connection = this.stack.accept(listener)
      if (connection === null) return
      const stream = new TcpStream(this.driver, connection)
      onStream(stream)
    }
  }

  /** As Stack.connect, with its errors. The stream may be written to at once; it emits 'connect' when that is heard. */
  connect(options: ConnectOptions): TcpStream {
    this.driver.sync()
    return new TcpStream(this.driver, this.stack.connect(options))
  }

  /**
   * Resolves once the other sides know all that they must: every connection is closed or waits in TIME-WAIT for nothing
   * but old duplicates. At most `limitMs` later in any case.
   */
  async settle(limitMs: number): Promise<boolean> {
    const until = performance.now() + limitMs
    const isSettled = (): boolean =>
      this.stack.connections().every(({ state }) => state === CLOSED || state === TIME_WAIT)
    while (!isSettled()) {
      if (this.#closed || performance.now() >= until) return false
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return true
  }

  /** Aborts what is open, sends the resets and closes the link. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.driver.sync()
    const streams = this.stack.connections().map(({ owner }) => owner)
    this.stack.close()
    this.driver.close()
    for (const stream of streams) if (stream instanceof TcpStream) stream.destroy()
  }

  #linkDied(error: Error): void {
    if (this.#closed) return
    this.#closed = true
    const streams = this.stack.connections().map(({ owner }) => owner)
    this.driver.close()
    for (const stream of streams) if (stream instanceof TcpStream) stream.destroy(error)
    this.onLinkError?.(error)
  }
}

const randomInt32 = (): number => getRandomValues(new Int32Array(1))[0]!

/** Octets of one read. */
const CHUNK_BYTES = 64 * 1024

/**
 * One connection as a Duplex. `end()` sends FIN and reading goes on (half-close); `destroy()` is what close(2) is, a reset
 * where octets were not read; `abort()` is always a reset.
 *
 * Events beside those of a Duplex: 'connect'. A failure is a ConnectionError, told after the octets that arrived before it.
 */
export class TcpStream extends Duplex {
  readonly connection: HostedConnection
  bytesRead = 0
  bytesWritten = 0
  readonly #driver: Driver
  /** `_read` was called and nothing has satisfied it. */
  #wanted = false
  #ended = false
  #connected: boolean
  #failure: Error | null = null
  /** Octets of a `_write` that found no room, and who waits for them. */
  #rest: Uint8Array | null = null
  #written: ((error?: Error | null) => void) | null = null
  /** `_final` waits for the handshake: before it CLOSE would delete the connection (RFC 9293 3.10.4). */
  #finished: ((error?: Error | null) => void) | null = null

  constructor(driver: Driver, connection: HostedConnection) {
    super({ allowHalfOpen: true, highWaterMark: CHUNK_BYTES })
    this.#driver = driver
    this.connection = connection
    this.#connected = connection.state >= ESTABLISHED
    connection.owner = this
  }

  get connecting(): boolean {
    return !this.#connected && this.#failure === null && !this.destroyed
  }

  /** '10.7.0.1:80', '[fd07::1]:80'. */
  get remote(): string {
    const { path } = this.connection.tcb
    const address = new Address(path.version, path.remote0, path.remote1, path.remote2, path.remote3)
    return socketText(address, path.remotePort)
  }

  get local(): string {
    const { path } = this.connection.tcb
    const address = new Address(path.version, path.local0, path.local1, path.local2, path.local3)
    return socketText(address, path.localPort)
  }

  /** Bits of tcp/signals.ts; called by the driver. */
  handleEvents(events: number): void {
    if ((events & CONNECTED) !== 0 && !this.#connected) {
      this.#connected = true
      this.emit('connect')
      this.#finish()
    }
    if ((events & (WRITABLE | DRAINED)) !== 0) this.#pushRest()
    if ((events & GONE) !== 0) this.#failure ??= failureOf(this.connection)
    if ((events & (READABLE | PEER_CLOSED | URGENT_DATA | GONE)) !== 0) this.#pull()
    if ((events & GONE) !== 0) this.#gone()
  }

  /** Gives the connection up; the other side gets a reset. */
  abort(): this {
    if (this.connection.state !== CLOSED) {
      this.#driver.sync()
      this.connection.abort()
    }
    return this.destroy()
  }

  override _read(): void {
    this.#wanted = true
    this.#pull()
  }

  /** Hands over octets for as long as they are wanted: the rest stays in the connection, and closes its window. */
  #pull(): void {
    const { connection } = this
    while (this.#wanted && !this.destroyed) {
      const length = Math.min(connection.readable, CHUNK_BYTES)
      if (length === 0) break
      const chunk = Buffer.allocUnsafe(length)
      this.#driver.sync()
      const octets = connection.receive(chunk)
      if (octets === 0) break
      this.bytesRead += octets
      this.#wanted = false // `push` may call `_read`, which wants again.
      if (this.push(octets === length ? chunk : chunk.subarray(0, octets))) this.#wanted = true
    }
    if (!this.#wanted || this.destroyed || connection.readable > 0) return
    if (this.#failure !== null) this.destroy(this.#failure)
    else if (connection.atEndOfStream && !this.#ended) {
      this.#ended = true
      this.push(null)
    }
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#rest = chunk
    this.#written = done
    this.#pushRest()
  }

  #pushRest(): void {
    const { connection } = this
    const done = this.#written
    if (this.#rest === null || done === null) return
    let taken: number
    try {
      this.#driver.sync()
      taken = connection.send(this.#rest)
    } catch (error) {
      this.#rest = null
      this.#written = null
      return done(this.#failure ?? asWriteError(error))
    }
    this.bytesWritten += taken
    if (taken < this.#rest.length) {
      this.#rest = this.#rest.subarray(taken)
      return
    }
    this.#rest = null
    this.#written = null
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#finished = done
    if (this.#connected || this.connection.state === CLOSED) this.#finish()
  }

  #finish(): void {
    const done = this.#finished
    if (done === null) return
    this.#finished = null
    try {
      this.#driver.sync()
      if (this.connection.state !== CLOSED) this.connection.close()
    } catch (error) {
      return done(this.#failure ?? asWriteError(error))
    }
    done()
  }

  /**
   * Whoever reads is told of a failure once the octets on hand are read, and until then whoever writes waits; but not
   * for a reader that there never was.
   */
  #gone(): void {
    this.#connected = true
    if (this.#failure === null) return this.#finish()
    const hasWriter = this.#written !== null || this.#finished !== null
    if (this.connection.readable === 0 || (hasWriter && this.readableFlowing === null)) {
      this.destroy(this.#failure)
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const waiting = this.#written ?? this.#finished
    this.#rest = null
    this.#written = null
    this.#finished = null
    this.#driver.sync()
    if (this.connection.state !== CLOSED) this.connection.release()
    done(error)
    waiting?.(error ?? new Error('the stream was destroyed'))
  }
}

/** Ends that this side chose: no failure of the connection. ERRNO_OF_END has null for those that are orderly. */
const CHOSEN: ReadonlySet<CloseReason> = new Set([
  'aborted-by-user',
  'unread-data',
  'stack-closed',
  'fin-wait-2-timeout',
])

/** The failure that ended a connection; null while it lives, or where it ended as it should. */
export function failureOf(connection: HostedConnection): ConnectionError | null {
  const reason = connection.closeReason
  if (reason === null || CHOSEN.has(reason)) return null
  const code = ERRNO_OF_END[reason]
  if (code === null) return null
  return new ConnectionError(reason, code, evidenceOf(connection, reason))
}

/** What was seen that the reason rests on. */
function evidenceOf({ tcb }: HostedConnection, reason: CloseReason): string {
  const resent = `${tcb.totalRetransmissions} retransmission${tcb.totalRetransmissions === 1 ? '' : 's'}`
  if (ERRNO_OF_END[reason] !== 'ETIMEDOUT') return ''
  const soft = tcb.softError
  const hint = soft === null || soft === 'unanswered' ? '' : `; ${CLOSE_REASONS[soft]}`
  const heard = tcb.lastReceivedAt > 0 ? ago(tcb.clock.now - tcb.lastReceivedAt) : 'nothing was heard'
  return `${resent}, ${heard}${hint}`
}

const ago = (us: number): string => `last heard ${(us / 1e6).toFixed(1)} s before`

function asWriteError(error: unknown): Error {
  if (!(error instanceof CallError)) return error as Error
  return Object.assign(error, { code: 'EPIPE' })
}

const socketText = (address: Address, port: number): string =>
  address.version === 6 ? `[${address}]:${port}` : `${address}:${port}`
