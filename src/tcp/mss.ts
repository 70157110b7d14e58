/**
 * The maximum segment size: what our option offers, what the peer's allows, and what the path has room for
 * (RFC 9293 3.7.1, RFC 6691).
 */

import type { Tcb } from './tcb.ts'

const IPV4_AND_TCP_HEADER = 40
const IPV6_AND_TCP_HEADER = 60
/** Octets that timestamps take in every segment: NOP NOP and the ten of the option. */
const TIMESTAMP_OCTETS = 12

/** MUST-15: what a peer takes that sends no MSS option, octets. */
export function defaultMss(tcb: Tcb): number {
  return tcb.path.version === 4 ? tcb.config.mssDefaultIpv4 : tcb.config.mssDefaultIpv6
}

/** Before our SYN is sent: the default, until the peer's option says otherwise, and what ours will say. */
export function startMss(tcb: Tcb): void {
  tcb.mss = Math.min(defaultMss(tcb), limitMss(tcb, tcb.path.mtu))
  tcb.receiveMss = mssToOffer(tcb)
}

/** MUST-16: Eff.snd.MSS = min(SendMSS + 20, MMS_S) - TCP header - IP options (RFC 9293 3.7.1, RFC 6691). */
export function updateMss(tcb: Tcb): void {
  const options = tcb.timestamps ? TIMESTAMP_OCTETS : 0
  const allowed = Math.min(Math.max(tcb.peerMss, tcb.config.mssMinimum), limitMss(tcb, tcb.path.mtu))
  tcb.mss = Math.max(allowed - options, 1)
  tcb.fullSizedSent = false
}

/** The path carries no packets larger than this, octets: segments follow. */
export function lowerPathMtu(tcb: Tcb, mtu: number): void {
  tcb.path.mtu = mtu
  updateMss(tcb)
  tcb.congestion.setMss(tcb.mss)
}

/** Octets of text that a packet of this size has room for. */
export function textWithin(tcb: Tcb, packetOctets: number): number {
  return limitMss(tcb, packetOctets) - (tcb.timestamps ? TIMESTAMP_OCTETS : 0)
}

/**
 * What our MSS option says: what the link can receive (MUST-67), less the fixed headers. SHLD-6: where that varies,
 * `path.mmsr` is the least of it.
 */
export function mssToOffer(tcb: Tcb): number {
  return limitMss(tcb, tcb.path.mmsr)
}

function limitMss(tcb: Tcb, packetOctets: number): number {
  const headers = tcb.path.version === 4 ? IPV4_AND_TCP_HEADER : IPV6_AND_TCP_HEADER
  const limit = tcb.config.mssLimit === 0 ? 0xffff : tcb.config.mssLimit
  return Math.max(1, Math.min(packetOctets - headers, limit))
}
