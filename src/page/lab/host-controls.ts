/** One host: its name, its program, its options; and what it has differently in a second run, to compare. */

import {
  boundsOf,
  LabError,
  type LabHost,
  OPTION_VALUES,
  parseProgram,
  type Side,
  SOCKET_OPTIONS,
  STEP_FORMS,
  TUNABLES,
  type Tunable,
  usualValue,
} from '../../lab/index.ts'
import type { Config } from '../../tcp/config.ts'
import { make } from '../views/dom.ts'
import { check, numberField, section } from './fields.ts'
import type { LabState } from './lab-state.ts'

/** A run is worth it when the typing rests for so long, milliseconds. */
const TYPING_REST_MS = 350

export class HostControls {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #side: Side
  readonly #title: HTMLElement
  readonly #name: HTMLInputElement
  readonly #program: HTMLTextAreaElement
  readonly #error = make('p', { class: 'error', role: 'alert', hidden: true })
  readonly #ownParts: readonly HTMLElement[]
  #timer = 0

  constructor(state: LabState, side: Side) {
    this.#state = state
    this.#side = side
    const id = `host-${side}`
    this.#name = make('input', {
      type: 'text',
      id: `${id}-name`,
      maxlength: 24,
      change: () => this.#set({ name: this.#name.value }),
    })
    this.#program = make('textarea', {
      id: `${id}-program`,
      rows: 6,
      spellcheck: 'false',
      autocapitalize: 'off',
      'aria-describedby': 'program-help',
      input: () => this.#typed(),
    })
    this.#ownParts = [
      make('div', { class: 'field' }, make('label', { for: `${id}-name` }, 'Name'), this.#name),
      make(
        'div',
        { class: 'field tall' },
        make('label', { for: `${id}-program` }, 'Program, a step a line'),
        this.#program,
        this.#error,
      ),
    ]
    const options = new TuningFields(
      () => state.config.hosts[side].tuning,
      (tuning) => this.#set({ tuning }),
    )
    const inner = section('Options of its sockets', false, options.element)
    this.element = section('', side === 0, ...this.#ownParts, inner)
    this.#title = this.element.querySelector('summary')!
    state.on('shown', () => this.#configured())
    state.on('config', () => {
      this.#configured()
      options.draw()
    })
    this.#configured()
    options.draw()
  }

  #set(changes: Partial<LabHost>): void {
    const [left, right] = this.#state.config.hosts
    this.#state.change({
      hosts: this.#side === 0 ? [{ ...left, ...changes }, right] : [left, { ...right, ...changes }],
    })
  }

  #typed(): void {
    clearTimeout(this.#timer)
    const program = this.#program.value
    try {
      parseProgram(program, '')
      this.#error.hidden = true
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      this.#error.textContent = error.message.replace(/^, /, '')
      this.#error.hidden = false
      return
    }
    this.#timer = setTimeout(() => this.#set({ program }), TYPING_REST_MS)
  }

  #configured(): void {
    const { config } = this.#state
    const host = config.hosts[this.#side]
    const isLesson = config.lesson !== null
    for (const part of this.#ownParts) part.hidden = isLesson
    const place = this.#side === 0 ? 'Left host' : 'Right host'
    this.#title.textContent = `${place}: ${this.#state.hostName(this.#side)}`
    if (document.activeElement !== this.#name) this.#name.value = host.name
    if (document.activeElement === this.#program) return
    this.#program.value = host.program
    this.#program.rows = Math.max(4, host.program.split('\n').length + 1)
    this.#error.hidden = true
  }
}

type Tuning = Partial<Config>

/** The tunables as fields, by groups. What differs from the usual value stands out and can be taken back. */
export class TuningFields {
  readonly element: HTMLElement
  readonly #read: () => Tuning
  readonly #draws: (() => void)[] = []

  constructor(read: () => Tuning, write: (tuning: Tuning) => void) {
    this.#read = read
    const children: HTMLElement[] = []
    let group = ''
    for (const tunable of TUNABLES) {
      if (tunable.group !== group) {
        group = tunable.group
        children.push(make('h4', {}, group))
      }
      const set = (value: number | boolean): void => {
        const { [tunable.name]: _before, ...others } = read()
        write(value === usualValue(tunable.name) ? others : { ...others, [tunable.name]: value })
      }
      children.push(this.#field(tunable, set))
    }
    this.element = make('div', { class: 'fields tuning' }, ...children)
  }

  draw(): void {
    for (const draw of this.#draws) draw()
  }

  #field({ name, label, about, unit }: Tunable, set: (value: number | boolean) => void): HTMLElement {
    const bounds = boundsOf(name)
    const value = (): number | boolean => this.#read()[name] ?? usualValue(name)
    const isUsual = (): boolean => this.#read()[name] === undefined
    if (bounds === null) {
      const field = check(label, false, set)
      field.title = about
      const box = field.querySelector('input')!
      this.#draws.push(() => {
        box.checked = value() === true
        field.classList.toggle('own', !isUsual())
      })
      return field
    }
    const field = numberField({
      label,
      title: about,
      unit,
      min: bounds[0],
      max: bounds[1],
      step: 1,
      onChange: set,
    })
    this.#draws.push(() => field.set(Number(value()), isUsual()))
    return field.element
  }
}

/** What the lines of a program may be, once for both hosts. */
export function programHelp(): HTMLElement {
  const item = (words: string): HTMLElement => make('li', {}, make('code', {}, words))
  const forms = Object.values(STEP_FORMS).map(item)
  const options = Object.entries(SOCKET_OPTIONS).map(([name, { takes }]) =>
    item(`${name} ${OPTION_VALUES[takes]}`),
  )
  return section(
    'Steps of a program',
    false,
    make(
      'div',
      { id: 'program-help' },
      make('ul', { class: 'forms' }, ...forms),
      make(
        'p',
        { class: 'note' },
        'Octets as 500, 20k or 1M; times as 20ms, 1.5s or 2min; # begins a remark. Options of a socket:',
      ),
      make('ul', { class: 'forms' }, ...options),
    ),
  )
}
