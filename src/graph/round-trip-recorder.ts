/**
 * Round trips as tcptrace and Wireshark take them: from a segment to the acknowledgment that names the number behind it,
 * if the segment was sent once (Karn's rule) and nothing below it was sent after it. Beside them, what the echoes of
 * timestamps say (RFC 7323 4), which holds for retransmissions, too.
 */

import type { SequenceRange } from './octets-seen.ts'
import type { RoundTrip } from './series.ts'

/**
 * Part of a round trip. A timestamp that was sent for longer does not tell which segment is answered: its clock ticks too
 * slowly, and what it measures is the clock.
 */
const FINE = 0.1

interface Piece {
  readonly first: number
  readonly end: number
  at: number
  isAgain: boolean
}

export class RoundTripRecorder {
  readonly samples: RoundTrip[]
  /** Not acknowledged, in order of their numbers. */
  readonly #pieces: Piece[] = []
  /** Pieces before this index are acknowledged: they are cut off now and then. */
  #head = 0
  /** When something that is acknowledged by now was last sent again. */
  #disturbedAt = Number.NEGATIVE_INFINITY
  /** When each timestamp was first and last sent, with something to acknowledge. */
  readonly #stamps = new Map<number, { readonly first: number; last: number }>()

  constructor(samples: RoundTrip[] = []) {
    this.samples = samples
  }

  /** A segment from `first` to before `end`, of which the ranges `fresh` are new. */
  sent(
    at: number,
    first: number,
    end: number,
    fresh: readonly SequenceRange[],
    stamp: number | undefined,
  ): void {
    const known = stamp === undefined ? undefined : this.#stamps.get(stamp)
    if (known !== undefined) known.last = at
    else if (stamp !== undefined) this.#stamps.set(stamp, { first: at, last: at })
    const isWhole = fresh.length === 1 && fresh[0]!.first === first && fresh[0]!.end === end
    if (!isWhole) this.#sentAgain(at, first, end)
    for (const range of fresh) this.#insert({ first: range.first, end: range.end, at, isAgain: false })
  }

  /** Everything below `ack` is acknowledged, some of it for the first time. */
  acknowledged(at: number, ack: number, echo: number | undefined): void {
    let named: Piece | undefined
    for (let piece = this.#pieces[this.#head]; piece !== undefined && piece.first < ack; ) {
      this.#disturbedAt = Math.max(this.#disturbedAt, piece.at)
      if (piece.end === ack) named = piece
      if (piece.end > ack) break
      piece = this.#pieces[++this.#head]
    }
    if (named !== undefined && !named.isAgain && this.#disturbedAt <= named.at) {
      this.samples.push({ at, us: at - named.at, by: 'acknowledgment' })
    }
    const stamped = echo === undefined ? undefined : this.#stamps.get(echo)
    if (stamped !== undefined && stamped.last - stamped.first <= FINE * (at - stamped.first)) {
      this.samples.push({ at, us: at - stamped.first, by: 'timestamp' })
    }
    if (this.#head > 1000 && this.#head * 2 > this.#pieces.length) {
      this.#pieces.splice(0, this.#head)
      this.#head = 0
    }
  }

  #sentAgain(at: number, first: number, end: number): void {
    if (this.#head > 0 && first < this.#pieces[this.#head - 1]!.end) this.#disturbedAt = at
    for (let k = this.#placeOf(first); k < this.#pieces.length; k++) {
      const piece = this.#pieces[k]!
      if (piece.first >= end) return
      piece.isAgain = true
      piece.at = at
    }
  }

  #insert(piece: Piece): void {
    const last = this.#pieces.at(-1)
    if (last === undefined || this.#pieces.length === this.#head || last.end <= piece.first) {
      this.#pieces.push(piece)
    } else this.#pieces.splice(this.#placeOf(piece.first), 0, piece)
  }

  /** Index of the first piece, not yet acknowledged, that ends behind `first`. */
  #placeOf(first: number): number {
    let low = this.#head
    let high = this.#pieces.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#pieces[middle]!.end <= first) low = middle + 1
      else high = middle
    }
    return low
  }
}
