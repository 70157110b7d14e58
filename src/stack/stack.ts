/**
 * Many connections behind one set of addresses: a host's TCP, without any input or output of its own.
 *
 * The contract is the connection's (tcp/connection.ts), one floor up: `handle*` takes what happened, `poll*` says what
 * the stack wants. After any `handle*` or user call: `pollTransmit` until it returns 0, then `pollEvent` until it returns
 * null, then `pollTimeout`.
 */

import { RingPool } from '../bytes/ring-pool.ts'
import { CallError } from '../tcp/call-error.ts'
import { Clock } from '../tcp/clock.ts'
import { type Config, DEFAULT_CONFIG, DEFAULT_LIMITS, type Limits } from '../tcp/config.ts'
import { CONNECTED, GONE, RETURNED } from '../tcp/signals.ts'
import { CLOSED } from '../tcp/state.ts'
import type { Environment } from '../tcp/tcb.ts'
import { DropCounters } from '../trace/counters.ts'
import type { Trace } from '../trace/recorder.ts'
import { LocalAddresses } from './addresses.ts'
import { Arrivals } from './arrivals.ts'
import { ConnectionTable } from './connection-table.ts'
import { Fifo } from './fifo.ts'
import type { Host, HostedConnection } from './hosted-connection.ts'
import { IsnSource } from './isn-source.ts'
import { Listener, type ListenOptions } from './listener.ts'
import { ListenerTable } from './listener-table.ts'
import { OwnPackets } from './own-packets.ts'
import { assertAllowed, PortSelector } from './ports.ts'
import { ReadyQueue } from './ready-queue.ts'
import { hostedConnection } from './recorded-connection.ts'
import { type Recording, recordingOf } from './recording.ts'
import { Replies } from './replies.ts'
import type { ConnectOptions, Occupancy, StackOptions } from './stack-options.ts'

export type { ConnectOptions, Occupancy, StackOptions } from './stack-options.ts'

/** What Node asks of listen(2). */
const DEFAULT_BACKLOG = 511

export class Stack implements Host {
  readonly name: string
  readonly clock = new Clock()
  readonly config: Config
  readonly limits: Limits
  readonly mtu: number
  readonly addresses: LocalAddresses
  readonly counters = new DropCounters()
  /** Called after user calls: whoever drives the stack should poll it soon. */
  onWork: (() => void) | null = null
  /**
   * Packets to itself that the stack still handles before `pollTransmit` returns 0 though there are more. Whoever drives it
   * and wants others to have their turn sets it before it polls, and polls again later where none is left.
   */
  ownPacketsLeft = Number.POSITIVE_INFINITY
  /** Times that R1 was reached: the IP layer should have looked for another route (MUST-20). */
  negativeAdvice = 0
  /** Writes down what this stack is given, or null. */
  readonly recording: Recording | null
  readonly #environment: Environment
  readonly #options: StackOptions
  readonly #ownByLink: boolean
  readonly #ports: PortSelector
  readonly #isn: IsnSource
  readonly #table: ConnectionTable
  readonly #listeners = new ListenerTable()
  readonly #replies: Replies
  readonly #arrivals: Arrivals
  /** Connections that may have something to send. */
  readonly #ready = new ReadyQueue()
  /** A turn is over: an answer to nobody's packet may go before the next one. */
  #answerDue = false
  /** Whoever has events that nobody polled; each at most once. */
  readonly #events = new Fifo<HostedConnection | Listener>()
  /** Packets from this host to itself. */
  readonly #toSelf = new OwnPackets()
  /** One of them is being handled: who has to answer it does so before others send. */
  #handlesOwn = false
  #nextId = 1

  constructor(given: StackOptions) {
    this.name = given.name ?? 'host'
    this.config = given.config ?? DEFAULT_CONFIG
    this.limits = { ...DEFAULT_LIMITS, ...given.limits }
    this.mtu = given.mtu ?? 1500
    this.recording = recordingOf(given, this)
    const options = this.recording?.chances(given) ?? given
    this.#options = options
    this.#ownByLink = options.ownPacketsByLink === true
    this.addresses = new LocalAddresses(options.addresses)
    this.#isn = new IsnSource(options.secret, options.initialSequenceNumber ?? null)
    this.#ports = new PortSelector(options.random)
    this.#table = new ConnectionTable(options.secret, this.limits.connections)
    this.#environment = {
      clock: this.clock,
      pool: new RingPool(this.limits.ringPoolBytes),
      trace: options.trace ?? null,
      host: this.name,
      isn: this.#isn,
      counters: this.counters,
    }
    this.#replies = new Replies(this.limits, options.random, this.#environment)
    this.#arrivals = new Arrivals({
      environment: this.#environment,
      counters: this.counters,
      addresses: this.addresses,
      table: this.#table,
      replies: this.#replies,
      listeners: this.#listeners,
      isn: this.#isn,
      verifyChecksums: options.checksumOffload !== true,
      config: this.config,
      limits: this.limits,
      mtu: this.mtu,
      child: (listener) => this.#create(listener.config ?? this.config),
      touched: (connection) => this.touched(connection),
    })
    this.recording?.observe(this)
  }

  // ---- getters

  /** Who records what happens, or null. From here on another does, of connections that are there as well. */
  get trace(): Trace | null {
    return this.recording === null ? this.#environment.trace : this.recording.told.inner
  }
  set trace(trace: Trace | null) {
    this.#environment.trace = this.recording?.tracedBy(trace) ?? trace
    for (const { tcb } of this.connections()) tcb.trace = this.#environment.trace
  }

  /** Connections of all states. */
  get size(): number {
    return this.#table.size
  }

  connections(): HostedConnection[] {
    return this.#table.values()
  }

  listeners(): Listener[] {
    return [...this.#listeners.values()]
  }

  /** `pollTransmit` has something to look at; without, it changes nothing. */
  get hasWork(): boolean {
    return this.#ready.length + this.#replies.length + this.#toSelf.length > 0
  }

  /** What is held at this moment. On a host without connections, polled until nothing is left, all are 0. */
  get occupancy(): Occupancy {
    const listeners = this.#listeners.values()
    return {
      connections: this.#table.size,
      timers: this.#table.timers,
      halfOpen: listeners.reduce((sum, listener) => sum + listener.halfOpen, 0),
      waiting: listeners.reduce((sum, listener) => sum + listener.waiting, 0),
      ready: this.#ready.length,
      events: this.#events.length,
      replies: this.#replies.length,
      toSelf: this.#toSelf.length,
      bufferBytes: this.#environment.pool.lent,
    }
  }

  // ---- handle

  /** One IP packet from the link; the octets are borrowed. */
  handlePacket(now: number, packet: Uint8Array, offset = 0, length = packet.length - offset): void {
    this.clock.now = now
    this.#arrivals.handlePacket(packet, offset, length, this.#ownByLink)
  }

  /** The time that `pollTimeout` gave is reached. Where it is long past, deadlines after `last` can be left for later. */
  handleTimeout(now: number, last = now): void {
    this.clock.now = now
    for (let due = this.#table.popExpired(last); due !== null; due = this.#table.popExpired(last)) {
      due.handleTimeout()
      this.touched(due)
    }
  }

  // ---- calls

  /**
   * Passive OPEN for many connections.
   *
   * @throws CallError 'address-in-use', 'address-not-available', or 'connection-illegal' for a well-known port without
   *   privilege. RangeError for a port outside 0 to 65535.
   */
  listen(options: ListenOptions): Listener {
    assertAllowed(options.port, this.#options.privileged)
    if (options.address !== undefined && !this.addresses.has(options.address)) {
      throw new CallError('address-not-available', options.address.toString())
    }
    const port = options.port || this.#ports.select((p) => !this.#listeners.has(p))
    if (port < 0) throw new CallError('address-not-available')
    const backlog = Math.max(1, Math.min(options.backlog ?? DEFAULT_BACKLOG, this.limits.backlog))
    const listener = new Listener(options, port, backlog)
    this.#listeners.add(listener)
    return listener
  }

  /** An ephemeral port that nobody listens on and no connection has (RFC 6056); -1 where none is free. */
  freePort(): number {
    const taken = new Set(this.connections().map(({ tcb }) => tcb.path.localPort))
    return this.#ports.select((port) => !this.#listeners.has(port) && !taken.has(port))
  }

  /**
   * The connection that waited longest at a listener, or null. From here on its events are told. It may have ended
   * while it waited: then GONE is among them.
   */
  accept(listener: Listener): HostedConnection | null {
    const connection = listener.next()
    if (connection === null) return null
    connection.listener = null
    if (connection.tcb.events !== 0) this.called(connection)
    return connection
  }

  /** Ends a listener: nobody will accept what it has, so those connections are aborted (RFC 9293 3.10.5). */
  closeListener(listener: Listener): void {
    if (listener.closed) return
    this.#listeners.remove(listener)
    for (const orphan of listener.close()) {
      if (orphan.state !== CLOSED) orphan.abort()
      this.#abandon(orphan)
    }
  }

  /**
   * Active OPEN.
   *
   * @throws CallError 'invalid-remote-address' (MUST-46), 'address-not-available' where no address of this host or no
   *   ephemeral port will do, 'address-in-use' where the four of them are taken, 'connection-illegal' for a well-known
   *   local port without privilege, 'insufficient-resources'. RangeError for a local port outside 0 to 65535.
   */
  connect(options: ConnectOptions): HostedConnection {
    const { remoteAddress: remote, remotePort } = options
    if (remotePort < 1 || remotePort > 0xffff || !Number.isInteger(remotePort)) {
      throw new CallError('remote-socket-unspecified', `port ${remotePort}`)
    }
    if (!this.addresses.isConnectable(remote))
      throw new CallError('invalid-remote-address', remote.toString())
    const local = options.localAddress ?? this.addresses.sourceFor(remote)
    if (local === null || !this.addresses.has(local) || local.version !== remote.version) {
      throw new CallError('address-not-available', `to ${remote}`)
    }
    assertAllowed(options.localPort ?? 0, this.#options.privileged)
    if (this.#table.isFull) throw new CallError('insufficient-resources')
    const toSelf = this.addresses.has(remote)
    const isFree = (port: number): boolean => !this.#table.has(local, remote, port, remotePort)
    const localPort =
      options.localPort ||
      // RFC 6056 3.1: a listener's port would be somebody else's, and the port that we connect to on this very host our own.
      this.#ports.select((p) => isFree(p) && !this.#listeners.has(p) && !(toSelf && p === remotePort))
    if (localPort < 0) throw new CallError('address-not-available', 'no ephemeral port is free')
    if (!isFree(localPort)) throw new CallError('address-in-use', `port ${localPort}`)
    const connection = this.#create(options.config ?? this.config)
    connection.tcb.path.setSockets(local, localPort, remote, remotePort)
    connection.toSelf = toSelf
    this.#table.attach(connection)
    connection.connect()
    return connection
  }

  /** Aborts everything. What is owed to the other sides can still be polled. */
  close(): void {
    for (const listener of this.#listeners.values()) this.closeListener(listener)
    for (const connection of this.connections()) connection.abort('stack-closed')
  }

  // ---- poll

  /** Writes one packet to frame[0...] and returns its octets; 0: nothing to send. The frame holds `mtu` octets. */
  pollTransmit(now: number, frame: Uint8Array): number {
    this.clock.now = now
    for (;;) {
      if (this.#toSelf.length > 0 && this.ownPacketsLeft <= 0) return 0
      // Whoever sends to this host itself waits while the queue is full: on such a path nothing need ever be lost.
      const isDue = this.#ready.isBetweenTurns || this.#toSelf.length >= this.limits.selfQueue
      if (isDue && this.#takeOwnPacket()) continue
      const connection = this.#ready.first
      if (connection === undefined || this.#answerDue) {
        this.#answerDue = false
        const isOwn = this.#replies.toSelf && !this.#ownByLink
        const length = this.#replies.poll(isOwn ? this.#toSelf.frame(frame.length) : frame)
        if (length > 0 && !isOwn) return length
        if (length > 0) this.#toSelf.push(length)
        else if (connection === undefined) return 0
        continue
      }
      const isOwn = connection.toSelf && !this.#ownByLink
      const length = connection.pollTransmit(isOwn ? this.#toSelf.frame(frame.length) : frame)
      if (length === 0) {
        this.#settled(connection)
        continue
      }
      if (this.#ready.sent()) this.#endTurn()
      if (!isOwn) return length
      this.#toSelf.push(length)
    }
  }

  /** When `handleTimeout` is to be called, microseconds; Infinity: never. May be early, never late. */
  pollTimeout(): number {
    return this.#table.earliest()
  }

  /** The next connection that has events (`pollEvents` of it), or listener that has connections, or null. */
  pollEvent(): HostedConnection | Listener | null {
    const next = this.#events.shift()
    if (next === undefined) return null
    next.eventPending = false
    return next
  }

  // ---- Host

  /** A user call left the connection something to do. */
  called(connection: HostedConnection): void {
    this.touched(connection)
    this.onWork?.()
  }

  /** Something left the connection work: it gets its turn in `pollTransmit`. */
  touched(connection: HostedConnection): void {
    this.#ready.add(connection, this.#handlesOwn)
    if (connection.tcb.events !== 0) this.#dispatch(connection)
    // At once: the next packet of the batch may be a SYN for the same sockets. What it still owes it can send.
    if (connection.state === CLOSED) this.#detach(connection)
  }

  /** Who hears of it: the owner, or the listener while nobody has accepted. */
  #dispatch(connection: HostedConnection): void {
    const { listener, tcb } = connection
    if (listener === null) return this.#tell(connection)
    if ((tcb.events & RETURNED) !== 0) {
      this.#detach(connection)
      this.#abandon(connection)
    } else if ((tcb.events & CONNECTED) !== 0 && !connection.announced) {
      connection.announced = true
      listener.established(connection)
      this.#tell(listener)
    } else if ((tcb.events & GONE) !== 0 && !connection.announced) {
      this.#abandon(connection)
    }
  }

  /** It ended, or went back to LISTEN, before anybody owned it: nobody will hear of it, or read what it received. */
  #abandon(connection: HostedConnection): void {
    connection.listener?.forget(connection)
    connection.listener = null
    connection.tcb.events = 0
    connection.tcb.receiveBuffer.clear()
  }

  #tell(target: HostedConnection | Listener): void {
    if (target.eventPending) return
    target.eventPending = true
    this.#events.push(target)
  }

  /** The connection has nothing more to send now: what remains is its deadline, or nothing at all. */
  #settled(connection: HostedConnection): void {
    this.#ready.settled()
    this.#endTurn()
    if (connection.tcb.events !== 0) this.#dispatch(connection)
    if (connection.tcb.negativeAdvice) {
      connection.tcb.negativeAdvice = false
      this.negativeAdvice++
    }
    if (connection.state === CLOSED) this.#detach(connection)
    else if (connection.attached) this.#table.setDeadline(connection, connection.pollTimeout())
  }

  #endTurn(): void {
    this.#answerDue = this.#replies.length > 0
  }

  #detach(connection: HostedConnection): void {
    if (connection.attached) this.#table.detach(connection)
  }

  #takeOwnPacket(): boolean {
    return this.#toSelf.handleNext(this.#ownPacketArrives)
  }

  readonly #ownPacketArrives = (packet: Uint8Array, length: number): void => {
    this.ownPacketsLeft--
    this.#handlesOwn = true
    this.#arrivals.handlePacket(packet, 0, length, true)
    this.#handlesOwn = false
  }

  #create(config: Config): HostedConnection {
    const connection = hostedConnection(this.#environment, config, this.#nextId++, this)
    connection.tcb.path.setLink(this.mtu, this.#options.checksumOffload === true)
    return connection
  }
}
