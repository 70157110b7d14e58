/** When an acknowledgment is owed: at once, later, or limited by rate (RFC 9293 3.8.6.3, RFC 5961 7). */

import type { SendReason } from '../trace/reasons.ts'
import { msToUs, NEVER } from './clock.ts'
import type { Tcb } from './tcb.ts'

/** The least that delayed ACK takes for a full-sized segment: the default MSS of IPv4. */
const SMALLEST_FULL_SIZED = 536

/** An acknowledgment is due with the next transmission. The first reason given stands. */
export function oweAck(tcb: Tcb, reason: SendReason): void {
  if (tcb.owed.ack === null) tcb.owed.ack = reason
}

/** One duplicate acknowledgment for each segment beyond a gap, so that they can be counted (MAY-13, RFC 5681 3.2 (a), 4.2 (d, e)). */
export function oweDuplicateAck(tcb: Tcb): void {
  tcb.owed.duplicateAcks++
}

/**
 * An acknowledgment that a segment without text provoked: at most `challengeAckLimit` per interval, so that neither an
 * attacker nor two confused endpoints can make it a storm (RFC 5961 7 (a)). The limit is the connection's own: a shared one
 * tells an outsider about other connections.
 */
export function oweLimitedAck(tcb: Tcb, reason: SendReason): void {
  const { now } = tcb.clock
  if (now - tcb.challengesSince >= msToUs(tcb.config.challengeAckIntervalMs)) {
    tcb.challengesSince = now
    tcb.challengesSent = 0
  }
  if (tcb.challengesSent >= tcb.config.challengeAckLimit) return
  tcb.challengesSent++
  oweAck(tcb, reason)
}

/**
 * Text arrived in order: SHLD-18, RFC 5681 4.2 (a) delay its acknowledgment; SHLD-19, RFC 5681 4.2 (b) but not beyond the second
 * full-sized segment.
 */
export function oweDelayedAck(tcb: Tcb, octets: number): void {
  tcb.unackedText += octets
  if (octets > tcb.receivedMss) tcb.receivedMss = Math.min(octets, tcb.receiveMss)
  // Full-sized is what the peer sends, which may be less than what we allow it; and never so small that two
  // keystrokes would count.
  if (answersQuickly(tcb)) return oweAck(tcb, 'quick-ack')
  const fullSized = Math.max(tcb.receivedMss, Math.min(tcb.receiveMss, SMALLEST_FULL_SIZED))
  if (tcb.unackedText >= tcb.config.segmentsPerAck * fullSized) {
    oweAck(tcb, 'second-segment-ack')
  } else if (tcb.timers.delayedAck === NEVER) {
    tcb.timers.delayedAck = tcb.clock.now + msToUs(tcb.config.delayedAckMs) // MUST-40, RFC 5681 4.2 (c)
  }
}

/** Whether the text that arrived is acknowledged at once, because the other side may have just begun. */
function answersQuickly(tcb: Tcb): boolean {
  const { config, counts, clock } = tcb
  if (config.quickAcks === 0) return false
  const idle = counts.lastTextAt >= 0 && clock.now - counts.lastTextAt > tcb.rtt.rtoUs
  if (idle) tcb.quickAcks = config.quickAcks
  if (tcb.quickAcks === 0) return false
  tcb.quickAcks--
  return true
}

/** Text was sent so soon after text had arrived that it is an answer: the next ones can carry the acknowledgments. */
export function notePingPong(tcb: Tcb): void {
  const { config, counts, clock } = tcb
  if (counts.lastTextAt >= 0 && clock.now - counts.lastTextAt < msToUs(config.delayedAckMs)) tcb.quickAcks = 0
}
