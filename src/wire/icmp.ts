/**
 * ICMP for both versions (RFC 792, RFC 4443): what a TCP host reads, and the echo replies and errors that a host or a
 * simulated router sends.
 *
 * IPv4, Destination Unreachable with code 4 (RFC 1191 4):
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   Type = 3    |   Code = 4    |            Checksum           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |           unused = 0          |         Next-Hop MTU          |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      Internet Header + 64 bits of Original Datagram Data      |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * IPv6, Packet Too Big (RFC 4443 3.2):
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   Type = 2    |   Code = 0    |            Checksum           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                              MTU                              |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                        invoking packet                        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Echo and Echo Reply of both versions (RFC 792, RFC 4443 4.1):
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |     Type      |     Code      |            Checksum           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |          Identifier           |        Sequence Number        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                             Data                              |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { decodeIp, pseudoHeaderSum } from './ip.ts'
import { IpHeader, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from './ip-header.ts'
import type { Verdict } from './verdict.ts'

/** Octets before the quoted packet or the echoed data. */
export const ICMP_HEADER_LENGTH = 8

/** Octet offsets of the fields. */
export const ICMP_TYPE = 0
export const ICMP_CODE = 1
export const ICMP_CHECKSUM = 2
export const ICMP_ECHO_ID = 4
export const ICMP_ECHO_SEQUENCE = 6
export const ICMP_MTU_V4 = 6
export const ICMP_MTU_V6 = 4
export const ICMP_QUOTE = 8

/** Types for IPv4, and the codes that somebody sends (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
export const ICMP4_ECHO_REPLY = 0
export const ICMP4_UNREACHABLE = 3
export const ICMP4_SOURCE_QUENCH = 4
export const ICMP4_REDIRECT = 5
export const ICMP4_ECHO_REQUEST = 8
export const ICMP4_TIME_EXCEEDED = 11
export const ICMP4_PARAMETER_PROBLEM = 12
export const ICMP4_CODE_HOST = 1
export const ICMP4_CODE_FRAGMENTATION_NEEDED = 4
export const ICMP4_CODE_ADMINISTRATIVE = 13

/** Types for IPv6, and the codes that somebody sends (RFC 4443). */
export const ICMP6_UNREACHABLE = 1
export const ICMP6_PACKET_TOO_BIG = 2
export const ICMP6_TIME_EXCEEDED = 3
export const ICMP6_PARAMETER_PROBLEM = 4
export const ICMP6_ECHO_REQUEST = 128
export const ICMP6_ECHO_REPLY = 129
export const ICMP6_CODE_ADMINISTRATIVE = 1
export const ICMP6_CODE_ADDRESS = 3
/** Of Parameter Problem: the IPv6 counterpart of IPv4's protocol unreachable. */
export const ICMP6_CODE_UNKNOWN_NEXT_HEADER = 1

/** Octets of the transport header that every error quotes (RFC 792): TCP's ports and sequence number. */
const QUOTED_TRANSPORT = 8

export type IcmpMeaning =
  | 'network-unreachable'
  | 'host-unreachable'
  | 'protocol-unreachable'
  | 'port-unreachable'
  | 'fragmentation-needed'
  | 'administratively-prohibited'
  | 'source-quench'
  | 'time-exceeded'
  | 'parameter-problem'
  | 'echo-request'
  | 'other'

/** An ICMP message as fields, decoded into one reused object; who is handed one borrows it for the call. */
export class IcmpMessage {
  /** 4 or 6: types and codes mean different things. */
  version = 4
  type = 0
  code = 0
  /** Next-hop MTU of 'fragmentation-needed', in octets as sent (0 from a router older than RFC 1191), else -1. */
  mtu = -1
  /** Identifier and sequence number of an echo request or reply, else -1. */
  echoId = -1
  echoSequence = -1
  /** Whether this is an error, and `quoted` and the fields below were set. */
  isError = false
  /** The header of the packet that met the error: one that this host is said to have sent. */
  readonly quoted = new IpHeader()
  /** Ports and sequence number (int32) of the quoted TCP header; 0 where another protocol is quoted. */
  quotedSrcPort = 0
  quotedDstPort = 0
  quotedSeq = 0
}

/**
 * Decodes the payload of an IP packet that `decodeIp` found well. On 'ok' every field of `out` was set (of `quoted`
 * for errors only). An error about a protocol other than TCP is 'ok': its `quoted.protocol` tells.
 *
 * @returns 'icmp-quote' for an error that quotes no IP packet of its own version, a fragment, or less of TCP than
 *   its ports and sequence number
 */
export function decodeIcmp(
  bytes: Uint8Array,
  ip: IpHeader,
  out: IcmpMessage,
  verifyChecksum: boolean,
): Verdict {
  if (ip.protocol !== icmpProtocol(ip.version)) return 'other-protocol'
  const at = ip.payloadOffset
  const length = ip.payloadLength
  const held = ip.payloadHeld
  if (held < ICMP_HEADER_LENGTH) return 'icmp-truncated'
  if (verifyChecksum && held === length && icmpChecksum(bytes, ip, at, length) !== 0) return 'icmp-checksum'

  out.version = ip.version
  out.type = bytes[at + ICMP_TYPE]!
  out.code = bytes[at + ICMP_CODE]!
  out.mtu = -1
  const meaning = icmpMeaning(out.version, out.type, out.code)
  if (meaning === 'fragmentation-needed') {
    out.mtu =
      out.version === 4 ? readUint16(bytes, at + ICMP_MTU_V4) : readInt32(bytes, at + ICMP_MTU_V6) >>> 0
  }
  const isEcho = meaning === 'echo-request' || out.type === echoReplyType(out.version)
  out.echoId = isEcho ? readUint16(bytes, at + ICMP_ECHO_ID) : -1
  out.echoSequence = isEcho ? readUint16(bytes, at + ICMP_ECHO_SEQUENCE) : -1
  out.isError = isIcmpError(out.version, out.type)
  out.quotedSrcPort = 0
  out.quotedDstPort = 0
  out.quotedSeq = 0
  if (!out.isError) return 'ok'
  return decodeQuote(bytes, at + ICMP_QUOTE, held - ICMP_QUOTE, out) ? 'ok' : 'icmp-quote'
}

/** Whether messages of this type report an error and quote a packet (RFC 1122 3.2.2, RFC 4443 2.1). */
export function isIcmpError(version: number, type: number): boolean {
  if (version === 6) return type < 128
  return (
    type === ICMP4_UNREACHABLE ||
    type === ICMP4_SOURCE_QUENCH ||
    type === ICMP4_REDIRECT ||
    type === ICMP4_TIME_EXCEEDED ||
    type === ICMP4_PARAMETER_PROBLEM
  )
}

/** What a message says, in words that both versions share. */
export function icmpMeaning(version: number, type: number, code: number): IcmpMeaning {
  if (version === 6) return meaningV6(type, code)
  switch (type) {
    case ICMP4_UNREACHABLE:
      return UNREACHABLE_V4[code] ?? 'other'
    case ICMP4_SOURCE_QUENCH:
      return 'source-quench'
    case ICMP4_TIME_EXCEEDED:
      return 'time-exceeded'
    case ICMP4_PARAMETER_PROBLEM:
      return 'parameter-problem'
    case ICMP4_ECHO_REQUEST:
      return 'echo-request'
    default:
      return 'other'
  }
}

/** The protocol number of ICMP over this IP version. */
export function icmpProtocol(version: number): number {
  return version === 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6
}

/**
 * The checksum of a message: what to write into the field where it holds 0, or 0 where the field holds the right one.
 * ICMPv6 covers a pseudo-header as well (RFC 4443 2.3).
 */
export function icmpChecksum(bytes: Uint8Array, ip: IpHeader, offset: number, length: number): number {
  const sum = ip.version === 4 ? 0 : pseudoHeaderSum(ip, PROTOCOL_ICMPV6, length)
  return foldChecksum(sumWords(bytes, offset, length, sum))
}

function echoReplyType(version: number): number {
  return version === 4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY
}

/** The codes of IPv4's Destination Unreachable, by number (RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
const UNREACHABLE_V4: readonly IcmpMeaning[] = [
  'network-unreachable',
  'host-unreachable',
  'protocol-unreachable',
  'port-unreachable',
  'fragmentation-needed',
  'host-unreachable', // source route failed
  'network-unreachable', // network unknown
  'host-unreachable', // host unknown
  'host-unreachable', // source host isolated
  'administratively-prohibited', // network
  'administratively-prohibited', // host
  'network-unreachable', // for this type of service
  'host-unreachable', // for this type of service
  'administratively-prohibited', // communication
  'administratively-prohibited', // host precedence violation
  'administratively-prohibited', // precedence cutoff
]

/** The codes of IPv6's Destination Unreachable, by number (RFC 4443 3.1, RFC 8883 3). */
const UNREACHABLE_V6: readonly IcmpMeaning[] = [
  'network-unreachable',
  'administratively-prohibited',
  'host-unreachable', // beyond the scope of the source address
  'host-unreachable',
  'port-unreachable',
  'administratively-prohibited', // the source address failed a policy
  'administratively-prohibited', // reject route
  'host-unreachable', // error in a source routing header
]

function meaningV6(type: number, code: number): IcmpMeaning {
  switch (type) {
    case ICMP6_UNREACHABLE:
      return UNREACHABLE_V6[code] ?? 'other'
    case ICMP6_PACKET_TOO_BIG:
      return 'fragmentation-needed'
    case ICMP6_TIME_EXCEEDED:
      return 'time-exceeded'
    case ICMP6_PARAMETER_PROBLEM:
      return code === ICMP6_CODE_UNKNOWN_NEXT_HEADER ? 'protocol-unreachable' : 'parameter-problem'
    case ICMP6_ECHO_REQUEST:
      return 'echo-request'
    default:
      return 'other'
  }
}

/** The largest total length that a quoted header may claim; the quote itself is cut. */
const ANY_LENGTH = 0xffff + 40

/** Reads the quoted packet as a capture that was cut, its header checksum unverified: routers have changed the TTL. */
function decodeQuote(bytes: Uint8Array, offset: number, length: number, out: IcmpMessage): boolean {
  const { quoted } = out
  if (decodeIp(bytes, offset, length, quoted, false, ANY_LENGTH) !== 'ok') return false
  if (quoted.version !== out.version) return false
  if (quoted.protocol !== PROTOCOL_TCP) return true
  if (quoted.payloadHeld < QUOTED_TRANSPORT) return false
  const at = quoted.payloadOffset
  out.quotedSrcPort = readUint16(bytes, at)
  out.quotedDstPort = readUint16(bytes, at + 2)
  out.quotedSeq = readInt32(bytes, at + 4)
  return true
}
