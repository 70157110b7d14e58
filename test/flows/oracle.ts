/**
 * `npm run oracle -- FILE|FOLDER...`: any captures, read by Elko and by the tshark that is installed, cell by cell and stream by
 * stream. What differs is told by file and column.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { FRAME_FIELDS, TCP_FIELDS } from '../../src/flows/fields.ts'
import { Random } from '../../src/sim/random.ts'
import { randomCapture } from './random-conversations.ts'
import { countByColumn, type Difference, differences, elkoRows, tsharkRows } from './wireshark-columns.ts'
import { elkoStreams, tsharkStreams } from './wireshark-streams.ts'

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

/** As shared/captures/oracle.sh: one pass, default preferences, checksums verified. */
const PREFERENCES = ['-n', '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']
const COLUMNS = [...Object.keys(FRAME_FIELDS), ...Object.keys(TCP_FIELDS)]
/** Stands before the first stream. */
const RULE = `\n${'='.repeat(67)}\n`
const RANDOM_FOLDER = 'out/oracle'
const MOST_OUTPUT = 2 ** 30
const PATIENCE_MS = 600_000

interface Options {
  readonly show: number
  readonly answers: string | null
  readonly follow: boolean
  readonly streams: number
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

interface Compared {
  readonly found: Difference[]
  readonly cells: number
  readonly streams: number
}

function compareFile(path: string, options: Options): Compared | null {
  const file = readFileSync(path)
  const octets = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file
  const name = createHash('sha256').update(octets).digest('hex').slice(0, 16)
  const mine = options.follow ? elkoStreams(octets).slice(0, options.streams) : []
  const answer = kept(options.answers, `${name}.${mine.length}.gz`, () => askTshark(path, mine.length))
  if (answer === '') return null
  const [fields, streams] = partsOf(answer)
  const { found, cells } = differences(tsharkRows(fields), elkoRows(octets))
  const theirs = tsharkStreams(streams)
  for (const [stream, expected] of theirs) {
    if (mine[stream] === expected) continue
    found.push({
      frame: 0,
      column: 'follow',
      what: `stream ${stream} is ${expected} in tshark, and here ${mine[stream]}`,
    })
  }
  return { found, cells, streams: theirs.size }
}

function kept(folder: string | null, name: string, ask: () => string): string {
  if (folder === null) return ask()
  const path = join(folder, name)
  if (existsSync(path)) return gunzipSync(readFileSync(path)).toString('latin1')
  const answer = ask()
  writeFileSync(path, gzipSync(Buffer.from(answer, 'latin1')))
  return answer
}

/** The rows of the fields, then the streams: one run of tshark tells both. */
function partsOf(answer: string): [fields: string, streams: string] {
  const at = answer.indexOf(RULE)
  return at < 0 ? [answer, ''] : [answer.slice(0, at), answer.slice(at)]
}

function askTshark(path: string, streams: number): string {
  const fields = COLUMNS.flatMap((column) => ['-e', column])
  const form = ['-T', 'fields', '-E', 'header=y', '-E', 'occurrence=a', '-E', 'aggregator=,']
  const followed = Array.from({ length: streams }, (_, stream) => ['-z', `follow,tcp,raw,${stream}`])
  const args = [...PREFERENCES, '-r', path, '-Y', 'tcp', ...form, ...fields, ...followed.flat()]
  const { stdout, stderr, error } = spawnSync('tshark', args, {
    encoding: 'latin1',
    maxBuffer: MOST_OUTPUT,
    timeout: PATIENCE_MS,
  })
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
    console.error('There is no tshark here: apt-get install tshark')
    process.exit(2)
  }
  // A field that tshark does not know is our mistake; a file that is cut is read as far as it goes.
  if (stderr.includes("aren't valid")) throw new Error(stderr)
  return stdout
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
