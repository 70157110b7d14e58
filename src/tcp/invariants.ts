/**
 * What must hold of a connection after every event. The simulator checks it; a violation is a defect of ours.
 */

import { seqGE, seqGT, seqLE } from '../wire/seq.ts'
import { NEVER } from './clock.ts'
import { chooseSegment } from './output.ts'
import { CLOSED, ESTABLISHED, isSynchronized, LISTEN, SYN_SENT, TIME_WAIT } from './state.ts'
import { dataStart, finSent, flightSize, type Tcb } from './tcb.ts'
import { receiveWindow } from './window.ts'

/** @returns the first invariant broken, in words, or null. */
export function brokenInvariant(tcb: Tcb): string | null {
  if (tcb.state === CLOSED || tcb.state === LISTEN) return brokenWhileClosed(tcb)
  return brokenSend(tcb) ?? brokenReceive(tcb) ?? brokenTimers(tcb)
}

function brokenWhileClosed(tcb: Tcb): string | null {
  if (tcb.timers.earliest() !== NEVER) return 'a timer runs without a TCB'
  if (tcb.sendBuffer.length > 0) return 'octets wait to be sent without a TCB'
  if (tcb.state === CLOSED && tcb.closeReason === null && tcb.drops > 0) return 'CLOSED without a reason'
  return null
}

function brokenSend(tcb: Tcb): string | null {
  const { snd, congestion, config } = tcb
  if (!seqLE(snd.una, snd.nxt)) return 'SND.UNA is beyond SND.NXT'
  if (tcb.state === ESTABLISHED && !tcb.synAcknowledged) return 'ESTABLISHED before our SYN was acknowledged'
  const last = (snd.end + (tcb.closeRequested ? 1 : 0)) | 0
  if (seqGT(snd.nxt, last)) return 'SND.NXT is beyond all that was queued'
  if (tcb.sendBuffer.length > config.sendBufferBytes) return 'the send buffer is over its bound'
  const front = tcb.synAcknowledged ? snd.una : (snd.una + 1) | 0
  if (tcb.sendBuffer.length > 0 && dataStart(tcb) !== front)
    return 'the send buffer does not start at SND.UNA'
  if (tcb.sendBuffer.length === 0 && seqGT(snd.end, front))
    return 'octets before SND.END are not in the buffer'
  if (tcb.lost.active && !(seqLE(snd.una, tcb.lost.next) && seqLE(tcb.lost.next, tcb.lost.end))) {
    return 'the lost range lies outside what is outstanding'
  }
  if (tcb.lost.active && seqGT(tcb.lost.end, snd.nxt)) return 'the lost range ends beyond SND.NXT'
  if (isSynchronized(tcb.state) && tcb.synAcknowledged && congestion.cwnd < 1) return 'cwnd is nothing'
  if (snd.max < snd.wnd) return 'MAX.SND.WND is below SND.WND'
  if (tcb.mss < 1) return 'the MSS is nothing'
  return null
}

function brokenReceive(tcb: Tcb): string | null {
  const { rcv, receiveBuffer } = tcb
  if (tcb.state === SYN_SENT) return null
  if (receiveWindow(tcb) < 0) return 'RCV.NXT is beyond the window offered'
  if (receiveBuffer.readable + receiveWindow(tcb) > receiveBuffer.capacity) {
    return 'more window is offered than the receive buffer holds'
  }
  if (!seqLE(rcv.acked, rcv.nxt)) return 'acknowledged beyond RCV.NXT'
  if (rcv.finSeen && seqGT(rcv.nxt, rcv.fin + 1)) return 'RCV.NXT is beyond the FIN'
  if (tcb.state === TIME_WAIT && receiveBuffer.hasGaps) return 'a gap behind the FIN'
  return null
}

/** Something outstanding, or waiting, must have a timer that will mend it: otherwise the connection stalls. */
function brokenTimers(tcb: Tcb): string | null {
  const { timers, snd } = tcb
  const working = chooseSegment(tcb) !== null
  if (flightSize(tcb) > 0 && timers.retransmission === NEVER && !working)
    return 'outstanding octets have no timer'
  const unsent = seqGT(snd.end, snd.nxt) || (tcb.closeRequested && !finSent(tcb))
  // With anything outstanding the retransmission timer runs: that was the question before.
  const mayWait = timers.retransmission < NEVER || timers.override < NEVER
  if (unsent && tcb.synAcknowledged && !working && !mayWait) return 'waiting octets have no timer'
  if (tcb.unackedText > 0 && timers.delayedAck === NEVER && !working) return 'text will never be acknowledged'
  if (tcb.state === TIME_WAIT && timers.finalWait === NEVER) return 'TIME-WAIT has no timer'
  if (tcb.rcv.finSeen && seqGE(tcb.rcv.nxt, tcb.rcv.fin + 1) && tcb.state === ESTABLISHED)
    return 'a FIN was passed over'
  return null
}
