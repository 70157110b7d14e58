/** What is inferred of a sender from outside, held to what simulated senders say of themselves. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { graphPicture, graphSvg } from '../../src/graph/graph-svg.ts'
import { graphText } from '../../src/graph/graph-text.ts'
import { inferredRecovery } from '../../src/graph/inferred-recovery.ts'
import { recoverySpans } from '../../src/graph/recovery-spans.ts'
import { type GraphDirection, type GraphSeries, graphSeries } from '../../src/graph/series.ts'
import { graphXpl } from '../../src/graph/xpl.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import type { TraceEvent } from '../../src/trace/events.ts'

const seriesOf = (events: readonly TraceEvent[]): GraphSeries =>
  graphSeries(events, connectionsIn(events)[0]!)

interface Span {
  readonly from: number
  readonly to: number
  /** The first and whatever followed it. */
  readonly phases: string
}

/** From where something is sent again until it is all acknowledged. */
function spans(phases: readonly { readonly at: number; readonly phase: string }[]): Span[] {
  const found: Span[] = []
  let open: { at: number; phases: string[] } | undefined
  for (const { at, phase } of phases) {
    if (phase.endsWith('recovery')) {
      open ??= { at, phases: [] }
      if (open.phases.at(-1) !== phase) open.phases.push(phase)
    } else if (open !== undefined) {
      found.push({ from: open.at, to: at, phases: open.phases.join() })
      open = undefined
    }
  }
  return found
}

const inferredOf = ({ segments, acknowledgments }: GraphDirection): Span[] =>
  spans(inferredRecovery(segments, acknowledgments))

test('each recovery of 100 senders begins and ends when it does; its kind is mostly right', () => {
  let right = 0
  let all = 0
  for (let seed = 1; seed <= 100; seed++) {
    const options = { seed, bytes: 60_000, impairments: { loss: seed % 2 === 0 ? 0.02 : 0.05 } }
    const [direction] = seriesOf(runScenario(findScenario('data-transfer')!, options).events).directions
    const [told, inferred] = [spans(direction.recovery), inferredOf(direction)]
    const times = (list: readonly Span[]) => list.map(({ from, to }) => ({ from, to }))
    assert.deepEqual(times(inferred), times(told), `seed ${seed}`)
    all += told.length
    right += told.filter(({ phases }, k) => phases === inferred[k]!.phases).length
  }
  assert.ok(all > 80 && right > all * 0.93, `${right} of ${all}`)
})

test('a sender that tells of itself is not guessed at', () => {
  for (const { inferred } of seriesOf(runScenario(findScenario('slow-start')!).events).directions) {
    assert.deepEqual(inferred, [])
  }
})

/** As a capture beside the client would have it. */
function captured(events: readonly TraceEvent[]): TraceEvent[] {
  return events.flatMap((event): TraceEvent[] => {
    if (event.kind === 'sent' && event.host === 'client') {
      const { segment, at, packet, connection, reason } = event
      const shared = { segment, at, packet, connection }
      return [
        { kind: 'sent', host: 'client', reason, ...shared },
        { kind: 'received', host: 'server', ...shared },
      ]
    }
    if (event.kind === 'received' && event.host === 'client') {
      const { segment, at, packet, connection } = event
      const shared = { segment, at, packet, connection }
      return [
        { kind: 'sent', host: 'server', reason: 'new-data', ...shared },
        { kind: 'received', host: 'client', ...shared },
      ]
    }
    return []
  })
}

test('the files for xplot and the sketch have recovery as well, as told or as a guess', () => {
  const { events } = runScenario(findScenario('data-transfer')!, {
    bytes: 200_000,
    impairments: { loss: 0.05 },
  })
  const told = graphSeries(events, connectionsIn(events)[0]!)
  const [left, right] = told.directions
  const guessed: typeof told = {
    ...told,
    directions: [
      { ...left, recovery: [], inferred: inferredRecovery(left.segments, left.acknowledgments) },
      right,
    ],
  }
  for (const [series, mark] of [
    [told, ''],
    [guessed, '?'],
  ] as const) {
    const spans = recoverySpans(series.directions[0])
    assert.ok(spans.length > 0 && spans.every(({ isInferred }) => isInferred === (mark === '?')))
    for (const [k, { fromUs, toUs }] of spans.entries()) {
      assert.ok(toUs === undefined ? k === spans.length - 1 : toUs >= fromUs)
    }
    const plot = graphXpl(series, { type: 'congestion', side: 0 })
    const names = plot.split('\n').filter((line) => /^[FL]R\??$/.test(line))
    assert.deepEqual(
      names,
      spans.map(({ phase }) => (phase === 'fast-recovery' ? 'FR' : 'LR') + mark),
    )
    const sketch = graphText(series, { type: 'congestion', side: 0 }, 100, 20)
    assert.match(sketch, mark === '' ? /r fast recovery(?!,)/ : /r fast recovery, inferred/)
    assert.match(sketch, /^ +0 ┤.*r/m)
  }
})

test('the congestion graph of a capture has flight, window, round trips and, marked as a guess, recovery', () => {
  const series = seriesOf(captured(runScenario(findScenario('slow-start')!).events))
  assert.equal(series.isCaptured, true)
  const { svg, geometry } = graphPicture(series, { type: 'congestion' })
  assert.deepEqual(
    geometry.panels.map(({ name }) => name),
    ['sequence', 'congestion', 'round-trips'],
  )
  assert.match(svg, /<text [^>]*>fast recovery\?<\/text>/)
  assert.match(svg, /recovery, inferred from what is sent again/)
  assert.match(
    svg,
    /Inferred from what is sent again: fast recovery 1 time, recovery after a timeout 0 times\./,
  )
  assert.doesNotMatch(svg, />congestion window</)
  assert.doesNotMatch(graphSvg(series, { type: 'window' }), /nferred/)
})

test('all of a simulated sender stands on one axis of time, where there is room', () => {
  const series = seriesOf(runScenario(findScenario('slow-start')!).events)
  const panels = (height?: number) =>
    graphPicture(series, { type: 'congestion', ...(height !== undefined && { height }) }).geometry.panels
  assert.deepEqual(
    panels().map(({ name }) => name),
    ['sequence', 'congestion', 'round-trips', 'timeouts'],
  )
  assert.deepEqual(
    panels(500).map(({ name }) => name),
    ['sequence', 'congestion'],
  )
  const [first, ...others] = panels()
  for (const { left, right, fromUs, toUs } of others) {
    assert.deepEqual([left, right, fromUs, toUs], [first!.left, first!.right, first!.fromUs, first!.toUs])
  }
})
