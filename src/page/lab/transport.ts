/** The bar below: run, pause, steps, ends, speed, and the scrubber over all events. */

import { durationText } from '../../svg/scale.ts'
import { button, choice, make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'
import { type Playback, SPEEDS, USUAL_SPEED } from './playback.ts'

export class Transport {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #playback: Playback
  readonly #play: HTMLButtonElement
  readonly #speed: HTMLLabelElement
  readonly #scrubber = make('input', {
    type: 'range',
    class: 'scrubber',
    min: 0,
    max: 0,
    value: 0,
    'aria-label': 'Event of the run',
  })
  readonly #place = make('output', { class: 'place' })

  constructor(state: LabState, playback: Playback) {
    this.#state = state
    this.#playback = playback
    this.#play = button('Run', () => playback.toggle(), { class: 'play', title: 'Run or pause (space)' })
    this.#scrubber.addEventListener('input', () => {
      playback.pause()
      state.goToEvent(Number(this.#scrubber.value))
    })
    const go = (words: string, name: string, how: () => void) =>
      button(words, how, { 'aria-label': name, title: name })
    const speeds = SPEEDS.map((speed) => [String(speed), speedText(speed)] as const)
    this.#speed = choice('Speed', speeds, String(USUAL_SPEED), (speed) => {
      playback.speed = Number(speed)
    })
    this.element = make(
      'footer',
      { class: 'transport', role: 'group', 'aria-label': 'Time' },
      make(
        'div',
        { class: 'buttons' },
        go('|◀', 'To the start (Home)', () => this.step(Number.NEGATIVE_INFINITY)),
        go('◀', 'One event back (left arrow)', () => this.step(-1)),
        this.#play,
        go('▶', 'One event on (right arrow)', () => this.step(1)),
        go('▶|', 'To the end (End)', () => this.step(Number.POSITIVE_INFINITY)),
      ),
      this.#scrubber,
      this.#place,
      this.#speed,
    )
    playback.onChange = () => this.#told()
    state.on('shown', () => this.#shown())
    state.on('cursor', () => this.#moved())
    this.#told()
  }

  /** By so many events; infinity: to the end. */
  step(by: number): void {
    this.#playback.pause()
    const { cursor, shown } = this.#state
    const last = (shown?.timeline.length ?? 1) - 1
    this.#state.goToEvent(Math.max(0, Math.min(last, cursor.index + by)))
  }

  /** To a faster speed, or to a slower one. */
  hurry(by: 1 | -1): void {
    const select = this.#speed.querySelector('select')!
    select.selectedIndex = Math.max(0, Math.min(SPEEDS.length - 1, select.selectedIndex + by))
    this.#playback.speed = SPEEDS[select.selectedIndex]!
  }

  #told(): void {
    const { isPlaying } = this.#playback
    this.#play.textContent = isPlaying ? 'Pause' : 'Run'
  }

  #shown(): void {
    this.#scrubber.max = String(Math.max(0, (this.#state.shown?.timeline.length ?? 1) - 1))
  }

  #moved(): void {
    const { cursor, shown } = this.#state
    const { length } = shown?.timeline ?? { length: 0 }
    const index = Math.max(0, cursor.index)
    this.#scrubber.value = String(index)
    const time = durationText(Math.round(cursor.us))
    this.#place.textContent = `${time} · event ${length === 0 ? 0 : index + 1} of ${length}`
    this.#scrubber.setAttribute('aria-valuetext', this.#place.textContent)
  }
}

function speedText(speed: number): string {
  if (speed === 1) return 'real time'
  return speed < 1 ? `1/${Math.round(1 / speed)}` : `${speed} times`
}
