/**
 * Why a captured segment was probably sent, in the words of trace/reasons.ts: what its form, Wireshark's analysis and the
 * segments before it tell. An inference from outside; who recorded the sender itself knows better.
 */

import type { TcpFields } from '../dissect/packet.ts'
import type { SendReason } from '../trace/reasons.ts'
import { ACK, FIN, RST, SYN } from '../wire/segment.ts'
import { seqDiff } from '../wire/seq.ts'
import type { Cause } from './retransmission-cause.ts'
import * as a from './tcp-analysis.ts'

/** An acknowledgment that waited for so long, beyond the way there and back, was put off on purpose: Linux waits 40 ms, others up to 200 or 500. */
const DELAYED_NS = 30_000_000
/** No retransmission timer expires sooner. */
const SOONEST_TIMER_NS = 3_000_000

/** What one side has shown so far. */
interface Side {
  /** Its last acknowledgment number, or null. */
  ack: number | null
  /** Behind all that it has sent, or null. */
  next: number | null
  /** Behind its FIN, or null. */
  finEnd: number | null
  /** Behind the text of its SYN (RFC 7413), until that was sent again; else null. */
  offered: number | null
  /** It has sent a reset. */
  isReset: boolean
  /** The most text in one of its segments. */
  fullSize: number
  /** Its last segment was a keep-alive probe. */
  probed: boolean
  /** Its last segment had old numbers: it only asks, or comes again. */
  asked: boolean
  /** The window field of its last segment. */
  window: number
  /** From a segment to its acknowledgment by this side at the least, as far as the capture is from it, nanoseconds. */
  leastAnswer: number
}

/** The last packet of the connection. */
interface Last {
  isFromA: boolean
  flags: number
}

/** Follows one connection. */
export class SentBecause {
  readonly #sides: readonly [Side, Side] = [newSide(), newSide()]
  readonly #last: Last = { isFromA: false, flags: 0 }
  #handshake: 'none' | 'syn-ack' | 'over' = 'none'

  /**
   * Why the next segment of the connection was sent.
   * @param cause why it came again or late, as `RetransmissionCauses` judges it; null where nobody has asked.
   * @param copied why the packet was sent of which this one is a copy: it was sent once.
   */
  next(
    tcp: TcpFields,
    analysis: a.TcpAnalysis,
    hasTimestamps: boolean,
    cause: Cause | null,
    copied?: SendReason,
  ): SendReason {
    const own = this.#sides[analysis.isFromA ? 0 : 1]
    const other = this.#sides[analysis.isFromA ? 1 : 0]
    const reason = copied ?? this.#reason(tcp, analysis, hasTimestamps, own, other, cause)
    if ((tcp.flags & (SYN | ACK)) === (SYN | ACK)) this.#handshake = 'syn-ack'
    else if ((tcp.flags & (SYN | ACK)) === ACK) this.#handshake = 'over'
    remember(tcp, analysis, own, other, reason)
    this.#last.isFromA = analysis.isFromA
    this.#last.flags = tcp.flags
    return reason
  }

  #reason(
    tcp: TcpFields,
    analysis: a.TcpAnalysis,
    hasTimestamps: boolean,
    own: Side,
    other: Side,
    cause: Cause | null,
  ): SendReason {
    const { flags } = tcp
    const isAnswer = this.#last.isFromA !== analysis.isFromA
    const answersFin = isAnswer && (this.#last.flags & FIN) !== 0 && other.finEnd === tcp.ack
    if ((flags & RST) !== 0) return resetReason(tcp, hasTimestamps, own, other, isAnswer)
    if ((flags & (SYN | ACK)) === 0) return 'without-ack'
    if ((analysis.flags & a.ZERO_WINDOW_PROBE) !== 0) return 'zero-window-probe'
    if (isRefused(tcp, own)) return 'fast-open-refused'
    // BSD acknowledges a FIN that crosses its own with that FIN once more.
    const isBareFin = (flags & FIN) !== 0 && tcp.textLength === 0 && own.finEnd !== null
    if (isBareFin && answersFin && own.ack !== tcp.ack) return 'fin-ack'
    const again = sentAgainReason(analysis, other, cause)
    if (again !== null) return again
    if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? 'syn-ack' : 'syn'
    if (tcp.textLength > 1) return 'new-data'
    if ((flags & FIN) !== 0) return 'fin'
    if (this.#handshake === 'syn-ack') return 'handshake-ack'
    if (isAnswer && (this.#last.flags & SYN) !== 0) return 'challenge-syn'
    // Linux probes a closed window as it does an idle peer: with a number before the window.
    if ((analysis.flags & a.KEEP_ALIVE) !== 0) return other.window === 0 ? 'zero-window-probe' : 'keep-alive'
    if (tcp.textLength > 0) return 'new-data'
    if (answersFin)
      return own.ack !== tcp.ack ? 'fin-ack' : own.finEnd === null ? 'unacceptable-ack' : 'time-wait-ack'
    if (isAnswer && other.asked && own.ack === tcp.ack) return 'unacceptable-ack'
    return acknowledgmentReason(tcp, analysis, own, other)
  }
}

/** What the next segments are judged by. */
function remember(
  { seq, ack, flags, window, textLength }: TcpFields,
  analysis: a.TcpAnalysis,
  own: Side,
  other: Side,
  reason: SendReason,
): void {
  const length = Math.max(0, textLength)
  const end = (seq + length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0)) | 0
  if ((flags & SYN) !== 0 && length > 0) own.offered = end
  else if (reason === 'fast-open-refused' && own.offered !== null && seqDiff(end, own.offered) >= 0)
    own.offered = null
  if ((flags & SYN) !== 0) own.isReset = false
  if ((flags & ACK) !== 0) own.ack = ack
  if ((flags & FIN) !== 0) own.finEnd = end
  const isOld = end !== seq && other.ack !== null && seqDiff(end, other.ack) <= 0
  if ((flags & RST) !== 0) own.isReset = true
  else if (own.next === null || seqDiff(end, own.next) > 0) own.next = end
  own.fullSize = Math.max(own.fullSize, length)
  own.probed = reason === 'keep-alive'
  own.asked = (analysis.flags & ASKS) !== 0 || (isOld && (flags & (SYN | RST)) === 0)
  own.window = window
  if (analysis.acksFrame > 0) own.leastAnswer = Math.min(own.leastAnswer, analysis.ackRtt.total)
}

/** Text of a SYN whose SYN,ACK did not take it, in its first segment behind the handshake. */
function isRefused({ seq, flags, textLength }: TcpFields, own: Side): boolean {
  return own.offered !== null && (flags & SYN) === 0 && textLength > 0 && seqDiff(seq, own.offered) < 0
}

/** Null: it was not sent before, or nothing says so. */
function sentAgainReason(analysis: a.TcpAnalysis, other: Side, cause: Cause | null): SendReason | null {
  if (cause === null) {
    if ((analysis.flags & a.FAST_RETRANSMISSION) !== 0) return 'fast-retransmit'
    return (analysis.flags & SENT_AGAIN) !== 0 ? 'retransmission-timeout' : null
  }
  switch (cause.kind) {
    case 'reordering':
    case 'duplicate':
      return null
    case 'keep-alive':
      return other.window === 0 ? 'zero-window-probe' : 'keep-alive'
    case 'timeout':
      return cause.waited < SOONEST_TIMER_NS ? 'sent-again' : 'retransmission-timeout'
    default:
      return cause.kind
  }
}

const ASKS = a.KEEP_ALIVE | a.ZERO_WINDOW_PROBE
const SENT_AGAIN = a.RETRANSMISSION | a.SPURIOUS_RETRANSMISSION

function acknowledgmentReason(
  { ack }: TcpFields,
  analysis: a.TcpAnalysis,
  own: Side,
  other: Side,
): SendReason {
  const { flags, acksFrame, ackRtt } = analysis
  if ((flags & a.WINDOW_UPDATE) !== 0) return 'window-update'
  if ((flags & (a.KEEP_ALIVE_ACK | a.ZERO_WINDOW_PROBE_ACK)) !== 0) return 'unacceptable-ack'
  if ((flags & a.DUPLICATE_ACK) !== 0) {
    if (other.finEnd === ack && own.finEnd !== null) return 'time-wait-ack'
    // Nothing is beyond a gap where all is acknowledged.
    const hasGap = other.next === null || seqDiff(ack, other.next) < 0
    return hasGap ? 'out-of-order-ack' : 'unacceptable-ack'
  }
  if (other.finEnd === ack && own.ack !== ack) return 'fin-ack'
  if (own.ack !== null && other.fullSize > 0 && seqDiff(ack, own.ack) >= 2 * other.fullSize) {
    return 'second-segment-ack'
  }
  const least = own.leastAnswer === Number.POSITIVE_INFINITY ? 0 : own.leastAnswer
  return acksFrame > 0 && ackRtt.total - least >= DELAYED_NS ? 'delayed-ack' : 'quick-ack'
}

/**
 * Measured on Linux 6.18: a socket's reset has its window or timestamps, the answer of a host without one neither. Other
 * stacks show nothing; but what comes unasked is no answer. Behind its reset an end has no connection any more.
 */
function resetReason(
  { seq, flags, window }: TcpFields,
  hasTimestamps: boolean,
  own: Side,
  other: Side,
  isAnswer: boolean,
): SendReason {
  if (own.probed) return 'reset-keep-alive-timeout'
  if (hasTimestamps || ((flags & ACK) !== 0 && window > 0)) return 'reset-abort'
  // <SEQ=SEG.ACK> (RFC 9293 3.10.7.1), and no number of its own.
  const hasTheirNumber = (flags & ACK) === 0 && seq === other.ack && seq !== own.next
  return isAnswer || own.isReset || hasTheirNumber ? 'reset-no-connection' : 'reset-abort'
}

const newSide = (): Side => ({
  ack: null,
  next: null,
  finEnd: null,
  offered: null,
  isReset: false,
  fullSize: 0,
  probed: false,
  asked: false,
  window: -1,
  leastAnswer: Number.POSITIVE_INFINITY,
})
