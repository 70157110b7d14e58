/**
 * PSH at the end of a burst, as Linux sets it on what it hands to a network card to be cut into segments: there a burst is
 * one piece of up to half of cwnd, small where the path is long, and the last segment of several says that the receiver
 * need not wait for more. A sender may do so: RFC 9293 3.9.1.2 asks for PSH at least at the end.
 */

import { PSH } from '../wire/segment.ts'
import { seqGE, seqGT } from '../wire/seq.ts'
import { plan, smallSegmentAllowed, withinRecord } from './output.ts'
import { flightSize, type Tcb } from './tcb.ts'

/** The most that goes in one piece, octets: what one IP packet holds, less room for headers. */
const LARGEST = 65_215
/** A path shorter than 2^9 us gets pieces of any size; for each further 512 us they are half as large. */
const SHORT_PATH_SHIFT = 9
const MOST_SHIFT = 16

/** The text in `plan` is new: which burst does it belong to, and does it end it? */
export function planBurst(tcb: Tcb, usable: number, unsent: number): void {
  const { snd } = tcb
  const going = seqGT(tcb.burstEnd, snd.nxt) && seqGE(snd.end, tcb.burstEnd)
  plan.burstEnd = going ? tcb.burstEnd : startBurst(tcb, usable, unsent)
  if (((plan.seq + plan.length) | 0) === plan.burstEnd) plan.flags |= PSH
}

/** Where a burst of several segments that starts at SND.NXT ends; SND.NXT where there is but one. */
function startBurst(tcb: Tcb, usable: number, unsent: number): number {
  const { snd, mss } = tcb
  const most = Math.min(piece(tcb), quota(tcb)) * mss
  let octets = withinRecord(tcb, snd.nxt, Math.min(unsent, usable))
  if (octets > most) octets = most
  else {
    const rest = octets % mss
    const behind = unsent - octets + rest
    if (!smallSegmentAllowed(tcb, behind, rest, flightSize(tcb) + mss)) octets -= rest
  }
  return octets > mss ? (snd.nxt + octets) | 0 : snd.nxt
}

/** Segments in one piece at most: many only where the path is short, so that the network is not flooded at once. */
function piece({ rtt, mss, config }: Tcb): number {
  const shift = rtt.measured ? Math.min(Math.floor(rtt.minUs) >> SHORT_PATH_SHIFT, MOST_SHIFT) : 0
  return Math.max(Math.floor((LARGEST >> shift) / mss), config.burstSegments)
}

/** Segments that cwnd allows, no more than half of it at once. */
function quota(tcb: Tcb): number {
  const { congestion, recovery, mss } = tcb
  const window = Math.floor((congestion.cwnd + recovery.inflation) / mss)
  const out = Math.ceil(flightSize(tcb) / mss)
  return Math.max(1, Math.min(window >> 1, window - out))
}
