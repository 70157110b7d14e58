/**
 * Random runs: two whole stacks, a hostile path and applications at both ends, all drawn from one seed.
 *
 * ELKO_RUNS says how many seeds to try, ELKO_SEED the first of them. seeds.json keeps the seeds that once found a defect.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { randomRun } from '../../src/sim/random-run.ts'

const ROOT = new URL('../../../', import.meta.url)
const RUNS = Number(process.env.ELKO_RUNS ?? 10_000)
const FIRST = Number(process.env.ELKO_SEED ?? 9_293_000)
const BATCHES = 10

interface KeptSeed {
  readonly seed: number
  /** What was wrong. */
  readonly what: string
}

const { seeds } = JSON.parse(readFileSync(new URL('test/sim/seeds.json', ROOT), 'utf8')) as {
  readonly seeds: readonly KeptSeed[]
}

/** Fails with the command that replays the seed; the replay also leaves a capture, a ladder and a smaller plan. */
function holds(seed: number): number {
  const result = randomRun(seed)
  if (result.failure === null) return result.octets
  const soak = fileURLToPath(new URL('scripts/soak.mjs', ROOT))
  const dist = fileURLToPath(new URL('dist', ROOT))
  const replay = spawnSync(process.execPath, [soak, '--seed', `${seed}`], {
    encoding: 'utf8',
    env: { ...process.env, ELKO_DIST: dist },
  })
  assert.fail(`${result.failure}\nreplay: npm run soak -- --seed ${seed}\n${replay.stdout}${replay.stderr}`)
}

for (let batch = 0; batch < BATCHES; batch++) {
  const from = FIRST + Math.floor((RUNS * batch) / BATCHES)
  const to = FIRST + Math.floor((RUNS * (batch + 1)) / BATCHES)
  test(`random runs: the seeds ${from} to ${to - 1} hold`, { skip: from === to }, () => {
    let octets = 0
    for (let seed = from; seed < to; seed++) octets += holds(seed)
    assert.ok(octets > (to - from) * 1000, `only ${octets} octets were carried`)
  })
}

for (const { seed, what } of seeds) {
  test(`random runs: seed ${seed} found: ${what}`, () => {
    holds(seed)
  })
}
