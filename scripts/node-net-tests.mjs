#!/usr/bin/env node
/**
 * Runs Node's own tests of net (test-net-*), each in a process of its own: with the real net, and with net redirected to
 * Elko (`--import elko/register`). Prints a table: file, class, verdict of both.
 *
 *   node scripts/node-net-tests.mjs [WORD ...] [options]     files whose name holds one of the words; default: all
 *
 *   --dir DIR      Node's tests: a tree with DIR/test/parallel or DIR/parallel, or a git repository that holds the commit
 *                  below (default: $ELKO_NODE_TESTS, or the mirror of denoland/node_test)
 *   --only WHICH   `node` or `elko`: one of both instead of both
 *   --jobs N       files at a time (default 2)
 *   --timeout S    seconds for one file (default 120)
 *   --verbose      with what the failing files printed
 *   --json         one object with all of it instead of the table
 *
 * None of those tests is part of this repository. Which of them do not apply to Elko, and why, stands in
 * node-net-tests.json; they run all the same, and their verdict is shown and does not count.
 *
 * Exit 0: all that apply pass; 1: one that applies fails with Elko and not with the real net; 2: usage; 3: no tests here.
 */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'

const COMMIT = 'd12a68fc4930062c0bed26447a6b5245697e77c1'
const MIRROR = '/work/.mirror/denoland+node_test/repo'
const FOLDERS = ['parallel', 'sequential', 'pummel', 'internet', 'async-hooks']
/** What the tests load besides their own files. */
const ARCHIVED = [...FOLDERS, 'common', 'fixtures/keys'].map((folder) => `test/${folder}`)
/** These share one port, or measure time: alone. */
const TOGETHER = new Set(['parallel', 'async-hooks'])
const REGISTER = new URL('../dist/src/net/register.js', import.meta.url)
const KNOWN = JSON.parse(readFileSync(new URL('node-net-tests.json', import.meta.url), 'utf8'))
const OUTPUT_LIMIT = 4000

/** What is wrong with the command line (exit code 2), or what this machine lacks (3). */
class Refusal extends Error {
  constructor(message, code) {
    super(message)
    this.code = code
  }
}

function refuse(message, code) {
  throw new Refusal(message, code)
}

function readOptions() {
  const options = {
    dir: { type: 'string', default: process.env.ELKO_NODE_TESTS || MIRROR },
    only: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '120' },
    verbose: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  }
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options })
    for (const name of ['jobs', 'timeout']) {
      if (!/^[1-9]\d{0,4}$/.test(values[name])) throw new Error(`--${name} is a whole number above 0`)
    }
    if (![undefined, 'node', 'elko'].includes(values.only)) throw new Error('--only is `node` or `elko`')
    return { ...values, words: positionals }
  } catch (error) {
    return refuse(error.message, 2)
  }
}

/** The folder that holds parallel/, sequential/ ...: the user's own, or one taken out of a git repository. */
function findTests(dir, temporary) {
  for (const folder of [join(dir, 'test'), dir]) if (existsSync(join(folder, 'parallel'))) return folder
  if (!existsSync(dir)) refuse(`no tests of Node here: ${dir} does not exist (--dir, ELKO_NODE_TESTS)`, 3)
  try {
    const quiet = { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 }
    const tar = execFileSync(
      'git',
      ['-c', 'safe.directory=*', '-C', dir, 'archive', COMMIT, ...ARCHIVED],
      quiet,
    )
    execFileSync('tar', ['-x', '-C', temporary], { input: tar })
  } catch (error) {
    const [reason] = error.message.split('\n')
    refuse(`no tests of Node here: ${dir} has no commit ${COMMIT.slice(0, 8)} (${reason})`, 3)
  }
  return join(temporary, 'test')
}

function listFiles(tests, words) {
  const files = FOLDERS.filter((folder) => existsSync(join(tests, folder))).flatMap((folder) =>
    readdirSync(join(tests, folder))
      .filter((file) => /^test-net-.*\.m?js$/.test(file))
      .sort()
      .map((file) => `${folder}/${file}`),
  )
  return files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
}

/** The options of Node that a test asks for in a comment, as Node's own runner reads them. */
function flagsOf(file) {
  const line = /^\/\/ Flags:\s+(--.*)$/m.exec(readFileSync(file, 'utf8').slice(0, 1500))
  return line === null ? [] : line[1].trim().split(/\s+/)
}

/** Runs one file. Resolves with its verdict and what it printed; `slot` keeps temporary folders apart. */
function runFile(tests, file, under, { timeoutMs, slot, temporary }) {
  const path = join(tests, file)
  const redirect = under === 'elko' ? ['--import', REGISTER.href] : []
  const env = { ...process.env, TEST_SERIAL_ID: `${slot}`, NODE_TEST_DIR: temporary, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [...flagsOf(path), ...redirect, path], {
    cwd: tests,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that its children end with it
  })
  let output = ''
  const hear = (chunk) => {
    output = (output + chunk).slice(-OUTPUT_LIMIT)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const start = process.hrtime.bigint()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    endGroup(child.pid)
  }, timeoutMs)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (!isLate) endGroup(child.pid)
      const skipped = /^1\.\.0 # Skipped: (.*)$/m.exec(output)
      const ms = Number((process.hrtime.bigint() - start) / 1_000_000n)
      if (isLate) return resolve({ verdict: 'timeout', ms, output })
      if (code !== 0) return resolve({ verdict: 'fails', ms, output: output || `ended by ${signal ?? code}` })
      resolve(skipped === null ? { verdict: 'passes', ms } : { verdict: 'skipped', ms, reason: skipped[1] })
    })
  })
}

/** Ends what a test left behind: the processes that it started and did not end. */
function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

async function runAll(tests, files, options, temporary) {
  const whom = options.only === undefined ? ['node', 'elko'] : [options.only]
  const timeoutMs = 1000 * Number(options.timeout)
  const rows = files.map((file) => {
    const known = KNOWN.doesNotApply[file] ?? KNOWN.doesNotApply[basename(file)]
    return { file, class: known?.class ?? 'applies', ...(known && { reason: known.reason }) }
  })
  const work = async (queue, slot) => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
      for (const under of whom)
        row[under] = await runFile(tests, row.file, under, { timeoutMs, slot, temporary })
      if (!options.json) printRow(row, options)
    }
  }
  const isTogether = ({ file }) => TOGETHER.has(file.split('/')[0])
  const together = rows.filter(isTogether)
  await Promise.all(Array.from({ length: Number(options.jobs) }, (_, slot) => work(together, slot)))
  await work(
    rows.filter((row) => !isTogether(row)),
    0,
  )
  return rows
}

function printRow(row, { verbose }) {
  const verdicts = ['node', 'elko'].map((under) => (row[under]?.verdict ?? '-').padEnd(8)).join('')
  console.log(`${row.file.padEnd(80)} ${row.class.padEnd(16)} ${verdicts}`.trimEnd())
  if (!verbose) return
  for (const under of ['node', 'elko']) {
    const { output } = row[under] ?? {}
    if (output !== undefined) console.log(output.replace(/^/gm, `    ${under} | `))
  }
}

const isBad = (run) => run !== undefined && (run.verdict === 'fails' || run.verdict === 'timeout')
/** What counts against Elko: it applies, and the real net does not fail here either. */
const isFinding = (row) => row.class === 'applies' && isBad(row.elko) && !isBad(row.node)

/** How many of each class, and of these how many pass, by whom. */
function sums(rows) {
  const classes = {}
  for (const row of rows) {
    const sum = (classes[row.class] ??= { files: 0, node: {}, elko: {} })
    sum.files++
    for (const under of ['node', 'elko']) {
      const verdict = row[under]?.verdict
      if (verdict !== undefined) sum[under][verdict] = (sum[under][verdict] ?? 0) + 1
    }
  }
  return classes
}

function printSums(classes) {
  const words = (counts) =>
    Object.entries(counts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')
  console.log('')
  for (const [name, { files, node, elko }] of Object.entries(classes)) {
    console.log(`${name}: ${files} files; node: ${words(node) || '-'}; elko: ${words(elko) || '-'}`)
  }
}

async function main() {
  const options = readOptions()
  if (options.only !== 'node' && !existsSync(REGISTER)) refuse('dist/ has no elko/register: npx tsc -b', 3)
  const temporary = mkdtempSync(join(tmpdir(), 'elko-node-tests-'))
  mkdirSync(join(temporary, 'tmp'))
  // Node's tests are scripts, whatever a package.json says in a folder above.
  writeFileSync(join(temporary, 'package.json'), '{ "type": "commonjs" }')
  try {
    const tests = findTests(options.dir, temporary)
    const files = listFiles(tests, options.words)
    if (files.length === 0) refuse(`no test-net-* file in ${tests} fits`, 3)
    const rows = await runAll(tests, files, options, join(temporary, 'tmp'))
    const findings = rows.filter(isFinding).map(({ file }) => file)
    const classes = sums(rows)
    if (options.json) {
      console.log(JSON.stringify({ node: process.versions.node, classes, findings, rows }, null, 1))
    } else {
      printSums(classes)
      for (const file of findings) console.log(`FAILED ${file}`)
    }
    process.exitCode = findings.length > 0 ? 1 : 0
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(`node-net-tests: ${error.message}`)
  process.exitCode = error.code
}
