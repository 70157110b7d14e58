/** The rules of tidy-rules.ts, each tried on bad samples first and then held against the tree. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { posix, sep } from 'node:path'
import { describe, test } from 'node:test'
import {
  everyTestRuns,
  everyTunableExplained,
  type File,
  goodNames,
  importsDown,
  MAX_FILE_LINES,
  MAX_FUNCTION_LINES,
  nothingLeftToDo,
  pure,
  type Rule,
  referencesDown,
  seededProperties,
  shortFile,
  shortFunctions,
  unusedReasons,
} from './tidy-rules.ts'

const root = new URL('../../', import.meta.url)

function filesUnder(folder: string): File[] {
  return readdirSync(new URL(`${folder}/`, root), { recursive: true })
    .map((name) => `${folder}/${String(name).split(sep).join('/')}`)
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }))
}

function readReferences(): Map<string, string[]> {
  const references = new Map<string, string[]>()
  const folders = readdirSync(new URL('src/', root), { withFileTypes: true }).filter((one) =>
    one.isDirectory(),
  )
  for (const own of ['', ...folders.map(({ name }) => name)]) {
    const text = readFileSync(new URL(`src/${own}/tsconfig.json`, root), 'utf8')
    const paths: { path: string }[] = JSON.parse(text).references ?? []
    references.set(
      own,
      paths.map(({ path }) => posix.basename(path)),
    )
  }
  return references
}

const src = filesUnder('src')
/** What runs the code rather than is it. */
const tests = [...filesUnder('test'), ...filesUnder('fuzz')]
const references = readReferences()
const config = src.filter(({ path }) => path === 'src/tcp/config.ts')
const reasons = src.find(({ path }) => path === 'src/trace/reasons.ts')!

const lines = (count: number) => '\n'.repeat(count)
const sampleReferences = new Map([['wire', ['bytes']]])

/** Each rule, the files it holds for, a sample that it lets pass and samples of which it refuses each. */
const RULES: [what: string, rule: Rule, files: File[], good: string, bad: string[]][] = [
  [`no file has more than ${MAX_FILE_LINES} lines`, shortFile, [...src, ...tests], lines(400), [lines(401)]],
  [
    `no function has more than ${MAX_FUNCTION_LINES} lines`,
    shortFunctions,
    [...src, ...tests],
    `function f() {${lines(69)}}; describe('x', () => {${lines(99)}})`,
    [`function f() {${lines(70)}}`, `test('x', () => {${lines(70)}})`, `class C { m() {${lines(70)}} }`],
  ],
  [
    'imports follow the references of tsconfig.json',
    importsDown(sampleReferences),
    [],
    "import { a } from '../bytes/ring.ts'; import { b } from './seq.ts'",
    [
      "import type { T } from '../tcp/tcb.ts'",
      "export * from '../capture/pcap.ts'",
      "import 'node:fs'",
      "type T = import('../tcp/tcb.ts').Tcb",
    ],
  ],
  ['imports follow the references of tsconfig.json', importsDown(references), src, '', []],
  [
    'below the wall there is no clock, chance, output, promise or host',
    pure,
    src,
    'interface P { process: number }; const x = p.process + Math.max(1, 2) // Date.now()',
    [
      'Date.now()',
      'const r = Math.random',
      'performance.now()',
      'console.log(1)',
      'setTimeout(f, 1)',
      'process.exit()',
      'const b: Buffer = x',
      'async function f() {}',
      'let p: Promise<void>',
    ],
  ],
  [
    'names say something',
    goodNames,
    [...src, ...tests],
    'class Tcb {}; utils.x()',
    ['class TimerManager {}', 'function ringHelper() {}', 'const utils = 1'],
  ],
  [
    'nothing is left to do',
    nothingLeftToDo,
    [...src, ...tests],
    'todo(); // to do',
    [`// ${'TO'}DO: x`, `// ${'FIX'}ME`],
  ],
  [
    'every test runs, or says why not',
    everyTestRuns,
    tests,
    "test('a', { skip: reason }, f); test('b', { skip: 'no TUN' }, f); t.skip('no TUN')",
    [
      "test.only('a', f)",
      "test.skip('a', f)",
      't.skip()',
      "it('a', { skip: true }, f)",
      "test('a', { only: true }, f)",
    ],
  ],
  [
    'property tests have their seed from test/property.ts',
    seededProperties,
    tests,
    "import fc from '../property.ts'; import type { Arbitrary } from 'fast-check'",
    ["import fc from 'fast-check'", "import { assert } from 'fast-check'"],
  ],
  [
    'every tunable of tcp/config.ts has a doc comment and a default',
    everyTunableExplained,
    config,
    'interface Config {\n/** A. */ a: number }; const DEFAULT_CONFIG = { a: 1 }',
    [
      'interface Config { a: number }; const DEFAULT_CONFIG = { a: 1 }',
      'interface Config {\n/** A. */ a: number }',
    ],
  ],
]

describe('the rules know good from bad', () => {
  for (const [what, rule, , good, bad] of RULES) {
    if (bad.length === 0) continue
    test(what, () => {
      assert.deepEqual(rule({ path: 'src/wire/sample.ts', text: good }), [])
      for (const text of bad) assert.notDeepEqual(rule({ path: 'src/wire/sample.ts', text }), [], text)
    })
  }

  test('file names that say nothing are refused, and impurity above the wall is not', () => {
    assert.equal(goodNames({ path: 'src/wire/types.ts', text: '' }).length, 1)
    assert.equal(goodNames({ path: 'test/tcp/test-helpers.ts', text: '' }).length, 1)
    assert.deepEqual(goodNames({ path: 'src/wire/link-type.ts', text: '' }), [])
    assert.deepEqual(pure({ path: 'src/link/sample.ts', text: 'Date.now()' }), [])
  })

  test('a reference upward or sideways is refused', () => {
    assert.deepEqual(referencesDown(sampleReferences), [])
    assert.equal(referencesDown(new Map([['wire', ['tcp']]])).length, 1)
    assert.equal(referencesDown(new Map([['storage', ['trace']]])).length, 1)
    assert.equal(referencesDown(new Map([['cellar', []]])).length, 1)
  })

  test('a reason is used where it is produced, not where it is compared', () => {
    const vocabulary = { path: 'reasons.ts', text: "const DROP_REASONS = { a: '', 'b-c': '' }" }
    const use = (text: string) => unusedReasons(vocabulary, [{ path: 'use.ts', text }]).length
    assert.equal(use("drop('a'); const r = { k: 'b-c' }"), 0)
    assert.equal(use("if (r === 'a') f(); type T = 'b-c'"), 2)
    assert.equal(use("const texts = { 'b-c': x, a: 'y' }; const more = { 'b-c': 'z' }"), 2)
  })
})

describe('the tree keeps them', () => {
  for (const [what, rule, files] of RULES) {
    if (files.length === 0) continue
    test(what, () => assert.deepEqual(files.flatMap(rule), []))
  }

  test('references lead to lower floors', () => assert.deepEqual(referencesDown(references), []))

  test('every reason of trace/reasons.ts is given somewhere', () => {
    const others = src.filter((file) => file !== reasons)
    assert.deepEqual(unusedReasons(reasons, others), [])
  })
})
