/**
 * Port ranges (RFC 6335 6) and the choice of an ephemeral port (RFC 6056 3.3, 3.3.5 (a), algorithm 5: random
 * increments; RFC 5927 4.2).
 *
 * Each choice goes a random step on from the last one, so an outsider cannot guess the next port and a port comes back
 * only after a round of the whole range.
 */

import { CallError } from '../tcp/call-error.ts'

/** Of the IANA, privileged: by convention only the system's own servers listen there. */
export const WELL_KNOWN_PORTS = { first: 0, last: 1023 } as const
/** Listed by the IANA as a convenience; for anybody's servers. */
export const REGISTERED_PORTS = { first: 1024, last: 49151 } as const
/** Never assigned: where clients take their ephemeral ports, because no service needs them (RFC 6056 3.2 (a)). */
export const DYNAMIC_PORTS = { first: 49152, last: 65535 } as const

export type PortRange = 'well-known' | 'registered' | 'dynamic'

/** The range a port lies in. A RangeError unless it is an integer from 0 to 65535. */
export function portRange(port: number): PortRange {
  if (!Number.isInteger(port) || port < 0 || port > DYNAMIC_PORTS.last) {
    throw new RangeError(`a port is an integer from 0 to 65535, not ${port}`)
  }
  if (port <= WELL_KNOWN_PORTS.last) return 'well-known'
  return port <= REGISTERED_PORTS.last ? 'registered' : 'dynamic'
}

/** @throws CallError 'connection-illegal' for a well-known port without privilege. RangeError for what is no port. */
export function assertAllowed(port: number, privileged: boolean | undefined): void {
  if (portRange(port) === 'well-known' && port !== 0 && privileged === false) {
    throw new CallError('connection-illegal', `port ${port} is privileged`)
  }
}

/** N of RFC 6056 3.3.5 (a): a step is 1 to this many ports, a trade between unpredictability and early reuse. */
const LONGEST_STEP = 500

export interface PortBounds {
  /** First and last ephemeral port, 1 to 65535. */
  readonly min: number
  readonly max: number
}

export class PortSelector {
  readonly #random: () => number
  readonly #min: number
  readonly #count: number
  readonly #longestStep: number
  #next: number

  /**
   * @param random a fresh random int32 at each call.
   * @param bounds the ports to choose from; the dynamic ports unless given. A RangeError if there are none.
   */
  constructor(
    random: () => number,
    bounds: PortBounds = { min: DYNAMIC_PORTS.first, max: DYNAMIC_PORTS.last },
  ) {
    const { min, max } = bounds
    if (
      !Number.isInteger(min) ||
      !Number.isInteger(max) ||
      min < 1 ||
      max > DYNAMIC_PORTS.last ||
      min > max
    ) {
      throw new RangeError(`ephemeral ports from ${min} to ${max} are no range within 1 to 65535`)
    }
    this.#random = random
    this.#min = min
    this.#count = max - min + 1
    // In a small range long steps would soon come round to a port that was just in use.
    this.#longestStep = Math.max(1, Math.min(LONGEST_STEP, this.#count >> 4))
    this.#next = (random() >>> 0) % this.#count
  }

  /**
   * A free local port, or -1 when none is free: after the random step every port of the range is asked about once.
   *
   * @param isFree whether a connection from that port may be opened.
   */
  select(isFree: (port: number) => boolean): number {
    const count = this.#count
    const start = (this.#next + 1 + ((this.#random() >>> 0) % this.#longestStep)) % count
    for (let tried = 0; tried < count; tried++) {
      const place = (start + tried) % count
      if (!isFree(this.#min + place)) continue
      this.#next = place
      return this.#min + place
    }
    return -1
  }
}
