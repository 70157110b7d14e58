/**
 * Fifth: check the ACK field (RFC 9293 3.10.7.4, RFC 5961 5, RFC 5681, RFC 6298, RFC 6582). The only place that
 * advances SND.UNA.
 */

import { NOTHING, RECOVERED, RETRANSMIT } from '../recovery/fast-recovery.ts'
import { ACK, FIN, type Segment, SYN } from '../wire/segment.ts'
import { seqGE, seqGT, seqLE, seqLT } from '../wire/seq.ts'
import { noteTimestamp } from './acceptance.ts'
import { oweLimitedAck } from './acknowledge.ts'
import { msToUs, NEVER } from './clock.ts'
import { enterClosed, oweReset, startTimeWait } from './closing.ts'
import { beginSynchronized, enterEstablished } from './handshake.ts'
import { DRAINED, noteDrop, signal, WRITABLE } from './signals.ts'
import { CLOSING, enterState, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, SYN_RECEIVED } from './state.ts'
import { finSent, flightSize, type Tcb } from './tcb.ts'
import { traceRecovery } from './tracing.ts'

/** The user is told of room in the send buffer once a quarter of it is free, not at every segment. */
const WRITABLE_DIVISOR = 4

/** @returns false where the segment is used up or dropped. */
export function ackArrives(tcb: Tcb, seg: Segment): boolean {
  if ((seg.flags & ACK) === 0) {
    noteDrop(tcb, 'ack-missing')
    return false
  }
  if (tcb.state === SYN_RECEIVED && !synReceivedAcknowledged(tcb, seg)) return false
  if (!ackAcceptable(tcb, seg)) return false
  noteTimestamp(tcb, seg)
  const advance = (seg.ack - tcb.snd.una) | 0
  if (advance > 0) newAck(tcb, seg)
  else if (advance === 0 && isDuplicate(tcb, seg)) duplicateAck(tcb)
  if (advance >= 0) updateSendWindow(tcb, seg, advance > 0)
  finAcknowledged(tcb)
  return true
}

/** SYN-RECEIVED: an acknowledgment of our SYN opens the connection, any other is answered with a reset. */
function synReceivedAcknowledged(tcb: Tcb, seg: Segment): boolean {
  if (seqLE(seg.ack, tcb.snd.una) || seqGT(seg.ack, tcb.snd.nxt)) {
    noteDrop(tcb, 'ack-out-of-range')
    oweReset(tcb, 'reset-bad-ack', seg.ack)
    return false
  }
  acknowledgeOurSyn(tcb, seg)
  enterEstablished(tcb, 'ack-of-syn')
  return true
}

/**
 * Takes our SYN off the queue (RFC 9293 3.10.7.3, 3.10.7.4). The first window is that of the SYN-ACK, which was taken with
 * its SYN, or that of this segment, which `updateSendWindow` takes, as nothing newer has come.
 */
export function acknowledgeOurSyn(tcb: Tcb, seg: Segment): void {
  const { snd } = tcb
  measure(tcb, seg, (snd.una + 1) | 0)
  snd.una = (snd.una + 1) | 0
  tcb.synAcknowledged = true
  tcb.softError = null
  stopWaiting(tcb)
  snd.wl1 = seg.seq
  snd.wl2 = seg.ack
}

/**
 * MAY-12, RFC 5961 5.2 (a, b): SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT, else a challenge. Before our SYN is acknowledged,
 * as it may be in FIN-WAIT-1, there is nothing old to acknowledge.
 */
function ackAcceptable(tcb: Tcb, seg: Segment): boolean {
  const { una, nxt, max } = tcb.snd
  if (seqLE(seg.ack, nxt) && seqGE(seg.ack, tcb.synAcknowledged ? una - max : una + 1)) return true
  noteDrop(tcb, 'ack-out-of-range')
  oweLimitedAck(tcb, 'challenge-ack')
  return false
}

/** SND.UNA < SEG.ACK =< SND.NXT: something new was received over there. */
function newAck(tcb: Tcb, seg: Segment): void {
  const { snd, recovery } = tcb
  if (!tcb.synAcknowledged) {
    // Closed while in SYN-RECEIVED: FIN-WAIT-1 has yet to see its SYN acknowledged.
    snd.una = (snd.una + 1) | 0
    tcb.synAcknowledged = true
    beginSynchronized(tcb)
  }
  const acked = (seg.ack - snd.una) | 0
  measure(tcb, seg, seg.ack)
  if (tcb.fullSizedSent && seqGE(seg.ack, tcb.fullSizedEnd)) {
    tcb.fullSizedSent = false
    tcb.fullSizedDelivered = true
  }
  const full = tcb.sendBuffer.free === 0
  tcb.sendBuffer.acknowledge(Math.min(acked, tcb.sendBuffer.length))
  snd.una = seg.ack
  tcb.retransmissions = 0
  tcb.softError = null // it has mended
  tcb.owed.retransmit = null
  if (snd.urgent && seqGE(snd.una, snd.up)) snd.urgent = false

  if (tcb.config.ackReleasesText && snd.end !== snd.nxt) tcb.owed.release = true
  tcb.counts.octetsAcknowledged += acked

  const told = recovery.duplicates
  const advice = recovery.onAdvance(snd.una, acked, tcb.mss)
  if (advice === RETRANSMIT) tcb.owed.retransmit = 'partial-ack'
  else if (advice === RECOVERED)
    tcb.congestion.onRecovered(flightSize(tcb)) // RFC 6582 6 (d): and no more
  else tcb.congestion.onAck(tcb.config.growsByNewsOnly ? news(tcb, acked, told) : acked, windowUsed(tcb))
  if (tcb.lost.active) advanceLost(tcb)
  if (snd.una === snd.nxt) stopWaiting(tcb)
  else if (advice !== RETRANSMIT || recovery.partials === 1) restartWaiting(tcb)
  traceRecovery(tcb)

  if (tcb.sendBuffer.length === 0) signal(tcb, DRAINED)
  if (full || tcb.wantsWritable) noticeRoom(tcb)
}

/** Octets of an acknowledgment that duplicates before it had not told of: at least a segment, as it fills a hole. */
function news(tcb: Tcb, acked: number, duplicates: number): number {
  return Math.max(acked - duplicates * tcb.mss, Math.min(acked, tcb.mss))
}

/** Whether cwnd was used, so that it may grow. */
function windowUsed(tcb: Tcb): boolean {
  if (tcb.cwndLimited || !tcb.config.growsWhenHalfUsed) return tcb.cwndLimited
  const { cwnd, ssthresh } = tcb.congestion
  return cwnd < ssthresh && cwnd < 2 * tcb.usedOctets
}

function noticeRoom(tcb: Tcb): void {
  tcb.wantsWritable = true
  if (tcb.sendBuffer.free * WRITABLE_DIVISOR < tcb.config.sendBufferBytes) return
  tcb.wantsWritable = false
  signal(tcb, WRITABLE)
}

/** What a timeout took as lost and the acknowledgment shows to have arrived need not be sent again. */
function advanceLost(tcb: Tcb): void {
  const { lost, snd } = tcb
  if (seqLT(lost.next, snd.una)) lost.next = snd.una
  if (seqLE(lost.end, snd.una)) lost.active = false
}

/** RFC 5681 2 (b): what makes an acknowledgment a duplicate. */
function isDuplicate(tcb: Tcb, seg: Segment): boolean {
  return (
    tcb.snd.una !== tcb.snd.nxt &&
    seg.textLength === 0 &&
    (seg.flags & (SYN | FIN)) === 0 &&
    seg.window << tcb.sndScale === tcb.snd.wnd
  )
}

function duplicateAck(tcb: Tcb): void {
  if (tcb.lost.active || tcb.snd.wnd === 0) return
  const { snd, recovery, config, congestion } = tcb
  // RFC 5681 3.2 (f): what limited transmit sent beyond cwnd does not count.
  const flight = Math.min(flightSize(tcb), congestion.cwnd)
  if (recovery.onDuplicate(snd.una, snd.nxt, tcb.mss, config.duplicateAckThreshold) === NOTHING) return
  congestion.onLoss(flight)
  tcb.owed.retransmit = 'fast-retransmit' // RFC 5681 3.2 (c, 3)
  traceRecovery(tcb)
}

/**
 * RFC 9293 3.10.7.4: the newest segment decides. MUST-34, RFC 7323 2.4 (a): a window that shrank is taken as it is.
 * MUST-1: unsigned.
 *
 * One that acknowledges something new is the newest, though it be a retransmission that SND.WL1 takes for old: the window
 * counts from SND.UNA, and the old one would now reach beyond what was ever offered (docs/deviations.md).
 */
function updateSendWindow(tcb: Tcb, seg: Segment, isNews: boolean): void {
  const { snd } = tcb
  if (!(isNews || seqLT(snd.wl1, seg.seq) || (snd.wl1 === seg.seq && seqLE(snd.wl2, seg.ack)))) return
  const wnd = seg.window << tcb.sndScale // REC-1: below 2^30 by RFC 7323 2.3 (d, f)
  const wasClosed = snd.wnd === 0
  tcb.probes = 0
  snd.wnd = wnd
  snd.wl1 = seg.seq
  snd.wl2 = seg.ack
  if (wnd > snd.max) snd.max = wnd
  if (wnd === 0) {
    // MUST-37, SHLD-17: a peer that keeps saying "not now" is alive, for as long as it likes.
    tcb.waitingSince = tcb.clock.now
    tcb.retransmissions = 0
    if (tcb.timers.user !== NEVER) tcb.timers.user = tcb.clock.now + msToUs(tcb.config.userTimeoutMs)
  } else if (wasClosed) {
    windowOpened(tcb)
  }
}

/** The persist phase is over: what was a probe is data again, and goes at once. */
function windowOpened(tcb: Tcb): void {
  tcb.rtt.endBackoff()
  tcb.owed.probe = false
  if (flightSize(tcb) === 0) {
    tcb.timers.retransmission = NEVER
    return
  }
  tcb.lost.takeAll(tcb.snd.una, tcb.snd.nxt)
}

/** The states in which an acknowledgment of our FIN is an event. */
function finAcknowledged(tcb: Tcb): void {
  if (!finSent(tcb) || tcb.snd.una !== tcb.snd.nxt) return
  if (tcb.state === FIN_WAIT_1) {
    enterState(tcb, FIN_WAIT_2, 'ack-of-fin')
    if (tcb.released) tcb.timers.finalWait = tcb.clock.now + msToUs(tcb.config.finWait2Ms)
  } else if (tcb.state === CLOSING) startTimeWait(tcb, 'ack-of-fin')
  else if (tcb.state === LAST_ACK) enterClosed(tcb, 'ack-of-fin', 'closed-normally')
}

/**
 * MUST-18, RFC 6298 3 (a): Karn's algorithm. A round trip counts where nothing in it was sent twice. After a timeout the echo tells
 * which copy was answered (RFC 7323 4), unless the acknowledgment of an earlier copy was lost: then it is as old as
 * that copy, and says nothing of the path.
 */
function measure(tcb: Tcb, seg: Segment, ack: number): void {
  const { timed, clock, rtt } = tcb
  if (timed.active) {
    if (seqLE(ack, timed.seq)) return
    timed.active = false
    return rtt.sample(clock.now - timed.sentAt)
  }
  if (tcb.retransmissions === 0) return
  const elapsedUs = clock.now - tcb.retransmittedAt
  // RFC 7323 3.2 (c): no segment without ACK comes here; RFC 7323 4.1 (b): nor one that acknowledges nothing new.
  const echoes = tcb.timestamps && seg.hasTimestamps && seg.tsEcr !== 0
  if (echoes && seqGE(seg.tsEcr, timestampAt(tcb, tcb.retransmittedAt))) return rtt.sample(elapsedUs)
  // Sooner than any round trip: either this answers an earlier copy, and the path is slower than the timeout, or the
  // last one, unlike those that were timed, met no delayed ACK. Only the next measurement can tell.
  if (elapsedUs >= rtt.minUs / 2) rtt.forgetBackoff()
}

/** TSval: milliseconds (RFC 7323 4.1 (a), 5.4 (a, b, c)), from an offset of the connection's own (7.1). */
export function timestampNow(tcb: Tcb): number {
  return timestampAt(tcb, tcb.clock.now)
}

function timestampAt(tcb: Tcb, time: number): number {
  return (Math.floor(time / 1000) + tcb.tsOffset) | 0
}

/** RFC 6298 5.2: nothing is outstanding any more. */
function stopWaiting(tcb: Tcb): void {
  tcb.timers.retransmission = NEVER
  tcb.timers.user = NEVER
  tcb.owed.retransmit = null
  tcb.retransmissions = 0
}

/** RFC 6298 5.3: new data acknowledged, so the timer starts over for what is still outstanding. */
function restartWaiting(tcb: Tcb): void {
  const { now } = tcb.clock
  tcb.waitingSince = now
  tcb.timers.retransmission = now + tcb.rtt.rtoUs
  if (tcb.config.userTimeoutMs > 0) tcb.timers.user = now + msToUs(tcb.config.userTimeoutMs)
}
