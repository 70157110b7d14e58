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
import type { Address } from '../wire/address.ts'
import { Prefix, parsePrefix } from '../wire/address-prefix.ts'
import { LocalAddresses } from './addresses.ts'
import { Arrivals } from './arrivals.ts'
import { ConnectionTable } from './connection-table.ts'
import { type Host, HostedConnection } from './hosted-connection.ts'
import { type ChosenNumber, IsnSource } from './isn-source.ts'
import { Listener, type ListenOptions } from './listener.ts'
import { PortSelector, portRange } from './ports.ts'
import { Replies } from './replies.ts'

export interface StackOptions {
  /** The name that trace events carry. */
  readonly name?: string
  /** Addresses with their prefix length: '10.0.0.1/24', 'fd00::1/64'. */
  readonly addresses: readonly (string | Prefix)[]
  /** 16 octets that nobody else knows: initial sequence numbers, ports and the connection table rest on them. */
  readonly secret: Uint8Array
  /** A fresh random int32 at each call. */
  readonly random: () => number
  /** The link's MTU, octets; default 1500. */
  readonly mtu?: number
  /** The link leaves checksums to the other side. */
  readonly checksumOffload?: boolean
  readonly config?: Config
  readonly limits?: Partial<Limits>
  readonly trace?: Trace | null
  /** false: ports 0 to 1023 are refused to listeners, as for a process without privilege. Default true. */
  readonly privileged?: boolean
  /**
   * Chooses initial sequence numbers in place of RFC 6528, where it does not return null. For simulations and replays:
   * numbers that outsiders can guess are unsafe on a real network (MUST-9).
   */
  readonly initialSequenceNumber?: ChosenNumber
}

export interface ConnectOptions {
  readonly remoteAddress: Address
  readonly remotePort: number
  /** MUST-43; absent: chosen for the remote address (MUST-44). */
  readonly localAddress?: Address
  /** 0 or absent: an ephemeral port (RFC 6056). */
  readonly localPort?: number
  readonly config?: Config
}

/** Node's default, as of listen(2)'s users. */
const DEFAULT_BACKLOG = 511
/** Packets that one connection may send in a row while others wait. */
const TURN = 16

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
  /** Times that R1 was reached: the IP layer should have looked for another route (MUST-20). */
  negativeAdvice = 0
  readonly #environment: Environment
  readonly #options: StackOptions
  readonly #ports: PortSelector
  readonly #isn: IsnSource
  readonly #table: ConnectionTable
  readonly #listeners = new Map<number, Listener[]>()
  readonly #replies: Replies
  readonly #arrivals: Arrivals
  readonly #ready: HostedConnection[] = []
  #readyHead = 0
  #turn = 0
  readonly #events: (HostedConnection | Listener)[] = []
  #eventsHead = 0
  /** Packets from this host to itself. */
  readonly #toSelf: Uint8Array[] = []
  #nextId = 1

  constructor(options: StackOptions) {
    this.#options = options
    this.name = options.name ?? 'host'
    this.config = options.config ?? DEFAULT_CONFIG
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.mtu = options.mtu ?? 1500
    this.addresses = new LocalAddresses(options.addresses.map(toPrefix))
    this.#isn = new IsnSource(options.secret, options.initialSequenceNumber ?? null)
    this.#ports = new PortSelector(options.random)
    this.#table = new ConnectionTable(options.secret, this.limits.connections)
    this.#replies = new Replies(this.limits, options.random)
    this.#environment = {
      clock: this.clock,
      pool: new RingPool(this.limits.ringPoolBytes),
      trace: options.trace ?? null,
      host: this.name,
      isn: this.#isn,
      counters: this.counters,
    }
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
      child: (listener) => this.#create(listener.config ?? this.config),
      touched: (connection) => this.touched(connection),
      detach: (connection) => this.#detach(connection),
    })
  }

  // ---- getters

  /** Connections of all states. */
  get size(): number {
    return this.#table.size
  }

  connections(): HostedConnection[] {
    return this.#table.values()
  }

  // ---- handle

  /** One IP packet from the link; the octets are borrowed. */
  handlePacket(now: number, packet: Uint8Array, offset = 0, length = packet.length - offset): void {
    this.clock.now = now
    this.#arrivals.handlePacket(packet, offset, length)
  }

  /** The time that `pollTimeout` gave is reached. */
  handleTimeout(now: number): void {
    this.clock.now = now
    for (let due = this.#table.popExpired(now); due !== null; due = this.#table.popExpired(now)) {
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
    if (
      options.port !== 0 &&
      portRange(options.port) === 'well-known' &&
      this.#options.privileged === false
    ) {
      throw new CallError('connection-illegal', `port ${options.port} is privileged`)
    }
    if (options.address !== undefined && !this.addresses.has(options.address)) {
      throw new CallError('address-not-available', options.address.toString())
    }
    const port = options.port === 0 ? this.#ports.select((p) => !this.#listeners.has(p)) : options.port
    if (port < 0) throw new CallError('address-not-available')
    const backlog = Math.max(1, Math.min(options.backlog ?? DEFAULT_BACKLOG, this.limits.backlog))
    const listener = new Listener(options, port, backlog)
    const others = this.#listeners.get(port)
    if (others === undefined) this.#listeners.set(port, [listener])
    else if (others.some((other) => other.conflictsWith(listener))) {
      throw new CallError('address-in-use', `port ${port}`) // MUST-41
    } else others.push(listener) // MUST-42
    return listener
  }

  /** The connection that waited longest at a listener, or null. From here on its events are told. */
  accept(listener: Listener): HostedConnection | null {
    const connection = listener.next()
    if (connection === null) return null
    connection.listener = null
    if (connection.tcb.events !== 0) this.#tell(connection)
    return connection
  }

  /** Ends a listener: nobody will accept what it has, so those connections are aborted (RFC 9293 3.10.5). */
  closeListener(listener: Listener): void {
    if (listener.closed) return
    listener.closed = true
    const rest = (this.#listeners.get(listener.port) ?? []).filter((other) => other !== listener)
    if (rest.length === 0) this.#listeners.delete(listener.port)
    else this.#listeners.set(listener.port, rest)
    for (const orphan of listener.orphans()) if (orphan.state !== CLOSED) orphan.abort()
  }

  /**
   * Active OPEN.
   *
   * @throws CallError 'invalid-remote-address' (MUST-46), 'address-not-available' where no address of this host or no
   *   ephemeral port will do, 'address-in-use' where the four of them are taken, 'insufficient-resources'.
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
    const isFree = (port: number): boolean => !this.#table.has(local, remote, port, remotePort)
    const localPort = options.localPort || this.#ports.select(isFree)
    if (localPort < 0) throw new CallError('address-not-available', 'no ephemeral port is free')
    if (!isFree(localPort)) throw new CallError('address-in-use', `port ${localPort}`)
    const connection = this.#create(options.config ?? this.config)
    const { path } = connection.tcb
    path.version = remote.version
    path.local0 = local.w0
    path.local1 = local.w1
    path.local2 = local.w2
    path.local3 = local.w3
    path.remote0 = remote.w0
    path.remote1 = remote.w1
    path.remote2 = remote.w2
    path.remote3 = remote.w3
    path.localPort = localPort
    path.remotePort = remotePort
    connection.toSelf = this.addresses.has(remote)
    if (!this.#table.attach(connection)) throw new CallError('insufficient-resources')
    connection.connect()
    return connection
  }

  /** Aborts everything. What is owed to the other sides can still be polled. */
  close(): void {
    for (const list of [...this.#listeners.values()])
      for (const listener of [...list]) this.closeListener(listener)
    for (const connection of this.connections()) if (connection.state !== CLOSED) connection.abort()
  }

  // ---- poll

  /** Writes one packet to frame[0...] and returns its octets; 0: nothing to send. The frame holds `mtu` octets. */
  pollTransmit(now: number, frame: Uint8Array): number {
    this.clock.now = now
    for (;;) {
      const connection = this.#ready[this.#readyHead]
      if (connection === undefined) {
        this.#ready.length = 0
        this.#readyHead = 0
        if (this.#takeOwnPacket()) continue
        return this.#arrivals.pollReply(frame)
      }
      const length = connection.pollTransmit(frame)
      if (length === 0) {
        this.#settled(connection)
        continue
      }
      if (++this.#turn >= TURN) this.#rotate()
      if (!connection.toSelf) return length
      if (this.#toSelf.length < this.limits.selfQueue) this.#toSelf.push(frame.slice(0, length))
    }
  }

  /** When `handleTimeout` is to be called, microseconds; Infinity: never. May be early, never late. */
  pollTimeout(): number {
    return this.#table.earliest()
  }

  /** The next connection that has events (`pollEvents` of it), or listener that has connections, or null. */
  pollEvent(): HostedConnection | Listener | null {
    const next = this.#events[this.#eventsHead]
    if (next === undefined) {
      this.#events.length = 0
      this.#eventsHead = 0
      return null
    }
    this.#eventsHead++
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
    if (!connection.ready) {
      connection.ready = true
      this.#ready.push(connection)
    }
    if (connection.tcb.events !== 0) this.#dispatch(connection)
  }

  /** Who hears of it: the owner, or the listener while nobody has accepted. */
  #dispatch(connection: HostedConnection): void {
    const { listener, tcb } = connection
    if (listener === null) return this.#tell(connection)
    if ((tcb.events & RETURNED) !== 0) {
      listener.forget(connection)
      this.#detach(connection)
      connection.listener = null
      tcb.events = 0
    } else if ((tcb.events & CONNECTED) !== 0 && !connection.announced) {
      connection.announced = true
      listener.established(connection)
      this.#tell(listener)
    } else if ((tcb.events & GONE) !== 0 && !connection.announced) {
      listener.forget(connection)
      connection.listener = null
    }
  }

  #tell(target: HostedConnection | Listener): void {
    if (target.eventPending) return
    target.eventPending = true
    this.#events.push(target)
  }

  /** The connection has nothing more to send now: what remains is its deadline, or nothing at all. */
  #settled(connection: HostedConnection): void {
    this.#readyHead++
    this.#turn = 0
    connection.ready = false
    if (connection.tcb.events !== 0) this.#dispatch(connection)
    if (connection.tcb.negativeAdvice) {
      connection.tcb.negativeAdvice = false
      this.negativeAdvice++
    }
    if (connection.state === CLOSED) this.#detach(connection)
    else if (connection.attached) this.#table.setDeadline(connection, connection.pollTimeout())
  }

  /** Its turn is over; others that wait come first. */
  #rotate(): void {
    this.#turn = 0
    if (this.#readyHead + 1 >= this.#ready.length) return
    this.#ready.push(this.#ready[this.#readyHead]!)
    this.#readyHead++
  }

  #detach(connection: HostedConnection): void {
    if (connection.attached) this.#table.detach(connection)
  }

  #takeOwnPacket(): boolean {
    const packet = this.#toSelf.shift()
    if (packet === undefined) return false
    this.#arrivals.handlePacket(packet, 0, packet.length)
    return true
  }

  #create(config: Config): HostedConnection {
    const connection = new HostedConnection(this.#environment, config, this.#nextId++, this)
    connection.tcb.path.mtu = this.mtu
    connection.tcb.path.mmsr = this.mtu
    connection.tcb.path.checksumOffload = this.#options.checksumOffload === true
    return connection
  }
}

function toPrefix(text: string | Prefix): Prefix {
  if (text instanceof Prefix) return text
  const prefix = parsePrefix(text)
  if (prefix === null) throw new RangeError(`"${text}" is no address with a prefix length, as in 10.0.0.1/24`)
  return prefix
}
