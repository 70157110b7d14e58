/** The octets that each side of each conversation sent, in order, as their packets come by. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { SYN } from '../wire/segment.ts'
import { StreamAssembler, type StreamSink } from './stream-assembler.ts'
import type { TcpAnalysis } from './tcp-analysis.ts'

/** Where the octets of one side go; null: nobody wants them. */
export type SinkMaker = (stream: number, isFromA: boolean) => StreamSink | null

/** Of a stream: the assembler of side A, and that of side B. */
type Pair = readonly [StreamAssembler | null, StreamAssembler | null]

export class ByteStreams {
  readonly #sinkOf: SinkMaker
  readonly #most: number
  readonly #pairs = new Map<number, Pair>()

  /**
   * @param most conversations that are held at once; the one that was silent longest makes room, and begins anew in the
   *   middle where it goes on.
   */
  constructor(sinkOf: SinkMaker, most = Number.POSITIVE_INFINITY) {
    this.#sinkOf = sinkOf
    this.#most = most
  }

  /** Takes the next packet, with what the analysis of sequence numbers says of it. */
  packet(packet: Packet, tcp: TcpFields, analysis: TcpAnalysis): void {
    if (tcp.textLength < 0 || !analysis.isWhole) return
    const { stream, isFromA } = analysis
    const pair = this.#pairs.get(stream) ?? this.#open(stream)
    if (2 * this.#pairs.size > this.#most) this.#touch(stream, pair)
    pair[isFromA ? 1 : 0]?.acknowledged(analysis.ack | 0)
    const own = pair[isFromA ? 0 : 1]
    if (own === null) return
    const seq = (analysis.seq + ((tcp.flags & SYN) === 0 ? 0 : 1)) | 0
    const octets = packet.bytes.subarray(tcp.textAt, tcp.textAt + tcp.textHeld)
    own.segment(seq, tcp.textLength, octets, packet.number)
  }

  /** The order of a map is that of its insertions. */
  #touch(stream: number, pair: Pair): void {
    this.#pairs.delete(stream)
    this.#pairs.set(stream, pair)
  }

  #open(stream: number): Pair {
    if (this.#pairs.size >= this.#most) this.#pairs.delete(this.#pairs.keys().next().value!)
    const assembler = (isFromA: boolean): StreamAssembler | null => {
      const sink = this.#sinkOf(stream, isFromA)
      return sink === null ? null : new StreamAssembler(sink)
    }
    const pair: Pair = [assembler(true), assembler(false)]
    this.#pairs.set(stream, pair)
    return pair
  }
}
