/** A segment that nobody sent: every field, filled in such that it would be taken. */

import { type ForgedSegment, type Side, VARIABLES } from '../../lab/index.ts'
import { ACK, FIN, PSH, RST, SYN, URG } from '../../wire/segment.ts'
import { button, choice, make } from '../views/dom.ts'
import { openDialog } from './dialogs.ts'
import { check } from './fields.ts'
import type { LabState } from './lab-state.ts'

const FLAGS = [
  ['SYN', SYN],
  ['ACK', ACK],
  ['PSH', PSH],
  ['FIN', FIN],
  ['RST', RST],
  ['URG', URG],
] as const

const FIELDS: readonly (readonly [name: keyof ForgedSegment, label: string, most: number])[] = [
  ['seq', 'Sequence number', 2 ** 32 - 1],
  ['ack', 'Acknowledgment', 2 ** 32 - 1],
  ['window', 'Window', 65_535],
  ['length', 'Octets of text', 1400],
  ['srcPort', 'Source port', 65_535],
  ['dstPort', 'Destination port', 65_535],
  ['urgentPointer', 'Urgent pointer', 65_535],
]

export function forgeDialog(state: LabState): void {
  if (state.shown?.kind !== 'run') return
  let to: Side = 1
  let flags = RST
  const inputs: Inputs = new Map()
  const fields = FIELDS.map((field) => numberInput(field, inputs))
  const at = make('input', {
    type: 'number',
    id: 'forge-at',
    min: 0,
    step: 'any',
    required: true,
    value: state.cursor.us / 1000,
  })
  const fill = (): void => {
    for (const [name, value] of Object.entries(expected(state, to)))
      inputs.get(name as keyof ForgedSegment)!.value = String(value)
  }
  fill()
  const names = [state.hostName(0), state.hostName(1)]
  const boxes = FLAGS.map(([label, bit]) =>
    check(label, bit === flags, (on) => {
      flags = on ? flags | bit : flags & ~bit
    }),
  )
  const form = make(
    'form',
    { class: 'forge', method: 'dialog' },
    choice(
      'It arrives at',
      [
        ['1', names[1]!],
        ['0', names[0]!],
      ],
      '1',
      (chosen) => {
        to = chosen === '0' ? 0 : 1
        fill()
      },
    ),
    make('div', { class: 'field' }, make('label', { for: 'forge-at' }, 'At, in ms of the run'), at),
    make('fieldset', { class: 'flags' }, make('legend', {}, 'Flags'), ...boxes),
    make('div', { class: 'fields' }, ...fields),
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
    const numbers = Object.fromEntries([...inputs].map(([name, input]) => [name, input.valueAsNumber]))
    const segment = { ...numbers, flags } as unknown as ForgedSegment
    close()
    state.intervene({ kind: 'inject', atUs: Math.round(at.valueAsNumber * 1000), to, segment })
  })
}

type Inputs = Map<keyof ForgedSegment, HTMLInputElement>

function numberInput([name, label, most]: (typeof FIELDS)[number], inputs: Inputs): HTMLElement {
  const id = `forge-${name}`
  const input = make('input', { type: 'number', id, min: 0, max: most, step: 1, required: true })
  inputs.set(name, input)
  return make('div', { class: 'field' }, make('label', { for: id }, label), input)
}

/** What the receiver would take next, as it stands at the cursor. */
function expected(state: LabState, to: Side): Omit<ForgedSegment, 'flags'> {
  const { pair } = state
  // The connection's left end is not always the left host.
  const isSwapped = pair !== null && pair.left.host === state.hostName(1)
  const end = (side: Side) => (side === (isSwapped ? 1 : 0) ? pair?.left : pair?.right)
  const values = state.snapshots(isSwapped ? (to === 0 ? 1 : 0) : to)?.now.values
  const value = (name: string): number =>
    (values?.[VARIABLES.findIndex((one) => one.name === name)] ?? 0) >>> 0
  return {
    seq: value('RCV.NXT'),
    ack: value('SND.NXT'),
    window: 65_535,
    length: 0,
    srcPort: Math.max(0, end(to === 0 ? 1 : 0)?.port ?? 0),
    dstPort: Math.max(0, end(to)?.port ?? 0),
    urgentPointer: 0,
  }
}
