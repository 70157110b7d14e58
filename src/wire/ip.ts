/** An IP packet of either version (RFC 791, RFC 8200): decode, write, and the pseudo-header under TCP's checksum. */

import type { Addressed } from './address.ts'
import type { IpHeader } from './ip-header.ts'
import { decodeIpv4, IPV4_HEADER_LENGTH, writeIpv4Header } from './ipv4.ts'
import { decodeIpv6, IPV6_HEADER_LENGTH, writeIpv6Header } from './ipv6.ts'
import type { Verdict } from './verdict.ts'

/**
 * Decodes the packet at `offset` by its version nibble. On 'ok' every field of `header` was set; on any other verdict
 * the fields mean nothing. Every protocol is 'ok' here: whoever asks for TCP looks at `header.protocol`.
 *
 * @param length octets that the packet has from `offset` on; they lie inside `bytes`
 * @param verifyChecksum whether to verify the IPv4 header checksum
 * @param wireLength for captures only: how long the packet was on the wire, where the capture may have cut it
 */
export function decodeIp(
  bytes: Uint8Array,
  offset: number,
  length: number,
  header: IpHeader,
  verifyChecksum = true,
  wireLength = -1,
): Verdict {
  if (length <= 0) return 'empty-packet'
  const version = bytes[offset]! >>> 4
  if (version === 4) return decodeIpv4(bytes, offset, length, header, verifyChecksum, wireLength)
  if (version === 6) return decodeIpv6(bytes, offset, length, header, wireLength)
  return 'not-ip'
}

/** Octets of the header that `writeIpHeader` writes. */
export function ipHeaderLength(version: number): number {
  return version === 4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH
}

/** Writes the header of `header.version` without options and returns its length: 20 or 40 octets. */
export function writeIpHeader(view: DataView, offset: number, header: IpHeader): number {
  if (header.version === 4) {
    writeIpv4Header(view, offset, header)
    return IPV4_HEADER_LENGTH
  }
  writeIpv6Header(view, offset, header)
  return IPV6_HEADER_LENGTH
}

/**
 * The sum of the pseudo-header: addresses, protocol and length of the upper-layer packet (RFC 9293 3.1,
 * RFC 8200 8.1). To be carried on through `sumWords`; not complemented.
 *
 * @param upperLength octets of the upper-layer packet, header included
 */
export function pseudoHeaderSum(header: Addressed, protocol: number, upperLength: number): number {
  const { src3, dst3 } = header
  const sum =
    (src3 >>> 16) +
    (src3 & 0xffff) +
    (dst3 >>> 16) +
    (dst3 & 0xffff) +
    protocol +
    (upperLength >>> 16) +
    (upperLength & 0xffff)
  if (header.version === 4) return sum
  const { src0, src1, src2, dst0, dst1, dst2 } = header
  return (
    sum +
    (src0 >>> 16) +
    (src0 & 0xffff) +
    (src1 >>> 16) +
    (src1 & 0xffff) +
    (src2 >>> 16) +
    (src2 & 0xffff) +
    (dst0 >>> 16) +
    (dst0 & 0xffff) +
    (dst1 >>> 16) +
    (dst1 & 0xffff) +
    (dst2 >>> 16) +
    (dst2 & 0xffff)
  )
}
