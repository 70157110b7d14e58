/**
 * `npm run oracle -- FILE|FOLDER...`: any captures, read by Elko and by the tshark that is installed, cell by cell and stream by
 * stream. What differs is told by file and column.
 */

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from '../../src/sim/random.ts'
import { type Comparison, compareFile } from './compare-file.ts'
import { randomCapture } from './random-conversations.ts'
import { countByColumn, type Difference } from './wireshark-columns.ts'

const USAGE = `npm run oracle -- FILE|FOLDER... [options]
       npm run oracle -- --random N [--from SEED] [--packets N] [options]

  Compares the fields of every TCP packet, and the octets of every stream, with those of tshark.

  --random N    N captures of random conversations, of as many seeds from --from on (default 1)
  --packets N   packets of each; default 2000. Those that differ stay in out/oracle/
  --show N      differences that are told of each file and column; default 1
  --answers DIR keep tshark's answers there, and use those that are there
  --no-follow   fields only
  --streams N   streams of a file that are followed at most; default 200

Exit 0: no cell differs; 1: some do; 2: it was called wrongly, or there is no tshark.`

const RANDOM_FOLDER = 'out/oracle'

interface Options extends Comparison {
  readonly show: number
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      random: { type: 'string', default: '0' },
      from: { type: 'string', default: '1' },
      packets: { type: 'string', default: '2000' },
      show: { type: 'string', default: '1' },
      answers: { type: 'string' },
      'no-follow': { type: 'boolean', default: false },
      streams: { type: 'string', default: '200' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const random = Number(values.random)
  if (values.help || (positionals.length === 0 && !(random > 0))) {
    console.log(USAGE)
    return values.help ? 0 : 2
  }
  const options: Options = {
    show: Number(values.show),
    answers: values.answers ?? null,
    follow: !values['no-follow'],
    streams: Number(values.streams),
  }
  if (options.answers !== null) mkdirSync(options.answers, { recursive: true })
  const tally = new Tally(options)
  for (const path of positionals.flatMap(filesOf)) tally.add(path)
  mkdirSync(RANDOM_FOLDER, { recursive: true })
  for (let seed = Number(values.from); seed < Number(values.from) + random; seed++) {
    const path = join(RANDOM_FOLDER, `random-${seed}.pcap`)
    writeFileSync(path, randomCapture(new Random(seed), Number(values.packets)))
    if (tally.add(path)) rmSync(path)
  }
  return tally.end()
}

/** What was compared, and in how many files each column differs. */
class Tally {
  readonly #options: Options
  readonly #columns: Record<string, number> = {}
  #files = 0
  #cells = 0
  #streams = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Returns whether nothing differs. */
  add(path: string): boolean {
    this.#files++
    const compared = compareFile(path, this.#options)
    if (compared === null) return true
    this.#cells += compared.cells
    this.#streams += compared.streams
    tell(path, compared.found, this.#options.show)
    for (const column of Object.keys(countByColumn(compared.found)))
      this.#columns[column] = (this.#columns[column] ?? 0) + 1
    return compared.found.length === 0
  }

  /** Returns the exit code. */
  end(): number {
    console.log(`${this.#files} files, ${this.#cells} cells and ${this.#streams} streams compared`)
    const columns = Object.entries(this.#columns)
    for (const [column, count] of columns) console.log(`${column}: differs in ${count} files`)
    return columns.length === 0 ? 0 : 1
  }
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)))
}

/** The first differences of each column, and how many more there are. */
function tell(path: string, found: readonly Difference[], show: number): void {
  for (const [column, count] of Object.entries(countByColumn(found))) {
    const some = found.filter((each) => each.column === column).slice(0, show)
    for (const { what } of some) console.log(`${path}: ${what}`)
    if (count > some.length) console.log(`${path}: ${column} differs in ${count} places`)
  }
}

process.exitCode = main()
