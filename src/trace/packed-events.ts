/**
 * Events in a form that fits into a file: a captured connection of 100,000 packets, which is 200,000 events, takes some
 * 2 MB. It is plain data, so that JSON carries it, and small before any compression, as a page that is opened from a disk has
 * to unpack it by itself.
 *
 * A segment is kept once, though it is told of where it was sent and where it arrived.
 */

import type { SegmentRecord, TraceEvent } from './events.ts'
import { type PackedRecords, type Packing, RecordPacker, unpackRecords, WordTable } from './packed-records.ts'

export interface PackedEvents {
  /** The form of this data; a reader refuses any other. */
  readonly form: 1
  readonly words: readonly string[]
  readonly segments: PackedRecords
  readonly events: PackedRecords
}

/** Numbers of a direction follow each other, so each direction is a shape. */
const SEGMENTS: Packing = {
  constants: new Set(['srcPort', 'dstPort', 'sackPermitted']),
  shared: new Set(),
}
const EVENTS: Packing = {
  constants: new Set(['kind', 'host', 'connection', 'timer', 'action', 'signal', 'call']),
  shared: new Set(['at', 'packet', 'segment']),
}

export function packEvents(events: readonly TraceEvent[]): PackedEvents {
  const words = new WordTable()
  const segments = new RecordPacker(SEGMENTS, words)
  const packed = new RecordPacker(EVENTS, words)
  const known = new Map<SegmentRecord, number>()
  /** The last segment that each packet carried, for those who record what arrives anew. */
  const carried = new Map<number, SegmentRecord>()
  const placeOf = (segment: SegmentRecord, packet: number): number => {
    const sent = carried.get(packet)
    const place =
      known.get(segment) ?? (sent !== undefined && same(sent, segment) ? known.get(sent) : undefined)
    if (place !== undefined) return place
    segments.add(segment)
    carried.set(packet, segment)
    known.set(segment, known.size)
    return known.size - 1
  }
  for (const event of events) {
    if (event.kind !== 'sent' && event.kind !== 'received') packed.add(event)
    else packed.add(event, { name: 'segment', value: placeOf(event.segment, event.packet) })
  }
  return { form: 1, words: words.words, segments: segments.finish(), events: packed.finish() }
}

/** @throws RangeError where the data is of another form, or damaged. */
export function unpackEvents(packed: PackedEvents): TraceEvent[] {
  if (packed.form !== 1) throw new RangeError(`packed events of form ${packed.form}; this reads form 1`)
  const segments = unpackRecords(packed.segments, SEGMENTS, packed.words) as SegmentRecord[]
  const events = unpackRecords(packed.events, EVENTS, packed.words) as { segment?: unknown }[]
  for (const event of events) {
    if (typeof event.segment === 'number') event.segment = segments[event.segment]
  }
  return events as unknown as TraceEvent[]
}

function same(a: object, b: object): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => {
    const [left, right] = [a[key as keyof typeof a] as unknown, b[key as keyof typeof b] as unknown]
    if (typeof left !== 'object' || left === null) return Object.is(left, right)
    return typeof right === 'object' && right !== null && same(left, right)
  })
}
