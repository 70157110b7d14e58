/** `elko stats`: a capture in numbers: packets by time, by end, by length. */

import { Dissector } from '../dissect/dissect.ts'
import { EndTable } from '../flows/end-table.ts'
import { LengthTable, TimeTable } from '../flows/packet-tables.ts'
import { EXIT_FINE, readArguments, UsageError } from './arguments.ts'
import { readCaptureFile } from './capture-input.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko stats WHAT [options] FILE

A capture in numbers. "-" is standard input.

WHAT is one of:
  io               frames and octets of each interval, as tshark -q -z io,stat,N
                   counts them: of all frames, TCP or not
  endpoints        frames and octets that each TCP end sent and received
  lengths          frames by their length

Options:
  --interval S     seconds, 0.000001 to 86400 (1); with io
  --json           an object for each line

Exit code 3 where the file cannot be read to its end; what came before the error
has been printed.

Examples:
  elko stats io --interval 0.1 capture.pcap
  elko stats endpoints --json capture.pcapng
`

const LEAST_INTERVAL = 0.000001
const MOST_INTERVAL = 86_400

/** Lines as cells, under names: the names are JSON's keys. */
interface Table {
  readonly names: readonly string[]
  readonly rows: Iterable<readonly (string | number)[]>
}

type Gathering = { readonly dissector: Dissector | null; record(...seen: Seen): void; table(): Table }
type Seen = [seconds: number, nanoseconds: number, length: number]

export async function run(argv: string[]): Promise<number> {
  const options = { interval: { type: 'string' }, json: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(argv, options, 2)
  const [what, path] = positionals
  if (what === undefined || !Object.hasOwn(GATHERINGS, what)) {
    const found = what === undefined ? 'nothing' : `"${what}"`
    throw new UsageError(`expected one of ${Object.keys(GATHERINGS).join(', ')}, found ${found}`)
  }
  if (path === undefined) throw new UsageError('expected a capture file, or - for standard input')
  if (values.interval !== undefined && what !== 'io') throw new UsageError('--interval: only with io')
  const gathering = GATHERINGS[what]!(intervalOf(values.interval))
  const out = new LineWriter(process.stdout)
  try {
    await readCaptureFile(path, (record) => {
      gathering.record(record.seconds, record.nanoseconds, record.originalLength)
      gathering.dissector?.dissect(record)
    })
  } finally {
    for (const line of linesOf(gathering.table(), values.json === true)) out.write(line)
    await out.flush()
  }
  return EXIT_FINE
}

const GATHERINGS: Readonly<Record<string, (interval: number) => Gathering>> = {
  io(interval) {
    const times = new TimeTable(interval)
    return {
      dissector: null,
      record: (seconds, nanoseconds, length) => times.add(seconds, nanoseconds, length),
      table: () => ({ names: ['from', 'to', 'frames', 'bytes'], rows: times.rows() }),
    }
  },
  endpoints() {
    const ends = new EndTable()
    return {
      dissector: new Dissector((packet, tcp) => ends.packet(packet, tcp)),
      record: () => {},
      table: () => ({
        names: ['address', 'port', 'sentFrames', 'sentBytes', 'receivedFrames', 'receivedBytes'],
        rows: ends.rows(),
      }),
    }
  },
  lengths() {
    const lengths = new LengthTable()
    return {
      dissector: null,
      record: (_seconds, _nanoseconds, length) => lengths.add(length),
      table: () => ({ names: ['from', 'to', 'frames', 'bytes'], rows: lengths.rows() }),
    }
  },
}

function intervalOf(text: string | undefined): number {
  if (text === undefined) return 1
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= LEAST_INTERVAL && value <= MOST_INTERVAL)) {
    throw new UsageError(
      `--interval: expected seconds from ${LEAST_INTERVAL} to ${MOST_INTERVAL}, not "${text}"`,
    )
  }
  return value
}

function* linesOf({ names, rows }: Table, isJson: boolean): Generator<string> {
  if (!isJson) yield names.map((name, k) => padded(name, k)).join('')
  for (const row of rows) {
    if (isJson) yield JSON.stringify(Object.fromEntries(names.map((name, k) => [name, row[k]])))
    else yield row.map((cell, k) => padded(String(cell), k)).join('')
  }
}

const padded = (text: string, column: number): string => (column === 0 ? text.padEnd(16) : text.padStart(16))
