/**
 * A connection of a stack: the same contract, and the stack is told when a call leaves it something to do.
 */

import type { Config } from '../tcp/config.ts'
import { Connection } from '../tcp/connection.ts'
import type { Environment } from '../tcp/tcb.ts'
import type { SendOptions } from '../tcp/user-calls.ts'
import type { CloseReason } from '../trace/reasons.ts'
import type { Listener } from './listener.ts'
import type { Recording } from './recording.ts'

/** What a connection asks of its stack. */
export interface Host {
  /** A call was made: the connection may have a packet, a deadline or an event. */
  called(connection: HostedConnection): void
  /** Writes down what its connections are asked for, or null. */
  readonly recording: Recording | null
}

export class HostedConnection extends Connection {
  readonly #host: Host
  /** The listener it came from, until it is accepted or dies; null for active OPENs. */
  listener: Listener | null = null
  /** The owner's own: the socket, the application. */
  owner: unknown = null

  /** Bookkeeping of the stack: place in the timer queue, and membership of its two queues. */
  timerSlot = -1
  ready = false
  eventPending = false
  /** Its listener knows that the handshake is done. */
  announced = false
  /** The stack still routes packets to it. */
  attached = false
  /** Its remote address is one of this host's own. */
  toSelf = false

  constructor(environment: Environment, config: Config, id: number, host: Host) {
    super(environment, config, id)
    this.#host = host
  }

  override connect(): void {
    super.connect()
    this.#host.called(this)
  }

  override send(
    bytes: Uint8Array,
    offset = 0,
    length = bytes.length - offset,
    options?: SendOptions,
  ): number {
    const accepted = super.send(bytes, offset, length, options)
    this.#host.called(this)
    return accepted
  }

  override receive(target: Uint8Array, offset = 0, length = target.length - offset): number {
    const octets = super.receive(target, offset, length)
    if (this.tcb.owed.ack !== null) this.#host.called(this)
    return octets
  }

  override push(): void {
    super.push()
    this.#host.called(this)
  }

  override acknowledgeQuickly(quickly: boolean): void {
    super.acknowledgeQuickly(quickly)
    this.#host.called(this)
  }

  override close(): void {
    super.close()
    this.#host.called(this)
  }

  override release(): void {
    super.release()
    this.#host.called(this)
  }

  override abort(reason?: CloseReason): void {
    super.abort(reason)
    this.#host.called(this)
  }

  override reconfigure(config: Config): void {
    super.reconfigure(config)
    this.#host.called(this)
  }
}
