/** Times as they come in: how many, the least, the mean, the most. Nanoseconds. */

export class Spread {
  count = 0
  least = 0
  most = 0
  #sum = 0

  add(nanoseconds: number): void {
    this.least = this.count === 0 ? nanoseconds : Math.min(this.least, nanoseconds)
    this.most = Math.max(this.most, nanoseconds)
    this.#sum += nanoseconds
    this.count++
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count
  }
}
