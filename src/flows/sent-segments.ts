/** The last segments that one end sent, and the numbers among them that the capture has not seen: a bounded memory. */

/** A segment: its numbers, its frame, IP's identification, and when; nanoseconds. */
export interface Sending {
  readonly seq: number
  readonly end: number
  readonly frame: number
  readonly identification: number
  readonly at: number
  /** What else its header says: the acknowledgment number; flags, and the window behind them. */
  readonly ack: number
  readonly form: number
}

export interface SentSegment extends Sending {
  /** Its timestamp option's value. */
  readonly stamp: number | null
  readonly isAgain: boolean
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
const FIRST_SEGMENTS = 8
const MAX_SEGMENTS = 64
const MAX_HOLES = 32

const SEQ = 0
const END = 1
const FRAME = 2
const IDENTIFICATION = 3
const AT = 4
/** NaN: none. */
const STAMP = 5
const IS_AGAIN = 6
const ACK = 7
const FORM = 8
const ROW = 9

const NO_HOLES: Hole[] = []
const NONE = { frame: 0, stamp: null } as const

export class SentSegments {
  /** A ring of rows: most connections never fill the first few, and there are many connections. */
  #rows = new Float64Array(0)
  #count = 0
  #newest = -1
  /** Retransmissions that were not forgiven, of all that ever were: none asks for none. */
  #again = 0
  #holes = NO_HOLES

  /** As of an end that has sent nothing; the rows are kept for what it will send. */
  renew(): void {
    this.#count = 0
    this.#newest = -1
    this.#again = 0
    this.#holes = NO_HOLES
  }

  add(
    { seq, end, frame, identification, at, ack, form }: Sending,
    stamp: number | null,
    isAgain: boolean,
  ): void {
    const row = this.#next()
    const rows = this.#rows
    rows[row + SEQ] = seq
    rows[row + END] = end
    rows[row + FRAME] = frame
    rows[row + IDENTIFICATION] = identification
    rows[row + AT] = at
    rows[row + STAMP] = stamp ?? Number.NaN
    rows[row + IS_AGAIN] = isAgain ? 1 : 0
    rows[row + ACK] = ack
    rows[row + FORM] = form
    if (isAgain) this.#again++
  }

  /** A segment came, and the numbers from `next` to it did not. */
  miss(next: number, { seq, identification, at }: Sending, stamp: number | null): void {
    if (seq === next) return
    if (this.#holes === NO_HOLES) this.#holes = []
    if (this.#holes.length === MAX_HOLES) this.#holes.shift()
    this.#holes.push({ seq: next, end: seq, identification, stamp, at })
  }

  /** The hole that a segment fills, wholly or in part; it is filled now. */
  hole(seq: number, end: number): Hole | null {
    if (this.#holes.length === 0) return null
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
    const rows = this.#rows
    const row = this.#search((at) => ((seq - rows[at + SEQ]!) | 0) >= 0 && ((seq - rows[at + END]!) | 0) < 0)
    return row < 0 ? null : this.#segment(row)
  }

  /** The frame of a retransmission of these numbers; 0: there is none. */
  again(left: number, right: number): number {
    if (this.#again === 0) return 0
    const rows = this.#rows
    const row = this.#search(
      (at) =>
        rows[at + IS_AGAIN] === 1 &&
        ((rows[at + SEQ]! - right) | 0) < 0 &&
        ((rows[at + END]! - left) | 0) > 0,
    )
    return row < 0 ? 0 : rows[row + FRAME]!
  }

  /** The retransmission whose first number is the first of those that an acknowledgment covers anew. */
  firstAgain(before: number, ack: number): { readonly frame: number; readonly stamp: number | null } {
    if (this.#again === 0) return NONE
    const rows = this.#rows
    const row = this.#search(
      (at) => rows[at + IS_AGAIN] === 1 && rows[at + SEQ] === before && ((rows[at + END]! - ack) | 0) <= 0,
    )
    return row < 0 ? NONE : this.#segment(row)
  }

  /** A retransmission is known to have been needless, and is not asked about again. */
  forgive(frame: number): void {
    for (let row = 0; row < this.#count * ROW; row += ROW) {
      if (this.#rows[row + FRAME] === frame) this.#rows[row + IS_AGAIN] = 0
    }
  }

  /** Where the next row goes: over the oldest one, where there are enough. */
  #next(): number {
    const room = this.#rows.length / ROW
    if (this.#count === room && room < MAX_SEGMENTS) {
      // Rows stand in their order until the ring is full.
      const more = new Float64Array(Math.max(FIRST_SEGMENTS, 2 * room) * ROW)
      more.set(this.#rows)
      this.#rows = more
    }
    if (this.#count < MAX_SEGMENTS) this.#count++
    this.#newest = (this.#newest + 1) % MAX_SEGMENTS
    return this.#newest * ROW
  }

  /** The newest row that fits; -1: none. */
  #search(fits: (row: number) => boolean): number {
    for (let k = 0; k < this.#count; k++) {
      const row = ((this.#newest - k + MAX_SEGMENTS) % MAX_SEGMENTS) * ROW
      if (fits(row)) return row
    }
    return -1
  }

  #segment(row: number): SentSegment {
    const rows = this.#rows
    const stamp = rows[row + STAMP]!
    return {
      seq: rows[row + SEQ]!,
      end: rows[row + END]!,
      frame: rows[row + FRAME]!,
      identification: rows[row + IDENTIFICATION]!,
      at: rows[row + AT]!,
      stamp: Number.isNaN(stamp) ? null : stamp,
      isAgain: rows[row + IS_AGAIN] === 1,
      ack: rows[row + ACK]!,
      form: rows[row + FORM]!,
    }
  }
}
