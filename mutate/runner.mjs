/**
 * A test runner for Stryker: runs the tests of node:test, as noted by node-test.mjs, again and again in one process, one
 * mutant switched on at a time.
 *
 * An endless loop is stopped by V8 itself (`timeout` of vm.Script), without a new process. A test that failed is run once
 * more without the mutant: where it fails again, an earlier mutant left something behind, the process is given up and the
 * mutant is tried in a fresh one.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'
import {
  DryRunStatus,
  determineHitLimitReached,
  MutantRunStatus,
  TestStatus,
} from '@stryker-mutator/api/test-runner'
import fc from 'fast-check'
import { CONTEXT, register } from './node-test.mjs'

/** A test may take so much longer with a mutant before it counts as endless; the machine may be busy. */
const ENDLESS_FACTOR = 10
const ENDLESS_MS = 1000
const WAITING_FACTOR = 4
/** Where the first process leaves the milliseconds of each test for the others, in the sandbox. */
const TIMES_FILE = 'mutate-times.json'
/** Instead of its milliseconds: this test can run only once in a process, or is too slow for this run, and is left out. */
const NEVER_AGAIN = -1
const IN_THE_PROCESS = Symbol.for('elko.mutate.call')
const call = new Script("globalThis[Symbol.for('elko.mutate.call')]()")

/** Random tests are the same for each mutant, and need not look for the smallest counterexample. */
fc.configureGlobal({ seed: 9293, endOnFailure: true })

class NodeTestRunner {
  static inject = tokens(commonTokens.options)
  #options
  #tests = null
  #times = {}
  #mutantsTried = 0
  #spoiled = false

  constructor(options) {
    this.#options = options.nodeTest
  }

  capabilities() {
    return { reloadEnvironment: false }
  }

  async dryRun() {
    const stryker = space()
    stryker.counting = true
    const coverage = { static: {}, perTest: {} }
    stryker.mutantCoverage = coverage
    const tests = await this.#load()
    const results = []
    for (const test of tests) {
      stryker.currentTestId = test.id
      stryker.counting = true
      const error = await attempt(test, 0)
      stryker.counting = false
      const started = cpuMs()
      const runsOnce = error === null && (await attempt(test, 0)) !== null
      const ms = Math.ceil(cpuMs() - started)
      this.#times[test.id] = runsOnce || ms > this.#options.mostMs ? NEVER_AGAIN : ms
      results.push(resultOf(test, error, this.#times[test.id]))
    }
    stryker.currentTestId = undefined
    results.sort((a, b) => a.timeSpentMs - b.timeSpentMs)
    const repeatable = results.filter(({ status }) => status !== TestStatus.Skipped)
    const perTest = Object.fromEntries(repeatable.map(({ id }) => [id, coverage.perTest[id] ?? {}]))
    writeFileSync(TIMES_FILE, JSON.stringify(this.#times))
    return {
      status: DryRunStatus.Complete,
      tests: results,
      mutantCoverage: { static: coverage.static, perTest },
    }
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }) {
    if (this.#spoiled) throw new Error('a mutant left something behind: a new process, please')
    const stryker = space()
    const isFresh = this.#mutantsTried++ === 0
    stryker.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined
    let tests
    try {
      tests = this.#chosen(await this.#load(), testFilter)
    } catch (error) {
      return killed('(loading the tests)', error, 0)
    }
    stryker.hitCount = hitLimit === undefined ? undefined : 0
    stryker.hitLimit = hitLimit
    let count = 0
    for (const test of tests) {
      count++
      stryker.activeMutant = activeMutant.id
      const error = await attempt(test, ENDLESS_MS + ENDLESS_FACTOR * (this.#times[test.id] ?? 0))
      stryker.activeMutant = undefined
      if (error === null) continue
      const endless = isEndless(error)
        ? { status: DryRunStatus.Timeout }
        : determineHitLimitReached(stryker.hitCount, hitLimit)
      stryker.hitCount = undefined
      if (mutantActivation !== 'static' && (await attempt(test, 0)) !== null) {
        this.#spoiled = true
        if (!isFresh) throw new Error('an earlier mutant left something behind: a new process, please')
      }
      return endless === undefined
        ? killed(test.id, error, count)
        : { ...endless, status: MutantRunStatus.Timeout }
    }
    return { status: MutantRunStatus.Survived, nrOfTests: count }
  }

  async #load() {
    if (this.#tests !== null) return this.#tests
    const noted = register()
    for (const file of testFiles(this.#options)) {
      noted.file = file
      await import(pathToFileURL(resolve('dist', file.replace(/\.ts$/, '.js'))).href)
    }
    if (existsSync(TIMES_FILE)) this.#times = JSON.parse(readFileSync(TIMES_FILE, 'utf8'))
    this.#tests = noted.tests.filter(({ id }) => !this.#options.slow.some((name) => id.startsWith(name)))
    return this.#tests
  }

  /** In the order of Stryker's list, the cheapest first. */
  #chosen(tests, ids) {
    if (ids === undefined) {
      const cost = (test) => this.#times[test.id] ?? 0
      return tests.filter((test) => cost(test) !== NEVER_AGAIN).sort((a, b) => cost(a) - cost(b))
    }
    const byId = new Map(tests.map((test) => [test.id, test]))
    return ids.map((id) => byId.get(id)).filter((test) => test !== undefined)
  }
}

function space() {
  globalThis.__stryker__ ??= {}
  return globalThis.__stryker__
}

function testFiles({ folders, slow }) {
  return folders
    .filter((folder) => existsSync(join('test', folder)))
    .flatMap((folder) => readdirSync(join('test', folder)).map((name) => `test/${folder}/${name}`))
    .filter((file) => file.endsWith('.test.ts') && !slow.includes(file))
    .sort()
}

/** @returns what the test threw, or null; limitMs 0: no limit. */
async function attempt(test, limitMs) {
  const started = cpuMs()
  try {
    await (limitMs === 0 ? test.run(CONTEXT) : within(limitMs, () => test.run(CONTEXT)))
    return null
  } catch (error) {
    // V8 measures by the wall; on a busy machine little of that may have been ours.
    if (isEndless(error) && cpuMs() - started < limitMs / 2) return attempt(test, WAITING_FACTOR * limitMs)
    return error ?? new Error('nothing was thrown')
  }
}

/** Milliseconds of processor time that this process has had. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function within(limitMs, run) {
  globalThis[IN_THE_PROCESS] = run
  return call.runInThisContext({ timeout: limitMs })
}

const isEndless = (error) => error?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

function resultOf(test, error, ms) {
  const base = { id: test.id, name: test.id, fileName: resolve(test.file), timeSpentMs: ms }
  if (ms === NEVER_AGAIN) return { ...base, timeSpentMs: 0, status: TestStatus.Skipped }
  if (error === null) return { ...base, status: TestStatus.Success }
  return { ...base, status: TestStatus.Failed, failureMessage: String(error.stack ?? error) }
}

function killed(by, error, count) {
  return {
    status: MutantRunStatus.Killed,
    killedBy: [by],
    failureMessage: String(error?.message ?? error),
    nrOfTests: count,
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'node-test', NodeTestRunner)]
export const strykerValidationSchema = {
  properties: {
    nodeTest: {
      type: 'object',
      properties: { folders: { type: 'array' }, slow: { type: 'array' }, mostMs: { type: 'number' } },
    },
  },
}
