#!/usr/bin/env node
/**
 * Random runs without end: two whole stacks over hostile simulated networks (src/sim/random-run.ts), each from one seed.
 *
 *   npm run soak -- --minutes 10              ten minutes of seeds that nobody has tried yet
 *   npm run soak -- --runs 50000 --from 1     the seeds 1 to 50000
 *   npm run soak -- --seed 4711               one seed again: replays it, and where it fails writes
 *                                             out/failures/seed-4711.pcapng, .ladder.txt and .smaller.plan.json: a plan
 *                                             with less in it that fails in the same way
 *   npm run soak -- --plan FILE               such a plan
 *   --workers N                               threads, 1 to 64; default 2
 *
 * Progress is one line on a terminal, and a line every ten seconds elsewhere. Exit 0: nothing failed; 1: a run failed;
 * 2: it was called wrongly. ELKO_DIST names a folder of compiled files to use as they are.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = process.env.ELKO_DIST ?? join(ROOT, 'dist')
const OUT = join(ROOT, 'out/failures')
const REPORT_MS = 250
const LINE_EVERY_MS = 10_000
/** How a plan in a file spells Infinity. */
const NEVER = 'never'
/** So many failures are told in full; more of them say nothing new. */
const MOST_FAILURES = 20

const load = (file) => import(pathToFileURL(join(DIST, 'src', file)).href)

async function main() {
  const options = readArguments()
  if (process.env.ELKO_DIST === undefined) build()
  if (options.plan !== undefined) process.exitCode = (await replayFile(options.plan)) ? 0 : 1
  else if (options.seed !== undefined) process.exitCode = (await replaySeed(options.seed)) ? 0 : 1
  else await soak(options)
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string' },
        runs: { type: 'string' },
        seed: { type: 'string' },
        plan: { type: 'string' },
        from: { type: 'string' },
        workers: { type: 'string', default: '2' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const number = (name, low, high) => {
      if (values[name] === undefined) return undefined
      const value = Number(values[name])
      if (values[name] !== '' && value >= low && value <= high) return value
      throw new Error(`--${name} takes a number from ${low} to ${high}, not '${values[name]}'`)
    }
    if (values.plan !== undefined && !existsSync(values.plan)) throw new Error(`no file '${values.plan}'`)
    return {
      plan: values.plan === undefined ? undefined : resolve(values.plan),
      minutes: number('minutes', 0, 1e6),
      runs: number('runs', 1, 1e12),
      seed: number('seed', 0, Number.MAX_SAFE_INTEGER),
      from: number('from', 0, Number.MAX_SAFE_INTEGER),
      workers: Math.floor(number('workers', 1, 64)),
    }
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`)
    return process.exit(2)
  }
}

const USAGE = `npm run soak -- [--minutes N] [--runs N] [--from SEED] [--workers N]
npm run soak -- --seed SEED
npm run soak -- --plan FILE

Examples:
  npm run soak -- --minutes 10
  npm run soak -- --runs 50000 --from 1 --workers 2
  npm run soak -- --seed 4711`

function build() {
  const steps = '. scripts/setup.sh && install_npm_packages && build src/sim src/diagram'
  const { status } = spawnSync('bash', ['-c', steps], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) process.exit(2)
}

// ---- many seeds

async function soak({ minutes, runs, from, workers }) {
  // Seeds of an own range for each call, so that two evenings don't try the same ones.
  const first = from ?? Math.floor(Date.now() / 1000) * 1000
  const limit = {
    untilMs: minutes === undefined ? Infinity : Date.now() + minutes * 60_000,
    runs: runs ?? Infinity,
  }
  const total = { runs: 0, octets: 0, packets: 0, virtualUs: 0, connections: 0 }
  const failures = []
  const progress = startProgress(total, failures)
  console.log(
    `seeds from ${first}, ${workers} workers${minutes === undefined ? '' : `, ${minutes} minutes`}; ^C ends it`,
  )
  const threads = Array.from({ length: workers }, (_, index) => {
    const share = Math.ceil((limit.runs - index) / workers)
    return new Worker(fileURLToPath(import.meta.url), {
      workerData: { first: first + index, step: workers, untilMs: limit.untilMs, runs: share },
    })
  })
  process.once('SIGINT', () => {
    for (const thread of threads) thread.postMessage('stop')
  })
  await Promise.all(
    threads.map((thread) => {
      thread.on('message', (message) => {
        for (const name of Object.keys(total)) total[name] += message.counts[name]
        failures.push(...message.failures)
        if (failures.length >= MOST_FAILURES) for (const one of threads) one.postMessage('stop')
      })
      return new Promise((resolve, reject) => {
        thread.once('error', reject)
        thread.once('exit', resolve)
      })
    }),
  )
  progress.end()
  failures.sort((a, b) => a.packets - b.packets)
  for (const { seed } of failures.slice(0, MOST_FAILURES)) await replaySeed(seed)
  console.log(`${total.runs} runs, ${total.connections} connections, ${failures.length} failures`)
  if (failures.length > 0) process.exitCode = 1
}

/** A worker's share: it tells its counts a few times a second, and every failure. */
async function work({ first, step, untilMs, runs }) {
  const { randomRun } = await load('sim/random-run.js')
  let stopped = false
  parentPort.on('message', () => {
    stopped = true
  })
  const fresh = () => ({
    counts: { runs: 0, octets: 0, packets: 0, virtualUs: 0, connections: 0 },
    failures: [],
  })
  let news = fresh()
  let toldAt = Date.now()
  for (let done = 0, seed = first; done < runs && !stopped; done++, seed += step) {
    const result = randomRun(seed)
    news.counts.runs++
    for (const name of ['octets', 'packets', 'virtualUs', 'connections']) news.counts[name] += result[name]
    if (result.failure !== null) news.failures.push({ seed, packets: result.packets })
    const now = Date.now()
    if (now - toldAt < REPORT_MS) continue
    parentPort.postMessage(news)
    news = fresh()
    toldAt = now
    if (now >= untilMs) break
    // Lets the message that says stop arrive.
    await new Promise((resolve) => setImmediate(resolve))
  }
  parentPort.postMessage(news)
  parentPort.close()
}

function startProgress(total, failures) {
  const started = Date.now()
  const isTerminal = process.stdout.isTTY === true
  const line = () => {
    const seconds = Math.max(0.001, (Date.now() - started) / 1000)
    const rate = Math.round(total.runs / seconds)
    const hours = (total.virtualUs / 3.6e9).toFixed(0)
    const megabytes = (total.octets / 1e6).toFixed(0)
    return `${seconds.toFixed(0)} s: ${total.runs} runs (${rate}/s), ${total.packets} packets, ${megabytes} MB, ${hours} virtual hours, ${failures.length} failures`
  }
  const show = () => (isTerminal ? process.stdout.write(`\r\x1b[K${line()}`) : console.log(line()))
  const timer = setInterval(show, isTerminal ? REPORT_MS : LINE_EVERY_MS)
  return {
    end() {
      clearInterval(timer)
      show()
      if (isTerminal) process.stdout.write('\n')
    },
  }
}

// ---- one run

async function replaySeed(seed) {
  const { planRun } = await load('sim/random-run-plan.js')
  return replay(planRun(seed), `seed-${seed}`, `--seed ${seed}`)
}

async function replayFile(file) {
  const plan = JSON.parse(readFileSync(file, 'utf8'), (_, value) => (value === NEVER ? Infinity : value))
  return replay(plan, basename(file).replace(/\.plan\.json$|\.json$/, ''), `--plan ${file}`)
}

/** Runs a plan with everything written down. Returns whether it held. */
async function replay(plan, name, again) {
  const { runPlan } = await load('sim/random-run.js')
  const { Recorder } = await load('trace/recorder.js')
  const trace = new Recorder()
  const blocks = []
  const result = runPlan(plan, { trace, capture: (octets) => blocks.push(octets) })
  if (result.failure === null) {
    console.log(`${name} holds: ${result.packets} packets, ${result.octets} octets, digest ${result.digest}`)
    return true
  }
  mkdirSync(OUT, { recursive: true })
  const path = join(OUT, name)
  writeFileSync(`${path}.pcapng`, Buffer.concat(blocks))
  writeFileSync(`${path}.ladder.txt`, await ladders(trace.events, result.failure))
  console.log(`\nFAILED ${name}\n  ${result.failure.replaceAll('\n', '\n  ')}`)
  console.log(`  replay:  npm run soak -- ${again}`)
  console.log(`  written: ${relative(ROOT, path)}.pcapng, ${relative(ROOT, path)}.ladder.txt`)
  await showSmaller(plan, path)
  return false
}

async function ladders(events, failure) {
  const { ladder } = await load('diagram/ladder.js')
  const { connectionsIn } = await load('trace/connections.js')
  const drawn = connectionsIn(events).map(({ left }) => {
    const connection = { host: left.host, connection: left.connection }
    return ladder(events, { width: 160, numbers: 'relative', timers: 'all', connection })
  })
  return `${failure}\n\n${drawn.join('\n')}`
}

/** A plan with less in it that fails in the same way. */
async function showSmaller(plan, path) {
  const { shrinkRun } = await load('sim/random-run-shrink.js')
  const shrunk = shrinkRun(plan)
  if (shrunk === null) return
  const text = JSON.stringify(shrunk.plan, (_, value) => (value === Infinity ? NEVER : value), 1)
  const file = `${path}.smaller.plan.json`
  writeFileSync(file, `${text}\n`)
  console.log(`  smaller: npm run soak -- --plan ${relative(ROOT, file)} (${shrunk.tries} tries)`)
  console.log(`  ${text.replaceAll(/\n\s*/g, ' ')}`)
}

if (isMainThread) await main()
else await work(workerData)
