/** The listeners of a stack, by port, and which of them a SYN is for. */

import { CallError } from '../tcp/call-error.ts'
import type { IpHeader } from '../wire/ip-header.ts'
import type { Listener } from './listener.ts'

export class ListenerTable {
  readonly #byPort = new Map<number, Listener[]>()

  /** Whether anybody listens on a port, on whatever address. */
  has(port: number): boolean {
    return this.#byPort.has(port)
  }

  values(): Listener[] {
    return [...this.#byPort.values()].flat()
  }

  /** @throws CallError 'address-in-use' where another listener has the very same sockets. */
  add(listener: Listener): void {
    const others = this.#byPort.get(listener.port)
    if (others === undefined) this.#byPort.set(listener.port, [listener])
    else if (others.some((other) => other.conflictsWith(listener))) {
      throw new CallError('address-in-use', `port ${listener.port}`) // MUST-41
    } else others.push(listener) // MUST-42
  }

  remove(listener: Listener): void {
    const rest = (this.#byPort.get(listener.port) ?? []).filter((other) => other !== listener)
    if (rest.length === 0) this.#byPort.delete(listener.port)
    else this.#byPort.set(listener.port, rest)
  }

  /** The listener that names the sockets of an arriving segment most closely, or null. */
  find(ip: IpHeader, dstPort: number, srcPort: number): Listener | null {
    const candidates = this.#byPort.get(dstPort)
    if (candidates === undefined) return null
    let best: Listener | null = null
    let bestScore = -1
    for (const listener of candidates) {
      const score = listener.match(ip, srcPort)
      if (score > bestScore) {
        best = listener
        bestScore = score
      }
    }
    return best
  }
}
