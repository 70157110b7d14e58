/**
 * Two links of one process, joined: what one sends arrives at the other within the call, without a copy.
 *
 * The peer answers when its batch ends, in a microtask, so that a burst is answered once and no call nests in another.
 * After 64 batches the next waits for the event loop, lest two busy stacks starve timers and sockets.
 */

import { turnOf } from './event-loop.ts'
import type { Link } from './link.ts'
import { LinkBase } from './link-base.ts'

export interface LoopbackOptions {
  /** Default 65535. */
  readonly mtu?: number
  /** Whether checksums are left out; default true, as memory does not flip bits. */
  readonly checksumOffload?: boolean
}

export function loopbackPair(options: LoopbackOptions = {}): [Link, Link] {
  const cable: Cable = { delivering: false, batches: 0 }
  const a = new LoopbackEnd(cable, options)
  const b = new LoopbackEnd(cable, options)
  a.join(b)
  b.join(a)
  return [a, b]
}

const BATCHES_PER_TURN = 64

interface Cable {
  /** Whether a packet is being handed over, in either direction. */
  delivering: boolean
  /** Batches since the event loop last had its turn. */
  batches: number
}

class LoopbackEnd extends LinkBase {
  readonly #cable: Cable
  readonly #endBatch = (): void => this.#batchEnds()
  readonly #nextTurn = turnOf(this.#endBatch)
  #peer: LoopbackEnd | null = null
  #batchPlanned = false
  #refused = false

  constructor(cable: Cable, options: LoopbackOptions) {
    const mtu = options.mtu ?? 65535
    super({ mtu, maxPacket: mtu, checksumOffload: options.checksumOffload ?? true })
    this.#cable = cable
  }

  join(peer: LoopbackEnd): void {
    this.#peer = peer
  }

  /** Whoever sends from inside `onPacket` is told that the link is full: a packet within a packet would recurse. */
  send(frame: Uint8Array, length: number): boolean {
    const peer = this.#peer
    if (peer === null) return true
    const cable = this.#cable
    if (cable.delivering) {
      this.#refused = true
      this.#planBatchEnd()
      return false
    }
    cable.delivering = true
    try {
      peer.onPacket?.(frame, 0, length)
    } finally {
      cable.delivering = false
    }
    peer.#planBatchEnd()
    return true
  }

  close(): void {
    const peer = this.#peer
    this.#peer = null
    this.forgetCallbacks()
    if (peer !== null) peer.#peer = null
  }

  #planBatchEnd(): void {
    if (this.#batchPlanned) return
    this.#batchPlanned = true
    if (++this.#cable.batches <= BATCHES_PER_TURN) {
      queueMicrotask(this.#endBatch)
      return
    }
    this.#cable.batches = 0
    this.#nextTurn.plan()
  }

  #batchEnds(): void {
    this.#batchPlanned = false
    if (this.#refused) {
      this.#refused = false
      this.onWritable?.()
    }
    this.onBatchEnd?.()
  }
}
