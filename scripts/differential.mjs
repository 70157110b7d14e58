#!/usr/bin/env node
/**
 * Random programs over elko/net and node:net side by side, until they disagree (test/net/differential.test.ts).
 *
 *   npm run differential                       2,000 programs of sockets and as many of http, of a new seed
 *   npm run differential -- --runs 20000       more of them
 *   npm run differential -- --layer http       of one layer: sockets or http
 *   npm run differential -- --seed 7           the same programs again
 *   npm run differential -- --layer http --seed 7 --path 12:0:1     one that was found
 *   --patience MS    how long node:net may take to say what Elko said (default 2000)
 *
 * Progress is one line on a terminal, and a line every ten seconds elsewhere. Of the first program on which they disagree the
 * smallest form is printed, with what both said. Exit 0: they agree; 1: they do not; 2: called wrongly. ELKO_DIST names a
 * folder of compiled files to use as they are.
 */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = process.env.ELKO_DIST ?? join(ROOT, 'dist')
const LAYERS = ['sockets', 'http']
const TERMINAL_EVERY_MS = 250
const LINE_EVERY_MS = 10_000
const USAGE = `npm run differential -- [--runs N] [--seed S] [--layer sockets|http] [--path PATH] [--patience MS]

Examples:
  npm run differential -- --runs 5000
  npm run differential -- --layer http --seed 7`

async function main() {
  const { layers, runs, seed, path, patienceMs } = readArguments()
  if (process.env.ELKO_DIST === undefined) build()
  const { search } = await import(pathToFileURL(join(DIST, 'test/net/differential-layers.js')).href)
  for (const layer of layers) {
    const progress = progressOf(layer, runs)
    const settings = { runs, seed, path, patienceMs, shrink: true, onProgram: progress.step }
    const found = await search(layer, settings)
    progress.end()
    if (found === null) {
      console.log(`${layer}: ${progress.count} programs of seed ${seed}, elko/net and node:net agree`)
      continue
    }
    console.log(`${found.report}\n`)
    console.log(`Again: npm run differential -- --layer ${layer} --seed ${seed} --path ${found.path}`)
    process.exit(1)
  }
}

function readArguments() {
  const options = {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    layer: { type: 'string' },
    path: { type: 'string' },
    patience: { type: 'string', default: '2000' },
    help: { type: 'boolean', short: 'h', default: false },
  }
  try {
    const { values } = parseArgs({ options })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    if (values.layer !== undefined && !LAYERS.includes(values.layer)) {
      throw new Error(`--layer ${values.layer}: it is one of ${LAYERS.join(', ')}`)
    }
    if (values.path !== undefined && values.layer === undefined) throw new Error('--path needs --layer')
    if (values.path !== undefined && !/^\d+(:\d+)*$/.test(values.path)) {
      throw new Error(`--path ${values.path}: it is numbers with colons between, as printed`)
    }
    return {
      layers: values.layer === undefined ? LAYERS : [values.layer],
      runs: count('runs', values.runs, 1),
      seed: count('seed', values.seed, 0),
      path: values.path,
      patienceMs: count('patience', values.patience, 1),
    }
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`)
    process.exit(2)
  }
}

function count(name, text, least) {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least || value > 0x7fffffff) {
    throw new Error(`--${name} ${text}: it is a whole number from ${least} on`)
  }
  return value
}

function build() {
  const { status } = spawnSync('npx', ['tsc', '-b'], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) process.exit(3)
}

function progressOf(layer, runs) {
  const isTerminal = process.stderr.isTTY === true
  const every = isTerminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS
  let shownAt = performance.now()
  const progress = {
    count: 0,
    step() {
      progress.count++
      if (performance.now() - shownAt < every) return
      shownAt = performance.now()
      const past = progress.count > runs ? ', making the program smaller' : ''
      const line = `${layer}: ${progress.count} of ${runs} programs${past}`
      process.stderr.write(isTerminal ? `\r${line}\u001b[K` : `${line}\n`)
    },
    end() {
      if (isTerminal) process.stderr.write('\r\u001b[K')
    },
  }
  return progress
}

await main()
process.exit(0)
