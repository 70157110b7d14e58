/** Files for xplot are in its language. test/graph/tcptrace.test.ts holds them against those of tcptrace. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GRAPH_TYPES } from '../../src/graph/graph-svg.ts'
import { graphSeries } from '../../src/graph/series.ts'
import { graphXpl } from '../../src/graph/xpl.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import { parsePlot } from './xpl-grammar.ts'

test("every scenario, in every type and both directions, is in xplot's language", () => {
  for (const scenario of SCENARIOS) {
    const { events, addresses } = runScenario(scenario)
    for (const pair of connectionsIn(events)) {
      const series = graphSeries(events, pair)
      for (const type of GRAPH_TYPES) {
        for (const side of [0, 1] as const) {
          const plot = parsePlot(graphXpl(series, { type, side, addresses, epochUs: 1.6e15 }))
          assert.deepEqual(plot.coordinates, ['timeval', 'double'])
          assert.match(plot.title, /^\S+:\d+_==>_\S+:\d+ \(.+\)$/)
          for (const { at } of plot.primitives) assert.match(at[0]!, /^1600\d{6}\.\d{6}$/)
        }
      }
    }
  }
})
