/** The panel beside the picture: all there is to say of what is chosen or pointed at. */

import type { PacketOctets } from '../../trace/packed-packets.ts'
import { make } from './dom.ts'
import type { Detail, MessageAbout } from './message-details.ts'
import { OctetsView } from './octets-view.ts'

/** At once, or when they are unpacked; null: they were not captured. */
export type OctetsOf = () => PacketOctets | null | Promise<PacketOctets | null>

export class DetailsPanel {
  readonly element: HTMLElement
  readonly #title = make('h2', { class: 'details-title' })
  readonly #body = make('div', { class: 'details-body' })
  /** Tells screen readers what was chosen, in a sentence. */
  readonly #live = make('p', { class: 'only-read', 'aria-live': 'polite', role: 'status' })
  readonly #onPlace: (place: number) => void
  /** The reader wants to see the octets, of this message and of the next ones. */
  #isDumped = false
  #dump: OctetsView | null = null

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

  /** @param octets what was captured of it, asked for when the reader wants to see it; absent where nobody has octets */
  showMessage({ title, groups }: MessageAbout, octets?: OctetsOf): void {
    this.#dump = null
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
      octets === undefined
        ? make('p', { class: 'hint' }, 'Its octets are not recorded.')
        : this.#octets(octets),
    )
  }

  #octets(octetsOf: OctetsOf): HTMLElement {
    const place = make('div', {})
    const fill = (packet: PacketOctets | null): void => {
      this.#dump = packet === null ? null : new OctetsView(packet, (detail) => this.#mark(detail))
      place.replaceChildren(this.#dump?.element ?? make('p', { class: 'hint' }, 'It was not captured.'))
    }
    const ask = (): void => {
      const found = octetsOf()
      if (!(found instanceof Promise)) return fill(found)
      place.replaceChildren(make('p', { class: 'hint' }, 'The packets are being unpacked ...'))
      found.then(
        // Meanwhile the details may be another message's.
        (packet) => place.isConnected && fill(packet),
        (error: Error) => place.replaceChildren(make('p', { class: 'hint' }, error.message)),
      )
    }
    const part = make('details', { open: this.#isDumped }, make('summary', {}, 'Octets'), place)
    part.addEventListener('toggle', () => {
      this.#isDumped = part.open
      if (part.open && place.childElementCount === 0) ask()
    })
    if (part.open) ask()
    return part
  }

  /** The line of the details that a field belongs to. */
  #mark(detail: string | null): void {
    for (const each of this.#body.querySelectorAll('[data-detail]'))
      each.classList.toggle('marked', detail !== null && each.getAttribute('data-detail') === detail)
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
    const about = {
      'data-detail': name,
      pointerenter: () => this.#dump?.mark(name),
      pointerleave: () => this.#dump?.mark(null),
    }
    const words = make('dd', about)
    if (place === undefined) words.append(value)
    else {
      const link = make('button', { type: 'button', class: 'link', click: () => this.#onPlace(place) }, value)
      words.append(link)
    }
    if (source !== undefined) {
      words.append(' ', make('a', { href: source.href, rel: 'noreferrer', target: '_blank' }, source.words))
    }
    return [make('dt', about, name), words]
  }
}

function keys(...names: readonly string[]): HTMLElement {
  const span = make('span', {})
  for (const name of names) span.append(make('kbd', {}, name))
  return span
}
