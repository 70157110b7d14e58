/**
 * `npm run fuzz`: coverage-guided fuzzing of what reads foreign octets, and of what must hold whatever happens.
 *
 * Each target runs in a process of its own (session.ts). Crashes are made smaller and written to out/fuzz/crashes/.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { load } from './build.ts'
import { readInput, type TargetModule } from './corpus.ts'
import { failureOf } from './loop.ts'
import type { SessionOptions, SessionReport } from './session.ts'
import { entryOf, isTargetName, TARGET_NAMES, type TargetName } from './targets/names.ts'

const USAGE = `npm run fuzz -- TARGET...|all [options]

  TARGET           ${TARGET_NAMES.join(', ')}
  --minutes N      how long each target runs; default 1
  --runs N         how many inputs each target tries instead
  --seed N         the same target, corpus and seed try the same inputs; default: one that nobody has tried
  --workers N      processes at a time, 1 to 64; default 2. With one target, each has a seed of its own
  --save           put the smallest inputs that take every branch in the place of fuzz/corpus/TARGET
  --replay FILE    run one input of TARGET and say what is wrong with it
  --list           name the targets
  --json           one line of JSON for each target, and nothing else on standard output

Exit 0: nothing was found; 1: something was; 2: it was called wrongly; 3: a file cannot be read.`

/** A session that tells nothing for so long is stuck where its own watchdog does not reach. */
const SILENCE_MS = 300_000
const LINE_EVERY_S = 20

interface Options {
  readonly targets: readonly TargetName[]
  readonly minutes: number
  readonly runs: number | null
  readonly seed: number
  readonly workers: number
  readonly save: boolean
  readonly json: boolean
}

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string' },
      runs: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
      save: { type: 'boolean', default: false },
      replay: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  if (values.list) return list()
  const targets = targetsOf(positionals)
  if (values.replay !== undefined) return replay(targets, values.replay)
  const options: Options = {
    targets,
    minutes: numberOf('minutes', values.minutes, 0, 1e6) ?? 1,
    runs: numberOf('runs', values.runs, 1, 1e12),
    seed: numberOf('seed', values.seed, 0, Number.MAX_SAFE_INTEGER) ?? Date.now(),
    workers: Math.floor(numberOf('workers', values.workers, 1, 64) ?? 2),
    save: values.save,
    json: values.json,
  }
  const reports = await fuzzAll(options)
  addToTotals(reports)
  return reports.every(({ crashes }) => crashes.length === 0) ? 0 : 1
}

function targetsOf(names: readonly string[]): TargetName[] {
  if (names.length === 0) throw new UsageError('no target is named')
  if (names.includes('all')) return [...TARGET_NAMES]
  return names.map((name) => {
    if (!isTargetName(name)) throw new UsageError(`no target '${name}'; there are ${TARGET_NAMES.join(', ')}`)
    return name
  })
}

function numberOf(name: string, text: string | undefined, low: number, high: number): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (text === '' || !(value >= low && value <= high)) {
    throw new UsageError(`--${name} takes a number from ${low} to ${high}, not '${text}'`)
  }
  return value
}

async function list(): Promise<number> {
  for (const name of TARGET_NAMES) {
    const { target } = (await import(`./targets/${name}.js`)) as TargetModule
    console.log(`${name.padEnd(12)}${target.about}`)
  }
  return 0
}

async function replay(targets: readonly TargetName[], path: string): Promise<number> {
  if (targets.length !== 1) throw new UsageError('--replay takes one target')
  const file = resolve(path)
  if (!existsSync(file)) {
    console.error(`no file '${path}'`)
    return 3
  }
  const { target } = (await load<TargetModule>(entryOf(targets[0]!))).module
  const failure = failureOf(target, readInput(target, file).input)
  console.log(failure === null ? `${path}: holds` : `${path}: ${failure}`)
  return failure === null ? 0 : 1
}

/** All sessions, `workers` at a time. One target alone takes all of them, each with its own seed. */
async function fuzzAll(options: Options): Promise<SessionReport[]> {
  const { targets, workers, seed, json } = options
  const copies = targets.length === 1 && !options.save ? workers : 1
  const queue = targets.flatMap((target) =>
    Array.from({ length: copies }, (_, i) => ({ target, seed: seed + i })),
  )
  if (!json) {
    const time = options.runs === null ? `${options.minutes} min` : `${options.runs} runs`
    console.log(`${targets.join(', ')}: ${time} each, seed ${seed}, ${workers} at a time`)
  }
  const reports: SessionReport[] = []
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const report = await runSession(next.target, next.seed, options)
      reports.push(report)
      show(report, json)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return reports
}

function runSession(target: TargetName, seed: number, options: Options): Promise<SessionReport> {
  const { runs, minutes, save } = options
  const untilMs = runs === null ? Date.now() + minutes * 60_000 : null
  const session: SessionOptions = { target, seed, untilMs, runs, save }
  const path = fileURLToPath(new URL('session.js', import.meta.url))
  const child = fork(path, [JSON.stringify(session)], { execArgv: ['--max-old-space-size=2048'] })
  return new Promise((done) => follow(child, session, options.json, done))
}

/** Listens to a session until its process ends, however it does. */
function follow(
  child: ChildProcess,
  session: SessionOptions,
  json: boolean,
  done: (report: SessionReport) => void,
): void {
  let last: SessionReport = unborn(session)
  let shownAt = 0
  const kill = () => child.kill('SIGKILL')
  let silence = setTimeout(kill, SILENCE_MS)
  child.on('message', (report: SessionReport) => {
    clearTimeout(silence)
    // At its end it makes crashes smaller, which may take long.
    silence = setTimeout(kill, SILENCE_MS)
    last = report
    if (json || report.done || report.seconds - shownAt < LINE_EVERY_S) return
    shownAt = report.seconds
    console.log(`     ${line(report)}`)
  })
  child.once('exit', (code, signal) => {
    clearTimeout(silence)
    if (last.done) return done(last)
    const message = `the process ended by ${signal ?? `exit code ${code}`}; --seed ${session.seed} does it again`
    done({ ...last, done: true, crashes: [{ message, file: '' }] })
  })
}

function unborn({ target, seed }: SessionOptions): SessionReport {
  const none = { runs: 0, seconds: 0, corpusBefore: 0, corpus: 0, features: 0, branches: 0, allBranches: 0 }
  return { target, seed, done: false, ...none, crashes: [], saved: null }
}

function show(report: SessionReport, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(report))
    return
  }
  const { target, crashes, saved } = report
  console.log(`${crashes.length === 0 ? 'ok  ' : 'FAIL'} ${line(report)}`)
  if (saved !== null) console.log(`     fuzz/corpus/${target} has ${saved} files now`)
  for (const { message, file } of crashes) {
    console.log(`\nFOUND by ${target}: ${message.replaceAll('\n', '\n  ')}`)
    if (file !== '') console.log(`  npm run fuzz -- ${target} --replay ${file}`)
  }
}

function line(report: SessionReport): string {
  const { target, runs, seconds, corpus, corpusBefore, features, branches, allBranches, crashes } = report
  const rate = Math.round(runs / Math.max(seconds, 0.001))
  return (
    `${target}: ${runs} runs (${rate}/s), ${branches} of ${allBranches} branches, ${features} features, ` +
    `corpus ${corpusBefore} -> ${corpus}, ${crashes.length} found (${seconds.toFixed(0)} s)`
  )
}

/** For .ci/run, which adds up what all of its steps tried. */
function addToTotals(reports: readonly SessionReport[]): void {
  const file = process.env.ELKO_TOTALS
  if (!file) return
  const failed = reports.filter(({ crashes }) => crashes.length > 0).length
  appendFileSync(file, `${JSON.stringify({ passed: reports.length - failed, failed, skipped: 0 })}\n`)
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
  console.error(isUsage ? `${(error as Error).message}\n\n${USAGE}` : (error as Error).message)
  process.exitCode = isUsage ? 2 : 3
}
