/** The same seed gives the same run, bit for bit: in one process, in two, and whether or not anybody writes it down. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { randomRun } from '../../src/sim/random-run.ts'
import { planRun } from '../../src/sim/random-run-plan.ts'
import { hashesOf } from './random-run-hashes.ts'

const SEEDS = Array.from({ length: 40 }, (_, i) => 6_298 + 17 * i)

test('the same seed gives the same plan, and another seed another', () => {
  const plans = new Set<string>()
  for (const seed of SEEDS) {
    assert.deepEqual(planRun(seed), planRun(seed))
    plans.add(JSON.stringify({ ...planRun(seed), seed: 0 }))
  }
  assert.equal(plans.size, SEEDS.length)
})

test('the same seed gives the same events and the same capture twice in one process', () => {
  const first = SEEDS.map(hashesOf)
  assert.deepEqual(SEEDS.map(hashesOf), first)
  assert.equal(new Set(first.map(({ events }) => events)).size, SEEDS.length)
  assert.ok(first.every(({ failure }) => failure === null))
})

test('the same seed gives the same events and the same capture in two processes', () => {
  const child = fileURLToPath(new URL('./random-run-hashes.js', import.meta.url))
  // Backwards, so that nothing that one run leaves behind is the same for the next.
  const { stdout, stderr } = spawnSync(process.execPath, [child, ...SEEDS.map(String).reverse()], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout).reverse(), SEEDS.map(hashesOf))
})

test('a run that is written down is the run that is not', () => {
  for (const seed of SEEDS) {
    const { digest, packets, octets, virtualUs } = randomRun(seed)
    assert.equal(hashesOf(seed).digest, digest)
    assert.ok(packets >= 0 && octets >= 0 && virtualUs >= 0)
  }
})
