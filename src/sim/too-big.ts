/**
 * What a router says to the sender of a packet too big for the next link (RFC 1191 4, RFC 4443 3.2).
 *
 * IPv4 packets without DF get it too: nothing here fragments, and a TCP that sends them would learn nothing otherwise.
 */

import { ICMP4_CODE_FRAGMENTATION_NEEDED, ICMP4_UNREACHABLE, ICMP6_PACKET_TOO_BIG } from '../wire/icmp.ts'
import { icmpAnswer } from './icmp-answer.ts'

const TOO_BIG = {
  v4: [ICMP4_UNREACHABLE, ICMP4_CODE_FRAGMENTATION_NEEDED],
  v6: [ICMP6_PACKET_TOO_BIG, 0],
} as const

/** The whole ICMP packet, or null where none may be sent about this packet. */
export function tooBigAnswer(
  bytes: Uint8Array,
  offset: number,
  length: number,
  mtu: number,
): Uint8Array | null {
  return icmpAnswer(bytes.subarray(offset, offset + length), TOO_BIG, mtu)
}
