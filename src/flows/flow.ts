/** One connection of a capture: what both ends did, the states they went through, and all of it as plain data. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { CLOSED, LISTEN, TIME_WAIT } from '../tcp/state.ts'
import { addressOf } from '../wire/address.ts'

import { ClientSide } from './client-side.ts'
import type { FlowOptions } from './flow-options.ts'
import { FlowSide } from './flow-side.ts'
import type { Cause, CauseKind } from './retransmission-cause.ts'
import type { FlowStep, SideStates } from './side-states.ts'
import type { Spread } from './spread.ts'
import { StateInference } from './state-inference.ts'

/** Times of one kind: nanoseconds. */
export interface TimesReport {
  readonly count: number
  readonly least: number
  readonly mean: number
  readonly most: number
}

export interface WindowReport {
  /** Octets, scaled; null: none seen. */
  readonly least: number | null
  readonly most: number | null
  readonly zero: number
  /** The shift count, and how it is known: from the SYNs, not used as they say, or the least that fits what was sent. */
  readonly scale: number
  readonly scaleIs: 'seen' | 'not used' | 'guessed'
}

export interface SideReport {
  readonly address: string
  readonly port: number
  readonly states: readonly FlowStep[]
  readonly packets: number
  /** Octets of text, and those sent for the first time. */
  readonly octets: number
  readonly newOctets: number
  /** Octets a second between its first and its last text, all and those sent for the first time; null: no time passed. */
  readonly throughput: number | null
  readonly goodput: number | null
  readonly mss: number | null
  readonly sackPermitted: boolean | null
  readonly timestamps: boolean | null
  readonly longestText: number
  readonly window: WindowReport
  /** The most octets sent and not acknowledged. */
  readonly mostInFlight: number
  /** From the capture point to this end and back; nanoseconds. */
  readonly roundTrips: {
    readonly handshake: number | null
    readonly byAck: TimesReport | null
    readonly byTimestamp: TimesReport | null
  }
  /** From the last octet of the other end's text to the first of the answer, at this end; nanoseconds. */
  readonly think: TimesReport | null
  readonly causes: Readonly<Partial<Record<CauseKind, number>>>
  readonly spurious: number
  readonly lostBefore: number
  readonly lostAfter: number
}

export interface FlowReport {
  /** tcp.stream. */
  readonly stream: number
  readonly client: SideReport
  readonly server: SideReport
  /** Whether a SYN told who the client is; else who has the higher port. */
  readonly clientIs: 'seen' | 'guessed'
  readonly firstFrame: number
  readonly lastFrame: number
  /** Nanoseconds from the first packet of the capture to the connection's, and from its first to its last. */
  readonly start: number
  readonly duration: number
  /** tcp.completeness. */
  readonly completeness: number
  readonly beganInTheMiddle: boolean
}

export class Flow {
  readonly stream: number
  readonly states = new StateInference()
  /** Who sent the first packet, and the other one. */
  readonly sides: readonly [FlowSide, FlowSide] = [new FlowSide(), new FlowSide()]
  completeness = 0
  lastAt = 0
  readonly #names: readonly [End, End]
  readonly #firstFrame: number
  readonly #firstAt: number
  #lastFrame: number
  readonly #client = new ClientSide()

  constructor(stream: number, packet: Packet, tcp: TcpFields, isFromA: boolean, at: number) {
    this.stream = stream
    const source = endOf(packet.version, packet.src0, packet.src1, packet.src2, packet.src3, tcp.sourcePort)
    const { dst0, dst1, dst2, dst3 } = packet
    const destination = endOf(packet.version, dst0, dst1, dst2, dst3, tcp.destinationPort)
    this.#names = isFromA ? [source, destination] : [destination, source]
    this.#firstFrame = packet.number
    this.#lastFrame = packet.number
    this.#firstAt = at
    this.lastAt = at
  }

  /** Takes a packet of it; why it was sent again or came late, or null. */
  packet(isFromA: boolean, packet: Packet, tcp: TcpFields, options: FlowOptions, at: number): Cause | null {
    const my = isFromA ? 0 : 1
    this.#client.packet(isFromA, tcp)
    this.#lastFrame = packet.number
    this.lastAt = Math.max(this.lastAt, at)
    this.states.packet(isFromA, tcp, packet.number, at)
    const side = this.sides[my]
    return side.sent(tcp, options, this.sides[1 - my]!, packet.number, packet.identification, at)
  }

  /** Neither end has anything to say any more, as far as can be seen. */
  get isOver(): boolean {
    const [a, b] = this.states.paths
    return isOver(a) && isOver(b)
  }

  report(): FlowReport {
    return {
      stream: this.stream,
      client: this.#side(this.#client.isA ? 0 : 1),
      server: this.#side(this.#client.isA ? 1 : 0),
      clientIs: this.#client.isSeen ? 'seen' : 'guessed',
      firstFrame: this.#firstFrame,
      lastFrame: this.#lastFrame,
      start: this.#firstAt,
      duration: this.lastAt - this.#firstAt,
      completeness: this.completeness,
      beganInTheMiddle: this.states.beganInTheMiddle,
    }
  }

  #side(which: 0 | 1): SideReport {
    const side = this.sides[which]
    const { roundTrips, causes } = side
    const seconds = (side.lastTextAt - side.firstTextAt) / 1e9
    return {
      ...this.#names[which],
      states: this.states.paths[which].steps,
      packets: side.packets,
      octets: side.octets,
      newOctets: side.newOctets,
      throughput: seconds > 0 ? side.octets / seconds : null,
      goodput: seconds > 0 ? side.newOctets / seconds : null,
      mss: side.mss < 0 ? null : side.mss,
      sackPermitted: side.hasSyn ? side.sackPermitted : null,
      timestamps: side.hasSyn ? side.timestamps : null,
      longestText: side.longestText,
      window: windowOf(side, this.sides[which === 0 ? 1 : 0]),
      mostInFlight: side.mostInFlight,
      roundTrips: {
        handshake: side.handshake < 0 ? null : side.handshake,
        byAck: timesOf(roundTrips.byAck),
        byTimestamp: timesOf(roundTrips.byTimestamp),
      },
      think: timesOf(side.think),
      causes: { ...causes.counts },
      spurious: causes.spurious,
      lostBefore: causes.lostBefore,
      lostAfter: causes.lostAfter,
    }
  }
}

interface End {
  readonly address: string
  readonly port: number
}

function endOf(version: number, w0: number, w1: number, w2: number, w3: number, port: number): End {
  return { address: String(addressOf(w0, w1, w2, w3, version === 6 ? 6 : 4)), port }
}

/** LISTEN is where a refused passive end goes back to. */
function isOver({ state }: SideStates): boolean {
  return state === CLOSED || state === TIME_WAIT || state === LISTEN
}

function timesOf({ count, least, mean, most }: Spread): TimesReport | null {
  return count === 0 ? null : { count, least, mean, most }
}

/** Windows are scaled where both SYNs offered it (RFC 7323 2.2); where one was not seen, what was sent tells the least. */
function windowOf(side: FlowSide, their: FlowSide): WindowReport {
  const isUsed = side.scale >= 0 && (their.scale >= 0 || !their.hasSyn)
  const isSeen = side.hasSyn || (their.hasSyn && their.scale < 0)
  const factor = side.hasSyn ? 1 : 2 ** side.leastScale
  const octets = (window: number): number | null => (window < 0 ? null : window * factor)
  return {
    least: octets(side.leastWindow),
    most: octets(side.mostWindow),
    zero: side.zeroWindows,
    scale: isSeen ? (isUsed ? side.scale : 0) : side.leastScale,
    scaleIs: isSeen ? (isUsed ? 'seen' : 'not used') : 'guessed',
  }
}
