/**
 * What is kept of how a connection ended, and of the last ICMP error about it, for whoever asks why
 * (analyze/diagnosis.ts). Nothing decides by it, and a connection that lives in peace has none of these objects.
 */

import { addressOf } from '../wire/address.ts'
import type { IcmpMessage } from '../wire/icmp.ts'
import type { IpHeader } from '../wire/ip-header.ts'
import type { Segment } from '../wire/segment.ts'
import type { State } from './state.ts'
import type { Tcb } from './tcb.ts'

/** The segment that ended a connection, with what of its packet tells a living socket from a stateless answer. */
export interface FatalSegment {
  /** FIN | SYN | ... as in wire/segment.ts. */
  readonly flags: number
  /** SEG.SEQ and SEG.ACK, int32. */
  readonly seq: number
  readonly ack: number
  /** The field as sent, not scaled. */
  readonly window: number
  readonly hasTimestamps: boolean
  /** TTL or hop limit with which it arrived. */
  readonly ttl: number
  /** IPv4 identification; 0 for IPv6. */
  readonly identification: number
}

/** How things stood when the connection entered CLOSED, before anything was flushed. */
export class Ending {
  /** The state that it left. */
  readonly state: State
  /** When, microseconds. */
  readonly at: number
  /** Octets that SEND took and the other side has not acknowledged: they are lost. */
  readonly unacknowledged: number
  /** Octets that arrived in order and were not read. */
  readonly unread: number
  /** The segment that ended it; null where none did. */
  segment: FatalSegment | null = null

  constructor(tcb: Tcb) {
    this.state = tcb.state
    this.at = tcb.clock.now
    this.unacknowledged = tcb.sendBuffer.length
    this.unread = tcb.receiveBuffer.readable
  }
}

/** Keeps the reset that has just ended the connection; the arguments are borrowed. */
export function noteFatalSegment(ending: Ending, ip: IpHeader, seg: Segment): void {
  ending.segment ??= {
    flags: seg.flags,
    seq: seg.seq,
    ack: seg.ack,
    window: seg.window,
    hasTimestamps: seg.hasTimestamps,
    ttl: ip.ttl,
    identification: ip.identification,
  }
}

/** The last ICMP error that was believed. */
export interface IcmpNote {
  readonly version: number
  readonly type: number
  readonly code: number
  /** Who sent it: the other host itself, or a router on the way. */
  readonly source: string
  readonly fromPeer: boolean
  /** When, microseconds. */
  readonly at: number
}

/** Keeps an ICMP error about the connection; the arguments are borrowed. */
export function noteIcmp(tcb: Tcb, ip: IpHeader, message: IcmpMessage): void {
  const { path } = tcb
  const { version, type, code } = message
  const fromPeer =
    ip.src3 === path.remote3 &&
    ip.src2 === path.remote2 &&
    ip.src1 === path.remote1 &&
    ip.src0 === path.remote0
  const source = addressOf(ip.src0, ip.src1, ip.src2, ip.src3, version === 4 ? 4 : 6).toString()
  tcb.icmp = { version, type, code, source, fromPeer, at: tcb.clock.now }
}
