/** Above the wire: which lesson, what to notice, what became of the connections, and what went wrong. */

import { button, choice, make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'

/** So many paragraphs are seen at once; the rest unfolds. */
const SEEN = 2

export class StoryView {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #title = make('h2')
  readonly #words = make('div', { class: 'story-words' })
  readonly #pairs = make('span', { class: 'story-pairs' })
  readonly #complaint = make('span')
  readonly #complaints: HTMLElement
  readonly #progress = make('p', { class: 'note', role: 'status' })

  constructor(state: LabState) {
    this.#state = state
    this.#complaints = make(
      'p',
      { class: 'error', role: 'alert', hidden: true },
      this.#complaint,
      button('×', () => this.complain(''), { 'aria-label': 'Dismiss' }),
    )
    this.element = make(
      'section',
      { class: 'story', 'aria-label': 'What is shown' },
      make('div', { class: 'story-head' }, this.#title, this.#pairs),
      this.#complaints,
      this.#words,
      this.#progress,
    )
    state.on('shown', () => this.#shown())
    state.on('config', () => this.complain(state.complaint))
  }

  /** Something cannot be done; '': all is well again. */
  complain(message: string): void {
    this.#complaints.hidden = message === ''
    this.#complaint.textContent = message
  }

  /** A run takes its time; -1: it is over. */
  progress(steps: number): void {
    this.#progress.textContent = steps < 0 ? '' : `Running: ${steps} steps so far …`
  }

  #shown(): void {
    const { shown, pairIndex } = this.#state
    if (shown === null) return
    const { title, words, pairs, end } = shown
    this.#title.textContent = title
    const all = end === '' ? words : [...words, end]
    const paragraphs = all.map((text) => make('p', {}, text))
    const rest = paragraphs.slice(SEEN)
    const more = make('details', {}, make('summary', {}, `${rest.length} more`), ...rest)
    this.#words.replaceChildren(...paragraphs.slice(0, SEEN), ...(rest.length === 0 ? [] : [more]))
    const options = pairs.map(({ left, right }, i) => {
      const number = Math.max(left.connection, right.connection)
      return [String(i), `${i + 1}: ${left.host} – ${right.host}, connection ${number}`] as const
    })
    this.#pairs.replaceChildren(
      ...(pairs.length < 2
        ? []
        : [
            choice('Connection', options, String(pairIndex), (chosen) =>
              this.#state.choosePair(Number(chosen)),
            ),
          ]),
    )
  }
}
