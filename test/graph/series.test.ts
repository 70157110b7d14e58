/** What graphs are drawn from, held to a slow and obvious oracle over random simulated runs, and to what stacks say. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OctetsSeen } from '../../src/graph/octets-seen.ts'
import { type GraphDirection, type GraphSeries, graphSeries, mainSide } from '../../src/graph/series.ts'
import { movingRate } from '../../src/graph/throughput.ts'
import { graphXpl } from '../../src/graph/xpl.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { findScenario, SCENARIOS } from '../../src/sim/scenarios.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import type { RecoveryEvent, TraceEvent } from '../../src/trace/events.ts'
import fc from '../property.ts'
import { slowSeries } from './series-oracle.ts'

const scenario = (name: string, options = {}) => runScenario(findScenario(name)!, options)
const seriesOf = (events: readonly TraceEvent[]): GraphSeries =>
  graphSeries(events, connectionsIn(events)[0]!)
const segmentsOf = ({ segments }: GraphDirection) =>
  segments.map(({ at, first, end, again, isLate }) => ({ at, first, end, again, isLate }))

const run = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  bytes: fc.integer({ min: 1, max: 12_000 }),
  mss: fc.integer({ min: 100, max: 1460 }),
  impairments: fc.record({
    loss: fc.constantFrom(0, 0.02, 0.1),
    reorder: fc.constantFrom(0, 0.05),
    duplicate: fc.constantFrom(0, 0.05),
    corrupt: fc.constantFrom(0, 0.02),
    jitterUs: fc.constantFrom(0, 5000),
  }),
})

describe('over random runs', () => {
  test('segments, acknowledgments, round trips and flight are those of the oracle, in both directions', () => {
    let samples = 0
    let again = 0
    fc.assert(
      fc.property(run, (options) => {
        const { events } = scenario('data-transfer', options)
        for (const direction of seriesOf(events).directions) {
          const slow = slowSeries(events, direction.sender)
          assert.deepEqual(segmentsOf(direction), slow.segments)
          const found = direction.acknowledgments
          assert.deepEqual(
            found.map(({ at, ack, fresh, duplicate }) => ({ at, ack, fresh, duplicate })),
            slow.acknowledgments,
          )
          const measured = direction.roundTrips.filter(({ by }) => by === 'acknowledgment')
          assert.deepEqual(
            measured.map(({ at, us }) => ({ at, us })),
            slow.samples,
          )
          assert.deepEqual(direction.flight, withoutRepeats(slow.flight))
          samples += measured.length
          again += direction.counts.retransmissions
        }
      }),
      { numRuns: 60 },
    )
    assert.ok(samples > 200, `${samples} round trips`)
    assert.ok(again > 50, `${again} retransmissions`)
  })

  test('what is in flight is what the stack itself says of it', () => {
    fc.assert(
      fc.property(run, (options) => {
        for (const direction of seriesOf(scenario('data-transfer', options).events).directions) {
          for (const event of direction.recovery) {
            assert.ok(flightsAt(direction, event).includes(event.flight), `${event.flight} at ${event.at}`)
          }
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('where numbers wrap', () => {
  const offset = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const near = fc.integer({ min: 0, max: 20_000 })

  test('the same connection with other initial numbers has the same series, in both directions', () => {
    fc.assert(
      fc.property(run, offset, near, (options, serverOffset, beforeWrap) => {
        const { events } = scenario('data-transfer', options)
        const plain = seriesOf(events)
        // The client's numbers wrap somewhere in its data, the server's anywhere.
        const first = plain.directions[0].incarnations[0]!.base
        const moved = seriesOf(shifted(events, [(-beforeWrap - first) | 0, serverOffset]))
        for (const side of [0, 1] as const) {
          const { incarnations, ...own } = moved.directions[side]
          const { incarnations: _, ...expected } = plain.directions[side]
          assert.deepEqual(own, expected)
          assert.equal(incarnations.length, 1)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('files for xplot have the numbers of the wire, and go on where those wrap', () => {
    const { events } = scenario('data-transfer', { bytes: 8000 })
    const { base } = seriesOf(events).directions[0].incarnations[0]!
    const series = seriesOf(shifted(events, [(-4000 - base) | 0, 0]))
    const numbers = [...graphXpl(series, { type: 'time-sequence', side: 0 }).matchAll(/^darrow \S+ (\d+)/gm)]
    const firsts = numbers.map(([, number]) => Number(number))
    assert.equal(Math.min(...firsts), 2 ** 32 - 4000 + 1)
    assert.ok(Math.max(...firsts) > 2 ** 32 + 2000)
  })

  test('an earlier connection of the same ports keeps its own numbers', () => {
    const events = story(scenario('half-open').events, { oneConnection: true })
    const { incarnations, segments } = seriesOf(events).directions[0]
    assert.ok(incarnations.length > 1)
    const syns = events.flatMap((event) => {
      return event.kind === 'sent' && event.host === 'TCP A' && event.segment.flags === 0x02
        ? [`${event.at} ${event.segment.seq >>> 0}`]
        : []
    })
    const text = graphXpl(seriesOf(events), { type: 'time-sequence', side: 0 })
    const drawn = [...text.matchAll(/^diamond (\d+)\.(\d{6}) (\d+)$/gm)].map(
      ([, seconds, fraction, number]) => `${Number(seconds) * 1e6 + Number(fraction)} ${number}`,
    )
    assert.deepEqual(drawn, syns)
    assert.ok(segments.length > incarnations[1]!.segments && incarnations[1]!.segments > 0)
  })
})

/** All numbers of the client's data moved by one, of the server's by another. */
function shifted(events: readonly TraceEvent[], by: readonly [client: number, server: number]): TraceEvent[] {
  return events.map((event): TraceEvent => {
    if (event.kind !== 'sent' && event.kind !== 'received') return event
    const isFromClient = (event.kind === 'sent') === (event.host === 'client')
    const [own, other] = isFromClient ? by : [by[1], by[0]]
    const { segment } = event
    const sack = segment.sack?.map(({ left, right }) => ({
      left: (left + other) | 0,
      right: (right + other) | 0,
    }))
    const seq = (segment.seq + own) | 0
    const ack = (segment.flags & 0x10) === 0 ? segment.ack : (segment.ack + other) | 0
    return { ...event, segment: { ...segment, seq, ack, ...(sack !== undefined && { sack }) } }
  })
}

/** The series has a point where the number changes, from none on. */
function withoutRepeats(flight: readonly { at: number; octets: number }[]): { at: number; octets: number }[] {
  return flight.filter(({ octets }, k) => octets !== (flight[k - 1]?.octets ?? 0))
}

/** Within one moment there are several: before and after each segment. */
function flightsAt({ flight }: GraphDirection, { at }: RecoveryEvent): number[] {
  const before = flight.filter((point) => point.at < at).at(-1)?.octets ?? 0
  return [before, ...flight.filter((point) => point.at === at).map(({ octets }) => octets)]
}

describe('octets seen', () => {
  test('what is new is what no range before has held', () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 15 }))
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), (ranges) => {
        const seen = new OctetsSeen()
        const octets = new Set<number>()
        for (const [first, length] of ranges) {
          const end = first + length
          const late = length > 0 && [...octets].some((octet) => octet >= end) && !octets.has(first)
          assert.equal(length > 0 && seen.reachesBeyond(first, end) && !octets.has(first), late)
          const own = Array.from({ length }, (_, k) => first + k).filter((octet) => !octets.has(octet))
          const fresh = seen.add(first, end)
          assert.deepEqual(
            fresh.flatMap((part) => Array.from({ length: part.end - part.first }, (_, k) => part.first + k)),
            own,
          )
          for (const octet of own) octets.add(octet)
        }
      }),
    )
  })
})

describe('what scenarios show', () => {
  test('every scenario has a series, in which times go on and numbers are finite', () => {
    for (const one of SCENARIOS) {
      const events = story(runScenario(one).events, { oneConnection: one.onePicture === true })
      for (const pair of connectionsIn(events)) {
        for (const { segments, acknowledgments, flight } of graphSeries(events, pair).directions) {
          for (const list of [segments, acknowledgments, flight]) {
            for (const [k, { at }] of list.entries()) assert.ok(k === 0 || at >= list[k - 1]!.at, one.name)
          }
          for (const { first, end } of segments) assert.ok(first > -1e9 && end < 1e9, `${one.name}: ${first}`)
        }
      }
    }
  })

  test('slow start: the window doubles each round trip; the third duplicate and the retransmission are there', () => {
    const series = seriesOf(scenario('slow-start').events)
    assert.equal(mainSide(series), 0)
    assert.equal(series.isCaptured, false)
    const [{ recovery, segments, acknowledgments, counts }] = series.directions
    const windows = new Map(recovery.map(({ at, cwnd }) => [at, cwnd]))
    assert.deepEqual([...windows.values()].slice(0, 4), [2000, 4000, 8000, 16_000])
    assert.equal(recovery.filter(({ phase }) => phase === 'fast-recovery').length > 0, true)
    assert.deepEqual(
      segments.filter(({ lost }) => lost !== undefined).map(({ first, lost }) => [first, lost]),
      [[19_001, 'lost by the network']],
    )
    assert.deepEqual(
      segments.filter(({ again }) => again > 0).map(({ first }) => first),
      [19_001],
    )
    assert.equal(acknowledgments.filter(({ duplicate }) => duplicate === 3).length, 1)
    assert.deepEqual([counts.octets, counts.end, counts.lost], [41_000, 40_002, 1])
  })

  test('zero window: probes are no retransmissions, and their answers no duplicates', () => {
    const [{ segments, acknowledgments }] = seriesOf(scenario('zero-window').events).directions
    const probes = segments.filter(({ kind }) => kind === 'probe')
    assert.equal(probes.length, 4)
    for (const { again, reason } of probes) assert.deepEqual([again, reason], [0, 'zero-window-probe'])
    assert.ok(acknowledgments.every(({ duplicate }) => duplicate === 0))
    assert.equal(acknowledgments.filter(({ window }) => window === 0).length, 4)
  })

  test('keep-alives are neither data nor retransmissions', () => {
    const { directions } = seriesOf(scenario('keep-alive').events)
    const kinds = directions.flatMap(({ segments }) => segments.map(({ kind }) => kind))
    assert.ok(kinds.includes('keep-alive'))
    assert.equal(directions[0].counts.retransmissions + directions[1].counts.retransmissions, 0)
  })

  test('numbers go on where they wrap, and another connection of the same ports begins anew', () => {
    const [{ segments, counts }] = seriesOf(scenario('sequence-wrap').events).directions
    assert.equal(counts.retransmissions, 0)
    for (const [k, { first }] of segments.entries()) assert.ok(k === 0 || first >= segments[k - 1]!.first)
    const events = story(scenario('half-open').events, { oneConnection: true })
    const again = seriesOf(events).directions[0].segments.filter(({ kind }) => kind === 'syn')
    assert.ok(again.length > 1)
    for (const { first } of again) assert.equal(first, 0)
  })
})

describe('acknowledgments from elsewhere', () => {
  const segment = (flags: number, seq: number, ack: number, length = 0) => {
    const numbers = { srcPort: 1, dstPort: 2, seq, ack, flags, length }
    return { ...numbers, window: 1000, scaledWindow: 1000, urgentPointer: 0 }
  }
  const seen = (answers: readonly number[]): GraphDirection => {
    const shared = { host: 'a', connection: 1 } as const
    const events: TraceEvent[] = [
      { kind: 'sent', at: 0, ...shared, packet: 1, reason: 'syn', segment: segment(0x02, 5000, 0) },
      ...answers.map((ack, k): TraceEvent => {
        const { srcPort: dstPort, dstPort: srcPort, ...rest } = segment(0x10, 9000, ack)
        return {
          kind: 'received',
          at: k + 1,
          ...shared,
          packet: k + 2,
          segment: { ...rest, srcPort, dstPort },
        }
      }),
    ]
    return seriesOf(events).directions[0]
  }

  test('the number of an old connection, however often, is none of this one', () => {
    const { acknowledgments, flight } = seen([976_000_000, 976_000_000, 5001])
    assert.deepEqual(
      acknowledgments.map(({ ack }) => ack),
      [1],
    )
    assert.deepEqual(flight.at(-1), { at: 3, octets: 0 })
  })

  test('behind a gap of the capture numbers go on', () => {
    const { acknowledgments } = seen([5001, 500_000_000, 500_001_000, 500_002_000])
    assert.deepEqual(
      acknowledgments.map(({ ack }) => ack),
      [1, 499_996_000, 499_997_000],
    )
  })
})

describe('echoes of timestamps', () => {
  /** A segment every 100 µs, each answered after `delayUs`; the clock of the timestamps ticks every millisecond. */
  const measured = (delayUs: number): number[] => {
    const numbers = { flags: 0x10, window: 1000, scaledWindow: 1000, urgentPointer: 0 }
    const events = Array.from({ length: 40 }, (_, k): TraceEvent[] => {
      const val = Math.floor(k / 10)
      const shared = { host: 'a', connection: 1 } as const
      const sent = { ...numbers, srcPort: 1, dstPort: 2, seq: 1 + k * 100, ack: 1, length: 100 }
      const answer = { ...numbers, srcPort: 2, dstPort: 1, seq: 1, ack: 101 + k * 100, length: 0 }
      return [
        {
          ...{ kind: 'sent', ...shared, reason: 'new-data', at: k * 100, packet: 2 * k },
          segment: { ...sent, timestamps: { val, ecr: 0 } },
        },
        {
          ...{ kind: 'received', ...shared, at: k * 100 + delayUs, packet: 2 * k + 1 },
          segment: { ...answer, timestamps: { val: 0, ecr: val } },
        },
      ]
    }).flat()
    events.sort((a, b) => a.at - b.at)
    const { roundTrips } = seriesOf(events).directions[0]
    return roundTrips.filter(({ by }) => by === 'timestamp').map(({ us }) => us)
  }

  test('of a clock that ticks slower than the round trip are none', () => {
    // The first of each tick alone tells; up to 950 µs were told before of a round trip of 50.
    assert.deepEqual(measured(50), [50, 50, 50, 50])
  })

  test('of a clock that is fine beside the round trip are measured', () => {
    const us = measured(20_000)
    assert.equal(us.length, 40)
    assert.ok(us.every((one) => one >= 20_000 && one < 21_000))
  })
})

describe('rates', () => {
  test('at any moment the rate is what fell into the window before it', () => {
    const count = fc.record({ at: fc.integer({ min: 0, max: 200 }), octets: fc.integer({ min: 0, max: 9 }) })
    fc.assert(
      fc.property(fc.array(count, { maxLength: 30 }), fc.integer({ min: 1, max: 50 }), (counts, windowUs) => {
        const list = [...counts].sort((a, b) => a.at - b.at)
        const points = movingRate(list, windowUs)
        for (let at = 0; at < 260; at++) {
          const octets = list
            .filter((one) => one.at <= at && one.at + windowUs > at)
            .reduce((sum, one) => sum + one.octets, 0)
          const rate = points.filter((point) => point.at <= at).at(-1)?.bitsPerSecond ?? 0
          assert.equal(rate, (octets * 8e6) / windowUs, `at ${at}`)
        }
      }),
    )
  })
})
