/**
 * Why a captured segment was probably sent, in the words of trace/reasons.ts: what its form, Wireshark's analysis and the
 * segments before it tell. An inference from outside; who recorded the sender itself knows better.
 */

import type { TcpFields } from '../dissect/packet.ts'
import type { SendReason } from '../trace/reasons.ts'
import { ACK, FIN, RST, SYN } from '../wire/segment.ts'
import { seqDiff } from '../wire/seq.ts'
import * as a from './tcp-analysis.ts'

/** An acknowledgment that waited for so long, beyond the way there and back, was put off on purpose: Linux waits 40 ms, others up to 200 or 500. */
const DELAYED_NS = 30_000_000

/** What one side has shown so far. */
interface Side {
  /** Its last acknowledgment number, or null. */
  ack: number | null
  /** Behind its FIN, or null. */
  finEnd: number | null
  /** The most text in one of its segments. */
  fullSize: number
  /** Its last segment was a keep-alive probe. */
  probed: boolean
  /** Its last segment was one of old numbers, which only asks. */
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

  /** Why the next segment of the connection was sent. */
  next(tcp: TcpFields, analysis: a.TcpAnalysis, hasTimestamps: boolean): SendReason {
    const { isFromA } = analysis
    const own = this.#sides[isFromA ? 0 : 1]
    const other = this.#sides[isFromA ? 1 : 0]
    const reason = this.#reason(tcp, analysis, hasTimestamps, own, other)
    const textLength = Math.max(0, tcp.textLength)
    if ((tcp.flags & (SYN | ACK)) === (SYN | ACK)) this.#handshake = 'syn-ack'
    else if ((tcp.flags & (SYN | ACK)) === ACK) this.#handshake = 'over'
    if ((tcp.flags & ACK) !== 0) own.ack = tcp.ack
    if ((tcp.flags & FIN) !== 0) own.finEnd = (tcp.seq + textLength + 1) | 0
    own.fullSize = Math.max(own.fullSize, textLength)
    own.probed = reason === 'keep-alive'
    own.asked = (analysis.flags & ASKS) !== 0
    own.window = tcp.window
    if (analysis.acksFrame > 0) own.leastAnswer = Math.min(own.leastAnswer, analysis.ackRtt.total)
    this.#last.isFromA = isFromA
    this.#last.flags = tcp.flags
    return reason
  }

  #reason(
    tcp: TcpFields,
    analysis: a.TcpAnalysis,
    hasTimestamps: boolean,
    own: Side,
    other: Side,
  ): SendReason {
    const { flags } = tcp
    const isAnswer = this.#last.isFromA !== analysis.isFromA
    if ((flags & RST) !== 0) return resetReason(tcp, hasTimestamps, own, isAnswer)
    if ((analysis.flags & a.ZERO_WINDOW_PROBE) !== 0) return 'zero-window-probe'
    if ((analysis.flags & a.FAST_RETRANSMISSION) !== 0) return 'fast-retransmit'
    if ((analysis.flags & SENT_AGAIN) !== 0) return 'retransmission-timeout'
    if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? 'syn-ack' : 'syn'
    if (tcp.textLength > 1) return 'new-data'
    if ((flags & FIN) !== 0) return 'fin'
    if (this.#handshake === 'syn-ack') return 'handshake-ack'
    if (isAnswer && (this.#last.flags & SYN) !== 0) return 'challenge-syn'
    // Linux probes a closed window as it does an idle peer: with a number before the window.
    if ((analysis.flags & a.KEEP_ALIVE) !== 0) return other.window === 0 ? 'zero-window-probe' : 'keep-alive'
    if (tcp.textLength > 0) return 'new-data'
    if (isAnswer && other.asked && own.ack === tcp.ack) return 'unacceptable-ack'
    const answersFin = isAnswer && (this.#last.flags & FIN) !== 0
    return acknowledgmentReason(tcp, analysis, own, other, answersFin)
  }
}

const ASKS = a.KEEP_ALIVE | a.ZERO_WINDOW_PROBE
const SENT_AGAIN = a.RETRANSMISSION | a.SPURIOUS_RETRANSMISSION

function acknowledgmentReason(
  { ack }: TcpFields,
  analysis: a.TcpAnalysis,
  own: Side,
  other: Side,
  answersFin: boolean,
): SendReason {
  const { flags, acksFrame, ackRtt } = analysis
  if (answersFin && other.finEnd === ack) return own.ack === ack ? 'time-wait-ack' : 'fin-ack'
  if ((flags & a.WINDOW_UPDATE) !== 0) return 'window-update'
  if ((flags & (a.KEEP_ALIVE_ACK | a.ZERO_WINDOW_PROBE_ACK)) !== 0) return 'unacceptable-ack'
  if ((flags & a.DUPLICATE_ACK) !== 0) return 'out-of-order-ack'
  if (other.finEnd === ack && own.ack !== ack) return 'fin-ack'
  if (own.ack !== null && other.fullSize > 0 && seqDiff(ack, own.ack) >= 2 * other.fullSize) {
    return 'second-segment-ack'
  }
  const least = own.leastAnswer === Number.POSITIVE_INFINITY ? 0 : own.leastAnswer
  return acksFrame > 0 && ackRtt.total - least >= DELAYED_NS ? 'delayed-ack' : 'quick-ack'
}

/**
 * Measured on Linux 6.18: a socket's reset has its window or timestamps, the answer of a host without one neither. Other
 * stacks show nothing; but what comes unasked is no answer.
 */
function resetReason(
  { flags, window }: TcpFields,
  hasTimestamps: boolean,
  own: Side,
  isAnswer: boolean,
): SendReason {
  if (own.probed) return 'reset-keep-alive-timeout'
  const isOfSocket = hasTimestamps || ((flags & ACK) !== 0 && window > 0) || !isAnswer
  return isOfSocket ? 'reset-abort' : 'reset-no-connection'
}

const newSide = (): Side => ({
  ack: null,
  finEnd: null,
  fullSize: 0,
  probed: false,
  asked: false,
  window: -1,
  leastAnswer: Number.POSITIVE_INFINITY,
})
