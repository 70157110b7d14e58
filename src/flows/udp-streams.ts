/** Wireshark's `udp.stream`: conversations of UDP by pairs of addresses and ports, numbered as they come. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import * as codes from '../dissect/layer-codes.ts'
import type { Packet } from '../dissect/packet.ts'
import { IPV4_SOURCE } from '../wire/ipv4.ts'
import { IPV6_SOURCE } from '../wire/ipv6.ts'
import { isIpv4, isIpv6, isOfFragment } from './field-layers.ts'

const UDP_HEADER = 8

export class UdpStreams {
  readonly #streams = new Map<string, number>()
  #frame = 0
  #found: number[] = []

  /** Those of the frame at hand, from the outside in. Every frame must be asked for, in order; twice does no harm. */
  of(packet: Packet): readonly number[] {
    if (packet.number === this.#frame) return this.#found
    this.#frame = packet.number
    this.#found = []
    for (let layer = 1; layer < packet.layers; layer++) {
      if (packet.layerCodes[layer] === codes.IP_UDP) this.#take(packet, layer)
    }
    return this.#found
  }

  #take(packet: Packet, layer: number): void {
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    if (bytes.length - at < UDP_HEADER || isOfFragment(packet, layer)) return
    const addresses = addressesAround(packet, layer)
    if (addresses === null) return
    const [source, destination] = addresses
    const one = `${source} ${readUint16(bytes, at)}`
    const other = `${destination} ${readUint16(bytes, at + 2)}`
    const name = one < other ? `${one} ${other}` : `${other} ${one}`
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = this.#streams.size
      this.#streams.set(name, stream)
    }
    this.#found.push(stream)
  }
}

/** Of the innermost IP header around a layer, as text that tells them apart. */
function addressesAround(packet: Packet, layer: number): readonly [string, string] | null {
  for (let outer = layer - 1; outer >= 0; outer--) {
    const code = packet.layerCodes[outer]!
    const bytes = packet.layerBytes[outer]!
    const at = packet.layerAts[outer]!
    const word = (place: number): string => readInt32(bytes, at + place).toString(36)
    if (isIpv4(code, bytes, at)) return [word(IPV4_SOURCE), word(IPV4_SOURCE + 4)]
    if (!isIpv6(code, bytes, at)) continue
    const words = (place: number): string => [0, 4, 8, 12].map((k) => word(place + k)).join(':')
    return [words(IPV6_SOURCE), words(IPV6_SOURCE + 16)]
  }
  return null
}
