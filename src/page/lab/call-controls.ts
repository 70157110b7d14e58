/** "Here the client sends 1000 octets": what an application does at the cursor, beside its program. */

import {
  CALL_KINDS,
  LabError,
  OPTION_VALUES,
  parseCall,
  type Side,
  SOCKET_OPTIONS,
  STEP_FORMS,
} from '../../lab/index.ts'
import { durationText } from '../../svg/scale.ts'
import { button, make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'

/** One click each; everything else can be written. */
const USUAL_CALLS: readonly (readonly [words: string, step: string])[] = [
  ['Send 1000', 'send 1000'],
  ['Stop reading', 'stop reading'],
  ['Read again', 'resume reading'],
  ['Close', 'close'],
  ['Abort', 'abort'],
]

export class CallControls {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #title = make('h4', { id: 'call-title' })
  readonly #hosts = make('select', { 'aria-label': 'Whose program' })
  readonly #step = make('input', {
    type: 'text',
    id: 'call-step',
    list: 'call-steps',
    maxlength: 100,
    placeholder: 'set nodelay on',
    spellcheck: 'false',
    autocapitalize: 'off',
    autocomplete: 'off',
    'aria-label': 'Any step',
    'aria-describedby': 'call-error',
  })
  readonly #error = make('p', { class: 'error', role: 'alert', id: 'call-error', hidden: true })

  constructor(state: LabState) {
    this.#state = state
    this.#hosts.append(make('option', { value: 0 }), make('option', { value: 1 }))
    const buttons = USUAL_CALLS.map(([words, step]) =>
      button(words, () => this.#call(step), { title: `${step}, at the cursor` }),
    )
    const form = make(
      'form',
      {
        class: 'actions',
        submit: (event: Event) => {
          event.preventDefault()
          this.#written()
        },
      },
      this.#step,
      button('Do it', () => undefined, { type: 'submit' }),
    )
    this.element = make(
      'div',
      { class: 'calls', role: 'group', 'aria-labelledby': 'call-title' },
      make('div', { class: 'calls-head' }, this.#title, this.#hosts),
      make('div', { class: 'actions' }, ...buttons),
      form,
      make('datalist', { id: 'call-steps' }, ...examples().map((value) => make('option', { value }))),
      this.#error,
    )
    state.on('cursor', () => this.#placed())
    state.on('shown', () => this.#named())
    state.on('config', () => this.#named())
    this.#named()
    this.#placed()
  }

  #placed(): void {
    this.#title.textContent = `At the cursor, ${durationText(Math.floor(this.#state.cursor.us))}, the program of`
  }

  #named(): void {
    for (const side of [0, 1] as const) this.#hosts.options[side]!.textContent = this.#state.hostName(side)
  }

  #written(): void {
    const step = this.#step.value.trim()
    try {
      parseCall(step, '')
      this.#error.hidden = true
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      this.#error.textContent = error.message
      this.#error.hidden = false
      return
    }
    this.#step.value = ''
    this.#call(step)
  }

  #call(step: string): void {
    this.#state.intervene({
      kind: 'call',
      atUs: this.#state.nextUs,
      host: Number(this.#hosts.value) as Side,
      step,
    })
  }
}

/** What may be written: every form of a step, and each option by its name. */
function examples(): string[] {
  const forms = CALL_KINDS.filter((kind) => kind !== 'set').map((kind) => STEP_FORMS[kind])
  const options = Object.entries(SOCKET_OPTIONS).map(
    ([name, { takes }]) => `set ${name} ${OPTION_VALUES[takes]}`,
  )
  return [...forms, ...options]
}
