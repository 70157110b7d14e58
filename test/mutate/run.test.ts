/** npm run mutate on a small tree of its own: what is killed, what survives, what is endless, and how it ends. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const tree = mkdtempSync(join(tmpdir(), 'elko-mutate-'))
after(() => rmSync(tree, { recursive: true }))

/** `kept` is state that outlives a test: a mutant that spoils it must not make others look killed. */
const SOURCE = `
let kept = 0
export const LIMIT = 2 * 5
export function sum(n: number): number {
  let total = 0
  for (let i = 0; i < n; i++) total += i
  return total
}
export function largest(a: number, b: number): number {
  if (a > b) return a
  return b
}
export function spoil(by: number): number {
  kept = kept + by
  return kept
}
export function unused(a: number): number {
  return a * 2
}
`
const TESTS = `
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LIMIT, largest, spoil, sum } from '../../src/storage/sample.ts'
describe('sample', () => {
  test('sum', () => assert.equal(sum(4), 6))
  test('largest', async () => assert.equal(largest(LIMIT, 3) + largest(1, 2), 12))
  test('kept', () => assert.equal(spoil(1) + spoil(-1), 1))
})
`

function write(path: string, text: string): void {
  mkdirSync(join(tree, path, '..'), { recursive: true })
  writeFileSync(join(tree, path), text)
}

function mutate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['mutate/main.mjs', ...args], { cwd: tree, encoding: 'utf8' })
}

write('package.json', '{ "type": "module" }')
write('src/storage/sample.ts', SOURCE)
write('test/storage/sample.test.ts', TESTS)
write('docs/mutation-survivors.json', '{}')
cpSync(join(ROOT, 'mutate'), join(tree, 'mutate'), { recursive: true })
symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))

test('a mutant with a test for it is killed, one without survives, an endless one is stopped, one unreached is told', () => {
  const { status, stdout, stderr } = mutate('--json', '--jobs', '1')
  assert.equal(status, 1, stderr)
  const verdict = JSON.parse(stdout)
  const names = verdict.survivors
    .map(({ name, status }: Record<string, string>) => `${status} ${name}`)
    .sort()
  assert.deepEqual(names, [
    'NoCoverage unused: ArithmeticOperator: a * 2 -> a / 2',
    'NoCoverage unused: BlockStatement: { return a * 2 } -> {}',
    'Survived largest: EqualityOperator: a > b -> a >= b',
  ])
  const { killed, timeout } = verdict.rooms.storage
  // With i-- for i++ the loop never ends.
  assert.ok(timeout >= 1, JSON.stringify(verdict.rooms))
  assert.ok(killed >= 10, JSON.stringify(verdict.rooms))
  assert.deepEqual(verdict.broken, [])
})

test('explained survivors are no finding, stale explanations are; --mutant, --file and --list choose', () => {
  const name = 'largest: EqualityOperator: a > b -> a >= b'
  const explained = { [name]: 'of two equal numbers either is the largest' }
  write('docs/mutation-survivors.json', JSON.stringify({ 'src/storage/sample.ts': explained }))
  const listed = mutate('--list', '--file', 'sample')
  const id = /(\w+) \S+ largest: EqualityOperator: a > b -> a >= b$/m.exec(listed.stdout)?.[1]
  assert.ok(id !== undefined, listed.stdout)
  const one = mutate('--mutant', id, '--all')
  assert.match(one.stdout, new RegExp(`survived  ${id} src/storage/sample.ts:10 largest`))
  assert.match(one.stdout, /storage\/ has 0\.0 %/)
  assert.doesNotMatch(one.stdout, /neither killed nor explained|stale/)
  assert.equal(one.status, 1)
})

test('wrong usage ends with 2 and says what was expected', () => {
  for (const [args, message] of [
    [['--room', 'stack'], /--room stack: expected storage, recovery, tcp/],
    [['--sample', 'few'], /--sample few: expected a number from 1 on/],
    [['--mutant', '00000000'], /--mutant 00000000: no such mutant/],
    [['--file', 'nowhere'], /--file nowhere: no file of/],
    [['--since', 'no-such-ref'], /--since no-such-ref: /],
    [['--wrong'], /Unknown option '--wrong'/],
  ] as const) {
    const { status, stderr } = mutate(...args)
    assert.equal(status, 2, stderr)
    assert.match(stderr, message)
  }
})
