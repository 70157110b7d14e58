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
import { MEASUREMENTS } from './measure.ts'

interface Row {
  readonly title: string
  readonly unit: string
  readonly elko: string
  readonly beside: string
  /** What the ratio should reach; null where the mark is on the number itself. */
  readonly mark: string
}

const ROWS: readonly Row[] = [
  {
    title: 'bulk, loopback MTU 65535',
    unit: 'Gbit/s',
    elko: 'bulk elko 65535',
    beside: 'bulk node',
    mark: '>= 1x',
  },
  {
    title: '  with checksums',
    unit: 'Gbit/s',
    elko: 'bulk elko 65535 checksummed',
    beside: 'bulk node',
    mark: '',
  },
  { title: 'bulk, loopback MTU 1500', unit: 'Gbit/s', elko: 'bulk elko 1500', beside: 'bulk node', mark: '' },
  {
    title: '  with checksums',
    unit: 'Gbit/s',
    elko: 'bulk elko 1500 checksummed',
    beside: 'bulk node',
    mark: '',
  },
  { title: '1-octet round trips', unit: '/s', elko: 'trips elko', beside: 'trips node', mark: '' },
  {
    title: 'connections opened and closed',
    unit: '/s',
    elko: 'setups elko',
    beside: 'setups node',
    mark: '>= 10x',
  },
  {
    title: 'memory per idle connection',
    unit: 'octets',
    elko: 'memory elko',
    beside: 'memory node',
    mark: '<= 4096',
  },
  {
    title: 'TUN MTU 1500, Elko receives',
    unit: 'Gbit/s',
    elko: 'tun receives',
    beside: 'bulk node',
    mark: '>= 5',
  },
  { title: '  from a bbr sender', unit: 'Gbit/s', elko: 'tun receives bbr', beside: 'bulk node', mark: '' },
  { title: 'TUN MTU 1500, Elko sends', unit: 'Gbit/s', elko: 'tun sends', beside: 'bulk node', mark: '>= 5' },
]

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
})
const rounds = Number(flags.rounds)
if (!(rounds >= 1)) {
  console.error(`--rounds: expected a number from 1, got "${flags.rounds}"`)
  process.exit(2)
}
const canTun = process.getuid?.() === 0 && existsSync('/dev/net/tun')
const chosen = ROWS.filter(
  (row) =>
    (positionals.length === 0 || positionals.some((word) => row.elko.includes(word))) &&
    (canTun || !row.elko.startsWith('tun')),
)
const names = [...new Set(chosen.flatMap((row) => [row.elko, row.beside]))]
const results = new Map<string, number[]>(names.map((name) => [name, []]))

for (let round = 1; round <= rounds; round++) {
  for (const name of names) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kround ${round} of ${rounds}: ${name}`)
    results.get(name)!.push(measure(name))
  }
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
report()

function measure(name: string): number {
  if (MEASUREMENTS[name] === undefined) throw new Error(name)
  const script = fileURLToPath(new URL('./measure.js', import.meta.url))
  const out = execFileSync(process.execPath, ['--expose-gc', script, name], { encoding: 'utf8' })
  return Number(out.trim().split('\n').at(-1))
}

function median(name: string): number {
  const sorted = [...results.get(name)!].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]!
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
    const mine = median(row.elko)
    const other = median(row.beside)
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
