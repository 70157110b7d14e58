/** What is done to the run beside its programs: by whoever stands at the cursor, and all of it as a list in its order. */

import type { Intervention } from '../../lab/index.ts'
import { durationText } from '../../svg/scale.ts'
import { controlNames } from '../../trace/segment-text.ts'
import { button, make } from '../views/dom.ts'
import { CallControls } from './call-controls.ts'
import { section } from './fields.ts'
import type { LabState } from './lab-state.ts'

export class InterventionsView {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #list = make('ul', { class: 'interventions' })
  readonly #none = make(
    'p',
    { class: 'note' },
    'Nothing yet. Choose a packet or an arrow: then drop it (d), or open it (Enter) to hold it back, double or damage it.',
  )

  /** @param forge opens a dialog. */
  constructor(state: LabState, forge: { readonly segment: () => void; readonly error: () => void }) {
    this.#state = state
    const forgeries = [
      button('Forge a segment …', forge.segment, { title: 'Let a segment arrive that nobody sent (f)' }),
      button('Forge ICMP …', forge.error, { title: 'Let an error arrive that no router sent' }),
    ]
    this.element = section(
      'What is done to it',
      true,
      new CallControls(state).element,
      make('div', { class: 'actions forgeries' }, ...forgeries),
      this.#none,
      this.#list,
    )
    state.on('config', () => this.#draw())
    state.on('shown', () => this.#draw())
    this.#draw()
  }

  #draw(): void {
    const { interventions } = this.#state.config
    this.#none.hidden = interventions.length > 0
    const inOrder = interventions.map((one, index) => ({ one, index })).sort(inTime)
    this.#list.replaceChildren(
      ...inOrder.map(({ one, index }) => {
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
    if (one.kind === 'call') {
      return `at ${durationText(one.atUs)} ${this.#state.hostName(one.host)}: ${one.step}`
    }
    if (!('packet' in one)) {
      const from = one.from === undefined ? '' : ` in the name of ${one.from}`
      return `at ${durationText(one.atUs)} ${forgedWords(one)} arrives at ${this.#state.hostName(one.to)}${from}, forged`
    }
    const what = `packet ${one.packet} of ${this.#state.hostName(one.from)}`
    return one.kind === 'delay'
      ? `${what} is held back by ${durationText(one.byUs)}`
      : `${what}: ${WORDS[one.kind]}`
  }
}

const WORDS = { drop: 'dropped', duplicate: 'delivered twice', corrupt: 'damaged' } as const

function forgedWords(one: Extract<Intervention, { kind: 'inject' | 'icmp' }>): string {
  if (one.kind === 'inject')
    return `${controlNames(one.segment.flags) || 'no flags'} with number ${one.segment.seq}`
  const { says, mtu, seq } = one.error
  return `ICMP ${says.replaceAll('-', ' ')}${mtu > 0 ? ` (MTU ${mtu})` : ''} about number ${seq}`
}

interface Listed {
  readonly one: Intervention
  readonly index: number
}

/** First what befalls packets, by their numbers, as nobody knows their times; then what has one. */
function inTime(a: Listed, b: Listed): number {
  const place = ({ one }: Listed): number => ('packet' in one ? one.packet - 1e9 : one.atUs)
  return place(a) - place(b) || a.index - b.index
}
