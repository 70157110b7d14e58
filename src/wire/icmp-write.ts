/** Writes whole packets with ICMP inside: echo replies, and the errors of a host or a simulated router. */

import { isInvalidSource, isMulticastWords } from './address.ts'
import {
  ICMP_CHECKSUM,
  ICMP_CODE,
  ICMP_HEADER_LENGTH,
  ICMP_MTU_V4,
  ICMP_MTU_V6,
  ICMP_QUOTE,
  ICMP_TYPE,
  ICMP4_ECHO_REPLY,
  ICMP4_ECHO_REQUEST,
  ICMP6_ECHO_REPLY,
  ICMP6_ECHO_REQUEST,
  ICMP6_PACKET_TOO_BIG,
  icmpChecksum,
  icmpMeaning,
  icmpProtocol,
  isIcmpError,
} from './icmp.ts'
import { decodeIp, ipHeaderLength, writeIpHeader } from './ip.ts'
import { exchangeAddresses, IpHeader } from './ip-header.ts'

/** Largest error packet: RFC 1812 4.3.2.3 for IPv4, the least MTU of IPv6 (RFC 4443 2.4 c). */
export const ICMP4_MAX_ERROR = 576
export const ICMP6_MAX_ERROR = 1280

/** TTL and hop limit of what is written here (RFC 1700). */
const TTL = 64

/** Reused: a reply is written before the next is begun. */
const reply = new IpHeader()
const offender = new IpHeader()

/**
 * Writes the reply to an echo request into `frame`, from octet 0: addresses exchanged, identifier, sequence number
 * and data as they came (RFC 1122 3.2.2.6, RFC 4443 4.2). The request's IP options are not returned.
 *
 * @param bytes the request's packet, and `ip` its decoded header
 * @returns octets written, or 0 where the packet is no echo request, has a destination or source that must not be
 *   answered from or to (multicast, broadcast, unspecified), or does not fit into `frame`
 */
export function writeEchoReply(bytes: Uint8Array, ip: IpHeader, frame: Uint8Array): number {
  const at = ip.payloadOffset
  const length = ip.payloadLength
  const request = ip.version === 4 ? ICMP4_ECHO_REQUEST : ICMP6_ECHO_REQUEST
  if (ip.protocol !== icmpProtocol(ip.version) || length < ICMP_HEADER_LENGTH) return 0
  if (ip.payloadHeld < length || bytes[at + ICMP_TYPE] !== request || bytes[at + ICMP_CODE] !== 0) return 0
  if (isInvalidSource(ip) || isUnfitToAnswerFrom(ip)) return 0
  const headerLength = ipHeaderLength(ip.version)
  if (headerLength + length > frame.length) return 0

  startReply(ip.version, ip.tos, length)
  exchangeAddresses(reply, ip)
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  frame.set(bytes.subarray(at, at + length), headerLength)
  frame[headerLength + ICMP_TYPE] = ip.version === 4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY
  return finish(frame, view, headerLength, length)
}

/**
 * Writes an ICMP error about a packet into `frame`, from octet 0: to the packet's source, with as much of the packet
 * as 576 octets (IPv4) or 1280 (IPv6) and the frame have room for.
 *
 * @param mtu octets, for fragmentation needed and packet too big; not used in any other message
 * @param src0 to src3: the address of the router or host that sends the error
 * @param packet the offending packet from its IP header on, its first `length` octets
 * @returns octets written, or 0 where no error may be sent (RFC 1122 3.2.2, RFC 4443 2.4 e): about another error, a
 *   fragment or a malformed packet, to a source that is not one host, about a multicast or broadcast (IPv6's Packet
 *   Too Big excepted); or where the frame has no room for the header and eight octets of the packet's payload
 */
export function writeIcmpError(
  frame: Uint8Array,
  version: 4 | 6,
  type: number,
  code: number,
  mtu: number,
  src0: number,
  src1: number,
  src2: number,
  src3: number,
  packet: Uint8Array,
  length: number,
): number {
  if (decodeIp(packet, 0, length, offender, false) !== 'ok' || offender.version !== version) return 0
  const isTooBig = version === 6 && type === ICMP6_PACKET_TOO_BIG
  if (isInvalidSource(offender) || (!isTooBig && isUnfitToAnswerFrom(offender))) return 0
  if (quotesAnError(packet, offender)) return 0

  const headerLength = ipHeaderLength(version)
  const room = Math.min(frame.length, version === 4 ? ICMP4_MAX_ERROR : ICMP6_MAX_ERROR)
  const quote = Math.min(offender.totalLength, room - headerLength - ICMP_HEADER_LENGTH)
  if (quote < Math.min(offender.totalLength, offender.headerLength + 8)) return 0

  reply.src0 = src0
  reply.src1 = src1
  reply.src2 = src2
  reply.src3 = src3
  startReply(version, 0, ICMP_HEADER_LENGTH + quote)
  reply.dst0 = offender.src0
  reply.dst1 = offender.src1
  reply.dst2 = offender.src2
  reply.dst3 = offender.src3
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  frame[headerLength + ICMP_TYPE] = type
  frame[headerLength + ICMP_CODE] = code
  view.setInt32(headerLength + 4, 0)
  if (icmpMeaning(version, type, code) === 'fragmentation-needed') {
    if (version === 4) view.setUint16(headerLength + ICMP_MTU_V4, mtu)
    else view.setInt32(headerLength + ICMP_MTU_V6, mtu)
  }
  frame.set(packet.subarray(0, quote), headerLength + ICMP_QUOTE)
  return finish(frame, view, headerLength, ICMP_HEADER_LENGTH + quote)
}

/** Sets all of `reply` but its addresses. */
function startReply(version: number, tos: number, icmpLength: number): void {
  reply.version = version
  reply.tos = tos
  reply.ttl = TTL
  reply.protocol = icmpProtocol(version)
  reply.identification = 0
  reply.dontFragment = false
  reply.flowLabel = 0
  reply.totalLength = ipHeaderLength(version) + icmpLength
}

/** Writes the IP header of `reply` and the checksum of the message behind it. */
function finish(frame: Uint8Array, view: DataView, headerLength: number, icmpLength: number): number {
  writeIpHeader(view, 0, reply)
  view.setUint16(headerLength + ICMP_CHECKSUM, 0)
  view.setUint16(headerLength + ICMP_CHECKSUM, icmpChecksum(frame, reply, headerLength, icmpLength))
  return headerLength + icmpLength
}

/** Whether a destination is no single host's, so that nothing may carry it as its source. */
function isUnfitToAnswerFrom(ip: IpHeader): boolean {
  const { dst0, dst1, dst2, dst3 } = ip
  return isMulticastWords(dst0, dst1, dst2, dst3) || (ip.version === 4 && dst3 === -1)
}

/** Whether the packet is an ICMP error itself; an ICMP message too short to tell counts as one. */
function quotesAnError(packet: Uint8Array, ip: IpHeader): boolean {
  if (ip.protocol !== icmpProtocol(ip.version)) return false
  return ip.payloadHeld < 1 || isIcmpError(ip.version, packet[ip.payloadOffset + ICMP_TYPE]!)
}
