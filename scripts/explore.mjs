#!/usr/bin/env node
/**
 * Explores every schedule of small transfers on the shipped core (src/explore/; docs/decisions/0003-explore.md).
 *
 *   npm run explore                              all scenarios, to their ends: some ten minutes on one core
 *   npm run explore -- --list                    the scenarios and their bounds
 *   npm run explore -- --scenario both-ways,abort
 *   npm run explore -- --states 100000           no more than so many states of each scenario
 *   npm run explore -- --minutes 2               no longer than that in all
 *   npm run explore -- --seed-fault NAME         on a core that is broken on purpose (test/explore/faults.ts); 'list' lists
 *   npm run explore -- --json                    one JSON object, and no progress
 *
 * Progress is one line on a terminal, and a line every ten seconds elsewhere. A violation is written to out/explore/: as
 * a ladder, a pcapng and a packetdrill script for each side. Exit 0: no violation; 1: a violation; 2: called wrongly.
 * ELKO_DIST names a folder of compiled files to use as they are.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = process.env.ELKO_DIST ?? join(ROOT, 'dist')
const OUT = join(ROOT, 'out/explore')
/** Entries between two looks at the clock. */
const SLICE = 20_000
const TERMINAL_EVERY_MS = 250
const LINE_EVERY_MS = 10_000

const USAGE = `npm run explore -- [--scenario NAME,...] [--states N] [--minutes N] [--seed-fault NAME] [--json] [--list]

Examples:
  npm run explore
  npm run explore -- --scenario both-ways --states 1000000
  npm run explore -- --seed-fault loses-text-of-a-fin`

const load = (file, folder = DIST) => import(pathToFileURL(join(folder, file)).href)

async function main() {
  const options = readArguments()
  if (process.env.ELKO_DIST === undefined) build(options['seed-fault'] === undefined ? '' : 'test')
  const { SCENARIOS } = await load('src/explore/index.js')
  const chosen = choose(options.scenario, SCENARIOS, 'scenario')
  if (options.list) return list(chosen)
  const folder = await coreFolder(options['seed-fault'])
  try {
    await explore(options, chosen, folder)
  } finally {
    if (folder !== DIST) rmSync(folder, { recursive: true })
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        scenario: { type: 'string' },
        states: { type: 'string' },
        minutes: { type: 'string' },
        'seed-fault': { type: 'string' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const number = (name) => {
      if (values[name] === undefined) return Infinity
      const value = Number(values[name])
      if (values[name] !== '' && value > 0 && value <= 1e9) return value
      throw new Error(`--${name} takes a number above 0 and up to 1e9, not '${values[name]}'`)
    }
    return { ...values, states: number('states'), minutes: number('minutes') }
  } catch (error) {
    return refuse(error.message)
  }
}

function refuse(message) {
  console.error(`${message}\n\n${USAGE}`)
  return process.exit(2)
}

function choose(names, all, what) {
  if (names === undefined) return all
  return names.split(',').map((name) => {
    const found = all.find((one) => one.name === name)
    return found ?? refuse(`no ${what} '${name}'; there are ${all.map((one) => one.name).join(', ')}`)
  })
}

function list(scenarios) {
  for (const { name, about, bounds } of scenarios) {
    const limits = Object.entries(bounds).map(
      ([bound, value]) => `${bound} ${value === Infinity ? 'any' : value}`,
    )
    console.log(`${name.padEnd(18)} ${about}\n${' '.repeat(18)} ${limits.join(', ')}`)
  }
}

/** @param more folders to compile besides those that every exploration needs. */
function build(more) {
  const steps = `. scripts/setup.sh && install_npm_packages && build src/explore src/diagram ${more}`
  const { status } = spawnSync('bash', ['-c', steps], { cwd: ROOT, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(2)
}

/** The folder with the core to explore: the compiled one, or a copy of it with a fault. */
async function coreFolder(name) {
  if (name === undefined) return DIST
  const { FAULTS, seedFault } = await load('test/explore/faults.js')
  if (name === 'list') {
    for (const fault of FAULTS) console.log(`${fault.name.padEnd(32)} ${fault.about}`)
    process.exit(0)
  }
  const [fault] = choose(name, FAULTS, 'fault')
  const folder = mkdtempSync(join(tmpdir(), 'elko-fault-'))
  seedFault(fault, DIST, folder)
  return folder
}

// ---- exploring

async function explore(options, scenarios, folder) {
  const core = await load('src/explore/index.js', folder)
  const { TRANSITIONS } = await load('src/tcp/state.js', folder)
  const started = Date.now()
  const untilMs = started + options.minutes * 60_000
  const taken = new Map()
  const rows = []
  const files = []
  if (!options.json) console.log(HEADER)
  for (const scenario of scenarios) {
    const exploration = new core.Exploration(scenario)
    const row = run(exploration, options, untilMs)
    for (const [name, count] of exploration.worlds.transitions)
      taken.set(name, (taken.get(name) ?? 0) + count)
    rows.push(row)
    if (!options.json) console.log(rowText(row))
    if (exploration.violation !== null) files.push(...(await tell(exploration, core, options)))
    if (Date.now() >= untilMs) break
  }
  const missing = TRANSITIONS.filter((t) => !taken.has(`${t.from} ${t.to} ${t.cause}`))
  report({ rows, missing, all: TRANSITIONS.length, seconds: (Date.now() - started) / 1000, files }, options)
  if (rows.some((row) => row.violation !== null)) process.exitCode = 1
}

function run(exploration, options, untilMs) {
  const started = Date.now()
  const cpuBefore = process.cpuUsage()
  const progress = startProgress(exploration, options)
  while (!exploration.run(SLICE, options.states)) {
    progress.look()
    if (exploration.states >= options.states || Date.now() >= untilMs) break
  }
  progress.end()
  const { user, system } = process.cpuUsage(cpuBefore)
  const { worlds, violation } = exploration
  return {
    scenario: exploration.scenario.name,
    states: exploration.states,
    steps: exploration.steps,
    depth: exploration.depth,
    complete: exploration.isOver && violation === null,
    cut: exploration.cut,
    hostStates: worlds.sides.map((side) => side.size),
    hostSteps: worlds.sides.map((side) => side.played),
    seconds: (Date.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    violation: violation?.problem ?? null,
  }
}

function startProgress(exploration, { json }) {
  const isTerminal = process.stdout.isTTY === true
  const started = Date.now()
  let shownAt = started
  const look = () => {
    const now = Date.now()
    if (json || now - shownAt < (isTerminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS)) return
    shownAt = now
    const { states, depth, waiting, scenario } = exploration
    const rate = Math.round(states / ((now - started) / 1000))
    const line = `${scenario.name}: ${count(states)} states (${count(rate)}/s), depth ${depth}, ${count(waiting)} waiting`
    if (isTerminal) process.stdout.write(`\r\x1b[K${line}`)
    else console.log(line)
  }
  return {
    look,
    end() {
      if (isTerminal && !json) process.stdout.write('\r\x1b[K')
    },
  }
}

// ---- telling

const HEADER = `${'scenario'.padEnd(18)}${'states'.padStart(11)} ${'steps'.padStart(12)} ${'depth'.padStart(6)} ${'CPU'.padStart(7)}`

const count = (number) => number.toLocaleString('en-US')

function rowText({ scenario, states, steps, depth, complete, cut, cpuSeconds, violation }) {
  const end = violation !== null ? `VIOLATION: ${violation}` : complete ? 'all seen' : 'stopped early'
  const numbers = [count(states).padStart(11), count(steps).padStart(12), String(depth).padStart(6)]
  return `${scenario.padEnd(18)}${numbers.join(' ')} ${cpuSeconds.toFixed(1).padStart(7)} s  ${end}${cut > 0 ? ` (${count(cut)} steps cut)` : ''}`
}

function report({ rows, missing, all, seconds, files }, { json }) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0)
  const violations = rows.filter((row) => row.violation !== null).length
  const untaken = missing.map(({ from, to, cause }) => ({ from, to, cause }))
  if (json) {
    const totals = {
      states: sum('states'),
      steps: sum('steps'),
      cpuSeconds: sum('cpuSeconds'),
      seconds,
      violations,
    }
    console.log(JSON.stringify({ totals, scenarios: rows, transitions: { all, untaken }, files }, null, 1))
    return
  }
  const total = { scenario: 'all', states: sum('states'), steps: sum('steps'), cpuSeconds: sum('cpuSeconds') }
  const deepest = Math.max(0, ...rows.map((row) => row.depth))
  console.log(
    `${total.scenario.padEnd(18)}${count(total.states).padStart(11)} ${count(total.steps).padStart(12)} ${String(deepest).padStart(6)} ${total.cpuSeconds.toFixed(1).padStart(7)} s  ${violations} violations`,
  )
  console.log(
    `\n${all - missing.length} of ${all} transitions taken; not: ${untaken.map((t) => `${t.from} ${t.to} (${t.cause})`).join(', ') || 'none'}`,
  )
  for (const file of files) console.log(`written: ${relative(ROOT, file)}`)
}

/** Plays a violation once more, with everything written down. Returns the files. */
async function tell(exploration, core, { json }) {
  const { scenario, violation, worlds } = exploration
  const replay = new core.Replay(scenario, worlds.packets)
  for (const action of [...violation.path, ...violation.fair]) {
    replay.perform(action)
    if (replay.problem !== null) break
  }
  const { ladder } = await load('src/diagram/index.js')
  const picture = ladder(replay.events, { width: 140, numbers: 'relative', timers: 'all' })
  mkdirSync(OUT, { recursive: true })
  const path = join(OUT, scenario.name)
  const files = [`${path}.ladder.txt`, `${path}.pcapng`, `${path}.a.pkt`, `${path}.b.pkt`]
  const heading = `${violation.problem}\nafter ${violation.path.length} steps, and ${violation.fair.length} of a network that does what it can\n`
  writeFileSync(files[0], `${heading}\n${picture}`)
  writeFileSync(files[1], await capture(replay.sent))
  writeFileSync(files[2], core.drillScript(scenario, replay, 0, violation.problem))
  writeFileSync(files[3], core.drillScript(scenario, replay, 1, violation.problem))
  if (!json) console.log(`\n${heading}\n${picture}`)
  return files
}

async function capture(sent) {
  const { pcapngHeader, pcapngPacket } = await load('src/capture/index.js')
  const blocks = [pcapngHeader([{ name: 'a' }, { name: 'b' }])]
  for (const { at, from, octets, reason } of sent) {
    blocks.push(pcapngPacket(from, at, octets, 0, octets.length, { comment: reason, direction: 'outbound' }))
  }
  return Buffer.concat(blocks)
}

await main()
