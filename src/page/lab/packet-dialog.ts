/** One packet: what it says, and what may befall it. */

import type { Intervention, SentPacket } from '../../lab/index.ts'
import { durationText } from '../../svg/scale.ts'
import { SEND_REASONS } from '../../trace/reasons.ts'
import { tcpdumpSegmentText } from '../../trace/segment-text.ts'
import { button, make } from '../views/dom.ts'
import type { IndexedMessage } from '../views/message-index.ts'
import { openDialog } from './dialogs.ts'
import type { LabState } from './lab-state.ts'

const USUAL_DELAY_MS = 100
const MOST_DELAY_MS = 3_600_000

export function packetDialog(state: LabState, indexed: IndexedMessage): void {
  const { message, frame } = indexed
  const sender = state.sender(indexed)
  const facts: [name: string, value: string][] = [
    ['Segment', tcpdumpSegmentText(message.segment)],
    ['Sent', message.sentItem < 0 ? 'by nobody that is recorded' : `at ${durationText(message.sentUs)}`],
    ['Fate', fateText(indexed)],
  ]
  if (message.reason !== undefined) facts.splice(1, 0, ['Why', SEND_REASONS[message.reason]])
  if (sender !== null) facts.push(['Number', `${frame} of all packets of the run`])
  const list = make('dl', { class: 'facts' })
  for (const [name, value] of facts) list.append(make('dt', {}, name), make('dd', {}, value))
  const title = state.packetName(indexed)
  if (sender === null) {
    openDialog(title, list)
    return
  }
  const close = openDialog(
    title,
    list,
    choices(state, sender, () => close()),
  )
}

function choices(state: LabState, { from, packet }: SentPacket, close: () => void): HTMLElement {
  const act = (one: Intervention) => (): void => {
    close()
    state.intervene(one)
  }
  const delay = make('input', {
    type: 'number',
    min: 0,
    max: MOST_DELAY_MS,
    value: USUAL_DELAY_MS,
    'aria-label': 'Milliseconds',
  })
  const hold = button('Hold it back', () => {
    if (!delay.reportValidity()) return
    act({ kind: 'delay', from, packet, byUs: Math.round(delay.valueAsNumber * 1000) })()
  })
  const index = state.config.interventions.findIndex(
    (one) => 'packet' in one && one.from === from && one.packet === packet,
  )
  const pass = button('Let it pass', () => {
    close()
    state.withdraw(index)
  })
  return make(
    'div',
    { class: 'actions' },
    button('Drop it', act({ kind: 'drop', from, packet }), { class: 'primary', autofocus: true }),
    make('span', { class: 'with-unit' }, hold, delay, make('span', { class: 'unit' }, 'ms')),
    button('Deliver it twice', act({ kind: 'duplicate', from, packet })),
    button('Damage it', act({ kind: 'corrupt', from, packet })),
    index >= 0 ? pass : null,
  )
}

function fateText({ message }: IndexedMessage): string {
  const { fate, arrivedUs, sentUs, marks, drops } = message
  const took = arrivedUs > sentUs ? `, after ${durationText(arrivedUs - sentUs)}` : ''
  const words = fate === 'arrived' ? `arrived at ${durationText(arrivedUs)}${took}` : FATES[fate]
  return [words, ...marks, ...drops.map((drop) => `not used: ${drop}`)].join('; ')
}

const FATES = {
  rejected: 'arrived, and nothing of it was used',
  lost: 'lost on the way',
  unknown: 'nothing tells of its arrival',
  unseen: 'the other end is not recorded',
} as const
