/**
 * Hosts joined by impaired paths, in virtual time. One seed gives one run, bit for bit: nothing here knows a clock.
 *
 * Events happen one at a time, by time and then by order of planning; a packet or an application comes before a timer
 * of the same microsecond. After each event the hosts send what they have to send, the applications react, and the
 * `afterEvent` checks look.
 */

import type { SegmentSent } from '../trace/events.ts'
import { lastSent } from '../trace/recorder.ts'
import type { Address } from '../wire/address.ts'
import { EventQueue, type Scheduled } from './event-queue.ts'
import { type Delivery, type ImpairmentOptions, Impairments } from './impairments.ts'
import type { Direction, Middlebox } from './middlebox.ts'
import { type NetworkHost, NetworkHosts, type RouteChoice } from './network-hosts.ts'
import { type NetworkEvent, NetworkLines } from './network-lines.ts'
import { NetworkRecord, type RecordOptions } from './network-record.ts'
import { SOURCE } from './packet-address.ts'
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
  /**
   * Called once with what calls for a poll: from then on the endpoint is polled only after its packets, its deadlines and
   * those calls. Without it, it is polled after every event, which costs where hosts are many.
   */
  whenStirred?(stir: () => void): void
  /** Called once with what takes its packets at once; not to be called while the network calls the endpoint. */
  whenTransmits?(transmit: () => void): void
}

export interface NetworkOptions extends RecordOptions {
  /** Everything that chance decides follows from it. */
  readonly seed: number | string
  /** A packet that no path leads on is answered by ICMP 'network unreachable'. Default false: it is lost in silence. */
  readonly tellsNoRoute?: boolean
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
  readonly random: Random
  readonly #options: NetworkOptions
  readonly #record: NetworkRecord
  readonly #hosts = new NetworkHosts()
  readonly #queue = new EventQueue<NetworkEvent>()
  readonly #applications: (() => void)[] = []
  readonly #checks: (() => void)[] = []
  readonly #pool = new PacketPool()
  readonly #frame = new Uint8Array(FRAME_BYTES)
  readonly #lines: NetworkLines
  /** Hosts that are to be polled, those without `whenStirred` always among them. */
  #awake: NetworkHost[] = []
  /** Hosts with `whenStirred`. */
  #sleepers = 0
  /** By the hosts' numbers, what `pollTimeout` said when it was asked last. */
  #deadlines = new Float64Array(16).fill(Number.POSITIVE_INFINITY)
  #eventsAtOnce = 0
  #timeOfCount: number

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#record = new NetworkRecord(options)
    this.now = options.startUs ?? 0
    this.#timeOfCount = this.now
    this.random = new Random(options.seed)
    this.#lines = new NetworkLines(this.#hosts, this.#record, this.#queue, options.tellsNoRoute === true)
  }

  /** When something is due next, microseconds; Infinity: nothing is. */
  get nextAt(): number {
    const timer = this.#nextTimer()
    const timerAt = timer < 0 ? Number.POSITIVE_INFINITY : this.#deadlines[timer]!
    return Math.max(Math.min(timerAt, this.#queue.nextAt), this.now)
  }

  /** Packets that no path led to. */
  get unroutable(): number {
    return this.#lines.unroutable
  }

  /**
   * Adds a host.
   * @param addresses those that are routed to it, as text or parsed.
   */
  host(name: string, endpoint: PacketEndpoint, addresses: readonly (Address | string)[]): void {
    const host = this.#hosts.add(name, endpoint, addresses)
    this.#record.host(name)
    if (this.#deadlines.length <= host.index) this.#deadlines = grown(this.#deadlines)
    this.#awake.push(host)
    host.isAwake = true
    endpoint.whenTransmits?.(() => this.#drain(host))
    if (endpoint.whenStirred === undefined) return
    this.#sleepers++
    endpoint.whenStirred(() => this.#stir(host))
  }

  /** Joins two hosts both ways. `bToA` defaults to what `aToB` does, with a stream of its own. */
  join(a: string, b: string, aToB: ImpairmentOptions = {}, bToA: ImpairmentOptions = aToB): void {
    this.path(a, b, aToB)
    this.path(b, a, bToA)
  }

  /** Makes or replaces the path of one direction; packets on their way still arrive, and middleboxes stay. */
  path(from: string, to: string, options: ImpairmentOptions = {}): Impairments {
    const sender = this.#hosts.named(from)
    const receiver = this.#hosts.named(to)
    const impairments = new Impairments(options, this.random.fork(`path ${from} > ${to}`), this.#pool)
    const path = sender.paths.get(receiver)
    if (path === undefined) sender.paths.set(receiver, { receiver, impairments, boxes: [] })
    else path.impairments = impairments
    return impairments
  }

  /** What the path of one direction does to packets; null where there is none. */
  impairments(from: string, to: string): Impairments | null {
    return this.#hosts.path(from, to)?.impairments ?? null
  }

  /**
   * Puts a middlebox on the path between two hosts, both ways: what `a` sends goes 'out' through it, behind those that
   * were put there before; what `b` sends comes 'back' through it, before them.
   * @throws Error where no path joins the two.
   */
  insert(box: Middlebox, a: string, b: string): void {
    this.#hosts.insert(box, a, b)
  }

  remove(box: Middlebox, a: string, b: string): void {
    this.#hosts.remove(box, a, b)
  }

  /** Packets to an address that no host has, such as a translator's, go where `choose` says. */
  route(address: Address | string, choose: RouteChoice): void {
    this.#hosts.route(address, choose)
  }

  /** Calls an application at a time, not before now; equal times keep the order of these calls. */
  at(timeUs: number, run: () => void): Scheduled<unknown> {
    return this.#queue.schedule(Math.max(timeUs, this.now), { kind: 'call', run })
  }

  /** Takes back what `at` planned; false where it has happened. */
  cancel(planned: Scheduled<unknown>): boolean {
    return this.#queue.cancel(planned as Scheduled<NetworkEvent>)
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
    const from = options.from ?? this.#hosts.owner(packet, packet.length, SOURCE)?.name ?? to
    const at = Math.max(options.atUs ?? this.now, this.now)
    return this.#lines.arriveForged(this.now, packet.slice(), from, this.#hosts.named(to), at)
  }

  /**
   * Sends a packet of a middlebox's own towards `b` ('out') or `a` ('back'), from where it stands between the two: through
   * the boxes behind it, and through the line if it goes away from the host at whose end the box stands.
   */
  emit(box: Middlebox, a: string, b: string, direction: Direction, packet: Uint8Array): void {
    const [from, to] = direction === 'out' ? [a, b] : [b, a]
    const path = this.#hosts.path(from, to)
    const place = path?.boxes.findIndex((placed) => placed.box === box) ?? -1
    if (place >= 0) this.#lines.onwards(this.now, this.#hosts.named(from), path!, place, packet)
  }

  /**
   * Runs until nothing is scheduled, or up to and including `untilUs`, at which the clock then stands.
   * @throws Error with the time and the count where a run does not end (maxEvents) or time does not pass.
   */
  run(untilUs: number = Number.POSITIVE_INFINITY): RunEnd {
    // The application may have called a stack before the first event, or between two runs.
    this.settle()
    for (;;) {
      const end = this.step(untilUs)
      if (end !== null) return end
    }
  }

  /** One event, and what follows from it at once; or, where `run` would end, its end. */
  step(untilUs: number = Number.POSITIVE_INFINITY): RunEnd | null {
    const timer = this.#nextTimer()
    const timerAt = timer < 0 ? Number.POSITIVE_INFINITY : Math.max(this.#deadlines[timer]!, this.now)
    const at = Math.min(timerAt, this.#queue.nextAt)
    if (at > untilUs || at === Number.POSITIVE_INFINITY) {
      if (untilUs !== Number.POSITIVE_INFINITY) this.now = Math.max(this.now, untilUs)
      return at === Number.POSITIVE_INFINITY ? 'idle' : 'until'
    }
    this.now = Math.max(this.now, at)
    this.#countEvent()
    const event = this.#queue.take(timerAt)
    if (event !== null) this.#happen(event.item)
    else {
      const host = this.#hosts.all[timer]!
      host.endpoint.handleTimeout(this.now)
      this.#stir(host)
    }
    this.settle()
    return null
  }

  /**
   * Lets hosts send and applications react until neither has anything left to do, then lets the checks look. `run` and
   * `step` do it after each event; whoever calls stacks in between does it before the next.
   */
  settle(): void {
    let packetsBefore: number
    this.#drainAll()
    do {
      packetsBefore = this.#lines.packets
      for (const run of this.#applications) run()
      this.#drainAll()
    } while (this.#lines.packets !== packetsBefore && this.#applications.length > 0)
    for (const check of this.#checks) check()
  }

  #happen(event: NetworkEvent): void {
    if (event.kind === 'call') {
      event.run()
      return
    }
    const { receiver, number } = event
    if (event.kind === 'made') {
      this.#arrive(receiver, event.bytes, event.bytes.length, number, null, event.maker)
      return
    }
    const { delivery } = event
    this.#arrive(receiver, delivery.bytes, delivery.length, number, event.sent, markOf(delivery))
    event.impairments.release(delivery)
  }

  #arrive(
    receiver: NetworkHost,
    bytes: Uint8Array,
    length: number,
    number: number,
    sent: SegmentSent | null,
    mark: string,
  ): void {
    const { trace, isWatched } = this.#record
    if (isWatched) {
      const seen = { at: this.now, host: receiver.index, direction: 'inbound', number, sent, mark } as const
      this.#record.packet(seen, bytes, length)
    }
    if (trace !== null) trace.packet = number
    receiver.endpoint.handlePacket(this.now, bytes, 0, length)
    this.#stir(receiver)
    if (trace !== null) trace.packet = 0
    bytes.fill(GARBAGE)
  }

  #stir(host: NetworkHost): void {
    if (host.isAwake) return
    host.isAwake = true
    this.#awake.push(host)
  }

  #drainAll(): void {
    const hosts = this.#awake
    // Whoever is stirred while others send comes behind them.
    for (let i = 0; i < hosts.length; i++) {
      const host = hosts[i]!
      this.#drain(host)
      this.#deadlines[host.index] = host.endpoint.pollTimeout()
    }
    if (this.#sleepers === 0) return
    for (const host of hosts) host.isAwake = host.endpoint.whenStirred === undefined
    this.#awake = this.#sleepers === this.#hosts.all.length ? [] : hosts.filter(({ isAwake }) => isAwake)
  }

  #drain(host: NetworkHost): void {
    const { trace } = this.#record
    for (;;) {
      const eventsBefore = trace === null ? 0 : trace.events.length
      if (trace !== null) trace.packet = this.#lines.packets + 1
      const length = host.endpoint.pollTransmit(this.now, this.#frame)
      if (trace !== null) trace.packet = 0
      if (length === 0) return
      this.#countEvent()
      const sent = trace === null ? null : lastSent(trace.events, eventsBefore)
      this.#lines.send(this.now, host, this.#frame, length, sent)
    }
  }

  /** The number of the host whose timer is due first, of several that was added first; -1 where no timer waits. */
  #nextTimer(): number {
    const deadlines = this.#deadlines
    let next = -1
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < deadlines.length; i++) {
      if (deadlines[i]! < earliest) {
        earliest = deadlines[i]!
        next = i
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
}

/** What the capture says of an arrival. */
function markOf({ corrupted, isCopy, reordered, delayed }: Delivery): string {
  if (corrupted) return 'corrupted'
  if (isCopy) return 'duplicate'
  return reordered ? 'reordered' : delayed ? 'delayed' : ''
}

/** Twice as long, with Infinity behind what was there. */
function grown(deadlines: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(2 * deadlines.length).fill(Number.POSITIVE_INFINITY)
  longer.set(deadlines)
  return longer
}
