/** What there is to say of the capture itself, before anybody believes what it shows. */

import type { CaptureRecord } from '../../capture/record.ts'

export interface CaptureNote {
  readonly kind:
    | 'ports-used-up'
    | 'capture-drops'
    | 'one-sided'
    | 'clock-step'
    | 'truncated'
    | 'duplicate-capture'
    | 'offload'
  readonly text: string
  /** The first ones; none where the matter belongs to no frame. */
  readonly frames: readonly number[]
}

/** A clock that goes back by more than packets overtake each other on their way into a file, seconds. */
const STEP_BACK = 0.05
const MAX_FRAMES = 5

export class Notes {
  #last = 0
  readonly #steps = new Frames()
  readonly #cut = new Frames()
  readonly #copies = new Frames()
  readonly #oversized = new Frames()
  readonly #portless = new Frames()
  readonly #afterDrops = new Frames()
  #dropped = 0
  #droppedInAll = 0

  /** Packets that the capture lost, as far as the file says. */
  get dropped(): number {
    return Math.max(this.#dropped, this.#droppedInAll)
  }

  /** What the file says of its losses as a whole. */
  set droppedInAll(packets: number) {
    this.#droppedInAll = packets
  }

  take({ number, length, originalLength, dropsBefore }: CaptureRecord, at: number): void {
    if (at < this.#last - STEP_BACK) this.#steps.add(number)
    this.#last = at
    if (length < originalLength) this.#cut.add(number)
    if (dropsBefore > 0) {
      this.#dropped += dropsBefore
      this.#afterDrops.add(number)
    }
  }

  noPorts(frame: number): void {
    this.#portless.add(frame)
  }

  copy(frame: number): void {
    this.#copies.add(frame)
  }

  oversized(frame: number): void {
    this.#oversized.add(frame)
  }

  /** @param oneSided the first frames of connections of which one direction is missing. */
  all(oneSided: Frames): CaptureNote[] {
    const notes: CaptureNote[] = []
    if (this.dropped > 0) {
      notes.push({
        kind: 'capture-drops',
        text: `${this.dropped} ${this.dropped === 1 ? 'packet was' : 'packets were'} lost by the capture itself, which was too slow: what is missing in it may have been on the wire, and what rests on silence is no more than possible`,
        frames: this.#afterDrops.first,
      })
    }
    const say = (kind: CaptureNote['kind'], frames: Frames, noun: string, text: string): void => {
      if (frames.count > 0)
        notes.push({
          kind,
          text: `${frames.count} ${noun}${frames.count === 1 ? '' : 's'} ${text}`,
          frames: frames.first,
        })
    }
    say(
      'ports-used-up',
      this.#portless,
      'time',
      'a client opened so many connections to one port within 60 s that it has hardly a port of its own left: who closes first keeps each in TIME-WAIT for that time, and connect fails with EADDRNOTAVAIL, of which a capture shows nothing; keep connections open and use them again',
    )
    say(
      'one-sided',
      oneSided,
      'connection',
      'of one direction only: the other went another way, or past the filter; nothing is said of answers that may have been there',
    )
    say('clock-step', this.#steps, 'time', 'the clock went back: times across these frames mean nothing')
    say('truncated', this.#cut, 'packet', 'not captured whole')
    say(
      'duplicate-capture',
      this.#copies,
      'packet',
      'twice in the capture: an interface and its bridge, or both directions of a mirror port; the copies are left out',
    )
    say(
      'offload',
      this.#oversized,
      'connection',
      'with segments larger than the MSS: the network card cuts or joins them (TSO, GRO); the wire had smaller ones',
    )
    return notes
  }
}

/** How many there are, and the first of them. */
export class Frames {
  count = 0
  readonly first: number[] = []

  add(frame: number): void {
    if (this.count++ < MAX_FRAMES) this.first.push(frame)
  }
}
