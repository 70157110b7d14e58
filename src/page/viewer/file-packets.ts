/** The octets of the packets that the page carries: unpacked when they are first asked for, as there may be many. */

import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import {
  type PackedPackets,
  type PacketOctets,
  packedOctets,
  unpackPackets,
} from '../../trace/packed-packets.ts'

export class FilePackets {
  readonly #packed: PackedPackets
  readonly #events: readonly TraceEvent[]
  #unpacking: Promise<void> | null = null
  #packets: ReadonlyMap<SegmentRecord, PacketOctets> | null = null

  constructor(packed: PackedPackets, events: readonly TraceEvent[]) {
    this.#packed = packed
    this.#events = events
  }

  /** null: it was not captured. The promise fails where the page is damaged. */
  of(segment: SegmentRecord): PacketOctets | null | Promise<PacketOctets | null> {
    if (this.#packets !== null) return this.#packets.get(segment) ?? null
    this.#unpacking ??= this.#unpack()
    return this.#unpacking.then(() => this.#packets?.get(segment) ?? null)
  }

  async #unpack(): Promise<void> {
    const { headers, rest } = packedOctets(this.#packed)
    const octets = { headers: await inflated(headers), rest: await inflated(rest) }
    this.#packets = unpackPackets(this.#packed, this.#events, octets)
  }
}

async function inflated(octets: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([octets as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
