/** `elko states`: the state machine, drawn from the table by which the protocol runs; and what a connection went through. */

import { columns } from '../diagram/canvas.ts'
import { stateMachine, stateMachineData } from '../diagram/state-machine.ts'
import { layoutStates } from '../diagram/states/layout.ts'
import { stateDiagram } from '../diagram/states/state-svg.ts'
import { TRANSITIONS } from '../tcp/state.ts'
import { connectionsIn, selectEvents } from '../trace/connections.ts'
import { type StatePath, statePaths } from '../trace/state-path.ts'
import { EXIT_FINE, InputError, readArguments, UsageError } from './arguments.ts'
import { htmlPage } from './html-page.ts'
import { drawing, print, saveFile } from './output.ts'
import { formatOf, oneOf, SCHEMES } from './picture-format.ts'
import { MOST_SOURCE_WORDS, resolveSource, SOURCE_HELP, SOURCE_OPTIONS, type Source } from './source.ts'
import { stillPage } from './still-page.ts'

/** Packets of a capture; states change at its ends. */
const MOST_PACKETS = 1_000_000
const FORMATS = ['svg', 'html', 'txt'] as const

export const HELP = `Usage: elko states [SOURCE] [-o FILE] [options]

The state machine of TCP: the diagram, every transition, what each state waits
for, what client and server do in each state, and the states that each side
visits. With a SOURCE: the way of each side through it, numbered and timed.

  -o FILE          .svg or .html: the diagram as a picture; .txt
  --scheme WHICH   colours of a picture: light, dark or auto (default)
  --width N        columns of text, 80 to 400 (default: the terminal's, or 100)
  --ascii          only ASCII characters in text
  --json           the same as data

${SOURCE_HELP}

Examples:
  elko states | less -R
  elko states -o states.svg
  elko states simultaneous-close -o closing.svg
  elko states capture.pcapng --stream 3
  elko states --json | jq '.transitions[] | select(.from == "FIN-WAIT-1")'
`

const OPTIONS = {
  ...SOURCE_OPTIONS,
  o: { type: 'string', short: 'o' },
  width: { type: 'string' },
  ascii: { type: 'boolean' },
  scheme: { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, MOST_SOURCE_WORDS)
  const how = drawing(values)
  const scheme = oneOf('--scheme', values.scheme, SCHEMES) ?? 'auto'
  const format = formatOf(values.o, FORMATS)
  if (positionals.length === 0) refuseSourceFlags(values)
  const source = positionals.length === 0 ? null : await resolveSource(positionals, values, MOST_PACKETS)
  const paths = source === null ? [] : pathsOf(source)
  if (values.json === true) {
    const data = source === null ? stateMachineData(TRANSITIONS) : { title: source.title, paths }
    print(JSON.stringify(data, null, 2))
    return EXIT_FINE
  }
  const text = (): string =>
    source === null ? stateMachine(TRANSITIONS, how) : pathText(source.title, paths, how.ascii)
  if (values.o === undefined) {
    print(text())
    return EXIT_FINE
  }
  const svg = (): string =>
    stateDiagram(TRANSITIONS, { paths, scheme, ...(source !== null && { title: source.title }) })
  const written =
    format === 'txt'
      ? text()
      : format === 'svg'
        ? svg()
        : source === null
          ? stillPage('The state machine of TCP', svg(), scheme)
          : pageOf(source, svg())
  saveFile(values.o, new TextEncoder().encode(written))
  process.stderr.write(`Saved ${values.o}.\n`)
  return EXIT_FINE
}

/** The page of the connection, with its states first. */
function pageOf(source: Source, still: string): string {
  const { events, addresses, title, banner, connection, left, isCapture } = source
  const look = { view: isCapture ? 'overview' : 'full', numbers: 'relative' } as const
  return htmlPage({ ...{ events, addresses, title, banner, connection, left, look }, tab: 'states' }, still)
}

/** @throws UsageError for what says something of a source that is not there. */
function refuseSourceFlags(values: Readonly<Record<string, unknown>>): void {
  for (const flag of Object.keys(SOURCE_OPTIONS)) {
    if (values[flag] === undefined) continue
    throw new UsageError(
      `${flag.length === 1 ? '-' : '--'}${flag}: expected a SOURCE before it: a scenario or a capture`,
    )
  }
}

/** The ways of the two sides of the connection that is asked for, left first. */
function pathsOf({ events, connection, title }: Source): StatePath[] {
  const pairs = connectionsIn(events)
  const pair = pairs.find(({ left, right }) =>
    [left, right].some((end) => end.host === connection?.host && end.connection === connection.connection),
  )
  if (pair === undefined) throw new InputError(`${title}: there is no connection in it`)
  const own = selectEvents(events, pair).map(({ event }) => event)
  const ends = [pair.left, pair.right]
  return statePaths(own)
    .filter((path) => ends.some((end) => end.host === path.host && end.connection === path.connection))
    .sort((a, b) => sideOf(a) - sideOf(b))

  function sideOf({ host, connection: number }: StatePath): number {
    return ends.findIndex((end) => end.host === host && end.connection === number)
  }
}

/** The same steps as below the picture. */
function pathText(title: string, paths: readonly StatePath[], ascii: boolean): string {
  const { table, headings } = layoutStates(TRANSITIONS, { paths })
  const lines = [title]
  headings.forEach(({ text: heading }, side) => {
    const rows = table.filter((row) => row.side === side)
    const cells = rows.map(({ step, words: [time, went, ...why] }) => {
      return [String(step), time!.text, went!.text, why.map(({ text }) => text).join(' ')]
    })
    const widths = [0, 1, 2].map((k) => cells.reduce((most, row) => Math.max(most, columns(row[k]!)), 0))
    lines.push('', heading)
    for (const [step = '', time = '', went = '', why = ''] of cells)
      lines.push(
        `  ${step.padStart(widths[0]!)}  ${time.padStart(widths[1]!)}  ${went.padEnd(widths[2]!)}  ${why}`,
      )
  })
  const text = `${lines.join('\n')}\n`
  return ascii ? text.replaceAll('→', '->') : text
}
