/** `elko conformance`: the table of requirements, also from an installed package. */

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { elko, MAIN, temporaryFolder } from './elko.ts'

interface Row {
  id: string
  verdict: string
  why?: string
  code: string[]
  tests: string[]
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const table: { documents: { document: string; requirements: Row[] }[] } = JSON.parse(
  readFileSync(join(root, 'docs/conformance.json'), 'utf8'),
)
const documents = (args: string[]): typeof table.documents =>
  JSON.parse(elko(['conformance', '--json', ...args]).stdout).documents

test('prints every requirement of every document with its verdict, no line too wide but those of places', () => {
  const { code, stdout, stderr } = elko(['conformance', '--width', '100'])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  for (const { document } of table.documents) assert.match(stdout, new RegExp(`^${document}: \\w+`, 'm'))
  for (const label of ['MUST-1', 'SHLD-31', 'MAY-18'])
    assert.match(stdout, new RegExp(`^ {2}${label} +[A-Z]+ `, 'm'))
  assert.match(stdout, /^ {2}\(R1\) +rule +done +A segment with a timestamp before TS\.Recent/m)
  assert.ok(stdout.split('\n').every((line) => [...line].length <= 100))
})

test('--json is docs/conformance.json', () => {
  assert.deepEqual(documents([]), table.documents)
})

test('--rfc chooses a document, however it is spelled; an unknown one is refused with those there are', () => {
  for (const name of ['5961', 'rfc5961', 'RFC 5961']) {
    const [only, ...others] = documents(['--rfc', name])
    assert.deepEqual([only!.document, others], ['RFC 5961', []])
  }
  const wrong = elko(['conformance', '--rfc', '2616'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /^elko conformance: --rfc: expected one of 9293, 7323, .*, not "2616"\n/)
})

test('--open leaves out what is simply done, and says of the rest why', () => {
  const rows = documents(['--open']).flatMap(({ requirements }) => requirements)
  assert.ok(rows.length > 10)
  for (const { id, verdict, why } of rows) {
    assert.ok(verdict !== 'done' && verdict !== 'implemented', id)
    assert.ok(why !== undefined && why.length > 10, id)
  }
  const all = table.documents.flatMap(({ requirements }) => requirements)
  assert.equal(
    rows.length,
    all.filter(({ verdict }) => verdict !== 'done' && verdict !== 'implemented').length,
  )
  assert.match(elko(['conformance', '--open']).stdout, /SHLD-8 .*deviation/)
})

test('--where adds code and tests', () => {
  const without = elko(['conformance', '--rfc', '9293']).stdout
  const { stdout } = elko(['conformance', '--rfc', '9293', '--where', '--width', '400'])
  const { code, tests } = table.documents[0]!.requirements[0]!
  for (const place of [...code, ...tests]) {
    assert.ok(stdout.includes(place), place)
    assert.ok(!without.includes(place))
  }
})

/** The files of an installed package that the command needs, as package.json lists them. */
function installed(): string {
  const folder = temporaryFolder()
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  for (const file of [...files, 'package.json'].filter((name) => !/\.md$|LICENSE/.test(name))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file), { recursive: true })
  }
  return folder
}

test('works from what package.json puts into the package', () => {
  const folder = installed()
  const main = join(folder, MAIN.slice(root.length))
  const { code, stdout } = elko(['conformance', '--rfc', '6191'], { main })
  assert.equal(code, 0)
  assert.match(stdout, /^RFC 6191: Reducing the TIME-WAIT State Using TCP Timestamps\n/)
})

test('a requirement that nothing explains is a finding; a table that cannot be read is told with its place', () => {
  const folder = installed()
  const main = join(folder, MAIN.slice(root.length))
  const file = join(folder, 'docs/conformance.json')
  const row = {
    id: 'MUST-1',
    section: '3.1',
    level: 'MUST',
    text: 'A.',
    verdict: 'no test',
    code: [],
    tests: [],
  }
  const one = { document: 'RFC 9293', title: 'T', summary: 's', requirements: [row] }
  writeFileSync(file, JSON.stringify({ documents: [one] }))
  const found = elko(['conformance'], { main })
  assert.equal(found.code, 1)
  assert.match(found.stdout, /MUST-1 +MUST +no test/)
  writeFileSync(file, '{')
  const broken = elko(['conformance'], { main })
  assert.equal(broken.code, 3)
  assert.match(broken.stderr, /^elko conformance: cannot read .*docs\/conformance\.json: /)
})
