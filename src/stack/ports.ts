/**
 * Port ranges (RFC 6335 6) and the choice of an ephemeral port (RFC 6056 3.3.4, double-hash selection).
 *
 * Each destination walks the range from an origin of its own, so a port comes back only after a whole round, and
 * somebody who sees our ports at one destination cannot tell where the walk to another stands.
 */

import { PURPOSE, SipHash } from './siphash.ts'

/** Of the IANA, privileged: by convention only the system's own servers listen there. */
export const WELL_KNOWN_PORTS = { first: 0, last: 1023 } as const
/** Listed by the IANA as a convenience; for anybody's servers. */
export const REGISTERED_PORTS = { first: 1024, last: 49151 } as const
/** Never assigned: where clients take their ephemeral ports. */
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

/** Destinations share this many counters (TABLE of RFC 6056 3.3.4): 4 KiB a stack. */
const COUNTERS = 1024

/** A counter advances by 1 to this many ports, so that two destinations on one counter do not reveal each other. */
const LONGEST_STRIDE = 8

export interface PortBounds {
  /** First and last ephemeral port, 1 to 65535. */
  readonly min: number
  readonly max: number
}

export class PortSelector {
  readonly #siphash: SipHash
  readonly #random: () => number
  readonly #min: number
  readonly #count: number
  readonly #longestStride: number
  readonly #counters = new Int32Array(COUNTERS)

  /**
   * @param secret 16 octets.
   * @param random a fresh random int32 at each call.
   * @param bounds the ports to choose from; the dynamic ports unless given. A RangeError if there are none.
   */
  constructor(
    secret: Uint8Array,
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
    this.#siphash = new SipHash(secret)
    this.#random = random
    this.#min = min
    this.#count = max - min + 1
    // In a small range long strides would soon come round to a port that was just in use.
    this.#longestStride = Math.max(1, Math.min(LONGEST_STRIDE, this.#count >> 4))
    for (let i = 0; i < COUNTERS; i++) this.#counters[i] = (random() >>> 0) % this.#count
  }

  /**
   * A free local port for a connection to a remote socket, or -1 when none is free: every port of the range is
   * asked about at most once.
   *
   * @param isFree whether a connection from that port may be opened.
   */
  select(
    local0: number,
    local1: number,
    local2: number,
    local3: number,
    remote0: number,
    remote1: number,
    remote2: number,
    remote3: number,
    remotePort: number,
    isFree: (port: number) => boolean,
  ): number {
    const siphash = this.#siphash
    siphash.hash10(
      local0,
      local1,
      local2,
      local3,
      remote0,
      remote1,
      remote2,
      remote3,
      remotePort,
      PURPOSE.ephemeralPort,
    )
    const count = this.#count
    const index = siphash.hi & (COUNTERS - 1)
    const origin = (siphash.lo >>> 0) % count
    const start = this.#counters[index]!
    for (let tried = 0; tried < count; tried++) {
      const port = this.#min + ((origin + start + tried) % count)
      if (!isFree(port)) continue
      const stride = 1 + ((this.#random() >>> 0) % this.#longestStride)
      this.#counters[index] = (start + tried + stride) % count
      return port
    }
    return -1
  }
}
