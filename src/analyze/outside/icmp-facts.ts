/** What an ICMP error says of the connection that it quotes. */

import { readInt32, readUint16 } from '../../bytes/big-endian.ts'
import { IP_ICMP, IP_ICMPV6 } from '../../dissect/layer-codes.ts'
import type { Packet } from '../../dissect/packet.ts'
import { type Address, addressOf, formatAddress } from '../../wire/address.ts'
import { MAPPED_PREFIX } from '../../wire/ip-header.ts'
import type { Ends } from './case.ts'
import type { IcmpFacts } from './facts.ts'

/** @param aboutClient whether it quotes a packet of the client. @returns null where there is no such error around the quotation. */
export function icmpFactsOf(packet: Packet, aboutClient: boolean, ends: Ends, now: number): IcmpFacts | null {
  for (let layer = packet.layers - 1; layer > 0; layer--) {
    const code = packet.layerCodes[layer]!
    if (code !== IP_ICMP && code !== IP_ICMPV6) continue
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    const version = code === IP_ICMP ? 4 : 6
    const source = outerSource(packet, layer - 1, version)
    if (source === null) return null
    const type = bytes[at]!
    const subtype = bytes[at + 1]!
    const isTooBig = version === 4 ? type === 3 && subtype === 4 : type === 2
    return {
      frame: packet.number,
      at: now,
      version,
      type,
      code: subtype,
      source: formatAddress(source),
      aboutClient,
      fromTarget: formatAddress(source) === (aboutClient ? ends.serverAddress : ends.clientAddress),
      mtu: isTooBig ? (version === 4 ? readUint16(bytes, at + 6) : 1280) : 0,
    }
  }
  return null
}

/** The source of the IP header in this layer. */
function outerSource(packet: Packet, layer: number, version: 4 | 6): Address | null {
  const bytes = packet.layerBytes[layer]!
  const at = packet.layerAts[layer]!
  if (bytes[at]! >> 4 !== version) return null
  const word = (offset: number): number => readInt32(bytes, at + offset)
  return version === 4
    ? addressOf(0, 0, MAPPED_PREFIX, word(12), 4)
    : addressOf(word(8), word(12), word(16), word(20), 6)
}
