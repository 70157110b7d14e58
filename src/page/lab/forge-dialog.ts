/** A segment that nobody sent: every field, filled in such that it would be taken. */

import {
  checkSegment,
  type ForgedSegment,
  LabError,
  OPTION_BOUNDS,
  SEGMENT_BOUNDS,
  type Side,
} from '../../lab/index.ts'
import { ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../../wire/segment.ts'
import { button, make } from '../views/dom.ts'
import { openDialog } from './dialogs.ts'
import { check, section } from './fields.ts'
import { ArrivalFields, field, numbersOf } from './forge-fields.ts'
import type { LabState } from './lab-state.ts'

const FLAGS = [
  ['SYN', SYN],
  ['ACK', ACK],
  ['PSH', PSH],
  ['FIN', FIN],
  ['RST', RST],
  ['URG', URG],
  ['ECE', ECE],
  ['CWR', CWR],
  ['AE', AE],
  ['reserved bits', 0xe00],
] as const

type Name = keyof typeof SEGMENT_BOUNDS | keyof typeof OPTION_BOUNDS | 'tsVal' | 'tsEcr'

const FIELDS: readonly (readonly [name: keyof typeof SEGMENT_BOUNDS, label: string])[] = [
  ['seq', 'Sequence number'],
  ['ack', 'Acknowledgment'],
  ['window', 'Window'],
  ['length', 'Octets of text'],
  ['srcPort', 'Source port'],
  ['dstPort', 'Destination port'],
  ['urgentPointer', 'Urgent pointer'],
]

const OPTIONS: readonly (readonly [name: Name, label: string])[] = [
  ['mss', 'MSS'],
  ['windowScale', 'Window scale'],
  ['tsVal', 'TSval'],
  ['tsEcr', 'TSecr'],
]

const UINT32 = SEGMENT_BOUNDS.seq
const BOUNDS: Readonly<Record<Name, number>> = {
  ...SEGMENT_BOUNDS,
  ...OPTION_BOUNDS,
  tsVal: UINT32,
  tsEcr: UINT32,
}

export function forgeDialog(state: LabState): void {
  if (state.shown?.kind !== 'run') return
  const fields = new SegmentFields()
  const arrival = new ArrivalFields(state, 1, () => fields.fill(expected(state, arrival.to)))
  fields.fill(expected(state, arrival.to))
  const error = make('p', { class: 'error', role: 'alert', hidden: true })
  const form = make(
    'form',
    { class: 'forge', method: 'dialog' },
    ...arrival.elements,
    ...fields.elements,
    error,
    make(
      'p',
      { class: 'note' },
      'The numbers are those that the receiver expects at the cursor: change one, and see what it does.',
    ),
    make(
      'div',
      { class: 'actions' },
      button('Forge', () => undefined, { type: 'submit', class: 'primary', autofocus: true }),
    ),
  )
  const close = openDialog('Forge a segment', form)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    try {
      const segment = checkSegment(fields.value, '')
      close()
      state.intervene({ kind: 'inject', ...arrival.value, segment })
    } catch (thrown) {
      if (!(thrown instanceof LabError)) throw thrown
      error.textContent = thrown.message.replace(/^\./, '')
      error.hidden = false
    }
  })
}

class SegmentFields {
  readonly elements: readonly HTMLElement[]
  readonly #numbers = new Map<Name, HTMLInputElement>()
  readonly #text = textInput('forge-text', '')
  readonly #sack = textInput('forge-sack', '1000-2000, 3000-4000')
  readonly #options = textInput('forge-options', '1e0a…')
  #flags: number = RST
  #sackPermitted = false
  #badChecksum = false

  constructor() {
    const boxes = FLAGS.map(([label, bit]) =>
      check(label, bit === this.#flags, (on) => {
        this.#flags = on ? this.#flags | bit : this.#flags & ~bit
      }),
    )
    const permitted = check('SACK permitted', false, (on) => {
      this.#sackPermitted = on
    })
    const wrong = check('Wrong checksum', false, (on) => {
      this.#badChecksum = on
    })
    this.elements = [
      make('fieldset', { class: 'flags' }, make('legend', {}, 'Flags'), ...boxes),
      make('div', { class: 'fields' }, ...FIELDS.map(([name, label]) => this.#number(name, label, true))),
      field('forge-text', 'Or this text', this.#text),
      section(
        'Options',
        false,
        make('div', { class: 'fields' }, ...OPTIONS.map(([name, label]) => this.#number(name, label, false))),
        permitted,
        field('forge-sack', 'SACK blocks', this.#sack),
        field('forge-options', 'Others, in hex: kind, length, data', this.#options),
      ),
      section(
        'Wrong on purpose',
        false,
        wrong,
        this.#number('dataOffset', 'Data offset, in words of 4 octets', false),
      ),
    ]
  }

  fill(numbers: Readonly<Partial<Record<Name, number>>>): void {
    for (const [name, value] of Object.entries(numbers))
      this.#numbers.get(name as Name)!.value = String(value)
  }

  /** As it was written: nobody has checked it. @throws LabError where SACK blocks are none. */
  get value(): unknown {
    const number = (name: Name): number | undefined => {
      const { valueAsNumber } = this.#numbers.get(name)!
      return Number.isNaN(valueAsNumber) ? undefined : valueAsNumber
    }
    const text = this.#text.value
    const [tsVal, tsEcr] = [number('tsVal'), number('tsEcr')]
    const sack = this.#sack.value.trim()
    const options = this.#options.value.replace(/\s+/g, '')
    return {
      ...Object.fromEntries(FIELDS.map(([name]) => [name, number(name)])),
      flags: this.#flags,
      mss: number('mss'),
      windowScale: number('windowScale'),
      dataOffset: number('dataOffset'),
      ...(text !== '' && { text, length: 0 }),
      ...((tsVal !== undefined || tsEcr !== undefined) && { timestamps: [tsVal ?? 0, tsEcr ?? 0] }),
      ...(this.#sackPermitted && { sackPermitted: true }),
      ...(sack !== '' && { sack: sack.split(',').map(blockOf) }),
      ...(options !== '' && { options }),
      ...(this.#badChecksum && { badChecksum: true }),
    }
  }

  #number(name: Name, label: string, required: boolean): HTMLElement {
    const id = `forge-${name}`
    const input = make('input', { type: 'number', id, min: 0, max: BOUNDS[name], step: 1, required })
    this.#numbers.set(name, input)
    return field(id, label, input)
  }
}

function textInput(id: string, placeholder: string): HTMLInputElement {
  return make('input', { type: 'text', id, placeholder, spellcheck: 'false', autocomplete: 'off' })
}

function blockOf(text: string): [left: number, right: number] {
  const [, left, right] = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(text) ?? []
  if (right === undefined)
    throw new LabError('SACK blocks', `expected two numbers with a dash, not '${text.trim()}'`)
  return [Number(left), Number(right)]
}

/** What the receiver would take next, as it stands at the cursor. */
function expected(state: LabState, to: Side): Omit<ForgedSegment, 'flags'> {
  const { localPort, remotePort, snd, rcv } = numbersOf(state, to)
  return {
    ...{ seq: rcv, ack: snd, window: 65_535, length: 0, urgentPointer: 0 },
    ...{ srcPort: remotePort, dstPort: localPort },
  }
}
