/** The octets of each packet, from the capture of what is shown: read when they are first asked for. */

import { CaptureReader } from '../../capture/capture-reader.ts'
import { Dissector } from '../../dissect/dissect.ts'
import { packetOctets } from '../../flows/packet-octets.ts'
import type { PacketOctets } from '../../trace/packed-packets.ts'
import type { Shown } from './shown.ts'

/** Of a larger capture nothing is kept twice. */
const MOST_OCTETS = 64_000_000

const known = new WeakMap<Shown, ReadonlyMap<number, PacketOctets>>()

/** What was captured of a packet, its headers first; null where nobody captured it. */
export function octetsOfPacket(shown: Shown, packet: number): PacketOctets | null {
  let packets = known.get(shown)
  if (packets === undefined) {
    packets = packetsOf(shown)
    known.set(shown, packets)
  }
  return packets.get(packet) ?? null
}

function packetsOf({ kind, capture }: Shown): ReadonlyMap<number, PacketOctets> {
  const packets = new Map<number, PacketOctets>()
  // A script numbers its packets otherwise than its capture.
  if (kind === 'script' || capture === null) return packets
  const { octets } = capture()
  if (octets.length > MOST_OCTETS) return packets
  let packet = 0
  const dissector = new Dissector((found, tcp) => {
    if (found.isQuoted || packets.has(packet)) return
    const taken = packetOctets(found, tcp, Number.POSITIVE_INFINITY)
    packets.set(packet, { ...taken, octets: taken.octets.slice() })
  })
  const reader = new CaptureReader((record) => {
    // Comments of a run begin with the number that the packet has in it.
    const [, told] = /^packet (\d+)\b/.exec(record.comments[0] ?? '') ?? []
    packet = kind === 'capture' ? record.number : Number(told ?? 0)
    dissector.dissect(record)
  })
  reader.readWhole(octets)
  return packets
}
