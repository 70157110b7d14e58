/** Packets that no host of the network sends: old duplicates, and what routers say. */

import { parseAddress, setAddresses } from '../../wire/address.ts'
import { ICMP4_UNREACHABLE, ICMP6_UNREACHABLE } from '../../wire/icmp.ts'
import { ICMP4_MAX_ERROR, ICMP6_MAX_ERROR, writeIcmpError } from '../../wire/icmp-write.ts'
import { decodeIp } from '../../wire/ip.ts'
import { IpHeader } from '../../wire/ip-header.ts'
import { Segment } from '../../wire/segment.ts'
import { tcpPacketOf } from '../../wire/tcp-packet.ts'

export interface Forgery {
  readonly from: string
  readonly to: string
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
  readonly ack?: number
  readonly flags: number
  readonly window?: number
}

/** A TCP packet without text. */
export function forgeSegment(forgery: Forgery): Uint8Array {
  const ip = new IpHeader()
  const segment = new Segment()
  const source = parseAddress(forgery.from)!
  const target = parseAddress(forgery.to)!
  segment.srcPort = forgery.srcPort
  segment.dstPort = forgery.dstPort
  segment.seq = forgery.seq
  segment.ack = forgery.ack ?? 0
  segment.flags = forgery.flags
  segment.window = forgery.window ?? 65_535
  ip.version = source.version
  ip.ttl = 64
  ip.dontFragment = true
  setAddresses(ip, source, target)
  return tcpPacketOf(ip, segment)
}

/** Destination Unreachable about a packet, as if its destination had sent it. Codes differ by version. */
export function forgeUnreachable(
  packet: Uint8Array,
  codes: { readonly v4: number; readonly v6: number },
): Uint8Array {
  const ip = new IpHeader()
  decodeIp(packet, 0, packet.length, ip, false)
  const isV4 = ip.version === 4
  const frame = new Uint8Array(isV4 ? ICMP4_MAX_ERROR : ICMP6_MAX_ERROR)
  const octets = writeIcmpError(
    frame,
    isV4 ? 4 : 6,
    isV4 ? ICMP4_UNREACHABLE : ICMP6_UNREACHABLE,
    isV4 ? codes.v4 : codes.v6,
    0,
    ip.dst0,
    ip.dst1,
    ip.dst2,
    ip.dst3,
    packet,
    packet.length,
  )
  return frame.subarray(0, octets)
}
