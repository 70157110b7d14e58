/** Below the words of a lesson: what to try next, one click each, and the way back. */

import { findLesson, isAsBegun, lessonOf } from '../../lab/index.ts'
import { button, make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'

export class TryBar {
  readonly element = make('div', { class: 'tries', role: 'group', 'aria-label': 'What to try' })
  readonly #state: LabState

  constructor(state: LabState) {
    this.#state = state
    state.on('config', () => this.#draw())
    state.on('shown', () => this.#draw())
    this.#draw()
  }

  #draw(): void {
    const { config, showsRun } = this.#state
    // What is no lesson's, or no longer, is free play.
    const lesson = showsRun ? (lessonOf(config) ?? findLesson('free-play')) : null
    const buttons = (lesson?.tries ?? []).map(({ label, change }) =>
      button(label, () => this.#state.change(change(config))),
    )
    if (lesson !== null && !isAsBegun(config, lesson))
      buttons.push(button('As it began', () => this.#state.change(lesson.config)))
    this.element.hidden = buttons.length === 0
    this.element.replaceChildren(make('span', {}, 'Try:'), ...buttons)
  }
}
