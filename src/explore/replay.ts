/**
 * A path of an exploration once more, on two connections that live through it from beginning to end: nothing is saved
 * or restored, and the clock runs. It makes the record that a picture is drawn from, and it is the oracle of the saved
 * states: packet for packet the same must come out.
 */

import { Clock } from '../tcp/clock.ts'
import { recordSegment } from '../tcp/tracing.ts'
import type { NetworkEvent, TraceEvent } from '../trace/events.ts'
import type { SendReason } from '../trace/reasons.ts'
import { Recorder, type Trace } from '../trace/recorder.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { Segment } from '../wire/segment.ts'
import { decodeTcp } from '../wire/tcp.ts'
import { type Call, Host, OPEN, RECEIVE, TIMEOUT } from './host.ts'
import type { Packets } from './packets.ts'
import type { Scenario } from './plan.ts'
import { NOW } from './snapshot.ts'
import { CALL, COPY, EXPIRE, kindOf, LOSE, openingOrder, sideOf, whichOf } from './worlds.ts'

/** A packet as it was sent. */
export interface SentPacket {
  /** Microseconds since the start. */
  readonly at: number
  readonly from: 0 | 1
  readonly octets: Uint8Array
  readonly reason: SendReason
}

interface UnderWay {
  /** The number that the exploration gave to equal octets, and the one that the record gives to this packet. */
  readonly number: number
  readonly packet: number
  readonly octets: Uint8Array
}

/** What a side saw and did, in order: the material of a script. */
export type Deed =
  | { readonly kind: 'in' | 'out'; readonly at: number; readonly octets: Uint8Array }
  | { readonly kind: 'call'; readonly at: number; readonly call: Call; readonly octets: number }

export class Replay {
  readonly hosts: readonly [Host, Host]
  readonly events: readonly TraceEvent[]
  readonly sent: SentPacket[] = []
  readonly deeds: readonly [Deed[], Deed[]] = [[], []]
  /** What was wrong at the first step that broke a rule of one side alone. */
  problem: string | null = null
  readonly #clock = new Clock()
  readonly #recorder = new Recorder()
  readonly #packets: Packets
  readonly #isBag: boolean
  readonly #channels: readonly [UnderWay[], UnderWay[]] = [[], []]
  /** The numbers and reasons of segments that were told of and are about to be carried. */
  readonly #told: { packet: number; reason: SendReason }[] = []
  /** The packet that is arriving. */
  #arriving = 0
  #count = 0

  /** @param packets of the exploration, so that its channels and these are in the same order. */
  constructor(scenario: Scenario, packets: Packets) {
    this.#packets = packets
    this.#isBag = scenario.bounds.overtakings === Infinity
    this.#clock.now = NOW
    this.events = this.#recorder.events
    const host = (which: 0 | 1) =>
      new Host({
        plan: scenario.sides[which],
        which,
        sendsLater: scenario.sendsLater ?? false,
        clock: this.#clock,
        trace: this.#traceOf(),
        carry: (octets) => this.#carry(which, octets),
      })
    this.hosts = [host(0), host(1)]
    for (const which of openingOrder(scenario)) this.#call(which, OPEN)
  }

  /** Microseconds since the start. */
  get now(): number {
    return this.#clock.now - NOW
  }

  /** The clock of both connections, microseconds. */
  get clock(): number {
    return this.#clock.now
  }

  /** The packets under way to a side, by the exploration's numbers. */
  channelTo(side: 0 | 1): number[] {
    return this.#channels[side].map(({ number }) => number)
  }

  perform(action: number): void {
    const kind = kindOf(action)
    const side = sideOf(action)
    if (kind === EXPIRE) return this.#expire()
    if (kind === CALL) return this.#call(side, whichOf(action) as Call)
    const channel = this.#channels[side]
    const place = whichOf(action)
    const packet = channel[place]!
    if (kind === LOSE) this.#report('lost', 1 - side, packet.packet)
    if (kind === COPY) {
      const copy = { ...packet, packet: ++this.#count }
      this.#report('duplicated', 1 - side, packet.packet, copy.packet)
      channel.splice(place, 1, copy)
    } else channel.splice(place, 1)
    if (kind === LOSE) return
    this.deeds[side].push({ kind: 'in', at: this.now, octets: packet.octets })
    this.#arriving = packet.packet
    this.#happens(side, packet.octets)
    this.#arriving = 0
  }

  #call(side: 0 | 1, call: Call): void {
    const { application } = this.hosts[side]
    const before = application.sent
    const place = this.deeds[side].length
    this.#happens(side, call)
    if (call === RECEIVE) return
    const deed = { kind: 'call', at: this.now, call, octets: application.sent - before } as const
    this.deeds[side].splice(place, 0, deed)
  }

  #expire(): void {
    const { hosts } = this
    const earliest = Math.min(hosts[0].connection.pollTimeout(), hosts[1].connection.pollTimeout())
    this.#clock.now += Math.max(0, Math.ceil((earliest - this.#clock.now) / 1000)) * 1000
    for (const side of [0, 1] as const) {
      if (hosts[side].connection.pollTimeout() <= this.#clock.now) this.#happens(side, TIMEOUT)
    }
  }

  /** Where octets are read, RECEIVE stands before what is sent because of it. */
  #happens(side: 0 | 1, input: Call | Uint8Array): void {
    const { application } = this.hosts[side]
    const before = application.read
    const place = this.deeds[side].length
    const problem = this.hosts[side].happens(input)
    this.problem ??= problem === null ? null : `${'ab'[side]}: ${problem}`
    if (application.read === before) return
    const octets = application.read - before
    this.deeds[side].splice(place, 0, { kind: 'call', at: this.now, call: RECEIVE, octets })
  }

  /** What a connection tells, with the packet's number in the record. */
  #traceOf(): Trace {
    const add = (event: TraceEvent) => {
      if (event.kind === 'sent') {
        const packet = ++this.#count
        this.#told.push({ packet, reason: event.reason })
        this.#record({ ...event, packet })
      } else if (event.kind === 'received' || event.kind === 'dropped') {
        this.#record({ ...event, packet: this.#arriving })
      } else this.#record(event)
    }
    return { packet: 0, add }
  }

  #record(event: TraceEvent): void {
    this.#recorder.add({ ...event, at: event.at - NOW })
  }

  #carry(from: 0 | 1, octets: Uint8Array): void {
    const { packet, reason } = this.#told.shift() ?? this.#resetOfStack(from, octets)
    this.sent.push({ at: this.now, from, octets, reason })
    this.deeds[from].push({ kind: 'out', at: this.now, octets })
    const number = this.#packets.numberOf(octets)
    const channel = this.#channels[from === 0 ? 1 : 0]
    const behind = this.#isBag ? channel.findIndex((other) => other.number >= number) : -1
    channel.splice(behind < 0 ? channel.length : behind, 0, { number, packet, octets })
  }

  /** A CLOSED side has no connection that would tell of it. */
  #resetOfStack(from: 0 | 1, octets: Uint8Array): { packet: number; reason: SendReason } {
    const ip = new IpHeader()
    const segment = new Segment()
    decodeIp(octets, 0, octets.length, ip)
    decodeTcp(octets, ip, segment, false)
    const packet = ++this.#count
    const reason: SendReason = 'reset-no-connection'
    const at = this.#clock.now
    this.#record({
      kind: 'sent',
      at,
      host: 'ab'[from]!,
      connection: 0,
      segment: recordSegment(segment, 0),
      reason,
      packet,
    })
    return { packet, reason }
  }

  #report(action: NetworkEvent['action'], from: number, packet: number, copy?: number): void {
    const event = {
      kind: 'network',
      at: this.#clock.now,
      host: 'ab'[from]!,
      connection: 0,
      action,
      packet,
    } as const
    this.#record(copy === undefined ? event : { ...event, copy })
  }
}
