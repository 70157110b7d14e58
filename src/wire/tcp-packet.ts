/**
 * A whole TCP packet in memory of its own: a reset to a stranger, a forgery in a simulation. What a connection sends is
 * written straight into the frame instead (tcp/packet.ts).
 */

import { ipHeaderLength, writeIpHeader } from './ip.ts'
import { type IpHeader, PROTOCOL_TCP } from './ip-header.ts'
import type { Segment } from './segment.ts'
import { TCP_CHECKSUM, tcpChecksum, tcpHeaderLength, writeTcpHeader } from './tcp.ts'

const NO_TEXT: Uint8Array = new Uint8Array(0)

/** The packet with right lengths and checksums. Protocol and total length are set in `ip`; the rest is the caller's. */
export function tcpPacketOf(ip: IpHeader, segment: Segment, text = NO_TEXT): Uint8Array {
  const tcpAt = ipHeaderLength(ip.version)
  const textAt = tcpAt + tcpHeaderLength(segment)
  const packet = new Uint8Array(textAt + text.length)
  const view = new DataView(packet.buffer)
  ip.protocol = PROTOCOL_TCP
  ip.totalLength = packet.length
  writeIpHeader(view, 0, ip)
  writeTcpHeader(view, tcpAt, segment)
  packet.set(text, textAt)
  view.setUint16(tcpAt + TCP_CHECKSUM, tcpChecksum(packet, ip, tcpAt, packet.length - tcpAt))
  return packet
}
