/**
 * Wireshark's analysis of sequence numbers, packet by packet, by the rules of its 4.0 (in our words; the public captures
 * judge). Elko's own judgement stands elsewhere: this says what Wireshark says, its quirks included.
 */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { readOptions, type SeenOptions } from '../dissect/seen-options.ts'
import { ACK, FIN, PSH, RST, SYN } from '../wire/segment.ts'
import { seqLT } from '../wire/seq.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import * as w from './conversation-words.ts'
import { Conversations } from './conversations.ts'
import { Exchange } from './exchange.ts'
import { judgeAcknowledgment, judgeKind } from './packet-kinds.ts'
import { judgeSentAgain } from './sent-again.ts'
import * as a from './tcp-analysis.ts'
import { MAX_UNACKNOWLEDGED } from './unacknowledged.ts'

/** More is no number of octets in flight but a mistake. */
const MAX_IN_FLIGHT = 2_000_000_000

/** A bound that keeps the memory below 300 MB, and is beyond nearly all captures. */
export const MANY_CONVERSATIONS = 1_000_000

export class SequenceAnalysis {
  readonly conversations: Conversations
  readonly #exchange = new Exchange()
  readonly #options: SeenOptions = {
    scale: -1,
    sacked: 0,
    hasCookie: false,
    multipath: 0,
    isMalformed: false,
  }
  #epoch = Number.NaN

  /**
   * @param most conversations that are held at once, 244 octets each: beyond it those that have ended make room, and a
   *   packet of theirs that comes yet begins another stream. Without it all are held, as Wireshark holds them.
   */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.conversations = new Conversations(most, (words, at) => {
      this.#exchange.unacknowledged.drop(words, at + w.SIDE_A)
      this.#exchange.unacknowledged.drop(words, at + w.SIDE_B)
    })
  }

  /** The capture's clock starts here, whichever of its packets are looked at; else with the first of them. */
  begin(seconds: number): void {
    this.#epoch = seconds
  }

  /** Takes the next packet of the capture. What it returns is borrowed until the next call. */
  analyze(packet: Packet, tcp: TcpFields): a.TcpAnalysis {
    const x = this.#exchange
    x.result.clear()
    if (Number.isNaN(this.#epoch)) this.#epoch = packet.seconds
    x.seconds = (packet.seconds - this.#epoch) | 0
    x.nanoseconds = packet.nanoseconds
    const isFirst = this.#findConversation(packet, tcp)
    x.result.completeness = isFirst ? 0 : x.words[x.at + w.COMPLETENESS]!
    x.measure(x.result.sinceFirst, x.at + w.FIRST_TIME)
    x.measure(x.result.sinceLast, x.at + w.LAST_TIME)
    x.stamp(x.at + w.LAST_TIME)
    x.words[x.my + w.SACKED] = 0
    if (tcp.textLength >= 0) {
      setBase(x, tcp)
      analyzeNumbers(x, packet, tcp)
    }
    showWindow(x, tcp)
    showNumbers(x, tcp)
    x.result.hasRecord ||= x.result.flags !== 0
    const isWhole = tcp.headerLength >= TCP_HEADER_LENGTH && this.#takeControl(packet, tcp, isFirst)
    x.result.isWhole = isWhole
    if (!isWhole) x.result.hide()
    if ((tcp.flags & FIN) !== 0 && tcp.headerLength >= TCP_HEADER_LENGTH) judgeFin(x)
    return x.result
  }

  /** What the flags and options of a header say beyond its numbers; it counts from the next packet on. False where they are cut. */
  #takeControl(packet: Packet, tcp: TcpFields, isFirst: boolean): boolean {
    const x = this.#exchange
    complete(x, tcp, isFirst)
    if ((tcp.flags & (SYN | ACK)) === (SYN | ACK)) judgeSynAck(x)
    if ((tcp.flags & SYN) !== 0) noteSyn(x, packet, tcp)
    measureInitialRtt(x, tcp)
    if ((tcp.flags & (SYN | ACK)) === ACK) x.words[x.my + w.SIDE_BITS]! &= ~w.SENT_NO_ACK
    const isWhole =
      tcp.headerLength > TCP_HEADER_LENGTH ? this.#takeOptions(packet, tcp) : tcp.held >= TCP_HEADER_LENGTH
    if ((tcp.flags & SYN) !== 0 && isWhole) settleScale(x, (tcp.flags & ACK) !== 0)
    return isWhole
  }

  // ---- which conversation

  /** Returns whether the packet is the first of its ends. */
  #findConversation(packet: Packet, tcp: TcpFields): boolean {
    const isFirst = this.conversations.find(packet, tcp) < 0
    if (isFirst) this.#open(packet, tcp)
    else this.#take()
    const x = this.#exchange
    const { words, my } = x
    const hasBase = (words[my + w.SIDE_BITS]! & w.HAS_BASE) !== 0
    if ((tcp.flags & (SYN | ACK)) === SYN) {
      if (!isFirst && hasBase) this.#synAgain(packet, tcp)
    } else if ((tcp.flags & (SYN | ACK)) === (SYN | ACK) && hasBase && words[my + w.BASE] !== tcp.seq) {
      words[my + w.BASE] = tcp.seq
      x.result.flags |= a.REUSED_PORTS
    }
    return isFirst
  }

  /** Another initial sequence number is another conversation; the same one is a retransmission. */
  #synAgain(packet: Packet, tcp: TcpFields): void {
    const { words, my, result } = this.#exchange
    if (words[my + w.BASE] !== tcp.seq) {
      this.#open(packet, tcp)
      this.#exchange.words[this.#exchange.at + w.COMPLETENESS] = w.COMPLETE_SYN
      result.flags |= a.REUSED_PORTS
    } else {
      words[my + w.NEXT] = words[my + w.ACKABLE]!
      result.hasRecord = true
    }
  }

  #open(packet: Packet, tcp: TcpFields): void {
    this.conversations.open(packet, tcp, this.#exchange.seconds)
    this.#take()
    const x = this.#exchange
    x.stamp(x.at + w.FIRST_TIME)
    x.stamp(x.at + w.LAST_TIME)
    x.words[x.at + w.FIRST_FRAME] = packet.number
  }

  /** Takes what `conversations` points to. */
  #take(): void {
    const x = this.#exchange
    const { words, at, isFromA } = this.conversations
    x.words = words
    x.at = at
    x.my = at + (isFromA ? w.SIDE_A : w.SIDE_B)
    x.their = at + (isFromA ? w.SIDE_B : w.SIDE_A)
  }

  #takeOptions(packet: Packet, tcp: TcpFields): boolean {
    const { words, at, my, result } = this.#exchange
    const options = this.#options
    readOptions(packet.bytes, tcp, packet.end, options)
    words[my + w.SACKED] = options.sacked
    if (options.scale >= 0) words[my + w.SCALE] = options.scale
    if (options.multipath !== 0) words[at + w.BITS]! |= options.multipath << w.MULTIPATH_SHIFT
    if (options.hasCookie && (tcp.flags & (SYN | ACK)) === SYN) {
      result.flags |= a.TFO_SYN
      if (tcp.textLength > 0) words[at + w.BITS]! |= w.HAS_SYN_TEXT
    }
    return tcp.held >= tcp.headerLength && !options.isMalformed
  }
}

/** The order of the steps matters. */
function analyzeNumbers(x: Exchange, packet: Packet, tcp: TcpFields): void {
  const { words, my, their, result } = x
  if ((tcp.flags & ACK) !== 0) words[their + w.SIDE_BITS]! &= ~w.HAS_GAP
  judgeKind(x, tcp)
  if (tcp.ack !== words[my + w.LAST_ACK]) {
    words[my + w.NOT_DUPLICATE_FRAME] = packet.number
    words[my + w.DUPLICATE_ACKS] = 0
  }
  judgeAcknowledgment(x, tcp)
  if (tcp.textLength > 0 || (tcp.flags & (SYN | FIN)) !== 0) judgeSentAgain(x, tcp)
  remember(x, packet, tcp)
  words[my + w.LAST_FLAGS] = result.flags
  acknowledge(x, tcp)
  if (tcp.textLength > 0 && (words[my + w.SIDE_BITS]! & w.HAS_GAP) === 0) measureFlight(x, tcp)
}

/** Where relative numbers start: a SYN's is 0, the first number of a conversation that was begun before is 1. */
function setBase({ words, my, their }: Exchange, tcp: TcpFields): void {
  if ((words[my + w.SIDE_BITS]! & w.HAS_BASE) === 0) {
    words[my + w.BASE] = (tcp.flags & SYN) !== 0 ? tcp.seq : (tcp.seq - 1) | 0
    words[my + w.SIDE_BITS]! |= w.HAS_BASE
  }
  if ((words[their + w.SIDE_BITS]! & w.HAS_BASE) === 0 && (tcp.flags & ACK) !== 0) {
    words[their + w.BASE] = (tcp.ack - 1) | 0
    words[their + w.SIDE_BITS]! |= w.HAS_BASE
  }
}

/** What a conversation has shown; of its first packet only a SYN counts, with its text. */
function complete({ words, at }: Exchange, { flags, textLength }: TcpFields, isFirst: boolean): void {
  let seen = 0
  if (isFirst) {
    if ((flags & (SYN | ACK)) === SYN) seen = w.COMPLETE_SYN | (textLength > 0 ? w.COMPLETE_DATA : 0)
  } else {
    if ((flags & (SYN | ACK)) === (SYN | ACK)) seen |= w.COMPLETE_SYN_ACK
    if ((flags & (SYN | ACK)) === ACK) seen |= textLength > 0 ? w.COMPLETE_DATA : w.COMPLETE_ACK
    if ((flags & (FIN | ACK)) === (FIN | ACK)) seen |= w.COMPLETE_FIN
    if ((flags & RST) !== 0) seen |= w.COMPLETE_RST
  }
  words[at + w.COMPLETENESS]! |= seen
}

/** A moment that is zero on the capture's clock is none to Wireshark. */
function noteSyn(x: Exchange, packet: Packet, { flags }: TcpFields): void {
  const { words, at, my } = x
  words[my + w.SIDE_BITS]! |= w.SENT_NO_ACK
  if ((flags & ACK) !== 0) return
  if (packet.seconds === 0 && packet.nanoseconds === 0) words[at + w.BITS]! &= ~w.HAS_SYN_TIME
  else words[at + w.BITS]! |= w.HAS_SYN_TIME
  x.stamp(at + w.SYN_TIME)
}

function remember(x: Exchange, packet: Packet, { seq, ack, flags, window, textLength }: TcpFields): void {
  const { words, my } = x
  const takesControl = (flags & (SYN | FIN)) !== 0
  let end = (seq + textLength) | 0
  // Where the list is full, Wireshark forgets the control bit's number with the segment.
  if ((textLength > 0 || takesControl) && words[my + w.UNACKNOWLEDGED]! < MAX_UNACKNOWLEDGED) {
    if (takesControl) end = (end + 1) | 0
    x.unacknowledged.add(words, my, packet.number, seq, end, x.seconds, x.nanoseconds)
  }
  const isProbe = (x.result.flags & a.ZERO_WINDOW_PROBE) !== 0
  const next = words[my + w.NEXT]!
  if (!isProbe && (next === 0 || seqLT(next, end))) {
    words[my + w.NEXT] = end
    words[my + w.NEXT_FRAME] = packet.number
    x.stamp(my + w.NEXT_TIME)
  }
  const ackable = words[my + w.ACKABLE]!
  if (!isProbe && (ackable === 0 || ackable === seq)) words[my + w.ACKABLE] = words[my + w.NEXT]!
  words[my + w.WINDOW] = window
  words[my + w.LAST_ACK] = ack
  x.stamp(my + w.LAST_TIME_OF_SIDE)
  const multipath = words[x.at + w.BITS]! & w.MULTIPATH
  if (multipath !== 0) words[my + w.SIDE_BITS]! |= multipath
}

function acknowledge(x: Exchange, tcp: TcpFields): void {
  const { result, unacknowledged } = x
  unacknowledged.acknowledge(x.words, x.their, tcp.ack)
  if (unacknowledged.frame === 0) return
  result.hasRecord = true
  result.acksFrame = unacknowledged.frame
  result.ackRtt.set(unacknowledged.seconds, unacknowledged.nanoseconds, x.seconds, x.nanoseconds)
}

function measureFlight(x: Exchange, { flags, textLength }: TcpFields): void {
  const { words, my, result } = x
  if (words[my + w.OLDEST]! < 0) return
  const span = x.unacknowledged.span(words, my, words[my + w.BASE]!)
  const inFlight = (span - words[x.their + w.SACKED]!) >>> 0
  result.hasRecord = true
  const isShown = inFlight > 0 && inFlight < MAX_IN_FLIGHT
  if (isShown) result.bytesInFlight = inFlight - ((flags & (SYN | FIN)) !== 0 ? 1 : 0)
  const before = (words[my + w.SIDE_BITS]! & w.SENT_PUSH_LAST) !== 0 ? 0 : words[my + w.PUSH_BYTES]!
  words[my + w.PUSH_BYTES] = before + textLength
  if (result.bytesInFlight > 0) result.pushBytes = before + textLength
  if ((flags & PSH) !== 0) words[my + w.SIDE_BITS]! |= w.SENT_PUSH_LAST
  else words[my + w.SIDE_BITS]! &= ~w.SENT_PUSH_LAST
}

/** A SYN without the option: nobody scales. A SYN-ACK that offers what the SYN did not ask for: neither. */
function settleScale({ words, my, their }: Exchange, isSynAck: boolean): void {
  if (words[my + w.SCALE] === w.SCALE_UNKNOWN) {
    words[my + w.SCALE] = w.SCALE_NONE
    words[their + w.SCALE] = w.SCALE_NONE
  } else if (isSynAck && words[their + w.SCALE] === w.SCALE_NONE) {
    words[my + w.SCALE] = w.SCALE_NONE
  }
}

/** TCP Fast Open (RFC 7413): whether the answer takes the text that came with a cookie. */
function judgeSynAck({ words, at, result }: Exchange): void {
  if (result.ack > 1) result.flags |= a.TFO_ACK
  else if ((words[at + w.BITS]! & w.HAS_SYN_TEXT) !== 0) result.flags |= a.TFO_IGNORED
}

/** From the last SYN to the first acknowledgment of either side; the next one where that took no time at all. */
function measureInitialRtt(x: Exchange, tcp: TcpFields): void {
  const { words, at, result } = x
  const bits = words[at + w.BITS]!
  if (
    (bits & w.HAS_INITIAL_RTT) === 0 &&
    (bits & w.HAS_SYN_TIME) !== 0 &&
    (tcp.flags & (SYN | ACK)) === ACK
  ) {
    x.measure(result.initialRtt, at + w.SYN_TIME)
    if (result.initialRtt.total !== 0) {
      words[at + w.INITIAL_RTT] = result.initialRtt.seconds
      words[at + w.INITIAL_RTT + 1] = result.initialRtt.nanoseconds
      words[at + w.BITS]! |= w.HAS_INITIAL_RTT
    }
  }
  result.hasInitialRtt = (words[at + w.BITS]! & w.HAS_INITIAL_RTT) !== 0
  result.initialRtt.seconds = words[at + w.INITIAL_RTT]!
  result.initialRtt.nanoseconds = words[at + w.INITIAL_RTT + 1]!
}

/** By the scale that was known before this packet. */
function showWindow({ words, my, result }: Exchange, { flags, window, textLength }: TcpFields): void {
  const scale = words[my + w.SCALE]!
  const isScaled = scale > 0 && (flags & SYN) === 0 && textLength >= 0
  result.scaleFactor = scale < 0 ? scale : 2 ** scale
  result.window = isScaled ? window * 2 ** scale : window
}

/** Who sends FIN closes first unless the other side has; a FIN that is sent again is judged again. */
function judgeFin({ words, my, their, result }: Exchange): void {
  const isSecond = (words[their + w.SIDE_BITS]! & w.CLOSED_FIRST) !== 0
  if (!isSecond) words[my + w.SIDE_BITS]! |= w.CLOSED_FIRST
  result.finIs = isSecond ? 'passive' : 'active'
}

/** Numbers of a segment whose length is not known are shown as they are. */
function showNumbers({ words, at, my, their, result }: Exchange, tcp: TcpFields): void {
  result.stream = words[at + w.STREAM]!
  result.isFromA = my === at + w.SIDE_A
  result.otherBase = words[their + w.BASE]!
  result.seq = tcp.seq >>> 0
  result.ack = tcp.ack >>> 0
  if (tcp.textLength < 0) return
  result.seq = (tcp.seq - words[my + w.BASE]!) >>> 0
  const takesControl = (tcp.flags & (SYN | FIN)) !== 0
  result.nextSeq = (result.seq + tcp.textLength + (takesControl ? 1 : 0)) >>> 0
  if ((tcp.flags & ACK) !== 0) result.ack = (tcp.ack - words[their + w.BASE]!) >>> 0
}
