/**
 * Hosts joined by impaired paths, in virtual time. One seed gives one run, bit for bit: nothing here knows a clock.
 *
 * Events happen one at a time, by time and then by order of planning; a packet or an application comes before a timer
 * of the same microsecond. After each event the hosts send what they have to send, the applications react, and the
 * `afterEvent` checks look.
 */

import type { Direction } from '../capture/capture-file.ts'
import { pcapngHeader, pcapngInterface, pcapngPacket } from '../capture/pcapng.ts'
import type { NetworkEvent, SegmentSent, TraceEvent } from '../trace/events.ts'
import { SEND_REASONS } from '../trace/reasons.ts'
import type { Recorder } from '../trace/recorder.ts'
import { type Address, parseAddress } from '../wire/address.ts'
import { EventQueue, type Scheduled } from './event-queue.ts'
import { type Delivery, type ImpairmentOptions, Impairments, type Offer } from './impairments.ts'
import { type AddressEnd, carriesAddress, DESTINATION, SOURCE } from './packet-address.ts'
import { PacketPool } from './packet-pool.ts'
import { Random } from './random.ts'

/** What a stack is to the network. */
export interface PacketEndpoint {
  /** Takes one IP packet; the octets are borrowed for the call. */
  handlePacket(now: number, packet: Uint8Array, offset: number, length: number): void
  /** Writes one IP packet to frame[0] and returns its octets; 0 = nothing to send. */
  pollTransmit(now: number, frame: Uint8Array): number
  /** The next deadline in microseconds, Infinity = none. */
  pollTimeout(): number
  handleTimeout(now: number): void
}

export interface NetworkOptions {
  /** Everything that chance decides follows from it. */
  readonly seed: number | string
  /** Where the network tells what it did; the hosts' stacks should write to the same recorder. */
  readonly trace?: Recorder | null
  /** Takes the octets of a pcapng file with all that each host sends and receives, an interface a host. */
  readonly capture?: ((octets: Uint8Array) => void) | null
  /** Microseconds at which the run begins; default 0. */
  readonly startUs?: number
  /** Most events in all; a run with more is stopped as a livelock. Default 50 million. */
  readonly maxEvents?: number
  /** Most events in one microsecond, likewise. Default 100000. */
  readonly maxEventsAtOnce?: number
}

export interface InjectOptions {
  /** When it arrives, in microseconds; default now. */
  readonly atUs?: number
  /** The host that the trace shows it coming from; default the host of its source address, else the receiver. */
  readonly from?: string
}

/** Why a run ended: nothing is scheduled any more, or the time is up. */
export type RunEnd = 'idle' | 'until'

/** Octets of the frame that hosts write into: the largest IP packet. */
const FRAME_BYTES = 65_535 + 40
/** What a packet's octets turn into when its receiver returns, so that a kept view shows at once. */
const GARBAGE = 0xa5

export class Network {
  /** Microseconds of virtual time. */
  now: number
  /** Events so far: arrivals, timers, application calls and packets sent. */
  events = 0
  /** Packets that no path leads to. */
  unroutable = 0
  readonly random: Random
  readonly #options: NetworkOptions
  readonly #trace: Recorder | null
  readonly #hosts: Host[] = []
  readonly #queue = new EventQueue<Event>()
  readonly #applications: (() => void)[] = []
  readonly #checks: (() => void)[] = []
  readonly #pool = new PacketPool()
  readonly #frame = new Uint8Array(FRAME_BYTES)
  #packets = 0
  #eventsAtOnce = 0
  #timeOfCount: number

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#trace = options.trace ?? null
    this.now = options.startUs ?? 0
    this.#timeOfCount = this.now
    this.random = new Random(options.seed)
    options.capture?.(pcapngHeader())
  }

  /**
   * Adds a host.
   * @param addresses those that are routed to it, as text or parsed.
   */
  host(name: string, endpoint: PacketEndpoint, addresses: readonly (Address | string)[]): void {
    if (this.#hosts.some((host) => host.name === name)) throw new Error(`network: a second host '${name}'`)
    const parsed = addresses.map((address) =>
      typeof address === 'string' ? requireAddress(address) : address,
    )
    this.#hosts.push({ name, index: this.#hosts.length, endpoint, addresses: parsed, paths: new Map() })
    this.#options.capture?.(pcapngInterface({ name }))
  }

  /** Joins two hosts both ways. `bToA` defaults to what `aToB` does, with a stream of its own. */
  join(a: string, b: string, aToB: ImpairmentOptions = {}, bToA: ImpairmentOptions = aToB): void {
    this.path(a, b, aToB)
    this.path(b, a, bToA)
  }

  /** Makes or replaces the path of one direction; packets on their way still arrive. */
  path(from: string, to: string, options: ImpairmentOptions = {}): Impairments {
    const sender = this.#hostNamed(from)
    const receiver = this.#hostNamed(to)
    const impairments = new Impairments(options, this.random.fork(`path ${from} > ${to}`), this.#pool)
    sender.paths.set(receiver, { receiver, impairments })
    return impairments
  }

  /** Calls an application at a time, not before now; equal times keep the order of these calls. */
  at(timeUs: number, run: () => void): Scheduled<unknown> {
    return this.#queue.schedule(Math.max(timeUs, this.now), { kind: 'call', run })
  }

  /** Takes back what `at` planned; false where it has happened. */
  cancel(planned: Scheduled<unknown>): boolean {
    return this.#queue.cancel(planned as Scheduled<Event>)
  }

  /**
   * Calls an application after every event, when the hosts have sent what they had to: to poll its stack's events and
   * to answer them. What that makes the hosts send is sent, and the applications called again, until nothing is sent.
   */
  application(run: () => void): void {
    this.#applications.push(run)
  }

  /** Calls `check` after every event, when all hosts have sent what they had to. What it throws ends the run. */
  afterEvent(check: () => void): void {
    this.#checks.push(check)
  }

  /** Lets a forged packet arrive at a host. The octets are copied. Returns its number. */
  inject(packet: Uint8Array, to: string, options: InjectOptions = {}): number {
    const receiver = this.#hostNamed(to)
    const number = ++this.#packets
    const from = options.from ?? this.#hostOf(packet, packet.length, SOURCE)?.name ?? to
    this.#report('forged', from, number, null)
    const at = Math.max(options.atUs ?? this.now, this.now)
    this.#queue.schedule(at, { kind: 'made', maker: 'forged', receiver, number, bytes: packet.slice() })
    return number
  }

  /**
   * Runs until nothing is scheduled, or up to and including `untilUs`, at which the clock then stands.
   * @throws Error with the time and the count where a run does not end (maxEvents) or time does not pass.
   */
  run(untilUs: number = Number.POSITIVE_INFINITY): RunEnd {
    // The application may have called a stack before the first event, or between two runs.
    this.#settle()
    for (;;) {
      const host = this.#nextTimer()
      const timerAt =
        host === null ? Number.POSITIVE_INFINITY : Math.max(host.endpoint.pollTimeout(), this.now)
      const at = Math.min(timerAt, this.#queue.nextAt)
      if (at > untilUs || at === Number.POSITIVE_INFINITY) {
        if (untilUs !== Number.POSITIVE_INFINITY) this.now = Math.max(this.now, untilUs)
        return at === Number.POSITIVE_INFINITY ? 'idle' : 'until'
      }
      this.now = Math.max(this.now, at)
      this.#countEvent()
      const event = this.#queue.take(timerAt)
      if (event !== null) this.#happen(event.item)
      else if (host !== null) host.endpoint.handleTimeout(this.now)
      this.#settle()
    }
  }

  #happen(event: Event): void {
    if (event.kind === 'call') {
      event.run()
      return
    }
    const { receiver, number } = event
    if (event.kind === 'made') {
      this.#arrive(receiver, event.bytes, event.bytes.length, number, event.maker)
      return
    }
    const { delivery } = event
    const mark = delivery.corrupted
      ? 'corrupted'
      : delivery.isCopy
        ? 'duplicate'
        : delivery.reordered
          ? 'reordered'
          : ''
    const comment = [reasonText(event.sent), mark].filter((part) => part !== '').join(', ')
    this.#arrive(receiver, delivery.bytes, delivery.length, number, comment)
    event.impairments.release(delivery)
  }

  #arrive(receiver: Host, bytes: Uint8Array, length: number, number: number, mark: string): void {
    this.#capture(receiver, bytes, length, 'inbound', `packet ${number}${mark === '' ? '' : `, ${mark}`}`)
    if (this.#trace !== null) this.#trace.packet = number
    receiver.endpoint.handlePacket(this.now, bytes, 0, length)
    if (this.#trace !== null) this.#trace.packet = 0
    bytes.fill(GARBAGE)
  }

  /** Lets hosts send and applications react until neither has anything left to do, then lets the checks look. */
  #settle(): void {
    let packetsBefore: number
    this.#drainAll()
    do {
      packetsBefore = this.#packets
      for (const run of this.#applications) run()
      this.#drainAll()
    } while (this.#packets !== packetsBefore && this.#applications.length > 0)
    for (const check of this.#checks) check()
  }

  #drainAll(): void {
    for (const host of this.#hosts) this.#drain(host)
  }

  #drain(host: Host): void {
    const trace = this.#trace
    for (;;) {
      const eventsBefore = trace === null ? 0 : trace.events.length
      if (trace !== null) trace.packet = this.#packets + 1
      const length = host.endpoint.pollTransmit(this.now, this.#frame)
      if (trace !== null) trace.packet = 0
      if (length === 0) return
      this.#countEvent()
      this.#packets++
      this.#send(host, length, trace === null ? null : lastSent(trace.events, eventsBefore))
    }
  }

  #send(host: Host, length: number, sent: SegmentSent | null): void {
    const number = this.#packets
    const receiver = this.#hostOf(this.#frame, length, DESTINATION)
    const path = receiver === null ? undefined : host.paths.get(receiver)
    if (path === undefined) {
      this.unroutable++
      this.#captureSent(host, length, sent, 'no route')
      this.#report('lost', host.name, number, sent)
      return
    }
    const offer = path.impairments.offer(this.now, this.#frame, 0, length)
    this.#captureSent(host, length, sent, offer.loss ?? '')
    if (offer.loss !== null) this.#report(offer.loss, host.name, number, sent)
    for (const delivery of offer.deliveries) {
      if (delivery.corrupted) this.#report('corrupted', host.name, number, sent)
      if (delivery.reordered) this.#report('reordered', host.name, number, sent)
      let arriving = number
      if (delivery.isCopy) {
        arriving = ++this.#packets
        this.#report('duplicated', host.name, number, sent, arriving)
      }
      const { receiver: to, impairments } = path
      const arrival = { kind: 'packet', receiver: to, number: arriving, delivery, impairments, sent } as const
      this.#queue.schedule(delivery.at, arrival)
    }
    this.#answer(host, offer)
  }

  /** The router that refused a packet stands at the sender's end of the path: its ICMP message arrives at once. */
  #answer(host: Host, offer: Offer): void {
    if (offer.answer === null) return
    const number = ++this.#packets
    const made = {
      kind: 'made',
      maker: 'from the path',
      receiver: host,
      number,
      bytes: offer.answer,
    } as const
    this.#queue.schedule(this.now, made)
  }

  /** The host whose timer is due first; of several the one that was added first. */
  #nextTimer(): Host | null {
    let next: Host | null = null
    let deadline = Number.POSITIVE_INFINITY
    for (const host of this.#hosts) {
      const at = host.endpoint.pollTimeout()
      if (at < deadline) {
        deadline = at
        next = host
      }
    }
    return next
  }

  #countEvent(): void {
    if (this.now !== this.#timeOfCount) {
      this.#timeOfCount = this.now
      this.#eventsAtOnce = 0
    }
    const { maxEvents = 50_000_000, maxEventsAtOnce = 100_000 } = this.#options
    if (++this.events > maxEvents) {
      throw new Error(`network: still busy after ${maxEvents} events, at ${this.now} us`)
    }
    if (++this.#eventsAtOnce > maxEventsAtOnce) {
      throw new Error(`network: livelock: ${maxEventsAtOnce} events at ${this.now} us and time does not pass`)
    }
  }

  #report(
    action: NetworkEvent['action'],
    host: string,
    packet: number,
    sent: SegmentSent | null,
    copy?: number,
  ): void {
    if (this.#trace === null) return
    const connection = sent === null ? 0 : sent.connection
    const event = { at: this.now, kind: 'network', host, connection, action, packet } as const
    this.#trace.add(copy === undefined ? event : { ...event, copy })
  }

  #captureSent(host: Host, length: number, sent: SegmentSent | null, mark: string): void {
    if (!this.#options.capture) return
    const parts = [`packet ${this.#packets}`, reasonText(sent), mark].filter((part) => part !== '')
    this.#capture(host, this.#frame, length, 'outbound', parts.join(', '))
  }

  #capture(host: Host, bytes: Uint8Array, length: number, direction: Direction, comment: string): void {
    this.#options.capture?.(pcapngPacket(host.index, this.now, bytes, 0, length, { comment, direction }))
  }

  #hostNamed(name: string): Host {
    const host = this.#hosts.find((one) => one.name === name)
    if (host === undefined) throw new Error(`network: no host '${name}'`)
    return host
  }

  #hostOf(packet: Uint8Array, length: number, end: AddressEnd): Host | null {
    for (const host of this.#hosts) {
      for (const address of host.addresses) if (carriesAddress(packet, length, end, address)) return host
    }
    return null
  }
}

interface Host {
  readonly name: string
  /** Its interface in the capture. */
  readonly index: number
  readonly endpoint: PacketEndpoint
  readonly addresses: readonly Address[]
  readonly paths: Map<Host, Path>
}

interface Path {
  readonly receiver: Host
  readonly impairments: Impairments
}

type Event =
  | { readonly kind: 'call'; readonly run: () => void }
  | {
      readonly kind: 'packet'
      readonly receiver: Host
      readonly number: number
      readonly delivery: Delivery
      readonly impairments: Impairments
      readonly sent: SegmentSent | null
    }
  | {
      readonly kind: 'made'
      readonly maker: 'forged' | 'from the path'
      readonly receiver: Host
      readonly number: number
      readonly bytes: Uint8Array
    }

function reasonText(sent: SegmentSent | null): string {
  return sent === null ? '' : `${sent.reason}: ${SEND_REASONS[sent.reason]}`
}

/** The newest 'sent' event from index `first` on. */
function lastSent(events: readonly TraceEvent[], first: number): SegmentSent | null {
  for (let i = events.length - 1; i >= first; i--) {
    const event = events[i]!
    if (event.kind === 'sent') return event
  }
  return null
}

function requireAddress(text: string): Address {
  const address = parseAddress(text)
  if (address === null) throw new Error(`network: '${text}' is no address`)
  return address
}
