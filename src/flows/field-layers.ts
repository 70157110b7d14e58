/** The headers in a frame by the layer that they are of, from the outside in, for fields that stand there once a header. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import * as codes from '../dissect/layer-codes.ts'
import type { Packet } from '../dissect/packet.ts'
import { hexText } from '../dissect/tcp-details.ts'
import { addressOf, formatAddress } from '../wire/address.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import {
  IPV6_HEADER_LENGTH,
  NEXT_DESTINATION_OPTIONS,
  NEXT_FRAGMENT,
  NEXT_HOP_BY_HOP,
  NEXT_ROUTING,
} from '../wire/ipv6.ts'
import type { Field, FieldKind, FieldValue, FrameView } from './field.ts'

/** Reads a header at a place; `end` is where the captured octets end. null: the field is not in this one. */
export type HeaderReader<V = FieldValue> = (
  bytes: Uint8Array,
  at: number,
  end: number,
) => V | readonly V[] | null

/** Which of the layers a field stands in. */
export type LayerTest = (code: number, bytes: Uint8Array, at: number) => boolean

export const isEthernet: LayerTest = (code) =>
  code === codes.LINK + 1 || code === codes.LAYER_ETHERNET || code === codes.ETHERTYPE_BRIDGING

/** The outer tag of IEEE 802.1ad is another protocol's to Wireshark. */
export const isVlan: LayerTest = (code) => code === codes.ETHERTYPE_VLAN || code === codes.ETHERTYPE_QINQ_OLD

/** An IP header is what is read as one: several layers may stand at its place before it is. */
export const isIpv4: LayerTest = (code, bytes, at) => code === codes.ETHERTYPE_IPV4 && bytes[at]! >> 4 === 4
export const isIpv6: LayerTest = (code, bytes, at) => code === codes.ETHERTYPE_IPV6 && bytes[at]! >> 4 === 6

export function inLayers<V>(packet: Packet, test: LayerTest, read: HeaderReader<V>): V[] {
  const values: V[] = []
  for (let layer = 0; layer < packet.layers; layer++) {
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    if (!test(packet.layerCodes[layer]!, bytes, at)) continue
    if (isOfFragment(packet, layer) || isOfFabricPath(packet, layer)) continue
    const value = read(bytes, at, endOf(packet, bytes))
    if (value === null) continue
    if (Array.isArray(value)) values.push(...(value as V[]))
    else values.push(value as V)
  }
  return values
}

/** Whether a layer over IP is seen in a fragment only; in the whole datagram it has octets of its own. */
export function isOfFragment(packet: Packet, layer: number): boolean {
  const code = packet.layerCodes[layer]!
  if (layer === 0 || code < codes.IP_PROTOCOL || code >= codes.LINK) return false
  const bytes = packet.layerBytes[layer - 1]!
  const at = packet.layerAts[layer - 1]!
  const outer = packet.layerCodes[layer - 1]!
  if (bytes !== packet.layerBytes[layer]) return false
  if (isIpv4(outer, bytes, at)) return (readUint16(bytes, at + 6) & 0x3fff) !== 0
  return isIpv6(outer, bytes, at) && isIpv6Fragment(bytes, at, endOf(packet, bytes))
}

/** RFC 8200 4.1, 4.5: behind options and routes for all routers on the way stands the fragment header. */
function isIpv6Fragment(bytes: Uint8Array, at: number, end: number): boolean {
  let next = bytes[at + 6]!
  for (let place = at + IPV6_HEADER_LENGTH; place + 8 <= end; ) {
    if (next === NEXT_FRAGMENT) return (readUint16(bytes, place + 2) & 0xfff9) !== 0
    if (next !== NEXT_HOP_BY_HOP && next !== NEXT_ROUTING && next !== NEXT_DESTINATION_OPTIONS) return false
    next = bytes[place]!
    place += 8 * (bytes[place + 1]! + 1)
  }
  return false
}

/** The outer addresses of FabricPath are no addresses of Ethernet. */
function isOfFabricPath(packet: Packet, layer: number): boolean {
  return layer + 1 < packet.layers && packet.layerCodes[layer + 1] === codes.ETHERTYPE_FABRIC_PATH
}

/** Where the octets of a layer end at the latest: those of the record, or of a datagram put together from fragments. */
export function endOf(packet: Packet, bytes: Uint8Array): number {
  return bytes === packet.layerBytes[0] ? packet.layerAts[0]! + packet.capturedLength : bytes.length
}

/** Makes the fields of one kind of header, of which at least `least` octets must be there. */
export function fieldsOf(
  test: LayerTest,
  least: number,
): (kind: FieldKind, read: HeaderReader) => Field<FrameView> {
  return (kind, read) => ({
    kind,
    read: ({ packet }) =>
      inLayers(packet, test, (bytes, at, end) => (end - at < least ? null : read(bytes, at, end))),
  })
}

export const ipv4Text = (bytes: Uint8Array, at: number): string => ipv4WordText(readInt32(bytes, at))

export const ipv4WordText = (word: number): string => formatAddress(addressOf(0, 0, MAPPED_PREFIX, word))

/** As inet_ntop does: an IPv4 address in the last 32 bits is written as such, where all before it is zero. */
export function ipv6WordsText(w0: number, w1: number, w2: number, w3: number): string {
  const isCompatible = (w0 | w1 | w2) === 0 && w3 >>> 16 !== 0
  return isCompatible ? `::${ipv4WordText(w3)}` : formatAddress(addressOf(w0, w1, w2, w3, 6))
}

export function ipv6Text(bytes: Uint8Array, at: number): string {
  const word = (k: number): number => readInt32(bytes, at + 4 * k)
  return ipv6WordsText(word(0), word(1), word(2), word(3))
}

export function etherText(bytes: Uint8Array, at: number): string {
  return hexText(bytes.subarray(at, at + 6), ':')
}
