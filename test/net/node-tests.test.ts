/**
 * Node's own tests of net over elko/net: those that apply all pass (scripts/node-net-tests.json has those that do not, and
 * why). They are not part of this repository: where neither a mirror of them nor a folder named by ELKO_NODE_TESTS is there,
 * this file says so. In full, beside the real net, they are `npm run node-net-tests`.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../../../scripts/node-net-tests.mjs', import.meta.url))
const NOTHING_THERE = 3

interface Report {
  readonly findings: readonly string[]
  readonly classes: Readonly<Record<string, { files: number; elko: Record<string, number> }>>
}

test('all of Node’s own tests of net that apply pass over elko/net', (t) => {
  if (!process.version.startsWith('v20.') && process.env.ELKO_NODE_TESTS === undefined) {
    return t.skip(`the tests of the mirror are Node 20's, and this is ${process.version}`)
  }
  // Those of pummel and sequential take long: the command has them all.
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [SCRIPT, '--only', 'elko', '--json', 'parallel/', 'async-hooks/'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  if (status === NOTHING_THERE) return t.skip(stderr.trim())
  assert.ok(status === 0 || status === 1, stderr)
  const { findings, classes } = JSON.parse(stdout) as Report
  assert.deepEqual(findings, [])
  const { files, elko } = classes.applies!
  assert.ok(files > 100, `${files} files`)
  assert.equal((elko.passes ?? 0) + (elko.skipped ?? 0), files)
})
