/** One capture, read by Elko and by the tshark that is installed. */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { FRAME_FIELDS, TCP_FIELDS } from '../../src/flows/fields.ts'
import { PLAIN_UTC } from '../environment.ts'
import { type Difference, differences, elkoRows, tsharkRows } from './wireshark-columns.ts'
import { elkoStreams, tsharkStreams } from './wireshark-streams.ts'

/** As shared/captures/oracle.sh: one pass, default preferences, checksums verified. */
const PREFERENCES = ['-n', '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']
/** What is told by who knows the file and the packets before, and octets as they are: of cut headers tshark shows them otherwise. */
const LEFT_OUT =
  /^(frame\.(time_(delta|relative)|interface_\w+)|tcp\.(payload|option_kind|option_len|options|options\.(sack|timestamp|mss|wscale|nop|eol)))$/
const COLUMNS = [...Object.keys(FRAME_FIELDS), ...Object.keys(TCP_FIELDS)].filter(
  (column) => !LEFT_OUT.test(column),
)
/** Stands before the first stream. */
const RULE = `\n${'='.repeat(67)}\n`
const MOST_OUTPUT = 2 ** 30
const PATIENCE_MS = 600_000

export interface Comparison {
  /** Where tshark's answers are kept, to be used again; null: nowhere. */
  readonly answers: string | null
  readonly follow: boolean
  /** Streams that are followed at most. */
  readonly streams: number
}

export interface Compared {
  readonly found: Difference[]
  readonly cells: number
  readonly streams: number
}

/** Null: tshark cannot read the file at all. */
export function compareFile(path: string, options: Comparison): Compared | null {
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
  if (existsSync(path)) return gunzipSync(readFileSync(path)).toString('utf8')
  const answer = ask()
  writeFileSync(path, gzipSync(Buffer.from(answer, 'utf8')))
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
    env: PLAIN_UTC,
    encoding: 'utf8',
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
