/** The run as a film: virtual time goes by at a speed, and hurries over times in which nothing moves. */

import type { LabState } from './lab-state.ts'

/** Seconds of the run in a second of the film, slowest first. */
export const SPEEDS = [1 / 500, 1 / 200, 1 / 100, 1 / 50, 1 / 20, 1 / 5, 1, 10] as const
export const USUAL_SPEED = 1 / 50
/** No event is waited for longer than this, milliseconds of the film. */
const LONGEST_WAIT_MS = 1600
/** A frame that came late (the tab was hidden) counts as this, milliseconds. */
const LONGEST_FRAME_MS = 100

export class Playback {
  speed: number = USUAL_SPEED
  onChange: () => void = () => {}
  readonly #state: LabState
  #isPlaying = false
  #last = 0

  constructor(state: LabState) {
    this.#state = state
  }

  get isPlaying(): boolean {
    return this.#isPlaying
  }

  toggle(): void {
    if (this.#isPlaying) this.pause()
    else this.play()
  }

  play(): void {
    const { shown, cursor } = this.#state
    if (shown === null || this.#isPlaying) return
    if (cursor.index >= shown.timeline.length - 1) this.#state.goToEvent(0)
    this.#isPlaying = true
    this.#state.setFilm(true)
    this.#last = performance.now()
    requestAnimationFrame((now) => this.#frame(now))
    this.onChange()
  }

  pause(): void {
    if (!this.#isPlaying) return
    this.#isPlaying = false
    this.#state.setFilm(false)
    this.onChange()
  }

  #frame(now: number): void {
    const { shown, cursor } = this.#state
    if (!this.#isPlaying || shown === null) return
    const passedMs = Math.min(LONGEST_FRAME_MS, Math.max(0, now - this.#last))
    this.#last = now
    const { timeline } = shown
    const next = cursor.index + 1
    if (next >= timeline.length) return this.pause()
    const gapUs = timeline.timeOf(next) - timeline.timeOf(cursor.index)
    const rate = Math.max(this.speed * 1000, gapUs / LONGEST_WAIT_MS)
    const us = cursor.us + passedMs * rate
    this.#state.goToTime(Math.min(us, timeline.timeOf(timeline.length - 1)))
    requestAnimationFrame((later) => this.#frame(later))
  }
}
