/**
 * Puts fragments of IP datagrams together (RFC 791 3.2, RFC 8200 4.5), as a bystander: fragments come in any order, more
 * than once, and some never. Bounded: the datagrams that are waited for longest are given up.
 */

import type { FragmentPlace } from './network-layers.ts'
import type { Packet } from './packet.ts'

/** Datagrams that may wait for fragments at once. */
const MAX_DATAGRAMS = 1024
const MAX_DATAGRAM_BYTES = 65_535
/** Fragments of one datagram; a real one has 45 on Ethernet, 8189 at the least. */
const MAX_FRAGMENTS = 8192

interface Piece {
  readonly offset: number
  readonly octets: Uint8Array
}

interface Datagram {
  readonly pieces: Piece[]
  /** Octets of the whole payload, by the first of what claim to be last fragments; -1 until it has come. */
  length: number
}

export class Fragments {
  /** In order of their first fragments. */
  readonly #waiting = new Map<string, Datagram>()

  /**
   * Takes a fragment that is whole. Where that makes its datagram whole the packet's cursor is set to the datagram's payload.
   */
  add(packet: Packet, place: FragmentPlace): boolean {
    const length = packet.wireEnd - packet.at
    if (place.offset + length > MAX_DATAGRAM_BYTES) return false
    const key = keyOf(packet, place)
    const datagram = this.#waiting.get(key) ?? this.#open(key)
    if (datagram.pieces.length >= MAX_FRAGMENTS) return false
    datagram.pieces.push({ offset: place.offset, octets: packet.bytes.slice(packet.at, packet.end) })
    if (!place.more && datagram.length < 0) datagram.length = place.offset + length
    const whole = assembled(datagram)
    if (whole === null) return false
    this.#waiting.delete(key)
    packet.bytes = whole
    packet.view = new DataView(whole.buffer)
    packet.at = 0
    packet.end = whole.length
    packet.wireEnd = whole.length
    return true
  }

  #open(key: string): Datagram {
    if (this.#waiting.size >= MAX_DATAGRAMS) {
      const [oldest] = this.#waiting.keys()
      this.#waiting.delete(oldest!)
    }
    const datagram: Datagram = { pieces: [], length: -1 }
    this.#waiting.set(key, datagram)
    return datagram
  }
}

/** Whether a fragment can be a part of a datagram: the capture did not cut it, and its header's checksum is right. */
export function isWhole(packet: Packet, place: FragmentPlace): boolean {
  return place.isSound && packet.end >= packet.wireEnd && packet.end > packet.at
}

function keyOf(p: Packet, place: FragmentPlace): string {
  const addresses = `${p.src0},${p.src1},${p.src2},${p.src3},${p.dst0},${p.dst1},${p.dst2},${p.dst3}`
  // IPv6 tells datagrams apart without the protocol (RFC 8200 4.5).
  return `${addresses},${place.id},${p.version === 6 ? -1 : place.protocol},${p.vlan}`
}

/** The datagram's payload where no octet is missing; of octets that came twice the fragment that starts first counts. */
function assembled({ pieces, length }: Datagram): Uint8Array | null {
  if (length < 0) return null
  const inOrder = [...pieces].sort((a, b) => a.offset - b.offset)
  const whole = new Uint8Array(length)
  let reached = 0
  for (const { offset, octets } of inOrder) {
    if (offset > reached) return null
    const end = Math.min(offset + octets.length, length)
    if (end <= reached) continue
    whole.set(octets.subarray(reached - offset, end - offset), reached)
    reached = end
  }
  return reached < length ? null : whole
}
