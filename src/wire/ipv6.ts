/**
 * The IPv6 header and the extension headers that a host must be able to pass over (RFC 8200 3 and 4).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |Version| Traffic Class |           Flow Label                  |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |         Payload Length        |  Next Header  |   Hop Limit   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                                                               |
 *    +                                                               +
 *    |                                                               |
 *    +                         Source Address                        +
 *    |                                                               |
 *    +                                                               +
 *    |                                                               |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                                                               |
 *    +                                                               +
 *    |                                                               |
 *    +                      Destination Address                      +
 *    |                                                               |
 *    +                                                               +
 *    |                                                               |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import type { IpHeader } from './ip-header.ts'
import type { Verdict } from './verdict.ts'

/** Octets of the fixed header. */
export const IPV6_HEADER_LENGTH = 40

/** Octet offsets of the fields. The first word holds version (4 bits), traffic class (8) and flow label (20). */
export const IPV6_VERSION_CLASS_FLOW = 0
export const IPV6_PAYLOAD_LENGTH = 4
export const IPV6_NEXT_HEADER = 6
export const IPV6_HOP_LIMIT = 7
export const IPV6_SOURCE = 8
export const IPV6_DESTINATION = 24

/** Values of Next Header that stand for an extension header (RFC 8200 4). */
export const NEXT_HOP_BY_HOP = 0
export const NEXT_ROUTING = 43
export const NEXT_FRAGMENT = 44
export const NEXT_DESTINATION_OPTIONS = 60

/** RFC 8200 4.1 has at most seven headers in its recommended order, Authentication and ESP included. */
export const MAX_EXTENSION_HEADERS = 7

/**
 * Decodes the fixed header at `offset` and walks over hop-by-hop options, routing headers with nothing left to visit,
 * destination options and an atomic fragment's header (RFC 6946). `protocol` is the first header that is none of
 * these; octets behind the payload length are padding of the link.
 *
 * @param length octets that the packet has from `offset` on; they lie inside `bytes`
 * @param wireLength for captures only, as in `decodeIpv4`: how long the packet was on the wire
 */
export function decodeIpv6(
  bytes: Uint8Array,
  offset: number,
  length: number,
  header: IpHeader,
  wireLength = -1,
): Verdict {
  if (length <= 0) return 'empty-packet'
  const first = readInt32(bytes, offset)
  if (first >>> 28 !== 6) return 'not-ip'
  if (length < IPV6_HEADER_LENGTH) return 'ip-truncated'

  let payloadLength = readUint16(bytes, offset + IPV6_PAYLOAD_LENGTH)
  // As for IPv4: a capture of what segmentation offload was handed.
  if (payloadLength === 0 && wireLength > IPV6_HEADER_LENGTH) payloadLength = wireLength - IPV6_HEADER_LENGTH
  const totalLength = IPV6_HEADER_LENGTH + payloadLength
  if (totalLength > (wireLength < 0 ? length : wireLength)) return 'ip-total-length'

  header.version = 6
  header.tos = (first >>> 20) & 0xff
  header.flowLabel = first & 0xfffff
  header.protocol = bytes[offset + IPV6_NEXT_HEADER]!
  header.ttl = bytes[offset + IPV6_HOP_LIMIT]!
  header.identification = 0
  // Nobody on the way fragments an IPv6 packet (RFC 8200 4.5).
  header.dontFragment = true
  header.src0 = readInt32(bytes, offset + IPV6_SOURCE)
  header.src1 = readInt32(bytes, offset + IPV6_SOURCE + 4)
  header.src2 = readInt32(bytes, offset + IPV6_SOURCE + 8)
  header.src3 = readInt32(bytes, offset + IPV6_SOURCE + 12)
  header.dst0 = readInt32(bytes, offset + IPV6_DESTINATION)
  header.dst1 = readInt32(bytes, offset + IPV6_DESTINATION + 4)
  header.dst2 = readInt32(bytes, offset + IPV6_DESTINATION + 8)
  header.dst3 = readInt32(bytes, offset + IPV6_DESTINATION + 12)
  header.headerLength = IPV6_HEADER_LENGTH
  header.totalLength = totalLength
  header.payloadOffset = offset + IPV6_HEADER_LENGTH
  header.payloadLength = payloadLength
  header.payloadHeld = Math.min(totalLength, length) - IPV6_HEADER_LENGTH
  return isExtension(header.protocol) ? passExtensionHeaders(bytes, header) : 'ok'
}

/**
 * Writes 40 octets from tos, flowLabel, totalLength (40 octets and the payload), protocol, ttl and the addresses.
 *
 * @throws RangeError where the view has no 40 octets from `offset` on
 */
export function writeIpv6Header(view: DataView, offset: number, header: IpHeader): void {
  const payloadLength = header.totalLength - IPV6_HEADER_LENGTH
  view.setInt32(offset + IPV6_VERSION_CLASS_FLOW, 0x60000000 | (header.tos << 20) | header.flowLabel)
  view.setInt32(offset + IPV6_PAYLOAD_LENGTH, (payloadLength << 16) | (header.protocol << 8) | header.ttl)
  view.setInt32(offset + IPV6_SOURCE, header.src0)
  view.setInt32(offset + IPV6_SOURCE + 4, header.src1)
  view.setInt32(offset + IPV6_SOURCE + 8, header.src2)
  view.setInt32(offset + IPV6_SOURCE + 12, header.src3)
  view.setInt32(offset + IPV6_DESTINATION, header.dst0)
  view.setInt32(offset + IPV6_DESTINATION + 4, header.dst1)
  view.setInt32(offset + IPV6_DESTINATION + 8, header.dst2)
  view.setInt32(offset + IPV6_DESTINATION + 12, header.dst3)
}

function isExtension(next: number): boolean {
  return (
    next === NEXT_HOP_BY_HOP ||
    next === NEXT_ROUTING ||
    next === NEXT_FRAGMENT ||
    next === NEXT_DESTINATION_OPTIONS
  )
}

/** Moves the header's payload behind the chain. Every step goes on by at least eight octets. */
function passExtensionHeaders(bytes: Uint8Array, header: IpHeader): Verdict {
  for (let count = 0; isExtension(header.protocol); count++) {
    // RFC 8200 4.1: hop-by-hop options stand first or nowhere.
    const misplaced = header.protocol === NEXT_HOP_BY_HOP && count > 0
    if (misplaced || count === MAX_EXTENSION_HEADERS) return 'ipv6-extension-header'
    const at = header.payloadOffset
    if (header.payloadHeld < 8) return 'ip-truncated'
    const length = header.protocol === NEXT_FRAGMENT ? 8 : 8 + 8 * bytes[at + 1]!
    if (length > header.payloadHeld) return 'ip-truncated'
    const verdict = examine(bytes, at, length, header)
    if (verdict !== 'ok') return verdict

    header.protocol = bytes[at]!
    header.headerLength += length
    header.payloadOffset += length
    header.payloadLength -= length
    header.payloadHeld -= length
  }
  return 'ok'
}

/** Whether this one extension header, of the kind `header.protocol`, lets the packet pass. */
function examine(bytes: Uint8Array, at: number, length: number, header: IpHeader): Verdict {
  if (header.protocol === NEXT_FRAGMENT) {
    // Offset (13 bits), two reserved bits, M: an atomic fragment is a whole packet (RFC 6946 4).
    if ((readUint16(bytes, at + 2) & 0xfff9) !== 0) return 'ip-fragment'
    header.identification = readInt32(bytes, at + 4)
    return 'ok'
  }
  if (header.protocol === NEXT_ROUTING) {
    // RFC 8200 4.4: with segments left to visit the packet is not for this host.
    return bytes[at + 3] === 0 ? 'ok' : 'ipv6-extension-header'
  }
  return optionsMayBeSkipped(bytes, at + 2, at + length) ? 'ok' : 'ipv6-extension-header'
}

/** RFC 8200 4.2: the two upper bits of an unknown option's type say whether the packet may go on without it. */
function optionsMayBeSkipped(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from
  while (at < end) {
    const type = bytes[at]!
    if (type >>> 6 !== 0) return false
    // Type 0 is Pad1, one octet without a length.
    if (type !== 0 && at + 1 >= end) return false
    at += type === 0 ? 1 : 2 + bytes[at + 1]!
  }
  return at === end
}
