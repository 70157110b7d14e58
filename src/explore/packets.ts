/** Each different packet of an exploration, numbered in the order in which they first were sent. */

export class Packets {
  readonly #octets: Uint8Array[] = []
  readonly #numbers = new Map<string, number>()

  /** The octets belong to this table afterwards. */
  numberOf(packet: Uint8Array): number {
    const key = String.fromCharCode(...packet)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#octets.push(packet) - 1
      this.#numbers.set(key, number)
    }
    return number
  }

  octets(number: number): Uint8Array {
    return this.#octets[number]!
  }
}
