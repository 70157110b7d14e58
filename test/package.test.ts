/** The package as it would be published: each entry resolves, loads, and has types that a consumer's compiler finds. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

function run(command: string, ...args: readonly string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
  return { status, text: `${stdout}${stderr}` }
}

describe('the package', () => {
  let folder = ''
  let tarball = ''

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'elko-package-'))
    const { status, text } = run('npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder)
    assert.equal(status, 0, text)
    tarball = join(folder, readdirSync(folder)[0]!)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('threads of the command find their program in it', () => {
    const { status, text } = run('tar', 'tf', tarball)
    assert.equal(status, 0, text)
    for (const file of ['main', 'diagnose-threads', 'diagnose-worker'])
      assert.ok(text.includes(`package/dist/src/cli/${file}.js`), file)
  })

  test('attw: types of every entry are found by every resolution that knows ES modules', () => {
    const attw = join(ROOT, 'node_modules/.bin/attw')
    const { status, text } = run(attw, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii', tarball)
    assert.equal(status, 0, text)
    for (const entry of Object.keys(manifest.exports)) {
      assert.ok(text.includes(`"${join('elko', entry)}"`), `attw looked at ${entry}`)
    }
  })

  test('publint: no error and no warning', () => {
    const { status, text } = run(join(ROOT, 'node_modules/.bin/publint'), '--strict', tarball)
    assert.equal(status, 0, text)
    assert.match(text, /All good!/)
  })
})

test('entries stand in order, and each has its types before its code, under every condition', () => {
  const entries = Object.keys(manifest.exports)
  const own = entries.filter((entry) => entry !== './package.json')
  assert.deepEqual(own, [...own].sort())
  for (const entry of own) assertTypesFirst(manifest.exports[entry], entry)
})

/** A resolver takes the first condition that holds. */
function assertTypesFirst(target: unknown, where: string): void {
  assert.ok(typeof target === 'object' && target !== null, where)
  const conditions = Object.keys(target)
  assert.deepEqual(conditions.slice(-2), ['types', 'default'], where)
  for (const condition of conditions.slice(0, -2)) {
    assertTypesFirst(target[condition as keyof typeof target], `${where} ${condition}`)
  }
}

test('who depends on Elko depends on nothing else', () => {
  assert.equal(manifest.dependencies, undefined)
})

for (const entry of Object.keys(manifest.exports)) {
  if (entry === './package.json' || entry === './register') continue // register changes the process that loads it
  test(`${join('elko', entry)} loads`, async () => {
    const loaded = (await import(join('elko', entry))) as object
    assert.ok(Object.keys(loaded).length > 0)
  })
}
