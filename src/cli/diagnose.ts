/** `elko diagnose`: what became of each connection of a capture, and why. */

import { closeSync } from 'node:fs'
import { CaptureDiagnoser } from '../analyze/outside/capture-diagnoser.ts'
import { explainError, verdictLines } from '../analyze/outside/error-texts.ts'
import {
  type Comparison,
  compareCaptures,
  MAX_COMPARED,
  PlaceCapture,
} from '../analyze/outside/two-captures.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINDINGS, EXIT_FINE, InputError, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { capturePath, readUpToError } from './capture-input.ts'
import { diagnoseInThreads, MOST_THREADS, openForThreads } from './diagnose-threads.ts'
import { diagnosisLines } from './diagnosis-lines.ts'
import {
  connectionText,
  framesText,
  noteLine,
  type ReportForm,
  reportEnd,
  reportHead,
  separatorOf,
  VerdictCounts,
  wrapped,
} from './diagnosis-report.ts'
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
  --threads N      1 to 16 threads that share the connections of a plain file; the
                   report is the same (default: one for each core, up to 4, where
                   the file is large enough to be worth it)
  --error TEXT     no capture: what an error text of java.net, Node, Python or C
                   means, and which verdicts lead to it

Exit code 0 where all connections are healthy, 1 where not, 3 where the file
cannot be read to its end; what came before the error has been told.

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
    threads: { type: 'string' },
    error: { type: 'string' },
  } as const
  const { values, positionals } = readArguments(argv, options, 2)
  if (values.error !== undefined) return explain(values.error)
  const [first, second] = positionals
  const path = capturePath(first)
  const form: ReportForm = {
    path,
    isJson: values.json === true,
    showsAll: values.all === true,
    width: wholeNumber('--width', values.width, 40, 400) ?? ownWidth(),
  }
  const threads = wholeNumber('--threads', values.threads, 1, MOST_THREADS)
  if (second === undefined) return diagnose(form, threads)
  if (threads !== undefined) throw new UsageError('--threads: expected one capture, not two to be compared')
  return compare([path, second], form.isJson ? null : form.width)
}

/** @param asked threads; undefined: as many as pay. */
async function diagnose(form: ReportForm, asked: number | undefined): Promise<number> {
  const shared = openForThreads(form.path, asked)
  if (shared === null) return diagnoseAlone(form)
  try {
    return await diagnoseInThreads(form, shared)
  } finally {
    closeSync(shared.file)
  }
}

async function diagnoseAlone(form: ReportForm): Promise<number> {
  const diagnoser = new CaptureDiagnoser()
  const { drops, trouble } = await readUpToError(form.path, (record) => diagnoser.take(record))
  diagnoser.noteDrops(drops)
  const out = new LineWriter(process.stdout)
  const report = diagnoser.report(form.isJson || form.showsAll)
  for (const line of reportHead(form, report)) out.write(line)
  const counts = VerdictCounts.of(report.plain, form)
  let held: string | null = null
  let told = 0
  for (const diagnosis of report.connections) {
    counts.add(diagnosis)
    const text = connectionText(form, diagnosis)
    if (text === null) continue
    if (held !== null) out.write(held + separatorOf(form))
    held = text
    // Whoever reads may be slower.
    if (++told % FLUSHED === 0) await out.flush()
  }
  if (held !== null) out.write(held)
  for (const line of reportEnd(form, report.packets, counts)) out.write(line)
  await out.flush()
  if (trouble !== null) throw trouble
  return counts.sick > 0 ? EXIT_FINDINGS : EXIT_FINE
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

/** Two captures of the same connections. @param width of the text; null: JSON instead. */
async function compare(paths: readonly [string, string], width: number | null): Promise<number> {
  const places = [new PlaceCapture(), new PlaceCapture()] as const
  const troubles: InputError[] = []
  for (const [index, path] of paths.entries()) {
    const place = places[index]!
    const { drops, trouble } = await readUpToError(path, (record) => place.take(record))
    place.diagnoser.noteDrops(drops)
    if (trouble !== null) troubles.push(trouble)
    if (place.skipped > 0)
      process.stderr.write(
        `elko diagnose: ${path}: ${counted(place.skipped, 'packet')} beyond the first ${MAX_COMPARED} not compared\n`,
      )
  }
  const comparison = compareCaptures(...places)
  const out = new LineWriter(process.stdout)
  if (width === null) out.write(JSON.stringify({ files: paths, ...comparison }))
  else
    for (const line of comparisonLines(comparison, paths))
      for (const part of wrapped(line, width)) out.write(part)
  const isHealthy = comparison.connections.every(({ diagnosis }) => diagnosis.healthy)
  await out.flush()
  if (troubles.length > 0) throw new InputError(troubles.map(({ message }) => message).join('\n'))
  return isHealthy ? EXIT_FINE : EXIT_FINDINGS
}

function* comparisonLines(
  { nearClient, clockOffset, notes, connections }: Comparison,
  paths: readonly string[],
): Generator<string> {
  yield `nearer to the clients: ${paths[nearClient]}`
  if (!Number.isNaN(clockOffset))
    yield `the clock of ${paths[1]} is ${(1000 * clockOffset).toFixed(3)} ms ahead`
  for (const [index, path] of paths.entries()) for (const note of notes[index]!) yield noteLine(note, path)
  for (const { diagnosis, streams, hops, lost, made, changed } of connections) {
    yield ''
    yield* diagnosisLines(diagnosis)
    yield `  in both: stream ${streams.client ?? '(none)'} at the client's side, ${streams.server ?? '(none)'} at the server's${hops === null ? '' : `, ${counted(hops, 'hop')} between them`}`
    const { toServer, toClient } = lost
    if (toServer.packets > 0)
      yield `  lost on the way to the server: ${counted(toServer.packets, 'packet')} (${framesText(toServer.frames)} at the client)`
    if (toClient.packets > 0)
      yield `  lost on the way to the client: ${counted(toClient.packets, 'packet')} (${framesText(toClient.frames)} at the server)`
    if (made.atClient.length > 0)
      yield `  made on the way to the client: ${framesText(made.atClient)} at the client`
    if (made.atServer.length > 0)
      yield `  made on the way to the server: ${framesText(made.atServer)} at the server`
    for (const text of changed) yield `  changed on the way: ${text}`
  }
}
