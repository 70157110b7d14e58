#!/usr/bin/env node
/**
 * npm run mutate: changes the code of storage/, recovery/ and tcp/ in one place at a time and looks whether a test notices.
 * Exit 0: at least 85 % of the mutants of each room are killed and each survivor is explained in docs/mutation-survivors.json;
 * 1: not so, or an explanation is stale; 2: usage. docs/decisions/0006-mutation.md says how it works.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { EXCLUDED_MUTATIONS, filesOf, keyOf, mutantsIn, ROOMS } from './mutants.mjs'
import { findingsOf, judge, textOf } from './report.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const VERDICT = join(ROOT, 'out/mutate/verdict.json')
const USAGE = `npm run mutate -- [which] [how]

which mutants (all of ${ROOMS.join('/, ')}/ without one of these):
  --room NAME       ${ROOMS.join(', ')}; may be given more than once
  --file PATH       src/tcp/window.ts, or window; may be given more than once
  --mutant ID       the eight digits that a report gives
  --since REF       those on lines that changed since this git reference
  --survivors       those that lived in the last run (out/mutate/verdict.json) and are not explained
  --sample N        N of those chosen, the same ones each time (--seed TEXT: others)
how:
  --again           only mutants whose text or tests changed since the last run with --again
  --tests FOLDER    only tests of this folder of test/: a lower bound; may be given more than once
  --quick           only tests that take at most 20 ms: a lower bound of the score in a third of the time
  --jobs N          processes, 2 unless given
  --all             lists explained survivors too
  --list            lists the mutants and tries none
  --json            the verdict as JSON on standard output
  --html            also out/mutate/report.html`
const OPTIONS = {
  room: { type: 'string', multiple: true },
  file: { type: 'string', multiple: true },
  mutant: { type: 'string', multiple: true },
  since: { type: 'string' },
  survivors: { type: 'boolean' },
  sample: { type: 'string' },
  seed: { type: 'string' },
  again: { type: 'boolean' },
  tests: { type: 'string', multiple: true },
  quick: { type: 'boolean' },
  jobs: { type: 'string' },
  all: { type: 'boolean' },
  list: { type: 'boolean' },
  json: { type: 'boolean' },
  html: { type: 'boolean' },
  help: { type: 'boolean' },
}

/** Folders of test/ whose tests are tried. */
const FOLDERS = ['storage', 'recovery', 'tcp', 'stack', 'sim', 'posix', 'drill', 'analyze']
/** Left out, files or single tests: a survivor is met by every test that reaches it, and these take longest. */
const SLOW = [
  'test/sim/known-failures-data.test.ts > known failure: reassembly of one-octet segments',
  'test/sim/random-run-failing.test.ts',
  'test/sim/random-run-same.test.ts',
  'test/sim/random-run.test.ts',
  'test/stack/demux.test.ts',
  'test/stack/hostile.test.ts',
  'test/stack/listener-flood.test.ts',
  'test/stack/stack-connect.test.ts > ephemeral ports > the whole range',
  'test/stack/stack-many.test.ts',
  'test/stack/stack-workloads.test.ts',
  'test/tcp/congestion-timeout.test.ts > a hundred lossy wires',
  'test/tcp/window-receiver.test.ts > RFC 7323 2.4: with a scale the edge',
]

/** The longest that a test of a quick run takes. */
const QUICK_TEST_MS = 20

async function main() {
  const values = optionsOf(process.argv.slice(2))
  if (values.help) return console.log(USAGE)
  const files = filesOf(ROOT)
  const mutants = (await Promise.all(files.map((file) => mutantsIn(ROOT, file)))).flat()
  const chosen = choose(mutants, values, files)
  if (values.list) return console.log(chosen.map(lineOf).join('\n'))
  if (chosen.length === 0) return console.log('No mutants are chosen.')
  const results = await triedTwice(chosen, mutants, values)
  const explained = JSON.parse(readFileSync(join(ROOT, 'docs/mutation-survivors.json'), 'utf8'))
  const names = Object.fromEntries(files.map((file) => [file, []]))
  for (const { file, name } of mutants) names[file].push(name)
  const verdict = judge(results, explained, names)
  const findings = findingsOf(verdict)
  writeFileSync(VERDICT, JSON.stringify({ ...verdict, findings }, null, 1))
  console.log(values.json ? JSON.stringify({ ...verdict, findings }, null, 1) : textOf(verdict, values))
  process.exitCode = findings.length === 0 ? 0 : 1
}

function optionsOf(args) {
  try {
    const { values } = parseArgs({ args, options: OPTIONS })
    for (const room of values.room ?? []) {
      if (!ROOMS.includes(room)) throw new Error(`--room ${room}: expected ${ROOMS.join(', ')}`)
    }
    for (const name of ['sample', 'jobs']) {
      if (values[name] !== undefined && !/^[1-9]\d*$/.test(values[name])) {
        throw new Error(`--${name} ${values[name]}: expected a number from 1 on`)
      }
    }
    return values
  } catch (error) {
    return wrongUsage(error.message)
  }
}

function wrongUsage(message) {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(2)
}

const lineOf = ({ id, file, line, name }) => `${id} ${file}:${line} ${name}`

function choose(mutants, values, files) {
  let chosen = mutants
  if (values.room !== undefined)
    chosen = chosen.filter(({ file }) => values.room.includes(file.split('/')[1]))
  if (values.file !== undefined) {
    const wanted = new Set(values.file.flatMap((word) => filesNamed(word, files)))
    chosen = chosen.filter(({ file }) => wanted.has(file))
  }
  if (values.mutant !== undefined) {
    chosen = chosen.filter(({ id }) => values.mutant.includes(id))
    const missing = values.mutant.find((id) => !chosen.some((one) => one.id === id))
    if (missing !== undefined) wrongUsage(`--mutant ${missing}: no such mutant; --list shows all`)
  }
  if (values.since !== undefined) {
    const changed = changedSince(values.since)
    chosen = chosen.filter(({ file, line }) =>
      changed.get(file)?.some(([from, to]) => from <= line && line <= to),
    )
  }
  if (values.survivors) {
    const lived = livedLastTime()
    chosen = chosen.filter(({ id }) => lived.has(id))
  }
  if (values.sample !== undefined) chosen = sampleOf(chosen, Number(values.sample), values.seed ?? '')
  return chosen
}

function filesNamed(word, files) {
  const found = files.filter(
    (file) => file === word || file.endsWith(`/${word}`) || file.endsWith(`/${word}.ts`),
  )
  if (found.length === 0) wrongUsage(`--file ${word}: no file of ${ROOMS.join('/, ')}/ has this name`)
  return found
}

/** @returns {Map<string, [number, number][]>} for each file the first and last lines of what changed, as they are now. */
function changedSince(ref) {
  const { status, stdout, stderr } = spawnSync('git', ['diff', '-U0', ref, '--', 'src'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (status !== 0) wrongUsage(`--since ${ref}: ${stderr.trim()}`)
  const changed = new Map()
  let file = ''
  for (const line of stdout.split('\n')) {
    if (line.startsWith('+++ ')) file = line.replace(/^\+\+\+ (b\/)?/, '')
    const [, from, length] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? []
    if (from === undefined) continue
    const first = Number(from)
    changed.set(file, [...(changed.get(file) ?? []), [first, first + Number(length ?? 1) - 1]])
  }
  return changed
}

function livedLastTime() {
  if (!existsSync(VERDICT))
    return wrongUsage('--survivors: there is no out/mutate/verdict.json; run once without')
  const { survivors } = JSON.parse(readFileSync(VERDICT, 'utf8'))
  return new Set(survivors.filter(({ why }) => why === null).map(({ id }) => id))
}

function sampleOf(mutants, n, seed) {
  const place = ({ id }) => createHash('sha256').update(`${seed}${id}`).digest('hex')
  return mutants.toSorted((a, b) => (place(a) < place(b) ? -1 : 1)).slice(0, n)
}

/** On a busy machine a process may be lost to another's work: mutants without a result are tried once more, alone. */
async function triedTwice(chosen, mutants, values) {
  const results = await tried(chosen, mutants, values)
  const isOpen = ({ status }) => status === 'RuntimeError'
  const open = new Set(results.filter(isOpen).map(({ id }) => id))
  if (open.size === 0) return results
  const again = chosen.filter(({ id }) => open.has(id))
  const second = await tried(again, mutants, { ...values, again: false, jobs: '1' })
  return [...results.filter((one) => !isOpen(one)), ...second]
}

/** What Stryker finds out about each of the mutants chosen; it is given places, and a place may have more mutants. */
async function tried(chosen, mutants, values) {
  mkdirSync(join(ROOT, 'out/mutate'), { recursive: true })
  process.chdir(ROOT)
  const stryker = new Stryker({
    mutate: placesOf(chosen, mutants),
    plugins: [join(ROOT, 'mutate/runner.mjs'), join(ROOT, 'mutate/progress.mjs')],
    testRunner: 'node-test',
    nodeTest: {
      folders: values.tests ?? FOLDERS,
      slow: SLOW,
      mostMs: values.quick ? QUICK_TEST_MS : Number.MAX_SAFE_INTEGER,
    },
    buildCommand: 'node mutate/build.mjs',
    coverageAnalysis: 'perTest',
    // The runner stops endless loops sooner, and by processor time.
    timeoutMS: 120_000,
    concurrency: Number(values.jobs ?? 2),
    mutator: { excludedMutations: EXCLUDED_MUTATIONS },
    ignorePatterns: ['dist', 'out', 'bench', 'examples'],
    tempDirName: 'out/mutate/tree',
    cleanTempDir: 'always',
    disableTypeChecks: false,
    testRunnerNodeArgs: ['--max-old-space-size=1500'],
    reporters: ['elko-progress', ...(values.html ? ['html'] : [])],
    htmlReporter: { fileName: 'out/mutate/report.html' },
    incremental: values.again === true,
    incrementalFile: 'out/mutate/incremental.json',
    warnings: { slow: false },
    logLevel: 'warn',
    allowConsoleColors: false,
  })
  const byKey = new Map(chosen.map((one) => [`${one.file} ${one.key}`, one]))
  const results = []
  for (const result of await stryker.runMutationTest()) {
    const file = relative(ROOT, result.fileName).split(sep).join('/')
    const mutant = byKey.get(`${file} ${keyOf({ ...result, location: fromZero(result.location) })}`)
    if (mutant === undefined) continue
    results.push({ ...mutant, status: result.status, killedBy: result.killedBy?.[0] ?? null })
  }
  return results
}

/** Whole files where all of their mutants are chosen. */
function placesOf(chosen, mutants) {
  const count = (list) => list.reduce((sum, { file }) => sum.set(file, (sum.get(file) ?? 0) + 1), new Map())
  const [all, some] = [count(mutants), count(chosen)]
  return [
    ...new Set(
      chosen.map(({ file, place }) => (all.get(file) === some.get(file) ? file : `${file}:${place}`)),
    ),
  ]
}

/** Results count lines and columns from 1, mutants from 0. */
function fromZero({ start, end }) {
  return {
    start: { line: start.line - 1, column: start.column - 1 },
    end: { line: end.line - 1, column: end.column - 1 },
  }
}

await main()
