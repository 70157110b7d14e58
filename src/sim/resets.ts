/** Resets that look as if the other side had sent them (RFC 3360 2): for boxes that end connections. */

import { setAddresses } from '../wire/address.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { ACK, RST, Segment } from '../wire/segment.ts'
import { tcpPacketOf } from '../wire/tcp-packet.ts'
import { endsOf, type Flow, FlowTable, hasEnded, type Socket } from './flow-table.ts'
import { type Direction, type Middlebox, opposite, type Transit } from './middlebox.ts'

/** A box has an initial TTL of its own, here as many have: its resets look as if the other side had sent them, but for this. */
const TTL = 255

/** The answer of a destination that knows no such connection: RFC 9293 3.10.7.1. */
export function refusal(transit: Transit): Uint8Array {
  const { segment } = transit
  const [source, destination] = endsOf(transit)
  const hasAck = (segment.flags & ACK) !== 0
  const ack = hasAck ? null : (segment.seq + segment.length) | 0
  return resetPacket(destination, source, hasAck ? segment.ack : 0, ack)
}

/** A reset that passes for the sender's own, sent instead of this packet. */
export function instead(transit: Transit): Uint8Array {
  const { segment } = transit
  const [source, destination] = endsOf(transit)
  return resetPacket(source, destination, segment.seq, (segment.flags & ACK) === 0 ? null : segment.ack)
}

/** A reset and the way it goes: 'out' or 'back'. */
export interface Forgery {
  readonly direction: Direction
  readonly packet: Uint8Array
}

/** Follows the connections of a path, and can reset them at any time. Passes everything. */
export class Resetter implements Middlebox {
  readonly name = 'resetter'
  readonly table = new FlowTable()

  handlePacket(transit: Transit): boolean {
    if (transit.isTcp) this.table.track(transit)
    return true
  }

  /**
   * Resets for both sides of each connection that has not ended and that `isMeant`. RFC 5961 3.2 takes a reset that has
   * the very next sequence number: it is what the other side sent last, and, where that is still on its way or
   * lost, what the receiver acknowledged last; so there are two, where they differ.
   */
  forge(isMeant: (flow: Flow) => boolean, towards: Direction | 'both' = 'both'): Forgery[] {
    const forgeries: Forgery[] = []
    for (const flow of this.table.flows()) {
      if (hasEnded(flow) || !isMeant(flow)) continue
      for (const direction of ['out', 'back'] as const) {
        if (towards !== 'both' && towards !== direction) continue
        for (const packet of resetsOf(flow, direction)) forgeries.push({ direction, packet })
      }
    }
    return forgeries
  }
}

/** Those that travel in this direction: from the side that sends so. */
function resetsOf(flow: Flow, direction: Direction): Uint8Array[] {
  const [from, to] = direction === 'out' ? [flow.near, flow.far] : [flow.far, flow.near]
  const sender = flow.sides[direction]
  const receiver = flow.sides[opposite(direction)]
  const numbers = new Set([receiver.ack, sender.next].filter((number) => number !== null))
  // In SYN-SENT a reset counts that acknowledges the SYN (RFC 9293 3.10.7.3), whatever its number.
  if (numbers.size === 0) numbers.add(0)
  return [...numbers].map((seq) => resetPacket(from, to, seq, receiver.next))
}

/** @param ack null: no acknowledgment. */
function resetPacket(from: Socket, to: Socket, seq: number, ack: number | null): Uint8Array {
  const header = new IpHeader()
  header.version = from.address.version
  header.ttl = TTL
  setAddresses(header, from.address, to.address)
  const reset = new Segment()
  reset.srcPort = from.port
  reset.dstPort = to.port
  reset.seq = seq
  reset.ack = ack ?? 0
  reset.flags = ack === null ? RST : RST | ACK
  return tcpPacketOf(header, reset)
}
