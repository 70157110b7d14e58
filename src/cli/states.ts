/** `elko states`: the state machine, drawn from the table by which the protocol runs; and what a connection went through. */

import { columns } from '../diagram/canvas.ts'
import { stateMachine, stateMachineData } from '../diagram/state-machine.ts'
import { layoutStates } from '../diagram/states/layout.ts'
import { stateDiagram } from '../diagram/states/state-svg.ts'
import type { Scheme } from '../svg/theme.ts'
import { TRANSITIONS } from '../tcp/state.ts'
import { selectEvents } from '../trace/connections.ts'
import { pathsOf, type StatePath } from '../trace/state-path.ts'
import { EXIT_FINE, InputError, readArguments, UsageError } from './arguments.ts'
import { sourcePage } from './html-page.ts'
import { drawing, print, saveFile } from './output.ts'
import { checkFlags, formatOf, oneOf, SCHEMES } from './picture-format.ts'
import {
  MOST_SOURCE_WORDS,
  pairOf,
  pictureDone,
  resolveSource,
  SOURCE_HELP,
  SOURCE_OPTIONS,
  type Source,
} from './source.ts'
import { stillPage } from './still-page.ts'

/** Packets of a capture; states change at its ends. */
const MOST_PACKETS = 1_000_000
const FORMATS = ['svg', 'html', 'json', 'txt'] as const

export const HELP = `Usage: elko states [SOURCE] [-o FILE] [options]

The state machine of TCP: the diagram, every transition, what each state waits
for, what client and server do in each state, and the states that each side
visits. With a SOURCE: the way of each side through it, numbered and timed.

  -o FILE          .svg or .html: the diagram as a picture; .txt; .json
  --scheme WHICH   of .svg: light, dark or auto (default): the reader's own
  --width N        of text without a SOURCE: columns, 80 to 400 (default: the
                   terminal's, or 100)
  --ascii          of text: only ASCII characters
  --json           the same as data, printed

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

const WITHOUT = { scheme: ['svg', 'html'], width: ['txt'], ascii: ['txt'] } as const
/** The page of a connection has a choice of its own. */
const WITH_SOURCE = { ...WITHOUT, scheme: ['svg'] } as const

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, MOST_SOURCE_WORDS)
  const how = drawing(values)
  const scheme = oneOf('--scheme', values.scheme, SCHEMES) ?? 'auto'
  if (values.json === true && values.o !== undefined)
    throw new UsageError('--json: prints the data; -o FILE.json saves them')
  const format = values.json === true ? 'json' : formatOf(values.o, FORMATS)
  const hasSource = positionals.length > 0
  checkFlags(values, format, hasSource ? WITH_SOURCE : WITHOUT)
  if (!hasSource) refuseSourceFlags(values)
  else if (values.width !== undefined) throw new UsageError('--width: only without a SOURCE')
  const source = hasSource ? await resolveSource(positionals, values, MOST_PACKETS, format) : null
  const paths = source === null ? [] : waysOf(source)
  const svg = (): string =>
    stateDiagram(TRANSITIONS, { paths, scheme, ...(source !== null && { title: source.title }) })
  const forms: Readonly<Record<typeof format, () => string>> = {
    svg,
    html: () => pageOf(source, svg(), scheme),
    json: () => dataText(source, paths),
    txt: () => (source === null ? stateMachine(TRANSITIONS, how) : pathText(source.title, paths, how.ascii)),
  }
  if (values.o === undefined) {
    print(forms[format]())
    return source === null ? EXIT_FINE : pictureDone(source)
  }
  saveFile(values.o, forms[format]())
  process.stderr.write(`Saved ${values.o}.\n`)
  return source === null ? EXIT_FINE : pictureDone(source)
}

function dataText(source: Source | null, paths: readonly StatePath[]): string {
  const data = source === null ? stateMachineData(TRANSITIONS) : { title: source.title, paths }
  return `${JSON.stringify(data, null, 2)}\n`
}

/** With a connection the whole page of it, of which the states are seen first. */
function pageOf(source: Source | null, svg: string, scheme: Scheme): string {
  if (source === null) return stillPage('The state machine of TCP', svg, scheme)
  return sourcePage(source, { tab: 'states', look: { numbers: 'relative' } }, svg)
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
function waysOf(source: Source): StatePath[] {
  const pair = pairOf(source)
  if (pair === undefined) throw new InputError(`${source.title}: there is no connection in it`)
  const own = selectEvents(source.events, pair).map(({ event }) => event)
  return pathsOf(own, [pair.left, pair.right])
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
