/** What stands beside marks when somebody points at them, and what a picture is called. */

import { durationText } from '../svg/scale.ts'
import { counted } from '../trace/counted.ts'
import { SEND_REASONS } from '../trace/reasons.ts'
import { controlNames } from '../trace/segment-text.ts'
import type { GraphAcknowledgment, GraphSegment } from './series.ts'

/** Behind the name of a window that may be larger than it seems. */
export const SCALE_UNSEEN = ' (scale not seen)'

/** "PSH,ACK 1:1461 (1460 octets) at 60 ms; new-data: data that was never sent before (RFC ...)". */
export function segmentWords(segment: GraphSegment, startUs: number): string {
  const { at, first, end, length, flags, again, isLate, kind, reason, note, lost } = segment
  const numbers = end > first ? `${first}:${end}` : `${first}`
  const size = length > 0 ? ` (${counted(length, 'octet')})` : ''
  const marks = [
    kind === 'probe' ? 'window probe' : kind === 'keep-alive' ? 'keep-alive' : '',
    again > 0 && again < end - first
      ? `retransmission of ${counted(again, 'octet')}`
      : again > 0
        ? 'retransmission'
        : '',
    isLate ? 'out of order' : '',
    lost ?? '',
    note ?? '',
    reason === undefined ? '' : `${reason}: ${SEND_REASONS[reason]}`,
  ].filter((mark) => mark !== '')
  const said = marks.length === 0 ? '' : `; ${marks.join('; ')}`
  return `${controlNames(flags) || 'no flags'} ${numbers}${size} at ${durationText(at - startUs)}${said}`
}

/** "ack 2921, window 65535 to 68456 at 80 ms, 1460 octets acknowledged". */
export function acknowledgmentWords(one: GraphAcknowledgment, startUs: number): string {
  const { at, ack, window, fresh, duplicate } = one
  const said = duplicate > 0 ? `, duplicate ${duplicate}` : fresh > 0 ? `, ${fresh} acknowledged` : ''
  return `ack ${ack}, window ${window} to ${ack + window} at ${durationText(at - startUs)}${said}`
}
