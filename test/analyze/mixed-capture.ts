/**
 * Captures that never were, of everything that more than one connection, or more than a plain header, has to do with: random
 * conversations, some of whose packets come twice, in fragments, in tunnels, as quotations of ICMP errors, cut or broken, and
 * requests for hardware addresses in between.
 */

import { foldChecksum, sumWords } from '../../src/bytes/checksum.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import type { Random } from '../../src/sim/random.ts'
import { randomCapture } from '../flows/random-conversations.ts'
import { ethernetFrame } from '../flows/random-frames.ts'

/** In the header of a packet of pcap. */
const ORIGINAL_LENGTH_AT = 12
const ETHERNET = 14
const IP = 20
const GATEWAY = [10, 9, 9, 1]
/** Is asked for in vain. */
const NOBODY = [10, 9, 9, 77]
const IPIP = 4
const GRE = 47
const ICMP = 1
const UDP = 17

type Form = (packet: Uint8Array, random: Random) => Uint8Array[]

/** What becomes of an IPv4 packet: one frame or more. */
const FORMS: readonly Form[] = [
  (packet) => [ethernetFrame(packet, []), ethernetFrame(packet, [])],
  (packet) => {
    const cut = IP + 24
    const [source, destination] = [packet.subarray(12, 16), packet.subarray(16, 20)]
    const part = (from: number, to: number, flags: number): Uint8Array =>
      ethernetFrame(ipv4(packet[9]!, source, destination, packet.subarray(from, to), packet[5]!, flags), [])
    if (packet.length <= cut) return [ethernetFrame(packet, [])]
    return [part(cut, packet.length, 3), part(IP, cut, 0x2000)]
  },
  (packet) => [ethernetFrame(ipv4(IPIP, GATEWAY, [10, 9, 9, 2], packet), [])],
  (packet) => [ethernetFrame(ipv4(GRE, GATEWAY, [10, 9, 9, 2], [0, 0, 8, 0, ...packet]), [])],
  (packet) => {
    // VXLAN: a whole frame behind eight octets.
    const inner = [8, 0, 0, 0, 0, 0, 7, 0, ...ethernetFrame(packet, [])]
    const ports = [0xc0, 0, 0x12, 0xb5, (inner.length + 8) >> 8, (inner.length + 8) & 0xff, 0, 0]
    return [ethernetFrame(ipv4(UDP, GATEWAY, [10, 9, 9, 2], [...ports, ...inner]), [])]
  },
  (packet, random) => {
    const quoted = packet.subarray(0, random.pick([IP + 8, IP + 20, packet.length]))
    const type = random.pick([3, 11])
    const error = [type, random.range(0, 4), 0, 0, 0, 0, 0, 0, ...quoted]
    return [ethernetFrame(packet, []), ethernetFrame(ipv4(ICMP, GATEWAY, packet.subarray(12, 16), error), [])]
  },
  (packet, random) => [arp(packet.subarray(12, 16), packet.subarray(16, 20), random.chance(0.2) ? 2 : 1)],
  () => [arp(GATEWAY, NOBODY, 1)],
  (packet, random) => {
    const broken = ethernetFrame(packet, [])
    broken[ETHERNET + random.range(0, 35)]! ^= 1 << random.range(0, 7)
    return [broken]
  },
]

/** @param packets of the conversations. */
export function mixedCapture(random: Random, packets: number): Uint8Array {
  const parts: Uint8Array[] = [pcapHeader({ linkType: 1 })]
  let backUs = 0
  const reader = new CaptureReader((record) => {
    // A clock that is set back now and then.
    if (random.chance(0.001)) backUs += random.range(0, 200_000)
    const at = record.seconds * 1e6 + record.nanoseconds / 1000 - backUs
    const frame = record.bytes.slice(record.start, record.start + record.length)
    const isPlain = frame[12] === 8 && frame[13] === 0
    const frames =
      isPlain && random.chance(0.2) ? random.pick(FORMS)(frame.subarray(ETHERNET), random) : [frame]
    for (const octets of frames) {
      const kept = random.chance(0.03) ? random.range(0, octets.length) : octets.length
      const part = pcapPacket(at, octets, 0, kept)
      new DataView(part.buffer).setUint32(ORIGINAL_LENGTH_AT, octets.length, true)
      parts.push(part)
    }
  })
  reader.readWhole(randomCapture(random, packets))
  return Buffer.concat(parts)
}

function ipv4(
  protocol: number,
  source: ArrayLike<number>,
  destination: ArrayLike<number>,
  payload: ArrayLike<number>,
  id = 1,
  fragment = 0,
): Uint8Array {
  const octets = new Uint8Array(IP + payload.length)
  octets.set([0x45, 0, 0, 0, 0, id, fragment >> 8, fragment & 0xff, 64, protocol])
  octets.set(source, 12)
  octets.set(destination, 16)
  octets.set(payload, IP)
  const view = new DataView(octets.buffer)
  view.setUint16(2, octets.length)
  view.setUint16(10, foldChecksum(sumWords(octets, 0, IP, 0)))
  return octets
}

function arp(sender: Iterable<number>, target: Iterable<number>, operation: number): Uint8Array {
  const addresses = [2, 0, 0, 0, 0, 1, ...sender, 0, 0, 0, 0, 0, 0, ...target]
  const head = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6]
  return Uint8Array.of(...head, 0, 1, 8, 0, 6, 4, 0, operation, ...addresses)
}
