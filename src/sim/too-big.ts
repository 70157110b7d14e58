/**
 * What a router says to the sender of a packet too big for the next link (RFC 1191 4, RFC 4443 3.2).
 *
 * The message carries the packet's destination as its source, so that a path needs no router with an address. IPv4
 * packets without DF get it too: nothing here fragments, and a TCP that sends them would learn nothing otherwise.
 */

import { ICMP4_CODE_FRAGMENTATION_NEEDED, ICMP4_UNREACHABLE, ICMP6_PACKET_TOO_BIG } from '../wire/icmp.ts'
import { ICMP4_MAX_ERROR, ICMP6_MAX_ERROR, writeIcmpError } from '../wire/icmp-write.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'

const header = new IpHeader()

/** The whole ICMP packet, or null where none may be sent about this packet (RFC 1122 3.2.2). */
export function tooBigAnswer(
  bytes: Uint8Array,
  offset: number,
  length: number,
  mtu: number,
): Uint8Array | null {
  if (decodeIp(bytes, offset, length, header, false) !== 'ok') return null
  const isV4 = header.version === 4
  const frame = new Uint8Array(isV4 ? ICMP4_MAX_ERROR : ICMP6_MAX_ERROR)
  const octets = writeIcmpError(
    frame,
    isV4 ? 4 : 6,
    isV4 ? ICMP4_UNREACHABLE : ICMP6_PACKET_TOO_BIG,
    isV4 ? ICMP4_CODE_FRAGMENTATION_NEEDED : 0,
    mtu,
    header.dst0,
    header.dst1,
    header.dst2,
    header.dst3,
    bytes.subarray(offset, offset + length),
    length,
  )
  return octets === 0 ? null : frame.subarray(0, octets)
}
