/**
 * `npm run bench`: throughput, latency, setups and memory beside `node:net` on the kernel's loopback, in one run.
 *
 * Every measurement has a process of its own; rounds are interleaved, so that a slow minute of the machine slows all of
 * them; the table has medians and the ratio of the medians.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchCaptures, HELP as CAPTURE_HELP } from './capture.ts'
import { type Figures, MEASUREMENTS } from './measure.ts'
import { benchPages } from './pages.ts'
import { benchPictures } from './pictures.ts'
import { ROWS, type Row } from './rows.ts'

const HELP = `npm run bench -- [WORD...] [--rounds N] [--json]

Without a word everything is measured; with some, what has one of them in its name: net (sockets: elko/net beside
node:net, elko/web between threads), bulk, trips, setups, memory, tun, crowd, http, threads, "net bulk".

--rounds N  interleaved rounds, of which the median counts (5)
--json      every round's figures

${CAPTURE_HELP}

npm run bench -- pictures [--rounds N]

The page of a captured connection of 100,000 packets: time and size.

npm run bench -- pages [--rounds N]

What the lab and the page of a connection cost a browser: Chromium, 10,000 segments in the lab, 2,000 and 100,000 in a page.`

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    slow: { type: 'string', default: '1' },
    file: { type: 'string' },
    part: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  console.log(HELP)
  process.exit()
}
const rounds = Number(flags.rounds)
if (!(rounds >= 1)) {
  console.error(`--rounds: expected a number from 1, got "${flags.rounds}"`)
  process.exit(2)
}
if (positionals[0] === 'capture') {
  const { file, json } = flags
  try {
    const [slow, part] = [Number(flags.slow), Number(flags.part)]
    benchCaptures({ words: positionals.slice(1), rounds, slow, file, part, json })
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
  process.exit()
}
if (positionals[0] === 'pictures') {
  benchPictures(rounds)
  process.exit()
}
if (positionals[0] === 'pages') {
  await benchPages(rounds)
  process.exit()
}
const canTun = process.getuid?.() === 0 && existsSync('/dev/net/tun')
const chosen = ROWS.filter(
  (row) =>
    (positionals.length === 0 || positionals.some((word) => row.elko.includes(word))) &&
    (canTun || !row.elko.startsWith('tun')),
)
const names = [...new Set(chosen.flatMap((row) => [row.elko, row.beside]))]
if (names.length === 0) {
  console.error(
    `no measurement has ${positionals.map((word) => `"${word}"`).join(' or ')} in its name\n\n${HELP}`,
  )
  process.exit(2)
}
const results = new Map<string, Figures[]>(names.map((name) => [name, []]))

for (let round = 1; round <= rounds; round++) {
  for (const name of names) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kround ${round} of ${rounds}: ${name}`)
    results.get(name)!.push(measure(name))
  }
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
report()

function measure(name: string): Figures {
  if (MEASUREMENTS[name] === undefined) throw new Error(name)
  const script = fileURLToPath(new URL('./measure.js', import.meta.url))
  const out = execFileSync(process.execPath, ['--expose-gc', script, name], { encoding: 'utf8' })
  return JSON.parse(out.trim().split('\n').at(-1)!) as Figures
}

function median(name: string, { figure }: Row): number {
  const figures = results.get(name)!.map((each) => (typeof each === 'number' ? each : each[figure!]!))
  return figures.sort((a, b) => a - b)[figures.length >> 1]!
}

function report(): void {
  if (flags.json) return console.log(JSON.stringify(Object.fromEntries(results), null, 2))
  console.log(
    `Node ${process.version}, ${rounds} interleaved rounds, medians; beside node:net on the kernel's loopback\n`,
  )
  console.log(
    `${'measurement'.padEnd(32)}${'Elko'.padStart(12)}${'node:net'.padStart(12)}${'ratio'.padStart(9)}   mark`,
  )
  for (const row of chosen) {
    const mine = median(row.elko, row)
    const other = median(row.beside, row)
    const line = [
      row.title.padEnd(32),
      show(mine).padStart(12),
      show(other).padStart(12),
      `${(mine / other).toFixed(2)}x`.padStart(9),
    ]
    console.log(`${line.join('')}   ${row.unit} ${row.mark}`)
  }
  if (!canTun) console.log('\nTUN was not measured: it needs root and /dev/net/tun.')
}

function show(n: number): string {
  return n >= 1000 ? Math.round(n).toLocaleString('en') : n.toFixed(2)
}
