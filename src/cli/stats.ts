/** `elko stats`: a capture in numbers: packets by time, by end, by length. */

import { Dissector } from '../dissect/dissect.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import { EndTable } from '../flows/end-table.ts'
import { LengthTable, TimeTable } from '../flows/packet-tables.ts'
import { MANY_CONVERSATIONS, SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { ExpertSummary } from '../print/tshark-expert.ts'
import { EXIT_FINE, readArguments, UsageError } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { capturePath, readUpToError } from './capture-input.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko stats WHAT [options] FILE

A capture in numbers. "-" is standard input.

WHAT is one of:
  io               frames and octets of each interval, as tshark -q -z io,stat,N
                   counts them: of all frames, TCP or not
  endpoints        frames and octets that each TCP end sent and received
  lengths          frames by their length
  expert           what is remarkable of TCP, by severity, as tshark -q -z expert
                   has it

Options:
  --interval S     seconds, 0.000001 to 86400 (1); with io
  --json           an object for each line
${DECODE_HELP}

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
  /** In place of columns, for people. */
  readonly lines?: readonly string[]
}

type Gathering = { readonly dissector: Dissector | null; record(...seen: Seen): void; table(): Table }
type Seen = [seconds: number, nanoseconds: number, length: number]

export async function run(argv: string[]): Promise<number> {
  const options = { ...DECODE_OPTIONS, interval: { type: 'string' }, json: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(argv, options, 2)
  const [what, given] = positionals
  if (what === undefined || !Object.hasOwn(GATHERINGS, what)) {
    const found = what === undefined ? 'nothing' : `"${what}"`
    throw new UsageError(`expected one of ${Object.keys(GATHERINGS).join(', ')}, found ${found}`)
  }
  const path = capturePath(given)
  if (values.interval !== undefined && what !== 'io') throw new UsageError('--interval: only with io')
  const gathering = GATHERINGS[what]!(intervalOf(values.interval), askedTunnels(values))
  const out = new LineWriter(process.stdout)
  const { trouble } = await readUpToError(path, (record) => {
    gathering.record(record.seconds, record.nanoseconds, record.originalLength)
    gathering.dissector?.dissect(record)
  })
  for (const line of linesOf(gathering.table(), values.json === true)) out.write(line)
  await out.flush()
  if (trouble !== null) throw trouble
  return EXIT_FINE
}

const GATHERINGS: Readonly<Record<string, (interval: number, tunnels: TunnelPorts | null) => Gathering>> = {
  io(interval) {
    const times = new TimeTable(interval)
    return {
      dissector: null,
      record: (seconds, nanoseconds, length) => times.add(seconds, nanoseconds, length),
      table: () => ({ names: ['from', 'to', 'frames', 'bytes'], rows: times.rows() }),
    }
  },
  endpoints(_, tunnels) {
    const ends = new EndTable()
    return {
      dissector: new Dissector((packet, tcp) => ends.packet(packet, tcp), tunnels),
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
  expert(_, tunnels) {
    const summary = new ExpertSummary()
    const analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
    return {
      dissector: new Dissector((packet, tcp) => {
        summary.add({ packet, tcp, analysis: analysis.analyze(packet, tcp) })
      }, tunnels),
      record: () => {},
      table: () => ({
        names: ['severity', 'group', 'message', 'packets'],
        rows: summary
          .counts()
          .map(({ severity, group, message, packets }) => [severity, group, message, packets]),
        lines: summary.lines(),
      }),
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

function* linesOf({ names, rows, lines }: Table, isJson: boolean): Generator<string> {
  if (!isJson && lines !== undefined) return yield* lines
  if (!isJson) yield names.map((name, k) => padded(name, k)).join('')
  for (const row of rows) {
    if (isJson) yield JSON.stringify(Object.fromEntries(names.map((name, k) => [name, row[k]])))
    else yield row.map((cell, k) => padded(String(cell), k)).join('')
  }
}

const padded = (text: string, column: number): string => (column === 0 ? text.padEnd(16) : text.padStart(16))
