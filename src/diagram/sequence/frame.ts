/** What stands around the lifelines: title, verdict, the names of hosts and columns above; the legend below. */

import { wrapped } from '../../svg/text-width.ts'
import { MARKS, type Tone, toneOf } from '../../trace/banner.ts'
import type { LadderEnd, LadderPair } from '../../trace/connections.ts'
import { printable } from '../canvas.ts'
import { isInferred, type SeenAt } from '../seen-at.ts'
import type { Columns } from './columns.ts'
import { labelAt, lineHeight, widthOf } from './labels.ts'
import type { SequenceOptions } from './options.ts'
import type { Box, Label, LabelRole } from './sequence-layout.ts'

export const MARGIN = 16

export interface Header {
  readonly labels: readonly Label[]
  readonly bannerBox: (Box & { readonly tone: Tone }) | null
  /** Where the lifelines begin. */
  readonly bottom: number
}

export function headerOf(
  pair: LadderPair,
  connections: number,
  columns: Columns,
  place: SeenAt | null,
  options: SequenceOptions,
): Header {
  const page = new Column(columns.width - 2 * MARGIN)
  if (options.title !== undefined) page.words('title', MARGIN, printable(options.title))
  const bannerBox = options.banner === undefined ? null : banner(page, options.banner)
  if (connections > 1) {
    const { connection, host } = pair.left
    const which = `This is one of ${connections} connections in the record (number ${connection} of ${printable(host)}).`
    page.words('words', MARGIN, which)
  }
  page.y += 6
  names(page, pair, columns, place, options)
  return { labels: page.labels, bannerBox, bottom: page.y + 8 }
}

function banner(page: Column, said: NonNullable<SequenceOptions['banner']>): Box & { readonly tone: Tone } {
  const { verdict, sentence, lines } = said
  const tone = toneOf(said)
  const top = page.y + 4
  const indent = MARGIN + 36
  page.y = top + 7
  page.labels.push(labelAt('banner', MARGIN + 11, page.y, [[{ text: MARKS[tone], style: 'strong' }]]))
  page.width -= 50
  page.words('banner', indent, printable(verdict), true)
  for (const line of [sentence, ...counted(lines)]) page.words('banner', indent, printable(line))
  page.width += 50
  page.y += 7
  const box = { x: MARGIN, y: top, width: page.width, height: page.y - top, tone }
  page.y += 6
  return box
}

/** A line that is said again and again stands there once. */
function counted(lines: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return [...counts].map(([line, count]) => (count === 1 ? line : `${line} (${count} times)`))
}

function names(
  page: Column,
  pair: LadderPair,
  columns: Columns,
  place: SeenAt | null,
  options: SequenceOptions,
): void {
  const top = page.y
  page.labels.push(...hostNames(pair, columns, top))
  for (const side of [0, 1] as const) {
    if (!columns.shown[side]) continue
    const [x, anchor] = cornerOf(side, columns)
    const address = addressOf(side === 0 ? pair.left : pair.right, options)
    page.labels.push(labelAt('head', x, top + lineHeight('host'), [address], anchor))
  }
  page.y = top + lineHeight('host') + lineHeight('head') + 8
  page.labels.push(...columnNames(columns, place, page.y))
  if (columns.remarks !== null) page.labels.push(labelAt('head', columns.remarks.x, page.y, ['remarks']))
  page.y += lineHeight('head')
}

/** What the names of hosts and columns take where a long picture repeats them. */
export const HEADS_HEIGHT = lineHeight('host') + lineHeight('head')

/** The names of hosts and columns once more, further down. */
export function headsAt(pair: LadderPair, columns: Columns, place: SeenAt | null, top: number): Label[] {
  return [...hostNames(pair, columns, top), ...columnNames(columns, place, top + lineHeight('host'))]
}

function hostNames(pair: LadderPair, columns: Columns, top: number): Label[] {
  const room = (columns.right - columns.axis) / 2 - 40
  return ([0, 1] as const).flatMap((side) => {
    const end = side === 0 ? pair.left : pair.right
    const name = columns.shown[side] ? printable(end.host) + (end.recorded ? '' : ' (not recorded)') : ''
    if (name === '') return []
    const fit = wrapped(name, room, (text) => widthOf('host', text))[0]!
    const [x, anchor] = cornerOf(side, columns)
    return [labelAt('host', x, top, [fit], anchor)]
  })
}

function cornerOf(side: 0 | 1, columns: Columns): [x: number, anchor: 'start' | 'end'] {
  return side === 0 ? [columns.axis + 8, 'start'] : [columns.right - 8, 'end']
}

function columnNames(columns: Columns, place: SeenAt | null, top: number): Label[] {
  const heads: [number, string][] = [[(columns.socket[0] + columns.socket[1]) / 2, 'network']]
  for (const side of [0, 1] as const) {
    const application = columns.application[side]
    if (application !== null) heads.push([application, 'application'])
    if (columns.shown[side])
      heads.push([columns.socket[side], isInferred(place, side) ? 'socket (inferred)' : 'socket'])
  }
  heads.sort((a, b) => a[0] - b[0])
  return heads.map(([x, name]) => labelAt('head', x, top, [name], 'middle'))
}

function addressOf(end: LadderEnd, options: SequenceOptions): string {
  const address = options.addresses?.[end.host]
  const port = end.port < 0 ? 'port unknown' : `port ${end.port}`
  return address === undefined ? port : `${printable(address)} ${port}`
}

/** Words below each other. */
export class Column {
  readonly labels: Label[] = []
  y = 14
  width: number

  constructor(width: number) {
    this.width = width
  }

  words(role: LabelRole, x: number, text: string, strong = false): void {
    const lines = wrapped(text, this.width, (words) => widthOf(role, words, strong))
    if (lines.length === 0) return
    const label = labelAt(
      role,
      x,
      this.y,
      lines.map((line) => (strong ? [{ text: line, style: 'strong' }] : line)),
    )
    this.labels.push(label)
    this.y += label.box.height
  }
}
