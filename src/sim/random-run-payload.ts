/**
 * The octets that random runs carry: a function of connection, direction and offset alone, so that an octet lost, sent
 * twice or shifted shows at once, wherever it turns up.
 */

import { Random } from './random.ts'

/** A prime, so that no power of two and no segment size divides the period. */
const PERIOD = 65_521
/** Longest stretch that is given out in one piece. */
const STRETCH = 65_536

/** The period and one stretch more, so that a stretch from anywhere stands in one piece. */
const OCTETS = ((): Uint8Array => {
  const octets = new Uint8Array(PERIOD + STRETCH)
  new Random('payload').fill(octets, 0, PERIOD)
  octets.copyWithin(PERIOD, 0, STRETCH)
  return octets
})()

/** The octets that one side of one connection sends. */
export class Payload {
  readonly #salt: number

  constructor(connection: number, sender: 0 | 1) {
    this.#salt = (connection * 2 + sender) * 12_289
  }

  /** Where the octet of this offset stands in `octets`; at least 65536 octets follow in their order. */
  at(offset: number): number {
    return (offset + this.#salt) % PERIOD
  }

  get octets(): Uint8Array {
    return OCTETS
  }

  /** The first offset at which `bytes[from]` and on differ, or -1. `length` is at most 65536. */
  firstDifference(offset: number, bytes: Uint8Array, from: number, length: number): number {
    const at = this.at(offset)
    for (let i = 0; i < length; i++) if (bytes[from + i] !== OCTETS[at + i]) return offset + i
    return -1
  }
}

export const LONGEST_PIECE = STRETCH
