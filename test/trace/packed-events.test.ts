import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import type { SegmentRecord, TraceEvent } from '../../src/trace/events.ts'
import { IntegerReader, IntegerWriter, MOST } from '../../src/trace/integer-column.ts'
import { packEvents, unpackEvents } from '../../src/trace/packed-events.ts'
import fc from '../property.ts'

/** Through JSON, as a file carries it. */
function throughText(events: readonly TraceEvent[]): TraceEvent[] {
  return unpackEvents(JSON.parse(JSON.stringify(packEvents(events))))
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const word = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('frame 12, lost', '007', '0', 'a\u0000b 3'),
)
const segment: fc.Arbitrary<SegmentRecord> = fc.record(
  {
    srcPort: fc.constantFrom(80, 4711),
    dstPort: fc.constantFrom(80, 4711),
    seq: int32,
    ack: int32,
    flags: fc.nat(511),
    window: fc.nat(65535),
    scaledWindow: fc.nat(2 ** 30),
    urgentPointer: fc.nat(65535),
    length: fc.nat(65535),
    mss: fc.nat(65535),
    windowScale: fc.nat(14),
    sackPermitted: fc.constant(true),
    timestamps: fc.record({ val: int32, ecr: int32 }),
  },
  {
    requiredKeys: [
      ...(['srcPort', 'dstPort', 'seq', 'ack', 'flags', 'window'] as const),
      ...(['scaledWindow', 'urgentPointer', 'length'] as const),
    ],
  },
)
const base = {
  at: fc.oneof(fc.nat(), fc.integer({ min: -MOST, max: MOST }), fc.maxSafeInteger(), fc.double()),
  host: fc.oneof(fc.constantFrom('client', 'server'), word),
  connection: fc.nat(5),
}
const packet = fc.nat(40)
const event = fc.oneof(
  fc.record(
    { ...base, kind: fc.constant('sent'), segment, reason: word, packet, note: word },
    { requiredKeys: ['kind', 'at', 'host', 'connection', 'segment', 'reason', 'packet'] },
  ),
  fc.record({ ...base, kind: fc.constant('received'), segment, packet }),
  fc.record({ ...base, kind: fc.constant('dropped'), reason: word, packet }),
  fc.record({ ...base, kind: fc.constant('state'), from: word, to: word, cause: word }),
  fc.record({
    ...base,
    kind: fc.constant('recovery'),
    cwnd: fc.oneof(fc.nat(), fc.constant(Infinity), fc.constant(-0), fc.double()),
  }),
  fc.record({ ...base, kind: fc.constant('remark'), text: word }),
  // Events of kinds that this version of the code has never heard of.
  fc.record({ ...base, kind: fc.constant('new'), more: fc.jsonValue(), list: fc.array(fc.nat()) }),
) as unknown as fc.Arbitrary<TraceEvent>

test('whatever is packed is unpacked, through JSON', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.array(fc.nat(40)), (events, again) => {
      // Some packets arrive as they were sent, with a record of their own.
      const arrivals = again.flatMap((at): TraceEvent[] => {
        const sent = events[at]
        if (sent?.kind !== 'sent') return []
        return [{ ...sent, kind: 'received', segment: structuredClone(sent.segment) } as TraceEvent]
      })
      const all = [...events, ...arrivals]
      assert.deepEqual(throughText(all), all.map(withoutPrototype))
    }),
  )
})

/** Records of fast-check may have no prototype, which no JSON keeps. */
function withoutPrototype(value: TraceEvent): TraceEvent {
  const plain = (each: unknown): unknown => {
    if (typeof each !== 'object' || each === null) return each
    if (Array.isArray(each)) return each.map(plain)
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, plain(inner)]))
  }
  return plain(value) as TraceEvent
}

test('every scenario comes back as it was', () => {
  for (const scenario of SCENARIOS) {
    const { events } = runScenario(scenario, {})
    assert.deepEqual(throughText(events), events, scenario.name)
  }
})

test('differences of any size and in any run come back', () => {
  const difference = fc.oneof(fc.constantFrom(0, 1, 1448), fc.integer({ min: -2 * MOST, max: 2 * MOST }))
  fc.assert(
    fc.property(fc.array(difference), (values) => {
      const writer = new IntegerWriter()
      for (const value of values) writer.put(value)
      const reader = new IntegerReader(writer.finish())
      assert.deepEqual(
        values.map(() => reader.next()),
        values,
      )
      assert.throws(() => reader.next(), RangeError)
    }),
  )
})

test('an end again and again costs no octets, and a segment that arrives as it was sent hardly any', () => {
  const events: TraceEvent[] = []
  for (let k = 1; k <= 1000; k++) {
    const segment: SegmentRecord = {
      ...{
        srcPort: 80,
        dstPort: 4711,
        seq: (k * 1448) | 0,
        ack: 1,
        flags: 16,
        window: 500,
        scaledWindow: 64000,
      },
      ...{ urgentPointer: 0, length: 1448, timestamps: { val: 7, ecr: 8 } },
    }
    const shared = { at: k * 100, connection: 1, packet: k, segment }
    events.push({ kind: 'sent', host: 'a', reason: 'new-data', note: `frame ${k}`, ...shared })
    events.push({ kind: 'received', host: 'b', ...shared })
  }
  const { length } = JSON.stringify(packEvents(events))
  assert.ok(length < 5000, `${length} characters`)
})

test('data of another form or damaged is refused', () => {
  const packed = packEvents(runScenario(SCENARIOS[0]!, {}).events)
  const damaged = [
    { ...packed, form: 2 as 1 },
    { ...packed, words: [] },
    { ...packed, events: { ...packed.events, count: packed.events.count + 1 } },
    { ...packed, events: { ...packed.events, order: 'A' } },
    { ...packed, events: { ...packed.events, shapes: [] } },
  ]
  for (const each of damaged) assert.throws(() => unpackEvents(each), RangeError)
})
