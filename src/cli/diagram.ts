/** `elko diagram`: one connection as a sequence diagram, in the form that the file's name asks for. */

import { readArguments } from './arguments.ts'
import { DIAGRAM_FORMATS, diagramOf, type Look, REASONS, TIMERS, VIEWS } from './diagram-forms.ts'
import { DRAWING_OPTIONS, drawing, print, saveFile } from './output.ts'
import { checkFlags, formatOf, oneOf, SCHEMES } from './picture-format.ts'
import {
  MOST_SOURCE_WORDS,
  pictureDone,
  resolveSource,
  SOURCE_HELP,
  SOURCE_OPTIONS,
  tellSaved,
} from './source.ts'

/** A ladder of so many packets is read by nobody; more is asked for with -c. */
const MOST_ROWS = 2000
/** What is folded can be longer. */
const MOST_FOLDED = 100_000

export const HELP = `Usage: elko diagram SOURCE [-o FILE] [options]

Draws a connection: two hosts side by side, time going down, each segment with
its numbers, why it was sent and what became of it. In a capture also its frame
and what Wireshark's analysis says of it. Without -o it prints text.

${SOURCE_HELP}

The picture:
  -o FILE          .svg: time to scale, for a browser or a document; .html: the
                   same with details, octets, search, folds that open, graphs;
                   .txt; .mmd: Mermaid, for GitHub and others; .puml: PlantUML
  --view WHICH     of .svg and .html: full (default), overview: without
                   applications and remarks (default of a capture's .html),
                   client or server: one end as it sees the world
  --reasons WHICH  why each segment was sent: none, words or sentences, where a
                   word comes first (default; but of captures only in .svg)
  --timers WHICH   none, main (default) or all
  --unfold         of .svg, .mmd and .puml: long runs of segments in full, not a
                   line for each run; in .html a click unfolds them
  --scheme WHICH   of .svg: light, dark or auto (default): the reader's own
  --relative       sequence numbers counted from each side's SYN
  --width N        of text: columns, 80 to 400 (default: the terminal's, or 100)
  --ascii          of text: only ASCII characters

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

const TAKEN_BY = {
  view: ['svg', 'html'],
  unfold: ['svg', 'mmd', 'puml'],
  scheme: ['svg'],
  width: ['txt'],
  ascii: ['txt'],
} as const

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
  const format = formatOf(values.o, DIAGRAM_FORMATS)
  checkFlags(values, format, TAKEN_BY)
  const most = format === 'txt' ? MOST_ROWS : MOST_FOLDED
  const source = await resolveSource(positionals, values, most, format)
  if (values.o === undefined) {
    print(diagramOf(source, 'txt', look))
    return pictureDone(source)
  }
  saveFile(values.o, diagramOf(source, format, { ...look, color: false }))
  tellSaved(values.o, source)
  return pictureDone(source)
}
