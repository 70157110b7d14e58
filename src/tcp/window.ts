/**
 * The receive window: what we offer, and when it is worth telling (RFC 9293 3.8.6, RFC 7323 2).
 */

import { ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2 } from './state.ts'
import type { Tcb } from './tcb.ts'

/** Fr of RFC 9293 3.8.6.2.2: the share of the buffer by which the window may always be moved. */
const FR_DIVISOR = 2

/** RCV.WND: octets that the other side may still send by our last word. */
export function receiveWindow(tcb: Tcb): number {
  return (tcb.rcv.adv - tcb.rcv.nxt) | 0
}

/** The window that a SYN offers: never scaled (RFC 7323 2.2 (f)), and said again never less than before (SHLD-14). */
export function synWindow(tcb: Tcb): number {
  const free = tcb.config.receiveBufferBytes - tcb.receiveBuffer.readable
  return Math.min(Math.max(free, receiveWindow(tcb)), 0xffff)
}

/**
 * The window field of the next segment, in units of 2^scale. MAY-8: zero for as long as nobody reads.
 *
 * MUST-39: silly-window avoidance. The right edge stays until it can move by a segment or half the buffer. SHLD-14: it
 * never moves left: an offer that is no multiple of the unit is rounded up while less than one unit is overdrawn,
 * which is what the receive buffer's slack is for.
 */
export function windowField(tcb: Tcb): number {
  const shift = tcb.rcvScale
  const offered = receiveWindow(tcb)
  const free = freeSpace(tcb)
  const follows = tcb.config.windowFollowsRoom && free >= leastAdvance(tcb)
  if (free - offered >= (follows ? 1 : leastAdvance(tcb))) {
    const field = free >>> shift
    if (field << shift > offered) return field
  }
  const field = (offered + (1 << shift) - 1) >>> shift
  if (field << shift <= free + (1 << shift) - 1) return field
  return offered >>> shift
}

/** Records what a segment offered: the rightmost edge stands, and whatever lies before it is taken (RFC 7323 2.4 (1, 2)). */
export function windowOffered(tcb: Tcb, octets: number): void {
  const edge = (tcb.rcv.nxt + octets) | 0
  if (((edge - tcb.rcv.adv) | 0) > 0) tcb.rcv.adv = edge
}

/**
 * The user read: is the window now worth a segment of its own?
 *
 * While more than half of what can be offered is on offer, the next acknowledgment will tell; below that the other side
 * may be waiting.
 */
export function windowUpdateDue(tcb: Tcb): boolean {
  if (tcb.state !== ESTABLISHED && tcb.state !== FIN_WAIT_1 && tcb.state !== FIN_WAIT_2) return false
  const offered = receiveWindow(tcb)
  if (offered > Math.min(tcb.config.receiveBufferBytes, largestField(tcb)) / FR_DIVISOR) return false
  const free = freeSpace(tcb)
  return free - offered >= leastAdvance(tcb) && (free >>> tcb.rcvScale) << tcb.rcvScale > offered
}

function freeSpace(tcb: Tcb): number {
  const free = tcb.config.receiveBufferBytes - tcb.receiveBuffer.readable
  return Math.max(0, Math.min(free, largestField(tcb)))
}

/** The largest window that the field can name; without scaling it may be much less than the buffer. */
function largestField(tcb: Tcb): number {
  return 0xffff << tcb.rcvScale
}

/** min(Fr * RCV.BUFF, Eff.snd.MSS): RFC 9293 3.8.6.2.2. */
function leastAdvance(tcb: Tcb): number {
  return Math.max(1, Math.min(tcb.config.receiveBufferBytes / FR_DIVISOR, tcb.mss))
}
