/**
 * Sixth to eighth: the URG bit, the segment text, the FIN bit (RFC 9293 3.10.7.4). The only place that advances RCV.NXT.
 */

import { FIN, PSH, type Segment, URG } from '../wire/segment.ts'
import { seqGE, seqGT, seqLT } from '../wire/seq.ts'
import { oweAck, oweDelayedAck, oweDuplicateAck } from './acknowledge.ts'
import { enterClosedWithReset, startTimeWait } from './closing.ts'
import { noteDrop, PEER_CLOSED, READABLE, signal, URGENT_DATA } from './signals.ts'
import {
  CLOSE_WAIT,
  CLOSING,
  ESTABLISHED,
  enterState,
  FIN_WAIT_1,
  FIN_WAIT_2,
  type State,
  SYN_RECEIVED,
} from './state.ts'
import type { Tcb } from './tcb.ts'
import { receiveWindow } from './window.ts'

/** The states in which the other side may still send text. */
function textExpected(state: State): boolean {
  return state === ESTABLISHED || state === FIN_WAIT_1 || state === FIN_WAIT_2 || state === SYN_RECEIVED
}

/**
 * Sixth. MUST-30, MUST-31: the urgent data may have any length. MUST-62: the pointer names the octet after the last
 * urgent one (RFC 6093).
 */
export function urgentArrives(tcb: Tcb, seg: Segment): void {
  if ((seg.flags & URG) === 0 || !textExpected(tcb.state)) return
  const { rcv } = tcb
  const up = (seg.seq + seg.urgentPointer) | 0
  if (rcv.urgent && !seqGT(up, rcv.up)) return
  const unread = (rcv.nxt - tcb.receiveBuffer.readable) | 0
  if (!seqGT(up, unread)) return
  rcv.up = up
  rcv.urgent = true
  signal(tcb, URGENT_DATA) // MUST-32
}

/** Seventh. */
export function textArrives(tcb: Tcb, seg: Segment): void {
  const hasFin = (seg.flags & FIN) !== 0
  if (seg.textLength === 0 && !hasFin) return
  if (!textExpected(tcb.state)) return
  const { rcv } = tcb
  const edge = (rcv.nxt + receiveWindow(tcb)) | 0
  let start = seg.seq
  let from = seg.textOffset
  let end = (seg.seq + seg.textLength) | 0
  if (hasFin) noteFin(tcb, end, edge)
  if (seqLT(start, rcv.nxt)) {
    noteDrop(tcb, 'duplicate-text')
    from += (rcv.nxt - start) | 0
    start = rcv.nxt
  }
  if (seqGT(end, edge)) {
    noteDrop(tcb, 'beyond-window')
    end = edge
  }
  if (rcv.finSeen && seqGT(end, rcv.fin)) {
    noteDrop(tcb, 'text-after-fin')
    end = rcv.fin
  }
  if (seqLT(start, end) && tcb.released) {
    // SHLD-3: nobody will read this, and the other side should know. What was read and comes again is no news.
    return enterClosedWithReset(tcb, 'abort', 'unread-data', 'reset-data-after-close')
  }
  if (seqLT(start, end)) return storeText(tcb, seg, start, from, (end - start) | 0)
  if (seg.textLength > 0) oweAck(tcb, 'unacceptable-ack')
  else if (hasFin && rcv.fin !== rcv.nxt) oweDuplicateAck(tcb)
}

/** What lies beyond RCV.NXT is held until the gap before it is filled (SHLD-31). */
function storeText(tcb: Tcb, seg: Segment, start: number, from: number, length: number): void {
  const { rcv, receiveBuffer } = tcb
  const hadGaps = receiveBuffer.hasGaps
  const advance = receiveBuffer.insert((start - rcv.nxt) | 0, seg.bytes, from, length)
  if (advance < 0) {
    noteDrop(tcb, 'reassembly-full')
    return oweDuplicateAck(tcb)
  }
  if (advance === 0) {
    tcb.counts.outOfOrderSegments++
    return oweDuplicateAck(tcb)
  }
  tcb.counts.octetsReceived += advance
  rcv.nxt = (rcv.nxt + advance) | 0
  if ((seg.flags & PSH) !== 0) rcv.psh = (start + length) | 0
  // RFC 5681 3.2 (b), 4.2 (d), RFC 6582 5: at once. What duplicates had to tell is past: sent now, they would repeat the new number and look like another loss.
  if (hadGaps || tcb.owed.duplicateAcks > 0) oweAck(tcb, 'gap-filled-ack')
  else oweDelayedAck(tcb, length)
  tcb.counts.lastTextAt = tcb.clock.now
  tcb.owed.duplicateAcks = 0
  if (tcb.state !== SYN_RECEIVED) signal(tcb, READABLE)
}

/** Remembers where the stream ends, if the FIN lies in the window; text behind it is refused. */
function noteFin(tcb: Tcb, seq: number, edge: number): void {
  const { rcv, receiveBuffer } = tcb
  if (rcv.finSeen || seqLT(seq, rcv.nxt)) return
  if (seqGE(seq, edge)) {
    noteDrop(tcb, 'beyond-window')
    return
  }
  const ranges = receiveBuffer.rangeCount
  if (ranges > 0 && receiveBuffer.rangeEnd(ranges - 1) > ((seq - rcv.nxt) | 0)) {
    noteDrop(tcb, 'text-after-fin') // octets behind it are here already: it is not the end
    return
  }
  rcv.fin = seq
  rcv.finSeen = true
}

/** Eighth: a FIN counts once, when all octets before it are here, which may be long after it was seen. */
export function finArrives(tcb: Tcb): void {
  const { rcv } = tcb
  if (!rcv.finSeen || rcv.nxt !== rcv.fin) return
  rcv.nxt = (rcv.nxt + 1) | 0
  rcv.psh = rcv.fin // FIN implies PUSH
  oweAck(tcb, 'fin-ack')
  signal(tcb, PEER_CLOSED)
  signal(tcb, READABLE)
  if (tcb.state === ESTABLISHED) enterState(tcb, CLOSE_WAIT, 'fin')
  else if (tcb.state === FIN_WAIT_1) enterState(tcb, CLOSING, 'fin')
  else startTimeWait(tcb, 'fin')
}
