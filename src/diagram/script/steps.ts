/**
 * A connection as steps of a script: what Mermaid and PlantUML have in common. Both know lifelines, arrows, notes and
 * headings in an order; neither has an axis of time, so each arrow says when it left and how long it was on its way.
 */

import { durationText } from '../../svg/scale.ts'
import { connectionsIn, type LadderEnd, selectEvents } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { DROP_REASONS, type SendReason } from '../../trace/reasons.ts'
import { RST } from '../../wire/segment.ts'
import { printable } from '../canvas.ts'
import { type Fold, foldRows } from '../fold.ts'
import { countFold, foldLine, foldTitle } from '../fold-words.ts'
import { choosePair, nothingToDraw, usualGapUs } from '../ladder.ts'
import { ladderItems, type Message, messagesOf } from '../ladder-messages.ts'
import { type Ends, ladderRows, type MessageRow, type Row } from '../ladder-rows.ts'
import { labelParts, reasonSentence, relativeBases, shortLabel, withoutSource } from '../message-label.ts'
import { seenLines, sightOf } from '../seen-at.ts'
import { type CallRow, wayOf } from '../sequence/calls.ts'
import type { SequenceOptions } from '../sequence/options.ts'
import { type TimeScale, timeScale } from '../time-text.ts'

export interface ScriptOptions
  extends Pick<
    SequenceOptions,
    | 'connection'
    | 'left'
    | 'addresses'
    | 'title'
    | 'banner'
    | 'numbers'
    | 'reasons'
    | 'timers'
    | 'recovery'
    | 'gapUs'
    | 'mostRows'
  > {
  /** 'all': nothing is folded, however long it becomes. */
  readonly unfolded?: 'all'
}

/** The lifelines from left to right: application and socket of the left host, then of the right one. */
export type Lifeline = 'app1' | 'tcp1' | 'tcp2' | 'app2'

export interface Arrow {
  readonly kind: 'arrow'
  readonly from: Lifeline
  readonly to: Lifeline
  /** Lines of words. */
  readonly label: readonly string[]
  /** A call that returns, a signal, or a message of which one end is not known. */
  readonly dashed: boolean
  /** 'lost': it does not arrive; 'rejected': nothing of it is used; 'leaves': others overtake it or come across. */
  readonly end: 'arrives' | 'lost' | 'rejected' | 'leaves'
  /** Microseconds on the way; 0: none that could be shown. */
  readonly transitUs: number
}

export type Step =
  | Arrow
  | { readonly kind: 'state'; readonly at: Lifeline; readonly state: string }
  | {
      readonly kind: 'note'
      readonly over: readonly Lifeline[]
      readonly lines: readonly string[]
      readonly isBad: boolean
    }
  | { readonly kind: 'heading' | 'gap'; readonly text: string }
  /** A socket comes to be with the next arrow, or has ceased to be with the last one. */
  | { readonly kind: 'create' | 'destroy'; readonly who: Lifeline }

export interface ScriptHost {
  readonly name: string
  readonly lifelines: readonly { readonly id: Lifeline; readonly name: string }[]
}

export interface Script {
  /** Empty where there is nothing to draw; then `title` says so. */
  readonly hosts: readonly ScriptHost[]
  readonly title: readonly string[]
  readonly steps: readonly Step[]
}

const MOST_ROWS = 300

export function scriptOf(events: readonly TraceEvent[], options: ScriptOptions): Script {
  const pairs = connectionsIn(events)
  const pair = choosePair(pairs, options)
  const title = titleLines(options)
  if (pair === undefined)
    return { hosts: [], title: [...title, ...nothingToDraw(events, pairs, options)], steps: [] }
  const items = ladderItems(selectEvents(events, pair), pair)
  const { rows } = ladderRows(items, {
    timers: options.timers ?? 'main',
    recovery: options.recovery ?? 'phases',
  })
  const messages = messagesOf(items)
  const gapUs = options.gapUs ?? usualGapUs(rows, messages)
  const mostRows = options.mostRows ?? MOST_ROWS
  const units = options.unfolded === 'all' ? rows.keys() : foldRows(rows, { mostRows, pauseUs: gapUs })
  const hasCalls = ([0, 1] as const).map((side) => rows.some((row) => isCall(row) && row.side === side))
  const outer: Ends<Lifeline> = [hasCalls[0] ? 'app1' : 'tcp1', hasCalls[1] ? 'app2' : 'tcp2']
  const writer = new StepWriter(rows, options, messages, gapUs, outer)
  for (const unit of units) {
    if (typeof unit === 'number') writer.row(rows[unit]!)
    else writer.fold(unit)
  }
  const about = [...title]
  const sight = sightOf(messages, pair)
  if (sight !== null) about.push(`${seenLines(sight, pair).join('; ')}.`)
  if (about.length > 0 && messages.some(({ tag }) => tag > 0)) about.push(CROSSED)
  return {
    title: about,
    hosts: [
      hostOf(pair.left, options, ['app1', 'tcp1'], hasCalls[0]!),
      hostOf(pair.right, options, ['tcp2', 'app2'], hasCalls[1]!),
    ],
    steps: withLives(writer.steps),
  }
}

/** Below a title. */
const CROSSED =
  'Two arrows with one number are one message that others crossed: it leaves dashed and arrives solid.'

const isCall = (row: Row): row is CallRow =>
  row.kind === 'call' || row.kind === 'signal' || row.kind === 'application'
const socketOf = (side: 0 | 1): Lifeline => (side === 0 ? 'tcp1' : 'tcp2')
const applicationOf = (side: 0 | 1): Lifeline => (side === 0 ? 'app1' : 'app2')

function titleLines({ title, banner }: ScriptOptions): string[] {
  const lines = title === undefined ? [] : [printable(title)]
  if (banner !== undefined) lines.push(`${banner.verdict}: ${banner.sentence}`)
  return lines
}

function hostOf(
  end: LadderEnd,
  options: ScriptOptions,
  ids: readonly Lifeline[],
  hasCalls: boolean,
): ScriptHost {
  const address = options.addresses?.[end.host]
  const port = end.port < 0 ? '' : `port ${end.port}`
  const words = [printable(end.host), end.recorded ? '' : '(not recorded)', address ?? '', port]
  const shown = ids.filter((id) => hasCalls || id.startsWith('tcp'))
  return {
    name: words.filter((word) => word !== '').join(' '),
    lifelines: shown.map((id) => ({ id, name: id.startsWith('tcp') ? 'socket' : 'application' })),
  }
}

class StepWriter {
  readonly steps: Step[] = []
  readonly #rows: readonly Row[]
  readonly #options: ScriptOptions
  readonly #bases: readonly [number, number]
  readonly #scale: TimeScale
  readonly #gapUs: number
  /** The first and the last lifeline. */
  readonly #outer: Readonly<Ends<Lifeline>>
  readonly #told = new Set<SendReason>()
  #at: number

  constructor(
    rows: readonly Row[],
    options: ScriptOptions,
    messages: readonly Message[],
    gapUs: number,
    outer: Readonly<Ends<Lifeline>>,
  ) {
    this.#outer = outer
    this.#rows = rows
    this.#options = options
    this.#bases = options.numbers === 'relative' ? relativeBases(messages) : [0, 0]
    this.#scale = timeScale(rows.map((row) => row.at))
    this.#gapUs = gapUs
    this.#at = rows[0]?.at ?? 0
  }

  row(row: Row): void {
    this.#until(row.at)
    switch (row.kind) {
      case 'heading':
        this.steps.push({ kind: 'heading', text: row.text })
        return
      case 'message':
        this.#message(row)
        return
      case 'state':
        this.#states(row, row.side)
        return
      case 'note': {
        // A remark on everything stands over everything, also where there is no socket yet.
        const over = row.side === -1 ? this.#outer : [socketOf(row.side)]
        this.steps.push({ kind: 'note', over, lines: [row.text], isBad: row.style === 'bad' })
        return
      }
      default:
        this.#call(row)
    }
  }

  /** A run of segments in two lines. */
  fold(fold: Fold): void {
    const counts = countFold(this.#rows, fold)
    this.#until(counts.fromUs)
    this.#at = counts.toUs
    const lines = [`… ${foldTitle(fold, counts)} …`, foldLine(counts)]
    this.steps.push({ kind: 'note', over: ['tcp1', 'tcp2'], lines, isBad: counts.lost > 0 })
  }

  #until(at: number): void {
    if (at - this.#at >= this.#gapUs)
      this.steps.push({ kind: 'gap', text: `${durationText(at - this.#at)} later` })
    this.#at = Math.max(this.#at, at)
  }

  #message(row: MessageRow): void {
    const { message, half } = row
    const [from, to] = [socketOf(message.from), socketOf(message.from === 0 ? 1 : 0)]
    const arrives =
      half === 'arrives' || (half === 'whole' && message.fate !== 'lost' && message.fate !== 'unknown')
    const transitUs = half === 'whole' && arrives ? Math.max(0, message.arrivedUs - message.sentUs) : 0
    // A state is entered before the segment that goes with it, but by the reset that ends it, and by what arrives.
    const entersFirst = half !== 'arrives' && (message.segment.flags & RST) === 0
    if (entersFirst) this.#states(row, message.from)
    this.steps.push({
      kind: 'arrow',
      from,
      to,
      label: this.#label(row, transitUs),
      dashed: message.fate === 'unseen' || message.sentItem < 0 || half === 'leaves',
      end:
        half === 'leaves'
          ? 'leaves'
          : !arrives
            ? 'lost'
            : message.fate === 'rejected'
              ? 'rejected'
              : 'arrives',
      transitUs,
    })
    if (!entersFirst) this.#states(row, message.from)
    this.#states(row, message.from === 0 ? 1 : 0)
  }

  #label({ message, half, at }: MessageRow, transitUs: number): string[] {
    const tag = message.tag === 0 ? '' : `(${message.tag}) `
    const time = `${this.#scale.text(at)} ${this.#scale.unit}`
    const base = { seq: this.#bases[message.from], ack: this.#bases[message.from === 0 ? 1 : 0] }
    const drops = message.drops.map((drop) => {
      const how = message.fate === 'rejected' ? 'dropped' : 'not used'
      return `${how}: ${withoutSource(DROP_REASONS[drop])}`
    })
    if (half === 'arrives')
      return [`${tag}${shortLabel(message.segment, base)} arrives`, `at ${time}`, ...drops].concat(
        message.tag === 0 ? message.marks : [],
      )
    const onWay = transitUs > 0 ? `, ${durationText(transitUs)} on the way` : ''
    const first = `${tag}${labelParts(message.segment, base).join(' ')}`
    const why = this.#why(message)
    const unknown = message.fate === 'unknown' ? ['no trace of its arrival'] : []
    const marks = message.marks.map((mark, k) => (k === 0 && message.fate === 'lost' ? `× ${mark}` : mark))
    const lines = [first, `at ${time}${onWay}${why === '' ? '' : `; ${why}`}`, ...marks, ...unknown]
    return half === 'whole' ? [...lines, ...drops] : lines
  }

  #why({ reason, note = '' }: Message): string {
    const { reasons = 'sentences' } = this.#options
    const words = note === '' ? [] : [note]
    if (reasons === 'none' || reason === undefined) return words.join()
    if (reasons === 'words' || this.#told.has(reason)) return [...words, reason].join(': ')
    this.#told.add(reason)
    return [...words, reason, reasonSentence(reason)].join(': ')
  }

  /** What an end entered with this row. */
  #states(row: Row, side: 0 | 1): void {
    const state = row.states[side]
    if (row.changed[side] && state !== undefined)
      this.steps.push({ kind: 'state', at: socketOf(side), state })
  }

  #call(row: CallRow): void {
    const [application, socket] = [applicationOf(row.side), socketOf(row.side)]
    const way = wayOf(row)
    const label = [row.text, ...(row.note === '' ? [] : [row.note])]
    if (way === 'none') {
      this.steps.push({ kind: 'note', over: [application], lines: label, isBad: false })
      return
    }
    const [from, to] = way === 'down' ? [application, socket] : [socket, application]
    this.steps.push({ kind: 'arrow', from, to, label, dashed: way === 'up', end: 'arrives', transitUs: 0 })
  }
}

/** Index of the last step that is so, or -1. */
export function lastIndex(steps: readonly Step[], isSo: (step: Step) => boolean): number {
  let at = steps.length - 1
  while (at >= 0 && !isSo(steps[at]!)) at--
  return at
}

/** A socket is created by the first call to it, if nothing was known of it before, and goes when it is CLOSED for good. */
function withLives(steps: readonly Step[]): Step[] {
  const lived = [...steps]
  for (const socket of ['tcp1', 'tcp2'] as const) {
    const first = lived.findIndex((step) => touches(step, socket))
    const opening = lived[first]
    if (opening?.kind !== 'arrow' || !opening.from.startsWith('app')) continue
    lived.splice(first, 0, { kind: 'create', who: socket })
    const closed = lastIndex(lived, (step) => step.kind === 'state' && step.at === socket)
    const state = lived[closed]
    if (state?.kind !== 'state' || state.state !== 'CLOSED') continue
    const last = lastIndex(lived, (step) => touches(step, socket))
    const isOver = lived
      .slice(closed + 1, last + 1)
      .every((step) => !touches(step, socket) || isTold(step, socket))
    if (isOver) lived.splice(last + 1, 0, { kind: 'destroy', who: socket })
  }
  return lived
}

function touches(step: Step, who: Lifeline): boolean {
  if (step.kind === 'arrow') return step.from === who || step.to === who
  if (step.kind === 'state') return step.at === who
  return step.kind === 'note' && step.over.includes(who)
}

/** From the socket to its application. */
const isTold = (step: Step, socket: Lifeline): boolean =>
  step.kind === 'note' || (step.kind === 'arrow' && step.from === socket && step.to.startsWith('app'))
