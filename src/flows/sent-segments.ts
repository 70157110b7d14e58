/** The last segments that one end sent, and the numbers among them that the capture has not seen: a bounded memory. */

/** A segment with text, SYN or FIN: its numbers, its frame, IP's identification, and when; nanoseconds. */
export interface Sending {
  readonly seq: number
  readonly end: number
  readonly frame: number
  readonly identification: number
  readonly at: number
}

export interface SentSegment extends Sending {
  /** Its timestamp option's value. */
  readonly stamp: number | null
  isAgain: boolean
}

/** Numbers before `end` that were not seen when the segment behind them came. */
export interface Hole {
  seq: number
  end: number
  readonly identification: number
  readonly stamp: number | null
  readonly at: number
}

/** A window of segments; what came before is forgotten. */
const MAX_SEGMENTS = 64
const MAX_HOLES = 32
const NONE = { frame: 0, stamp: null } as const

export class SentSegments {
  #segments: SentSegment[] = []
  #oldest = 0
  #holes: Hole[] = []

  add(segment: Sending, stamp: number | null, isAgain: boolean): void {
    const kept = { ...segment, stamp, isAgain }
    if (this.#segments.length < MAX_SEGMENTS) this.#segments.push(kept)
    else {
      this.#segments[this.#oldest] = kept
      this.#oldest = (this.#oldest + 1) % MAX_SEGMENTS
    }
  }

  /** A segment came, and the numbers from `next` to it did not. */
  miss(next: number, { seq, identification, at }: Sending, stamp: number | null): void {
    if (seq === next) return
    if (this.#holes.length === MAX_HOLES) this.#holes.shift()
    this.#holes.push({ seq: next, end: seq, identification, stamp, at })
  }

  /** The hole that a segment fills, wholly or in part; it is filled now. */
  hole(seq: number, end: number): Hole | null {
    const index = this.#holes.findIndex((hole) => ((seq - hole.end) | 0) < 0 && ((end - hole.seq) | 0) > 0)
    if (index < 0) return null
    const hole = this.#holes[index]!
    const found = { ...hole }
    if (((end - hole.end) | 0) >= 0) {
      if (((seq - hole.seq) | 0) <= 0) this.#holes.splice(index, 1)
      else hole.end = seq
    } else hole.seq = end
    return found
  }

  /** The newest segment that has a number. */
  find(seq: number): SentSegment | null {
    const count = this.#segments.length
    for (let k = 1; k <= count; k++) {
      const segment = this.#segments[(this.#oldest + count - k) % count]!
      if (((seq - segment.seq) | 0) >= 0 && ((seq - segment.end) | 0) < 0) return segment
    }
    return null
  }

  /** The frame of a retransmission of these numbers; 0: there is none. */
  again(left: number, right: number): number {
    const found = this.#segments.find(
      ({ seq, end, isAgain }) => isAgain && ((seq - right) | 0) < 0 && ((end - left) | 0) > 0,
    )
    return found?.frame ?? 0
  }

  /** The retransmission whose first number is the first of those that an acknowledgment covers anew. */
  firstAgain(before: number, ack: number): { readonly frame: number; readonly stamp: number | null } {
    const found = this.#segments.find(
      ({ seq, end, isAgain }) => isAgain && seq === before && ((end - ack) | 0) <= 0,
    )
    return found ?? NONE
  }

  /** A retransmission is known to have been needless, and is not asked about again. */
  forgive(frame: number): void {
    for (const segment of this.#segments) if (segment.frame === frame) segment.isAgain = false
  }
}
