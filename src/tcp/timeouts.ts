/**
 * RFC 9293 3.10.8 and the other timers: retransmission, persist, delayed ACK, override, keep-alive, 2MSL, user.
 */

import { oweAck } from './acknowledge.ts'
import { msToUs, NEVER } from './clock.ts'
import { enterClosed, enterClosedWithReset } from './closing.ts'
import { lowerPathMtu, textWithin } from './mss.ts'
import { signalSoftError } from './signals.ts'
import { isSynchronized, TIME_WAIT } from './state.ts'
import { flightSize, type Tcb } from './tcb.ts'
import { traceRecovery, traceTimer } from './tracing.ts'

/** RFC 4821 7.7: after a full stop, a size that every path carries (RFC 791, RFC 8200 5), headers included. */
const BLACK_HOLE_BASE_IPV4 = 576
const BLACK_HOLE_BASE_IPV6 = 1280

/** How much longer a path that carried full-sized segments before is trusted. */
const DELIVERED_PATIENCE = 3
/** The share of R2 after which it is trusted no longer, so that smaller segments get their chance. */
const BLACK_HOLE_R2_DIVISOR = 3

/** Handles every deadline that is due at `tcb.clock.now`. */
export function timeoutsExpire(tcb: Tcb): void {
  const { timers, clock } = tcb
  if (timers.user <= clock.now) {
    return giveUp(tcb, 'user-timeout')
  }
  if (timers.finalWait <= clock.now) {
    timers.finalWait = NEVER
    finalWaitExpires(tcb)
  }
  if (timers.retransmission <= clock.now) {
    timers.retransmission = NEVER
    retransmissionExpires(tcb)
  }
  if (timers.delayedAck <= clock.now) {
    timers.delayedAck = NEVER
    oweAck(tcb, 'delayed-ack')
  }
  if (timers.override <= clock.now) {
    timers.override = NEVER
    tcb.owed.override = true
    traceTimer(tcb, 'override', 'expired')
  }
  if (timers.keepAlive <= clock.now) {
    timers.keepAlive = NEVER
    keepAliveExpires(tcb)
  }
}

/** RETRANSMISSION TIMEOUT, or PERSIST TIMEOUT while the other side's window is closed. */
function retransmissionExpires(tcb: Tcb): void {
  const flight = flightSize(tcb)
  if (flight === 0) return persistExpires(tcb)
  const synchronized = tcb.synAcknowledged
  const r2Ms = synchronized ? tcb.config.r2Ms : tcb.config.r2SynMs // MUST-20, MUST-22, MUST-23
  if (tcb.clock.now - tcb.waitingSince >= msToUs(r2Ms)) {
    return giveUp(tcb, isSynchronized(tcb.state) ? 'retransmission-limit' : 'connect-timeout')
  }
  const probing = synchronized && tcb.snd.wnd === 0
  traceTimer(tcb, probing ? 'persist' : 'retransmission', 'expired')
  tcb.retransmissions++
  tcb.counts.timeouts++
  if (tcb.retransmissions === tcb.config.r1Retransmissions) {
    tcb.negativeAdvice = true // MUST-20: the IP layer should try another route
    signalSoftError(tcb, 'unanswered') // SHLD-9
  }
  tcb.rtt.backOff() // RFC 6298 5.5, MUST-19, SHLD-30
  tcb.owed.retransmit = 'retransmission-timeout' // RFC 6298 5.4; RFC 6298 5 (a): and not before
  if (!synchronized) {
    tcb.synLost = true
    return
  }
  if (probing) return
  suspectBlackHole(tcb)
  tcb.congestion.onTimeout(flight, tcb.retransmissions === 1)
  tcb.recovery.onTimeout(tcb.snd.nxt)
  tcb.lost.takeAll(tcb.snd.una, tcb.snd.nxt)
  traceRecovery(tcb)
}

/** MUST-35, MUST-36: the window is closed and nothing is outstanding, so ask. */
function persistExpires(tcb: Tcb): void {
  // A probe without text leaves nothing outstanding whose timer would give up.
  if (tcb.probes > 0 && tcb.clock.now - tcb.waitingSince >= msToUs(tcb.config.r2Ms)) {
    return giveUp(tcb, 'retransmission-limit')
  }
  traceTimer(tcb, 'persist', 'expired')
  tcb.rtt.backOff()
  if (!tcb.config.probesWithText) tcb.probes++
  tcb.owed.probe = true
}

/**
 * Segments larger than every path carries vanish: perhaps a router drops what it may not fragment. Where the path has
 * carried a full-sized one before, chance is the likelier cause, and it takes more of them.
 */
function suspectBlackHole(tcb: Tcb): void {
  const { config, path } = tcb
  const patience = config.blackHoleRetransmissions * (tcb.fullSizedDelivered ? DELIVERED_PATIENCE : 1)
  const isLate = tcb.clock.now - tcb.waitingSince >= msToUs(config.r2Ms / BLACK_HOLE_R2_DIVISOR)
  if (!config.blackHoleDetection || (tcb.retransmissions < patience && !isLate)) return
  const base = path.version === 4 ? BLACK_HOLE_BASE_IPV4 : BLACK_HOLE_BASE_IPV6
  if (path.mtu <= base || Math.min(flightSize(tcb), tcb.mss) <= textWithin(tcb, base)) return
  lowerPathMtu(tcb, base)
}

/** 2MSL is over, or, in FIN-WAIT-2, nobody owns the connection and its peer does not close it. */
function finalWaitExpires(tcb: Tcb): void {
  if (tcb.state === TIME_WAIT) {
    traceTimer(tcb, 'time-wait', 'expired')
    enterClosed(tcb, 'time-wait-timeout', 'closed-normally') // MUST-13
  } else {
    traceTimer(tcb, 'fin-wait-2', 'expired')
    enterClosedWithReset(tcb, 'fin-wait-2-timeout', 'fin-wait-2-timeout', 'reset-fin-wait-2-timeout')
  }
}

/** RFC 9293 3.8.4. MUST-26: only when nothing arrived for the interval; data outstanding have their own timer. */
function keepAliveExpires(tcb: Tcb): void {
  const { config, clock } = tcb
  const idleUntil = tcb.lastReceivedAt + msToUs(config.keepAliveIdleMs) // MUST-27
  if (flightSize(tcb) > 0 || clock.now < idleUntil) {
    // What is outstanding has its own timer; and the garbage octet of MAY-6 must not pass for one that is lost.
    tcb.timers.keepAlive = clock.now < idleUntil ? idleUntil : clock.now + msToUs(config.keepAliveIntervalMs)
    return
  }
  traceTimer(tcb, 'keep-alive', 'expired')
  if (tcb.keepAliveProbes >= config.keepAliveProbes) return giveUp(tcb, 'keep-alive-timeout') // MUST-29
  tcb.keepAliveProbes++
  tcb.lastProbeAt = clock.now
  tcb.owed.keepAlive = true
  tcb.timers.keepAlive = clock.now + msToUs(config.keepAliveIntervalMs)
}

/** The other side cannot be reached: tell the user, and the other side in case it can hear (RFC 9293 3.10.8). */
function giveUp(
  tcb: Tcb,
  reason: 'user-timeout' | 'retransmission-limit' | 'connect-timeout' | 'keep-alive-timeout',
): void {
  if (reason === 'keep-alive-timeout')
    enterClosedWithReset(tcb, 'give-up', reason, 'reset-keep-alive-timeout')
  else if (reason === 'user-timeout' && isSynchronized(tcb.state)) {
    enterClosedWithReset(tcb, 'give-up', reason, 'reset-user-timeout')
  } else enterClosed(tcb, 'give-up', reason)
}
