/** What one end of a connection did, as far as a capture shows it: counters, windows, times. Numbers are int32 as sent. */

import type { TcpFields } from '../dissect/packet.ts'
import { ACK, SYN } from '../wire/segment.ts'
import type { FlowOptions } from './flow-options.ts'
import { type Cause, RetransmissionCauses } from './retransmission-cause.ts'
import { RoundTrips } from './round-trips.ts'
import type { Sending } from './sent-segments.ts'
import { Spread } from './spread.ts'

/** RFC 7323 2.3. */
const MAX_SCALE = 14

export class FlowSide {
  packets = 0
  /** Octets of text, and those among them that had not been sent before. */
  octets = 0
  newOctets = 0
  /** When its first and its last text came by; nanoseconds from the first packet of the capture. */
  firstTextAt = -1
  lastTextAt = -1
  /** The highest number behind what it sent, and the highest that it acknowledged. */
  hasNext = false
  next = 0
  hasAck = false
  ack = 0
  /** What its SYN offered; -1: no SYN seen, or not in it. */
  mss = -1
  scale = -1
  hasSyn = false
  /** Whether the capture ends within the options of its SYN: what is not among those before may have been behind. */
  optionsCut = false
  sackPermitted = false
  timestamps = false
  /** Where no SYN tells the scale: the least that what was sent to it needs. */
  leastScale = 0
  /** The window field of its last segment, and the extremes of what windows meant, octets; -1: none yet. */
  windowField = 0
  leastWindow = -1
  mostWindow = -1
  zeroWindows = 0
  mostInFlight = 0
  longestText = 0
  /** From the capture point to this end and back. */
  readonly roundTrips = new RoundTrips()
  /** From the SYN or SYN-ACK sent to it to its answer; -1: not seen, or sent twice. */
  handshake = -1
  /** Between the last octet of what the other end said and the first of the answer, without the way there and back. */
  readonly think = new Spread()
  readonly causes = new RetransmissionCauses()
  #synAt = -1
  #syns = 0
  /** When it acknowledged all that the other end had said; -1: not yet. */
  #heardAt = -1
  #speaksLast = false

  /** Whether it is known which scale its SYN offered, or that it offered none. */
  get knowsScale(): boolean {
    return this.hasSyn && (this.scale >= 0 || !this.optionsCut)
  }

  /** As of an end that nothing was seen of. */
  renew(): void {
    this.packets = this.octets = this.newOctets = 0
    this.firstTextAt = this.lastTextAt = -1
    this.hasNext = this.hasAck = false
    this.next = this.ack = 0
    this.mss = this.scale = -1
    this.hasSyn = this.optionsCut = this.sackPermitted = this.timestamps = false
    this.leastScale = this.windowField = 0
    this.leastWindow = this.mostWindow = -1
    this.zeroWindows = this.mostInFlight = this.longestText = 0
    this.roundTrips.renew()
    this.handshake = -1
    this.think.renew()
    this.causes.renew()
    this.#synAt = this.#heardAt = -1
    this.#syns = 0
    this.#speaksLast = false
  }

  /**
   * Takes a segment that it sent.
   * @returns why the segment was sent again, or came late; null: it is new.
   */
  sent(segment: Sending, tcp: TcpFields, options: FlowOptions, their: FlowSide): Cause | null {
    const { seq, end, at } = segment
    this.packets++
    const takesNumbers = end !== seq
    const length = Math.max(0, tcp.textLength)
    if ((tcp.flags & SYN) !== 0) this.#open(tcp, options, their, at)
    if ((tcp.flags & ACK) !== 0) this.#acknowledge(tcp, options, their, at)
    const isCounted = takesNumbers && tcp.textLength >= 0
    const cause = isCounted ? this.causes.judge(segment, tcp, options, this, their) : null
    if (isCounted) this.#count(seq, end, length, their, at)
    if (takesNumbers && options.hasTimestamps) their.roundTrips.stamped(options.tsVal, at)
    if (length > 0) this.#speak(their, at)
    this.#noteWindow(tcp, their)
    return cause
  }

  #open({ flags }: TcpFields, options: FlowOptions, their: FlowSide, at: number): void {
    this.hasSyn = true
    this.optionsCut = options.isCut
    this.mss = options.mss
    this.scale = options.scale < 0 ? -1 : Math.min(MAX_SCALE, options.scale)
    this.sackPermitted = options.sackPermitted
    this.timestamps = options.hasTimestamps
    this.#syns++
    this.#synAt = at
    if ((flags & ACK) !== 0 && this.#syns === 1 && their.#syns === 1) this.handshake = at - their.#synAt
  }

  #acknowledge(tcp: TcpFields, options: FlowOptions, their: FlowSide, at: number): void {
    const { flags, ack } = tcp
    const isNew = !this.hasAck || ((ack - this.ack) | 0) > 0
    if (isNew) this.ack = ack
    this.hasAck = true
    this.roundTrips.acknowledged(ack, at)
    if (options.hasTimestamps) this.roundTrips.echoed(options.tsEcr, at)
    // The third segment of a handshake, which the end that opened answers with.
    const isThird = (flags & SYN) === 0 && this.handshake < 0 && this.#syns === 1 && their.handshake >= 0
    if (isThird && their.#syns === 1) this.handshake = at - their.#synAt
    if (this.#heardAt < 0 && their.#speaksLast && their.hasNext && ((ack - their.next) | 0) >= 0) {
      this.#heardAt = at
    }
    their.causes.acknowledged(tcp, options)
  }

  #count(seq: number, end: number, length: number, their: FlowSide, at: number): void {
    this.octets += length
    this.longestText = Math.max(this.longestText, length)
    const ahead = this.hasNext ? (end - this.next) | 0 : end - seq
    if (ahead > 0) this.newOctets += Math.min(length, ahead)
    if (!this.hasNext || seq === this.next) their.roundTrips.sent(end, at)
    else their.roundTrips.sentAgain()
    if (!this.hasNext || ahead > 0) this.next = end
    this.hasNext = true
  }

  /** Text is a question or an answer, as the sides take turns. */
  #speak(their: FlowSide, at: number): void {
    if (this.firstTextAt < 0) this.firstTextAt = at
    if (their.#speaksLast) {
      const least =
        this.roundTrips.byAck.count > 0 ? this.roundTrips.byAck.least : Math.max(0, this.handshake)
      const heard = this.#heardAt >= 0 && this.#heardAt < at ? this.#heardAt : their.lastTextAt + least
      this.think.add(Math.max(0, at - heard))
    }
    this.lastTextAt = at
    this.#speaksLast = true
    their.#speaksLast = false
    this.#heardAt = -1
    their.#heardAt = -1
  }

  #noteWindow({ flags, window }: TcpFields, their: FlowSide): void {
    const inFlight = this.hasNext && their.hasAck ? (this.next - their.ack) | 0 : 0
    this.mostInFlight = Math.max(this.mostInFlight, inFlight)
    if (!their.knowsScale && their.windowField > 0) their.#fit(inFlight)
    this.windowField = window
    if (window === 0) this.zeroWindows++
    // The window of a SYN is never scaled (RFC 7323 2.2).
    const isScaled = (flags & SYN) === 0 && this.scale > 0 && (their.scale >= 0 || !their.knowsScale)
    const octets = isScaled ? window * 2 ** this.scale : window
    this.leastWindow = this.leastWindow < 0 ? octets : Math.min(this.leastWindow, octets)
    this.mostWindow = Math.max(this.mostWindow, octets)
  }

  /** So much was under way to it: the window had room for it. */
  #fit(inFlight: number): void {
    while (this.leastScale < MAX_SCALE && inFlight > this.windowField * 2 ** this.leastScale)
      this.leastScale++
  }
}
