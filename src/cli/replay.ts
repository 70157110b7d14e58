/** `elko replay`: what a stack recorded, once more: drawn, and compared with what came of it then. */

import { wrap } from '../diagram/canvas.ts'
import { inputText, outcomeText } from '../replay/divergence.ts'
import { LogError } from '../replay/log-cursor.ts'
import { LogReader } from '../replay/log-entries.ts'
import { type ReplayedRun, replayRun } from '../replay/replayed-run.ts'
import { measured } from '../sim/impairment-options.ts'
import { durationText } from '../svg/scale.ts'
import { counted } from '../trace/counted.ts'
import {
  EXIT_FINDINGS,
  EXIT_FINE,
  EXIT_INPUT,
  InputError,
  readArguments,
  UsageError,
  wholeNumber,
} from './arguments.ts'
import { DIAGRAM_FORMATS, type DiagramFormat, diagramOf } from './diagram-forms.ts'
import {
  DRAWING_HELP,
  DRAWING_OPTIONS,
  type Drawing,
  drawing,
  jsonOf,
  pictureOf,
  print,
  saveFile,
  verdictsOf,
} from './output.ts'
import { PacketKeeper } from './packet-keeper.ts'
import { checkFlags, formatOf } from './picture-format.ts'
import { say } from './say.ts'
import { replaySource } from './source-events.ts'
import { wholeFile } from './whole-file.ts'

export const HELP = `Usage: elko replay LOG [options]

Runs again what --record wrote down (elko sim, drill, listen, connect; also
\`record: true\` of a stack or host, and ELKO_RECORD of elko/register): the same stacks, given event by event what they were given. Prints the
run as a ladder, with the states of each side and a verdict, and says whether all
came out as it was recorded, octet for octet; if not, what was the first event
that did not. "-" is standard input.

Options:
  --to N           up to and including event N
  --at TIME        up to this time since the run began, such as 1.5s or 30ms
  --inputs         print the events instead: what the stacks were given, and what
                   came of it
  -o FILE          draw it instead, as elko diagram does: .svg, .html, .txt, .mmd
                   or .puml (elko diagram, graph and states draw all of a LOG)
  --stream N       with -o: which connection, by its place in the run (default 0)
${DRAWING_HELP}
  --write FILE     save the packets as pcapng, each with the reason it was sent
  --json           events, states and verdicts as data

Exit codes: 0 it came out as it was recorded, 1 it did not, 2 the command line
is wrong, 3 the log cannot be read; what comes before the damage is replayed.

Examples:
  elko sim zero-window --record bug.elkolog && elko replay bug.elkolog
  elko replay bug.elkolog --inputs | head
  elko replay bug.elkolog --to 42 --write out/bug.pcapng
  elko replay bug.elkolog --at 1.5s -o bug.svg
`

const OPTIONS = {
  ...DRAWING_OPTIONS,
  to: { type: 'string' },
  at: { type: 'string' },
  inputs: { type: 'boolean' },
  o: { type: 'string', short: 'o' },
  stream: { type: 'string' },
  write: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** What a list of inputs, and data, have no use for. */
const EXCLUDED = {
  inputs: ['write', 'json', 'o', 'width', 'ascii', 'relative'],
  json: ['o', 'width', 'ascii', 'relative'],
} as const

const UNITS = { us: 1, ms: 1000, s: 1e6, min: 60e6 } as const
/** Events of a run that are kept to be drawn: nobody reads as many. */
const MOST_EVENTS = 2_000_000

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, 1)
  const how = drawing(values)
  const [path] = positionals
  if (path === undefined) throw new UsageError('expected a LOG, as --record writes it; "-" is standard input')
  const to = wholeNumber('--to', values.to, 1, Number.MAX_SAFE_INTEGER)
  const untilUs = values.at === undefined ? undefined : timeOf(values.at)
  const format = formOf(values)
  const stream = wholeNumber('--stream', values.stream, 0, 2 ** 31 - 1)
  const log = wholeFile(path)
  try {
    if (values.inputs === true) return printInputs(log, to, untilUs)
    const chunks: Uint8Array[] = []
    const keeper = format === 'html' ? new PacketKeeper(undefined) : null
    const run = replayRun(log, {
      onSent: keeper?.takeIp ?? null,
      limit: MOST_EVENTS,
      ...(to !== undefined && { to }),
      ...(untilUs !== undefined && { untilUs }),
      ...(values.write !== undefined && { capture: (octets: Uint8Array) => chunks.push(octets) }),
    })
    if (values.o !== undefined && format !== 'json') {
      const source = replaySource(path, run, { stream, most: MOST_EVENTS, keeper, tunnels: null })
      saveFile(values.o, diagramOf(source, format, { ...how, color: false }))
      print(`Saved ${values.o}.`)
    } else printRun(run, path, how, values.json === true)
    if (values.write !== undefined) {
      saveFile(values.write, Buffer.concat(chunks))
      if (values.json !== true) print(`Saved ${counted(run.packets, 'packet')} to ${values.write}.`)
    }
    return tellProblems(run, path)
  } catch (error) {
    if (error instanceof LogError) throw new InputError(`${path}: ${error.message}`)
    throw error
  }
}

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values']

/** @throws UsageError for a flag that says nothing of what is asked for. */
function formOf(values: Values): DiagramFormat | 'json' {
  if (values.stream !== undefined && values.o === undefined) throw new UsageError('--stream: only with -o')
  for (const [flag, others] of Object.entries(EXCLUDED)) {
    if (values[flag as keyof Values] === undefined) continue
    const other = others.find((each) => values[each] !== undefined)
    if (other !== undefined)
      throw new UsageError(`${other === 'o' ? '-o' : `--${other}`}: not together with --${flag}`)
  }
  if (values.json === true) return 'json'
  const format = formatOf(values.o, DIAGRAM_FORMATS)
  checkFlags(values, format, { width: ['txt'], ascii: ['txt'] })
  return format
}

function timeOf(text: string): number {
  const us = measured(text, UNITS)
  if (us === null) throw new UsageError(`--at: expected a time such as 1.5s, 30ms or 200us, not "${text}"`)
  return us
}

function printRun(run: ReplayedRun, path: string, how: Drawing, asJson: boolean): void {
  const pictured = { ...run, scenario: { title: run.title || path, onePicture: run.onePicture } }
  if (asJson) {
    const { name, title, lesson, elko, recorded, replayed, packets, end, divergence, retelling } = run
    const paths = run.paths.map(({ host, connection, steps }) => ({
      host,
      connection,
      states: steps.map(({ state }) => state),
    }))
    const replay = { elko, recorded, replayed, packets, end, divergence, retelling }
    print(jsonOf({ name, title, lesson, replay, paths, verdicts: verdictsOf(pictured) }, run.events))
    return
  }
  const lesson = run.lesson === '' ? '' : `${wrap(run.lesson, how.width).join('\n')}\n\n`
  if (run.paths.length > 0) print(`${lesson}${pictureOf(pictured, how)}`)
  const all = run.replayed === run.recorded ? '' : ` of ${run.recorded}`
  const alike = run.divergence === null && run.retelling === null ? ', all as recorded' : ''
  print(
    `\nReplayed ${run.replayed}${all} ${run.recorded === 1 ? 'event' : 'events'} in ${durationText(run.lastUs)}${alike} by Elko ${run.elko}.`,
  )
}

/** @returns the exit code. */
function tellProblems({ divergence, retelling, problem, end, recorded }: ReplayedRun, path: string): number {
  if (end === 'full') sayHere(`${path}: the log was as long as it may be after event ${recorded}`)
  if (end === 'open' && problem === null)
    sayHere(`${path}: the log was not ended: what came last may be missing`)
  for (const differs of [retelling, divergence]) {
    if (differs === null) continue
    const { index, offset, host, event, recorded: then, came } = differs
    sayHere(`event ${index} (octet ${offset}), ${host}: ${event}\n  recorded: ${then}\n  came:     ${came}`)
  }
  if (problem !== null) sayHere(`${path}: ${problem.message}`)
  if (end === 'cut-off') sayHere(`${path}: the log is cut off after event ${recorded}`)
  if (end === 'changed') sayHere(`${path}: the log was changed after it was written`)
  if (problem !== null || end === 'cut-off' || end === 'changed') return EXIT_INPUT
  return divergence === null && retelling === null ? EXIT_FINE : EXIT_FINDINGS
}

const sayHere = (text: string): void => say(`elko replay: ${text}`)

/** An event a line: its number, its time, its stack, what it was given, what came of it. */
function printInputs(log: Uint8Array, to = Infinity, untilUs = Infinity): number {
  const reader = new LogReader(log)
  const names: string[] = []
  let startUs: number | null = null
  for (let entry = reader.next(); entry !== null && entry.index <= to; entry = reader.next()) {
    const { index, at, input, outcome, stack } = entry
    if (input.kind === 'stack') names[stack] = input.made.name
    else startUs ??= at
    if (startUs !== null && at - startUs > untilUs) break
    const time = durationText(startUs === null ? 0 : at - startUs)
    const came = outcomeText(input, outcome)
    const line = `${`${index}`.padStart(6)}  ${time.padStart(12)}  ${names[stack]}  ${inputText(input)}`
    print(came === '' ? line : `${line}: ${came}`)
  }
  if (reader.end !== 'cut-off') return EXIT_FINE
  sayHere(`the log is cut off after event ${reader.count}`)
  return EXIT_INPUT
}
