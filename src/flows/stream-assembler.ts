/**
 * One direction of a conversation as the stream of octets that its receiver read, from the segments that a capture shows:
 * in order, each octet once. What the receiver acknowledged and the capture does not show is told as missing.
 */

import { seqGT, seqLT } from '../wire/seq.ts'
import { WaitingPieces } from './waiting-pieces.ts'

/** Octets that may wait for those before them, with what each piece takes beside them. A receiver's window is no larger. */
const MAX_WAITING_BYTES = 1 << 30
const PIECE_BYTES = 128

export interface StreamSink {
  /**
   * Octets in their order, borrowed.
   * @param seq relative, of the first one.
   * @param frame the packet that brought them.
   */
  text(octets: Uint8Array, seq: number, frame: number): void
  /** So many octets came to the receiver and not to the capture. */
  missing(length: number): void
}

export class StreamAssembler {
  readonly #sink: StreamSink
  /** The next number. */
  #next = 0
  /** Whether something came in its order: until then a number that is zero says that nothing came. */
  #hasStarted = false
  /** The next number, counted on. */
  #place = 0
  readonly #pieces = new WaitingPieces()
  #waiting = 0

  constructor(sink: StreamSink) {
    this.#sink = sink
  }

  /**
   * Takes a segment.
   * @param seq relative, of its text: one more than that of a SYN. The first one starts the stream.
   * @param length octets of its text on the wire.
   * @param octets what was captured of them, borrowed.
   * @param frame its packet's number.
   */
  segment(seq: number, length: number, octets: Uint8Array, frame: number): void {
    if (this.#next === 0 && !this.#hasStarted) this.#moveTo(seq)
    if (seqGT(seq, this.#next)) this.#keep(seq, octets, frame)
    else {
      const isNew = this.#take(seq, length, octets, frame)
      this.#hasStarted ||= isNew
      while (this.#takeWaiting());
    }
  }

  /** The receiver has everything up to here: what is not here by now has passed the capture by. */
  acknowledged(ack: number): void {
    for (;;) {
      while (this.#takeWaiting());
      const lowest = this.#pieces.lowest?.seq
      if (lowest === undefined || !seqLT(lowest, ack)) return
      this.#sink.missing((lowest - this.#next) | 0)
      this.#moveTo(lowest)
    }
  }

  /** Takes what is new of a piece that starts at the next number, or before it; whether there was something new. */
  #take(seq: number, length: number, octets: Uint8Array, frame: number): boolean {
    const seen = (this.#next - seq) >>> 0
    // What has come without an octet is as good as lost.
    if (seen >= length || seen >= octets.length) return false
    const from = this.#next
    this.#moveTo((seq + length) | 0)
    this.#sink.text(octets.subarray(seen), from, frame)
    return true
  }

  /** Takes the piece that came first of those that fit; whether there was one. */
  #takeWaiting(): boolean {
    const piece = this.#pieces.take(this.#place)
    if (piece === undefined) return false
    this.#waiting -= piece.octets.length + PIECE_BYTES
    // Of a packet that was cut and came too early, what was captured counts: the rest is told as missing.
    this.#take(piece.seq, piece.octets.length, piece.octets, piece.frame)
    return true
  }

  #keep(seq: number, octets: Uint8Array, frame: number): void {
    const bytes = octets.length + PIECE_BYTES
    if (octets.length === 0 || this.#waiting + bytes > MAX_WAITING_BYTES) return
    const place = this.#place + ((seq - this.#next) | 0)
    if (this.#pieces.add(place, seq, octets, frame)) this.#waiting += bytes
  }

  #moveTo(seq: number): void {
    this.#place += (seq - this.#next) | 0
    this.#next = seq
  }
}
