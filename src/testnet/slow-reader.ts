/**
 * A host whose applications are slow to read: what arrives waits in the receive buffers, and the windows that the other
 * sides are offered close (RFC 9293 3.8.6).
 */

import { ownerOf } from '../link/owners.ts'
import type { Network } from '../sim/network.ts'
import { HostedConnection } from '../stack/hosted-connection.ts'
import { READABLE } from '../tcp/signals.ts'

/** How often the host reads, microseconds. */
const PERIOD_US = 10_000

export class SlowReader {
  readonly #network: Network
  readonly #bytesPerPeriod: number
  readonly #wake: () => void
  /** Octets that may still be read in this period, by all its connections together. */
  #left = 0
  #slowed = new Set<HostedConnection>()
  #isPlanned = false

  /** @param bytesPerSecond 0: nothing is read at all. */
  constructor(network: Network, bytesPerSecond: number, wake: () => void) {
    this.#network = network
    this.#bytesPerPeriod = (bytesPerSecond * PERIOD_US) / 1e6
    this.#wake = wake
  }

  /** From now on reading from this connection has to wait. */
  slow(connection: HostedConnection): void {
    if (this.#slowed.has(connection)) return
    this.#slowed.add(connection)
    Object.defineProperties(connection, {
      readable: { configurable: true, get: () => Math.min(realReadable(connection), this.#take()) },
      receive: {
        configurable: true,
        value: (target: Uint8Array, offset = 0, length = target.length - offset) => {
          const most = Math.min(length, this.#take())
          const octets = HostedConnection.prototype.receive.call(connection, target, offset, most)
          this.#left -= octets
          return octets
        },
      },
    })
  }

  /** Everybody reads again. */
  end(): void {
    for (const connection of this.#slowed) {
      Reflect.deleteProperty(connection, 'readable')
      Reflect.deleteProperty(connection, 'receive')
      this.#tell(connection)
    }
    this.#slowed.clear()
  }

  /** Whole octets that may be read now; where there are none, it is time to wait for the next period. */
  #take(): number {
    if (this.#left < 1) this.#plan()
    return Math.max(0, Math.floor(this.#left))
  }

  #plan(): void {
    if (this.#isPlanned || this.#bytesPerPeriod === 0) return
    this.#isPlanned = true
    this.#network.at(this.#network.now + PERIOD_US, () => {
      this.#isPlanned = false
      this.#left += this.#bytesPerPeriod
      // Somebody waits, or there would be no plan: until a whole octet may be read, go on.
      if (this.#left < 1) return this.#plan()
      for (const connection of this.#slowed) this.#tell(connection)
    })
  }

  #tell(connection: HostedConnection): void {
    if (realReadable(connection) === 0) return
    this.#wake()
    ownerOf(connection)?.handleEvents(READABLE)
  }
}

const readableOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(HostedConnection.prototype),
  'readable',
)!.get!

function realReadable(connection: HostedConnection): number {
  return readableOf.call(connection) as number
}
