/**
 * Which connection may send next. Each sends a few packets in a row and then lets others; those that answer a packet of this
 * very host come first, as they would if its loopback took no time: so a handshake is over before the next one begins, and
 * thousands at once fill no queue.
 */

import { Fifo } from './fifo.ts'
import type { HostedConnection } from './hosted-connection.ts'

/** Packets that one connection may send in a row while others wait. */
const TURN = 16

export class ReadyQueue {
  /** Each connection at most once, in one of both. */
  readonly #answering = new Fifo<HostedConnection>()
  readonly #waiting = new Fifo<HostedConnection>()
  /** Packets that the first has sent in a row. */
  #sent = 0

  get length(): number {
    return this.#answering.length + this.#waiting.length
  }

  /** Who may send, until `sent` or `settled` says that its turn is over. */
  get first(): HostedConnection | undefined {
    return this.#answering.first ?? this.#waiting.first
  }

  /** Whether nobody is in the middle of a turn. */
  get isBetweenTurns(): boolean {
    return this.#sent === 0
  }

  /** @param answers a packet of this host itself made it ready. To be called between turns, if so. */
  add(connection: HostedConnection, answers: boolean): void {
    if (connection.ready) return
    connection.ready = true
    const queue = answers ? this.#answering : this.#waiting
    queue.push(connection)
  }

  /** The first sent a packet. Returns whether its turn is over; then others that wait come first. */
  sent(): boolean {
    if (++this.#sent < TURN) return false
    this.#sent = 0
    this.#waiting.push(this.#queue.shift()!)
    return true
  }

  /** The first has nothing more to send. */
  settled(): void {
    this.#sent = 0
    this.#queue.shift()!.ready = false
  }

  get #queue(): Fifo<HostedConnection> {
    return this.#answering.length > 0 ? this.#answering : this.#waiting
  }
}
