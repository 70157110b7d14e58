/** Which rows are nothing special: what a steady run consists of. */

import type { SendReason } from '../trace/reasons.ts'
import { ACK, PSH } from '../wire/segment.ts'
import type { Message } from './ladder-messages.ts'
import type { Row } from './ladder-rows.ts'

const USUAL: ReadonlySet<SendReason> = new Set<SendReason>([
  'new-data',
  'second-segment-ack',
  'delayed-ack',
  'quick-ack',
  'window-update',
])

/** What an application does all the time: 'write(1000)', 'read() blocks', 'read() returns 500'. */
const READS_AND_WRITES = /^(read|write)\([^)]*\)( blocks| returns\b.*)?$/
const USUAL_SIGNALS: ReadonlySet<string> = new Set(['readable', 'writable', 'drained'])

/** What runs are made of: segments as usual, or one duplicate acknowledgment after the other, and what is sent meanwhile. */
export type Steady = 'usual' | 'duplicates'

/**
 * Which kind of run a row may stand in, null: in none. 'any': nothing special, and not what a run is about, as the
 * arrival of what was sent before.
 */
export function steadyOf(row: Row): Steady | 'any' | null {
  switch (row.kind) {
    case 'message':
      if (isDuplicate(row.message)) return 'duplicates'
      if (!isUsual(row.message)) return null
      return startsMessage(row) ? 'usual' : 'any'
    case 'call':
    case 'application':
      return row.note === '' && READS_AND_WRITES.test(row.text) ? 'any' : null
    case 'signal':
      return USUAL_SIGNALS.has(row.text) ? 'any' : null
    default:
      return null
  }
}

/** An acknowledgment that repeats the last one, because a segment is missing. */
export function isDuplicate({ reason, fate, marks, segment }: Message): boolean {
  const arrived = fate === 'arrived' || fate === 'unseen'
  return reason === 'out-of-order-ack' && arrived && marks.length === 0 && segment.length === 0
}

/** Sent once, arrived, with nothing but data and acknowledgments in it. */
function isUsual({ fate, marks, drops, reason, segment, note }: Message): boolean {
  if (fate !== 'arrived' && fate !== 'unseen') return false
  if (marks.length > 0 || drops.length > 0) return false
  if (reason !== undefined && !USUAL.has(reason)) return false
  if ((segment.flags & ~(ACK | PSH)) !== 0 || segment.scaledWindow === 0) return false
  // 'frame 12' alone, or what Wireshark calls an update of the window.
  return note === undefined || /^[^,]*(, window update)?$/.test(note)
}

/** Whether a message is counted at this row: where it leaves, or where it arrives if its leaving was not seen. */
export function startsMessage(row: Row): boolean {
  return row.kind === 'message' && (row.half !== 'arrives' || row.message.sentItem < 0)
}
