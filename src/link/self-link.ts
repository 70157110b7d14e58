/** A host's way to itself as a link, so that it can be impaired or recorded: what is sent arrives at its own end. */

import { Fifo } from '../stack/fifo.ts'
import { turnOf } from './event-loop.ts'
import type { Link } from './link.ts'
import { LinkBase } from './link-base.ts'
import { presence } from './no-link.ts'

/** Packets on their way; the next one waits for room. */
const MOST_PACKETS = 1024

/** For a stack with `ownPacketsByLink`. Packets arrive in the next turn of the event loop, in order; none is lost. */
export function selfLink(mtu = 65_535): Link {
  return new SelfLink(mtu)
}

class SelfLink extends LinkBase {
  readonly #packets = new Fifo<Uint8Array>()
  readonly #turn = turnOf(() => this.#deliver())
  readonly #presence = presence()
  #refused = false
  #closed = false

  constructor(mtu: number) {
    super({ mtu, maxPacket: mtu, checksumOffload: true })
  }

  send(frame: Uint8Array, length: number): boolean {
    if (this.#closed) return true
    if (this.#packets.length >= MOST_PACKETS) {
      this.#refused = true
      return false
    }
    this.#packets.push(frame.slice(0, length))
    this.#turn.plan()
    return true
  }

  /** What is sent meanwhile waits for the next turn. */
  #deliver(): void {
    for (let left = this.#packets.length; left > 0 && !this.#closed; left--) {
      const packet = this.#packets.shift()!
      this.onPacket?.(packet, 0, packet.length)
    }
    if (this.#refused) {
      this.#refused = false
      this.onWritable?.()
    }
    this.onBatchEnd?.()
  }

  override ref(): void {
    this.#turn.ref()
    this.#presence.ref()
  }

  override unref(): void {
    this.#turn.unref()
    this.#presence.unref()
  }

  close(): void {
    this.#closed = true
    this.#turn.cancel()
    this.#presence.clear()
    this.#packets.clear()
    this.forgetCallbacks()
  }
}
