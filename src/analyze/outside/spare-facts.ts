/**
 * Facts of connections that left nothing to say, to be used for the next ones: half a million short connections make a
 * gigabyte of facts, which a collector would have to walk over.
 */

import { ConnectionFacts, FRESH_NUMBERS } from './facts.ts'
import type { HostFacts } from './hosts.ts'

/** Connections whose numbers share a page: 130 KB. */
const PAGE_CONNECTIONS = 64

export class SpareFacts {
  /** All that came back: a page lasts as long as one of its connections does. */
  readonly #spare: ConnectionFacts[] = []
  #page = new Float64Array(0)
  #used = 0

  /** Facts as of a connection that nothing is known of yet. */
  take(
    stream: number,
    hosts: { a: HostFacts; b: HostFacts },
    ports: { a: number; b: number },
  ): ConnectionFacts {
    const facts = this.#spare.pop()
    if (facts === undefined) return this.#make(stream, hosts, ports)
    facts.page.set(FRESH_NUMBERS, facts.place)
    if (facts.resets.length + facts.icmps.length > 0) facts.resets.length = facts.icmps.length = 0
    facts.stream = stream
    facts.hostA = hosts.a
    facts.hostB = hosts.b
    facts.portA = ports.a
    facts.portB = ports.b
    return facts
  }

  /** Nobody may hold them any more. */
  put(facts: ConnectionFacts): void {
    this.#spare.push(facts)
  }

  #make(
    stream: number,
    hosts: { a: HostFacts; b: HostFacts },
    ports: { a: number; b: number },
  ): ConnectionFacts {
    if (this.#used === this.#page.length) {
      this.#page = new Float64Array(PAGE_CONNECTIONS * FRESH_NUMBERS.length)
      this.#used = 0
    }
    const place = this.#used
    this.#used += FRESH_NUMBERS.length
    this.#page.set(FRESH_NUMBERS, place)
    return new ConnectionFacts(stream, hosts, ports, this.#page, place)
  }
}
