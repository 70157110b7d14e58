/** Frames of a capture by time and by length: counted as they come, TCP or not. */

/** From, to, frames, octets. */
export type Row = readonly [from: number, to: number, frames: number, octets: number]

/** Beyond so many intervals, a clock that jumps, those without a frame are left out. */
const MANY_INTERVALS = 100_000

interface Count {
  frames: number
  octets: number
}

/** Frames and octets of each interval from the first packet on, as `tshark -z io,stat` counts them. */
export class TimeTable {
  readonly #microseconds: number
  readonly #counts = new Map<number, Count>()
  #epoch = Number.NaN
  #epochMicroseconds = 0
  #index = 0
  #last = 0

  /** @param interval seconds, of which microseconds count. */
  constructor(interval: number) {
    this.#microseconds = Math.round(interval * 1e6)
  }

  add(seconds: number, nanoseconds: number, length: number): void {
    if (Number.isNaN(this.#epoch)) {
      this.#epoch = seconds
      this.#epochMicroseconds = nanoseconds / 1000
    }
    const since = (seconds - this.#epoch) * 1e6 + nanoseconds / 1000 - this.#epochMicroseconds
    // As in tshark, a frame from before the first one counts with the one that came before it.
    if (since >= 0) this.#index = Math.floor(since / this.#microseconds)
    add(this.#counts, this.#index, length)
    this.#last = Math.max(this.#last, since)
  }

  /** Seconds; the last interval ends with the last frame. */
  *rows(): Generator<Row> {
    const indexes = [...this.#counts.keys()].sort((a, b) => a - b)
    const last = indexes.at(-1) ?? -1
    const shown = last < MANY_INTERVALS ? Array.from({ length: last + 1 }, (_, k) => k) : indexes
    for (const k of shown) {
      const from = (k * this.#microseconds) / 1e6
      const to = k === last ? this.#last / 1e6 : ((k + 1) * this.#microseconds) / 1e6
      const { frames, octets } = this.#counts.get(k) ?? { frames: 0, octets: 0 }
      yield [from, to, frames, octets]
    }
  }
}

/** Frames by their length: what is twice as long is in the next row. */
export class LengthTable {
  readonly #rows = new Map<number, Count>()

  add(length: number): void {
    add(this.#rows, length < 40 ? 0 : 20 * 2 ** Math.floor(Math.log2(length / 20)), length)
  }

  *rows(): Generator<Row> {
    for (const [from, { frames, octets }] of [...this.#rows].sort(([a], [b]) => a - b)) {
      yield [from, from === 0 ? 39 : 2 * from - 1, frames, octets]
    }
  }
}

function add(counts: Map<number, Count>, key: number, length: number): void {
  const count = counts.get(key)
  if (count === undefined) counts.set(key, { frames: 1, octets: length })
  else {
    count.frames++
    count.octets += length
  }
}
