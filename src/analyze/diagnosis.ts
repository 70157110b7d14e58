/**
 * Why a connection of this host ended, or is in doubt: who did it, what was seen of it, and where to look next.
 *
 * Told from inside knowledge, by the words of trace/reasons.ts. What the wire cannot tell is not guessed: silence does
 * not say whether the path or the host behind it is gone, and a reset does not say whether its sender is who it claims.
 */

import type { Connection } from '../tcp/connection.ts'
import { ERRNO_OF_END, type Errno, errnoOfEnd } from '../tcp/errno.ts'
import { CLOSE_REASONS, type CloseReason } from '../trace/reasons.ts'
import { STATE_NAMES, type StateName } from '../trace/states.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import { hintFor } from './hint.ts'
import { observations } from './observations.ts'
import { isTrouble, type Trouble } from './trouble.ts'

/**
 * Who ended it, as far as can be known:
 *
 * - `peer`: the other host, by its own segment or ICMP message.
 * - `path`: nothing came back, or a router said why; silence cannot tell the path from a host that is gone.
 * - `middlebox`: something between the two that made itself known: a firewall's ICMP message, or a reset with a TTL
 *   unlike that of the other side's segments.
 * - `this-side`: the application, its limits, or the stack here.
 */
export type Culprit = 'peer' | 'path' | 'middlebox' | 'this-side'

/** Plain data: survives JSON and structuredClone. Times are in microseconds. */
export interface Diagnosis {
  /** Elko's word. A router's answer explains a time-out better than the time-out, as in errno. */
  readonly reason: Trouble
  /** The same in a sentence. */
  readonly sentence: string
  readonly who: Culprit
  /** The state that the connection was in when it ended, or is in. */
  readonly state: StateName
  /** false: it goes on and may mend. */
  readonly ended: boolean
  /** What a system call says; null where it is no error. */
  readonly errno: Errno | null
  /** '10.0.0.1:49152', '[fd00::1]:49152'. */
  readonly local: string
  readonly remote: string
  /** When it ended, or now, on the clock of the stack. */
  readonly at: number
  readonly evidence: Evidence
  /** The evidence as text, one fact each, the weightiest first. */
  readonly observations: readonly string[]
  /** What to look at next. */
  readonly hint: string
}

/** What is wrong with a connection: why it ended, or what is in doubt. Null where all is well. */
export function diagnose(connection: Connection): Diagnosis | null {
  const { tcb } = connection
  const reason = reasonOf(connection)
  if (reason === null || !isTrouble(reason)) return null
  const evidence = evidenceOf(tcb)
  const who = culprit(reason, evidence)
  const ended = tcb.closeReason !== null
  const state = STATE_NAMES[tcb.ending?.state ?? tcb.state]
  const known = { reason, who, state, evidence }
  return {
    ...known,
    sentence: withoutSource(CLOSE_REASONS[reason]),
    ended,
    errno: ended ? errnoOfEnd(connection) : ERRNO_OF_END[reason],
    local: tcb.path.localText,
    remote: tcb.path.remoteText,
    at: tcb.ending?.at ?? tcb.clock.now,
    observations: observations(known),
    hint: hintFor(known),
  }
}

/** As `errnoOfEnd`: a soft error that is more than silence explains a time-out. */
function reasonOf({ closeReason, softError }: Connection): CloseReason | null {
  if (closeReason === null) return softError
  if (softError === null || softError === 'unanswered') return closeReason
  return ERRNO_OF_END[closeReason] === 'ETIMEDOUT' ? softError : closeReason
}

function culprit(reason: Trouble, { segment, icmp }: Evidence): Culprit {
  switch (reason) {
    case 'reset-by-peer':
    case 'connection-refused':
      return segment?.foreignTtl === true ? 'middlebox' : 'peer'
    case 'port-unreachable':
    case 'protocol-unreachable':
      return icmp?.fromPeer === false ? 'middlebox' : 'peer'
    case 'administratively-prohibited':
      return icmp?.fromPeer === true ? 'peer' : 'middlebox'
    case 'connect-timeout':
    case 'retransmission-limit':
    case 'unanswered':
    case 'user-timeout':
    case 'keep-alive-timeout':
    case 'network-unreachable':
    case 'host-unreachable':
      return 'path'
    case 'aborted-by-user':
    case 'closed-by-user':
    case 'fin-wait-2-timeout':
    case 'stack-closed':
    case 'unread-data':
      return 'this-side'
  }
}

/** A sentence of trace/reasons.ts without the place in the RFCs that stands behind it. */
function withoutSource(sentence: string): string {
  return sentence.replace(/ \(RFC [^)]*\)$/, '')
}
