/** What graphs are drawn from, held to a slow and obvious oracle over random simulated runs, and to what stacks say. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OctetsSeen } from '../../src/graph/octets-seen.ts'
import { type GraphDirection, type GraphSeries, graphSeries, mainSide } from '../../src/graph/series.ts'
import { movingRate } from '../../src/graph/throughput.ts'
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
