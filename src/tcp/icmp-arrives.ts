/**
 * ICMP errors, by the rules of RFC 5927 and RFC 9293 3.9.2.2: believed only where they quote something in flight, and
 * never fatal to a synchronized connection.
 */

import type { CloseReason, DropReason } from '../trace/reasons.ts'
import type { IcmpMeaning } from '../wire/icmp.ts'
import { seqGE, seqLT } from '../wire/seq.ts'
import { enterClosed } from './closing.ts'
import { lowerPathMtu } from './mss.ts'
import { noteDrop, signalSoftError } from './signals.ts'
import { CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT } from './state.ts'
import type { Tcb } from './tcb.ts'
import { traceRecovery } from './tracing.ts'

/** No path is believed to carry less, octets: 552 as in Linux, for 512 of text; 1280 by RFC 8200 5. */
const LEAST_MTU_IPV4 = 552
const LEAST_MTU_IPV6 = 1280

const REASONS: Partial<Record<IcmpMeaning, CloseReason>> = {
  'network-unreachable': 'network-unreachable',
  'host-unreachable': 'host-unreachable',
  'time-exceeded': 'host-unreachable',
  'parameter-problem': 'host-unreachable',
  'protocol-unreachable': 'protocol-unreachable',
  'port-unreachable': 'port-unreachable',
  'administratively-prohibited': 'administratively-prohibited',
}

/** SHLD-26: these abort a connection that is not yet synchronized; RFC 5927 5.2 (a): and no other. */
const HARD: ReadonlySet<IcmpMeaning> = new Set([
  'protocol-unreachable',
  'port-unreachable',
  'administratively-prohibited',
])

/**
 * An ICMP error about this connection, which says nothing of others to the same host (RFC 5927 5.2 (b)).
 *
 * @param seq sequence number of the segment quoted.
 * @param mtu next-hop MTU, octets, where the router gave one.
 * @param quotedLength total length of the packet quoted, octets.
 * @returns whether it was believed to say that the other side cannot be reached.
 */
export function icmpArrives(
  tcb: Tcb,
  meaning: IcmpMeaning,
  seq: number,
  mtu: number,
  quotedLength: number,
): boolean {
  const refusal = refusalOf(tcb, meaning, seq)
  if (refusal !== null) noteDrop(tcb, refusal)
  else if (meaning === 'fragmentation-needed') packetTooBig(tcb, mtu, quotedLength)
  else return unreachable(tcb, meaning)
  return false
}

/** Why the error is not believed, or null. */
function refusalOf(tcb: Tcb, meaning: IcmpMeaning, seq: number): DropReason | null {
  if (tcb.state === CLOSED || tcb.state === LISTEN) return 'icmp-unhandled'
  if (meaning === 'source-quench') return 'icmp-source-quench' // MUST-55, RFC 5927 6.2
  return seqGE(seq, tcb.snd.una) && seqLT(seq, tcb.snd.nxt) ? null : 'icmp-out-of-window' // RFC 5927 4.1
}

function unreachable(tcb: Tcb, meaning: IcmpMeaning): boolean {
  const reason = REASONS[meaning]
  if (reason === undefined) {
    noteDrop(tcb, 'icmp-unhandled')
    return false
  }
  const opening = tcb.state === SYN_SENT || (tcb.state === SYN_RECEIVED && !tcb.passive)
  if (opening && (HARD.has(meaning) || tcb.config.softErrorsEndOpening)) enterClosed(tcb, 'icmp', reason)
  else signalSoftError(tcb, reason) // SHLD-25, MUST-56
  return true
}

/** RFC 1191 3: not below what every path carries. RFC 5927 7.2 (a): and smaller than what was quoted. */
function packetTooBig(tcb: Tcb, mtu: number, quotedLength: number): void {
  const { path } = tcb
  const least = path.version === 4 ? LEAST_MTU_IPV4 : LEAST_MTU_IPV6
  // RFC 8201 4: every IPv6 link carries 1280 octets, so who says less, or nothing, is no router, and is not believed at all.
  if (path.version === 6 && mtu < least) return noteDrop(tcb, 'icmp-out-of-window')
  const told = mtu === 0 ? Math.min(quotedLength - 1, path.mtu - 1) : mtu
  const next = Math.max(told, least)
  if (next >= path.mtu || (quotedLength > 0 && next >= quotedLength))
    return noteDrop(tcb, 'icmp-out-of-window')
  lowerPathMtu(tcb, next)
  // What is outstanding was too big: send it again at once, in smaller pieces. No congestion was seen.
  if (!tcb.synAcknowledged) return
  tcb.timed.active = false
  tcb.lost.takeAll(tcb.snd.una, tcb.snd.nxt)
  traceRecovery(tcb)
}
