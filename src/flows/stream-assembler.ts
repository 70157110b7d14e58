/**
 * One direction of a conversation as the stream of octets that its receiver read, from the segments that a capture shows:
 * in order, each octet once. What the receiver acknowledged and the capture does not show is told as missing.
 */

import { seqGT, seqLT } from '../wire/seq.ts'

/** Octets that may wait for those before them, with what each piece takes beside them. A receiver's window is no larger. */
const MAX_WAITING_BYTES = 1 << 30
const PIECE_BYTES = 128

interface Piece {
  /** Its number counted on beyond 2^32, so that pieces have one order, and its place in the order of arrival. */
  readonly place: number
  readonly arrival: number
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
  /** The next number. */
  #next = 0
  /** Whether something came in its order: until then a number that is zero says that nothing came. */
  #hasStarted = false
  /** The next number, counted on. */
  #place = 0
  /** In the order of their numbers; those of one number in the order of their arrival. */
  readonly #pieces: Piece[] = []
  #arrivals = 0
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
    if (this.#next === 0 && !this.#hasStarted) this.#moveTo(seq)
    if (seqGT(seq, this.#next)) this.#keep(seq, octets)
    else {
      const isNew = this.#take(seq, length, octets)
      this.#hasStarted ||= isNew
      while (this.#takeWaiting());
    }
  }

  /** The receiver has everything up to here: what is not here by now has passed the capture by. */
  acknowledged(ack: number): void {
    for (;;) {
      while (this.#takeWaiting());
      const lowest = this.#pieces[0]?.seq
      if (lowest === undefined || !seqLT(lowest, ack)) return
      this.#sink.missing((lowest - this.#next) | 0)
      this.#moveTo(lowest)
    }
  }

  /** Takes what is new of a piece that starts at the next number, or before it; whether there was something new. */
  #take(seq: number, length: number, octets: Uint8Array): boolean {
    const seen = (this.#next - seq) >>> 0
    // What has come without an octet is as good as lost.
    if (seen >= length || seen >= octets.length) return false
    this.#moveTo((seq + length) | 0)
    this.#sink.text(octets.subarray(seen))
    return true
  }

  /** Takes the piece that came first of those that fit; whether there was one. */
  #takeWaiting(): boolean {
    const pieces = this.#pieces
    let first = 0
    for (let k = 0; k < pieces.length && pieces[k]!.place <= this.#place; k++) {
      if (pieces[k]!.arrival < pieces[first]!.arrival) first = k
    }
    if (pieces.length === 0 || pieces[first]!.place > this.#place) return false
    const [piece] = pieces.splice(first, 1)
    this.#waiting -= piece!.octets.length + PIECE_BYTES
    // Of a packet that was cut and came too early, what was captured counts: the rest is told as missing.
    this.#take(piece!.seq, piece!.octets.length, piece!.octets)
    return true
  }

  #keep(seq: number, octets: Uint8Array): void {
    const bytes = octets.length + PIECE_BYTES
    if (octets.length === 0 || this.#waiting + bytes > MAX_WAITING_BYTES) return
    const place = this.#place + ((seq - this.#next) | 0)
    const index = this.#behind(place)
    const before = this.#pieces[index - 1]
    // The same once more adds nothing, whenever the time of the first one comes.
    if (before?.place === place && before.octets.length >= octets.length) return
    this.#waiting += bytes
    this.#pieces.splice(index, 0, { place, arrival: this.#arrivals++, seq, octets: octets.slice() })
  }

  /** Index of the first piece behind a place. */
  #behind(place: number): number {
    const pieces = this.#pieces
    let low = 0
    let high = pieces.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (pieces[middle]!.place <= place) low = middle + 1
      else high = middle
    }
    return low
  }

  #moveTo(seq: number): void {
    this.#place += (seq - this.#next) | 0
    this.#next = seq
  }
}
