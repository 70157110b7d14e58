/** The panel beside the picture: all there is to say of what is chosen or pointed at. */

import { make } from './dom.ts'
import type { Detail, MessageAbout } from './message-details.ts'

export class DetailsPanel {
  readonly element: HTMLElement
  readonly #title = make('h2', { class: 'details-title' })
  readonly #body = make('div', { class: 'details-body' })
  /** Tells screen readers what was chosen, in a sentence. */
  readonly #live = make('p', { class: 'only-read', 'aria-live': 'polite', role: 'status' })
  readonly #onPlace: (place: number) => void

  /** @param onPlace the reader follows a link to another message. */
  constructor(onPlace: (place: number) => void) {
    this.#onPlace = onPlace
    this.element = make(
      'aside',
      { class: 'details', 'aria-label': 'Details' },
      this.#title,
      this.#body,
      this.#live,
    )
    this.clear()
  }

  clear(): void {
    this.#title.textContent = 'Details'
    this.#body.replaceChildren(
      make(
        'p',
        { class: 'hint' },
        'Choose an arrow to see its header, why it was sent and what became of it.',
      ),
      make(
        'p',
        { class: 'hint' },
        keys('↑', '↓'),
        ' from message to message, ',
        keys('Enter'),
        ' opens a fold, ',
        keys('/'),
        ' searches.',
      ),
    )
  }

  showMessage({ title, groups }: MessageAbout): void {
    this.#title.textContent = title
    this.#body.replaceChildren(
      ...groups.map((group) =>
        make(
          'section',
          { 'aria-label': group.title },
          make('h3', {}, group.title),
          make('dl', {}, ...group.details.flatMap((detail) => this.#detail(detail))),
        ),
      ),
      make('p', { class: 'hint' }, 'The octets of its text are not recorded.'),
    )
  }

  /** Something that is no message: a state, a call, a fold. */
  showWords(title: string, lines: readonly string[]): void {
    this.#title.textContent = title
    this.#body.replaceChildren(...lines.map((line) => make('p', {}, line)))
  }

  announce(words: string): void {
    this.#live.textContent = words
  }

  #detail({ name, value, place, source }: Detail): HTMLElement[] {
    const words = make('dd', {})
    if (place === undefined) words.append(value)
    else {
      const link = make('button', { type: 'button', class: 'link', click: () => this.#onPlace(place) }, value)
      words.append(link)
    }
    if (source !== undefined) {
      words.append(' ', make('a', { href: source.href, rel: 'noreferrer', target: '_blank' }, source.words))
    }
    return [make('dt', {}, name), words]
  }
}

function keys(...names: readonly string[]): HTMLElement {
  const span = make('span', {})
  for (const name of names) span.append(make('kbd', {}, name))
  return span
}
