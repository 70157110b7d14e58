/**
 * `npm run oracle -- FILE|FOLDER...`: any captures, read by Elko and by the tshark that is installed, cell by cell and stream by
 * stream. What differs is told by file and column.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { FRAME_FIELDS, TCP_FIELDS } from '../../src/flows/fields.ts'
import { countByColumn, type Difference, differences, elkoRows, tsharkRows } from './wireshark-columns.ts'
import { elkoStreams, tsharkStreams } from './wireshark-streams.ts'

const USAGE = `npm run oracle -- FILE|FOLDER... [options]

  Compares the fields of every TCP packet, and the octets of every stream, with those of tshark.

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
      show: { type: 'string', default: '1' },
      answers: { type: 'string' },
      'no-follow': { type: 'boolean', default: false },
      streams: { type: 'string', default: '200' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help || positionals.length === 0) {
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
  const totals: Record<string, number> = {}
  let cells = 0
  let streams = 0
  const files = positionals.flatMap(filesOf)
  for (const path of files) {
    const compared = compareFile(path, options)
    if (compared === null) continue
    cells += compared.cells
    streams += compared.streams
    tell(path, compared.found, options.show)
    for (const column of Object.keys(countByColumn(compared.found)))
      totals[column] = (totals[column] ?? 0) + 1
  }
  console.log(`${files.length} files, ${cells} cells and ${streams} streams compared`)
  for (const [column, count] of Object.entries(totals)) console.log(`${column}: differs in ${count} files`)
  return Object.keys(totals).length === 0 ? 0 : 1
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
