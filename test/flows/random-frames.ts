/** Frames for captures that never were: Ethernet, perhaps VLANs, IPv4 or IPv6, TCP, checksums. */

import { foldChecksum, sumWords } from '../../src/bytes/checksum.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'

export interface End {
  /** 4 or 16 octets. */
  readonly address: readonly number[]
  readonly port: number
}

export interface RandomSegment {
  readonly from: End
  readonly to: End
  readonly seq: number
  readonly ack: number
  readonly flags: number
  readonly window: number
  readonly options: readonly number[]
  readonly text: Uint8Array
}

const IPV4_HEADER = 20
const IPV6_HEADER = 40
const PROTOCOL_TCP = 6

/** An IP packet with a TCP segment in it. */
export function ipPacket(segment: RandomSegment, id: number): Uint8Array {
  const { from, to } = segment
  const isVersion4 = from.address.length === 4
  const ipLength = isVersion4 ? IPV4_HEADER : IPV6_HEADER
  const tcp = tcpSegment(segment)
  const octets = new Uint8Array(ipLength + tcp.length)
  const view = new DataView(octets.buffer)
  octets.set(tcp, ipLength)
  if (isVersion4) {
    octets.set([0x45, 0, 0, 0, id >> 8, id, 0x40, 0, 64, PROTOCOL_TCP, 0, 0, ...from.address, ...to.address])
    view.setUint16(2, octets.length)
    view.setUint16(10, foldChecksum(sumWords(octets, 0, IPV4_HEADER, 0)))
  } else {
    octets.set([0x60, 0, 0, 0, 0, 0, PROTOCOL_TCP, 64, ...from.address, ...to.address])
    view.setUint16(4, tcp.length)
  }
  const pseudo = PROTOCOL_TCP + tcp.length
  const addressesAt = isVersion4 ? 12 : 8
  const sum = foldChecksum(sumWords(octets, addressesAt, octets.length - addressesAt, pseudo))
  view.setUint16(ipLength + 16, sum)
  return octets
}

function tcpSegment({ from, to, seq, ack, flags, window, options, text }: RandomSegment): Uint8Array {
  const headerLength = 20 + 4 * Math.ceil(options.length / 4)
  const octets = new Uint8Array(headerLength + text.length)
  const view = new DataView(octets.buffer)
  view.setUint16(0, from.port)
  view.setUint16(2, to.port)
  view.setUint32(4, seq)
  view.setUint32(8, ack)
  view.setUint16(12, (headerLength << 10) | flags)
  view.setUint16(14, window)
  octets.set(options, 20)
  octets.set(text, headerLength)
  return octets
}

/** The packet behind an Ethernet header and so many tags. */
export function ethernetFrame(packet: Uint8Array, vlans: readonly number[]): Uint8Array {
  const type = packet[0]! >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd]
  const tags = vlans.flatMap((vlan) => [0x81, 0x00, vlan >> 8, vlan])
  return Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...tags, ...type, ...packet)
}

/** A pcap file of Ethernet frames, as it grows. */
export class RandomFile {
  readonly #parts: Uint8Array[] = [pcapHeader({ linkType: 1 })]

  get packets(): number {
    return this.#parts.length - 1
  }

  /** @param held octets that the capture kept. */
  add(at: number, frame: Uint8Array, held: number = frame.length): void {
    const part = pcapPacket(at, frame, 0, Math.min(held, frame.length))
    new DataView(part.buffer).setUint32(12, frame.length, true)
    this.#parts.push(part)
  }

  get octets(): Uint8Array {
    return Buffer.concat(this.#parts)
  }
}
