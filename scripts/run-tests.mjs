#!/usr/bin/env node
/**
 * Runs the compiled tests and prints what failed, what was skipped and why, and as its last line
 * `N passed, N failed, N skipped` (tests that hold no other tests). Exit 1 on a failure or where nothing ran.
 *
 *   node scripts/run-tests.mjs                    all: two files at a time, then kernel and soak tests one by one
 *   node scripts/run-tests.mjs wire/tcp seq       files whose path holds one of these words
 *   node scripts/run-tests.mjs --fast             without the kernel and soak tests
 *   node scripts/run-tests.mjs --name 'MUST-7'    tests whose name matches this regular expression
 *   node scripts/run-tests.mjs --sum FILE         adds up the counts that runs with ELKO_TOTALS=FILE left there
 *
 * In CI=true a skipped test of the kernel, a link or the browser is a failure: there is nothing that may be missing.
 * ELKO_ALSO_FAILED='biome check' counts one failure more (scripts/test.sh).
 */

import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TESTS = join(ROOT, 'dist/test')
const PARALLEL_FILES = 2
/** These need a quiet machine, or the same kernel objects: one file at a time. */
const ALONE = /^(kernel|soak|bench|browser)\/|^diagnosis\/provoked/
const MUST_RUN_IN_CI = /^(kernel|link|browser|examples)\/|^diagnosis\/provoked/
const FAST_FILE_LIMIT_MS = 10 * 60_000
const ALONE_FILE_LIMIT_MS = 30 * 60_000
/** What a file printed is shown with its failures, the last so much of it. */
const OUTPUT_LIMIT = 20_000

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
  const together = files.filter((file) => !ALONE.test(file))
  const alone = values.fast ? [] : files.filter((file) => ALONE.test(file))
  const count = together.length + alone.length
  console.log(`${count} test files, Node ${process.versions.node}`)
  let done = 0
  const runOne = async (file) => report(await runFile(file, values.name), ++done, count)
  const queue = [...together]
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runOne(file)
  }
  await Promise.all(Array.from({ length: PARALLEL_FILES }, worker))
  for (const file of alone) await runOne(file)
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
    .sort()
}

/** `test/link/tun.test.ts`, `dist/test/link/tun.test.js`, `link/tun` and `tun` all choose the same file. */
function fileWord(word) {
  const plain = word.replace(/^(\.\/)?(dist\/)?test\//, '').replace(/\.(ts|js)$/, '')
  return new RegExp(plain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
}

/** Runs one file in a process of its own. */
async function runFile(file, name) {
  const result = { file, tests: [], notes: [], output: '', ms: 0 }
  const started = process.hrtime.bigint()
  /** How many tests were reported at each depth since the last one above it: tells leaves from suites. */
  const reportedAt = []
  const hear = (data, passed) => {
    const depth = data.nesting
    const holdsTests = (reportedAt[depth + 1] ?? 0) > 0
    reportedAt[depth + 1] = 0
    reportedAt[depth] = (reportedAt[depth] ?? 0) + 1
    const test = outcomeOf(data, passed, file, holdsTests)
    if (test !== null) result.tests.push(test)
  }
  const stream = run({
    files: [join(TESTS, file)],
    concurrency: 1,
    timeout: ALONE.test(file) ? ALONE_FILE_LIMIT_MS : FAST_FILE_LIMIT_MS,
    ...(name === undefined ? {} : { testNamePatterns: [new RegExp(name)] }),
  })
  stream.on('test:start', (data) => showRunning(file, data.name))
  stream.on('test:pass', (data) => hear(data, true))
  stream.on('test:fail', (data) => hear(data, false))
  stream.on('test:diagnostic', ({ message, nesting }) => {
    const isSummary =
      nesting === 0 && /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(message)
    if (!isSummary) result.notes.push(message)
  })
  for (const event of ['test:stdout', 'test:stderr']) {
    stream.on(event, ({ message }) => {
      result.output = (result.output + message).slice(-OUTPUT_LIMIT)
    })
  }
  stream.resume()
  await new Promise((resolve) => stream.once('end', resolve))
  result.ms = Number((process.hrtime.bigint() - started) / 1_000_000n)
  if (result.tests.length === 0 && name === undefined) {
    result.tests.push({ outcome: 'failed', name: '(the file)', reason: 'it holds no test' })
  }
  return result
}

/** One test's outcome, or null where it is not one: a suite, or the file itself. */
function outcomeOf(data, passed, file, holdsTests) {
  const name = data.name
  const isFile = data.nesting === 0 && basename(name) === basename(file)
  const { skip, todo } = data
  if (!passed && todo === undefined) {
    const error = data.details?.error
    if (holdsTests && error?.failureType === 'subtestsFailed') return null
    // A file ends with exit code 1 where a test failed: that is told already.
    if (isFile && holdsTests && /exit|code|subtest/i.test(`${error?.failureType}`) && error?.exitCode === 1)
      return null
    return { outcome: 'failed', name: isFile ? '(the file)' : name, error, at: data.line }
  }
  if (isFile) return null
  if (/does not match pattern/.test(`${skip}`)) return null
  if (skip !== undefined && skip !== false) return { outcome: 'skipped', name, reason: reasonOf(skip) }
  if (holdsTests || data.details?.type === 'suite') return null
  if (todo !== undefined && todo !== false)
    return { outcome: 'skipped', name, reason: `to do: ${reasonOf(todo)}` }
  return { outcome: 'passed', name }
}

const reasonOf = (value) => (typeof value === 'string' && value !== '' ? value : 'no reason given')

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
    for (const { outcome, name, error, reason } of tests) {
      if (outcome !== 'failed') continue
      console.log(`\nFAILED ${file}: ${name}`)
      console.log(indent(reason ?? textOf(error)))
    }
    if (output.trim() !== '') console.log(`\n  printed by ${file}:\n${indent(output.trimEnd())}`)
  }
  if (skips.length > 0) console.log('\nSkipped:')
  for (const { file, name, reason } of skips) console.log(`  ${file}: ${name}: ${reason}`)
}

/** The error as the test threw it: node:test wraps it into one of its own. */
function textOf(error) {
  const cause = error?.cause ?? error
  if (error?.signal) return `the process was ended by ${error.signal}`
  if (typeof error?.exitCode === 'number') return `the process ended with exit code ${error.exitCode}`
  if (cause?.stack === undefined) return String(cause?.message ?? cause)
  const shown = cause.stack.includes(cause.message) ? cause.stack : `${cause.message}\n${cause.stack}`
  // The frames of node:test itself say nothing about the test.
  const lines = shown.split('\n').filter((line) => !/^\s+at .*\(?node:(internal\/|async_hooks)/.test(line))
  return lines
    .map((line) => line.replaceAll(`file://${ROOT}`, relative(process.cwd(), ROOT) || ''))
    .join('\n')
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
