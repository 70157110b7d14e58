/** What stands on an arrow: control bits, numbers, window, length, options; and the reason below it. */

import type { SegmentRecord } from '../trace/events.ts'
import { SEND_REASONS, type SendReason } from '../trace/reasons.ts'
import { controlNames, optionsText, type SequenceBase } from '../trace/segment-text.ts'
import { ACK, RST, SYN, URG } from '../wire/segment.ts'
import { columns } from './canvas.ts'

/** The parts of a label, each to stay on one line. */
export function labelParts(segment: SegmentRecord, base: SequenceBase): string[] {
  const { flags } = segment
  const parts = [controlNames(flags) || 'no flags', `seq ${shownSeq(segment, base)}`]
  if ((flags & ACK) !== 0) parts.push(`ack ${(segment.ack - base.ack) >>> 0}`)
  if (segment.length > 0) parts.push(`len ${segment.length}`)
  parts.push(`win ${segment.scaledWindow}`)
  if ((flags & URG) !== 0) parts.push(`urg ${segment.urgentPointer}`)
  const options = optionsText(segment)
  if (options !== '') parts.push(`<${options}>`)
  return parts
}

/** Enough to know a message again where it arrives: "SYN seq 100", "ACK ack 1025", "PSH,ACK seq 513 len 512". */
export function shortLabel(segment: SegmentRecord, base: SequenceBase): string {
  const name = controlNames(segment.flags) || 'no flags'
  if (segment.length > 0) return `${name} seq ${shownSeq(segment, base)} len ${segment.length}`
  if (segment.flags === ACK) return `${name} ack ${(segment.ack - base.ack) >>> 0}`
  return `${name} seq ${shownSeq(segment, base)}`
}

function shownSeq(segment: SegmentRecord, base: SequenceBase): number {
  return hasNoNumber(segment) ? 0 : (segment.seq - base.seq) >>> 0
}

/** A reset in answer to a segment without ACK has no number of its own, and 0 in its place (RFC 9293 3.10.7.1). */
export function hasNoNumber({ seq, flags }: SegmentRecord): boolean {
  return seq === 0 && (flags & (RST | ACK)) === (RST | ACK)
}

/** Joins parts into lines of at most `width` columns; a part that is longer stands alone, cut at commas. */
export function labelLines(parts: readonly string[], width: number, between = ' '): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last !== undefined && columns(last) + columns(between) + columns(part) <= width) {
      lines[lines.length - 1] = `${last}${between}${part}`
    } else if (columns(part) <= width) lines.push(part)
    else lines.push(...atCommas(part, width))
  }
  return lines
}

/** The sentence of a reason without its source in brackets. */
export function reasonSentence(reason: SendReason): string {
  return withoutSource(SEND_REASONS[reason])
}

export function withoutSource(sentence: string): string {
  return sentence.replace(/ \(RFC [^)]*\)$/, '')
}

/**
 * What to subtract so that each side's numbers start from its SYN (as 0). Where no SYN was seen, the first number of
 * that side, in a segment or in an acknowledgment, counts as 1.
 */
export function relativeBases(segments: Iterable<{ from: 0 | 1; segment: SegmentRecord }>): [number, number] {
  const bases: [number | undefined, number | undefined] = [undefined, undefined]
  const guesses: [number | undefined, number | undefined] = [undefined, undefined]
  for (const { from, segment } of segments) {
    const to = from === 0 ? 1 : 0
    if ((segment.flags & SYN) !== 0) bases[from] ??= segment.seq
    if (!hasNoNumber(segment)) guesses[from] ??= (segment.seq - 1) | 0
    if ((segment.flags & ACK) !== 0) guesses[to] ??= (segment.ack - 1) | 0
  }
  return [bases[0] ?? guesses[0] ?? 0, bases[1] ?? guesses[1] ?? 0]
}

function atCommas(part: string, width: number): string[] {
  const lines: string[] = []
  for (const piece of part.split(/(?<=,)/)) {
    const last = lines.at(-1)
    if (last !== undefined && columns(last) + columns(piece) <= width) lines[lines.length - 1] = last + piece
    else lines.push(piece)
  }
  return lines
}
