/**
 * RFC 8305 5, Happy Eyeballs: connections to the addresses of a name, each begun a while after the one before, or as soon as
 * that has failed. The first that is established is taken; the others are aborted.
 */

import type { Host } from '../link/host.ts'
import type { ConnectionOwner } from '../link/owners.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { CONNECTED, GONE } from '../tcp/signals.ts'
import { CLOSED } from '../tcp/state.ts'
import type { Address } from '../wire/address.ts'
import { type AsError, type Failure, failureOf, failureOfCall } from './socket-error.ts'

/** Where to connect, and how. */
export interface Course {
  /** In the order in which they are to be tried; at least one. */
  readonly addresses: readonly Address[]
  /** Begins a connection. @throws CallError */
  readonly open: (address: Address) => HostedConnection
  /** Milliseconds in which a connection is alone before the next one is begun. */
  readonly attemptDelayMs: number
}

export interface RaceOwner {
  /** It owns the connection from here on, beginning with these events. */
  raceWon(connection: HostedConnection, events: number): void
  raceLost(failure: Failure): void
  handleHostEnd(error: Error | null): void
}

/** An attempt that failed. */
interface Lost {
  readonly address: Address
  readonly failure: Failure
}

export class Race {
  readonly #host: Host
  readonly #course: Course
  readonly #asError: AsError
  readonly #owner: RaceOwner
  readonly #running = new Set<HostedConnection>()
  readonly #lost: Lost[] = []
  #next = 0
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(host: Host, course: Course, asError: AsError, owner: RaceOwner) {
    this.#host = host
    this.#course = course
    this.#asError = asError
    this.#owner = owner
  }

  begin(): void {
    this.#stopTimer()
    const { addresses, attemptDelayMs } = this.#course
    while (this.#next < addresses.length && !this.#tryNext(addresses[this.#next++]!));
    if (this.#next < addresses.length) this.#timer = setTimeout(() => this.begin(), attemptDelayMs)
    else if (this.#running.size === 0) this.#owner.raceLost(this.#failure())
  }

  /** Nobody is to win any more. */
  end(winner: HostedConnection | null = null): void {
    this.#stopTimer()
    const running = [...this.#running]
    this.#running.clear()
    if (running.length > 0) this.#host.sync()
    for (const connection of running) {
      if (connection === winner) continue
      connection.owner = null
      if (connection.state !== CLOSED) connection.abort()
    }
  }

  /** Returns whether a connection is under way. */
  #tryNext(address: Address): boolean {
    this.#host.sync()
    try {
      const connection = this.#course.open(address)
      connection.owner = this.#ownerOf(connection, address)
      this.#running.add(connection)
      return true
    } catch (error) {
      this.#lost.push({ address, failure: failureOfCall(error) })
      return false
    }
  }

  #ownerOf(connection: HostedConnection, address: Address): ConnectionOwner {
    return {
      handleEvents: (events) => {
        if ((events & CONNECTED) !== 0) {
          this.end(connection)
          this.#owner.raceWon(connection, events)
        } else if ((events & GONE) !== 0) this.#fails(connection, address)
      },
      handleHostEnd: (error) => {
        this.end()
        this.#owner.handleHostEnd(error)
      },
    }
  }

  #fails(connection: HostedConnection, address: Address): void {
    if (!this.#running.delete(connection)) return
    const failure = failureOf(connection)
    if (failure === null || connection.closeReason === 'aborted-by-user') return // The host ends, and says so.
    this.#lost.push({ address, failure })
    this.begin() // RFC 8305 5: without waiting any longer.
  }

  /** Of one address its own; of several the last one's code, and a `cause` that has each of them. */
  #failure(): Failure {
    const last = this.#lost.at(-1)!.failure
    if (this.#lost.length === 1) return last
    const parts = this.#lost.map(({ address, failure }) => `${address}: ${failure.message}`)
    const message = `${last.code}: none of ${parts.length} addresses could be reached: ${parts.join('; ')}`
    const errors = this.#lost.map(({ failure }) => this.#asError(failure))
    return { message, code: last.code, cause: new AggregateError(errors, message) }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
