/** The octets of a packet with the places of its headers, as details show them. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { headerLength, type PacketOctets } from '../trace/packed-packets.ts'

/**
 * What was captured of a packet, as a view of octets that may be borrowed.
 *
 * @param most octets of it that are wanted behind its headers
 */
export function packetOctets(packet: Packet, tcp: TcpFields, most: number): PacketOctets {
  const bytes = packet.layerBytes[0]!
  const start = packet.layerAts[0]!
  // Put together from fragments it has its headers elsewhere.
  const isHere = packet.bytes === bytes
  const captured = packet.capturedLength
  const textAt = isHere ? tcp.textAt - start : -1
  const length = Math.min(captured, headerLength({ captured, textAt }) + most)
  return {
    octets: bytes.subarray(start, start + length),
    captured,
    onWire: packet.frameLength,
    ipAt: isHere ? packet.ipAt - start : -1,
    tcpAt: isHere ? tcp.at - start : -1,
    textAt,
  }
}
