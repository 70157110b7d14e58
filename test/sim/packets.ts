/** Real TCP packets for the tests of this room. */

import { parseAddress, setAddresses } from '../../src/wire/address.ts'
import { decodeIcmp, IcmpMessage } from '../../src/wire/icmp.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, Segment } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'

/** A segment with `text` octets from src:1000 to dst:80 and right checksums. `seq` tells packets apart. */
export function tcpPacket(src: string, dst: string, seq: number, text: Uint8Array | number): Uint8Array {
  const octets = typeof text === 'number' ? new Uint8Array(text).map((_, i) => i) : text
  const ip = new IpHeader()
  const from = parseAddress(src)!
  ip.version = from.version
  ip.ttl = 64
  ip.dontFragment = true
  setAddresses(ip, from, parseAddress(dst)!)
  const segment = new Segment()
  segment.srcPort = 1000
  segment.dstPort = 80
  segment.seq = seq
  segment.flags = ACK
  segment.window = 65535
  return tcpPacketOf(ip, segment, octets)
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
