/**
 * Packets from a host to itself. Each waits in the frame that it was written to, which is written to again once the packet
 * was handled: memory of its own would be zeroed, copied to and collected for each.
 *
 * There are as many frames as packets waited at once, and one: what bounds the queue (`limits.selfQueue`) bounds them.
 * They are not zeroed in between, and a packet is read up to its length.
 */

import { Fifo } from './fifo.ts'

/**
 * Up to here a packet is copied to memory of its own size: acknowledgments wait in no frame. On node 20.20 that costs 0.1 us
 * for 52 octets, 1.8 us for 1500 and 12 us for 65,535.
 */
const COPIED_OCTETS = 128

export class OwnPackets {
  readonly #packets = new Fifo<Uint8Array>()
  /** The length of each of them. */
  readonly #lengths = new Fifo<number>()
  /** Frames that nothing waits in; the one used last comes first, as it may still be in the processor's cache. */
  readonly #free: Uint8Array[] = []
  #frameOctets = 0

  /** Packets that wait. */
  get length(): number {
    return this.#packets.length
  }

  /** Where the next packet is to be written, so many octets long: the same one until `push`. */
  frame(octets: number): Uint8Array {
    if (octets !== this.#frameOctets) {
      this.#frameOctets = octets
      this.#free.length = 0
    }
    if (this.#free.length === 0) this.#free.push(new Uint8Array(octets))
    return this.#free.at(-1)!
  }

  /** The packet in what `frame` gave, `length` octets long, waits behind the others. */
  push(length: number): void {
    const frame = this.#free.at(-1)!
    if (length > COPIED_OCTETS) this.#free.pop()
    this.#packets.push(length > COPIED_OCTETS ? frame : frame.slice(0, length))
    this.#lengths.push(length)
  }

  /** Gives the packet that has waited longest, which is borrowed, to `handle`. Returns whether there was one. */
  handleNext(handle: (packet: Uint8Array, length: number) => void): boolean {
    const packet = this.#packets.shift()
    if (packet === undefined) return false
    handle(packet, this.#lengths.shift()!)
    if (packet.length === this.#frameOctets) this.#free.push(packet)
    return true
  }
}
