/** `elko diagram`: one connection as a sequence diagram, in the form that the file's name asks for. */

import { wrap } from '../diagram/canvas.ts'
import { ladder } from '../diagram/ladder.ts'
import type { Banner } from '../trace/banner.ts'
import { EXIT_FINE, readArguments } from './arguments.ts'
import { DRAWING_HELP, DRAWING_OPTIONS, type Drawing, drawing, print, saveFile } from './output.ts'
import { formatOf, oneOf } from './picture-format.ts'
import {
  MAX_PACKETS,
  MOST_SOURCE_WORDS,
  resolveSource,
  SOURCE_HELP,
  SOURCE_OPTIONS,
  type Source,
} from './source.ts'

/** A ladder of so many packets is read by nobody; more is asked for with -c. */
const MOST_PACKETS = 2000

const FORMATS = ['txt'] as const
const REASONS = ['none', 'words', 'sentences'] as const
const TIMERS = ['none', 'main', 'all'] as const

export const HELP = `Usage: elko diagram SOURCE [-o FILE.txt] [options]

Draws a connection: two hosts side by side, time going down, each segment with
its numbers, why it was sent and what became of it. In a capture also its frame
and what Wireshark's analysis says of it. Without -o it prints text.

${SOURCE_HELP}

The picture:
  -o FILE          where it goes: .txt
  --reasons WHICH  why each segment was sent: none, words (default of captures)
                   or sentences, where a word comes first
  --timers WHICH   none, main (default) or all
${DRAWING_HELP}

Examples:
  elko diagram capture.pcapng
  elko diagram --stream 3 --relative capture.pcap
  elko diagram client.pcap server.pcap
  elko diagram data-transfer --loss 10% --seed 7
`

const OPTIONS = {
  ...DRAWING_OPTIONS,
  ...SOURCE_OPTIONS,
  o: { type: 'string', short: 'o' },
  reasons: { type: 'string' },
  timers: { type: 'string' },
} as const

interface Look extends Drawing {
  readonly reasons: (typeof REASONS)[number] | undefined
  readonly timers: (typeof TIMERS)[number] | undefined
}

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, MOST_SOURCE_WORDS)
  const look: Look = {
    ...drawing(values),
    reasons: oneOf('--reasons', values.reasons, REASONS),
    timers: oneOf('--timers', values.timers, TIMERS),
  }
  formatOf(values.o, FORMATS)
  const source = await resolveSource(positionals, values, MOST_PACKETS)
  const text = textOf(source, values.o === undefined ? look : { ...look, color: false })
  if (values.o === undefined) {
    print(text)
    return EXIT_FINE
  }
  saveFile(values.o, new TextEncoder().encode(text))
  process.stderr.write(`Saved ${values.o}.\n`)
  return EXIT_FINE
}

/** The ladder, what was left out, and the verdict. */
function textOf(source: Source, look: Look): string {
  const { events, addresses, title, connection, banner, left, isCapture } = source
  const { width, ascii, color, relative, timers } = look
  const picture = ladder(events, {
    width,
    ascii,
    color,
    title,
    addresses,
    numbers: relative ? 'relative' : 'absolute',
    reasons: look.reasons ?? (isCapture ? 'words' : 'sentences'),
    ...(timers !== undefined && { timers }),
    ...(connection !== null && { connection }),
  })
  const more =
    left > 0 ? `... and ${left} packets more: -c ${Math.min(left + MOST_PACKETS, MAX_PACKETS)}\n` : ''
  return `${picture}${more}${banner === null ? '' : bannerText(banner, width)}`
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
