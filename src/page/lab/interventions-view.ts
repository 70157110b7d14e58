/** What was done to the run: each line can be taken back. */

import type { Intervention } from '../../lab/index.ts'
import { durationText } from '../../svg/scale.ts'
import { controlNames } from '../../trace/segment-text.ts'
import { button, make } from '../views/dom.ts'
import { section } from './fields.ts'
import type { LabState } from './lab-state.ts'

export class InterventionsView {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #list = make('ul', { class: 'interventions' })
  readonly #none = make(
    'p',
    { class: 'note' },
    'None. Click a packet or an arrow to drop it or to hold it back, or forge one.',
  )

  constructor(state: LabState, onForge: () => void) {
    this.#state = state
    const forge = button('Forge a segment …', onForge, { title: 'Let a segment arrive that nobody sent (f)' })
    this.element = section('What is done to it', true, this.#none, this.#list, forge)
    state.on('config', () => this.#draw())
    state.on('shown', () => this.#draw())
    this.#draw()
  }

  #draw(): void {
    const { interventions } = this.#state.config
    this.#none.hidden = interventions.length > 0
    this.#list.replaceChildren(
      ...interventions.map((one, index) => {
        const words = this.#words(one)
        return make(
          'li',
          {},
          make('span', {}, words),
          button('×', () => this.#state.withdraw(index), {
            'aria-label': `Take back: ${words}`,
            title: 'Take back',
          }),
        )
      }),
    )
  }

  #words(one: Intervention): string {
    if (one.kind === 'inject') {
      const { flags, seq } = one.segment
      const control = controlNames(flags) || 'no flags'
      return `${control} with number ${seq} arrives at ${this.#state.hostName(one.to)} at ${durationText(one.atUs)}, forged`
    }
    const what = `packet ${one.packet} of ${this.#state.hostName(one.from)}`
    return one.kind === 'delay'
      ? `${what} is held back by ${durationText(one.byUs)}`
      : `${what}: ${WORDS[one.kind]}`
  }
}

const WORDS = { drop: 'dropped', duplicate: 'delivered twice', corrupt: 'damaged' } as const
