/** What must hold of a random run at its end: every octet where it belongs, everything over, and no storm on the way. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { DEFAULT_CONFIG } from '../tcp/config.ts'
import { brokenInvariant } from '../tcp/invariants.ts'
import { CLOSED } from '../tcp/state.ts'
import { type End, totalOf } from './random-run-end.ts'
import type { RunHost } from './random-run-host.ts'
import type { ConnectionPlan, RunPlan } from './random-run-plan.ts'
import type { Wire } from './random-run-wire.ts'

export type EndPair = readonly [End, End]

/** Beyond all pauses and transfers: handshakes, time-outs that backed off to a minute, TIME-WAIT. */
export const GRACE_US = 1_500_000_000

/** When everything must be over: all that anybody means to wait for, and some more. */
export function boundUs(plan: RunPlan): number {
  let us = plan.quietAtUs + GRACE_US
  for (const { startUs, ends } of plan.connections) {
    us += startUs + GRACE_US
    for (const which of [0, 1] as const) {
      const { writes, readOctets, readPauseUs, stopUs, closeDelayUs } = ends[which]
      const arriving = totalOf(ends[1 - which]!)
      us += stopUs + closeDelayUs + (1 + arriving / readOctets) * readPauseUs
      for (const { pauseUs } of writes) us += pauseUs
      const rate = plan.paths[1 - which]!.rateBitsPerSecond ?? 1e9
      us += (30 * 8e6 * arriving) / rate
    }
  }
  return Math.ceil(us)
}

/** Whether an ABORT, or a release before the other side ended, may have cost this connection octets. */
export function wasCut(pair: EndPair): boolean {
  return pair.some(({ aborted, released, plan }) => aborted || (released && plan.closes === 'written'))
}

/** What is wrong with a connection that should be over, or null. */
export function pairProblem(pair: EndPair, { opening }: ConnectionPlan, plan: RunPlan): string | null {
  for (const { connection } of pair) {
    if (connection === null) continue
    if (connection.state !== CLOSED) return 'it never ends'
    const broken = brokenInvariant(connection.tcb)
    if (broken !== null) return `invariant: ${broken}`
  }
  if (pair[0].read > pair[1].sent || pair[1].read > pair[0].sent) return 'more octets arrive than were sent'
  if (opening === 'refused') {
    const reason = pair[0].connection?.closeReason
    return reason === 'connection-refused' || pair[0].aborted ? null : `refused, but it ended by ${reason}`
  }
  return wasCut(pair) ? null : orderlyProblem(pair, plan)
}

function orderlyProblem(pair: EndPair, plan: RunPlan): string | null {
  for (const which of [0, 1] as const) {
    const end = pair[which]
    const other = pair[which === 0 ? 1 : 0]
    const expected = other.hasty ? other.sent : totalOf(other.plan)
    if (!end.connected && !end.hasty) return `host ${which} was never told of the connection`
    if (!end.isDone(expected)) return `host ${which} read ${end.read} of ${expected} octets`
    if (!end.ended) return `host ${which} was not told of the end`
    const reason = end.connection?.closeReason
    if (reason === 'closed-normally') continue
    // TIME-WAIT may be over, or give way to the next connection, before the other side's FIN gets through, which is then
    // answered with a reset.
    const isExpected =
      reason === 'time-wait-reused' ||
      (reason === 'reset-by-peer' && (plan.hosts[1 - which]!.config.mslMs !== 60_000 || plan.reusesPort))
    if (!isExpected) return `host ${which} ended by ${reason}`
  }
  return null
}

/**
 * Whether a host sent more than what it did can explain. Every acknowledgment without text has a cause: a segment that
 * must be answered, a RECEIVE that opened the window, a SEND of urgent octets, a keep-alive, or one of the few that a limit allows.
 */
export function stormProblem(wire: Wire, host: RunHost, ends: readonly EndPair[], us: number): string | null {
  const { which, answerable } = host
  const { config } = host.stack
  let causes = answerable
  for (const pair of ends) causes += pair[which].reads + pair[which].sends
  const intervals = us / 1000 / config.challengeAckIntervalMs + 2
  causes += ends.length * intervals * (config.challengeAckLimit ?? DEFAULT_CONFIG.challengeAckLimit)
  if (config.keepAlive) causes += ends.length * (us / 1000 / config.keepAliveIntervalMs + 2)
  const acks = wire.pureAcks[which]
  return acks > causes ? `host ${which} sends ${acks} acknowledgments for at most ${causes} causes` : null
}

/**
 * Where nothing is lost, damaged or late, nothing is sent twice: an octet of text more than the applications gave is a
 * retransmission that no loss explains.
 */
export function wasteProblem(wire: Wire, plan: RunPlan, ends: readonly EndPair[]): string | null {
  const isPerfect = plan.paths.every((path) => Object.keys(path).every((name) => name === 'delayUs'))
  if (!isPerfect || plan.silence !== null || plan.lateCopies > 0 || ends.some(wasCut)) return null
  if (!answersInTime(plan, 0) || !answersInTime(plan, 1)) return null
  for (const which of [0, 1] as const) {
    let given = 0
    for (const pair of ends) given += pair[which].sent
    const sent = wire.textOctets[which]
    if (sent > given)
      return `host ${which} sends ${sent} octets of text where ${given} were given, and none was lost`
  }
  return null
}

/** Whether the other side answers before this one's timers expire. */
function answersInTime({ hosts, paths, connections }: RunPlan, which: 0 | 1): boolean {
  const mine = hosts[which].config
  const others = hosts[which === 0 ? 1 : 0].config
  const isReading = connections.every(({ ends }) => {
    const reader = ends[which === 0 ? 1 : 0]
    return reader.stopUs === 0 && reader.readPauseUs === 0
  })
  const { rtoMinMs = 0, rtoInitialMs = 0, keepAlive } = mine
  const answerMs = (others.delayedAckMs ?? 0) + (paths[0].delayUs ?? 0) / 500
  const isPatient = rtoMinMs > (others.delayedAckMs ?? 0) && rtoInitialMs > answerMs
  return isReading && isPatient && keepAlive !== true
}

/** Where a connection stands, with numbers relative to each SYN. */
export function where(connection: HostedConnection | null): string {
  if (connection === null) return 'none'
  const { tcb, stateName, closeReason } = connection
  const { snd, rcv } = tcb
  const sent = `una ${(snd.una - tcb.iss) | 0} nxt ${(snd.nxt - tcb.iss) | 0} end ${(snd.end - tcb.iss) | 0}`
  const received = `rcv ${(rcv.nxt - tcb.irs) | 0} adv ${(rcv.adv - tcb.irs) | 0} unread ${connection.readable}`
  return `${tcb.host} ${stateName} ${closeReason ?? ''} ${sent} wnd ${snd.wnd} ${received}`
}
