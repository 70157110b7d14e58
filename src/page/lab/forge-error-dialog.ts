/** An ICMP error that no router sent: what it says, of which segment, and in whose name. */

import { ERROR_BOUNDS, type ForgedError, ICMP_ERRORS, type IcmpError } from '../../lab/index.ts'
import { button, choice, make } from '../views/dom.ts'
import { openDialog } from './dialogs.ts'
import { ArrivalFields, field, numbersOf } from './forge-fields.ts'
import type { LabState } from './lab-state.ts'

const FIELDS: readonly (readonly [name: keyof typeof ERROR_BOUNDS, label: string])[] = [
  ['seq', 'Sequence number it quotes'],
  ['length', 'Octets of text it quotes'],
  ['srcPort', 'Source port it quotes'],
  ['dstPort', 'Destination port it quotes'],
  ['mtu', 'MTU that it tells'],
]

const USUAL_MTU = 576
/** A full-sized segment: nobody believes that a smaller one than the MTU was too big. */
const USUAL_LENGTH = 1460

export function forgeErrorDialog(state: LabState): void {
  if (state.shown?.kind !== 'run') return
  let says: IcmpError = 'fragmentation-needed'
  const names = Object.entries(ICMP_ERRORS)
    .filter(([, { v6 }]) => !state.config.ipv6 || v6 !== null)
    .map(([name]) => [name as IcmpError, name.replaceAll('-', ' ')] as const)
  const inputs = new Map(
    FIELDS.map(([name]) => {
      const max = ERROR_BOUNDS[name]
      const input = make('input', {
        type: 'number',
        id: `icmp-${name}`,
        min: 0,
        max,
        step: 1,
        required: true,
      })
      return [name, input] as const
    }),
  )
  // Of what the receiver sent: the oldest number that is not acknowledged is one that it would believe.
  const fill = (): void => {
    const { localPort, remotePort, una } = numbersOf(state, arrival.to)
    const values = { seq: una, srcPort: localPort, dstPort: remotePort, length: USUAL_LENGTH, mtu: USUAL_MTU }
    for (const [name, input] of inputs) input.value = String(values[name])
  }
  const arrival = new ArrivalFields(state, 0, fill)
  fill()
  const mtu = field('icmp-mtu', 'MTU that it tells', inputs.get('mtu')!)
  const form = make(
    'form',
    { class: 'forge', method: 'dialog' },
    ...arrival.elements,
    choice('It says', names, says, (chosen) => {
      says = chosen
      mtu.hidden = chosen !== 'fragmentation-needed'
    }),
    mtu,
    make(
      'div',
      { class: 'fields' },
      ...FIELDS.filter(([name]) => name !== 'mtu').map(([name, label]) =>
        field(`icmp-${name}`, label, inputs.get(name)!),
      ),
    ),
    make(
      'p',
      { class: 'note' },
      'It quotes a segment of the receiver’s. RFC 5927: what is quoted must lie between SND.UNA and SND.NXT to be believed.',
    ),
    make(
      'div',
      { class: 'actions' },
      button('Forge', () => undefined, { type: 'submit', class: 'primary', autofocus: true }),
    ),
  )
  const close = openDialog('Forge an ICMP error', form)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const numbers = Object.fromEntries([...inputs].map(([name, input]) => [name, input.valueAsNumber]))
    const error = {
      ...numbers,
      says,
      ...(says !== 'fragmentation-needed' && { mtu: 0 }),
    } as unknown as ForgedError
    close()
    state.intervene({ kind: 'icmp', ...arrival.value, error })
  })
}
