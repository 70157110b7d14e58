/** The connections that a middlebox has seen, as far as the packets told (RFC 2663 2.6 calls them sessions). */

import {
  type Address,
  destinationAddress,
  hasDestination,
  hasSource,
  sourceAddress,
} from '../wire/address.ts'
import { ACK, FIN, RST, SYN } from '../wire/segment.ts'
import { type Direction, opposite, type Transit } from './middlebox.ts'

/** What one side has sent. */
export interface FlowSide {
  /** The sequence number behind all that it has sent, int32; null: nothing. */
  next: number | null
  /** The newest acknowledgment that it has sent, int32; null: none. */
  ack: number | null
  fin: boolean
}

export interface Flow {
  /** The sockets of the host on the side that packets go 'out' from, and of the other. */
  readonly near: Socket
  readonly far: Socket
  /** Who sent the first packet. */
  readonly opener: Direction
  readonly sides: Readonly<Record<Direction, FlowSide>>
  /** Microseconds: when its last packet passed. */
  lastAt: number
  /** A reset passed. */
  reset: boolean
  /** The next one with the same hash, of the table that has it. */
  next: Flow | null
}

export interface Socket {
  readonly address: Address
  readonly port: number
}

/** Most connections that a box remembers. */
const MAX_FLOWS = 65_536
/** Flows below which nobody looks for those that are past their time. */
const FEW_FLOWS = 64

/** Microseconds of silence after which a flow is forgotten, as Linux's conntrack has them (nf_conntrack_tcp_timeout_*). */
export const FLOW_TIMEOUTS_US = {
  /** Only one side has been heard: an opening that nobody answers. */
  opening: 120e6,
  /** Both have; also where one of them has closed, as the other may go on for as long as it likes. */
  open: 432_000e6,
  /** Both have closed: what is lost of it is sent again for no longer. */
  closed: 120e6,
  /** It was reset: nobody sends any more. */
  reset: 10e6,
} as const

export class FlowTable {
  /** By a hash of the sockets: the first of those that share it. */
  readonly #byHash = new Map<number, Flow>()
  readonly #limit: number
  #size = 0
  /** The size at which those past their time are looked for: twice as many as were left the last time. */
  #sweepAt: number

  /** @param limit flows at once; beyond it the one is forgotten that was silent for longest. */
  constructor(limit = MAX_FLOWS) {
    this.#limit = limit
    this.#sweepAt = Math.min(FEW_FLOWS, limit)
  }

  /** Flows, those past their time included until room is needed. */
  get size(): number {
    return this.#size
  }

  *flows(): IterableIterator<Flow> {
    for (const first of this.#byHash.values()) {
      for (let flow: Flow | null = first; flow !== null; flow = flow.next) yield flow
    }
  }

  forget(flow: Flow): void {
    const { near, far } = flow
    const hash = hashOf(near.address.w3, near.port, far.address.w3, far.port)
    const first = this.#byHash.get(hash)
    if (first === undefined) return
    if (first === flow) {
      if (flow.next === null) this.#byHash.delete(hash)
      else this.#byHash.set(hash, flow.next)
    } else {
      let before = first
      while (before.next !== null && before.next !== flow) before = before.next
      if (before.next === null) return
      before.next = flow.next
    }
    this.#size--
  }

  /** Notes a TCP packet; a flow begins anew past its time, and by a SYN where the old one was reset or has ended. */
  track(transit: Transit): Flow {
    const { segment, direction } = transit
    const isOpening = (segment.flags & (SYN | ACK)) === SYN
    let flow = this.#find(transit)
    if (flow !== null && (isPast(flow, transit.now) || (isOpening && hasEnded(flow)))) {
      this.forget(flow)
      flow = null
    }
    flow ??= this.#begin(transit)
    flow.lastAt = transit.now
    if ((segment.flags & RST) !== 0) flow.reset = true
    const side = flow.sides[direction]
    const end = (segment.seq + segment.length) | 0
    if (side.next === null || ((end - side.next) | 0) > 0) side.next = end
    if ((segment.flags & ACK) !== 0) side.ack = segment.ack
    if ((segment.flags & FIN) !== 0) side.fin = true
    return flow
  }

  #find({ ip, segment, direction }: Transit): Flow | null {
    const isOut = direction === 'out'
    const nearPort = isOut ? segment.srcPort : segment.dstPort
    const farPort = isOut ? segment.dstPort : segment.srcPort
    const hash = isOut
      ? hashOf(ip.src3, nearPort, ip.dst3, farPort)
      : hashOf(ip.dst3, nearPort, ip.src3, farPort)
    for (let flow = this.#byHash.get(hash) ?? null; flow !== null; flow = flow.next) {
      const { near, far } = flow
      if (near.port !== nearPort || far.port !== farPort) continue
      const [source, destination] = isOut ? [near, far] : [far, near]
      if (hasSource(ip, source.address) && hasDestination(ip, destination.address)) return flow
    }
    return null
  }

  #begin(transit: Transit): Flow {
    const { direction, now } = transit
    if (this.#size >= this.#sweepAt) this.#sweep(now)
    if (this.#size >= this.#limit) this.#forgetSilent()
    const [source, destination] = endsOf(transit)
    const [near, far] = direction === 'out' ? [source, destination] : [destination, source]
    const hash = hashOf(near.address.w3, near.port, far.address.w3, far.port)
    const sides = { out: { next: null, ack: null, fin: false }, back: { next: null, ack: null, fin: false } }
    const next = this.#byHash.get(hash) ?? null
    const flow: Flow = { near, far, opener: direction, sides, lastAt: 0, reset: false, next }
    this.#byHash.set(hash, flow)
    this.#size++
    return flow
  }

  /** Forgets those past their time. Each time there are twice as many to look at, each flow costs the same. */
  #sweep(now: number): void {
    for (const flow of [...this.flows()]) if (isPast(flow, now)) this.forget(flow)
    this.#sweepAt = Math.min(Math.max(2 * this.#size, FEW_FLOWS), this.#limit)
  }

  #forgetSilent(): void {
    let silent: Flow | null = null
    for (const flow of this.flows()) if (silent === null || flow.lastAt < silent.lastAt) silent = flow
    if (silent !== null) this.forget(silent)
  }
}

/** The two sockets of a packet. */
export function endsOf({ ip, segment }: Transit): [source: Socket, destination: Socket] {
  return [
    { address: sourceAddress(ip), port: segment.srcPort },
    { address: destinationAddress(ip), port: segment.dstPort },
  ]
}

/** Whether nothing more is to come: it was reset, or both sides have sent FIN and the other has acknowledged it. */
export function hasEnded({ reset, sides }: Flow): boolean {
  const isAcknowledged = (side: Direction): boolean =>
    sides[side].fin && sides[opposite(side)].ack === sides[side].next
  return reset || (isAcknowledged('out') && isAcknowledged('back'))
}

/** Whether a box has forgotten it by now. */
function isPast(flow: Flow, now: number): boolean {
  return now - flow.lastAt > FLOW_TIMEOUTS_US[stageOf(flow)]
}

function stageOf(flow: Flow): keyof typeof FLOW_TIMEOUTS_US {
  if (flow.reset) return 'reset'
  if (hasEnded(flow)) return 'closed'
  return flow.sides.out.next === null || flow.sides.back.next === null ? 'opening' : 'open'
}

/** Where many collide, the flows behind one hash form a chain: the table is for simulations, whose packets nobody forges. */
function hashOf(nearAddress: number, nearPort: number, farAddress: number, farPort: number): number {
  const a = Math.imul(nearAddress ^ (nearPort << 16) ^ farPort, 0x85ebca6b)
  return Math.imul(a ^ (a >>> 13) ^ farAddress, 0xc2b2ae35)
}
