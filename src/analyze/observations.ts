/** The evidence of a diagnosis as text: one fact a line, the weightiest first. */

import { ERRNO_OF_END } from '../tcp/errno.ts'
import { counted } from '../trace/counted.ts'
import { controlNames } from '../trace/segment-text.ts'
import type { StateName } from '../trace/states.ts'
import { ACK } from '../wire/segment.ts'
import type { Culprit } from './diagnosis.ts'
import type { Evidence, IcmpEvidence, SegmentEvidence } from './evidence.ts'
import type { Trouble } from './trouble.ts'

/** What is known before it is put into words. */
export interface Known {
  readonly reason: Trouble
  readonly who: Culprit
  readonly state: StateName
  readonly evidence: Evidence
}

export function observations({ reason, evidence }: Known): string[] {
  const facts: string[] = []
  const { segment, icmp } = evidence
  if (segment !== null) facts.push(segmentText(segment), senderText(segment))
  if (icmp !== null) facts.push(icmpText(icmp))
  if (evidence.closeReason !== null && evidence.closeReason !== reason) {
    facts.push(`it ended by ${evidence.closeReason}`)
  }
  if (ERRNO_OF_END[reason] === 'ETIMEDOUT' || evidence.waitingUs !== null) facts.push(...silence(evidence))
  if (segment !== null && evidence.lastSentUs !== null) {
    facts.push(`it came ${durationText(evidence.lastSentUs)} after this side's last segment`)
  }
  if (evidence.peerClosed) facts.push('the other side had closed (FIN) before')
  if (evidence.unread > 0) facts.push(`${octetsText(evidence.unread)} that had arrived not read`)
  if (evidence.unacknowledged > 0) {
    facts.push(`${octetsText(evidence.unacknowledged)} of ours never acknowledged`)
  }
  if (evidence.synchronized) {
    facts.push(
      `${octetsText(evidence.octetsReceived)} received, ${octetsText(evidence.octetsSent)} sent in all, retransmissions included`,
    )
  }
  return facts.filter((fact) => fact !== '')
}

/** `<SEQ=1><ACK=18><CTL=RST,ACK>, window 502, TTL 63`: relative numbers, in the form of the RFC's figures. */
function segmentText(segment: SegmentEvidence): string {
  const { flags, relativeSeq, relativeAck, window, ttl } = segment
  const ack = (flags & ACK) === 0 ? '' : `<ACK=${relativeAck}>`
  return `received <SEQ=${relativeSeq}>${ack}<CTL=${controlNames(flags)}>, window ${window}, TTL ${ttl}`
}

/** What the segment's form says of its sender; '' where it says nothing. */
function senderText({ sender, foreignTtl, peerTtl }: SegmentEvidence): string {
  if (foreignTtl)
    return `the segments before it came with TTL ${peerTtl}: another sender made it, or it took another way`
  if (sender === 'socket')
    return 'its sender had a socket for the connection: it knows the window, or spoke unasked'
  return sender === null
    ? ''
    : 'no ACK and window 0: its sender does not know the connection, or tells nothing of it'
}

function icmpText({ version, type, code, source, fromPeer, agoUs }: IcmpEvidence): string {
  const whose = fromPeer ? 'the other host itself' : 'not the other host: a router or firewall'
  const when = agoUs === 0 ? '' : `, ${durationText(agoUs)} before`
  return `received ICMP${version === 6 ? 'v6' : ''} type ${type} code ${code} from ${source} (${whose})${when}`
}

/** What was sent into the silence, and how long that lasts. */
function silence(evidence: Evidence): string[] {
  const { retransmissions, waitingUs, keepAliveProbes, silentUs, segmentsReceived, peerWindow } = evidence
  const facts: string[] = []
  if (waitingUs !== null) {
    const resent = retransmissions === 0 ? '' : `, retransmitted ${timesText(retransmissions)}`
    facts.push(`what was sent ${durationText(waitingUs)} before is unacknowledged${resent}`)
  }
  if (keepAliveProbes > 0) facts.push(`${counted(keepAliveProbes, 'keep-alive probe')} without an answer`)
  if (segmentsReceived === 0) facts.push('nothing was ever heard from the other side')
  else if (silentUs !== null) facts.push(`last heard ${durationText(silentUs)} before`)
  if (evidence.synchronized && peerWindow === 0) facts.push('the window of the other side was closed')
  if (evidence.unprovenMss !== null) {
    facts.push(`no segment of ${evidence.unprovenMss} octets was ever acknowledged, only smaller ones`)
  }
  return facts
}

const octetsText = (octets: number): string => counted(octets, 'octet')
const timesText = (count: number): string => (count === 1 ? 'once' : `${count} times`)

/** '12 ms', '3.2 s', '6 min 2 s', '2 h 5 min'. */
export function durationText(us: number): string {
  const ms = us / 1000
  if (ms < 1) return `${Math.round(us)} µs`
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  const s = ms / 1000
  if (s < 120) return `${s.toFixed(1)} s`
  const minutes = Math.floor(s / 60)
  if (minutes < 120) return `${minutes} min ${Math.floor(s % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
