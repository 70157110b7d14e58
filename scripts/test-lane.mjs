/**
 * A process of scripts/run-tests.mjs: runs the test files that it is told of, so many at a time, each in a process of its
 * own, and tells what came of them. All of them, and so what they start, have the priority of this one.
 *
 * It hears {files, atOnce, limitMs, priority, name} and sends {running: {file, name}} and {result}; it ends behind the last.
 */

import { setPriority } from 'node:os'
import { basename, join, relative } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TESTS = join(ROOT, 'dist/test')
/** What a file printed is shown with its failures, the last so much of it. */
const OUTPUT_LIMIT = 20_000

process.once('message', runAll)
// Without the one that reports there is nothing to do.
process.once('disconnect', () => process.exit(1))

async function runAll({ files, atOnce, priority, ...options }) {
  setPriority(priority)
  const queue = [...files]
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      process.send({ result: await runFile(file, options) })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  process.removeAllListeners('disconnect')
  process.disconnect()
}

/** Runs one file in a process of its own. */
async function runFile(file, { name, limitMs }) {
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
    timeout: limitMs,
    ...(name === undefined ? {} : { testNamePatterns: [new RegExp(name)] }),
  })
  stream.on('test:start', (data) => process.send({ running: { file, name: data.name } }))
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
    return { outcome: 'failed', name: isFile ? '(the file)' : name, reason: textOf(error) }
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
