/** Times as they come in: how many, the least, the mean, the most. Nanoseconds. */

export class Spread {
  count = 0
  /** Of no meaning while `count` is 0. */
  least = 0
  most = 0
  #sum = 0

  add(nanoseconds: number): void {
    if (this.count++ === 0) {
      this.least = this.most = this.#sum = nanoseconds
      return
    }
    if (nanoseconds < this.least) this.least = nanoseconds
    if (nanoseconds > this.most) this.most = nanoseconds
    this.#sum += nanoseconds
  }

  /** Forgets what came in: the next time is the first one. */
  renew(): void {
    this.count = 0
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count
  }
}
