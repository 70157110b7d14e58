/**
 * RFC 9293 3.10.7 SEGMENT ARRIVES: the spine. Each step stands in the RFC's order and has a file of its own.
 *
 * Writes only to the TCB; never emits a segment. What must be sent is left in `tcb.owed` and chosen in output.ts, so that
 * all segments which have arrived are processed before one is acknowledged (MUST-59).
 */

import type { Segment } from '../wire/segment.ts'
import { resetAbsent, sequenceAcceptable, synAbsent } from './acceptance.ts'
import { ackArrives } from './ack-arrives.ts'
import { arrivesInListen, arrivesInSynSent } from './handshake.ts'
import { arrivesAsPredicted } from './header-prediction.ts'
import { CLOSED, ESTABLISHED, LISTEN, SYN_SENT } from './state.ts'
import type { Tcb } from './tcb.ts'
import { finArrives, textArrives, urgentArrives } from './text-arrives.ts'

/** The segment is borrowed and may be trimmed in place. A CLOSED connection has no TCB: the stack answers (3.10.7.1). */
export function segmentArrives(tcb: Tcb, seg: Segment): void {
  tcb.lastReceivedAt = tcb.clock.now
  tcb.keepAliveProbes = 0
  if (tcb.state === ESTABLISHED && arrivesAsPredicted(tcb, seg)) return
  if (tcb.state === CLOSED) return
  if (tcb.state === LISTEN) return arrivesInListen(tcb, seg)
  if (tcb.state === SYN_SENT) return arrivesInSynSent(tcb, seg)
  if (!sequenceAcceptable(tcb, seg)) return // first
  if (!resetAbsent(tcb, seg)) return // second; third, security, is in docs/deviations.md
  if (!synAbsent(tcb, seg)) return // fourth
  if (!ackArrives(tcb, seg)) return // fifth
  urgentArrives(tcb, seg) // sixth
  textArrives(tcb, seg) // seventh
  finArrives(tcb) // eighth
}
