/** A core that was broken on purpose is found to be broken, in each of the ways that faults.ts knows. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Exploration, SCENARIOS, type Scenario, type Violation } from '../../src/explore/index.ts'
import { FAULTS, seedFault } from './faults.ts'

const DIST = fileURLToPath(new URL('../..', import.meta.url))
/** States of each scenario, few of all before more of each: the simplest violation comes first. */
const ROUNDS = [300, 3000, 30_000]

type Explorer = typeof Exploration

/** The first violation of any scenario, and after how many states. */
function firstViolation(
  Core: Explorer,
  scenarios: readonly Scenario[],
): { violation: Violation | null; scenario: string; states: number } {
  const explorations = scenarios.map((scenario) => new Core(scenario))
  let states = 0
  for (const most of ROUNDS) {
    for (const exploration of explorations) {
      exploration.run(Infinity, most)
      if (exploration.violation === null) continue
      for (const one of explorations) states += one.states
      return { violation: exploration.violation, scenario: exploration.scenario.name, states }
    }
  }
  for (const one of explorations) states += one.states
  return { violation: null, scenario: '', states }
}

describe('a seeded fault is caught', () => {
  for (const fault of FAULTS) {
    test(`${fault.name}: ${fault.about}`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'elko-fault-'))
      try {
        seedFault(fault, DIST, folder)
        const broken = await import(pathToFileURL(join(folder, 'src/explore/index.js')).href)
        const found = firstViolation(broken.Exploration, SCENARIOS)
        assert.ok(found.violation !== null, `${found.states} states and no violation`)
        t.diagnostic(`${found.scenario}, ${found.states} states: ${found.violation.problem}`)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  }

  test('and the core without a fault passes the same', () => {
    const found = firstViolation(Exploration, SCENARIOS)
    assert.deepEqual([found.violation, found.scenario], [null, ''])
    assert.ok(found.states > 300_000, `${found.states} states`)
  })
})
