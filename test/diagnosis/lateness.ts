/**
 * How late a process was at the latest: it looks at the clock all the time. Where one of a provoked case stood still, what
 * is in the captures is not what was meant.
 */

const TICK_MS = 20

export class Lateness {
  readonly #onLate: (ms: number) => void
  readonly #timer = setInterval(() => this.look(), TICK_MS).unref()
  #last = performance.now()
  /** Milliseconds. */
  most = 0

  /** Told of each time that is longer than all before it. */
  constructor(onLate: (ms: number) => void = () => {}) {
    this.#onLate = onLate
  }

  look(): void {
    const now = performance.now()
    const late = Math.floor(now - this.#last - TICK_MS)
    this.#last = now
    if (late <= this.most) return
    this.most = late
    this.#onLate(late)
  }

  stop(): void {
    this.look()
    clearInterval(this.#timer)
  }
}
