/** Real TCP packets for the tests of this room. */

import { parseAddress } from '../../src/wire/address.ts'
import { decodeIcmp, IcmpMessage } from '../../src/wire/icmp.ts'
import { decodeIp, ipHeaderLength, writeIpHeader } from '../../src/wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../../src/wire/ip-header.ts'
import { ACK, Segment } from '../../src/wire/segment.ts'
import {
  decodeTcp,
  TCP_CHECKSUM,
  TCP_HEADER_LENGTH,
  tcpChecksum,
  writeTcpHeader,
} from '../../src/wire/tcp.ts'

/** A segment with `text` octets from src:1000 to dst:80 and right checksums. `seq` tells packets apart. */
export function tcpPacket(src: string, dst: string, seq: number, text: Uint8Array | number): Uint8Array {
  const octets = typeof text === 'number' ? new Uint8Array(text).map((_, i) => i) : text
  const [from, to] = [parseAddress(src)!, parseAddress(dst)!]
  const ip = new IpHeader()
  ip.version = from.version
  ip.ttl = 64
  ip.protocol = PROTOCOL_TCP
  ip.dontFragment = true
  ip.src0 = from.w0
  ip.src1 = from.w1
  ip.src2 = from.w2
  ip.src3 = from.w3
  ip.dst0 = to.w0
  ip.dst1 = to.w1
  ip.dst2 = to.w2
  ip.dst3 = to.w3
  const headerLength = ipHeaderLength(ip.version)
  const tcpLength = TCP_HEADER_LENGTH + octets.length
  ip.totalLength = headerLength + tcpLength
  const packet = new Uint8Array(ip.totalLength)
  const view = new DataView(packet.buffer)
  writeIpHeader(view, 0, ip)
  const segment = new Segment()
  segment.srcPort = 1000
  segment.dstPort = 80
  segment.seq = seq
  segment.flags = ACK
  segment.window = 65535
  writeTcpHeader(view, headerLength, segment)
  packet.set(octets, headerLength + TCP_HEADER_LENGTH)
  view.setUint16(headerLength + TCP_CHECKSUM, tcpChecksum(packet, ip, headerLength, tcpLength))
  return packet
}

/** The verdict of a receiver with all checksums verified. */
export function verdictOf(packet: Uint8Array, length: number): string {
  const ip = new IpHeader()
  const verdict = decodeIp(packet, 0, length, ip, true)
  return verdict === 'ok' ? decodeTcp(packet, ip, new Segment(), true) : verdict
}

/** The sequence number of a packet of `tcpPacket`, int32; 0 where the packet is shorter. */
export function sequenceOf(packet: Uint8Array): number {
  const at = packet[0]! >> 4 === 4 ? 20 : 40
  if (packet.length < at + 8) return 0
  return new DataView(packet.buffer, packet.byteOffset).getInt32(at + 4)
}

/** The ICMP message in a packet, its checksums verified. */
export function icmpOf(
  packet: Uint8Array,
  length = packet.length,
): { ip: IpHeader; message: IcmpMessage; verdict: string } {
  const ip = new IpHeader()
  const message = new IcmpMessage()
  const verdict = decodeIp(packet, 0, length, ip, true)
  return { ip, message, verdict: verdict === 'ok' ? decodeIcmp(packet, ip, message, true) : verdict }
}

/** The numbers of the bits in which two packets of one length differ. */
export function bitsThatDiffer(a: Uint8Array, b: Uint8Array): number[] {
  const bits: number[] = []
  for (let i = 0; i < a.length; i++) {
    for (let bit = 0; bit < 8; bit++) if (((a[i]! ^ b[i]!) >> bit) & 1) bits.push(8 * i + bit)
  }
  return bits
}
