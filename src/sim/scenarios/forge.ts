/** Packets that no host of the network sends: old duplicates. */

import { parseAddress, setAddresses } from '../../wire/address.ts'
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
