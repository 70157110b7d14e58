/** `elko diagnose`: what became of each connection of a capture, and why. */

import { CaptureDiagnoser, type CaptureReport } from '../analyze/outside/capture-diagnoser.ts'
import { type CaptureDiagnosis, diagnosisJson } from '../analyze/outside/capture-diagnosis.ts'
import { explainError, verdictLines } from '../analyze/outside/error-texts.ts'
import {
  type Comparison,
  compareCaptures,
  MAX_COMPARED,
  PlaceCapture,
} from '../analyze/outside/two-captures.ts'
import { wrap } from '../diagram/canvas.ts'
import { EXIT_FINDINGS, EXIT_FINE, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { capturePath, readCaptureFile } from './capture-input.ts'
import { diagnosisLines } from './diagnosis-lines.ts'
import { LineWriter } from './line-writer.ts'
import { print } from './output.ts'

export const HELP = `Usage: elko diagnose [options] FILE
       elko diagnose [--json] FILE FILE
       elko diagnose --error TEXT

Says of each connection of a capture what became of it: a verdict, the frames
that prove it, what each application sees (Linux errno, Node, java.net), the
likely causes, and what to check next. "-" is standard input.

Two captures of the same connections from two places: also which packets were
lost on which way, which ones something in between made, and what it changed.

Options:
  --all            healthy connections as well
  --json           one JSON object with all connections
  --width N        columns, 40 to 400 (default: the terminal's; elsewhere lines
                   stay whole)
  --error TEXT     no capture: what an error text of java.net, Node, Python or C
                   means, and which verdicts lead to it

Exit code 0 where all connections are healthy, 1 where not, 3 where the file
cannot be read.

Examples:
  elko diagnose capture.pcapng
  elko diagnose client.pcap server.pcap
  elko diagnose --error 'SocketException: Broken pipe'
  elko diagnose --json capture.pcap | jq '.connections[] | select(.healthy | not)'
`

/** Connections that are told before their lines have to be taken. */
const FLUSHED = 1024

export async function run(argv: string[]): Promise<number> {
  const options = {
    all: { type: 'boolean' },
    json: { type: 'boolean' },
    width: { type: 'string' },
    error: { type: 'string' },
  } as const
  const { values, positionals } = readArguments(argv, options, 2)
  if (values.error !== undefined) return explain(values.error)
  const [first, second] = positionals
  const path = capturePath(first)
  const width = wholeNumber('--width', values.width, 40, 400) ?? ownWidth()
  if (second !== undefined) return compare([path, second], values.json === true ? null : width)
  const diagnoser = new CaptureDiagnoser()
  const { drops } = await readCaptureFile(path, (record) => diagnoser.take(record))
  diagnoser.noteDrops(drops)
  const out = new LineWriter(process.stdout)
  const report = diagnoser.report(values.json === true || values.all === true)
  const printer =
    values.json === true ? new JsonPrinter(path, out) : new TextPrinter(out, width, values.all === true)
  printer.begin(report)
  let sick = 0
  let told = 0
  for (const diagnosis of report.connections) {
    if (!diagnosis.healthy) sick++
    printer.connection(diagnosis)
    // Whoever reads may be slower.
    if (++told % FLUSHED === 0) await out.flush()
  }
  printer.end()
  return await out.end(sick > 0 ? EXIT_FINDINGS : EXIT_FINE)
}

/** What an error of an application means, without a capture. */
function explain(text: string): number {
  const meaning = explainError(text)
  if (meaning === null)
    throw new UsageError(
      `--error: expected the error of a socket, such as "Broken pipe" or ECONNRESET, not "${text}"`,
    )
  print(`${meaning.errno ?? 'no errno'}: ${meaning.meaning}`)
  const lines = verdictLines(meaning)
  if (lines.length === 0) print('A capture shows nothing of it.')
  else print(['A capture of such a connection may say:', ...lines.map((line) => `  ${line}`)].join('\n'))
  return EXIT_FINE
}

/** Of a terminal; whoever reads lines out of a file wants them whole. */
function ownWidth(): number {
  const { isTTY, columns } = process.stdout
  return isTTY === true ? Math.min(400, Math.max(40, columns)) : Number.POSITIVE_INFINITY
}

/** The lines that a line takes, those behind the first one further to the right. */
function wrapped(line: string, width: number): string[] {
  if (line.length <= width) return [line]
  const indent = ' '.repeat(line.length - line.trimStart().length)
  const [first, ...others] = wrap(line.trimStart(), width - indent.length - HANGING.length)
  return [`${indent}${first}`, ...others.map((other) => `${indent}${HANGING}${other}`)]
}
const HANGING = '    '

/** Two captures of the same connections. @param width of the text; null: JSON instead. */
async function compare(paths: readonly [string, string], width: number | null): Promise<number> {
  const places = [new PlaceCapture(), new PlaceCapture()] as const
  for (const [index, path] of paths.entries()) {
    const place = places[index]!
    await readCaptureFile(path, (record) => place.take(record))
    if (place.skipped > 0)
      process.stderr.write(
        `elko diagnose: ${path}: ${place.skipped} packets beyond the first ${MAX_COMPARED} are not compared\n`,
      )
  }
  const comparison = compareCaptures(...places)
  const out = new LineWriter(process.stdout)
  if (width === null) out.write(JSON.stringify({ files: paths, ...comparison }))
  else
    for (const line of comparisonLines(comparison, paths))
      for (const part of wrapped(line, width)) out.write(part)
  const isHealthy = comparison.connections.every(({ diagnosis }) => diagnosis.healthy)
  return await out.end(isHealthy ? EXIT_FINE : EXIT_FINDINGS)
}

function* comparisonLines(
  { nearClient, clockOffset, connections }: Comparison,
  paths: readonly string[],
): Generator<string> {
  yield `nearer to the clients: ${paths[nearClient]}`
  if (!Number.isNaN(clockOffset))
    yield `the clock of ${paths[1]} is ${(1000 * clockOffset).toFixed(3)} ms ahead`
  for (const { diagnosis, streams, hops, lost, made, changed } of connections) {
    yield ''
    yield* diagnosisLines(diagnosis)
    yield `  in both: stream ${streams.client ?? '(none)'} at the client's side, ${streams.server ?? '(none)'} at the server's${hops === null ? '' : `, ${hops} hops between them`}`
    const { toServer, toClient } = lost
    if (toServer.packets > 0)
      yield `  lost on the way to the server: ${toServer.packets} packets (frames ${toServer.frames.join(', ')} at the client)`
    if (toClient.packets > 0)
      yield `  lost on the way to the client: ${toClient.packets} packets (frames ${toClient.frames.join(', ')} at the server)`
    if (made.atClient.length > 0)
      yield `  made on the way to the client: frames ${made.atClient.join(', ')} at the client`
    if (made.atServer.length > 0)
      yield `  made on the way to the server: frames ${made.atServer.join(', ')} at the server`
    for (const text of changed) yield `  changed on the way: ${text}`
  }
}

/** One object, a connection a line, so that a long report need not stand in memory. */
class JsonPrinter {
  readonly #out: LineWriter
  readonly #path: string
  #held: string | null = null

  constructor(path: string, out: LineWriter) {
    this.#path = path
    this.#out = out
  }

  begin({ packets, notes }: CaptureReport): void {
    const head = JSON.stringify({ file: this.#path, packets, notes })
    this.#out.write(`${head.slice(0, -1)},"connections":[`)
  }

  connection(diagnosis: CaptureDiagnosis): void {
    if (this.#held !== null) this.#out.write(`${this.#held},`)
    this.#held = diagnosisJson(diagnosis)
  }

  end(): void {
    if (this.#held !== null) this.#out.write(this.#held)
    this.#out.write(']}')
  }
}

class TextPrinter {
  readonly #out: LineWriter
  readonly #width: number
  readonly #showsAll: boolean
  #packets = 0
  readonly #counts = new Map<string, number>()

  constructor(out: LineWriter, width: number, showsAll: boolean) {
    this.#out = out
    this.#width = width
    this.#showsAll = showsAll
  }

  begin({ packets, notes, plain }: CaptureReport): void {
    this.#packets = packets
    if (!this.#showsAll && plain > 0) this.#counts.set('healthy', plain)
    for (const { kind, text, frames } of notes)
      this.#write(
        `note: ${kind}: ${text}${frames.length === 0 ? '' : ` (${frames.length === 1 ? 'frame' : 'frames'} ${frames.join(', ')})`}`,
      )
  }

  connection(diagnosis: CaptureDiagnosis): void {
    const { verdict, healthy } = diagnosis
    this.#counts.set(verdict, (this.#counts.get(verdict) ?? 0) + 1)
    if (healthy && !this.#showsAll) return
    for (const line of diagnosisLines(diagnosis)) this.#write(line)
    this.#out.write('')
  }

  end(): void {
    const parts = [...this.#counts].sort(([, one], [, other]) => other - one)
    const total = parts.reduce((sum, [, count]) => sum + count, 0)
    const list = parts.map(([verdict, count]) => `${count} ${verdict}`).join(', ')
    const connections = total === 1 ? '1 connection' : `${total} connections`
    const packets = this.#packets === 1 ? '1 packet' : `${this.#packets} packets`
    this.#write(`${packets}, ${connections}${list === '' ? '' : `: ${list}`}`)
  }

  #write(line: string): void {
    for (const part of wrapped(line, this.#width)) this.#out.write(part)
  }
}
