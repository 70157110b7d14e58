/** All there is to say of a segment: what shows under the pointer, and what a screen reader says. */

import { durationText } from '../../svg/scale.ts'
import { counted } from '../../trace/counted.ts'
import { DROP_REASONS, SEND_REASONS } from '../../trace/reasons.ts'
import { controlNames, optionsText, type SequenceBase } from '../../trace/segment-text.ts'
import { ACK } from '../../wire/segment.ts'
import type { Message } from '../ladder-messages.ts'
import type { Ends } from '../ladder-rows.ts'
import { hasNoNumber, shortLabel, withoutSource } from '../message-label.ts'

export interface Naming {
  readonly names: Ends<string>
  readonly bases: Readonly<Ends<number>>
}

/** A line each: from whom to whom, every field of the header, why, what became of it. */
export function aboutMessage(message: Message, { names, bases }: Naming): string {
  const { segment, from } = message
  const to = from === 0 ? 1 : 0
  const { packet } = message
  const lines = [
    `${names[from]} to ${names[to]}: ${controlNames(segment.flags) || 'no flags'}${packet === 0 ? '' : `, packet ${packet}`}`,
    `ports ${segment.srcPort} to ${segment.dstPort}`,
    numberLine('sequence number', segment.seq, hasNoNumber(segment) ? 0 : bases[from]),
    numberLine('acknowledgment number', segment.ack, (segment.flags & ACK) === 0 ? 0 : bases[to]),
    `window ${segment.window}${segment.scaledWindow === segment.window ? '' : ` (means ${counted(segment.scaledWindow, 'octet')})`}, ` +
      `urgent pointer ${segment.urgentPointer}, ${counted(segment.length, 'octet')} of data`,
  ]
  const options = optionsText(segment)
  if (options !== '') lines.push(`options: ${options}`)
  if (message.reason !== undefined) lines.push(`${message.reason}: ${SEND_REASONS[message.reason]}`)
  if (message.note !== undefined) lines.push(message.note)
  lines.push(...message.marks, fateOf(message))
  return lines.filter((line) => line !== '').join('\n')
}

/** That it arrived, and what of it was not used. */
export function aboutArrival(message: Message, { names, bases }: Naming): string {
  const { segment, from, drops } = message
  const to = from === 0 ? 1 : 0
  const short = shortLabel(segment, { seq: bases[from], ack: bases[to] })
  const unused = drops.map((drop) => `not used: ${withoutSource(DROP_REASONS[drop])}`)
  return [`${short} arrives at ${names[to]}`, ...unused].join('\n')
}

function numberLine(name: string, value: number, base: number): string {
  const relative: SequenceBase['seq'] = (value - base) >>> 0
  return `${name} ${value >>> 0}${base === 0 ? '' : ` (relative ${relative})`}`
}

function fateOf(message: Message): string {
  const us = message.arrivedUs - message.sentUs
  switch (message.fate) {
    case 'arrived':
      return message.sentItem >= 0 && us > 0 ? `arrived after ${durationText(us)}` : ''
    case 'rejected':
      return 'arrived and was dropped'
    case 'unknown':
      return 'nothing tells of its arrival'
    case 'unseen':
      return 'its arrival is not recorded'
    default:
      return ''
  }
}
