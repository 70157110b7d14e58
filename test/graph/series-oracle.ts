/**
 * What graphSeries should find, the slow and obvious way: every octet in a set, every question answered by a look at all
 * that happened before.
 */

import type { SegmentReceived, SegmentSent, TraceEvent } from '../../src/trace/events.ts'
import { ACK, FIN, RST, SYN } from '../../src/wire/segment.ts'

export interface SlowSegment {
  readonly at: number
  readonly first: number
  readonly end: number
  readonly again: number
  readonly isLate: boolean
}

export interface SlowSeries {
  readonly segments: readonly SlowSegment[]
  readonly acknowledgments: readonly { at: number; ack: number; fresh: number; duplicate: number }[]
  readonly samples: readonly { at: number; us: number }[]
  /** After each event of this host. */
  readonly flight: readonly { at: number; octets: number }[]
}

/** For connections of one incarnation, whose numbers do not wrap, and windows that do not close. */
export function slowSeries(events: readonly TraceEvent[], host: string): SlowSeries {
  const here = events.filter(
    (event): event is SegmentSent | SegmentReceived =>
      (event.kind === 'sent' || event.kind === 'received') && event.host === host,
  )
  const base = (here.find(({ kind }) => kind === 'sent')!.segment.seq | 0) >>> 0
  const relative = (number: number): number => (number >>> 0) - base
  const sent: SlowSegment[] = []
  const answers: { at: number; ack: number; fresh: number; duplicate: number; window: number }[] = []
  const samples: { at: number; us: number }[] = []
  const flight: { at: number; octets: number }[] = []
  const octets = new Set<number>()
  const una = (): number => answers.reduce((most, { ack }) => Math.max(most, ack), 0)
  for (const { kind, at, segment } of here) {
    const { flags, length } = segment
    if (kind === 'sent') {
      const first = relative(segment.seq)
      const end = first + length + ((flags & (SYN | FIN)) === 0 ? 0 : 1)
      const own = Array.from({ length: end - first }, (_, k) => first + k)
      const again = own.filter((number) => octets.has(number)).length
      const isLate = own.length > 0 && again === 0 && [...octets].some((number) => number > end)
      for (const number of own) octets.add(number)
      sent.push({ at, first, end, again, isLate })
    } else if ((flags & ACK) !== 0 && (flags & RST) === 0) {
      const ack = relative(segment.ack)
      const before = answers.length === 0 ? 0 : una()
      const fresh = Math.max(0, ack - before)
      const last = answers.at(-1)
      const sentEnd = Math.max(...sent.map(({ end }) => end))
      const repeats =
        last !== undefined &&
        ack === before &&
        length === 0 &&
        (flags & (SYN | FIN)) === 0 &&
        segment.scaledWindow === last.window &&
        sentEnd > before
      const duplicate = repeats ? last.duplicate + 1 : ack < before ? (last?.duplicate ?? 0) : 0
      answers.push({ at, ack, fresh, duplicate, window: segment.scaledWindow })
      const named = sent.filter(({ first, end }) => end === ack && first < end)
      const disturbed = sent.some(
        (other) => other.first < other.end && other.first < ack && other.at > (named[0]?.at ?? 0),
      )
      const overlapped = sent.some(
        (other) =>
          other !== named[0] &&
          other.end > (named[0]?.first ?? 0) &&
          other.first < ack &&
          other.first < other.end,
      )
      if (fresh > 0 && named.length === 1 && !disturbed && !overlapped)
        samples.push({ at, us: at - named[0]!.at })
    }
    const highest = Math.max(0, ...sent.map(({ end }) => end))
    flight.push({ at, octets: Math.max(0, highest - una()) })
  }
  return {
    segments: sent,
    acknowledgments: answers.map(({ at, ack, fresh, duplicate }) => ({ at, ack, fresh, duplicate })),
    samples,
    flight,
  }
}
