/** What a router or a firewall says of a packet that it does not pass on (RFC 1812 5.2.7.1, RFC 4443 3.1). */

import { ICMP4_UNREACHABLE, ICMP6_UNREACHABLE } from '../wire/icmp.ts'
import { icmpAnswer } from './icmp-answer.ts'

/** Codes of Destination Unreachable: of IPv4 and of IPv6. */
export interface UnreachableCodes {
  readonly v4: number
  readonly v6: number
}

/** No route leads there. */
export const NO_ROUTE: UnreachableCodes = { v4: 0, v6: 0 }

/** The whole ICMP packet, or null where none may be sent about this packet. */
export function unreachableAnswer(packet: Uint8Array, { v4, v6 }: UnreachableCodes): Uint8Array | null {
  return icmpAnswer(packet, { v4: [ICMP4_UNREACHABLE, v4], v6: [ICMP6_UNREACHABLE, v6] })
}
