/** A TCP socket as a process sees it: a connection or a listener, and what a process may set and be told of. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener } from '../stack/listener.ts'
import type { Stack } from '../stack/stack.ts'
import { type Config, configure } from '../tcp/config.ts'
import { errnoOfEnd } from '../tcp/errno.ts'
import { CONNECTED, DRAINED, GONE, PEER_CLOSED, READABLE, URGENT_DATA } from '../tcp/signals.ts'
import { CLOSED, ESTABLISHED, SYN_RECEIVED, SYN_SENT, TIME_WAIT } from '../tcp/state.ts'
import { seqGT } from '../wire/seq.ts'
import { type CallErrno, Fails, type SocketName } from './arguments.ts'
import { Chronographs } from './chronographs.ts'
import { CONSTANTS } from './constants.ts'
import type { Profile } from './profiles.ts'
import { SendMemory } from './send-memory.ts'
import { SocketSettings } from './socket-settings.ts'
import { UrgentMark } from './urgent-mark.ts'

export class TcpSocket {
  readonly kind = 'socket'
  flags = CONSTANTS.O_RDWR
  /** AF_INET or AF_INET6. */
  readonly domain: number
  settings: SocketSettings
  memory: SendMemory
  /** The name that bind() gave it; null before. */
  name: SocketName | null = null
  listener: Listener | null = null
  connection: HostedConnection | null = null
  /** connect() was called and its success not yet told. */
  connecting = false
  /** shutdown() of one side or the other. */
  readShut = false
  writeShut = false
  /** What ended the connection, until somebody was told (SO_ERROR). */
  error: CallErrno | null = null
  /** How often something came to read, room came to write, and anything else changed: what wakes edge-triggered epoll. */
  readWakes = 0
  writeWakes = 0
  stateWakes = 0
  readonly urgent = new UrgentMark()
  readonly chronographs = new Chronographs()
  readonly #stack: Stack
  readonly #profile: Profile

  constructor(domain: number, stack: Stack, profile: Profile) {
    this.domain = domain
    this.#stack = stack
    this.#profile = profile
    this.settings = new SocketSettings(profile)
    this.memory = new SendMemory(profile.sendBuffer, profile.notSentLowWater)
  }

  /** A connection that this listening socket accepted; what was set here holds there. */
  accepted(connection: HostedConnection): TcpSocket {
    const child = new TcpSocket(this.domain, this.#stack, this.#profile)
    child.settings = this.settings.copy()
    child.memory = this.memory.inherited(this.#profile.sendBuffer)
    child.name = localName(connection)
    child.attach(connection)
    child.takeEvents(connection.pollEvents() | CONNECTED)
    return child
  }

  attach(connection: HostedConnection): void {
    this.connection = connection
    connection.owner = this
    this.chronographs.start(this.#stack.clock.now)
  }

  /** The connection is gone and the socket may connect anew, as after a refused connect(). */
  detach(): void {
    if (this.connection !== null) this.connection.owner = null
    this.connection = null
    this.connecting = false
    this.readShut = false
    this.writeShut = false
    this.memory = this.memory.inherited(this.#profile.sendBuffer)
  }

  // ---- what is the case

  get isConnecting(): boolean {
    const state = this.connection?.state
    return state === SYN_SENT || state === SYN_RECEIVED
  }

  /** The state of a socket, not of the connection: one in TIME-WAIT is closed to its owner. */
  get isClosed(): boolean {
    const state = this.connection?.state ?? CLOSED
    return this.listener === null && (state === CLOSED || state === TIME_WAIT)
  }

  /** The other side sent FIN, and all before it has arrived. */
  get peerClosed(): boolean {
    if (this.connection === null) return false
    const { rcv } = this.connection.tcb
    return rcv.finSeen && seqGT(rcv.nxt, rcv.fin)
  }

  get receiveShut(): boolean {
    return this.readShut || this.peerClosed || (this.connection !== null && this.isClosed)
  }

  get sendShut(): boolean {
    return this.writeShut || (this.connection !== null && this.isClosed)
  }

  /** Octets on hand, as read() counts: the urgent one that stands out of band is not among them. */
  get readable(): number {
    if (this.connection === null) return 0
    return this.connection.readable
  }

  get isWritable(): boolean {
    const { connection } = this
    if (connection === null || connection.state < ESTABLISHED) return true
    return this.memory.isWritable(connection)
  }

  /** SO_ERROR: told once. */
  takeError(): CallErrno | null {
    const { error } = this
    this.error = null
    return error
  }

  throwError(): void {
    const errno = this.takeError()
    if (errno !== null) throw new Fails(errno)
  }

  // ---- what changes

  /** The tunables of its connections follow what was set. */
  reconfigure(): void {
    const config = this.config
    this.listener?.reconfigure(config)
    if (this.connection !== null && this.connection.state !== CLOSED) this.connection.reconfigure(config)
  }

  get config(): Config {
    return configure(this.settings.changes(), this.#profile.config)
  }

  /** Event bits of the connection. */
  takeEvents(events: number): void {
    const { connection } = this
    if (connection === null) return
    if ((events & CONNECTED) !== 0) this.memory.expand(connection)
    if ((events & (READABLE | PEER_CLOSED)) !== 0) this.readWakes++
    if ((events & (CONNECTED | PEER_CLOSED | GONE)) !== 0) this.stateWakes++
    if ((events & URGENT_DATA) !== 0) {
      this.urgent.arrives(connection)
      this.stateWakes++
    }
    if ((events & GONE) !== 0) this.#ended(connection)
    if ((events & DRAINED) !== 0) this.noticeRoom()
  }

  /** Something may have been acknowledged: is there room for whoever wants it? */
  noticeRoom(): void {
    const { connection, memory } = this
    if (!memory.wantsRoom || connection === null) return
    memory.expand(connection)
    if (!memory.isWritable(connection)) return
    memory.wantsRoom = false
    this.writeWakes++
  }

  #ended(connection: HostedConnection): void {
    const wasReset = connection.closeReason === 'reset-by-peer'
    // Linux: to a process that knows the other side has closed, a reset is a broken pipe.
    const errno = wasReset && this.peerClosed && !this.writeShut ? 'EPIPE' : errnoOfEnd(connection)
    if (errno !== null && connection.closeReason !== 'aborted-by-user') this.error = errno
  }
}

export function localName({ tcb: { path } }: HostedConnection): SocketName {
  return { address: path.localAddress, port: path.localPort }
}

export function remoteName({ tcb: { path } }: HostedConnection): SocketName {
  return { address: path.remoteAddress, port: path.remotePort }
}
