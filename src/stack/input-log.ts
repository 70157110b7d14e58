/**
 * Takes down what stacks are given, compactly and within a bound: log-format.ts has the format. One log may serve several
 * stacks, whose inputs then stand in the order in which they came: a whole simulated run in one file.
 *
 * It holds secrets and every octet that the applications sent and received: it is as confidential as the connections were.
 */

import { joined } from '../bytes/join.ts'
import { ELKO_VERSION, LOG_MAGIC, LOG_VERSION, RunningHash } from './log-format.ts'
import * as RECORD from './log-records.ts'

export interface InputLogOptions {
  /** Takes the log piece by piece, for runs that last; the pieces are its own. Default: all is kept, for `octets`. */
  readonly sink?: (octets: Uint8Array) => void
  /**
   * Octets after which nothing more is written, but what is begun: the stacks go on, unrecorded. Default 256 MiB, and
   * Infinity with a sink.
   */
  readonly limitBytes?: number
}

const PIECE = 1 << 16
const LIMIT_BYTES = 256 << 20
/** Above this a difference is written as it is, in eight octets. */
const LARGEST_VARINT = 2 ** 50

export class InputLog {
  readonly #sink: ((octets: Uint8Array) => void) | null
  readonly #limit: number
  readonly #pieces: Uint8Array[] = []
  #piece = new Uint8Array(PIECE)
  #at = 0
  /** Octets of finished pieces, and what they are. */
  #finished = 0
  readonly #hash = new RunningHash()
  #stacks = 0
  /** The stack that the last record was about. */
  #current = -1
  #ended = false

  constructor(options: InputLogOptions = {}) {
    this.#sink = options.sink ?? null
    this.#limit = options.limitBytes ?? (this.#sink === null ? LIMIT_BYTES : Number.POSITIVE_INFINITY)
    this.#ascii(`${LOG_MAGIC}${LOG_VERSION} ${ELKO_VERSION}\n`)
  }

  /** Octets so far. */
  get length(): number {
    return this.#finished + this.#at
  }

  /** Nothing more is written: the limit is reached, or it was ended. */
  get isEnded(): boolean {
    return this.#ended
  }

  /** The log so far, where no sink has it. */
  octets(): Uint8Array {
    return joined([...this.#pieces, this.#piece.subarray(0, this.#at)])
  }

  /** Gives the sink what is waiting: after it, the log holds all that has happened. */
  flush(): void {
    if (this.#sink !== null && this.#at > 0) this.#finishPiece(PIECE)
  }

  /** Nothing more will come. A second call does nothing. */
  end(): void {
    if (!this.#ended) {
      this.byte(RECORD.END)
      this.#finishPiece(PIECE)
      this.number(this.#hash.value)
    }
    this.#ended = true
    this.flush()
  }

  /** @param edits as elko/replay's `storyEdits` makes them: how the run was told where that differs from what stacks told. */
  story(edits: object): void {
    if (this.#ended) return
    this.byte(RECORD.STORY)
    this.text(JSON.stringify(edits))
  }

  // ---- for a stack's Recording

  /** The number of one more stack, which the next record is about. */
  addStack(): number {
    this.#current = this.#stacks++
    return this.#current
  }

  /** Whether a record of this stack may begin: to be asked before each input. */
  opens(stack: number): boolean {
    if (this.#ended) return false
    if (this.length >= this.#limit) {
      this.byte(RECORD.FULL)
      this.#ended = true
      this.flush()
      return false
    }
    if (stack === this.#current) return true
    this.#current = stack
    this.byte(RECORD.OTHER_STACK)
    this.whole(stack)
    return true
  }

  byte(octet: number): void {
    if (this.#at === this.#piece.length) this.#finishPiece(PIECE)
    this.#piece[this.#at++] = octet
  }

  /** A whole number, 0 to 2^53. */
  whole(number: number): void {
    let rest = number
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  /** Any number, short where it is whole and near `base`. */
  number(number: number, base = 0): void {
    const difference = number - base
    if (
      Number.isInteger(difference) &&
      Math.abs(difference) < LARGEST_VARINT &&
      base + difference === number
    ) {
      this.whole(2 * (difference < 0 ? -2 * difference - 1 : 2 * difference))
      return
    }
    this.whole(1)
    const double = new DataView(new ArrayBuffer(8))
    double.setFloat64(0, number)
    for (let i = 0; i < 8; i++) this.byte(double.getUint8(i))
  }

  /** Octets with their number before them. */
  block(octets: Uint8Array, from: number, to: number): void {
    this.whole(to - from)
    this.#room(to - from)
    this.#piece.set(octets.subarray(from, to), this.#at)
    this.#at += to - from
  }

  text(text: string): void {
    const ascii = text.replace(/[\u0080-\uffff]/g, escaped)
    this.whole(ascii.length)
    this.#ascii(ascii)
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i))
  }

  #room(octets: number): void {
    if (this.#at + octets > this.#piece.length) this.#finishPiece(Math.max(PIECE, octets))
  }

  #finishPiece(next: number): void {
    const piece = this.#piece.subarray(0, this.#at)
    this.#finished += this.#at
    this.#hash.add(piece, 0, piece.length)
    this.#piece = new Uint8Array(next)
    this.#at = 0
    if (piece.length === 0) return
    if (this.#sink === null) this.#pieces.push(piece)
    else this.#sink(piece)
  }
}

/** As JSON has it: all texts but plain words are JSON. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
