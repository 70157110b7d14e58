/** The README shows what the tool prints and runs what it says. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

function run(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
}

test('the diagram of the README is a part of what `elko sim lost-final-ack` prints', () => {
  const [, block] = readme.split('```\n')
  assert.ok(block?.includes('TIME-WAIT'))
  assert.ok(run(main, 'sim', 'lost-final-ack', '--width', '96').includes(block))
})

test('the picture of the README is what `elko diagram` makes of its scenario', () => {
  const [, shown] = /!\[[^\]]+\]\((docs\/lost-final-ack\.svg)\)/.exec(readme) ?? []
  assert.ok(shown !== undefined)
  const folder = mkdtempSync(join(tmpdir(), 'elko-readme-'))
  try {
    const made = join(folder, 'made.svg')
    run(main, 'diagram', 'lost-final-ack', '-o', made)
    assert.equal(readFileSync(made, 'utf8'), readFileSync(`${root}${shown}`, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the number of scenarios in the README is that of `elko sim --list`', () => {
  const listed = run(main, 'sim', '--list')
    .split('\n')
    .filter((line) => /^ {2}[a-z]/.test(line))
  assert.ok(readme.includes(`# ${listed.length} scenarios`), `${listed.length} scenarios`)
})

test('the example of the README runs: its packets get lost, its octets do not', () => {
  const printed = run('examples/two-stacks.mjs')
  assert.match(printed, /× lost/)
  assert.match(
    printed,
    /client opened, sent 5 octets, received 5 and closed first; both sides closed normally\./,
  )
})

test('every file that the documents name exists', () => {
  const documents = ['README.md', 'docs/architecture.md', 'docs/seed-documents.md']
  for (const name of documents) {
    const text = readFileSync(`${root}${name}`, 'utf8')
    for (const [, target] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
      const base = name.includes('/') ? `${root}docs/` : root
      assert.doesNotThrow(() => readFileSync(`${base}${target}`), `${name} names ${target}`)
    }
  }
})
