/** Random runs that must fail: what is checked is really checked, and what a failure leaves behind is of use. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { runPlan } from '../../src/sim/random-run.ts'
import { planRun, type RunPlan } from '../../src/sim/random-run-plan.ts'
import { failureKind, shrinkRun } from '../../src/sim/random-run-shrink.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const OUT = join(ROOT, 'out/failures')

/** A plan with much in it whose path loses everything for longer than R2: its connection cannot be orderly. */
function doomed(seed: number): RunPlan {
  const plan = planRun(seed)
  const connections = plan.connections.map((connection) => ({
    ...connection,
    opening: 'passive' as const,
    startUs: 0,
    ends: connection.ends.map((end) => ({ ...end, ending: 'close', abortAfterUs: Infinity })) as never,
  }))
  return { ...plan, connections, reusesPort: false, quietAtUs: 4e9, silence: { atUs: 0, forUs: 3e9 } }
}

test('a run through which nothing passes fails, and says where both sides stand', () => {
  const { failure } = runPlan(doomed(7))
  assert.match(failure ?? '', /^at \d+ us: Error: connection 0/)
  assert.match(failure ?? '', /connect-timeout/)
})

test('a failing plan shrinks to one with less in it that fails in the same way, always to the same', () => {
  const plan = doomed(7)
  const shrunk = shrinkRun(plan)
  assert.ok(shrunk)
  assert.equal(failureKind(shrunk.failure), failureKind(runPlan(plan).failure ?? ''))
  assert.equal(runPlan(shrunk.plan).failure, shrunk.failure)
  assert.deepEqual(shrinkRun(plan), shrunk)
  assert.equal(shrunk.plan.connections.length, 1)
  assert.deepEqual(shrunk.plan.hosts[0].config, {})
  assert.ok(shrunk.plan.silence, 'what makes it fail stays')
  assert.equal(shrinkRun({ ...plan, silence: null, quietAtUs: 2e6 }), null, 'and without it nothing fails')
})

test('npm run soak -- --plan: a failure leaves a capture, a ladder and a smaller plan, and exits with 1', () => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-soak-'))
  mkdirSync(OUT, { recursive: true })
  try {
    const file = join(folder, 'doomed-by-its-test.plan.json')
    writeFileSync(
      file,
      JSON.stringify(doomed(7), (_, value) => (value === Infinity ? 'never' : value)),
    )
    const { status, stdout } = soak('--plan', file)
    assert.equal(status, 1, stdout)
    assert.match(stdout, /FAILED doomed-by-its-test\n {2}at \d+ us: Error: connection 0/)
    assert.ok(stdout.includes(`replay:  npm run soak -- --plan ${file}`))
    const left = join(OUT, 'doomed-by-its-test')
    assert.ok(readCapture(readFileSync(`${left}.pcapng`)).packets.length > 0)
    assert.match(readFileSync(`${left}.ladder.txt`, 'utf8'), /SYN seq 0/)
    assert.equal(soak('--plan', `${left}.smaller.plan.json`).status, 1)
    assert.ok(existsSync(`${left}.smaller.ladder.txt`))
  } finally {
    for (const name of readdirSync(OUT)) if (name.startsWith('doomed-by-its-test')) rmSync(join(OUT, name))
    rmSync(folder, { recursive: true })
  }
})

test('npm run soak: seeds that hold are counted, and wrong arguments are refused with 2', () => {
  const some = soak('--runs', '30', '--from', '5', '--workers', '2')
  assert.equal(some.status, 0, some.stdout)
  assert.match(some.stdout, /30 runs, \d+ connections, 0 failures/)
  assert.match(soak('--seed', '5').stdout, /^seed-5 holds: \d+ packets/)
  for (const wrong of [
    ['--minutes', 'many'],
    ['--seed', '-1'],
    ['--plan', '/nowhere'],
    ['--speed', '1'],
  ]) {
    const { status, stderr } = soak(...wrong)
    assert.equal(status, 2, wrong.join(' '))
    assert.match(stderr, /Examples:/)
  }
})

function soak(...options: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const script = join(ROOT, 'scripts/soak.mjs')
  const env = { ...process.env, ELKO_DIST: join(ROOT, 'dist') }
  return spawnSync(process.execPath, [script, ...options], { encoding: 'utf8', env })
}
