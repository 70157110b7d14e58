/** Beside the tabs: the packet at the cursor, and what may be done to it at once. */

import { button, make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'
import { packetDialog } from './packet-dialog.ts'
import type { Pictures } from './pictures.ts'

export class PacketBar {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #pictures: Pictures
  readonly #name = make('span', { class: 'packet-name' })
  readonly #drop: HTMLButtonElement
  readonly #more: HTMLButtonElement

  constructor(state: LabState, pictures: Pictures) {
    this.#state = state
    this.#pictures = pictures
    this.#drop = button('Drop it', () => pictures.toggleDrop(), {
      title: 'Drop this packet, or let it pass again (d)',
    })
    this.#more = button('More …', () => this.open(), {
      title: 'What it says, and what may befall it (Enter)',
    })
    this.element = make('div', { class: 'packet-bar' }, this.#name, this.#drop, this.#more)
    state.on('reading', () => this.#draw())
    state.on('config', () => this.#draw())
  }

  open(): void {
    const found = this.#pictures.atCursor()
    if (found !== null) packetDialog(this.#state, found)
  }

  #draw(): void {
    const found = this.#pictures.atCursor()
    const sender = this.#state.sender(found)
    this.#more.hidden = found === null
    this.#drop.hidden = sender === null
    this.#name.textContent = found === null ? '' : this.#state.packetName(found)
    this.#name.title = found === null || found.frame === 0 ? '' : `number ${found.frame} of all`
    const isDropped = sender !== null && this.#state.dropOf(sender) >= 0
    this.#drop.textContent = isDropped ? 'Let it pass' : 'Drop it'
  }
}
