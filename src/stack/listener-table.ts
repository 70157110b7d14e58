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

  /** @throws CallError 'address-in-use' where another listener has the same sockets, or some of them that it does not share. */
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
    let equals = 0
    for (const listener of candidates) {
      const score = listener.match(ip, srcPort)
      if (score < 0 || score < bestScore) continue
      equals = score > bestScore ? 1 : equals + 1
      // Of those that share the port each has one remote socket in so many, and always the same ones.
      if (equals === 1 || spread(ip, srcPort, equals) === 0) best = listener
      bestScore = score
    }
    return best
  }
}

/** A number below `bound` that follows from a remote socket, evenly. */
function spread({ src0, src1, src2, src3 }: IpHeader, srcPort: number, bound: number): number {
  let hash = Math.imul(src0 ^ src1 ^ src2 ^ src3, 0x9e3779b1) ^ Math.imul(srcPort + bound, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return ((hash ^ (hash >>> 13)) >>> 0) % bound
}
