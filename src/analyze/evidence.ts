/** What a connection's control block still knows of its end, as plain data. */

import type { FatalSegment } from '../tcp/ending.ts'
import { ESTABLISHED, SYN_SENT } from '../tcp/state.ts'
import type { Tcb } from '../tcp/tcb.ts'
import type { CloseReason } from '../trace/reasons.ts'
import { ACK } from '../wire/segment.ts'

/** The segment that ended it. */
export interface SegmentEvidence {
  /** FIN | SYN | ... as in wire/segment.ts. */
  readonly flags: number
  /** As on the wire, 0 to 2^32 - 1; and relative to the initial numbers, as tcpdump and Wireshark show them. */
  readonly seq: number
  readonly ack: number
  readonly relativeSeq: number
  readonly relativeAck: number
  /** The field as sent. */
  readonly window: number
  readonly timestamps: boolean
  /** TTL or hop limit with which it arrived. */
  readonly ttl: number
  /** That of the segment before it from the same address; null where there was none. */
  readonly peerTtl: number | null
  /** The two differ: it took another way, or another sender made it. */
  readonly foreignTtl: boolean
  /** IPv4 identification. */
  readonly identification: number
  /**
   * What sent it, by its form. `socket`: one of this connection, which knows its window, acknowledgment and timestamps, or
   * speaks unasked. `stateless`: a host that has no such connection and knows none of them, or a stack whose aborts tell
   * none of them. Null where the form tells nothing.
   */
  readonly sender: 'socket' | 'stateless' | null
}

/** The ICMP error that ended it, or is in doubt about it. */
export interface IcmpEvidence {
  readonly version: number
  readonly type: number
  readonly code: number
  readonly source: string
  /** The other host itself sent it. */
  readonly fromPeer: boolean
  /** Microseconds from then to the end, or to now. */
  readonly agoUs: number
}

/** Octets are octets, times are microseconds before the end, or before now where the connection goes on. */
export interface Evidence {
  readonly segment: SegmentEvidence | null
  readonly icmp: IcmpEvidence | null
  /** What was in doubt before the end. */
  readonly softError: CloseReason | null
  /** What the connection itself took for its end; null where it goes on. */
  readonly closeReason: CloseReason | null
  /** The other side had answered our SYN, or we its. */
  readonly synchronized: boolean
  /** A FIN of the other side had arrived; this side had closed. */
  readonly peerClosed: boolean
  readonly closed: boolean
  /** Segments that arrived in all, and since when none did; null: none ever. */
  readonly segmentsReceived: number
  readonly silentUs: number | null
  /** Since when text, SYN, FIN or a keep-alive probe was last sent; null: never. */
  readonly lastSentUs: number | null
  /** Retransmissions of what is at the front of the queue, and in the connection's life. */
  readonly retransmissions: number
  readonly totalRetransmissions: number
  /** Since when the front waits for an acknowledgment; null where nothing waited. */
  readonly waitingUs: number | null
  /** Octets that SEND took and nobody acknowledged; that arrived and nobody read. */
  readonly unacknowledged: number
  readonly unread: number
  readonly octetsSent: number
  readonly octetsReceived: number
  /** The window that the other side last offered. */
  readonly peerWindow: number
  readonly keepAliveProbes: number
  /** Segments of this size were sent, and none was ever acknowledged; null where that is not so. */
  readonly unprovenMss: number | null
}

/** Changes nothing. */
export function evidenceOf(tcb: Tcb): Evidence {
  const { ending, counts, snd } = tcb
  const at = ending?.at ?? tcb.clock.now
  const ago = (time: number): number => Math.max(0, at - time)
  const sent = counts.segmentsSent > 0
  const waits = tcb.retransmissions > 0 || tcb.probes > 0 || tcb.closeReason === 'user-timeout'
  const suspicious = tcb.fullSizedSent && !tcb.fullSizedDelivered && tcb.retransmissions > 0
  return {
    segment: segmentEvidence(tcb),
    icmp: icmpEvidence(tcb, at),
    softError: tcb.softError,
    closeReason: tcb.closeReason,
    synchronized: (ending?.state ?? tcb.state) >= ESTABLISHED,
    peerClosed: tcb.rcv.finSeen,
    closed: tcb.closeRequested,
    segmentsReceived: counts.segmentsReceived,
    silentUs: counts.segmentsReceived > 0 ? ago(tcb.lastReceivedAt) : null,
    lastSentUs: sent ? ago(lastSentAt(tcb)) : null,
    retransmissions: tcb.retransmissions,
    totalRetransmissions: tcb.totalRetransmissions,
    waitingUs: waits ? ago(tcb.waitingSince) : null,
    unacknowledged: ending?.unacknowledged ?? tcb.sendBuffer.length,
    unread: ending?.unread ?? tcb.receiveBuffer.readable,
    octetsSent: counts.octetsSent,
    octetsReceived: counts.octetsReceived,
    peerWindow: snd.wnd,
    keepAliveProbes: tcb.keepAliveProbes,
    unprovenMss: suspicious ? tcb.mss : null,
  }
}

function segmentEvidence(tcb: Tcb): SegmentEvidence | null {
  const segment = tcb.ending?.segment ?? null
  if (segment === null) return null
  const { flags, seq, ack, window, hasTimestamps, ttl, identification } = segment
  const peerTtl = tcb.receivedTtl === 0 ? null : tcb.receivedTtl
  const opened = tcb.ending!.state >= ESTABLISHED
  return {
    flags,
    seq: seq >>> 0,
    ack: ack >>> 0,
    relativeSeq: tcb.ending!.state === SYN_SENT ? seq >>> 0 : (seq - tcb.irs) >>> 0,
    relativeAck: (flags & ACK) === 0 ? 0 : (ack - tcb.iss) >>> 0,
    window,
    timestamps: hasTimestamps,
    ttl,
    peerTtl,
    foreignTtl: peerTtl !== null && peerTtl !== ttl,
    identification,
    sender: opened ? senderOf(tcb, segment) : null,
  }
}

/**
 * Measured on Linux 6.18: an abort carries acknowledgment, window and timestamps, the answer to a stray none of them. A
 * stack that aborts by the letter of RFC 9293 3.10.5, as Elko, sends none of them either; but an answer follows at once
 * upon what it answers.
 */
function senderOf(tcb: Tcb, { flags, window, hasTimestamps }: FatalSegment): SegmentEvidence['sender'] {
  const hasAck = (flags & ACK) !== 0
  if (hasTimestamps || (hasAck && window > 0)) return 'socket'
  if (hasAck || window > 0) return null
  return tcb.ending!.at - lastSentAt(tcb) > 2 * tcb.rtt.rtoUs ? 'socket' : 'stateless'
}

/** When something was last sent that asks for an answer. */
const lastSentAt = (tcb: Tcb): number => Math.max(tcb.lastSentAt, tcb.lastProbeAt)

const ENDS_BY_ICMP: ReadonlySet<CloseReason> = new Set([
  'port-unreachable',
  'protocol-unreachable',
  'administratively-prohibited',
])

/** Only while it matters: what got through since has proved it wrong. */
function icmpEvidence({ icmp, softError, closeReason }: Tcb, at: number): IcmpEvidence | null {
  if (icmp === null) return null
  if (softError === null && (closeReason === null || !ENDS_BY_ICMP.has(closeReason))) return null
  const { version, type, code, source, fromPeer } = icmp
  return { version, type, code, source, fromPeer, agoUs: Math.max(0, at - icmp.at) }
}
