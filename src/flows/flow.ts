/** One connection of a capture: what both ends did, the states they went through, and all of it as plain data. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { CLOSED, LISTEN, TIME_WAIT } from '../tcp/state.ts'
import { addressOf } from '../wire/address.ts'
import { ClientSide } from './client-side.ts'
import type { FlowOptions } from './flow-options.ts'
import { FlowSide } from './flow-side.ts'
import type { Cause, CauseKind } from './retransmission-cause.ts'
import type { Sending } from './sent-segments.ts'
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
  /** Whether the capture ends within the options of its SYN: null above may be what was cut off. */
  readonly optionsCut: boolean
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

/** Where the two ends stand among the words of a flow, and where their ports do. */
const END_WORDS = 4
const PORTS = 2 * END_WORDS

/** One connection; the object is used again for another one when it is over. */
export class Flow {
  /** tcp.stream. */
  stream = 0
  readonly states = new StateInference()
  /** Who sent the first packet, and the other one. */
  readonly sides: readonly [FlowSide, FlowSide] = [new FlowSide(), new FlowSide()]
  completeness = 0
  /** Nanoseconds from the first packet of the capture. */
  lastAt = 0
  /** Addresses of A and of B, four words each, and their ports. */
  readonly #ends = new Int32Array(PORTS + 2)
  #version: 4 | 6 = 4
  #firstFrame = 0
  #firstAt = 0
  #lastFrame = 0
  readonly #client = new ClientSide()

  /** Begins with the first packet of a connection, whatever it was used for before. */
  begin(stream: number, packet: Packet, tcp: TcpFields, isFromA: boolean, at: number): void {
    this.stream = stream
    this.states.renew()
    this.sides[0].renew()
    this.sides[1].renew()
    this.#client.renew()
    this.completeness = 0
    this.#firstFrame = this.#lastFrame = packet.number
    this.#firstAt = this.lastAt = at
    this.#version = packet.version === 6 ? 6 : 4
    const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet
    this.#end(isFromA ? 0 : 1, src0, src1, src2, src3, tcp.sourcePort)
    this.#end(isFromA ? 1 : 0, dst0, dst1, dst2, dst3, tcp.destinationPort)
  }

  #end(which: 0 | 1, w0: number, w1: number, w2: number, w3: number, port: number): void {
    const ends = this.#ends
    const from = which * END_WORDS
    ends[from] = w0
    ends[from + 1] = w1
    ends[from + 2] = w2
    ends[from + 3] = w3
    ends[PORTS + which] = port
  }

  /** Takes a packet of it, whose numbers are `segment`'s; why it was sent again or came late, or null. */
  packet(isFromA: boolean, segment: Sending, tcp: TcpFields, options: FlowOptions): Cause | null {
    const { frame, at } = segment
    const my = isFromA ? 0 : 1
    this.#client.packet(isFromA, tcp)
    this.#lastFrame = frame
    if (at > this.lastAt) this.lastAt = at
    this.states.packet(isFromA, tcp, frame, at)
    return this.sides[my].sent(segment, tcp, options, this.sides[1 - my]!)
  }

  /** Neither end has anything to say any more, as far as can be seen. */
  get isOver(): boolean {
    const { paths } = this.states
    return isOver(paths[0]) && isOver(paths[1])
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

  #nameOf(which: 0 | 1): { address: string; port: number } {
    const ends = this.#ends
    const from = which * END_WORDS
    const address = addressOf(ends[from]!, ends[from + 1]!, ends[from + 2]!, ends[from + 3]!, this.#version)
    return { address: String(address), port: ends[PORTS + which]! }
  }

  #side(which: 0 | 1): SideReport {
    const side = this.sides[which]
    const { roundTrips, causes } = side
    const knowsOptions = side.hasSyn && !side.optionsCut
    const seconds = (side.lastTextAt - side.firstTextAt) / 1e9
    return {
      ...this.#nameOf(which),
      states: this.states.paths[which].steps,
      packets: side.packets,
      octets: side.octets,
      newOctets: side.newOctets,
      throughput: seconds > 0 ? side.octets / seconds : null,
      goodput: seconds > 0 ? side.newOctets / seconds : null,
      mss: side.mss < 0 ? null : side.mss,
      sackPermitted: side.sackPermitted || (knowsOptions ? false : null),
      timestamps: side.timestamps || (knowsOptions ? false : null),
      optionsCut: side.optionsCut,
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

/** LISTEN is where a refused passive end goes back to. */
function isOver({ state }: SideStates): boolean {
  return state === CLOSED || state === TIME_WAIT || state === LISTEN
}

function timesOf({ count, least, mean, most }: Spread): TimesReport | null {
  return count === 0 ? null : { count, least, mean, most }
}

/** Windows are scaled where both SYNs offered it (RFC 7323 2.2); where one was not seen, what was sent tells the least. */
function windowOf(side: FlowSide, their: FlowSide): WindowReport {
  const isUsed = side.scale >= 0 && (their.scale >= 0 || !their.knowsScale)
  const isSeen = side.knowsScale || (their.knowsScale && their.scale < 0)
  const factor = side.knowsScale ? 1 : 2 ** side.leastScale
  const octets = (window: number): number | null => (window < 0 ? null : window * factor)
  return {
    least: octets(side.leastWindow),
    most: octets(side.mostWindow),
    zero: side.zeroWindows,
    scale: isSeen ? (isUsed ? side.scale : 0) : side.leastScale,
    scaleIs: isSeen ? (isUsed ? 'seen' : 'not used') : 'guessed',
  }
}
