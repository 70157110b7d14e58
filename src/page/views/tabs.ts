/** Panels of which one is seen, or several side by side, by tabs (as the ARIA practices have them: arrows go from tab to tab). */

import { make } from './dom.ts'

export interface Tab {
  readonly id: string
  readonly title: string
  /** What is seen of it; a panel that several tabs show is named by the first one. */
  readonly panels: readonly HTMLElement[]
}

export class Tabs {
  readonly list = make('div', { role: 'tablist', class: 'tabs', 'aria-label': 'Pictures' })
  readonly #tabs: readonly Tab[]
  readonly #buttons: readonly HTMLButtonElement[]
  readonly #onShow: (id: string) => void
  #shown = ''

  constructor(tabs: readonly Tab[], onShow: (id: string) => void) {
    this.#tabs = tabs
    this.#onShow = onShow
    this.#buttons = tabs.map(({ id, title, panels }) => {
      for (const panel of panels) {
        if (panel.id !== '') continue
        panel.id = `panel-${id}`
        panel.setAttribute('role', 'tabpanel')
        panel.setAttribute('aria-labelledby', `tab-${id}`)
      }
      return make(
        'button',
        {
          id: `tab-${id}`,
          type: 'button',
          role: 'tab',
          'aria-controls': panels.map((panel) => panel.id).join(' '),
          click: () => this.show(id),
        },
        title,
      )
    })
    this.list.append(...this.#buttons)
    this.list.addEventListener('keydown', (event) => this.#key(event))
  }

  get ids(): readonly string[] {
    return this.#tabs.map(({ id }) => id)
  }

  get shown(): string {
    return this.#shown
  }

  show(id: string): void {
    this.#shown = id
    const shown = this.#tabs.find((tab) => tab.id === id)?.panels ?? []
    for (const { panels } of this.#tabs) for (const panel of panels) panel.hidden = !shown.includes(panel)
    document.documentElement.classList.toggle('side-by-side', shown.length > 1)
    for (const [k, tab] of this.#tabs.entries()) {
      const isShown = tab.id === id
      this.#buttons[k]!.setAttribute('aria-selected', String(isShown))
      this.#buttons[k]!.tabIndex = isShown ? 0 : -1
    }
    this.#onShow(id)
  }

  #key(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return
    const { length } = this.#tabs
    const next = (this.#tabs.findIndex(({ id }) => id === this.#shown) + by + length) % length
    this.show(this.#tabs[next]!.id)
    this.#buttons[next]!.focus()
    event.preventDefault()
  }
}
