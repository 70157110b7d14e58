/** Which messages a reader's words or a filter mean. */

import { labelParts } from '../../diagram/message-label.ts'
import type { IndexedMessage, MessageIndex } from './message-index.ts'

export const FILTERS = {
  all: 'everything',
  retransmissions: 'retransmissions',
  losses: 'losses and drops',
  left: 'from the left host',
  right: 'from the right host',
  data: 'with text',
} as const
export type Filter = keyof typeof FILTERS

export function passes({ message, repeats }: IndexedMessage, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'retransmissions':
      return repeats >= 0
    case 'losses':
      return message.fate === 'lost' || message.fate === 'rejected' || message.drops.length > 0
    case 'left':
      return message.from === 0
    case 'right':
      return message.from === 1
    case 'data':
      return message.segment.length > 0
  }
}

/**
 * The places of the messages that have all of these words in what can be read of them: control bits, numbers absolute and
 * relative, options, reason, note, what happened on the way. A word of digits alone is a whole number: 12 is not 120.
 */
export function search(index: MessageIndex, words: string): number[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (wanted.length === 0) return []
  const patterns = wanted.map((word) =>
    /^\d+$/.test(word)
      ? new RegExp(`(?<!\\d)${word}(?!\\d)`)
      : new RegExp(word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')),
  )
  const found: number[] = []
  for (const indexed of index.messages) {
    const text = searchText(indexed, index)
    if (patterns.every((pattern) => pattern.test(text))) found.push(indexed.place)
  }
  return found
}

function searchText({ message, frame, repeats }: IndexedMessage, { bases }: MessageIndex): string {
  const { segment, from, reason, note, marks, drops, fate } = message
  const base = { seq: bases[from], ack: bases[from === 0 ? 1 : 0] }
  const parts = [
    ...labelParts(segment, { seq: 0, ack: 0 }),
    ...labelParts(segment, base),
    `frame ${frame}`,
    reason ?? '',
    note ?? '',
    ...marks,
    ...drops,
    fate,
  ]
  if (repeats >= 0) parts.push('retransmission')
  return parts.join(' ').toLowerCase()
}
