/**
 * From a sending host to the queue of arrivals: the route, the middleboxes on it, the line with its impairments; and
 * the packets that no host sent: forged ones, and what routers and middleboxes say.
 */

import type { SegmentSent } from '../trace/events.ts'
import type { EventQueue } from './event-queue.ts'
import type { Delivery, Impairments } from './impairments.ts'
import { opposite, Transit } from './middlebox.ts'
import type { NetworkHost, NetworkHosts, Path } from './network-hosts.ts'
import type { NetworkRecord } from './network-record.ts'
import { NO_ROUTE, unreachableAnswer } from './unreachable.ts'

export type NetworkEvent =
  | { readonly kind: 'call'; readonly run: () => void }
  | {
      readonly kind: 'packet'
      readonly receiver: NetworkHost
      readonly number: number
      readonly delivery: Delivery
      readonly impairments: Impairments
      readonly sent: SegmentSent | null
    }
  | {
      readonly kind: 'made'
      readonly maker: Maker
      readonly receiver: NetworkHost
      readonly number: number
      readonly bytes: Uint8Array
    }

/** Who made a packet that no host sent. */
export type Maker = 'forged' | 'from the path'

export class NetworkLines {
  /** Packets so far, those that the network made included: the number of the newest one. */
  packets = 0
  /** Packets that no path led to. */
  unroutable = 0
  readonly #hosts: NetworkHosts
  readonly #record: NetworkRecord
  readonly #queue: EventQueue<NetworkEvent>
  readonly #transit = new Transit()
  readonly #tellsNoRoute: boolean

  /** @param tellsNoRoute whether ICMP says so where no path leads to a destination. */
  constructor(
    hosts: NetworkHosts,
    record: NetworkRecord,
    queue: EventQueue<NetworkEvent>,
    tellsNoRoute: boolean,
  ) {
    this.#tellsNoRoute = tellsNoRoute
    this.#hosts = hosts
    this.#record = record
    this.#queue = queue
  }

  /** The next packet of a host. */
  send(now: number, host: NetworkHost, frame: Uint8Array, length: number, sent: SegmentSent | null): void {
    const number = ++this.packets
    const receiver = this.#hosts.receiver(frame, length)
    const path = receiver === null ? undefined : host.paths.get(receiver)
    if (path === undefined) {
      this.unroutable++
      this.#leaves(now, host, number, frame, length, sent, 'no route')
      this.#record.report(now, 'lost', host.name, number, sent)
      if (this.#tellsNoRoute) this.#noRoute(now, host, frame, length)
    } else if (path.boxes.length === 0) {
      this.#offer(now, host, path, number, frame, length, sent, false)
    } else this.#pass(now, host, path, number, frame, length, sent)
  }

  /** A packet of the box at `place`, or of a stranger behind it, to the host at the other end: through boxes and line. */
  onwards(now: number, host: NetworkHost, path: Path, place: number, packet: Uint8Array): void {
    const transit = new Transit()
    for (let behind = place + 1; behind < path.boxes.length; behind++) {
      const { box, direction } = path.boxes[behind]!
      transit.load(now, direction, packet, packet.length)
      if (!box.handlePacket(transit)) return
    }
    const number = ++this.packets
    this.#record.report(now, 'forged', host.name, number, null)
    this.#offer(now, host, path, number, packet, packet.length, null, true)
  }

  /** A packet that no host sent arrives at `at`. Returns its number. */
  arriveForged(now: number, bytes: Uint8Array, from: string, receiver: NetworkHost, at: number): number {
    const number = ++this.packets
    this.#record.report(now, 'forged', from, number, null)
    this.#queue.schedule(at, { kind: 'made', maker: 'forged', receiver, number, bytes })
    return number
  }

  #noRoute(now: number, receiver: NetworkHost, frame: Uint8Array, length: number): void {
    const bytes = unreachableAnswer(frame.subarray(0, length), NO_ROUTE)
    if (bytes === null) return
    const number = ++this.packets
    this.#queue.schedule(now, { kind: 'made', maker: 'from the path', receiver, number, bytes })
  }

  /** Through the middleboxes and onto the line. The capture has the packet as the host sent it. */
  #pass(
    now: number,
    host: NetworkHost,
    path: Path,
    number: number,
    frame: Uint8Array,
    length: number,
    sent: SegmentSent | null,
  ): void {
    const transit = this.#transit
    this.#leaves(now, host, number, frame, length, sent, '')
    for (let place = 0; place < path.boxes.length; place++) {
      const { box, direction } = path.boxes[place]!
      transit.load(now, direction, frame, length)
      const goesOn = box.handlePacket(transit)
      if (transit.speaks) {
        for (const answer of transit.answers.splice(0))
          this.#backwards(now, host, path, place, answer, 'forged')
        for (const packet of transit.onwards.splice(0)) this.onwards(now, host, path, place, packet)
      }
      if (goesOn) continue
      this.#record.report(now, 'lost', host.name, number, sent)
      return
    }
    this.#offer(now, host, path, number, frame, length, sent, true)
  }

  #offer(
    now: number,
    host: NetworkHost,
    path: Path,
    number: number,
    bytes: Uint8Array,
    length: number,
    sent: SegmentSent | null,
    isRecorded: boolean,
  ): void {
    const { impairments, receiver } = path
    const record = this.#record
    const offer = impairments.offer(now, bytes, 0, length)
    if (!isRecorded) this.#leaves(now, host, number, bytes, length, sent, offer.loss ?? '')
    if (offer.loss !== null) record.report(now, offer.loss, host.name, number, sent)
    for (const delivery of offer.deliveries) {
      if (delivery.corrupted) record.report(now, 'corrupted', host.name, number, sent)
      if (delivery.reordered) record.report(now, 'reordered', host.name, number, sent)
      if (delivery.delayed) record.report(now, 'delayed', host.name, number, sent)
      let arriving = number
      if (delivery.isCopy) {
        arriving = ++this.packets
        record.report(now, 'duplicated', host.name, number, sent, arriving)
      }
      const arrival = { kind: 'packet', receiver, number: arriving, delivery, impairments, sent } as const
      this.#queue.schedule(delivery.at, arrival)
    }
    // The router that refused it stands at the sender's end of the line: its ICMP message arrives at once.
    const { answer } = offer
    if (answer !== null) this.#backwards(now, host, path, path.boxes.length, answer, 'from the path')
  }

  /** A packet of the box at `place`, or of the line's first router, to the host at this end: through the boxes before. */
  #backwards(
    now: number,
    receiver: NetworkHost,
    path: Path,
    place: number,
    bytes: Uint8Array,
    maker: Maker,
  ): void {
    const transit = new Transit()
    for (let before = place - 1; before >= 0; before--) {
      const { box, direction } = path.boxes[before]!
      transit.load(now, opposite(direction), bytes, bytes.length)
      if (!box.handlePacket(transit)) return
    }
    const number = ++this.packets
    if (maker === 'forged') this.#record.report(now, 'forged', path.receiver.name, number, null)
    this.#queue.schedule(now, { kind: 'made', maker, receiver, number, bytes })
  }

  #leaves(
    now: number,
    host: NetworkHost,
    number: number,
    bytes: Uint8Array,
    length: number,
    sent: SegmentSent | null,
    mark: string,
  ): void {
    if (!this.#record.isWatched) return
    const seen = { at: now, host: host.index, direction: 'outbound', number, sent, mark } as const
    this.#record.packet(seen, bytes, length)
  }
}
