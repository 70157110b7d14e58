/** What stands around the lifelines: title, verdict, the names of hosts and columns above; the legend below. */

import { wrapped } from '../../svg/text-width.ts'
import type { LadderEnd, LadderPair } from '../../trace/connections.ts'
import { printable } from '../canvas.ts'
import type { Message } from '../ladder-messages.ts'
import type { Columns } from './columns.ts'
import { labelAt, lineHeight, widthOf } from './labels.ts'
import type { SequenceOptions } from './options.ts'
import type { Box, Label, LabelRole } from './sequence-layout.ts'

const MARGIN = 16

export interface Header {
  readonly labels: readonly Label[]
  readonly bannerBox: (Box & { readonly healthy: boolean }) | null
  /** Where the lifelines begin. */
  readonly bottom: number
}

export function headerOf(
  pair: LadderPair,
  connections: number,
  columns: Columns,
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
  names(page, pair, columns, options)
  return { labels: page.labels, bannerBox, bottom: page.y + 8 }
}

function banner(
  page: Column,
  { verdict, healthy, sentence, lines }: NonNullable<SequenceOptions['banner']>,
): Box & { readonly healthy: boolean } {
  const top = page.y + 4
  const indent = MARGIN + 36
  page.y = top + 7
  page.labels.push(labelAt('banner', MARGIN + 11, page.y, [[{ text: healthy ? '✓' : '!', style: 'strong' }]]))
  page.width -= 50
  page.words('banner', indent, printable(verdict), true)
  for (const line of [sentence, ...lines]) page.words('banner', indent, printable(line))
  page.width += 50
  page.y += 7
  const box = { x: MARGIN, y: top, width: page.width, height: page.y - top, healthy }
  page.y += 6
  return box
}

function names(page: Column, pair: LadderPair, columns: Columns, options: SequenceOptions): void {
  const ends = [pair.left, pair.right] as const
  const top = page.y
  for (const side of [0, 1] as const) {
    const x = side === 0 ? columns.axis + 8 : columns.right - 8
    const anchor = side === 0 ? 'start' : 'end'
    const room = (columns.right - columns.axis) / 2 - 40
    const end = ends[side]
    const name = columns.shown[side] ? printable(end.host) + (end.recorded ? '' : ' (not recorded)') : ''
    if (name === '') continue
    const fit = wrapped(name, room, (text) => widthOf('host', text))[0]!
    page.labels.push(labelAt('host', x, top, [fit], anchor))
    page.labels.push(labelAt('head', x, top + lineHeight('host'), [addressOf(end, options)], anchor))
  }
  page.y = top + lineHeight('host') + lineHeight('head') + 8
  const heads: [number, string][] = [[(columns.socket[0] + columns.socket[1]) / 2, 'network']]
  for (const side of [0, 1] as const) {
    const application = columns.application[side]
    if (application !== null) heads.push([application, 'application'])
    if (columns.shown[side]) heads.push([columns.socket[side], 'socket'])
  }
  heads.sort((a, b) => a[0] - b[0])
  for (const [x, name] of heads) page.labels.push(labelAt('head', x, page.y, [name], 'middle'))
  if (columns.remarks !== null) page.labels.push(labelAt('head', columns.remarks.x, page.y, ['remarks']))
  page.y += lineHeight('head')
}

function addressOf(end: LadderEnd, options: SequenceOptions): string {
  const address = options.addresses?.[end.host]
  const port = end.port < 0 ? 'port unknown' : `port ${end.port}`
  return address === undefined ? port : `${printable(address)} ${port}`
}

/** The signs that this picture uses, in words. */
export function legendOf(
  columns: Columns,
  top: number,
  messages: readonly Message[],
  relative: boolean,
): Label {
  const has = (fate: Message['fate']): boolean => messages.some((message) => message.fate === fate)
  const signs = [
    'Time runs down: where the axis is a thin line it is to scale; where it is a bar, all happened in one instant.',
    'Slanted arrow: leaves and arrives at its own times.',
    'Box: state entered; lifeline dashed: CLOSED, no connection.',
    'Bar on an application: a call that blocks.',
  ]
  if (has('lost') || has('rejected')) signs.push('×: lost in the network, or dropped where it arrived.')
  if (has('unseen')) signs.push('Dashed arrow: its other end is not recorded.')
  signs.push('Dotted band: a pause, not to scale.')
  signs.push(`Numbers ${relative ? 'relative to each SYN' : 'as on the wire'}; windows in octets.`)
  const lines = wrapped(signs.join(' '), columns.width - 2 * MARGIN, (text) => widthOf('legend', text))
  return labelAt('legend', MARGIN, top, lines)
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
