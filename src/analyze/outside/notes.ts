/** What there is to say of the capture itself, before anybody believes what it shows. */

import type { CaptureRecord } from '../../capture/record.ts'

export interface CaptureNote {
  readonly kind: 'clock-step' | 'truncated' | 'duplicate-capture' | 'offload'
  readonly text: string
  /** The first ones. */
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

  take({ number, length, originalLength }: CaptureRecord, at: number): void {
    if (at < this.#last - STEP_BACK) this.#steps.add(number)
    this.#last = at
    if (length < originalLength) this.#cut.add(number)
  }

  copy(frame: number): void {
    this.#copies.add(frame)
  }

  oversized(frame: number): void {
    this.#oversized.add(frame)
  }

  all(): CaptureNote[] {
    const notes: CaptureNote[] = []
    const say = (kind: CaptureNote['kind'], frames: Frames, text: string): void => {
      if (frames.count > 0) notes.push({ kind, text: `${frames.count} ${text}`, frames: frames.first })
    }
    say('clock-step', this.#steps, 'times the clock went back: times across these frames mean nothing')
    say('truncated', this.#cut, 'packets were not captured whole')
    say(
      'duplicate-capture',
      this.#copies,
      'packets stand in the capture twice: an interface and its bridge, or both directions of a mirror port; the copies are left out',
    )
    say(
      'offload',
      this.#oversized,
      'connections show segments larger than the MSS: the network card cuts or joins them (TSO, GRO); the wire had smaller ones',
    )
    return notes
  }
}

class Frames {
  count = 0
  readonly first: number[] = []

  add(frame: number): void {
    if (this.count++ < MAX_FRAMES) this.first.push(frame)
  }
}
