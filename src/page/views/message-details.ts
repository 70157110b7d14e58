/** All there is to say of one message, as lines of a name and a value. */

import { hasNoNumber } from '../../diagram/message-label.ts'
import { durationText } from '../../svg/scale.ts'
import type { LadderPair } from '../../trace/connections.ts'
import { framesNoted } from '../../trace/frame-notes.ts'
import { DROP_REASONS, SEND_REASONS } from '../../trace/reasons.ts'
import { controlNames, optionsText } from '../../trace/segment-text.ts'
import { ACK, URG } from '../../wire/segment.ts'
import { endOf, type IndexedMessage, type MessageIndex } from './message-index.ts'
import type { Tip } from './tooltip.ts'

export interface Detail {
  readonly name: string
  readonly value: string
  /** The message that it speaks of, by its place. */
  readonly place?: number
  /** Where it can be read up. */
  readonly source?: { readonly words: string; readonly href: string }
}

export interface DetailGroup {
  readonly title: string
  readonly details: readonly Detail[]
}

export interface MessageAbout {
  /** 'SYN,ACK from server to client' */
  readonly title: string
  readonly groups: readonly DetailGroup[]
}

export function aboutMessage(indexed: IndexedMessage, index: MessageIndex, pair: LadderPair): MessageAbout {
  const { message } = indexed
  const ends = [pair.left, pair.right] as const
  const [near, far] = message.from === 0 ? ends : [ends[1], ends[0]]
  const flags = controlNames(message.segment.flags) || 'no flags'
  return {
    title: `${flags} from ${near.host} to ${far.host}`,
    groups: [
      { title: 'Why', details: whyDetails(indexed) },
      { title: 'When', details: whenDetails(indexed, index) },
      { title: 'Header', details: headerDetails(indexed, index) },
      { title: 'Related', details: relatedDetails(indexed, index) },
    ].filter(({ details }) => details.length > 0),
  }
}

/** What of it floats beside its arrow: the numbers and flags of its header, why it was sent, and what became of it. */
export function messageTip({ title, groups }: MessageAbout): Tip {
  const details = new Map(groups.flatMap((group) => group.details).map(({ name, value }) => [name, value]))
  const [frame, reason, because] = ['Frame', 'Sent as', 'Because'].map((name) => details.get(name))
  if (reason !== undefined) details.set('Sent as', `${reason}: ${because}`)
  if (details.get('Options') === 'none') details.delete('Options')
  const rows = TIP_ROWS.flatMap((name) => {
    const value = details.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return { title: frame === undefined ? title : `${title}, frame ${frame}`, rows }
}

const TIP_ROWS = [
  ...['Sequence number', 'Acknowledgment', 'Length', 'Window', 'Urgent pointer', 'Options'],
  ...['Sent as', 'Fate', 'On the way', 'Dropped', 'Not used', 'Note'],
] as const

function whyDetails({ message }: IndexedMessage): Detail[] {
  const details: Detail[] = []
  const { reason, note } = message
  if (reason !== undefined)
    details.push({ name: 'Sent as', value: reason }, { name: 'Because', ...sourced(SEND_REASONS[reason]) })
  details.push({ name: 'Fate', value: FATES[message.fate] })
  if (message.marks.length > 0) details.push({ name: 'On the way', value: message.marks.join('; ') })
  for (const drop of message.drops) {
    const name = message.fate === 'rejected' ? 'Dropped' : 'Not used'
    details.push({ name, ...sourced(DROP_REASONS[drop]) })
  }
  if (note !== undefined) details.push({ name: 'Note', value: note })
  return details
}

const FATES = {
  arrived: 'arrived',
  rejected: 'arrived, and nothing of it was used',
  lost: 'lost on the way',
  unknown: 'no trace of its arrival',
  unseen: 'its receiver is not recorded',
} as const

/** Times as the axis of the picture has them. */
function whenDetails({ message, place }: IndexedMessage, { messages }: MessageIndex): Detail[] {
  const before = messages[place - 1]?.message
  const details: Detail[] = [
    { name: message.sentItem < 0 ? 'Seen at' : 'Sent at', value: secondsText(message.sentUs) },
  ]
  if (before !== undefined) {
    details.push({ name: 'After the last', value: durationText(message.sentUs - before.sentUs) })
  }
  if (message.arrivedItem >= 0 && message.arrivedUs !== message.sentUs) {
    details.push(
      { name: 'Arrived at', value: secondsText(message.arrivedUs) },
      { name: 'On its way', value: durationText(message.arrivedUs - message.sentUs) },
    )
  }
  return details
}

function headerDetails({ message, frame }: IndexedMessage, { bases }: MessageIndex): Detail[] {
  const { segment, from } = message
  const both = (number: number, base: number | null): string =>
    base === null ? String(number >>> 0) : `${number >>> 0} (relative ${(number - base) >>> 0})`
  const [own, other] = [bases[from], bases[from === 0 ? 1 : 0]]
  const details: Detail[] = []
  if (frame > 0) details.push({ name: 'Frame', value: framesNoted(message.note) || String(frame) })
  details.push(
    { name: 'Ports', value: `${segment.srcPort} → ${segment.dstPort}` },
    { name: 'Sequence number', value: both(segment.seq, hasNoNumber(segment) ? null : own) },
    { name: 'Next one', value: both(endOf(segment), hasNoNumber(segment) ? null : own) },
  )
  if ((segment.flags & ACK) !== 0) details.push({ name: 'Acknowledgment', value: both(segment.ack, other) })
  details.push(
    {
      name: 'Flags',
      value: `${controlNames(segment.flags) || 'none'} (0x${segment.flags.toString(16).padStart(3, '0')})`,
    },
    { name: 'Window', value: windowText(segment.window, segment.scaledWindow) },
    { name: 'Length', value: `${segment.length} ${segment.length === 1 ? 'octet' : 'octets'} of text` },
  )
  if ((segment.flags & URG) !== 0)
    details.push({ name: 'Urgent pointer', value: String(segment.urgentPointer) })
  details.push({ name: 'Options', value: optionsText(segment).replaceAll(',', ', ') || 'none' })
  return details
}

function windowText(window: number, scaled: number): string {
  return window === scaled ? `${window} octets` : `${scaled} octets (${window} in the header)`
}

function relatedDetails(indexed: IndexedMessage, { messages }: MessageIndex): Detail[] {
  const details: Detail[] = []
  const { message } = indexed
  const to = (name: string, place: number, what: string): void => {
    if (place >= 0) details.push({ name, value: `${nameOf(messages[place]!)}, ${what}`, place })
  }
  const since = (place: number): string =>
    place < 0 ? '' : durationText(Math.abs(messages[place]!.message.sentUs - message.sentUs))
  to('Acknowledges', indexed.acknowledges, `sent ${since(indexed.acknowledges)} before`)
  to('Acknowledged by', indexed.acknowledgedBy, `${since(indexed.acknowledgedBy)} later`)
  to('Repeats', indexed.repeats, `sent ${since(indexed.repeats)} before`)
  return details
}

/** 'frame 12', or what it is where frames have no numbers. */
export function nameOf({ frame, place }: IndexedMessage): string {
  return frame > 0 ? `frame ${frame}` : `message ${place + 1}`
}

/** A sentence of trace/reasons.ts without its source, and the source as a link. */
function sourced(sentence: string): { value: string; source?: { words: string; href: string } } {
  const [, words, source, number, place] = /^(.*?)(?: \((RFC (\d+)(?: ([\w.-]+))?)\))?$/.exec(sentence)!
  if (source === undefined) return { value: words! }
  const section =
    place !== undefined && /^[\dA-Z]/.test(place) && !place.includes('-') ? `#section-${place}` : ''
  return {
    value: words!,
    source: { words: source, href: `https://www.rfc-editor.org/rfc/rfc${number}${section}` },
  }
}

/** '1.234567 s'. */
function secondsText(us: number): string {
  return `${(us / 1e6).toFixed(6)} s`
}
