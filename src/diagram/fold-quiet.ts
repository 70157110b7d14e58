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

export function isQuiet(row: Row): boolean {
  switch (row.kind) {
    case 'message':
      return isUsual(row.message)
    case 'call':
    case 'application':
      return row.note === '' && READS_AND_WRITES.test(row.text)
    case 'signal':
      return USUAL_SIGNALS.has(row.text)
    default:
      return false
  }
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
