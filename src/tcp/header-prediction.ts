/**
 * The fast path of SEGMENT ARRIVES for a connection in ESTABLISHED (Van Jacobson's header prediction): the next text in
 * order, or an acknowledgment of new data, and nothing else. Whatever is not predicted goes the RFC's way; a property
 * test holds the two together.
 */

import { ACK, PSH, type Segment } from '../wire/segment.ts'
import { seqGT, seqLE, seqLT } from '../wire/seq.ts'
import { noteTimestamp } from './acceptance.ts'
import { ackArrives } from './ack-arrives.ts'
import type { Tcb } from './tcb.ts'
import { textArrives } from './text-arrives.ts'
import { receiveWindow } from './window.ts'

/** @returns true where the segment was handled. */
export function arrivesAsPredicted(tcb: Tcb, seg: Segment): boolean {
  const { rcv, snd } = tcb
  if ((seg.flags & ~PSH) !== ACK || seg.seq !== rcv.nxt) return false
  if (seg.hasTimestamps !== tcb.timestamps) return false
  if (tcb.timestamps && seqLT(seg.tsVal, tcb.tsRecent)) return false // RFC 7323 5.6: first PAWS
  if (seg.textLength > receiveWindow(tcb) || rcv.finSeen) return false
  if (seqGT(seg.ack, snd.nxt) || seqLT(seg.ack, snd.una)) return false
  const wnd = seg.window << tcb.sndScale
  if (seqGT(seg.ack, snd.una) || seg.textLength === 0 || wnd !== snd.wnd || wnd === 0) {
    ackArrives(tcb, seg)
  } else {
    noteTimestamp(tcb, seg)
    if (seqLE(snd.wl1, seg.seq)) {
      // The same acknowledgment and the same window: only where they stand moves on.
      snd.wl1 = seg.seq
      snd.wl2 = seg.ack
    }
  }
  if (seg.textLength > 0) textArrives(tcb, seg)
  return true
}
