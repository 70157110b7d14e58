/**
 * A TCP socket as libuv has it, on a connection of a stack: what `socket._handle` is in Node, under the same names.
 *
 * It calls back in turns (turns.ts), one callback in each, the end of its own side before reads and these before writes, and
 * only about what was asked: octets while it reads, a write once all of it found room in the send buffer. While nobody
 * reads, octets stay in the connection and close its window.
 */

import type { ConnectionOwner } from '../link/owners.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { CONNECTED, DRAINED, GONE, PEER_CLOSED, WRITABLE } from '../tcp/signals.ts'
import { CLOSED } from '../tcp/state.ts'
import { ANY_V4, ANY_V6 } from '../wire/address.ts'
import type { Binding } from './binding.ts'
import { planClosing } from './closing-phase.ts'
import type { SystemError } from './errors.ts'
import { endCode, type FailureCode, failureOf } from './failure.ts'
import type { ConnectCallback, HandleOwner } from './handle-owner.ts'
import { Hold, isSettled } from './hold.ts'
import { localName, nameOf, remoteName, type SocketName } from './names.ts'
import { bindTo, type LocalSocket, openTo } from './opening.ts'
import { Outgoing, type WriteCallback } from './outgoing.ts'
import { OwnEnd } from './own-end.ts'
import type { SocketHandle } from './socket-handle.ts'
import { TunedHandle } from './tuned-handle.ts'
import type { Turns, TurnTaker } from './turns.ts'

/** Turns in which `connect` lets others go first, the last one of them of the event loop. */
const YIELDS = 3

/** Octets of one read, as libuv suggests them. */
const CHUNK_BYTES = 64 * 1024

export class TcpHandle extends TunedHandle implements ConnectionOwner, SocketHandle, TurnTaker {
  owner: HandleOwner | null = null
  reading = false
  bytesRead = 0
  /** Octets that `write` was given, whether they found room or not. */
  bytesWritten = 0
  readonly #turns: Turns
  #connection: HostedConnection | null
  #bound: LocalSocket | null = null
  /** Null until `bindLocal` or `connect`: there is no socket yet. */
  #family: 4 | 6 | null = null
  /** An IPv6 socket that speaks IPv4: its addresses are shown as ::ffff:10.0.0.1. */
  #mapped: boolean
  #connected: boolean
  #onConnect: ConnectCallback | null = null
  /** Turns of the callback of `connect` that others had. */
  #yielded = 0
  #wantsReading = false
  #peerEnded = false
  /** The end waits for the event loop to turn. */
  #endWaits = false
  /** The reader knows that there is no more. */
  #endTold = false
  readonly #outgoing = new Outgoing()
  readonly #ownEnd = new OwnEnd()
  /** The connection is no more. */
  #gone = false
  /** Why it failed, until somebody is told: SO_ERROR. */
  #failure: FailureCode | null = null
  #hostEnded = false
  #hostError: Error | null = null
  #closed = false
  #planned = false
  #isRef = true
  readonly #hold: Hold

  /** @param connection one that a listener accepted; null: `connect` makes one. */
  constructor(binding: Binding, connection: HostedConnection | null, mapped = false) {
    super(connection === null ? 'TCPWRAP' : 'TCPSERVERWRAP', binding.host)
    this.#turns = binding.turns
    this.#hold = new Hold(binding.host)
    this.#connection = connection
    this.#mapped = mapped
    this.#connected = connection !== null
    if (connection !== null) connection.owner = this
  }

  /** The connection beneath; null before `connect`. */
  get connection(): HostedConnection | null {
    return this.#connection
  }

  get writeQueueSize(): number {
    return this.#outgoing.queued
  }

  /** The local end; before there is a connection what was bound. */
  get sockname(): SocketName | null {
    const connection = this.#connection
    if (connection !== null) return localName(connection, this.#mapped)
    if (this.#family === null) return null
    const any = this.#family === 4 ? ANY_V4 : ANY_V6
    return nameOf(this.#bound?.address ?? any, this.#bound?.port ?? 0)
  }

  get peername(): SocketName | null {
    return this.#connection === null || !this.#connected ? null : remoteName(this.#connection, this.#mapped)
  }

  // ---- opening

  /** Returns null, or the errno. */
  bindLocal(address: string, port: number, family: 4 | 6): FailureCode | null {
    this.#family = family
    const bound = bindTo(this.host, address, port, family)
    if (typeof bound === 'string') return bound
    this.#bound = bound
    return null
  }

  /** Returns null and calls back, or the errno where it is refused at once. */
  connect(address: string, port: number, family: 4 | 6, onConnect: ConnectCallback): FailureCode | null {
    this.#family = family
    if (this.host.closed) return 'ENETDOWN'
    const opening = openTo(this.host, this.#bound, address, port, family)
    if ('connection' in opening) {
      this.#connection = opening.connection
      this.#mapped = opening.mapped
      opening.connection.owner = this
    } else if (opening.later) {
      this.#gone = true
      this.#failure = opening.refused
      this.#plan()
    } else return opening.refused
    this.#onConnect = onConnect
    this.#holdOrNot()
    return null
  }

  // ---- reading and writing

  readStart(): void {
    if (this.#closed) return
    this.#wantsReading = true
    this.#holdOrNot()
    if (this.#hasWork) this.#plan()
  }

  readStop(): void {
    this.#wantsReading = false
    this.#holdOrNot()
  }

  /** Calls back at once where all octets found room or none ever will. Node does not count a short text that is refused so. */
  write(chunks: readonly Uint8Array[], onWritten: WriteCallback, isShortText = false): void {
    const connection = this.#connection
    if (this.#closed) return onWritten(failureOf(null, 'write', 'EBADF'))
    const isRefused = connection === null || !this.#canSend(connection)
    if (!isRefused || !isShortText) for (const { length } of chunks) this.bytesWritten += length
    if (isRefused) return onWritten(this.#writeFailure())
    this.host.sync()
    this.#outgoing.start(connection, chunks, onWritten)
    this.#holdOrNot()
  }

  /**
   * FIN, behind all that was written; nothing, where nobody is left to end to. As libuv does it: in a turn of its own, and then
   * it calls back. Till then there are no others. Returns whether it will: not where it was asked to before.
   */
  shutdown(onShutdown: () => void): boolean {
    if (this.#closed || this.#ownEnd.isAskedFor) return false
    this.#ownEnd.ask(onShutdown)
    this.#turns.planLast({ takeTurn: () => this.runInAsyncScope(this.#endsOwnSide, this) })
    this.#holdOrNot()
    return true
  }

  #endsOwnSide(): void {
    const connection = this.#connection
    if (this.#closed) return // Then it is told as it closes.
    this.host.sync()
    if (!this.#gone && connection !== null && connection.state !== CLOSED) {
      connection.close()
      this.host.transmit()
    }
    this.#ownEnd.settle()
    this.#goesOnOrRests()
  }

  #canSend({ state }: HostedConnection): boolean {
    return !this.#gone && !this.#closed && !this.#ownEnd.isAskedFor && state !== CLOSED
  }

  // ---- what keeps the process alive

  ref(): void {
    this.#isRef = true
    this.#holdOrNot()
  }

  unref(): void {
    this.#isRef = false
    this.#holdOrNot()
  }

  hasRef(): boolean {
    return this.#isRef && !this.#closed
  }

  /** As an active handle of libuv keeps its loop alive; beyond it, the host until what was written has arrived. */
  #holdOrNot(): void {
    this.#hold.set(this.#isRef && (this.#closed ? this.#lingers : this.#isActive))
  }

  get #isActive(): boolean {
    const calls = this.#onConnect !== null || this.#outgoing.isWaiting || this.#ownEnd.isWaiting
    return calls || (this.#wantsReading && !this.#endTold)
  }

  /** Another host must still hear of the end. A kernel would see to it; this stack is gone with its process. */
  get #lingers(): boolean {
    const connection = this.#connection
    return connection !== null && !connection.toSelf && !this.#gone && !isSettled(connection)
  }

  // ---- the end

  /** close(2): what was written still goes; a reset where octets were not read. */
  close(onClose?: () => void): void {
    const connection = this.#connection
    if (this.#end(onClose) && connection !== null) {
      connection.release()
      this.host.transmit()
    }
    this.#holdOrNot()
  }

  /** A reset, behind what the windows let go of. As libuv's, refused while `shutdown` has not called back. */
  reset(onClose?: () => void): 'EINVAL' | null {
    if (this.#ownEnd.isWaiting) return 'EINVAL'
    if (this.#end(onClose) && this.#connection?.state !== CLOSED) this.#connection?.abort()
    this.#holdOrNot()
    return null
  }

  #end(onClose?: () => void): boolean {
    if (this.#closed) return false
    this.#closed = true
    this.reading = false
    this.owner = null
    this.#onConnect = null
    planClosing(() => this.runInAsyncScope(this.#closes, this, onClose))
    this.host.sync()
    if (this.#connection?.hasUnsent) this.host.transmit() // lest it be taken back
    return true
  }

  #closes(onClose?: () => void): void {
    this.#outgoing.settle(null)
    this.#ownEnd.settle()
    this.emitDestroy()
    onClose?.()
  }

  // ---- what the connection and the host tell

  handleEvents(events: number): void {
    const connection = this.#connection!
    if ((events & PEER_CLOSED) !== 0) this.#peerEnded = true
    if ((events & CONNECTED) !== 0) this.#connected = true
    if ((events & GONE) !== 0) {
      this.#gone = true
      this.#failure = endCode(connection, this.#peerEnded)
    } else if (!this.#closed && (events & (WRITABLE | DRAINED)) !== 0) {
      this.#outgoing.push(connection)
    }
    if (this.#closed) this.#holdOrNot()
    else if (this.#hasWork) this.#plan()
  }

  handleHostEnd(error: Error | null): void {
    this.#gone = true
    this.#failure = error === null ? 'ECONNABORTED' : 'ENETDOWN'
    this.#hostEnded = true
    this.#hostError = error
    this.#endTold = false // even after the other side's end: this is another one
    if (this.#closed) this.#holdOrNot()
    else this.#plan()
  }

  #plan(): void {
    if (this.#planned) return
    this.#planned = true
    this.#turns.plan(this)
  }

  /** Whether there is something to call back about. */
  get #hasWork(): boolean {
    if (this.#onConnect !== null) return this.#gone || (this.#connected && this.#yielded !== YIELDS - 1)
    if (this.#ownEnd.isWaiting) return false
    const isWritten = this.#gone || this.#outgoing.queued === 0
    return this.#hasNews || (this.#outgoing.isWaiting && isWritten)
  }

  /** Whether there is something to tell the reader. */
  get #hasNews(): boolean {
    const connection = this.#connection
    if (this.#endTold || connection === null) return false
    if (!this.#wantsReading) return this.#hostEnded
    return connection.readable > 0 || (this.#endsHere && !this.#endWaits)
  }

  takeTurn(): void {
    this.#planned = false
    if (!this.#closed) this.runInAsyncScope(this.#turn, this)
  }

  #turn(): void {
    try {
      if (!this.#hasWork) return
      if (this.#onConnect !== null) this.#connects()
      else if (this.#hasNews) this.#read()
      else this.#written()
    } finally {
      this.#goesOnOrRests()
    }
  }

  #goesOnOrRests(): void {
    this.#holdOrNot()
    if (!this.#closed && this.#hasWork) this.#plan()
  }

  /**
   * SO_ERROR after the handshake. A server of this process hears of the connection first, as from a kernel; if it resets it at
   * once, the call has failed. So others have a turn before, and the host the next turn of the event loop.
   */
  #connects(): void {
    if (this.#failure === null && ++this.#yielded < YIELDS) {
      if (this.#yielded === YIELDS - 1) setImmediate(() => this.#goesOn())
      return
    }
    const onConnect = this.#onConnect!
    const failure = this.#failure
    this.#onConnect = null
    this.#failure = null
    onConnect(failure)
  }

  #goesOn(): void {
    this.#yielded = YIELDS
    this.#plan()
  }

  /** One read(2). */
  #read(): void {
    const connection = this.#connection!
    const owner = this.owner!
    const length = this.#wantsReading ? connection.readable : 0
    if (length === 0) return this.#tellEnd(connection, owner)
    const { room } = owner
    const target = room ?? Buffer.allocUnsafe(Math.min(length, CHUNK_BYTES))
    this.host.sync()
    const octets = connection.receive(target)
    this.bytesRead += octets
    if (octets === 0) owner.handleFailure(failureOf(connection, 'read', 'ENOBUFS'))
    else if (room !== null) owner.handleRead(octets, null)
    else owner.handleRead(octets, (octets === target.length ? target : target.subarray(0, octets)) as Buffer)
    if (!this.#endsHere) return
    // libuv sees an end only when it polls again: by then the reader is done with what came before.
    this.#endWaits = true
    setImmediate(() => {
      this.#endWaits = false
      this.#goesOnOrRests()
    })
  }

  /** What is left to tell the reader is the end. */
  get #endsHere(): boolean {
    const connection = this.#connection!
    return connection.readable === 0 && (this.#gone || connection.atEndOfStream)
  }

  #tellEnd(connection: HostedConnection, owner: HandleOwner): void {
    this.#endTold = true
    this.#wantsReading = false
    if (this.#hostEnded && this.#hostError === null) return owner.handleHostClosed()
    const failure = this.#failure
    if (failure === null || (this.#peerEnded && !this.#hostEnded)) return owner.handleEnd()
    this.#failure = null
    owner.handleFailure(failureOf(connection, 'read', failure, undefined, this.#hostError))
  }

  #written(): void {
    this.owner?.handleWritten()
    this.#outgoing.settle(this.#outgoing.queued === 0 ? null : this.#writeFailure())
  }

  #writeFailure(): SystemError {
    const connection = this.#connection
    const code = this.#failure ?? (connection === null ? null : endCode(connection, this.#peerEnded))
    this.#failure = null
    return failureOf(connection, 'write', code ?? 'EPIPE', undefined, this.#hostError)
  }
}
