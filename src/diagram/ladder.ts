/**
 * The ladder: one connection as text, two hosts side by side, time going down.
 *
 * It is drawn from events and from nothing else, and the same events give the same text. Everything at one host
 * stands in the order in which it happened there.
 */

import { durationText } from '../svg/scale.ts'
import { connectionsIn, type LadderEnd, type LadderPair, selectEvents } from '../trace/connections.ts'
import type { TraceEvent } from '../trace/events.ts'
import type { StateName } from '../trace/states.ts'
import { columns, printable, TextLine, type TextStyle, wrap } from './canvas.ts'
import { drawArrow, drawBelow, type Net, wrapBelow } from './ladder-arrows.ts'
import { type LadderItem, ladderItems, type Message, messagesOf } from './ladder-messages.ts'
import { type Ends, ladderRows, type Row, type Rows } from './ladder-rows.ts'
import { labelLines, relativeBases } from './message-label.ts'
import { type Sight, seenLines, sightOf } from './seen-at.ts'
import { type TimeScale, timeScale } from './time-text.ts'

export interface LadderOptions {
  /** Columns, from 80 (less counts as 80). Default 100. */
  readonly width?: number
  /** Only ASCII characters. Default false. */
  readonly ascii?: boolean
  /** ANSI colours. Default false. */
  readonly color?: boolean
  /** Sequence numbers as on the wire, or counted from each side's SYN. Default 'absolute'. */
  readonly numbers?: 'absolute' | 'relative'
  /** Why each segment was sent: not at all, by its word, or explained where a word comes first (default). */
  readonly reasons?: 'none' | 'words' | 'sentences'
  /** Timers: none, those worth a line (default: every expiry; the start of the long ones), or all. */
  readonly timers?: 'none' | 'main' | 'all'
  /** Congestion control: nothing, a line where the phase changes (default), or every record. */
  readonly recovery?: 'none' | 'phases' | 'all'
  /** Which connection, by its number at one of its hosts. Default: the first one. */
  readonly connection?: { readonly host: string; readonly connection: number }
  /** The host on the left. Default: the one that opened. */
  readonly left?: string
  /** Addresses by host, for the header. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly title?: string
  /** Time without events, in microseconds, that is shown as a gap. Default: well beyond the usual pace of the run. */
  readonly gapUs?: number
  /** The line that explains the signs. Default true. */
  readonly legend?: boolean
}

/**
 * Draws one connection. The text ends with a newline, and no line is longer than the width. Where there is nothing
 * to draw, the text says so and says what there is.
 */
export function ladder(events: readonly TraceEvent[], options: LadderOptions = {}): string {
  const how: TextStyle = { ascii: options.ascii ?? false, color: options.color ?? false }
  const width = Math.max(80, Math.floor(options.width ?? 100))
  const pairs = connectionsIn(events)
  const pair = choosePair(pairs, options)
  if (pair === undefined) return render(wrapLines(nothingToDraw(events, pairs, options), width), how)
  const items = ladderItems(selectEvents(events, pair), pair, options.recovery)
  const drawn = ladderRows(items, {
    timers: options.timers ?? 'main',
    recovery: options.recovery ?? 'phases',
  })
  const page = new Page(pair, items, drawn, width, options)
  page.header(pairs.length)
  page.body()
  if (options.legend ?? true) page.legend()
  return render(page.lines, how)
}

/** Columns between an application and its socket: room for "[SYN-RECEIVED]". */
const SIDE = 16

/** The lifelines' columns, and the lines drawn so far. */
class Page {
  readonly lines: TextLine[] = []
  readonly #pair: LadderPair
  readonly #rows: readonly Row[]
  readonly #messages: readonly Message[]
  readonly #width: number
  readonly #options: LadderOptions
  readonly #sight: Sight | null
  readonly #scale: TimeScale
  readonly #timeWidth: number
  /** Application and socket of each side. */
  readonly #application: Ends<number>
  readonly #socket: Ends<number>
  readonly #net: Net
  #states: Ends<StateName | undefined> = [undefined, undefined]

  constructor(
    pair: LadderPair,
    items: readonly LadderItem[],
    drawn: Rows,
    width: number,
    options: LadderOptions,
  ) {
    const { rows } = drawn
    this.#pair = pair
    this.#rows = rows
    this.#width = width
    this.#options = options
    this.#messages = messagesOf(items)
    this.#sight = sightOf(this.#messages, pair)
    this.#scale = timeScale(rows.map((row) => row.at))
    const times = rows.map((row) => columns(this.#scale.text(row.at)))
    this.#timeWidth = Math.max(
      5,
      times.reduce((a, b) => Math.max(a, b), 0),
    )
    const left = this.#timeWidth + 2
    this.#application = [left, width - 1]
    this.#socket = [left + SIDE + 1, width - SIDE - 2]
    this.#net = { start: this.#socket[0] + 1, end: this.#socket[1] }
    this.#states = [drawn.first[0] ?? bareState(pair.left), drawn.first[1] ?? bareState(pair.right)]
  }

  header(connections: number): void {
    const { title } = this.#options
    if (title !== undefined) this.#words(printable(title), 'strong')
    const names = this.#line()
    this.#endNames(names, (end) => printable(end.host) + (end.recorded ? '' : ' (not recorded)'))
    const addresses = this.#line()
    this.#endNames(addresses, (end) => this.#address(end))
    if (connections > 1) {
      this.#words(
        `This is one of ${connections} connections in the record (number ${this.#pair.left.connection} of ` +
          `${printable(this.#pair.left.host)}).`,
      )
    }
    this.#line()
    const heads = this.#line()
    heads.putEnd(this.#timeWidth - 1, this.#scale.unit, 'dim')
    heads.put(this.#application[0], 'application', 'dim')
    heads.putEnd(this.#socket[0], 'socket', 'dim')
    heads.put(Math.floor((this.#net.start + this.#net.end - 7) / 2), 'network', 'dim')
    heads.put(this.#socket[1], 'socket', 'dim')
    heads.putEnd(this.#application[1], 'application', 'dim')
    this.#stateLabels(this.#lifelines(), this.#states, [false, false])
    this.#lifelines()
  }

  body(): void {
    const bases = this.#options.numbers === 'relative' ? relativeBases(this.#messages) : ([0, 0] as const)
    const reasons = this.#options.reasons ?? 'sentences'
    const arrows = { reasons, bases, told: new Set<never>(), place: this.#sight?.at ?? null }
    const gapUs = this.#options.gapUs ?? usualGapUs(this.#rows, this.#messages)
    let shownTime = ''
    let lastAt = this.#rows[0]?.at ?? 0
    for (const row of this.#rows) {
      if (row.at - lastAt >= gapUs) this.#gap(row.at - lastAt)
      lastAt = row.at
      if (row.kind === 'heading') {
        if (row !== this.#rows[0]) this.#lifelines()
        this.#heading(row.text)
        continue
      }
      this.#enter(row)
      const line = this.#lifelines()
      const time = this.#scale.text(row.at)
      if (time !== shownTime) line.putEnd(this.#timeWidth - 1, time, 'dim')
      shownTime = time
      this.#row(line, row, arrows)
    }
    this.#lifelines()
  }

  legend(): void {
    const halves = this.#messages.some((message) => message.tag > 0)
    const signs = ['[STATE] entered on this line', '┊ no connection (CLOSED)', '─ 20 ms ─▶ time on the way']
    if (halves) signs.push('╌╌ (1) and (1) ╌╌ one message that others crossed')
    if (this.#messages.some((message) => message.fate === 'lost' || message.fate === 'rejected')) {
      signs.push('× lost or dropped')
    }
    if (
      this.#messages.some((message) => message.fate === 'unseen' || (message.sentItem < 0 && message.whole))
    ) {
      signs.push('╌╌▶ the other end is not recorded')
    }
    if (this.#sight !== null) signs.push(...seenLines(this.#sight, this.#pair))
    const numbers = this.#options.numbers === 'relative' ? 'relative to each SYN' : 'as on the wire'
    signs.push(`numbers ${numbers}, windows in octets`)
    for (const words of labelLines(signs, this.#width, '; ')) this.#words(words, 'dim')
  }

  #row(
    line: TextLine,
    row: Exclude<Row, { kind: 'heading' }>,
    arrows: Parameters<typeof drawArrow>[3],
  ): void {
    switch (row.kind) {
      case 'message': {
        this.#stateLabels(line, row.states, row.changed)
        const below = wrapBelow(drawArrow(line, row, this.#net, arrows), this.#net)
        for (const { text, style } of below) {
          drawBelow(this.#lifelines(), text, row.message.from === 0, this.#net, style)
        }
        return
      }
      case 'state':
        this.#stateLabel(line, row.side, row.states[row.side], row.changed[row.side])
        return
      case 'note':
        this.#note(line, row.side, row.text, row.style)
        return
      default:
        this.#side(line, row)
    }
  }

  /** Between application and socket. What does not fit goes on below. */
  #side(line: TextLine, row: Extract<Row, { side: 0 | 1; note: string }>): void {
    const { side } = row
    const from = side === 0 ? this.#application[0] + 1 : this.#socket[1] + 1
    const towardsRight = (row.kind === 'call') === (side === 0)
    const arrow = row.kind !== 'application'
    const words = wrap(row.text, arrow ? SIDE - 3 : SIDE - 2)
    if (arrow) {
      line.fill(from, from + SIDE, '─', 'call')
      if (towardsRight) line.put(from + SIDE - 1, '▶', 'call')
      else line.put(from, '◀', 'call')
    }
    words.forEach((word, index) => {
      const at = index === 0 ? line : this.#lifelines()
      const padded = arrow && columns(word) + 2 < SIDE - 1 ? ` ${word} ` : word
      at.put(from + Math.max(0, Math.floor((SIDE - columns(padded)) / 2)), padded, 'call')
    })
    if (row.note !== '') this.#note(line, side, row.note, 'dim')
  }

  #note(line: TextLine, side: -1 | 0 | 1, text: string, style: 'plain' | 'dim' | 'bad'): void {
    const room = this.#net.end - this.#net.start - (side === -1 ? 2 : 6)
    wrap(text, room).forEach((words, index) => {
      const at = index === 0 ? line : this.#lifelines()
      if (side === -1) {
        at.put(this.#net.start + 1 + Math.floor((room - columns(words)) / 2), words, style)
        return
      }
      if (index === 0) at.put(this.#socket[side], side === 0 ? '┠─' : '┨')
      if (index === 0 && side === 1) at.put(this.#socket[1] - 1, '─')
      if (side === 0) at.put(this.#net.start + 2, words, style)
      else at.putEnd(this.#net.end - 3, words, style)
    })
  }

  #heading(text: string): void {
    for (const words of wrap(text, this.#width - 8)) {
      const line = this.#line()
      line.fill(0, this.#width, '═', 'strong')
      line.put(3, ` ${words} `, 'strong')
    }
    this.#lifelines()
  }

  #gap(us: number): void {
    const line = this.#line()
    for (const column of [...this.#application, ...this.#socket]) line.put(column, '·', 'dim')
    const dots = this.#options.ascii === true ? '...' : '…'
    const text = `${dots} ${durationText(us)} ${dots}`
    line.put(Math.floor((this.#net.start + this.#net.end - columns(text)) / 2), text, 'strong')
  }

  #enter(row: Row): void {
    for (const side of [0, 1] as const) {
      const changes = row.changed[side] || (row.kind !== 'message' && row.states[side] !== undefined)
      if (changes) this.#states[side] = row.states[side]
    }
  }

  #lifelines(): TextLine {
    const line = this.#line()
    for (const side of [0, 1] as const) {
      line.put(this.#application[side], '│', 'dim')
      line.put(this.#socket[side], this.#states[side] === 'CLOSED' ? '┊' : '┃')
    }
    return line
  }

  #stateLabels(line: TextLine, states: Ends<StateName | undefined>, changed: Ends<boolean>): void {
    for (const side of [0, 1] as const) this.#stateLabel(line, side, states[side], changed[side])
  }

  #stateLabel(line: TextLine, side: 0 | 1, shown: StateName | undefined, changed: boolean): void {
    const state = shown ?? this.#states[side]
    if (state === undefined) return
    const text = changed ? `[${state}]` : ` ${state} `
    const style = changed ? 'state' : 'dim'
    if (side === 0) line.putEnd(this.#socket[0] - 1, text, style)
    else line.put(this.#socket[1] + 1, text, style)
  }

  #endNames(line: TextLine, name: (end: LadderEnd) => string): void {
    const room = Math.floor((this.#width - this.#application[0]) / 2) - 2
    const left = [...name(this.#pair.left)].slice(0, room).join('')
    const right = [...name(this.#pair.right)].slice(0, room).join('')
    line.put(this.#application[0], left, 'strong')
    line.putEnd(this.#application[1], right, 'strong')
  }

  #address(end: LadderEnd): string {
    const address = this.#options.addresses?.[end.host]
    const port = end.port < 0 ? 'port unknown' : `port ${end.port}`
    return address === undefined ? port : `${printable(address)} ${port}`
  }

  #words(text: string, style: 'plain' | 'strong' | 'dim' = 'plain'): void {
    for (const words of wrap(text, this.#width)) this.#line().put(0, words, style)
  }

  #line(): TextLine {
    const line = new TextLine(this.#width)
    this.lines.push(line)
    return line
  }
}

/** Which connection is asked for: by its number, by the host on the left, or the first one. */
export type Choice = Pick<LadderOptions, 'connection' | 'left'>

/** The connection that is asked for, with the host that is to be on the left there; undefined: there is none such. */
export function choosePair(pairs: readonly LadderPair[], choice: Choice): LadderPair | undefined {
  const found = findPair(pairs, choice)
  const { left } = choice
  return found !== undefined && left === found.right.host && left !== found.left.host ? swap(found) : found
}

function findPair(pairs: readonly LadderPair[], { connection, left }: Choice): LadderPair | undefined {
  const fits = (pair: LadderPair) => {
    const ends = [pair.left, pair.right]
    if (left !== undefined && !ends.some((end) => end.host === left)) return false
    if (connection === undefined) return true
    return ends.some((end) => end.host === connection.host && end.connection === connection.connection)
  }
  return pairs.find(fits)
}

/** What to say instead of a picture: what was asked for, and what there is. */
export function nothingToDraw(
  events: readonly TraceEvent[],
  pairs: readonly LadderPair[],
  { connection, left }: Choice,
): string[] {
  const wanted: string[] = []
  if (connection !== undefined)
    wanted.push(`connection ${connection.connection} of ${printable(connection.host)}`)
  if (left !== undefined) wanted.push(`host ${printable(left)}`)
  const what = wanted.length === 0 ? 'no connection' : `no ${wanted.join(' with ')}`
  if (pairs.length === 0) {
    return [
      `Nothing to draw: ${what} in ${events.length === 0 ? 'an empty record' : `${events.length} events`}.`,
    ]
  }
  return [`Nothing to draw: ${what} in the record. It has:`, ...pairs.map(pairText)]
}

function pairText({ left, right }: LadderPair): string {
  const end = ({ host, connection, port }: LadderEnd) =>
    `${printable(host)}${connection === 0 ? '' : ` connection ${connection}`}${port < 0 ? '' : ` port ${port}`}`
  return `  ${end(left)} - ${end(right)}`
}

/** A host without a connection is in CLOSED, as far as this one goes; of one that is not recorded nothing is known. */
export function bareState(end: LadderEnd): StateName | undefined {
  return end.recorded && end.connection === 0 ? 'CLOSED' : undefined
}

function swap(pair: LadderPair): LadderPair {
  return { left: pair.right, right: pair.left }
}

/** Four times the usual step from row to row and the longest way through the network. */
export function usualGapUs(rows: readonly Row[], messages: readonly Message[]): number {
  let transitUs = 0
  for (const { arrivedUs, sentUs } of messages) transitUs = Math.max(transitUs, arrivedUs - sentUs)
  const steps: number[] = []
  rows.forEach((row, index) => {
    const stepUs = index === 0 ? 0 : row.at - rows[index - 1]!.at
    if (stepUs > 0) steps.push(stepUs)
  })
  steps.sort((a, b) => a - b)
  const median = steps[steps.length >> 1] ?? 0
  return Math.max(1, 4 * transitUs, 4 * median)
}

function wrapLines(texts: readonly string[], width: number): TextLine[] {
  return texts.flatMap((text) => {
    const indent = text.startsWith('  ') ? 2 : 0
    return wrap(text.trim(), width - indent).map((words) => {
      const line = new TextLine(width)
      line.put(indent, words)
      return line
    })
  })
}

function render(lines: readonly TextLine[], how: TextStyle): string {
  return `${lines.map((line) => line.text(how)).join('\n')}\n`
}
