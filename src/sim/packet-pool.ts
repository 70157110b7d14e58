/** Reuses the octets of packets on their way: power-of-two sizes, and a bound on what is kept for later. */

const LEAST_SHIFT = 8
const MOST_SHIFT = 16

export class PacketPool {
  readonly #free: Uint8Array[][] = Array.from({ length: MOST_SHIFT - LEAST_SHIFT + 1 }, () => [])
  readonly #limit: number
  #keptBytes = 0

  /** @param limit most octets kept while nobody uses them. */
  constructor(limit = 4 * 1024 * 1024) {
    this.#limit = limit
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** At least `length` octets with unknown content. */
  take(length: number): Uint8Array {
    const shift = shiftFor(length)
    if (shift > MOST_SHIFT) return new Uint8Array(length)
    const bytes = this.#free[shift - LEAST_SHIFT]!.pop()
    if (bytes === undefined) return new Uint8Array(1 << shift)
    this.#keptBytes -= bytes.length
    return bytes
  }

  /** Gives back what `take` returned, once. */
  give(bytes: Uint8Array): void {
    const shift = shiftFor(bytes.length)
    if (bytes.length !== 1 << shift || shift > MOST_SHIFT) return
    if (this.#keptBytes + bytes.length > this.#limit) return
    this.#keptBytes += bytes.length
    this.#free[shift - LEAST_SHIFT]!.push(bytes)
  }
}

function shiftFor(length: number): number {
  return Math.max(LEAST_SHIFT, 32 - Math.clz32(Math.max(length, 1) - 1))
}
