/**
 * What of a connection's state can have no influence on what it will do: set to one value before the state is saved, so
 * that states which differ in nothing else are one.
 *
 * Each rule names why. Beside them stands an oracle: test/explore/same.test.ts plays random paths on connections that
 * are never saved nor restored and holds every packet of theirs to what the saved ones sent.
 */

import { msToUs, NEVER } from '../tcp/clock.ts'
import { CLOSED } from '../tcp/state.ts'
import type { Tcb } from '../tcp/tcb.ts'
import { NOW } from './snapshot.ts'

/** Changes nothing that the connection will do. Call it between events only. */
export function forget(tcb: Tcb): void {
  forgetCounts(tcb)
  forgetIdle(tcb)
  forgetOld(tcb)
  if (tcb.state === CLOSED && tcb.closeReason !== null) forgetSender(tcb)
}

/** Counted for the user and read by nobody here. */
function forgetCounts(tcb: Tcb): void {
  tcb.drops = 0
  tcb.lastDrop = null
  tcb.totalRetransmissions = 0
  tcb.receivedTos = 0
  tcb.receivedTtl = 0
  tcb.lastProbeAt = NOW
  tcb.negativeAdvice = false
  tcb.softError = null
  const { counts } = tcb
  // One decision rests on them: that on quick acknowledgments.
  if (tcb.config.quickAcks > 0) return
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] = 0
}

/** Numbers that mean something only while the flag beside them stands. */
function forgetIdle(tcb: Tcb): void {
  const { timed, lost, snd, rcv, owed } = tcb
  if (!timed.active) {
    timed.seq = 0
    timed.sentAt = NOW
  }
  if (!lost.active) {
    lost.next = 0
    lost.end = 0
  }
  if (!snd.urgent) snd.up = 0
  if (!rcv.urgent) rcv.up = 0
  if (!rcv.finSeen) rcv.fin = 0
  if (owed.reset === null) owed.resetSeq = 0
  if (!tcb.fullSizedSent) tcb.fullSizedEnd = 0
}

/** Times that are written before they are read next, and ages beyond which all are alike. */
function forgetOld(tcb: Tcb): void {
  const { config, timers } = tcb
  if (!config.keepAlive) tcb.lastReceivedAt = NOW
  // `measure` asks for it after a retransmission only, which has set it.
  if (tcb.retransmissions === 0) tcb.retransmittedAt = NOW
  // `startWaiting` and `armSendTimers` set it before they start the timer that will read it.
  const isWaiting = timers.retransmission < NEVER || tcb.retransmissions > 0 || tcb.probes > 0
  if (!isWaiting) tcb.waitingSince = NOW
  if (!tcb.timestamps) tcb.tsRecentAt = NOW
  // Compared with the RTO, which is no longer than this.
  tcb.lastSentAt = Math.max(tcb.lastSentAt, NOW - msToUs(config.rtoMaxMs) - 1)
  const interval = msToUs(config.challengeAckIntervalMs)
  if (NOW - tcb.challengesSince >= interval) {
    tcb.challengesSince = NOW - interval
    tcb.challengesSent = 0
  }
}

/** An ended connection sends nothing, takes nothing in and is not opened again: what is left is for RECEIVE. */
function forgetSender(tcb: Tcb): void {
  const { snd, congestion, rtt, recovery } = tcb
  for (const name of ['una', 'nxt', 'wnd', 'wl1', 'wl2', 'max', 'end', 'psh'] as const) snd[name] = 0
  congestion.remember(() => 0)
  rtt.remember(() => 0)
  recovery.duplicates = 0
  recovery.inflation = 0
  recovery.recover = 0
  recovery.partials = 0
  recovery.active = false
  tcb.lastSentAt = NOW
  tcb.waitingSince = NOW
  tcb.retransmittedAt = NOW
  tcb.challengesSince = NOW
  tcb.challengesSent = 0
  tcb.retransmissions = 0
  tcb.unackedText = 0
  tcb.receivedMss = 0
  tcb.cwndLimited = false
  tcb.synLost = false
  tcb.fullSizedSent = false
  tcb.fullSizedEnd = 0
  tcb.fullSizedDelivered = false
  tcb.wantsWritable = false
}
