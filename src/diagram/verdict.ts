/**
 * What became of a connection, in one sentence: who opened it, how many octets went each way, who closed first, or
 * who reset it and why, or what timed out. In the words of trace/reasons.ts.
 */

import { connectionsIn, type LadderPair, type SidedEvent, selectEvents } from '../trace/connections.ts'
import { counted } from '../trace/counted.ts'
import type { TraceEvent } from '../trace/events.ts'
import { CLOSE_REASONS, type CloseReason, SEND_REASONS, type SendReason } from '../trace/reasons.ts'
import type { StateName } from '../trace/states.ts'
import { ACK, FIN, RST, SYN } from '../wire/segment.ts'
import { seqDiff } from '../wire/seq.ts'
import { printable } from './canvas.ts'
import { withoutSource } from './message-label.ts'

/** A connection's story in figures; what `verdict` puts into words. Side 0 is `hosts[0]`, the one that opened. */
export interface VerdictData {
  readonly hosts: readonly [string, string]
  readonly opened: 'active' | 'simultaneous' | 'unseen'
  readonly established: boolean
  /** Octets of text that each side sent, each counted once, whether or not they arrived. */
  readonly octets: readonly [number, number]
  /** How many of them the other side acknowledged. */
  readonly acknowledged: readonly [number, number]
  /** Who sent the first FIN; 'both' when the FINs crossed. */
  readonly closedFirst: 0 | 1 | 'both' | 'nobody'
  /** Which sides sent a FIN that was acknowledged. */
  readonly finished: readonly [boolean, boolean]
  readonly reset: { readonly by: 0 | 1; readonly reason: SendReason | undefined } | undefined
  readonly closeReasons: readonly [CloseReason | undefined, CloseReason | undefined]
  readonly lastStates: readonly [StateName | undefined, StateName | undefined]
}

/**
 * One sentence on one connection.
 * @param pair which one, from `connectionsIn`; default the first.
 */
export function verdict(events: readonly TraceEvent[], pair = connectionsIn(events)[0]): string {
  if (pair === undefined) return 'nothing to judge: no connection in the record.'
  return verdictText(verdictData(events, pair))
}

export function verdictData(events: readonly TraceEvent[], pair: LadderPair): VerdictData {
  const tally = new Tally(pair)
  for (const sided of selectEvents(events, pair)) tally.take(sided)
  return tally.data(pair)
}

export function verdictText(data: VerdictData): string {
  const names = [printable(data.hosts[0]), printable(data.hosts[1])] as const
  const failure = failureOf(data, names)
  if (!data.established && data.octets[0] + data.octets[1] === 0 && data.opened !== 'unseen') {
    const tried = data.opened === 'active' ? `${names[0]} tried` : `${names[0]} and ${names[1]} tried at once`
    if (failure === undefined) return `${tried} to open; ${stillText(data, names)}.`
    const who = failure.side === 0 && data.opened === 'active' ? '' : `${names[failure.side]} `
    return `${tried} to open and ${who}${failure.text}.`
  }
  const parts = [storyText(data, names)]
  if (data.closedFirst === 1) parts.push(`${names[1]} closed first`)
  if (data.closedFirst === 'both') parts.push('both closed at once')
  parts.push(failure === undefined ? endText(data, names) : `${names[failure.side]} ${failure.text}`)
  return `${parts.join('; ')}.`
}

/** Gathers the figures, event by event. */
class Tally {
  readonly #sent: [Extent, Extent] = [newExtent(), newExtent()]
  readonly #fins: [number, number] = [-1, -1]
  /** The acknowledgment number that each side's first FIN carried. */
  readonly #finAcks: [number, number] = [0, 0]
  /** Whether each end is recorded. */
  readonly #recorded: readonly [boolean, boolean]
  readonly #syns: [boolean, boolean] = [false, false]
  readonly #states: [StateName | undefined, StateName | undefined] = [undefined, undefined]
  readonly #reasons: [CloseReason | undefined, CloseReason | undefined] = [undefined, undefined]
  #established = false
  #reset: VerdictData['reset']
  #index = 0

  constructor(pair: LadderPair) {
    this.#recorded = [pair.left.recorded, pair.right.recorded]
  }

  take({ event, side }: SidedEvent): void {
    this.#index++
    if (side < 0) return
    const here = side as 0 | 1
    if (event.kind === 'state') {
      this.#states[here] = event.to
      if (event.to === 'ESTABLISHED') this.#established = true
    } else if (event.kind === 'signal' && event.reason !== undefined && event.signal === 'closed') {
      this.#reasons[here] = event.reason
    } else if (event.kind === 'sent') this.#segment(event, here, event.reason)
    else if (event.kind === 'received') this.#arrived(event, here)
  }

  data(pair: LadderPair): VerdictData {
    const finished = (side: 0 | 1) => this.#fins[side] >= 0 && this.#sent[side].finAcked
    return {
      hosts: [pair.left.host, pair.right.host],
      opened: this.#syns[0] && this.#syns[1] ? 'simultaneous' : this.#syns[0] ? 'active' : 'unseen',
      established: this.#established,
      octets: [this.#sent[0].octets, this.#sent[1].octets],
      acknowledged: [acknowledged(this.#sent[0]), acknowledged(this.#sent[1])],
      closedFirst: this.#closedFirst(),
      finished: [finished(0), finished(1)],
      reset: this.#reset,
      closeReasons: [this.#reasons[0], this.#reasons[1]],
      lastStates: [this.#states[0], this.#states[1]],
    }
  }

  #segment(event: SegmentEvent, from: 0 | 1, reason: SendReason | undefined): void {
    const { segment } = event
    const extent = this.#sent[from]
    if ((segment.flags & (SYN | ACK)) === SYN) this.#syns[from] = true
    if ((segment.flags & RST) !== 0) {
      this.#reset ??= { by: from, reason }
      return
    }
    const to = from === 0 ? 1 : 0
    // An acknowledgment counts when it arrives; one sent to an end that is not recorded is taken to have arrived.
    if (!this.#recorded[to] && (segment.flags & ACK) !== 0) acknowledge(this.#sent[to], segment.ack)
    extend(extent, segment.seq, segment.length, (segment.flags & SYN) !== 0)
    if ((segment.flags & FIN) === 0) return
    if (this.#fins[from] < 0) {
      this.#fins[from] = this.#index
      this.#finAcks[from] = segment.ack
    }
    extent.fin = true
  }

  #arrived(event: SegmentEvent, at: 0 | 1): void {
    const { segment } = event
    const from = at === 0 ? 1 : 0
    if ((segment.flags & ACK) !== 0 && (segment.flags & RST) === 0) acknowledge(this.#sent[at], segment.ack)
    // Where the other end is not recorded, what it sent is known by its arrival.
    this.#segment(event, from, undefined)
  }

  #closedFirst(): VerdictData['closedFirst'] {
    const [left, right] = this.#fins
    if (left < 0 && right < 0) return 'nobody'
    if (right < 0) return 0
    if (left < 0) return 1
    const earlier = left < right ? 0 : 1
    const later = earlier === 0 ? 1 : 0
    // A FIN that acknowledges the other one was sent after it had arrived.
    return seqDiff(this.#finAcks[later], this.#sent[earlier].end) > 0 ? earlier : 'both'
  }
}

type SegmentEvent = Extract<TraceEvent, { kind: 'sent' | 'received' }>

/** How far one side's text has gone; counted from its first octet, so that 2^32 octets and more are counted right. */
interface Extent {
  /** Sequence number behind the last octet sent, and how many octets lie before it; NaN before the first segment. */
  end: number
  octets: number
  fin: boolean
  finAcked: boolean
  known: boolean
  /** Octets at the end of the text that are not acknowledged. */
  unacked: number
}

function newExtent(): Extent {
  return { end: 0, octets: 0, fin: false, finAcked: false, known: false, unacked: 0 }
}

function extend(extent: Extent, seq: number, length: number, syn: boolean): void {
  const first = (seq + (syn ? 1 : 0)) | 0
  if (!extent.known) {
    extent.known = true
    extent.end = first
  }
  const beyond = seqDiff((first + length) | 0, extent.end)
  // A window probe or a duplicate lies before the end; a FIN's own number is not text.
  if (beyond <= 0 || length === 0) return
  extent.end = (extent.end + beyond) | 0
  extent.octets += beyond
  extent.unacked += beyond
}

function acknowledge(extent: Extent, ack: number): void {
  if (!extent.known) return
  const open = seqDiff(extent.end, ack)
  if (open < 0 && extent.fin) extent.finAcked = true
  if (Math.max(0, open) < extent.unacked) extent.unacked = Math.max(0, open)
}

function acknowledged(extent: Extent): number {
  return extent.octets - extent.unacked
}

/** "client opened, sent 1024 octets, received 700 and closed first" */
function storyText(data: VerdictData, names: readonly [string, string]): string {
  const acts = [`sent ${octetsText(data, 0)}`, `received ${octetsText(data, 1).replace(/ octets?/, '')}`]
  if (data.closedFirst === 0) acts.push('closed first')
  if (data.opened === 'active') acts.unshift('opened')
  const told = `${acts.slice(0, -1).join(', ')} and ${acts.at(-1)}`
  if (data.opened === 'simultaneous') return `${names[0]} and ${names[1]} opened at once; ${names[0]} ${told}`
  return data.opened === 'active'
    ? `${names[0]} ${told}`
    : `${names[0]} (its opening is not recorded) ${told}`
}

function octetsText(data: VerdictData, side: 0 | 1): string {
  const octets = data.octets[side]
  const unacked = octets - data.acknowledged[side]
  const text = counted(octets, 'octet')
  return unacked === 0 ? text : `${text} (${unacked} of them never acknowledged)`
}

/** Reasons that are told as the other side's doing, or as the way things should end. */
const NO_FAILURE: ReadonlySet<CloseReason> = new Set([
  'closed-normally',
  'time-wait-reused',
  'reset-by-peer',
  'connection-refused',
])

function failureOf(
  data: VerdictData,
  names: readonly [string, string],
): { side: 0 | 1; text: string } | undefined {
  for (const side of [0, 1] as const) {
    const reason = data.closeReasons[side]
    if (reason === undefined || NO_FAILURE.has(reason)) continue
    const act = data.reset?.by === side ? `reset the connection` : (ENDINGS[reason] ?? 'gave up')
    return { side, text: `${act}: ${withoutSource(CLOSE_REASONS[reason])}` }
  }
  if (data.reset === undefined || (data.finished[0] && data.finished[1])) return undefined
  const { by, reason } = data.reset
  const refused = data.closeReasons.includes('connection-refused')
  const act = refused ? 'refused' : 'reset the connection'
  if (reason !== undefined) return { side: by, text: `${act}: ${withoutSource(SEND_REASONS[reason])}` }
  const other = by === 0 ? names[1] : names[0]
  return {
    side: by,
    text: refused ? `${act}: it answered the SYN with a reset` : `${act}, ${other} does not know why`,
  }
}

const ENDINGS: Partial<Record<CloseReason, string>> = {
  'closed-by-user': 'closed',
  'aborted-by-user': 'aborted',
  'unread-data': 'aborted',
  'stack-closed': 'ended',
}

function endText(data: VerdictData, names: readonly [string, string]): string {
  const waiting = data.lastStates.indexOf('TIME-WAIT')
  if (data.finished[0] && data.finished[1]) {
    return `both sides closed normally${waiting < 0 ? '' : `, ${names[waiting as 0 | 1]} is still in TIME-WAIT`}`
  }
  const states = data.lastStates.filter((state) => state !== undefined)
  const closed = states.length > 0 && states.every((state) => state === 'CLOSED')
  if (closed && data.closeReasons.includes('closed-normally')) return 'both sides closed normally'
  return stillText(data, names)
}

function stillText(data: VerdictData, names: readonly [string, string]): string {
  const where = ([0, 1] as const)
    .filter((side) => data.lastStates[side] !== undefined)
    .map((side) => `${names[side]} is in ${data.lastStates[side]}`)
  const what = !data.established
    ? 'not opened'
    : data.closedFirst === 'nobody'
      ? 'still open'
      : 'not fully closed'
  const ends = where.length === 0 ? '' : `: ${where.join(', ')}`
  return data.opened === 'unseen' && where.length === 0 ? 'its end is not recorded' : `${what}${ends}`
}
