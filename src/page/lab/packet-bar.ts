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
    state.on('cursor', () => this.#draw())
    state.on('config', () => this.#draw())
  }

  open(): void {
    const found = this.#pictures.atCursor()
    if (found !== null) packetDialog(this.#state, found)
  }

  #draw(): void {
    const found = this.#pictures.atCursor()
    const sender = found === null ? null : (this.#state.shown?.sender(found.frame) ?? null)
    this.#more.hidden = found === null
    this.#drop.hidden = sender === null
    this.#name.textContent =
      found === null || found.frame === 0
        ? ''
        : `Packet ${found.frame} of ${this.#state.hostName(found.message.from)}`
    const isDropped = this.#state.config.interventions.some(
      (one) => one.kind === 'drop' && one.from === sender?.from && one.packet === sender.packet,
    )
    this.#drop.textContent = isDropped ? 'Let it pass' : 'Drop it'
  }
}
