/**
 * Healthy connections, none of which may be called sick: 220 captures of the test network, with delays and losses as they
 * are on the Internet (their seeds are their names), and those of real networks.
 */

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CaptureDiagnoser } from '../../src/analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import { PROGRAMS } from './healthy-programs.ts'
import { eachPacket, packetsOf, RUNS } from './healthy-runs.ts'
import { HEALTHY_SHARED } from './healthy-shared.ts'
import { diagnosesOf } from './judge.ts'
import { KNOWN_SICK } from './known-wrong.ts'

/** The captures at the client and at the server, judged. */
async function diagnosed(seed: number): Promise<readonly CaptureDiagnosis[][]> {
  const octets = await packetsOf(seed)
  return [0, 1].map((end) => {
    const diagnoser = new CaptureDiagnoser()
    eachPacket(octets, end, (record) => diagnoser.take(record))
    return [...diagnoser.report().connections]
  })
}

const names = Object.keys(PROGRAMS)
for (const [which, name] of names.entries()) {
  test(`none of the test network is called sick: ${name}`, async () => {
    for (let seed = which; seed < RUNS; seed += names.length) {
      for (const [end, connections] of (await diagnosed(seed)).entries()) {
        const place = `seed ${seed}, ${end === 0 ? 'client' : 'server'}`
        assert.ok(connections.length > 0, `${place}: no connection`)
        const sick = connections.filter(({ healthy }) => !healthy)
        assert.deepEqual(sick, [], `${place}: ${sick.map(({ sentence }) => sentence).join('; ')}`)
      }
    }
  })
}

const SHARED = '../shared/captures/files'
const shared = existsSync(SHARED) ? readdirSync(SHARED) : []

test('none of the shared captures that are healthy is called sick', {
  skip: shared.length === 0 && `${SHARED} is not here`,
}, async () => {
  const called: string[] = []
  for (const id of HEALTHY_SHARED) {
    const file = shared.find((name) => name.startsWith(`${id}-`))
    assert.ok(file !== undefined, `${id} is not among the shared captures`)
    for (const { healthy, stream, verdict } of await diagnosesOf(join(SHARED, file)))
      if (!healthy) called.push(`${id}, stream ${stream}: ${verdict}`)
  }
  assert.deepEqual(called, KNOWN_SICK)
})
