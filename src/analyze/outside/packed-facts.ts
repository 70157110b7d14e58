/**
 * Facts of connections that have closed, or are quiet, and are judged at the end: as they lie in memory they take two
 * kilobytes each, most of which say that something never happened. Packed is only what differs from a connection that nothing is known of.
 */

import { type ConnectionFacts, FRESH_NUMBERS, type IcmpFacts, type ResetFacts } from './facts.ts'
import type { HostFacts } from './hosts.ts'
import type { SpareFacts } from './spare-facts.ts'

/** Values of one page: 512 KB, and 128 KB for where they belong. */
const PAGE_VALUES = 1 << 16
/** Behind the last value of a connection. */
const END = 0xffff

export interface PackedFacts {
  readonly page: number
  readonly at: number
  readonly hostA: HostFacts
  readonly hostB: HostFacts
  readonly resets: ResetFacts[]
  readonly icmps: IcmpFacts[]
  /** Of the facts, for who looks at all connections. */
  readonly isSilent: boolean
  readonly isOneSided: boolean
}

export class FactsPacker {
  readonly #values: Float64Array[] = []
  readonly #places: Uint16Array[] = []
  #used = PAGE_VALUES

  /** Afterwards the facts may be used for another connection. */
  pack(facts: ConnectionFacts): PackedFacts {
    if (this.#used + FRESH_NUMBERS.length >= PAGE_VALUES) this.#addPage()
    const page = this.#values.length - 1
    const values = this.#values[page]!
    const places = this.#places[page]!
    const at = this.#used
    let used = at
    for (let place = 0; place < FRESH_NUMBERS.length; place++) {
      const value = facts.page[facts.place + place]!
      if (value === FRESH_NUMBERS[place]) continue
      values[used] = value
      places[used++] = place
    }
    places[used++] = END
    this.#used = used
    const { hostA, hostB, resets, icmps, isSilent } = facts
    const isOneSided = facts.unseen !== null
    facts.resets = []
    facts.icmps = []
    return { page, at, hostA, hostB, resets, icmps, isSilent, isOneSided }
  }

  unpack({ page, at, hostA, hostB, resets, icmps }: PackedFacts, spare: SpareFacts): ConnectionFacts {
    const facts = spare.take(0, { a: hostA, b: hostB }, { a: 0, b: 0 })
    const values = this.#values[page]!
    const places = this.#places[page]!
    for (let k = at; places[k] !== END; k++) facts.page[facts.place + places[k]!] = values[k]!
    facts.resets = resets
    facts.icmps = icmps
    return facts
  }

  #addPage(): void {
    this.#values.push(new Float64Array(PAGE_VALUES))
    this.#places.push(new Uint16Array(PAGE_VALUES))
    this.#used = 0
  }
}
