/**
 * One segment as text: in the form of the RFC's figures, and in tcpdump's.
 *
 * Both are written from a SegmentRecord and from nothing else, so that a ladder, a log line and a capture's comment
 * name the same segment in the same words.
 */

import { ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../wire/segment.ts'
import type { SegmentRecord } from './events.ts'

/** What is subtracted from the numbers of a segment before they are shown (int32); absent: nothing is. */
export interface SequenceBase {
  readonly seq: number
  readonly ack: number
}

const ABSOLUTE: SequenceBase = { seq: 0, ack: 0 }

/** The control bits by name in the order of the RFC's figures, ACK last: "SYN,ACK"; "" when none is set. */
export function controlNames(flags: number): string {
  const names: string[] = []
  for (const [bit, name] of CONTROL_NAMES) if ((flags & bit) !== 0) names.push(name)
  return names.join(',')
}

/** The control bits as tcpdump's letters, "S." or "P."; "none" when none is set. */
export function tcpdumpFlags(flags: number): string {
  let letters = ''
  for (const [bit, letter] of TCPDUMP_LETTERS) if ((flags & bit) !== 0) letters += letter
  return letters === '' ? 'none' : letters
}

/** The options that the record keeps, as tcpdump names them: "mss 512,sackOK,TS val 7 ecr 0,wscale 7"; "" if none. */
export function optionsText(segment: SegmentRecord): string {
  const options: string[] = []
  if (segment.mss !== undefined) options.push(`mss ${segment.mss}`)
  if (segment.sackPermitted === true) options.push('sackOK')
  if (segment.timestamps !== undefined) {
    options.push(`TS val ${segment.timestamps.val >>> 0} ecr ${segment.timestamps.ecr >>> 0}`)
  }
  if (segment.windowScale !== undefined) options.push(`wscale ${segment.windowScale}`)
  return options.join(',')
}

/** As in the figures of RFC 9293 3.5: `<SEQ=100><ACK=300><CTL=FIN,ACK>`, followed by `<DATA>` where there is text. */
export function rfcSegmentText(segment: SegmentRecord, base: SequenceBase = ABSOLUTE): string {
  let text = `<SEQ=${relative(segment.seq, base.seq)}>`
  if ((segment.flags & ACK) !== 0) text += `<ACK=${relative(segment.ack, base.ack)}>`
  text += `<CTL=${controlNames(segment.flags)}>`
  return segment.length > 0 ? `${text}<DATA>` : text
}

/**
 * As tcpdump prints it: `Flags [S.], seq 100, ack 1, win 65535, options [mss 512], length 0`. As there, the window is
 * the field as sent, a segment with text shows the range of its octets, and one that occupies no sequence number
 * shows none.
 */
export function tcpdumpSegmentText(segment: SegmentRecord, base: SequenceBase = ABSOLUTE): string {
  const options = optionsText(segment)
  const shown = options === '' ? '' : `, options [${options}]`
  return `${tcpdumpHeaderText(segment, base)}${shown}, length ${segment.length}`
}

/** What of a header `tcpdumpHeaderText` prints; `length` counts octets of text. */
export type HeaderNumbers = Pick<
  SegmentRecord,
  'flags' | 'seq' | 'ack' | 'window' | 'urgentPointer' | 'length'
>

/** The same before the options: flags, numbers, window, urgent pointer. */
export function tcpdumpHeaderText(segment: HeaderNumbers, base: SequenceBase = ABSOLUTE): string {
  const { flags, length } = segment
  const parts = [`Flags [${tcpdumpFlags(flags)}]`]
  const seq = relative(segment.seq, base.seq)
  if (length > 0) parts.push(`seq ${seq}:${(seq + length) >>> 0}`)
  else if ((flags & (SYN | FIN | RST)) !== 0) parts.push(`seq ${seq}`)
  if ((flags & ACK) !== 0) parts.push(`ack ${relative(segment.ack, base.ack)}`)
  parts.push(`win ${segment.window}`)
  if ((flags & URG) !== 0) parts.push(`urg ${segment.urgentPointer}`)
  return parts.join(', ')
}

const CONTROL_NAMES: readonly (readonly [number, string])[] = [
  [SYN, 'SYN'],
  [FIN, 'FIN'],
  [RST, 'RST'],
  [PSH, 'PSH'],
  [URG, 'URG'],
  [ECE, 'ECE'],
  [CWR, 'CWR'],
  [AE, 'AE'],
  [ACK, 'ACK'],
]

const TCPDUMP_LETTERS: readonly (readonly [number, string])[] = [
  [FIN, 'F'],
  [SYN, 'S'],
  [RST, 'R'],
  [PSH, 'P'],
  [ACK, '.'],
  [URG, 'U'],
  [ECE, 'E'],
  [CWR, 'W'],
  [AE, 'e'],
]

function relative(number: number, base: number): number {
  return (number - base) >>> 0
}
