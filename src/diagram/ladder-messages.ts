/**
 * The messages of a ladder: each segment with both its ends, or with what became of it on the way.
 *
 * A message is drawn as one line where that tells the truth: when nothing that happened at the receiver between
 * sending and arrival would change places with the arrival, and nothing came the other way. Otherwise it is drawn in
 * two halves, and crossing and overtaking show.
 */

import type { LadderPair, SidedEvent } from '../trace/connections.ts'
import {
  LOSSES,
  type NetworkEvent,
  type SegmentRecord,
  type TraceEvent,
  type Vantage,
} from '../trace/events.ts'
import type { DropReason, SendReason } from '../trace/reasons.ts'
import { FIN } from '../wire/segment.ts'

export type Fate =
  | 'arrived'
  /** It arrived and nothing of it was used, not even its header: a checksum, a filter. */
  | 'rejected'
  | 'lost'
  /** Both ends are recorded and nothing tells of an arrival. */
  | 'unknown'
  /** The receiver is not recorded. */
  | 'unseen'

export interface Message {
  readonly from: 0 | 1
  readonly segment: SegmentRecord
  readonly reason: SendReason | undefined
  /** The packet's number in the run or its frame in the capture; 0 where nobody numbers packets. */
  readonly packet: number
  /** Index of the item that sent it, or -1: a copy made by the network, a forgery, or an unrecorded sender. */
  readonly sentItem: number
  readonly sentUs: number
  arrivedItem: number
  arrivedUs: number
  fate: Fate
  whole: boolean
  /** The number of a message that is drawn in two halves; 0 otherwise. */
  tag: number
  /** What the network did, in words; the first one names a loss. */
  readonly marks: string[]
  /** What an observer has to say of it. */
  note: string | undefined
  /** Where the capture was made that has it as its first packet. */
  vantage: Vantage | undefined
  /** Why the receiver used nothing of it, or not all. */
  readonly drops: DropReason[]
}

/** Something that takes a row: a message leaving or arriving, or any other event. */
export type LadderItem =
  | {
      readonly kind: 'leaves' | 'arrives'
      readonly side: 0 | 1
      readonly at: number
      readonly message: Message
    }
  | { readonly kind: 'event'; readonly side: -1 | 0 | 1; readonly at: number; readonly event: TraceEvent }

/**
 * @param recovery what is told of congestion control: nothing, changes of its phase, or every record. What is not told
 *   stands in nobody's way.
 */
export function ladderItems(
  selected: readonly SidedEvent[],
  pair: LadderPair,
  recovery: 'none' | 'phases' | 'all' = 'phases',
): LadderItem[] {
  const joined = new Joiner(pair)
  const told = recovery === 'all' ? selected : withoutRepeatedPhases(selected, recovery)
  for (const { event, side } of statesBeforeFins(signalsAfterSends(told))) joined.take(event, side)
  joined.close()
  decideWholes(joined.items)
  return joined.items
}

/** Each once, where it was sent; where nobody saw it sent, where it arrived. */
export function messagesOf(items: readonly LadderItem[]): Message[] {
  return items.flatMap((item) => {
    const isFirst = item.kind === 'leaves' || (item.kind === 'arrives' && item.message.sentItem < 0)
    return isFirst ? [item.message] : []
  })
}

/** A connection begins in slow start. */
function withoutRepeatedPhases(selected: readonly SidedEvent[], recovery: 'none' | 'phases'): SidedEvent[] {
  const phases = new Map<number, string>()
  return selected.filter(({ event, side }) => {
    if (event.kind !== 'recovery') return true
    const before = phases.get(side) ?? 'slow-start'
    phases.set(side, event.phase)
    return recovery === 'phases' && before !== event.phase
  })
}

/** Joins the events of a packet, which are far apart in the list, into one message. */
class Joiner {
  readonly items: LadderItem[] = []
  readonly #byPacket = new Map<number, Message>()
  /** Messages without packet numbers that have not arrived yet, by direction. */
  readonly #unnumbered: [Map<string, Queue>, Map<string, Queue>] = [new Map(), new Map()]
  readonly #pair: LadderPair
  /** What the network did with packets whose sending was not seen (yet). */
  readonly #early = new Map<number, NetworkEvent[]>()
  /** By the number of a copy: what it is a copy of. */
  readonly #originals = new Map<number, Message>()

  constructor(pair: LadderPair) {
    this.#pair = pair
  }

  take(event: TraceEvent, side: -1 | 0 | 1): void {
    if (event.kind === 'sent' && side >= 0) this.#sent(event, side as 0 | 1)
    else if (event.kind === 'received' && side >= 0) this.#received(event, side as 0 | 1)
    else if (event.kind === 'network') this.#network(event)
    else if (event.kind === 'dropped' && this.#dropped(event, side)) return
    else this.items.push({ kind: 'event', side, at: event.at, event })
  }

  close(): void {
    for (const item of this.items) {
      if (item.kind !== 'leaves' || item.message.fate !== 'unknown') continue
      const far = item.side === 0 ? this.#pair.right : this.#pair.left
      if (!far.recorded) item.message.fate = 'unseen'
    }
  }

  #sent(event: Extract<TraceEvent, { kind: 'sent' }>, side: 0 | 1): void {
    const message = newMessage(event, side, event.reason, this.items.length, event.at)
    message.note = event.note
    message.vantage = event.vantage
    this.items.push({ kind: 'leaves', side, at: event.at, message })
    if (event.packet === 0) {
      const alike = likeness(message.segment)
      const queue = this.#unnumbered[side].get(alike) ?? new Queue()
      queue.add(message)
      this.#unnumbered[side].set(alike, queue)
      return
    }
    this.#byPacket.set(event.packet, message)
    for (const early of this.#early.get(event.packet) ?? []) this.#network(early)
  }

  #received(event: Extract<TraceEvent, { kind: 'received' }>, side: 0 | 1): void {
    const from = side === 0 ? 1 : 0
    let message = event.packet === 0 ? undefined : this.#byPacket.get(event.packet)
    // A stack answers for nobody before the network numbers the answer; what is forged is no answer.
    if (!this.#early.has(event.packet)) message ??= this.#unnumberedLike(event.segment, from)
    if (message === undefined || message.arrivedItem >= 0) {
      const marks = (this.#early.get(event.packet) ?? []).map(({ action }) => NETWORK_WORDS[action])
      const far = side === 0 ? this.#pair.right : this.#pair.left
      if (far.recorded && marks.length === 0) marks.push('its sending is not recorded')
      message = newMessage(event, from, undefined, -1, event.at)
      message.marks.push(...marks)
      if (event.packet !== 0) this.#byPacket.set(event.packet, message)
    }
    this.#arrives(message, side, event.at, 'arrived')
  }

  #arrives(message: Message, side: 0 | 1, at: number, fate: Fate): void {
    message.fate = fate
    message.arrivedItem = this.items.length
    message.arrivedUs = at
    this.items.push({ kind: 'arrives', side, at, message })
  }

  #network(event: NetworkEvent): void {
    const message = this.#byPacket.get(event.packet)
    const said = NETWORK_WORDS[event.action]
    if (event.copy !== undefined && message !== undefined) {
      const copy = newMessage(
        { segment: message.segment, packet: event.copy },
        message.from,
        undefined,
        -1,
        event.at,
      )
      copy.marks.push('a copy made by the network')
      this.#byPacket.set(event.copy, copy)
      this.#originals.set(event.copy, message)
    }
    if (message === undefined) {
      this.#early.set(event.packet, [...(this.#early.get(event.packet) ?? []), event])
      return
    }
    if (!LOSSES.has(event.action)) message.marks.push(said)
    else if (message.sentItem < 0) this.#originals.get(event.packet)?.marks.push(`its copy: ${said}`)
    else {
      message.fate = 'lost'
      message.marks.unshift(said)
    }
  }

  /** @returns whether the drop is told at a message. */
  #dropped(event: Extract<TraceEvent, { kind: 'dropped' }>, side: -1 | 0 | 1): boolean {
    let message = this.#byPacket.get(event.packet)
    if (event.packet === 0) message = this.#lastArrival(side, event.at)
    if (message === undefined) return false
    message.drops.push(event.reason)
    const receiver = message.from === 0 ? 1 : 0
    if (message.arrivedItem < 0 && side === receiver) this.#arrives(message, receiver, event.at, 'rejected')
    return true
  }

  #lastArrival(side: -1 | 0 | 1, at: number): Message | undefined {
    for (let i = this.items.length - 1; i >= 0; i--) {
      const item = this.items[i]!
      if (item.at !== at) return undefined
      if (item.kind === 'arrives' && item.side === side) return item.message
    }
    return undefined
  }

  #unnumberedLike(segment: SegmentRecord, from: 0 | 1): Message | undefined {
    const waiting = this.#unnumbered[from].get(likeness(segment))
    return waiting?.take()
  }
}

/** Messages that are alike, the first one first. */
class Queue {
  readonly #messages: Message[] = []
  #taken = 0

  add(message: Message): void {
    this.#messages.push(message)
  }

  take(): Message | undefined {
    return this.#messages[this.#taken++]
  }
}

/** What a segment without a packet number is known by. */
function likeness({ seq, ack, flags, length }: SegmentRecord): string {
  return `${seq} ${ack} ${flags} ${length}`
}

const NETWORK_WORDS: Readonly<Record<NetworkEvent['action'], string>> = {
  lost: 'lost',
  'too-big': 'too big',
  'queue-full': 'queue full',
  duplicated: 'duplicated by the network',
  reordered: 'held back by the network: others may pass',
  corrupted: 'corrupted by the network',
  delayed: 'delayed by the network',
  forged: 'forged: no host sent it',
}

function newMessage(
  { segment, packet }: { readonly segment: SegmentRecord; readonly packet: number },
  from: 0 | 1,
  reason: SendReason | undefined,
  sentItem: number,
  sentUs: number,
): Message {
  return {
    from,
    segment,
    reason,
    packet,
    sentItem,
    sentUs,
    arrivedItem: -1,
    arrivedUs: sentUs,
    fate: 'unknown',
    whole: true,
    tag: 0,
    marks: [],
    note: undefined,
    vantage: undefined,
    drops: [],
  }
}

/**
 * Within one instant at one host, what the user is told is shown after what is sent, so that a change of state stands
 * beside the segment that goes with it.
 */
function signalsAfterSends(selected: readonly SidedEvent[]): SidedEvent[] {
  const ordered: SidedEvent[] = []
  for (let i = 0; i < selected.length; ) {
    const first = selected[i]!
    if (first.event.kind !== 'signal') {
      ordered.push(first)
      i++
      continue
    }
    const signals = stretch(selected, i, first, 'signal')
    const sends = stretch(selected, signals, first, 'sent')
    for (let k = signals; k < sends; k++) ordered.push(selected[k]!)
    for (let k = i; k < signals; k++) ordered.push(selected[k]!)
    i = sends
  }
  return ordered
}

/** LAST-ACK is entered when the FIN is sent, as FIN-WAIT-1 is: its box stands at the arrow, not below it. */
function statesBeforeFins(selected: SidedEvent[]): SidedEvent[] {
  for (let k = 1; k < selected.length; k++) {
    const [sent, state] = [selected[k - 1]!, selected[k]!]
    const entered = state.event.kind === 'state' && state.event.to === 'LAST-ACK'
    if (!entered || sent.event.kind !== 'sent' || !sameInstant(sent, state)) continue
    if ((sent.event.segment.flags & FIN) === 0) continue
    selected[k - 1] = state
    selected[k] = sent
  }
  return selected
}

/** The end of the events of one kind from `start` on that happened in the instant and at the host of `first`. */
function stretch(
  events: readonly SidedEvent[],
  start: number,
  first: SidedEvent,
  kind: TraceEvent['kind'],
): number {
  let end = start
  while (sameInstant(first, events[end]) && events[end]!.event.kind === kind) end++
  return end
}

function sameInstant(a: SidedEvent, b: SidedEvent | undefined): boolean {
  return b !== undefined && a.side === b.side && a.event.at === b.event.at
}

function decideWholes(items: readonly LadderItem[]): void {
  let tag = 0
  for (const item of items) {
    if (item.kind === 'arrives' && item.message.sentItem < 0) {
      const far = item.message.marks.length === 0
      item.message.whole = far
    }
    if (item.kind !== 'leaves') continue
    const { message } = item
    message.whole = message.arrivedItem < message.sentItem || isWhole(message, items)
    if (!message.whole) message.tag = ++tag
  }
}

/** Of two ends that are further apart than this, with so much between them, no reader sees that they are one. */
const FAR_APART = 200

function isWhole(message: Message, items: readonly LadderItem[]): boolean {
  if (message.arrivedItem - message.sentItem > FAR_APART) return false
  for (let i = message.sentItem + 1; i < message.arrivedItem; i++) {
    const item = items[i]!
    if (item.kind === 'event') {
      // What the sender does meanwhile stays below the line, where it happened; so does a heading.
      if (item.side === message.from || item.event.kind === 'heading' || item.event.kind === 'remark')
        continue
      // What the user is told in the very instant of the arrival may as well be told after it.
      if (item.event.kind === 'signal' && item.at === message.arrivedUs) continue
      return false
    }
    if (item.message.from !== message.from) return false
    if (item.kind === 'leaves') continue
    // An earlier one that arrived before this one did not change places with it.
    const earlier = item.message.sentItem >= 0 && item.message.sentItem < message.sentItem
    if (!earlier || !item.message.whole) return false
  }
  return true
}
