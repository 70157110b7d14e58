/**
 * Steps one, two and four of SEGMENT ARRIVES: is the segment acceptable, a reset, a SYN? (RFC 9293 3.10.7.4, with
 * RFC 5961 against blind attacks, RFC 7323 PAWS, RFC 1337 and RFC 6191 for TIME-WAIT.)
 */

import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.ts'
import { seqGE, seqGT, seqLE, seqLT } from '../wire/seq.ts'
import { oweAck, oweLimitedAck } from './acknowledge.ts'
import { enterClosed, restartTimeWait, returnToListen } from './closing.ts'
import { noteDrop } from './signals.ts'
import { SYN_RECEIVED, TIME_WAIT } from './state.ts'
import type { Tcb } from './tcb.ts'
import { receiveWindow } from './window.ts'

/** RFC 7323 5.5 (a): after this long without a segment TS.Recent says nothing. */
const TS_RECENT_LIFETIME_US = 24 * 24 * 3600 * 1e6

/** First: check the sequence number. */
export function sequenceAcceptable(tcb: Tcb, seg: Segment): boolean {
  // RFC 7323 3.2 (j): where they were not agreed on they mean nothing.
  if (tcb.timestamps && !timestampAcceptable(tcb, seg)) return false
  if (tcb.state === SYN_RECEIVED && (seg.flags & SYN) !== 0 && seg.seq === tcb.irs) return synAgain(tcb, seg)
  if (inWindow(tcb, seg)) return true
  if (seg.seq === tcb.rcv.nxt) {
    // MUST-66: the window is closed and nothing is acceptable, but RST, ACK and URG are still taken.
    noteDrop(tcb, 'beyond-window')
    oweAck(tcb, 'unacceptable-ack')
    seg.textLength = 0
    seg.flags &= ~FIN
    return true
  }
  if (standsAtEdge(tcb, seg)) return true
  return refuseSequence(tcb, seg)
}

/**
 * RFC 9293 A.2: a sender that has filled our window stands at its right edge, one that has probed it an octet beyond,
 * and acknowledges from there. What it acknowledges must count, or our own octets stall until its text gets through.
 */
function standsAtEdge(tcb: Tcb, seg: Segment): boolean {
  const beyond = (seg.seq - tcb.rcv.adv) | 0
  return seg.textLength === 0 && (seg.flags & (SYN | FIN | RST)) === 0 && (beyond === 0 || beyond === 1)
}

/** RFC 9293 3.10.7.4, table 6, in terms of the right edge. */
function inWindow(tcb: Tcb, seg: Segment): boolean {
  const { nxt } = tcb.rcv
  const window = receiveWindow(tcb)
  const length = seg.length
  if (length === 0) {
    return window === 0 ? seg.seq === nxt : seqGE(seg.seq, nxt) && seqLT(seg.seq, nxt + window)
  }
  if (window === 0) return false
  const last = seg.seq + length - 1
  return seqLT(seg.seq, nxt + window) && seqGE(last, nxt)
}

function refuseSequence(tcb: Tcb, seg: Segment): boolean {
  if ((seg.flags & RST) !== 0) {
    noteDrop(tcb, 'rst-out-of-window') // RFC 5961 3.2 (1), silently
    return false
  }
  noteDrop(tcb, 'out-of-window')
  if (tcb.state === TIME_WAIT && (seg.flags & FIN) !== 0) {
    oweAck(tcb, 'time-wait-ack')
    restartTimeWait(tcb)
  } else if ((seg.flags & SYN) !== 0) {
    oweLimitedAck(tcb, 'challenge-syn') // RFC 5961 4.2 (1): wherever it stands
  } else if (seg.length > 0) {
    oweAck(tcb, 'unacceptable-ack') // text and FIN are paced by their sender, so they need no limit
  } else {
    oweLimitedAck(tcb, 'unacceptable-ack')
  }
  return false
}

/**
 * The SYN that opened this connection, again. Alone, our answer was lost: repeat it. With an acknowledgment of our
 * SYN after an active OPEN, both sides opened at once (RFC 9293 figure 7): its SYN was processed before, the rest counts.
 */
function synAgain(tcb: Tcb, seg: Segment): boolean {
  if (!tcb.passive && (seg.flags & (ACK | RST)) === ACK && seg.ack === tcb.snd.nxt) {
    seg.flags &= ~SYN
    seg.seq = (seg.seq + 1) | 0
    seg.window >>>= tcb.sndScale // RFC 7323 2.2 (f): a SYN's window is not scaled, but what it has become is
    return true
  }
  noteDrop(tcb, 'duplicate-text')
  if ((seg.flags & RST) === 0) tcb.owed.retransmit = 'syn-ack'
  return false
}

/**
 * PAWS, once for each segment that arrives and before its number is looked at (RFC 7323 5.3 (a, b, c, R1)), in TIME-WAIT
 * too (RFC 1337 3 (F2)). A reset is exempt, as its sender may have no timestamp to give: RFC 7323 5.2 (d).
 */
function timestampAcceptable(tcb: Tcb, seg: Segment): boolean {
  if ((seg.flags & RST) !== 0) return true
  if (!seg.hasTimestamps) {
    if (tcb.config.toleratesMissingTimestamps) return true
    noteDrop(tcb, 'timestamp-missing') // RFC 7323 3.2 (h, i): silently; but RFC 5961 4.2 (1) challenges every SYN
    if ((seg.flags & SYN) !== 0) oweLimitedAck(tcb, 'challenge-syn')
    return false
  }
  if (!seqLT(seg.tsVal, tcb.tsRecent) || timestampOutdated(tcb)) return true // RFC 7323 5.2 (g): modulo 2^32
  noteDrop(tcb, 'paws')
  if (seg.length > 0) oweAck(tcb, 'paws-ack')
  else oweLimitedAck(tcb, 'paws-ack')
  return false
}

/** RFC 7323 5.5 (a): idle for that long, the other clock may have gone round, and TS.Recent is compared to nothing. */
function timestampOutdated(tcb: Tcb): boolean {
  return tcb.clock.now - tcb.tsRecentAt > TS_RECENT_LIFETIME_US
}

/**
 * RFC 7323 4.3 (A, B, C, 2), 5.3 (R3): TS.Recent follows acceptable segments that cover Last.ACK.sent, and never goes
 * back, as PAWS has refused those that are older. Nothing moves it before its ACK field was found acceptable
 * (docs/deviations.md), and so no reset does (RFC 7323 5.2 (a, e)): else a forged segment could have all that follows
 * refused.
 */
export function noteTimestamp(tcb: Tcb, seg: Segment): void {
  if (!tcb.timestamps || !seg.hasTimestamps || !seqLE(seg.seq, tcb.rcv.acked)) return
  tcb.tsRecent = seg.tsVal
  tcb.tsRecentAt = tcb.clock.now
}

/**
 * Second: check the RST bit. RFC 5961 3.2 (2, 3), 4.2 (b): it counts at RCV.NXT, where the answer to a challenge stands,
 * and is challenged elsewhere. SHLD-2: text in a reset is allowed and means nothing.
 */
export function resetAbsent(tcb: Tcb, seg: Segment): boolean {
  if ((seg.flags & RST) === 0) return true
  if (tcb.state === TIME_WAIT) {
    noteDrop(tcb, 'rst-in-time-wait') // RFC 1337 3 (F1)
    return false
  }
  if (seg.seq !== tcb.rcv.nxt) {
    noteDrop(tcb, 'rst-not-exact')
    oweLimitedAck(tcb, 'challenge-rst')
    return false
  }
  if (tcb.state !== SYN_RECEIVED) enterClosed(tcb, 'rst', 'reset-by-peer')
  else if (tcb.passive)
    returnToListen(tcb, 'rst') // MUST-11
  else enterClosed(tcb, 'refused', 'connection-refused')
  return false
}

/** Fourth: check the SYN bit. RFC 5961 4.2 (1, a): never a reset, always a challenge, and nothing else of it counts. */
export function synAbsent(tcb: Tcb, seg: Segment): boolean {
  if ((seg.flags & SYN) === 0) return true
  if (tcb.state === SYN_RECEIVED && tcb.passive) {
    returnToListen(tcb, 'syn-in-window')
    return false
  }
  noteDrop(tcb, 'syn-in-synchronized')
  oweLimitedAck(tcb, 'challenge-syn')
  return false
}

/**
 * MAY-2, SHLD-4, RFC 6191 2 (a, b, c, d, e): may this SYN take over from TIME-WAIT? Where both incarnations use timestamps the later
 * timestamp decides; where only the new one does it may; else a sequence number beyond all that the old one used.
 */
export function acceptsNewIncarnation(tcb: Tcb, seg: Segment): boolean {
  if (tcb.state !== TIME_WAIT || (seg.flags & (SYN | ACK | RST | FIN)) !== SYN) return false
  if (tcb.timestamps && seg.hasTimestamps) {
    if (seg.tsVal !== tcb.tsRecent) return seqGT(seg.tsVal, tcb.tsRecent)
  } else if (seg.hasTimestamps && tcb.config.timestamps) {
    return true // PAWS will tell old segments, which have no timestamp, from new ones
  }
  return seqGT(seg.seq, tcb.rcv.nxt)
}
