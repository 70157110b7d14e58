/** What a router or a firewall says of a packet that it does not pass on (RFC 1812 5.2.7.1, RFC 4443 3.1). */

import { ICMP4_UNREACHABLE, ICMP6_UNREACHABLE } from '../wire/icmp.ts'
import { ICMP4_MAX_ERROR, ICMP6_MAX_ERROR, writeIcmpError } from '../wire/icmp-write.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'

/** Codes of Destination Unreachable: of IPv4 and of IPv6. */
export interface UnreachableCodes {
  readonly v4: number
  readonly v6: number
}

/** No route leads there. */
export const NO_ROUTE: UnreachableCodes = { v4: 0, v6: 0 }

const header = new IpHeader()

/**
 * The whole ICMP packet, in the name of the destination, so that nobody needs an address to say it; or null where none
 * may be sent about this packet (RFC 1122 3.2.2).
 */
export function unreachableAnswer(
  bytes: Uint8Array,
  length: number,
  codes: UnreachableCodes,
): Uint8Array | null {
  if (decodeIp(bytes, 0, length, header, false) !== 'ok') return null
  const isV4 = header.version === 4
  const frame = new Uint8Array(isV4 ? ICMP4_MAX_ERROR : ICMP6_MAX_ERROR)
  const octets = writeIcmpError(
    frame,
    isV4 ? 4 : 6,
    isV4 ? ICMP4_UNREACHABLE : ICMP6_UNREACHABLE,
    isV4 ? codes.v4 : codes.v6,
    0,
    header.dst0,
    header.dst1,
    header.dst2,
    header.dst3,
    bytes.subarray(0, length),
    length,
  )
  return octets === 0 ? null : frame.subarray(0, octets)
}
