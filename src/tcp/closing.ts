/** How a connection ends, or goes back to LISTEN: what is flushed, what is still owed, what the user is told. */

import type { CloseReason, SendReason } from '../trace/reasons.ts'
import { msToUs } from './clock.ts'
import { Ending } from './ending.ts'
import { GONE, RETURNED, signal } from './signals.ts'
import { CLOSED, enterState, LISTEN, TIME_WAIT } from './state.ts'
import type { Tcb } from './tcb.ts'
import { traceTimer } from './tracing.ts'

/**
 * Enters CLOSED. Unsent and unacknowledged octets are flushed; octets that arrived in order stay for RECEIVE
 * (docs/deviations.md), and a reset that is owed is still sent.
 */
export function enterClosed(tcb: Tcb, cause: string, reason: CloseReason): void {
  tcb.ending = new Ending(tcb)
  enterState(tcb, CLOSED, cause)
  flushSender(tcb)
  if (tcb.released) tcb.receiveBuffer.clear()
  else tcb.receiveBuffer.dropOutOfOrder()
  tcb.closeReason = reason
  signal(tcb, GONE, reason) // MUST-12
}

/** Ends with a reset to the other side: <SEQ=SND.NXT><CTL=RST> (RFC 9293 3.10.5). */
export function enterClosedWithReset(tcb: Tcb, cause: string, reason: CloseReason, why: SendReason): void {
  enterClosed(tcb, cause, reason)
  oweReset(tcb, why, tcb.snd.nxt)
  tcb.owed.resetAck = tcb.config.resetsAcknowledge && why !== 'reset-data-after-close'
}

/** A reset <SEQ=seq><CTL=RST>. */
export function oweReset(tcb: Tcb, why: SendReason, seq: number): void {
  tcb.owed.reset = why
  tcb.owed.resetSeq = seq
  tcb.owed.resetAck = false
}

/** RFC 9293 3.10.7.4: a passive connection whose opening failed waits for the next SYN. The user need not know. */
export function returnToListen(tcb: Tcb, cause: string): void {
  const closing = tcb.closeRequested
  enterState(tcb, LISTEN, cause)
  flushSender(tcb)
  tcb.receiveBuffer.clear()
  tcb.rcv.finSeen = false
  tcb.rcv.urgent = false
  tcb.snd.urgent = false
  tcb.closeRequested = false
  tcb.unackedText = 0
  tcb.timed.active = false
  tcb.rtt.endBackoff()
  tcb.retransmissions = 0
  tcb.synLost = false
  signal(tcb, RETURNED)
  if (closing) enterClosed(tcb, 'close', 'closed-by-user') // CLOSE waited for ESTABLISHED; in LISTEN it deletes
}

/** Starts the 2MSL wait and turns the other timers off (RFC 9293 3.10.7.4, MUST-13). */
export function startTimeWait(tcb: Tcb, cause: string): void {
  enterState(tcb, TIME_WAIT, cause)
  tcb.timers.stopAll()
  restartTimeWait(tcb)
}

export function restartTimeWait(tcb: Tcb): void {
  const inUs = 2 * msToUs(tcb.config.mslMs)
  tcb.timers.finalWait = tcb.clock.now + inUs
  traceTimer(tcb, 'time-wait', 'started', inUs)
}

function flushSender(tcb: Tcb): void {
  tcb.timers.stopAll()
  tcb.sendBuffer.clear()
  tcb.snd.end = tcb.snd.nxt
  tcb.lost.active = false
  tcb.owed.clear()
}
