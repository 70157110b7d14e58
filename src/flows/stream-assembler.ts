/**
 * One direction of a conversation as the stream of octets that its receiver read, from the segments that a capture shows:
 * in order, each octet once. What the receiver acknowledged and the capture does not show is told as missing.
 */

import { seqGT, seqLT } from '../wire/seq.ts'

/** Octets that may wait for those before them. A receiver's window is no larger (RFC 7323 2.3). */
const MAX_WAITING_BYTES = 1 << 30

interface Piece {
  readonly seq: number
  readonly octets: Uint8Array
}

export interface StreamSink {
  /** Octets in their order, borrowed. */
  text(octets: Uint8Array): void
  /** So many octets came to the receiver and not to the capture. */
  missing(length: number): void
}

export class StreamAssembler {
  readonly #sink: StreamSink
  /** The next number. Zero, which only a SYN has, says that none has come. */
  #next = 0
  #pieces: Piece[] = []
  #waiting = 0

  constructor(sink: StreamSink) {
    this.#sink = sink
  }

  /**
   * Takes a segment.
   * @param seq relative, of its text: one more than that of a SYN. The first one starts the stream.
   * @param length octets of its text on the wire.
   * @param octets what was captured of them, borrowed.
   */
  segment(seq: number, length: number, octets: Uint8Array): void {
    if (this.#next === 0) this.#next = seq
    if (length === 0) return
    if (seqGT(seq, this.#next)) this.#keep({ seq, octets: octets.slice() })
    else {
      this.#take(seq, length, octets)
      while (this.#takeWaiting());
    }
  }

  /** The receiver has everything up to here: what is not here by now has passed the capture by. */
  acknowledged(ack: number): void {
    for (;;) {
      while (this.#takeWaiting());
      const lowest = this.#lowest()
      if (lowest === null || !seqGT(ack, lowest)) return
      this.#sink.missing((lowest - this.#next) | 0)
      this.#next = lowest
    }
  }

  /** Takes what is new of a piece that starts at the next number, or before it. */
  #take(seq: number, length: number, octets: Uint8Array): void {
    const seen = (this.#next - seq) | 0
    if (seen >= length) return
    this.#next = (seq + length) | 0
    if (seen < octets.length) this.#sink.text(octets.subarray(seen))
  }

  /** Takes the oldest piece that fits; whether there was one. */
  #takeWaiting(): boolean {
    const pieces = this.#pieces
    const index = pieces.findIndex(({ seq }) => !seqGT(seq, this.#next))
    if (index < 0) return false
    const [piece] = pieces.splice(index, 1)
    this.#waiting -= piece!.octets.length
    // Of a packet that was cut and came too early, what was captured counts: the rest is told as missing.
    this.#take(piece!.seq, piece!.octets.length, piece!.octets)
    return true
  }

  #keep(piece: Piece): void {
    if (this.#waiting + piece.octets.length > MAX_WAITING_BYTES) return
    this.#waiting += piece.octets.length
    this.#pieces.push(piece)
  }

  #lowest(): number | null {
    let lowest: number | null = null
    for (const { seq } of this.#pieces) if (lowest === null || seqLT(seq, lowest)) lowest = seq
    return lowest
  }
}
