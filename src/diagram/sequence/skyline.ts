/**
 * What is taken already, seen from below: for each strip of the picture how far down it is filled. Whoever stands below
 * it overlaps nothing.
 */

/** Strips are so wide, in pixels. */
const STRIP = 4

export class Skyline {
  readonly #bottoms: Float64Array

  /** @param top where the free room begins, pixels. */
  constructor(width: number, top: number) {
    this.#bottoms = new Float64Array(Math.ceil(width / STRIP) + 1).fill(top)
  }

  /** The lowest that anything between `left` and `right` reaches. */
  bottom(left: number, right: number): number {
    const last = this.#last(right)
    let lowest = Number.NEGATIVE_INFINITY
    for (let i = this.#first(left); i <= last; i++) lowest = Math.max(lowest, this.#bottoms[i]!)
    return lowest
  }

  fill(left: number, right: number, bottom: number): void {
    const last = this.#last(right)
    for (let i = this.#first(left); i <= last; i++) {
      if (this.#bottoms[i]! < bottom) this.#bottoms[i] = bottom
    }
  }

  #first(left: number): number {
    return Math.max(0, Math.floor(left / STRIP))
  }

  #last(right: number): number {
    return Math.min(this.#bottoms.length - 1, Math.ceil(right / STRIP) - 1)
  }
}
