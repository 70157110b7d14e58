/** Gives the connections of a stack their first numbers: isn.ts, and beyond the last ones where TIME-WAIT is reused. */

import type { Path } from '../tcp/path.ts'
import type { InitialNumbers as Source } from '../tcp/tcb.ts'
import { seqGT } from '../wire/seq.ts'
import { InitialNumbers } from './isn.ts'

/** How far beyond the last number of the old incarnation a new one starts at least. */
const BEYOND = 65_536 + 1

/** An initial sequence number for this connection, or null for the one of RFC 6528. */
export type ChosenNumber = (path: Path, now: number) => number | null

export class IsnSource implements Source {
  readonly #numbers: InitialNumbers
  readonly #chosen: ChosenNumber | null
  #hasFloor = false
  #floor = 0

  /** @param chosen numbers that somebody else chooses: a picture's, a replayed run's. */
  constructor(secret: Uint8Array, chosen: ChosenNumber | null = null) {
    this.#numbers = new InitialNumbers(secret)
    this.#chosen = chosen
  }

  /**
   * MAY-2: the very next number is larger than any that the incarnation in TIME-WAIT used (RFC 6191 2). For the
   * connection after that it would be one that outsiders know.
   */
  nextBeyond(sndNxt: number): void {
    this.#hasFloor = true
    this.#floor = (sndNxt + BEYOND) | 0
  }

  sequenceNumber(path: Path, now: number): number {
    const chosen = this.#chosen === null ? null : this.#chosen(path, now)
    if (chosen !== null) {
      this.#hasFloor = false
      return chosen | 0
    }
    const isn = this.#numbers.sequenceNumber(path, now)
    const tooLow = this.#hasFloor && seqGT(this.#floor, isn)
    this.#hasFloor = false
    return tooLow ? this.#floor : isn
  }

  timestampOffset(path: Path): number {
    return this.#numbers.timestampOffset(path)
  }
}
