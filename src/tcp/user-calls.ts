/**
 * RFC 9293 3.10.1 to 3.10.6: OPEN, SEND, RECEIVE, CLOSE, ABORT, STATUS, and the release that sockets call close().
 *
 * A call returns at once. What it cannot do now it leaves in the TCB; what it may not do it refuses with a CallError.
 */

import type { CloseReason } from '../trace/reasons.ts'
import { STATE_NAMES, type StateName } from '../trace/states.ts'
import { seqGT } from '../wire/seq.ts'
import { oweAck } from './acknowledge.ts'
import { CallError } from './call-error.ts'
import { msToUs, NEVER } from './clock.ts'
import { enterClosed, enterClosedWithReset } from './closing.ts'
import { chooseInitialNumbers } from './handshake.ts'
import {
  abortsWithReset,
  CLOSE_WAIT,
  CLOSED,
  CLOSING,
  ESTABLISHED,
  enterState,
  FIN_WAIT_1,
  FIN_WAIT_2,
  LAST_ACK,
  LISTEN,
  SYN_RECEIVED,
  SYN_SENT,
  TIME_WAIT,
} from './state.ts'
import { dataStart, flightSize, type Tcb } from './tcb.ts'
import { traceCall } from './tracing.ts'
import { receiveWindow, windowUpdateDue } from './window.ts'

/**
 * Passive OPEN: waits for a SYN, from anywhere or, where the path names one, from that remote socket.
 *
 * A TCB serves one connection: what has ended is not opened again.
 */
export function openPassive(tcb: Tcb): void {
  if (tcb.state !== CLOSED || tcb.closeReason !== null) throw new CallError('connection-already-exists')
  tcb.passive = true
  traceCall(tcb, 'open', undefined, 'passive')
  enterState(tcb, LISTEN, 'passive-open')
}

/** Active OPEN, from CLOSED or from LISTEN (3.10.1). */
export function openActive(tcb: Tcb): void {
  const unopened = tcb.state === CLOSED && tcb.closeReason === null
  if (!unopened && tcb.state !== LISTEN) throw new CallError('connection-already-exists')
  if (tcb.path.remotePort === 0) throw new CallError('remote-socket-unspecified')
  traceCall(tcb, 'open', undefined, 'active')
  sendSyn(tcb, 'active-open')
}

function sendSyn(tcb: Tcb, cause: 'active-open' | 'send'): void {
  chooseInitialNumbers(tcb)
  tcb.passive = false
  enterState(tcb, SYN_SENT, cause)
}

/** How SEND is to treat the octets. */
export interface SendOptions {
  /** MAY-15: send promptly (default). false: may wait for more, MAY-16. */
  readonly push?: boolean
  /** RFC 9293 3.8.5. SHLD-13: new applications should not. */
  readonly urgent?: boolean
  /** No segment holds these octets and later ones: MSG_EOR. Default false. */
  readonly endOfRecord?: boolean
}

/**
 * SEND: queues octets and says how many of them found room, 0 to `length`.
 *
 * @throws CallError 'connection-does-not-exist', 'connection-closing' or, in LISTEN without a remote socket,
 *   'remote-socket-unspecified'.
 */
export function send(
  tcb: Tcb,
  bytes: Uint8Array,
  offset: number,
  length: number,
  options?: SendOptions,
): number {
  assertSending(tcb)
  if (tcb.state === LISTEN) {
    if (!tcb.remoteSpecified) throw new CallError('remote-socket-unspecified')
    sendSyn(tcb, 'send')
  }
  const { snd } = tcb
  const accepted = tcb.sendBuffer.write(bytes, offset, length)
  snd.end = (snd.end + accepted) | 0
  if (options === undefined || options.push !== false) snd.psh = snd.end
  if (options?.urgent === true && accepted > 0) {
    snd.up = snd.end // MUST-62
    snd.urgent = true
    tcb.owed.urgentNotice = true
  }
  if (options?.endOfRecord === true && accepted === length) tcb.sendBuffer.endRecord()
  if (accepted < length) tcb.wantsWritable = true
  traceCall(tcb, 'send', accepted, options?.urgent === true ? 'urgent' : undefined)
  return accepted
}

/** What is queued goes at once, in segments of any size, as far as the windows allow. */
export function pushQueued(tcb: Tcb): void {
  if (seqGT(tcb.snd.end, tcb.snd.nxt)) tcb.owed.push = true
}

/** The next acknowledgments go at once, and one that waits now; or they are delayed again. */
export function acknowledgeQuickly(tcb: Tcb, quickly: boolean): void {
  tcb.quickAcks = quickly ? tcb.config.quickAcks : 0
  if (!quickly || tcb.timers.delayedAck === NEVER) return
  tcb.timers.delayedAck = NEVER
  oweAck(tcb, 'quick-ack')
}

/** @throws CallError where this side can say no more: there is no connection, or CLOSE was called before. */
function assertSending({ state, closeRequested }: Tcb): void {
  if (state === CLOSED) throw new CallError('connection-does-not-exist')
  if (closeRequested) throw new CallError('connection-closing')
}

/** What RECEIVE returned besides octets; overwritten by the next call. */
export const received = {
  /** MAY-17: the octets end where the sender pushed. */
  push: false,
  /** More urgent octets follow (MUST-33). */
  urgent: false,
}

/**
 * RECEIVE: moves octets that arrived in order to `target`, at most `length`, and says how many; 0 where none are on
 * hand. Urgent and other octets do not come in one call: it stops where the urgent ones end.
 *
 * Octets on hand can still be received after the end; `atEndOfStream` then says that no more will come.
 *
 * @throws CallError 'connection-does-not-exist' before OPEN.
 */
export function receive(tcb: Tcb, target: Uint8Array, offset: number, length: number): number {
  const { receiveBuffer, rcv } = tcb
  if (tcb.state === CLOSED && tcb.closeReason === null) throw new CallError('connection-does-not-exist')
  received.push = false
  received.urgent = false
  if (tcb.state < ESTABLISHED && tcb.state !== CLOSED) return 0 // queued until ESTABLISHED (3.10.3)
  const wanted = Math.min(length, urgentOctets(tcb) || length)
  const octets = receiveBuffer.read(target, offset, wanted)
  if (octets === 0) return 0
  const readTo = (textEnd(tcb) - receiveBuffer.readable) | 0
  received.push = rcv.psh === readTo
  if (rcv.urgent && !seqGT(rcv.up, readTo)) rcv.urgent = false
  received.urgent = rcv.urgent
  if (windowUpdateDue(tcb)) oweAck(tcb, 'window-update')
  traceCall(tcb, 'receive', octets)
  return octets
}

/** The number after the last octet of text that arrived in order: RCV.NXT, before a FIN. */
function textEnd(tcb: Tcb): number {
  return tcb.rcv.finSeen && seqGT(tcb.rcv.nxt, tcb.rcv.fin) ? tcb.rcv.fin : tcb.rcv.nxt
}

/** MUST-33: how many octets the user has yet to read until the urgent ones end; 0 where there are none. */
export function urgentOctets(tcb: Tcb): number {
  if (!tcb.rcv.urgent) return 0
  const unread = (textEnd(tcb) - tcb.receiveBuffer.readable) | 0
  return Math.max(0, (tcb.rcv.up - unread) | 0)
}

/** CLOSE: no more to send; RECEIVE goes on (3.10.4). A second CLOSE changes nothing and is refused. */
export function close(tcb: Tcb): void {
  const { state } = tcb
  assertSending(tcb)
  traceCall(tcb, 'close')
  if (state === LISTEN || state === SYN_SENT) return enterClosed(tcb, 'close', 'closed-by-user')
  tcb.closeRequested = true
  tcb.snd.psh = tcb.snd.end // CLOSE implies push (3.9.1.4)
  // In CLOSE-WAIT the state waits for the FIN to be sent: commitSegment enters LAST-ACK.
  if (state === ESTABLISHED) enterState(tcb, FIN_WAIT_1, 'close')
  else if (state === SYN_RECEIVED && tcb.sendBuffer.length === 0) enterState(tcb, FIN_WAIT_1, 'close')
}

/**
 * The owner goes away for good, as close() of a BSD socket: nobody will read or call again (MAY-1).
 *
 * SHLD-3: octets that were never read are answered with a reset, as the other side must not take them for delivered.
 */
export function release(tcb: Tcb): void {
  if (tcb.state === CLOSED) return tcb.receiveBuffer.clear()
  if (tcb.released) return
  tcb.released = true
  if (tcb.receiveBuffer.readable > 0 && abortsWithReset(tcb.state)) {
    traceCall(tcb, 'close')
    return enterClosedWithReset(tcb, 'abort', 'unread-data', 'reset-unread-data')
  }
  if (!tcb.closeRequested) close(tcb)
  if (tcb.state === FIN_WAIT_2) tcb.timers.finalWait = tcb.clock.now + msToUs(tcb.config.finWait2Ms)
}

/** ABORT: everything is given up, the other side is told (3.10.5). */
export function abort(tcb: Tcb, reason: CloseReason = 'aborted-by-user'): void {
  const { state } = tcb
  if (state === CLOSED) throw new CallError('connection-does-not-exist')
  traceCall(tcb, 'abort')
  if (abortsWithReset(state)) enterClosedWithReset(tcb, 'abort', reason, 'reset-abort')
  else enterClosed(tcb, 'abort', reason)
  tcb.receiveBuffer.clear()
}

/** STATUS (3.10.6), with the numbers that Linux gives in tcp_info beside the RFC's. Octets and microseconds. */
export interface Status {
  readonly state: StateName
  readonly receiveWindow: number
  readonly sendWindow: number
  readonly unacknowledged: number
  readonly unsent: number
  readonly unread: number
  readonly outOfOrder: number
  readonly urgent: number
  readonly mss: number
  readonly cwnd: number
  readonly ssthresh: number
  readonly srttUs: number
  readonly rttvarUs: number
  readonly rtoUs: number
  readonly retransmissions: number
  readonly totalRetransmissions: number
  readonly diffServ: number
  readonly receivedDiffServ: number
  readonly userTimeoutMs: number
}

export function status(tcb: Tcb): Status {
  if (tcb.state === CLOSED) throw new CallError('connection-does-not-exist')
  const sent = (tcb.snd.nxt - dataStart(tcb)) | 0
  return {
    state: STATE_NAMES[tcb.state],
    receiveWindow: tcb.state >= ESTABLISHED ? receiveWindow(tcb) : 0,
    sendWindow: tcb.snd.wnd,
    unacknowledged: flightSize(tcb),
    unsent: Math.max(0, tcb.sendBuffer.length - Math.max(0, sent)),
    unread: tcb.receiveBuffer.readable,
    outOfOrder: tcb.receiveBuffer.outOfOrder,
    urgent: urgentOctets(tcb),
    mss: tcb.mss,
    cwnd: tcb.congestion.cwnd,
    ssthresh: tcb.congestion.ssthresh,
    srttUs: Math.round(tcb.rtt.srttUs),
    rttvarUs: Math.round(tcb.rtt.rttvarUs),
    rtoUs: tcb.rtt.rtoUs,
    retransmissions: tcb.retransmissions,
    totalRetransmissions: tcb.totalRetransmissions,
    diffServ: tcb.config.dscp,
    receivedDiffServ: tcb.receivedTos >>> 2,
    userTimeoutMs: tcb.config.userTimeoutMs,
  }
}

/** True where the other side sent FIN and everything before it was received and read. */
export function atEndOfStream(tcb: Tcb): boolean {
  const ended =
    tcb.state === CLOSE_WAIT || tcb.state === CLOSING || tcb.state === LAST_ACK || tcb.state === TIME_WAIT
  return (ended || tcb.closeReason !== null) && tcb.receiveBuffer.readable === 0
}

/** Keep-alive was switched on or off, or its times were changed (MUST-24, MUST-27). */
export function keepAliveChanged(tcb: Tcb): void {
  const synchronized = tcb.state >= ESTABLISHED && tcb.state !== TIME_WAIT
  tcb.timers.keepAlive =
    tcb.config.keepAlive && synchronized ? tcb.lastReceivedAt + msToUs(tcb.config.keepAliveIdleMs) : NEVER
  tcb.keepAliveProbes = 0
}

/** RFC 9293 3.9.1.1: what waits already waits as long as the user says now, counted from when it began to wait. */
export function userTimeoutChanged({ timers, config, waitingSince }: Tcb): void {
  const isWaiting = timers.retransmission !== NEVER
  timers.user = isWaiting && config.userTimeoutMs > 0 ? waitingSince + msToUs(config.userTimeoutMs) : NEVER
}
