/** Every scenario of the simulator, told from inside by its hosts and from outside by the capture of the one that opens. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureDiagnoser } from '../../src/analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import { verdictEntry } from '../../src/analyze/outside/verdicts.ts'
import { isTrouble } from '../../src/analyze/trouble.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { runScenario, type ScenarioResult } from '../../src/sim/scenario.ts'
import { findScenario, SCENARIOS } from '../../src/sim/scenarios.ts'
import type { CloseReason } from '../../src/trace/reasons.ts'

/** What an end says at its own host that nobody else can know: it decided so itself. */
const PRIVATE: ReadonlySet<CloseReason> = new Set(['closed-by-user', 'aborted-by-user', 'stack-closed'])

/** Where outside something is said of a connection that ended in order, and why. */
const ONLY_OUTSIDE: Readonly<Record<string, string>> = {
  'connect-timeout': 'the application gave up one of the two itself',
  'read-timeout': "the time-out is the application's own; outside the wait before it is seen",
  'too-many-open-files': 'the server closes what it cannot use; to TCP nothing happened',
}

/** The reasons by host that are worth a diagnosis. */
function inside({ events }: ScenarioResult): [host: string, reason: CloseReason][] {
  const reasons: [string, CloseReason][] = []
  for (const event of events) {
    if (event.kind !== 'signal' || event.signal !== 'closed' || event.reason === undefined) continue
    if (isTrouble(event.reason) && !PRIVATE.has(event.reason)) reasons.push([event.host, event.reason])
  }
  return reasons
}

function outside(result: ScenarioResult, host: string): CaptureDiagnosis[] {
  const diagnoser = new CaptureDiagnoser()
  const reader = new CaptureReader((record) => diagnoser.take(record))
  reader.push(result.capture(host).octets)
  reader.end()
  assert.equal(reader.error, null)
  return [...diagnoser.report().connections]
}

for (const scenario of SCENARIOS) {
  test(`${scenario.name}: what its hosts know, the capture made there tells from outside`, () => {
    const result = runScenario(scenario, {})
    const reasons = inside(result)
    for (const [host, reason] of reasons) {
      const verdicts = outside(result, host).map(({ verdict }) => verdict)
      const agrees = verdicts.some((verdict) => verdictEntry(verdict).inside?.includes(reason) === true)
      assert.ok(agrees, `${host} says ${reason}, its capture ${verdicts.join(', ')}`)
    }
    if (reasons.length > 0 || Object.hasOwn(ONLY_OUTSIDE, scenario.name)) return
    for (const host of result.hosts) {
      const sick = outside(result, host).filter(({ healthy }) => !healthy)
      assert.deepEqual(
        sick.map(({ sentence }) => `${host}: ${sentence}`),
        [],
      )
    }
  })
}

test('where outside more is said than inside, it still is', () => {
  for (const name of Object.keys(ONLY_OUTSIDE)) {
    const result = runScenario(findScenario(name)!, {})
    const all = result.hosts.flatMap((host) => outside(result, host))
    assert.ok(
      all.some(({ healthy }) => !healthy),
      name,
    )
  }
})
