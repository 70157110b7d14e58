/** The octets of each packet, from the capture of what is shown: read when they are first asked for. */

import { CaptureReader } from '../../capture/capture-reader.ts'
import type { CaptureRecord } from '../../capture/record.ts'
import { Dissector } from '../../dissect/dissect.ts'
import { packetOctets } from '../../flows/packet-octets.ts'
import { frameSent } from '../../trace/frame-notes.ts'
import type { PacketOctets } from '../../trace/packed-packets.ts'
import type { IndexedMessage } from '../views/message-index.ts'
import type { Shown } from './shown.ts'

/** Of larger captures nothing is kept twice. */
const MOST_OCTETS = 64_000_000

const known = new WeakMap<Shown, ReadonlyMap<string, PacketOctets>>()

/** What was captured of a packet, its headers first; null where nobody captured it. */
export function octetsOfPacket(shown: Shown, { message, frame }: IndexedMessage): PacketOctets | null {
  let packets = known.get(shown)
  if (packets === undefined) {
    packets = packetsOf(shown)
    known.set(shown, packets)
  }
  return packets.get(shown.captures === undefined ? String(frame) : frameSent(message.note)) ?? null
}

/** By their numbers in what is shown, or of two captures as notes name their frames. */
function packetsOf({ kind, capture, captures }: Shown): ReadonlyMap<string, PacketOctets> {
  const packets = new Map<string, PacketOctets>()
  // A script numbers its packets otherwise than its capture.
  if (kind === 'script' || capture === null) return packets
  if (captures !== undefined) {
    const { client, server } = captures
    if (client.length + server.length > MOST_OCTETS) return packets
    addPackets(packets, client, ({ number }) => `${number} at the client`)
    addPackets(packets, server, ({ number }) => `${number} at the server`)
    return packets
  }
  const { octets } = capture()
  if (octets.length > MOST_OCTETS) return packets
  addPackets(packets, octets, kind === 'capture' ? ({ number }) => String(number) : packetOfRun)
  return packets
}

/** Comments of a run begin with the number that the packet has in it. */
const packetOfRun = ({ comments }: CaptureRecord): string =>
  /^packet (\d+)\b/.exec(comments[0] ?? '')?.[1] ?? ''

function addPackets(
  packets: Map<string, PacketOctets>,
  octets: Uint8Array,
  nameOf: (record: CaptureRecord) => string,
): void {
  let name = ''
  const dissector = new Dissector((found, tcp) => {
    if (found.isQuoted || packets.has(name)) return
    const taken = packetOctets(found, tcp, Number.POSITIVE_INFINITY)
    packets.set(name, { ...taken, octets: taken.octets.slice() })
  })
  const reader = new CaptureReader((record) => {
    name = nameOf(record)
    dissector.dissect(record)
  })
  reader.readWhole(octets)
}
