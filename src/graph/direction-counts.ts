/** What there is in one direction, counted once: for legends, which name what is there, and for descriptions. */

import { PSH } from '../wire/segment.ts'
import type { GraphAcknowledgment, GraphSegment } from './series.ts'

export interface DirectionCounts {
  readonly segments: number
  /** Octets of text, however often they were sent. */
  readonly octets: number
  readonly longest: number
  /** Behind the highest number that was sent. */
  readonly end: number
  readonly withText: number
  readonly pushed: number
  readonly empty: number
  readonly probes: number
  readonly keepAlives: number
  readonly retransmissions: number
  readonly late: number
  readonly lost: number
  readonly acknowledgments: number
  readonly zeroWindows: number
  readonly leastWindow: number
  readonly greatestWindow: number
  readonly thirdDuplicates: number
  readonly withBlocks: number
}

export function countDirection(
  segments: readonly GraphSegment[],
  acknowledgments: readonly GraphAcknowledgment[],
): DirectionCounts {
  return { ...countSegments(segments), ...countAcknowledgments(acknowledgments) }
}

function countSegments(segments: readonly GraphSegment[]) {
  const counts = {
    segments: segments.length,
    ...{ octets: 0, longest: 0, end: 0, withText: 0, pushed: 0, empty: 0, probes: 0, keepAlives: 0 },
    ...{ retransmissions: 0, late: 0, lost: 0 },
  }
  for (const { length, end, kind, flags, again, isLate, lost } of segments) {
    counts.octets += length
    counts.longest = Math.max(counts.longest, length)
    if (kind !== 'rst') counts.end = Math.max(counts.end, end)
    if (kind === 'data') counts.withText++
    if ((flags & PSH) !== 0 && length > 0) counts.pushed++
    if (kind === 'empty') counts.empty++
    if (kind === 'probe') counts.probes++
    if (kind === 'keep-alive') counts.keepAlives++
    if (again > 0 && kind !== 'keep-alive') counts.retransmissions++
    if (isLate) counts.late++
    if (lost !== undefined) counts.lost++
  }
  return counts
}

function countAcknowledgments(acknowledgments: readonly GraphAcknowledgment[]) {
  const counts = {
    acknowledgments: acknowledgments.length,
    ...{ zeroWindows: 0, greatestWindow: 0, thirdDuplicates: 0, withBlocks: 0 },
    leastWindow: Number.POSITIVE_INFINITY,
  }
  for (const { window, duplicate, blocks } of acknowledgments) {
    if (window === 0) counts.zeroWindows++
    counts.leastWindow = Math.min(counts.leastWindow, window)
    counts.greatestWindow = Math.max(counts.greatestWindow, window)
    if (duplicate === 3) counts.thirdDuplicates++
    if (blocks.length > 0) counts.withBlocks++
  }
  return counts
}
