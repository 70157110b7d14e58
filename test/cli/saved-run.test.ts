/** A saved run in which anything is another thing: it is drawn, or refused with the place and what was expected there. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { InputError } from '../../src/cli/arguments.ts'
import { DIAGRAM_FORMATS, diagramOf } from '../../src/cli/diagram-forms.ts'
import { jsonOf } from '../../src/cli/output.ts'
import { pairOf, resolveSource } from '../../src/cli/source.ts'
import { GRAPH_TYPES, graphSvg } from '../../src/graph/graph-svg.ts'
import { graphSeries } from '../../src/graph/series.ts'
import { Random } from '../../src/sim/random.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const LOOK = { width: 100, ascii: false, color: false, relative: false }
const ODD = [0, -1, 0.5, 2 ** 31, 2 ** 53, 1e308, -1e15, '', 'x', 'ESTABLISHED', null, true, [], {}, [1]]

type Place = readonly [container: Record<string, unknown>, key: string]

/** All that is in it, at any depth. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const container = value as Record<string, unknown>
  return Object.keys(container).flatMap((key): Place[] => [[container, key], ...placesIn(container[key])])
}

/** Draws everything. @throws InputError */
async function draw(path: string): Promise<void> {
  const source = await resolveSource([path], {}, 1000)
  for (const format of DIAGRAM_FORMATS) diagramOf(source, format, LOOK)
  const pair = pairOf(source)
  if (pair === undefined) return
  for (const type of GRAPH_TYPES) graphSvg(graphSeries(source.events, pair), { type })
}

test('fields that are something else, events that are gone or come twice', async () => {
  const random = new Random('saved runs')
  const path = join(folder, 'changed.json')
  let refused = 0
  for (let run = 0; run < 150; run++) {
    const name = ['reset', 'lost-syn', 'urgent'][run % 3]!
    const { events } = runScenario(findScenario(name)!)
    const saved = JSON.parse(jsonOf({ name }, events)) as { events: Record<string, unknown>[] }
    const place = random.range(0, saved.events.length - 1)
    if (run % 4 === 0) saved.events.splice(place, 1, ...(run % 8 === 0 ? [] : saved.events.slice(place)))
    else {
      const places = placesIn(saved.events[place])
      const [container, key] = places[random.range(0, places.length - 1)]!
      container[key] = ODD[random.range(0, ODD.length - 1)]
    }
    writeFileSync(path, JSON.stringify(saved))
    try {
      await draw(path)
    } catch (error) {
      assert.ok(
        error instanceof InputError,
        `${JSON.stringify(saved.events[place])}: ${(error as Error).stack}`,
      )
      assert.match(error.message, /: event \d+.*: expected |no connection/)
      refused++
    }
  }
  assert.ok(refused > 50 && refused < 130)
})
