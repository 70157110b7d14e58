/**
 * The memory of all rings of one stack: power-of-two arrays, lent to the connections that hold octets at this moment
 * and kept here in between. An idle connection so costs no buffer, and a busy one no allocation.
 *
 * What is handed out is not zeroed: it may hold old octets, even of another connection. A borrower must never show an
 * octet that it has not written itself.
 */

/** The smallest ring, in octets: room for one full Ethernet segment. */
export const MIN_RING = 2048
/** The largest ring, in octets: RFC 7323 2.3 bounds a window to 2^30. */
export const MAX_RING = 2 ** 30

const MIN_RING_LOG2 = 11
const SIZE_CLASSES = 20

export class RingPool {
  readonly #maxBytes: number
  /** Free rings: entry i holds those of 2^(11 + i) octets. */
  readonly #free: Uint8Array[][] = []
  #kept = 0
  #lent = 0

  /** @param maxBytes most octets kept for reuse, over all sizes; what comes back beyond it goes to the collector. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    for (let i = 0; i < SIZE_CLASSES; i++) this.#free.push([])
  }

  /** Octets of free memory kept, 0 to maxBytes. */
  get kept(): number {
    return this.#kept
  }

  /** Octets of memory lent out and not yet released. */
  get lent(): number {
    return this.#lent
  }

  /**
   * A ring of the smallest power of two that is at least `minBytes` and MIN_RING. Its contents are undefined.
   * @throws RangeError when minBytes is above MAX_RING.
   */
  take(minBytes: number): Uint8Array {
    if (!(minBytes <= MAX_RING)) throw new RangeError(`no ring of ${minBytes} octets`)
    const sizeClass = sizeClassOf(minBytes)
    const size = MIN_RING << sizeClass
    this.#lent += size
    const ring = this.#free[sizeClass]!.pop()
    if (ring === undefined) return new Uint8Array(size)
    this.#kept -= size
    return ring
  }

  /**
   * Takes a ring back. The caller must have dropped it: a ring released twice would be lent to two borrowers.
   * @throws RangeError when it can't have come from `take`.
   */
  release(ring: Uint8Array): void {
    const size = ring.length
    const sizeClass = sizeClassOf(size)
    if (size !== MIN_RING << sizeClass) throw new RangeError(`a ring of ${size} octets is not of this pool`)
    this.#lent -= size
    if (this.#kept + size > this.#maxBytes && !this.#makeRoom(sizeClass)) return
    this.#free[sizeClass]!.push(ring)
    this.#kept += size
  }

  /**
   * Room for one ring of a size in use now, at the cost of other sizes, the largest first. Without it a pool full of
   * one size would never again keep another. Each ring dropped was once kept, so the cost is constant per release.
   */
  #makeRoom(sizeClass: number): boolean {
    const size = MIN_RING << sizeClass
    if (size > this.#maxBytes) return false
    for (let other = SIZE_CLASSES - 1; other >= 0; other--) {
      if (other === sizeClass) continue
      const rings = this.#free[other]!
      while (this.#kept + size > this.#maxBytes && rings.pop() !== undefined) this.#kept -= MIN_RING << other
    }
    return this.#kept + size <= this.#maxBytes
  }
}

/** The size class of the smallest ring that holds `octets`. */
function sizeClassOf(octets: number): number {
  return octets <= MIN_RING ? 0 : 32 - Math.clz32(octets - 1) - MIN_RING_LOG2
}
