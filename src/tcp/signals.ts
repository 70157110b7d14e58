/**
 * What the connection tells its user (RFC 9293 3.9.1.8), as bits that `pollEvents` takes; and what it did not use.
 */

import type { SignalName } from '../trace/events.ts'
import type { CloseReason, DropReason } from '../trace/reasons.ts'
import type { Tcb } from './tcb.ts'
import { traceDropped, traceSignal } from './tracing.ts'

/** The connection is synchronized: SEND and RECEIVE work. */
export const CONNECTED = 1
/** Octets or an end-of-file wait for RECEIVE. */
export const READABLE = 2
/** SEND has room again after it had none. */
export const WRITABLE = 4
/** All that was sent is acknowledged. */
export const DRAINED = 8
/** The urgent pointer advanced beyond what was read (MUST-32). */
export const URGENT_DATA = 16
/** The other side sent FIN: after the octets on hand there are no more. */
export const PEER_CLOSED = 32
/** The connection is gone; `closeReason` says why (MUST-12). */
export const GONE = 64
/** Something is wrong and may mend: R1 was reached, ICMP says unreachable (MUST-47, SHLD-9, SHLD-25). */
export const SOFT_ERROR = 128
/** A passive connection went back to LISTEN. */
export const RETURNED = 256

const NAMES: Readonly<Record<number, SignalName>> = {
  [CONNECTED]: 'connected',
  [READABLE]: 'readable',
  [WRITABLE]: 'writable',
  [DRAINED]: 'drained',
  [URGENT_DATA]: 'urgent',
  [PEER_CLOSED]: 'closing',
  [GONE]: 'closed',
  [SOFT_ERROR]: 'soft-error',
  [RETURNED]: 'returned-to-listen',
}

/** The names of event bits. */
export function signalNames(events: number): SignalName[] {
  return Object.keys(NAMES)
    .filter((bit) => (events & Number(bit)) !== 0)
    .map((bit) => NAMES[Number(bit)]!)
}

/** Sets an event bit. A bit that waits to be taken is not traced again. */
export function signal(tcb: Tcb, bit: number, reason?: CloseReason): void {
  if ((tcb.events & bit) !== 0) return
  tcb.events |= bit
  traceSignal(tcb, NAMES[bit]!, reason)
}

/**
 * Tells of an error that may mend, unless the user does not want to know (SHLD-20). What a router said is kept: that
 * nothing is answered follows from it, and explains an end less.
 */
export function signalSoftError(tcb: Tcb, reason: CloseReason): void {
  if (reason !== 'unanswered' || tcb.softError === null) tcb.softError = reason
  if (tcb.config.reportSoftErrors) signal(tcb, SOFT_ERROR, reason)
}

/** Notes why an arriving segment, or part of it, was not used. */
export function noteDrop(tcb: Tcb, reason: DropReason): void {
  tcb.drops++
  tcb.lastDrop = reason
  if (tcb.counters !== null) tcb.counters.count(reason)
  traceDropped(tcb, reason)
}
