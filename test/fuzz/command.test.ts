/** `npm run fuzz` as a person uses it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TARGET_NAMES } from '../../fuzz/targets/names.ts'

const MAIN = fileURLToPath(new URL('../../fuzz/main.js', import.meta.url))

function fuzz(...args: string[]) {
  const { ELKO_TOTALS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env })
  return { status, stdout, stderr }
}

test('it names its targets', () => {
  const { status, stdout } = fuzz('--list')
  assert.equal(status, 0)
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    [...TARGET_NAMES],
  )
})

test('a number of inputs of one target: progress, and what it tells as JSON', () => {
  const { status, stdout } = fuzz('options', '--runs', '500', '--seed', '3', '--workers', '1')
  assert.equal(status, 0, stdout)
  assert.match(
    stdout,
    /^ok {3}options: \d+ runs \(\d+\/s\), \d+ of \d+ branches, .* corpus \d+ -> \d+, 0 found/m,
  )
  const json = fuzz('options', '--runs', '500', '--seed', '3', '--workers', '1', '--json')
  const report = JSON.parse(json.stdout)
  assert.equal(report.target, 'options')
  assert.deepEqual([report.crashes, report.done, report.seed], [[], true, 3])
  assert.ok(report.runs >= 500 && report.branches > 0)
})

test('an input is replayed: 0 where it holds, 3 where it cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-fuzz-'))
  try {
    const file = join(folder, 'input.txt')
    writeFileSync(file, 'listen\nsegment 2 0 0 0 0 8192 0 0 0\n')
    assert.deepEqual(fuzz('connection', '--replay', file).status, 0)
    writeFileSync(file, 'dance\n')
    const { status, stderr } = fuzz('connection', '--replay', file)
    assert.equal(status, 3)
    assert.match(stderr, /line 1: no operation 'dance'/)
    assert.equal(fuzz('connection', '--replay', join(folder, 'none')).status, 3)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('called wrongly it says what is wrong and how it is called', () => {
  for (const [args, says] of [
    [[], /no target is named/],
    [['everything'], /no target 'everything'; there are packet/],
    [['options', '--minutes', 'x'], /--minutes takes a number/],
    [['options', '--frobnicate'], /frobnicate/],
    [['all', '--replay', 'x'], /one target/],
  ] as const) {
    const { status, stderr } = fuzz(...args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, says)
    assert.match(stderr, /--minutes N/)
  }
})
