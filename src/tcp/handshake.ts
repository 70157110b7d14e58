/**
 * LISTEN and SYN-SENT: the states in which a SYN is news (RFC 9293 3.10.7.2 and 3.10.7.3), and what its options agree.
 */

import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.ts'
import { seqGT, seqLE } from '../wire/seq.ts'
import { acknowledgeOurSyn } from './ack-arrives.ts'
import { oweAck } from './acknowledge.ts'
import { msToUs, NEVER } from './clock.ts'
import { enterClosed, oweReset } from './closing.ts'
import { defaultMss, startMss, updateMss } from './mss.ts'
import { CONNECTED, noteDrop, READABLE, signal, WRITABLE } from './signals.ts'
import { ESTABLISHED, enterState, FIN_WAIT_1, SYN_RECEIVED, SYN_SENT } from './state.ts'
import { MAX_SHIFT, shiftToOffer, type Tcb } from './tcb.ts'
import { finArrives, textArrives, urgentArrives } from './text-arrives.ts'
import { traceRecovery } from './tracing.ts'
import { receiveWindow, synWindow } from './window.ts'

/** RFC 9293 3.10.7.2. The caller has filled in the path from the packet. */
export function arrivesInListen(tcb: Tcb, seg: Segment): void {
  if ((seg.flags & RST) !== 0) return noteDrop(tcb, 'rst-ignored')
  if ((seg.flags & ACK) !== 0) return oweReset(tcb, 'reset-ack-to-listener', seg.ack)
  if ((seg.flags & SYN) === 0) return noteDrop(tcb, 'listener-without-syn')
  chooseInitialNumbers(tcb)
  takeSyn(tcb, seg)
  enterState(tcb, SYN_RECEIVED, 'syn')
  queueTextOfSyn(tcb, seg)
}

/** RFC 9293 3.10.7.3. */
export function arrivesInSynSent(tcb: Tcb, seg: Segment): void {
  const hasAck = (seg.flags & ACK) !== 0
  if (hasAck && (seqLE(seg.ack, tcb.iss) || seqGT(seg.ack, tcb.snd.nxt))) {
    if ((seg.flags & RST) !== 0) return noteDrop(tcb, 'rst-ignored')
    noteDrop(tcb, 'ack-out-of-range')
    return oweReset(tcb, 'reset-bad-ack', seg.ack)
  }
  if ((seg.flags & RST) !== 0) {
    // RFC 5961 3.2 (a): only one that acknowledges our SYN counts.
    if (hasAck) enterClosed(tcb, 'refused', 'connection-refused')
    else noteDrop(tcb, 'rst-ignored')
    return
  }
  if ((seg.flags & SYN) === 0) return noteDrop(tcb, 'syn-sent-without-syn')
  takeSyn(tcb, seg)
  if (!hasAck) {
    // MUST-10: both sides open at once. Our SYN goes again, now with an acknowledgment.
    enterState(tcb, SYN_RECEIVED, 'syn')
    tcb.owed.retransmit = 'syn-ack'
    queueTextOfSyn(tcb, seg)
    return
  }
  acknowledgeOurSyn(tcb, seg)
  enterEstablished(tcb, 'syn-ack')
  oweAck(tcb, 'handshake-ack')
  stripSyn(seg)
  urgentArrives(tcb, seg)
  textArrives(tcb, seg)
  finArrives(tcb)
}

/** The handshake is done: from SYN-SENT with a SYN-ACK, from SYN-RECEIVED with the acknowledgment of our SYN. */
export function enterEstablished(tcb: Tcb, cause: 'syn-ack' | 'ack-of-syn'): void {
  enterState(tcb, ESTABLISHED, cause)
  beginSynchronized(tcb)
  signal(tcb, CONNECTED)
  signal(tcb, WRITABLE)
  if (tcb.receiveBuffer.readable > 0) signal(tcb, READABLE)
  if (tcb.closeRequested) enterState(tcb, FIN_WAIT_1, 'close') // CLOSE waited behind queued octets (3.10.4)
}

/** What begins with the first synchronized state, be it ESTABLISHED or FIN-WAIT-1. */
export function beginSynchronized(tcb: Tcb): void {
  const { config } = tcb
  tcb.quickAcks = config.quickAcks
  tcb.counts.synchronizedAt = tcb.clock.now
  tcb.congestion.start(tcb.mss, tcb.synLost ? 1 : config.initialWindowSegments) // RFC 5681 3.1 (c, d)
  if (tcb.synLost && !tcb.rtt.measured) tcb.rtt.restartAt(msToUs(config.rtoAfterSynLossMs)) // RFC 6298 5.7
  traceRecovery(tcb)
  if (config.keepAlive) tcb.timers.keepAlive = tcb.clock.now + msToUs(config.keepAliveIdleMs) // MUST-24
}

/** ISS, SND.UNA and SND.NXT before our SYN is sent, and what it will offer; `commitSegment` counts it (MUST-8, SHLD-1). */
export function chooseInitialNumbers(tcb: Tcb): void {
  const iss = tcb.isn.sequenceNumber(tcb.path, tcb.clock.now) | 0
  tcb.iss = iss
  tcb.synAcknowledged = false
  tcb.snd.una = iss
  tcb.snd.nxt = iss
  tcb.snd.end = (iss + 1) | 0
  tcb.snd.psh = iss
  tcb.snd.small = iss
  tcb.burstEnd = iss
  tcb.usedUntil = iss
  tcb.rcv.adv = tcb.rcv.nxt // nothing was offered yet
  tcb.recovery.recover = iss
  tcb.tsOffset = tcb.isn.timestampOffset(tcb.path) | 0
  tcb.offer.timestamps = tcb.config.timestamps
  tcb.offer.scaling = tcb.config.windowScaling
  tcb.offer.shift = shiftToOffer(tcb.config)
  startMss(tcb)
  tcb.timers.retransmission = NEVER
}

/** The SYN of the other side: its number, its window and what its options agree with ours. */
function takeSyn(tcb: Tcb, seg: Segment): void {
  const { offer, snd, rcv } = tcb
  // What our SYN offered, or what the answer to theirs will.
  const window = tcb.state === SYN_SENT ? receiveWindow(tcb) : synWindow(tcb)
  tcb.irs = seg.seq
  rcv.nxt = (seg.seq + 1) | 0
  rcv.acked = rcv.nxt
  rcv.psh = rcv.nxt
  snd.wnd = seg.window
  snd.max = seg.window
  snd.wl1 = seg.seq
  snd.wl2 = snd.una
  tcb.timestamps = offer.timestamps && seg.hasTimestamps // RFC 7323 3.2 (g)
  if (tcb.timestamps) {
    tcb.tsRecent = seg.tsVal
    tcb.tsRecentAt = tcb.clock.now
  }
  // RFC 7323 2.2 (c), 2.3 (c): both or none. Only a SYN is asked: RFC 7323 2.2 (e).
  tcb.scaling = offer.scaling && seg.windowScale >= 0
  tcb.sndScale = tcb.scaling ? Math.min(seg.windowScale, MAX_SHIFT) : 0 // RFC 7323 2.3 (h): a larger one counts as this
  tcb.rcvScale = tcb.scaling ? offer.shift : 0
  rcv.adv = (rcv.nxt + window) | 0
  // A zero is a mistake of its sender, taken for the least we send.
  tcb.peerMss = seg.mss >= 0 ? seg.mss : defaultMss(tcb)
  updateMss(tcb)
}

/** Text and FIN that came with a SYN are kept until the connection is synchronized (RFC 9293 3.10.7.2). */
function queueTextOfSyn(tcb: Tcb, seg: Segment): void {
  stripSyn(seg)
  if (seg.textLength > 0 || (seg.flags & FIN) !== 0) textArrives(tcb, seg)
  tcb.owed.ack = null // the SYN-ACK says it
  tcb.unackedText = 0
  tcb.timers.delayedAck = NEVER
}

function stripSyn(seg: Segment): void {
  seg.flags &= ~SYN
  seg.seq = (seg.seq + 1) | 0
}
