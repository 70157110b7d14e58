/** `elko diagram`: one connection as a sequence diagram, in the form that the file's name asks for. */

import { wrap } from '../diagram/canvas.ts'
import { ladder } from '../diagram/ladder.ts'
import { mermaid } from '../diagram/script/mermaid.ts'
import { plantuml } from '../diagram/script/plantuml.ts'
import { sequenceDiagram } from '../diagram/sequence/sequence-diagram.ts'
import type { Banner } from '../trace/banner.ts'
import { EXIT_FINE, readArguments, UsageError } from './arguments.ts'
import { htmlPage } from './html-page.ts'
import { DRAWING_HELP, DRAWING_OPTIONS, type Drawing, drawing, print, saveFile } from './output.ts'
import { formatOf, oneOf, SCHEMES } from './picture-format.ts'
import {
  MAX_PACKETS,
  MOST_SOURCE_WORDS,
  resolveSource,
  SOURCE_HELP,
  SOURCE_OPTIONS,
  type Source,
} from './source.ts'

/** A ladder of so many packets is read by nobody; more is asked for with -c. */
const MOST_ROWS = 2000
/** What is folded can be longer. */
const MOST_FOLDED = 100_000

const FORMATS = ['svg', 'html', 'txt', 'mmd', 'puml'] as const
const REASONS = ['none', 'words', 'sentences'] as const
const VIEWS = ['full', 'overview', 'client', 'server'] as const
const TIMERS = ['none', 'main', 'all'] as const

export const HELP = `Usage: elko diagram SOURCE [-o FILE] [options]

Draws a connection: two hosts side by side, time going down, each segment with
its numbers, why it was sent and what became of it. In a capture also its frame
and what Wireshark's analysis says of it. Without -o it prints text.

${SOURCE_HELP}

The picture:
  -o FILE          .svg: time to scale, for a browser or a document; .html: the
                   same with details, search, folds that open, graphs; .txt;
                   .mmd: Mermaid, for GitHub and others; .puml: PlantUML
  --view WHICH     full, overview: without the applications (default of
                   captures), client or server: one end as it sees the world
  --reasons WHICH  why each segment was sent: none, words (default of captures)
                   or sentences, where a word comes first
  --timers WHICH   none, main (default) or all
  --unfold         long runs of segments in full, not a line for each run
  --scheme WHICH   light, dark or auto (default): as the reader's system is
${DRAWING_HELP}

Examples:
  elko diagram capture.pcapng
  elko diagram --stream 3 --relative capture.pcap
  elko diagram client.pcap server.pcap -o both.svg
  elko diagram fast-retransmit -o fast-retransmit.html
  elko diagram data-transfer --loss 10% --seed 7
`

const OPTIONS = {
  ...DRAWING_OPTIONS,
  ...SOURCE_OPTIONS,
  o: { type: 'string', short: 'o' },
  view: { type: 'string' },
  reasons: { type: 'string' },
  timers: { type: 'string' },
  unfold: { type: 'boolean' },
  scheme: { type: 'string' },
} as const

interface Look extends Drawing {
  readonly view: (typeof VIEWS)[number] | undefined
  readonly reasons: (typeof REASONS)[number] | undefined
  readonly timers: (typeof TIMERS)[number] | undefined
  readonly unfold: boolean
  readonly scheme: (typeof SCHEMES)[number] | undefined
}

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, MOST_SOURCE_WORDS)
  const look: Look = {
    ...drawing(values),
    view: oneOf('--view', values.view, VIEWS),
    reasons: oneOf('--reasons', values.reasons, REASONS),
    timers: oneOf('--timers', values.timers, TIMERS),
    unfold: values.unfold === true,
    scheme: oneOf('--scheme', values.scheme, SCHEMES),
  }
  const format = formatOf(values.o, FORMATS)
  if (format !== 'txt') checkTextOnly(values)
  const source = await resolveSource(positionals, values, format === 'txt' ? MOST_ROWS : MOST_FOLDED)
  if (values.o === undefined) {
    print(textOf(source, look))
    return EXIT_FINE
  }
  saveFile(values.o, new TextEncoder().encode(FORMS[format](source, { ...look, color: false })))
  process.stderr.write(`Saved ${values.o}.${leftText(source)}\n`)
  return EXIT_FINE
}

/** @throws UsageError */
function checkTextOnly(values: { readonly width?: string; readonly ascii?: boolean }): void {
  for (const flag of ['width', 'ascii'] as const)
    if (values[flag] !== undefined) throw new UsageError(`--${flag}: only for text`)
}

const FORMS: Readonly<Record<(typeof FORMATS)[number], (source: Source, look: Look) => string>> = {
  svg: svgOf,
  html: htmlOf,
  txt: textOf,
  mmd: (source, look) => mermaid(source.events, scripted(source, look)),
  puml: (source, look) => plantuml(source.events, scripted(source, look)),
}

/** What all forms are told. */
function shared({ title, addresses, connection, isCapture }: Source, { relative, reasons, timers }: Look) {
  return {
    title,
    addresses,
    numbers: relative ? 'relative' : 'absolute',
    reasons: reasons ?? (isCapture ? 'words' : 'sentences'),
    ...(timers !== undefined && { timers }),
    ...(connection !== null && { connection }),
  } as const
}

function svgOf(source: Source, look: Look): string {
  const { view, unfold, scheme } = look
  return sequenceDiagram(source.events, {
    ...shared(source, look),
    // The remarks have room for sentences.
    reasons: look.reasons ?? 'sentences',
    ...(source.banner !== null && { banner: source.banner }),
    ...(view !== undefined && { view }),
    ...(unfold && { unfolded: 'all' }),
    ...(scheme !== undefined && { scheme }),
  })
}

function htmlOf(source: Source, look: Look): string {
  const { events, addresses, title, banner, connection, left, isCapture } = source
  const { numbers, reasons } = shared(source, look)
  const { timers, view = isCapture ? 'overview' : 'full' } = look
  const first = { view, numbers, reasons, ...(timers !== undefined && { timers }) }
  return htmlPage(
    { ...{ events, addresses, title, banner, connection, left }, tab: 'diagram', look: first },
    svgOf(source, look),
  )
}

function scripted(source: Source, look: Look) {
  const { banner } = source
  const told = { ...(banner !== null && { banner }), ...(look.unfold && { unfolded: 'all' as const }) }
  return { ...shared(source, look), ...told }
}

/** The ladder, what was left out, and the verdict. */
function textOf(source: Source, look: Look): string {
  const { width, ascii, color } = look
  const picture = ladder(source.events, { ...shared(source, look), width, ascii, color })
  const left = leftText(source)
  const { banner } = source
  return `${picture}${left === '' ? '' : `...${left}\n`}${banner === null ? '' : bannerText(banner, width)}`
}

function leftText({ left, events }: Source): string {
  if (left === 0) return ''
  const shown = events.filter(({ kind }) => kind === 'sent').length
  return ` and ${left} packets more: -c ${Math.min(left + shown, MAX_PACKETS)}`
}

function bannerText({ verdict, sentence, lines }: Banner, width: number): string {
  const told = [`${verdict}: ${sentence}`, ...lines.map((line) => `  ${line}`)]
  const wrapped = told.flatMap((line, index) => {
    const indent = index === 0 ? '' : '  '
    return wrap(line.trim(), width - 4).map(
      (words, k) => `${indent}${k === 0 ? '' : '    '.slice(indent.length)}${words}`,
    )
  })
  return `\n${wrapped.join('\n')}\n`
}
