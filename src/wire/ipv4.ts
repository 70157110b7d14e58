/**
 * The IPv4 header (RFC 791 3.1).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |Version|  IHL  |Type of Service|          Total Length         |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |         Identification        |Flags|     Fragment Offset     |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |  Time to Live |    Protocol   |        Header Checksum        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                         Source Address                        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                      Destination Address                      |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { type IpHeader, MAPPED_PREFIX } from './ip-header.ts'
import type { Verdict } from './verdict.ts'

/** Octets of a header without options. */
export const IPV4_HEADER_LENGTH = 20

/** Octet offsets of the fields. Version and IHL share the first octet, four bits each. */
export const IPV4_VERSION_IHL = 0
export const IPV4_TOS = 1
export const IPV4_TOTAL_LENGTH = 2
export const IPV4_IDENTIFICATION = 4
export const IPV4_FLAGS_FRAGMENT = 6
export const IPV4_TTL = 8
export const IPV4_PROTOCOL = 9
export const IPV4_CHECKSUM = 10
export const IPV4_SOURCE = 12
export const IPV4_DESTINATION = 16

/** Bits of the 16-bit word at IPV4_FLAGS_FRAGMENT. */
export const IPV4_DONT_FRAGMENT = 0x4000
export const IPV4_MORE_FRAGMENTS = 0x2000
export const IPV4_FRAGMENT_OFFSET = 0x1fff

/**
 * Decodes the header at `offset`. Options are skipped without a look at them, so that nobody stumbles over one that is
 * unknown (MUST-50). Octets behind the total length are padding of the link.
 *
 * @param length octets that the packet has from `offset` on; they lie inside `bytes`
 * @param verifyChecksum false where somebody else has verified it, or nobody has filled it in (offload)
 * @param wireLength for captures only: how long the packet was on the wire. Then the total length may exceed
 *   `length` up to there, and a total length of 0, which segmentation offload leaves behind, counts as `wireLength`.
 */
export function decodeIpv4(
  bytes: Uint8Array,
  offset: number,
  length: number,
  header: IpHeader,
  verifyChecksum = true,
  wireLength = -1,
): Verdict {
  if (length <= 0) return 'empty-packet'
  const first = bytes[offset]!
  if (first >>> 4 !== 4) return 'not-ip'
  if (length < IPV4_HEADER_LENGTH) return 'ip-truncated'

  const headerLength = (first & 15) << 2
  let totalLength = readUint16(bytes, offset + IPV4_TOTAL_LENGTH)
  if (totalLength === 0 && wireLength > 0) totalLength = wireLength
  if (headerLength < IPV4_HEADER_LENGTH || headerLength > totalLength) return 'ip-header-length'
  if (headerLength > length) return 'ip-truncated'
  if (totalLength > (wireLength < 0 ? length : wireLength)) return 'ip-total-length'
  if (verifyChecksum && foldChecksum(sumWords(bytes, offset, headerLength, 0)) !== 0) return 'ip-checksum'
  const fragment = readUint16(bytes, offset + IPV4_FLAGS_FRAGMENT)
  if ((fragment & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) !== 0) return 'ip-fragment'

  header.version = 4
  header.tos = bytes[offset + IPV4_TOS]!
  header.ttl = bytes[offset + IPV4_TTL]!
  header.protocol = bytes[offset + IPV4_PROTOCOL]!
  header.identification = readUint16(bytes, offset + IPV4_IDENTIFICATION)
  header.dontFragment = (fragment & IPV4_DONT_FRAGMENT) !== 0
  header.flowLabel = 0
  header.src0 = 0
  header.src1 = 0
  header.src2 = MAPPED_PREFIX
  header.src3 = readInt32(bytes, offset + IPV4_SOURCE)
  header.dst0 = 0
  header.dst1 = 0
  header.dst2 = MAPPED_PREFIX
  header.dst3 = readInt32(bytes, offset + IPV4_DESTINATION)
  header.headerLength = headerLength
  header.totalLength = totalLength
  header.payloadOffset = offset + headerLength
  header.payloadLength = totalLength - headerLength
  header.payloadHeld = Math.min(totalLength, length) - headerLength
  return 'ok'
}

/**
 * Writes 20 octets, checksum included, from version 4's fields: tos, totalLength, identification, dontFragment, ttl,
 * protocol, src3, dst3.
 *
 * @throws RangeError where the view has no 20 octets from `offset` on
 */
export function writeIpv4Header(view: DataView, offset: number, header: IpHeader): void {
  const versionToLength = 0x45000000 | (header.tos << 16) | header.totalLength
  const fragments = (header.identification << 16) | (header.dontFragment ? IPV4_DONT_FRAGMENT : 0)
  const lifeAndProtocol = (header.ttl << 8) | header.protocol
  const { src3, dst3 } = header
  // The header is summed while it is still in registers: nothing is read back.
  const sum =
    (versionToLength >>> 16) +
    header.totalLength +
    (fragments >>> 16) +
    (fragments & 0xffff) +
    lifeAndProtocol +
    (src3 >>> 16) +
    (src3 & 0xffff) +
    (dst3 >>> 16) +
    (dst3 & 0xffff)
  view.setInt32(offset + IPV4_VERSION_IHL, versionToLength)
  view.setInt32(offset + IPV4_IDENTIFICATION, fragments)
  view.setInt32(offset + IPV4_TTL, (lifeAndProtocol << 16) | foldChecksum(sum))
  view.setInt32(offset + IPV4_SOURCE, src3)
  view.setInt32(offset + IPV4_DESTINATION, dst3)
}
