/** The search: what is typed is found at once, Enter goes on to the next one, Escape back to the picture. */

import { button, make } from './dom.ts'
import type { IndexedMessage, MessageIndex } from './message-index.ts'
import { search } from './message-search.ts'

interface Listeners {
  readonly onFound: (found: readonly IndexedMessage[]) => void
  readonly onGo: (message: IndexedMessage) => void
  readonly onLeave: () => void
}

export class SearchBox {
  readonly element: HTMLElement
  readonly #input: HTMLInputElement
  readonly #count = make('output', { class: 'search-count', 'aria-live': 'polite' })
  readonly #index: () => MessageIndex
  readonly #listeners: Listeners
  #found: readonly IndexedMessage[] = []
  #at = -1

  /** @param index what is searched, when something is */
  constructor(index: () => MessageIndex, listeners: Listeners) {
    this.#index = index
    this.#listeners = listeners
    this.#input = make('input', {
      type: 'search',
      'aria-label': 'Search: flags, numbers, options, reasons',
      placeholder: 'Search  /',
      spellcheck: 'false',
      autocomplete: 'off',
      input: () => this.#search(),
      keydown: (event: KeyboardEvent) => this.#key(event),
    })
    this.element = make(
      'div',
      { class: 'search', role: 'search' },
      this.#input,
      this.#count,
      button('↑', () => this.#go(-1), { 'aria-label': 'Previous hit' }),
      button('↓', () => this.#go(1), { 'aria-label': 'Next hit' }),
    )
  }

  focus(): void {
    this.#input.focus()
    this.#input.select()
  }

  /** There are other messages: what was typed is looked for among them. */
  refresh(): void {
    if (this.#input.value !== '') this.#search()
  }

  #search(): void {
    const index = this.#index()
    this.#found = search(index, this.#input.value).map((place) => index.messages[place]!)
    this.#at = -1
    this.#tell()
    this.#listeners.onFound(this.#found)
  }

  #go(by: 1 | -1): void {
    const { length } = this.#found
    if (length === 0) return
    this.#at = this.#at < 0 ? (by > 0 ? 0 : length - 1) : (this.#at + by + length) % length
    this.#tell()
    // The picture takes the focus where it follows a link; who searches goes on typing.
    this.#listeners.onGo(this.#found[this.#at]!)
    this.#input.focus()
  }

  #tell(): void {
    const { length } = this.#found
    if (this.#input.value.trim() === '') this.#count.textContent = ''
    else if (length === 0) this.#count.textContent = 'none'
    else this.#count.textContent = this.#at < 0 ? `${length}` : `${this.#at + 1} of ${length}`
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.#go(event.shiftKey ? -1 : 1)
    else if (event.key === 'Escape') {
      this.#input.value = ''
      this.#search()
      this.#listeners.onLeave()
    } else return
    event.preventDefault()
  }
}
