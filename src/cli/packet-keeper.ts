/**
 * The octets of packets for a page: of each its headers, and of what is behind them the same most for all, so that the page
 * stays small. Where they do not all fit, the longest are cut first.
 */

import { CaptureRecord } from '../capture/record.ts'
import { Dissector, type TcpCallback } from '../dissect/dissect.ts'
import type { Packet } from '../dissect/packet.ts'
import { packetOctets } from '../flows/packet-octets.ts'
import { headerLength, type PacketOctets } from '../trace/packed-packets.ts'
import { LINKTYPE_RAW } from '../wire/linktype.ts'

/** Octets behind the headers of all packets: with 100,000 packets a page has 5 MB at most, and base64 makes four of three. */
const BUDGET = 1_500_000
/** The most that can be asked for of one packet, octets. */
export const MOST_PAYLOAD = 65_535

const PIECE = 1_000_000
const NO_OCTETS = new Uint8Array(0)

type Kept = Omit<PacketOctets, 'octets'> & { octets: Uint8Array }

export class PacketKeeper {
  readonly #kept = new Map<unknown, Kept>()
  readonly #budget: number
  /** Octets behind the headers of each packet from now on, and of all of them so far. */
  #most: number
  #sum = 0
  readonly #record = new CaptureRecord()
  #key: unknown
  /** Memory for the next copies. */
  #free = NO_OCTETS
  readonly #dissector: Dissector

  /** @param most octets behind the headers of each packet; undefined: as many as fit */
  constructor(most: number | undefined) {
    this.#most = most ?? MOST_PAYLOAD
    this.#budget = most === undefined ? BUDGET : Number.POSITIVE_INFINITY
    // Packets of Elko's own begin with the IP header.
    this.#record.linkType = LINKTYPE_RAW
    this.#dissector = new Dissector(this.taker(() => this.#key))
  }

  /** Takes packets as they are read. @param keyOf under which each is kept; the first one of a key is. */
  taker(keyOf: (packet: Packet) => unknown): TcpCallback {
    return (packet, tcp) => {
      const key = keyOf(packet)
      if (this.#kept.has(key)) return
      const taken: Kept = packetOctets(packet, tcp, this.#most)
      taken.octets = this.#copied(taken.octets)
      this.#kept.set(key, taken)
      this.#sum += behind(taken)
      // Seldom, as all of them are gone through.
      if (this.#sum > 2 * this.#budget) this.#cut()
    }
  }

  /** Takes a packet that begins with its IP header. */
  readonly takeIp = (key: unknown, octets: Uint8Array): void => {
    const record = this.#record
    this.#key = key
    record.bytes = octets
    record.view = new DataView(octets.buffer, octets.byteOffset, octets.length)
    record.length = record.originalLength = octets.length
    this.#dissector.dissect(record)
  }

  get(key: unknown): PacketOctets | undefined {
    if (this.#sum > this.#budget) this.#cut()
    return this.#kept.get(key)
  }

  /** One piece of memory holds the octets of many packets, as each piece has its price. */
  #copied(octets: Uint8Array): Uint8Array {
    if (this.#free.length < octets.length) this.#free = new Uint8Array(Math.max(PIECE, octets.length))
    const copy = this.#free.subarray(0, octets.length)
    copy.set(octets)
    this.#free = this.#free.subarray(octets.length)
    return copy
  }

  #cut(): void {
    const lengths = [...this.#kept.values()].map(behind)
    this.#most = mostWithin(lengths, this.#budget)
    this.#sum = 0
    for (const packet of this.#kept.values()) {
      const more = Math.min(behind(packet), this.#most)
      packet.octets = packet.octets.subarray(0, packet.octets.length - behind(packet) + more)
      this.#sum += more
    }
  }
}

const behind = (packet: PacketOctets): number => packet.octets.length - headerLength(packet)

/** The largest length to which all can be cut so that they have no more than so many octets together. */
export function mostWithin(lengths: readonly number[], budget: number): number {
  let least = 0
  let most = lengths.reduce((longest, length) => Math.max(longest, length), 0)
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    const sum = lengths.reduce((all, length) => all + Math.min(length, middle), 0)
    if (sum <= budget) least = middle
    else most = middle - 1
  }
  return least
}
