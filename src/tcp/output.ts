/**
 * What to send next, and sending it.
 *
 * `chooseSegment` looks at the TCB and returns the reason for the next segment, or null; its bounds stand in `plan`.
 * "Is there work?" is the same call as "what work?", so the two cannot disagree. `commitSegment` is the only place that
 * advances SND.NXT. Nothing here looks at the link: see packet.ts for how a plan becomes octets.
 */

import type { SendReason } from '../trace/reasons.ts'
import { ACK, FIN, PSH, RST, SYN, URG } from '../wire/segment.ts'
import { seqGE, seqGT, seqLT } from '../wire/seq.ts'
import { notePingPong } from './acknowledge.ts'
import { planBurst } from './bursts.ts'
import { msToUs, NEVER } from './clock.ts'
import { CLOSE_WAIT, CLOSED, enterState, LAST_ACK, LISTEN, SYN_RECEIVED, SYN_SENT } from './state.ts'
import { dataStart, finSent, flightSize, type Tcb } from './tcb.ts'
import { traceRecovery, traceTimer } from './tracing.ts'

/** The segment chosen: one scratch object, valid from `chooseSegment` to `commitSegment`. */
export const plan = {
  /** SEG.SEQ. */
  seq: 0,
  /** Octets of text. */
  length: 0,
  /** SYN, FIN, RST, ACK, PSH, URG. */
  flags: 0,
  /** Where the burst ends that the text belongs to (bursts.ts). */
  burstEnd: 0,
}

/** Why a segment must be sent now, or null. Changes nothing but `plan`, and notes in `cwndLimited` what held it back. */
export function chooseSegment(tcb: Tcb): SendReason | null {
  const { owed, state } = tcb
  plan.length = 0
  if (owed.reset !== null) return chooseReset(tcb)
  if (state === CLOSED || state === LISTEN) return null
  if (!tcb.synAcknowledged) {
    const reason = chooseSyn(tcb)
    if (reason !== null || state === SYN_SENT || state === SYN_RECEIVED) return reason
  }
  return chooseText(tcb) ?? chooseControl(tcb)
}

function chooseReset(tcb: Tcb): SendReason | null {
  plan.seq = tcb.owed.resetSeq
  plan.flags = tcb.owed.resetAck ? RST | ACK : RST
  return tcb.owed.reset
}

/** Our SYN has not been acknowledged: send it, send it again, or say where we stand. */
function chooseSyn(tcb: Tcb): SendReason | null {
  const answering = tcb.state !== SYN_SENT
  plan.seq = tcb.iss
  plan.flags = answering ? SYN | ACK : SYN
  if (tcb.snd.nxt === tcb.iss) return answering ? 'syn-ack' : 'syn'
  if (tcb.owed.retransmit !== null) return tcb.owed.retransmit
  return tcb.owed.ack === null ? null : chooseAck(tcb, tcb.owed.ack)
}

function chooseText(tcb: Tcb): SendReason | null {
  const { owed, lost } = tcb
  if (owed.retransmit !== null) return chooseAgain(tcb, tcb.snd.una, owed.retransmit)
  if (lost.active && seqLT(lost.next, lost.end)) return chooseLost(tcb)
  return chooseNew(tcb)
}

/** A segment that was sent before, from `seq` on. SHLD-16: also where the window has shrunk below it (MAY-7, RFC 7323 2.4 (4)). */
function chooseAgain(tcb: Tcb, seq: number, reason: SendReason): SendReason | null {
  const { snd } = tcb
  const sentText = (seqLT(snd.nxt, snd.end) ? snd.nxt : snd.end) - seq
  const probe = snd.wnd === 0
  planText(tcb, seq, withinRecord(tcb, seq, Math.min(sentText | 0, probe ? 1 : tcb.mss)), finSent(tcb))
  return probe ? 'zero-window-probe' : reason
}

/** After a timeout everything outstanding counts as lost and goes again, in slow start (RFC 5681 3.1 (a)). */
function chooseLost(tcb: Tcb): SendReason | null {
  const { lost, snd } = tcb
  const out = (lost.next - snd.una) | 0
  const size = withinRecord(tcb, lost.next, Math.min((lost.end - lost.next) | 0, tcb.mss))
  if (out > 0 && out + size > tcb.congestion.cwnd) {
    tcb.cwndLimited = true
    return null
  }
  if (out > 0 && out + size > snd.wnd) return null
  return chooseAgain(tcb, lost.next, 'loss-recovery')
}

/** Data never sent before, and FIN: RFC 9293 3.8.6.2.1 (MUST-38), Nagle (SHLD-7), the two windows (RFC 5681 2 (a)). */
function chooseNew(tcb: Tcb): SendReason | null {
  const { snd, owed, recovery } = tcb
  if (finSent(tcb)) return null
  const unsent = (snd.end - snd.nxt) | 0
  tcb.cwndLimited = false
  if (unsent === 0 && !tcb.closeRequested) return null
  const flight = flightSize(tcb)
  if (owed.probe) {
    if (!tcb.config.probesWithText) return chooseEmptyProbe(tcb)
    planText(tcb, snd.nxt, Math.min(unsent, 1), tcb.closeRequested)
    return 'zero-window-probe'
  }
  const usable = snd.wnd - flight // may be negative: MUST-34. SHLD-15, RFC 7323 2.4 (3): then nothing new.
  const room = Math.min(unsent, tcb.mss, Math.max(usable, 0)) // SHLD-28: all that a segment holds
  const size = withinRecord(tcb, snd.nxt, room)
  const withFin = tcb.closeRequested && size === unsent && usable > size
  if (size === 0 && !withFin) return null
  if (size > 0 && flight > 0 && flight + size > tcb.congestion.cwnd + recovery.inflation) {
    tcb.cwndLimited = true
    return null
  }
  if (size < tcb.mss && !withFin && !smallSegmentAllowed(tcb, unsent, size, flight)) return null
  planText(tcb, snd.nxt, size, withFin)
  if (size === 0) return 'fin'
  if (tcb.config.burstSegments > 0) planBurst(tcb, usable, unsent)
  if (owed.override && size < tcb.mss) return 'silly-window-override'
  // RFC 5681 3.2 (1): one for each of the first two duplicates; RFC 5681 3.2 (5), 4.3 (b): in recovery what the inflation allows.
  return flight + size > tcb.congestion.cwnd && !recovery.active ? 'limited-transmit' : 'new-data'
}

/**
 * MUST-38: a segment below Eff.snd.MSS goes only if it is all there is and pushed, or half of the largest window, or
 * the override timer said so; and with Nagle's algorithm only if nothing is outstanding.
 *
 * @param unsent octets from its first to SND.END.
 * @param flight octets outstanding when its turn comes.
 */
export function smallSegmentAllowed(tcb: Tcb, unsent: number, size: number, flight: number): boolean {
  const { snd, owed, config } = tcb
  if (owed.override || owed.push) return true
  if (size < unsent && endsRecord(tcb, (snd.end - unsent + size) | 0)) return true // no more can come to it
  if (config.corked) return false
  if (config.nagle && flight > 0 && !(config.nagleSmallOnly && !smallOutstanding(tcb))) return false // MUST-17: `nagle: false` switches it off
  if (size === unsent && (owed.release || seqGE(snd.psh, snd.end))) return true
  return size * 2 >= snd.max
}

/** A segment below Eff.snd.MSS was sent and not acknowledged. */
function smallOutstanding({ snd }: Tcb): boolean {
  return seqGT(snd.small, snd.una) && seqGE(snd.nxt, snd.small)
}

/** As many of the octets from `seq` on as belong to one record. */
export function withinRecord(tcb: Tcb, seq: number, octets: number): number {
  if (!tcb.sendBuffer.hasRecords) return octets
  return Math.min(octets, tcb.sendBuffer.untilRecordEnd((seq - dataStart(tcb)) | 0))
}

function endsRecord(tcb: Tcb, end: number): boolean {
  if (!tcb.sendBuffer.hasRecords) return false
  return tcb.sendBuffer.untilRecordEnd((end - dataStart(tcb) - 1) | 0) === 1
}

/** As Linux asks: the number before SND.UNA again, which the other side must answer though it is not new. */
function chooseEmptyProbe(tcb: Tcb): SendReason {
  plan.seq = (tcb.snd.una - 1) | 0
  plan.length = 0
  plan.flags = ACK
  return 'zero-window-probe'
}

/** Fills in `plan` for text at `seq`; `fin` allows a FIN where the text reaches SND.END. */
function planText(tcb: Tcb, seq: number, length: number, fin: boolean): void {
  const { snd } = tcb
  const text = Math.max(0, length)
  const end = (seq + text) | 0
  plan.seq = seq
  plan.length = text
  plan.flags = ACK
  if (fin && end === snd.end) plan.flags |= FIN
  if (text > 0 && pushes(tcb, seq, end)) plan.flags |= PSH
  if (snd.urgent && seqGT(snd.up, seq)) plan.flags |= URG
}

/** MUST-61: PSH in the last buffered segment. SHLD-27: one bit for all pushes that the segment covers. */
function pushes(tcb: Tcb, seq: number, end: number): boolean {
  const { snd, config } = tcb
  if (seqGT(snd.psh, seq) && seqGE(end, snd.psh)) return true
  return (end === snd.end && (config.pushesLast || tcb.owed.override)) || endsRecord(tcb, end)
}

/** Segments without text: probes and acknowledgments. MUST-58: whatever carries text acknowledges as well. */
function chooseControl(tcb: Tcb): SendReason | null {
  const { owed, snd } = tcb
  if (owed.keepAlive) {
    plan.seq = (snd.nxt - 1) | 0
    plan.flags = ACK
    plan.length = 0 // SHLD-12; the garbage octet of MAY-6 is packet.ts's
    return 'keep-alive'
  }
  if (owed.duplicateAcks > 0) return chooseAck(tcb, 'out-of-order-ack')
  if (owed.ack !== null) return chooseAck(tcb, owed.ack)
  if (owed.urgentNotice) return chooseAck(tcb, 'urgent-notice')
  return null
}

/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
function chooseAck(tcb: Tcb, reason: SendReason): SendReason {
  plan.seq = tcb.snd.nxt
  plan.length = 0
  plan.flags = ACK
  if (tcb.snd.urgent && seqGT(tcb.snd.up, tcb.snd.nxt)) plan.flags |= URG
  return reason
}

/** The segment in `plan` was written: everything that follows from having sent it. */
export function commitSegment(tcb: Tcb, reason: SendReason): void {
  const { owed, snd, rcv, clock, lost, counts } = tcb
  counts.segmentsSent++
  if ((plan.flags & RST) !== 0) {
    owed.reset = null
    return
  }
  const controls = (plan.flags & SYN) !== 0 ? 1 : (plan.flags & FIN) !== 0 ? 1 : 0
  const end = (plan.seq + plan.length + controls) | 0
  acknowledged(tcb, reason)
  rcv.acked = rcv.nxt
  owed.keepAlive = false
  owed.probe = false
  if (end === plan.seq) return
  if (plan.length > 0) {
    counts.textSegmentsSent++
    counts.octetsSent += plan.length
  }
  tcb.lastSentAt = clock.now
  const again = seqLT(plan.seq, snd.nxt)
  if (again) {
    owed.retransmit = null
    tcb.totalRetransmissions++
    counts.octetsRetransmitted += plan.length
    tcb.timed.active = false // MUST-18
    if (plan.seq === snd.una) tcb.retransmittedAt = clock.now
    if (plan.seq === lost.next) lost.next = end
  } else {
    owed.override = false
    tcb.timers.override = NEVER
    if (plan.length === tcb.mss && !tcb.fullSizedSent && !tcb.fullSizedDelivered) {
      tcb.fullSizedSent = true
      tcb.fullSizedEnd = end
    }
    timeSegment(tcb)
  }
  if (seqGT(end, snd.nxt)) snd.nxt = end
  if (!again && plan.length > 0) sentNew(tcb, end)
  // RFC 6582 3.2 (3c): of the partial acknowledgments only the first restarts the timer, which ack-arrives.ts has done.
  startWaiting(tcb, plan.seq === snd.una && reason !== 'partial-ack')
  if ((plan.flags & FIN) !== 0 && tcb.state === CLOSE_WAIT) enterState(tcb, LAST_ACK, 'close')
}

/** New text was sent, up to `end`: what the tunables want to know of it. */
function sentNew(tcb: Tcb, end: number): void {
  const { config, snd, owed } = tcb
  if (snd.nxt === snd.end) {
    owed.push = false
    owed.release = false
  }
  if (config.quickAcks > 0) notePingPong(tcb)
  if (config.nagleSmallOnly && plan.length < tcb.mss) snd.small = end
  if (config.burstSegments > 0) tcb.burstEnd = plan.burstEnd
  if (config.growsWhenHalfUsed) {
    const flight = flightSize(tcb)
    if (flight <= tcb.usedOctets && seqLT(snd.una, tcb.usedUntil)) return
    tcb.usedOctets = flight
    tcb.usedUntil = end
  }
}

/** What the segment says about RCV.NXT need not be said again; duplicates are counted by the other side, so each goes. */
function acknowledged(tcb: Tcb, reason: SendReason): void {
  if (reason === 'out-of-order-ack') tcb.owed.duplicateAcks--
  else if ((plan.flags & ACK) !== 0) {
    tcb.owed.ack = null
    tcb.owed.urgentNotice = false // URG stands in whatever comes before SND.UP
  }
  tcb.unackedText = 0
  tcb.timers.delayedAck = NEVER
}

/** Times one segment per round trip (RFC 6298 3 (b)), with timestamps too: alpha and beta are made for that (RFC 7323 4.2). */
function timeSegment(tcb: Tcb): void {
  if (tcb.timed.active) return
  tcb.timed.active = true
  tcb.timed.seq = plan.seq
  tcb.timed.sentAt = tcb.clock.now
}

/** RFC 6298 5.1, 5.6: the timer runs while anything is outstanding; a copy of the front segment starts it anew. */
function startWaiting(tcb: Tcb, front: boolean): void {
  const { timers, clock, rtt } = tcb
  if (timers.retransmission === NEVER) {
    if (tcb.retransmissions === 0) tcb.waitingSince = clock.now
    if (tcb.config.userTimeoutMs > 0 && timers.user === NEVER) {
      timers.user = clock.now + msToUs(tcb.config.userTimeoutMs)
    }
  } else if (!front) return
  timers.retransmission = clock.now + rtt.rtoUs
}

/**
 * Nothing can be sent now: if data wait and no acknowledgment will come to release them, a timer must.
 * MUST-36, SHLD-29: a closed window is probed after one RTO. MUST-60: octets without PUSH wait for the override timer.
 */
export function armSendTimers(tcb: Tcb): void {
  const { snd, timers, clock } = tcb
  if (!tcb.synAcknowledged || finSent(tcb) || flightSize(tcb) > 0) return
  if (snd.end === snd.nxt && !tcb.closeRequested) return
  if (snd.wnd === 0) {
    if (timers.retransmission !== NEVER) return
    timers.retransmission = clock.now + tcb.rtt.rtoUs
    if (tcb.probes === 0) tcb.waitingSince = clock.now
    if (!tcb.config.probesWithText && tcb.config.userTimeoutMs > 0 && timers.user === NEVER) {
      timers.user = clock.now + msToUs(tcb.config.userTimeoutMs)
    }
    traceTimer(tcb, 'persist', 'started', tcb.rtt.rtoUs)
  } else if (timers.override === NEVER) {
    timers.override = clock.now + msToUs(tcb.config.overrideTimeoutMs)
  }
}

/** RFC 5681 4.1: after an idle RTO the acknowledgment clock is gone. Called before a segment is chosen. */
export function restartAfterIdle(tcb: Tcb): void {
  if (tcb.snd.una !== tcb.snd.nxt || tcb.snd.end === tcb.snd.nxt) return
  if (!tcb.config.restartAfterIdle || !tcb.rtt.measured) return
  const before = tcb.congestion.cwnd
  if (tcb.clock.now - tcb.lastSentAt > tcb.rtt.rtoUs) tcb.congestion.onIdle()
  if (tcb.congestion.cwnd !== before) traceRecovery(tcb)
}
