/** From the items of a ladder to its rows: which state stands where, what shares a row, where sections begin. */

import { durationText } from '../svg/scale.ts'
import type { CallName, SignalName, TimerName, TraceEvent } from '../trace/events.ts'
import { CLOSE_REASONS, DROP_REASONS } from '../trace/reasons.ts'
import type { StateName } from '../trace/states.ts'
import { FIN, RST, SYN } from '../wire/segment.ts'
import { printable } from './canvas.ts'
import type { LadderItem, Message } from './ladder-messages.ts'
import { withoutSource } from './message-label.ts'

export type Ends<T> = [T, T]

interface RowBase {
  readonly at: number
  /** Index of the item that it tells of. */
  readonly item: number
  /** The state of each end on this row; undefined where nothing tells. */
  readonly states: Ends<StateName | undefined>
  /** Whether the end entered the state on this row. */
  readonly changed: Ends<boolean>
}

export interface MessageRow extends RowBase {
  readonly kind: 'message'
  readonly message: Message
  readonly half: 'whole' | 'leaves' | 'arrives'
}

export type Row =
  | MessageRow
  | (RowBase & { readonly kind: 'state'; readonly side: 0 | 1 })
  /** Between an application and its socket: a call goes down, a signal comes up, an act of the application does neither. */
  | (RowBase & {
      readonly kind: 'call' | 'signal' | 'application'
      readonly side: 0 | 1
      readonly text: string
      readonly note: string
    })
  /** Said at a socket (side 0 or 1) or of all (-1). */
  | (RowBase & {
      readonly kind: 'note'
      readonly side: -1 | 0 | 1
      readonly text: string
      readonly style: 'dim' | 'plain' | 'bad'
    })
  | (RowBase & { readonly kind: 'heading'; readonly text: string })

export interface RowOptions {
  readonly timers: 'none' | 'main' | 'all'
  readonly recovery: 'none' | 'phases' | 'all'
  /**
   * Whether both ends of a message and each change of state have a row of their own: for a picture that shows each at
   * its own height. Default false: what belongs together shares a row.
   */
  readonly apart?: boolean
}

export interface Rows {
  readonly rows: readonly Row[]
  /** The state of each end before the first row. */
  readonly first: Readonly<Ends<StateName | undefined>>
}

const UNCHANGED: Ends<boolean> = [false, false]
const newEnds = <T>(value: T): Ends<T> => [value, value]

/** Rows in the order of time. Headings are inferred where the events have none. */
export function ladderRows(items: readonly LadderItem[], options: RowOptions): Rows {
  const rows: Row[] = []
  const first = firstStates(items)
  const now: Ends<StateName | undefined> = [first[0], first[1]]
  const phases: Ends<string> = ['slow-start', 'slow-start']
  const apart = options.apart === true
  const atArrival = apart ? new Map() : statesAtArrival(items, first)
  let shared: Ends<StateName | undefined> = [now[0], now[1]]
  const headings = inferredHeadings(items)
  items.forEach((item, index) => {
    // Rows that are merged write into theirs.
    const states: Ends<StateName | undefined> = apart ? shared : [now[0], now[1]]
    const row = { at: item.at, item: index, states, changed: apart ? UNCHANGED : newEnds(false) }
    const heading = headings.get(index)
    if (heading !== undefined) rows.push({ ...row, kind: 'heading', text: heading })
    if (item.kind !== 'event') {
      const { message } = item
      const half = message.whole && !apart ? 'whole' : item.kind
      if (half === 'whole' && item.kind === 'arrives' && message.sentItem >= 0) return
      if (half === 'whole') states[message.from === 0 ? 1 : 0] = atArrival.get(message)
      const { at, changed } = row
      rows.push({ at, item: index, states, changed, kind: 'message', message, half })
    } else if (item.event.kind === 'state') {
      const side = item.side as 0 | 1
      now[side] = item.event.to
      shared = [now[0], now[1]]
      const changed: Ends<boolean> = apart ? [side === 0, side === 1] : row.changed
      rows.push({ ...row, states: [now[0], now[1]], changed, kind: 'state', side })
    } else {
      const told = eventRow(item.event, item.side, row, options, phases)
      if (told !== undefined) rows.push(told)
    }
  })
  return { rows: apart ? rows : mergeStates(rows), first }
}

type EventOf<K extends TraceEvent['kind']> = Extract<TraceEvent, { kind: K }>

function eventRow(
  event: TraceEvent,
  side: -1 | 0 | 1,
  row: RowBase,
  options: RowOptions,
  phases: Ends<string>,
): Row | undefined {
  const near = side === 1 ? 1 : 0
  switch (event.kind) {
    case 'call':
      return { ...row, kind: 'call', side: near, ...callText(event) }
    case 'signal': {
      const note = event.reason === undefined ? '' : withoutSource(CLOSE_REASONS[event.reason])
      return { ...row, kind: 'signal', side: near, text: SIGNAL_WORDS[event.signal], note }
    }
    case 'application':
      return { ...row, kind: 'application', side: near, text: printable(event.text), note: '' }
    case 'timer': {
      const text = timerText(event, options.timers)
      return text === '' ? undefined : { ...row, kind: 'note', side, text, style: 'dim' }
    }
    case 'recovery': {
      const known = phases[near] === event.phase
      phases[near] = event.phase
      if (options.recovery === 'none' || (options.recovery === 'phases' && known)) return undefined
      return { ...row, kind: 'note', side, text: recoveryText(event), style: 'dim' }
    }
    case 'dropped': {
      const text = `dropped: ${withoutSource(DROP_REASONS[event.reason])}`
      return { ...row, kind: 'note', side, text, style: 'bad' }
    }
    case 'heading':
      return { ...row, kind: 'heading', text: printable(event.text) }
    case 'remark':
      return { ...row, kind: 'note', side: -1, text: printable(event.text), style: 'plain' }
    default:
      return undefined
  }
}

const CALL_WORDS: Readonly<Record<CallName, string>> = {
  open: 'open',
  send: 'write',
  receive: 'read',
  close: 'close',
  abort: 'abort',
  status: 'status',
}

const SIGNAL_WORDS: Readonly<Record<SignalName, string>> = {
  connected: 'connected',
  readable: 'readable',
  writable: 'writable',
  drained: 'drained',
  urgent: 'urgent',
  closing: 'end of data',
  closed: 'closed',
  'soft-error': 'soft error',
  'returned-to-listen': 'back to LISTEN',
}

/** In the words of BSD sockets, which the seeds use: connect(), listen(), write(1024), read(700), close(). */
function callText(event: EventOf<'call'>): { text: string; note: string } {
  const octets = event.octets === undefined ? '' : String(event.octets)
  const { detail } = event
  if (event.call === 'open') {
    if (detail === 'active') return { text: 'connect()', note: '' }
    if (detail === 'passive') return { text: 'listen()', note: '' }
  }
  if (detail === 'push' || detail === 'urgent') {
    return { text: `${CALL_WORDS[event.call]}(${octets})`, note: detail }
  }
  const note = detail === undefined ? '' : printable(detail)
  return { text: `${CALL_WORDS[event.call]}(${octets})`, note }
}

const TIMER_WORDS: Readonly<Record<TimerName, string>> = {
  retransmission: 'retransmission timer',
  persist: 'persist timer',
  'delayed-ack': 'delayed-ACK timer',
  'keep-alive': 'keep-alive timer',
  'time-wait': 'TIME-WAIT timer',
  'fin-wait-2': 'FIN-WAIT-2 timer',
  override: 'override timer',
}

const TIMERS_SHOWN_AT_START: ReadonlySet<TimerName> = new Set(['persist', 'time-wait', 'fin-wait-2'])

function timerText(event: EventOf<'timer'>, shown: RowOptions['timers']): string {
  if (shown === 'none') return ''
  const main =
    event.action === 'expired' || (event.action === 'started' && TIMERS_SHOWN_AT_START.has(event.timer))
  if (shown === 'main' && !main) return ''
  const time = event.inUs === undefined ? '' : `: ${durationText(event.inUs)}`
  return `${TIMER_WORDS[event.timer]} ${event.action}${time}`
}

function recoveryText(event: EventOf<'recovery'>): string {
  const phase = event.phase.replaceAll('-', ' ')
  const ssthresh = event.ssthresh >= 0x3fffffff ? '' : `, ssthresh ${event.ssthresh}`
  return `${phase}: cwnd ${event.cwnd}${ssthresh}, in flight ${event.flight}`
}

/** The state of each end before its first change: what that change came from. */
function firstStates(items: readonly LadderItem[]): Ends<StateName | undefined> {
  const first: Ends<StateName | undefined> = [undefined, undefined]
  for (const item of items) {
    if (item.kind === 'event' && item.event.kind === 'state' && item.side >= 0) {
      first[item.side as 0 | 1] ??= item.event.from
    }
  }
  return first
}

function statesAtArrival(
  items: readonly LadderItem[],
  first: Readonly<Ends<StateName | undefined>>,
): Map<Message, StateName | undefined> {
  const now: Ends<StateName | undefined> = [first[0], first[1]]
  const states = new Map<Message, StateName | undefined>()
  for (const item of items) {
    if (item.kind === 'event') {
      if (item.event.kind === 'state' && item.side >= 0) now[item.side as 0 | 1] = item.event.to
      continue
    }
    // A lost message has no arrival: the far end's state is that of its sending. A sender who is not recorded
    // has no state to show.
    const far = item.message.from === 0 ? 1 : 0
    states.set(item.message, item.kind === 'arrives' && item.message.sentItem < 0 ? now[item.side] : now[far])
  }
  return states
}

/** A change of state shares the row of the segment that it goes with: sent next, just sent, or just arrived, in one instant. */
function mergeStates(rows: readonly Row[]): Row[] {
  const merged: Row[] = []
  rows.forEach((row, index) => {
    if (row.kind !== 'state') {
      merged.push(row)
      return
    }
    const { side } = row
    const next = rows[index + 1]
    if (
      next?.kind === 'message' &&
      next.at === row.at &&
      next.half !== 'arrives' &&
      next.message.from === side
    ) {
      next.changed[side] = true
      return
    }
    const last = merged.at(-1)
    if (last?.kind === 'message' && last.at === row.at && !last.changed[side]) {
      const goesWith = last.half === 'arrives' ? last.message.from !== side : last.message.from === side
      if (goesWith) {
        last.states[side] = row.states[side]
        last.changed[side] = true
        return
      }
    }
    row.changed[side] = true
    merged.push(row)
  })
  return merged
}

/** Index of the item before which a section starts, where the scenario names none. */
function inferredHeadings(items: readonly LadderItem[]): Map<number, string> {
  const headings = new Map<number, string>()
  if (items.some((item) => item.kind === 'event' && item.event.kind === 'heading')) return headings
  let section = 0
  let number = 0
  let pendingWrite = -1
  items.forEach((item, index) => {
    const wanted = sectionOf(item)
    const begin = (from: number, text: string) => headings.set(from, `${++number}. ${text}`)
    if (item.kind === 'event' && item.event.kind === 'call' && item.event.call === 'send')
      pendingWrite = index
    if (wanted <= section) return
    section = wanted
    if (wanted === 1) begin(0, 'Connection establishment')
    else if (wanted === 2) begin(pendingWrite >= 0 ? pendingWrite : withStates(items, index), 'Data transfer')
    else begin(withStates(items, index), wanted === 3 ? 'Connection release' : 'Reset')
  })
  return headings
}

/** The first of the states that were entered in the moment of an item, and stand before it. */
function withStates(items: readonly LadderItem[], index: number): number {
  let first = index
  for (let before = items[first - 1]; before !== undefined; before = items[first - 1]) {
    if (before.kind !== 'event' || before.event.kind !== 'state' || before.at !== items[index]!.at) break
    first--
  }
  return first
}

/** 1 establishment, 2 data transfer, 3 release, 4 reset; 0 does not tell. */
function sectionOf(item: LadderItem): 0 | 1 | 2 | 3 | 4 {
  if (item.kind === 'event') {
    if (item.event.kind !== 'call') return 0
    if (item.event.call === 'open') return 1
    return item.event.call === 'close' ? 3 : item.event.call === 'abort' ? 4 : 0
  }
  const { flags, length } = item.message.segment
  if ((flags & RST) !== 0) return 4
  if ((flags & SYN) !== 0) return 1
  if ((flags & FIN) !== 0) return 3
  return length > 0 ? 2 : 0
}
