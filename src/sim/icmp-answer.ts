/** What routers and firewalls say of a packet by ICMP (RFC 1812 4.3, RFC 4443 3). */

import { ICMP4_MAX_ERROR, ICMP6_MAX_ERROR, writeIcmpError } from '../wire/icmp-write.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'

/** The message by the version of the packet: type and code. */
export interface IcmpWords {
  readonly v4: readonly [type: number, code: number]
  readonly v6: readonly [type: number, code: number]
}

const header = new IpHeader()

/**
 * The whole ICMP packet, in the name of the packet's destination, so that nobody needs an address to say it; or null where
 * none may be sent about this packet (RFC 1122 3.2.2).
 *
 * @param parameter of the message: the MTU where the packet is too big, else 0.
 */
export function icmpAnswer(packet: Uint8Array, words: IcmpWords, parameter = 0): Uint8Array | null {
  if (decodeIp(packet, 0, packet.length, header, false) !== 'ok') return null
  const isV4 = header.version === 4
  const [type, code] = isV4 ? words.v4 : words.v6
  const frame = new Uint8Array(isV4 ? ICMP4_MAX_ERROR : ICMP6_MAX_ERROR)
  const { dst0, dst1, dst2, dst3 } = header
  const version = isV4 ? 4 : 6
  const length = packet.length
  const octets = writeIcmpError(frame, version, type, code, parameter, dst0, dst1, dst2, dst3, packet, length)
  return octets === 0 ? null : frame.subarray(0, octets)
}
