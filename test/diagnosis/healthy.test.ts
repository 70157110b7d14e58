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
import { CaptureReader } from '../../src/capture/index.ts'
import { network, type PathOptions, Random } from '../../src/testnet/index.ts'
import { PROGRAMS } from './healthy-programs.ts'
import { HEALTHY_SHARED } from './healthy-shared.ts'
import { diagnosesOf } from './judge.ts'

const RUNS = 110
const DELAYS_US = [100, 500, 2000, 8000, 20_000, 40_000, 90_000, 150_000]
/** Up to one in a hundred. */
const LOSSES = [0, 0, 0.001, 0.003, 0.005, 0.01]

function pathOf(random: Random): PathOptions {
  const delayUs = random.pick(DELAYS_US)
  return {
    delayUs,
    jitterUs: random.chance(0.5) ? Math.floor(delayUs / 10) : 0,
    loss: random.pick(LOSSES),
    reorder: random.chance(0.3) ? 0.005 : 0,
    reorderByUs: Math.floor(delayUs / 4) + 50,
    duplicate: random.chance(0.2) ? 0.005 : 0,
    ...(random.chance(0.3) ? { rateBitsPerSecond: 20_000_000 } : {}),
  }
}

/** The captures at the client and at the server, judged. */
async function diagnosed(seed: number): Promise<readonly CaptureDiagnosis[][]> {
  const random = new Random(`healthy ${seed}`)
  const net = network({ seed: `healthy ${seed}`, failures: null })
  const client = net.host('10.0.0.1', 'fd00::1', { name: 'client' })
  const server = net.host('10.0.0.2', 'fd00::2', { name: 'server' })
  net.path(client, server, pathOf(random))
  const programs = Object.values(PROGRAMS)
  const program = programs[seed % programs.length]!
  const address = random.chance(0.5) ? '10.0.0.2' : 'fd00::2'
  await net.run(() => program({ client, server, address, random }))
  const ends = [new CaptureDiagnoser(), new CaptureDiagnoser()]
  const reader = new CaptureReader((record) => ends[record.interfaceIndex]!.take(record))
  reader.push(net.pcapng())
  reader.end()
  net.close()
  return ends.map((diagnoser) => [...diagnoser.report().connections])
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
  assert.deepEqual(called, [])
})
