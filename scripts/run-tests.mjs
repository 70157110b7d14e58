#!/usr/bin/env node
/**
 * Runs the compiled tests and prints what failed, what was skipped and why, and as its last line
 * `N passed, N failed, N skipped` (tests that hold no other tests). Exit 1 on a failure or where nothing ran.
 *
 *   node scripts/run-tests.mjs                    all: those of the kernel, those of the browser and the others at once (LANES)
 *   node scripts/run-tests.mjs wire/tcp seq       files whose path holds one of these words
 *   node scripts/run-tests.mjs --fast             without those of the kernel and of the browser
 *   node scripts/run-tests.mjs --name 'MUST-7'    tests whose name matches this regular expression
 *   node scripts/run-tests.mjs --sum FILE         adds up the counts that runs with ELKO_TOTALS=FILE left there
 *
 * In CI=true a skipped test of the kernel, a link or the browser is a failure: there is nothing that may be missing.
 * ELKO_ALSO_FAILED='biome check' counts one failure more (scripts/test.sh).
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { constants, getPriority } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TESTS = join(ROOT, 'dist/test')
/**
 * What runs beside each other, each lane in its order. Tests against the kernel mostly wait, and would have what they wait for
 * come in time: the others give way to them (`niceness`), so that for them the machine is as good as idle.
 */
const LANES = [
  { of: /^kernel\/|^diagnosis\/provoked/, isFast: false, atOnce: 1, niceness: 0, limitMs: 30 * 60_000 },
  { of: /^browser\//, isFast: false, atOnce: 1, niceness: 5, limitMs: 30 * 60_000 },
  { of: /^/, isFast: true, atOnce: 2, niceness: 10, limitMs: 30 * 60_000 },
]
/** Begun first, so that none of them is all that is left in the end. */
const LONG =
  /^(flows\/wireshark|fuzz\/targets|net\/node-tests|mutate\/run|explore\/faults|sim\/random-run|examples\/|web\/random)\./
const MUST_RUN_IN_CI = /^(kernel|link|browser|examples)\/|^diagnosis\/provoked/

const isCi = process.env.CI === 'true'
const totals = { passed: 0, failed: 0, skipped: 0 }
const failures = []
const skips = []
const isTerminal = process.stdout.isTTY === true

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { fast: { type: 'boolean' }, name: { type: 'string' }, sum: { type: 'string' } },
  })
  if (values.sum !== undefined) return finish(sumOf(values.sum))
  const files = testFiles(positionals)
  const laneOf = (file) => LANES.find(({ of }) => of.test(file))
  const lanes = LANES.filter(({ isFast }) => isFast || !values.fast)
  const chosen = files.filter((file) => lanes.includes(laneOf(file)))
  console.log(`${chosen.length} test files, Node ${process.versions.node}`)
  let done = 0
  const hear = (result) => report(result, ++done, chosen.length)
  const runs = lanes.map((lane) =>
    runLane(
      lane,
      chosen.filter((file) => laneOf(file) === lane),
      values.name,
      hear,
    ),
  )
  await Promise.all(runs)
  countAlsoFailed()
  printDetails()
  if (process.env.ELKO_TOTALS) appendFileSync(process.env.ELKO_TOTALS, `${JSON.stringify(totals)}\n`)
  finish(totals)
}

/** Compiled test files, relative to dist/test, whose source still exists; tsc leaves the others behind. */
function testFiles(words) {
  if (!existsSync(TESTS)) return []
  return readdirSync(TESTS, { recursive: true })
    .map((file) => String(file).split(sep).join('/'))
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => existsSync(join(ROOT, 'test', file.replace(/\.js$/, '.ts'))))
    .filter((file) => words.length === 0 || words.some((word) => fileWord(word).test(file)))
    .sort((a, b) => Number(LONG.test(b)) - Number(LONG.test(a)) || (a < b ? -1 : 1))
}

/** `test/link/tun.test.ts`, `dist/test/link/tun.test.js`, `link/tun` and `tun` all choose the same file. */
function fileWord(word) {
  const plain = word.replace(/^(\.\/)?(dist\/)?test\//, '').replace(/\.(ts|js)$/, '')
  return new RegExp(plain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
}

/** Runs the files of a lane in a process of its own (test-lane.mjs) and reports each as it ends. */
async function runLane({ atOnce, niceness, limitMs }, files, name, hear) {
  if (files.length === 0) return
  const lane = fork(join(ROOT, 'scripts/test-lane.mjs'))
  const priority = Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW)
  lane.send({ files, atOnce, limitMs, priority, name })
  const left = new Set(files)
  lane.on('message', ({ running, result }) => {
    if (running !== undefined) return showRunning(running.file, running.name)
    left.delete(result.file)
    hear(result)
  })
  const [code, signal] = await once(lane, 'exit')
  for (const file of left) {
    const reason = `its lane ended by itself: ${signal ?? `exit ${code}`}`
    hear({ file, tests: [{ outcome: 'failed', name: '(the file)', reason }], notes: [], output: '', ms: 0 })
  }
}

function report(result, done, count) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const test of result.tests) {
    if (test.outcome === 'skipped' && isCi && MUST_RUN_IN_CI.test(result.file)) {
      test.outcome = 'failed'
      test.reason = `skipped, which CI does not allow here: ${test.reason}`
    }
    counts[test.outcome]++
    totals[test.outcome]++
    if (test.outcome === 'skipped') skips.push({ file: result.file, ...test })
  }
  if (counts.failed > 0) failures.push(result)
  const numbers = Object.entries(counts).filter(([, number]) => number > 0)
  const words = numbers.map(([outcome, number]) => `${number} ${outcome}`).join(', ')
  const mark = counts.failed > 0 ? 'FAIL' : 'ok  '
  if (isTerminal) process.stdout.write('\r\x1b[K')
  console.log(
    `${mark} [${done}/${count}] ${result.file.replace(/\.test\.js$/, '')}: ${words} (${(result.ms / 1000).toFixed(1)} s)`,
  )
  for (const note of result.notes) console.log(`       ${note}`)
}

function showRunning(file, name) {
  if (!isTerminal) return
  const line = `     ${file.replace(/\.test\.js$/, '')}: ${name}`.replace(/\s+/g, ' ')
  process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`)
}

function countAlsoFailed() {
  const what = process.env.ELKO_ALSO_FAILED
  if (!what) return
  totals.failed++
  failures.push({ file: what, tests: [{ outcome: 'failed', name: what, reason: 'see above' }], output: '' })
}

function printDetails() {
  for (const { file, tests, output } of failures) {
    for (const { outcome, name, reason } of tests) {
      if (outcome !== 'failed') continue
      console.log(`\nFAILED ${file}: ${name}`)
      console.log(indent(reason))
    }
    if (output.trim() !== '') console.log(`\n  printed by ${file}:\n${indent(output.trimEnd())}`)
  }
  if (skips.length > 0) console.log('\nSkipped:')
  for (const { file, name, reason } of skips) console.log(`  ${file}: ${name}: ${reason}`)
}

const indent = (text) =>
  String(text)
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')

function sumOf(file) {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const line of readFileSync(file, 'utf8')
    .split('\n')
    .filter((text) => text !== '')) {
    for (const [outcome, number] of Object.entries(JSON.parse(line))) sum[outcome] += number
  }
  return sum
}

function finish({ passed, failed, skipped }) {
  process.exitCode = failed > 0 || passed + skipped === 0 ? 1 : 0
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
}

await main()
