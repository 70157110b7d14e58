/**
 * BSD sockets in virtual time, for scripted applications.
 *
 * A script is a generator. A call that blocks is itself a generator that yields what it waits for, so a script reads
 * as a program does: `const n = yield* socket.read()`. Each call stands in the trace as an 'application' event in the
 * words of its manual page, with what blocks and when it returns. Errors are told as by the system: a call returns
 * false or -1, and `socket.errno` says why.
 */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener } from '../stack/listener.ts'
import { portRange } from '../stack/ports.ts'
import { type Config, configure } from '../tcp/config.ts'
import { type Errno, errnoOfCall, errnoOfEnd } from '../tcp/errno.ts'
import { CLOSED, ESTABLISHED } from '../tcp/state.ts'
import { parseAddress } from '../wire/address.ts'
import type { SimHost } from './host.ts'
import type { Note } from './scenario-recorder.ts'

/** What a script waits for: a condition, or a time in microseconds, whichever comes first. */
export interface Wait {
  readonly ready: () => boolean
  readonly untilUs: number
}

/** A call that may block. */
export type Call<T> = Generator<Wait, T, void>
export type Script = Generator<Wait, void, void>

/** Thrown by a script that cannot go on, because what it needs has failed: the error is in the trace already. */
export class GivesUp extends Error {
  override readonly name = 'GivesUp'
}

export interface WriteOptions {
  /** false: may wait for more (RFC 9293 MAY-16). Default true, as in every BSD. */
  readonly push?: boolean
  /** Urgent data: send with MSG_OOB. */
  readonly urgent?: boolean
}

/** The octet at `offset` of every generated stream: printable, with a period that no segment size divides. */
function patternOctet(offset: number): number {
  return 33 + (offset % 89)
}

const READ_OCTETS = 65_536

export class Socket {
  errno: Errno | null = null
  connection: HostedConnection | null = null
  localPort = 0
  sent = 0
  received = 0
  /** Every octet read so far was the one that `write(count)` puts there. */
  intact = true
  /** What the last `read` returned, as text: at most 64 octets. */
  lastText = ''
  /** The application does not come to read: whatever reads goes on blocking, and the window closes. */
  stopsReading = false
  readonly #host: SimHost
  /** Events of a time when the connection had no number yet. */
  readonly #unnumbered: Note[] = []
  #listener: Listener | null = null
  #changes: Partial<Config> = {}
  #closed = false
  #ended = false
  /** Writes that began, and those of them that are over: each waits for those before it. */
  #writesBegun = 0
  #writesOver = 0
  readonly #buffer = new Uint8Array(READ_OCTETS)

  constructor(host: SimHost) {
    this.#host = host
  }

  /** setsockopt(2): tunables of this socket's connection, before or after `connect`. */
  setOptions(changes: Partial<Config>): void {
    this.#changes = { ...this.#changes, ...changes }
    this.connection?.reconfigure(configure(changes, this.connection.tcb.config))
  }

  bind(port: number): boolean {
    if (!this.#host.privileged && portRange(port) === 'well-known')
      return this.#fails(`bind(${port})`, 'EACCES')
    if (this.#host.listeningPorts.has(port)) return this.#fails(`bind(${port})`, 'EADDRINUSE')
    this.localPort = port
    this.say(`bind(${port})`)
    return true
  }

  listen(backlog?: number): boolean {
    try {
      this.#listener = this.#host.stack.listen({
        port: this.localPort,
        ...(backlog !== undefined && { backlog }),
        config: configure(this.#changes, this.#host.stack.config),
      })
    } catch (error) {
      return this.#fails('listen()', errnoOfCall(error))
    }
    this.localPort = this.#listener.port
    this.#host.listeningPorts.add(this.localPort)
    this.#host.recorder.listens(this.say('listen()'), this.localPort, this.#unnumbered)
    return true
  }

  /** Blocks until a client is connected. */
  *accept(): Call<Socket> {
    const listener = this.#listener!
    if (listener.waiting === 0) {
      this.say('accept() blocks')
      yield this.#until(() => listener.waiting > 0)
    }
    const child = new Socket(this.#host)
    child.#attach(this.#host.stack.accept(listener)!)
    child.localPort = this.localPort
    child.say('accept() returns')
    return child
  }

  /**
   * Blocks until the connection is open or cannot be opened.
   * @param timeoutMs how long the application waits before it gives up itself.
   */
  *connect(address: string, port: number, timeoutMs = Number.POSITIVE_INFINITY): Call<boolean> {
    this.say('connect() blocks')
    try {
      const connection = this.#host.stack.connect({
        remoteAddress: parseAddress(address)!,
        remotePort: port,
        localPort: this.localPort,
        config: configure(this.#changes, this.#host.stack.config),
      })
      this.#attach(connection)
    } catch (error) {
      return this.#fails('connect()', errnoOfCall(error))
    }
    const connection = this.connection!
    this.localPort = connection.tcb.path.localPort
    const isOpen = () => connection.state >= ESTABLISHED
    yield this.#until(() => isOpen() || connection.closeReason !== null, timeoutMs)
    if (isOpen()) {
      this.say('connect() returns')
      return true
    }
    if (connection.closeReason !== null) return this.#fails('connect()', errnoOfEnd(connection))
    this.errno = 'ETIMEDOUT'
    this.say('connect() times out')
    return false
  }

  /**
   * Queues octets, blocking while there is no room. Returns how many, or -1.
   * @param data octets, a text, or a number of octets of the pattern.
   */
  *write(data: number | string | Uint8Array, options: WriteOptions = {}): Call<number> {
    // Of two scripts that write at once the octets would be mixed.
    const turn = this.#writesBegun++
    if (turn > this.#writesOver) yield this.#until(() => turn === this.#writesOver)
    const written = yield* this.#writeAll(data, options)
    this.#writesOver++
    return written
  }

  *#writeAll(data: number | string | Uint8Array, options: WriteOptions): Call<number> {
    const bytes = this.#octets(data)
    const label = options.urgent === true ? `send(${bytes.length}, OOB)` : `write(${bytes.length})`
    const refused = this.#refusal()
    if (refused !== null) return this.#minusOne(label, refused)
    const connection = this.connection!
    this.say(label)
    let done = 0
    let blocked = false
    for (;;) {
      done += connection.send(bytes, done, bytes.length - done, options)
      if (done === bytes.length) break
      if (!blocked) this.say(`${label} blocks`)
      blocked = true
      yield this.#until(() => this.#hasRoom(bytes.length - done) || this.#refusal() !== null)
      const ended = this.#refusal()
      if (ended !== null) return this.#minusOne(label, ended)
    }
    if (blocked) this.say(`${label} returns`)
    this.sent += bytes.length
    return bytes.length
  }

  /** Blocks until there are octets, the other side has closed (0), or it failed (-1). */
  *read(most = READ_OCTETS, timeoutMs = Number.POSITIVE_INFINITY): Call<number> {
    if (this.#closed) return this.#minusOne('read()', 'EBADF')
    const connection = this.connection!
    if (!this.#canRead()) {
      this.say('read() blocks')
      yield this.#until(() => this.#canRead(), timeoutMs)
      if (!this.#canRead()) {
        this.errno = 'EAGAIN'
        this.say('read() times out')
        return -1
      }
      if (this.#closed) return this.#minusOne('read()', 'EBADF')
    }
    const octets = this.#take(most)
    if (octets > 0) {
      const urgent = connection.urgentOctets > 0 ? ', urgent data follow' : ''
      this.say(`read() returns ${octets}${urgent}`)
      return octets
    }
    return this.#end()
  }

  /** As `read` with MSG_WAITALL: blocks until all octets are there, or the stream ends; 0 and -1 as there. */
  *readAll(count: number): Call<number> {
    if (this.#closed) return this.#minusOne('read()', 'EBADF')
    this.say('read() blocks')
    let done = 0
    while (done < count) {
      yield this.#until(() => this.#canRead())
      if (this.#closed) return this.#minusOne('read()', 'EBADF')
      const octets = this.#take(Math.min(count - done, READ_OCTETS))
      if (octets === 0) break
      done += octets
    }
    if (done === 0) return this.#end()
    this.say(`read() returns ${done}`)
    return done
  }

  /** No more to write: the other direction stays open. */
  shutdown(): void {
    if (this.#refuses('shutdown(WR)')) return
    this.say('shutdown(WR)')
    this.connection!.close()
  }

  /** The socket is gone for the application; TCP ends the connection by itself. */
  close(): void {
    if (this.#listener !== null) {
      this.say('close()')
      this.#host.listeningPorts.delete(this.localPort)
      this.#host.stack.closeListener(this.#listener)
      this.#closed = true
      return
    }
    if (this.#closed) {
      this.#fails('close()', 'EBADF')
      return
    }
    this.#closed = true
    this.#host.openSockets--
    this.say('close()')
    if (this.connection !== null && this.connection.state !== CLOSED) this.connection.release()
  }

  /** Close with SO_LINGER of 0 s: a reset instead of a FIN. */
  abort(): void {
    if (this.#closed) {
      this.#fails('close()', 'EBADF')
      return
    }
    this.#closed = true
    this.#host.openSockets--
    this.say('close(), linger 0')
    if (this.connection !== null && this.connection.state !== CLOSED) this.connection.abort()
  }

  /** Writes an 'application' event of this socket. */
  say(text: string): Note {
    return this.note('application', text)
  }

  /** Writes an event that stands in the picture of this socket's connection only. */
  note(kind: Note['kind'], text: string): Note {
    const note = this.#host.note(kind, text, this.connection?.tcb.id ?? 0)
    if (this.connection === null) this.#unnumbered.push(note)
    return note
  }

  #attach(connection: HostedConnection): void {
    this.connection = connection
    this.#host.sockets.push(this)
    for (const note of this.#unnumbered.splice(0)) note.connection = connection.tcb.id
  }

  #until(ready: () => boolean, timeoutMs = Number.POSITIVE_INFINITY): Wait {
    return { ready, untilUs: this.#host.now + timeoutMs * 1000 }
  }

  #octets(data: number | string | Uint8Array): Uint8Array {
    if (typeof data === 'number') {
      const octets = new Uint8Array(data)
      for (let i = 0; i < data; i++) octets[i] = patternOctet(this.sent + i)
      return octets
    }
    return typeof data === 'string' ? Uint8Array.from(data, (c) => c.charCodeAt(0)) : data
  }

  #take(most: number): number {
    const octets = this.connection!.receive(this.#buffer, 0, Math.min(most, READ_OCTETS))
    for (let i = 0; i < octets; i++) {
      if (this.#buffer[i] !== patternOctet(this.received + i)) this.intact = false
    }
    if (octets > 0) this.lastText = String.fromCharCode(...this.#buffer.subarray(0, Math.min(octets, 64)))
    this.received += octets
    return octets
  }

  #canRead(): boolean {
    const connection = this.connection!
    if (this.#closed) return true
    if (this.stopsReading) return false
    return connection.readable > 0 || connection.atEndOfStream || connection.closeReason !== null
  }

  /** Nothing is left to read: the end of the stream, or what ended the connection. */
  #end(): number {
    const errno = errnoOfEnd(this.connection!)
    if (errno !== null && !this.#ended) return this.#minusOne('read()', errno)
    this.#ended = true
    this.say('read() returns 0')
    return 0
  }

  #hasRoom(wanted: number): boolean {
    const connection = this.connection!
    return connection.writable >= Math.min(wanted, connection.tcb.config.sendBufferBytes / 4)
  }

  /** Why nothing can be written, or null. After the other side's end of data a reset is a broken pipe. */
  #refusal(): Errno | null {
    if (this.#closed) return 'EBADF'
    if (this.connection === null) return 'ENOTCONN'
    if (this.connection.state === CLOSED)
      return this.connection.tcb.rcv.finSeen ? 'EPIPE' : (errnoOfEnd(this.connection) ?? 'EPIPE')
    return this.connection.tcb.closeRequested ? 'EPIPE' : null
  }

  #refuses(label: string): boolean {
    const errno = this.#refusal()
    if (errno !== null) this.#fails(label, errno)
    return errno !== null
  }

  #fails(label: string, errno: Errno | null): false {
    this.errno = errno
    this.say(`${label} fails: ${errno}`)
    return false
  }

  #minusOne(label: string, errno: Errno): -1 {
    this.#fails(label, errno)
    return -1
  }
}
