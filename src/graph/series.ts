/**
 * What graphs are drawn from: for each direction of a connection, what its sender sent and what came back, as seen at
 * that sender. From trace events and nothing else. A capture knows one place only: there, everything is as seen at the
 * capture.
 */

import { type LadderPair, type SidedEvent, selectEvents } from '../trace/connections.ts'
import type { NetworkEvent, RecoveryEvent, SegmentRecord, TimerName, TraceEvent } from '../trace/events.ts'
import type { SendReason } from '../trace/reasons.ts'
import { SYN } from '../wire/segment.ts'
import { countDirection, type DirectionCounts } from './direction-counts.ts'
import { DirectionRecorder } from './direction-recorder.ts'
import { type InferredPhase, inferredRecovery } from './inferred-recovery.ts'

export type SegmentKind = 'data' | 'syn' | 'fin' | 'rst' | 'empty' | 'probe' | 'keep-alive'

/** Times are microseconds on the clock of the run; numbers count from the sender's SYN, which is 0, and never wrap. */
export interface GraphSegment {
  readonly at: number
  readonly first: number
  /** Behind its last number; SYN and FIN count one. */
  readonly end: number
  /** Octets of text. */
  readonly length: number
  readonly flags: number
  readonly kind: SegmentKind
  /** How many of its numbers had been seen before: it is a retransmission. */
  readonly again: number
  /** New, and yet below what had been seen. */
  readonly isLate: boolean
  readonly packet: number
  readonly reason: SendReason | undefined
  readonly note: string | undefined
  /** How the network lost it, in words. */
  readonly lost: string | undefined
}

export interface GraphAcknowledgment {
  readonly at: number
  /** The next number expected. */
  readonly ack: number
  /** Octets offered beyond it. */
  readonly window: number
  /** Numbers that it acknowledges for the first time. */
  readonly fresh: number
  /** Its place among duplicates in a row (RFC 5681 2), from 1; 0: none. */
  readonly duplicate: number
  /** Echoes a mark of congestion (ECE, RFC 3168 6.1.3), other than in a SYN. */
  readonly isEcho: boolean
  /** Blocks that were received beyond a gap (RFC 2018); none where the record has none. */
  readonly blocks: readonly { readonly first: number; readonly end: number }[]
  readonly packet: number
}

export interface RoundTrip {
  /** When the acknowledgment came. */
  readonly at: number
  readonly us: number
  /** Measured by a segment that was sent once (Karn's rule), or by the echo of its timestamp (RFC 7323 4). */
  readonly by: 'acknowledgment' | 'timestamp'
}

/** What was counted from one SYN. */
export interface Incarnation {
  /** The number that counts as 0, int32. */
  readonly base: number
  /** Index of its first one, in the list of that name. */
  readonly segments: number
  readonly acknowledgments: number
  readonly resets: number
}

/** Data that one side sends. */
export interface GraphDirection {
  readonly side: 0 | 1
  /** Names of hosts. */
  readonly sender: string
  readonly receiver: string
  readonly ports: { readonly sender: number; readonly receiver: number }
  /** False: the sender kept no record, so everything is as seen at the receiver. */
  readonly isSeenAtSender: boolean
  /** The receiver's SYN was seen, which tells how its windows are scaled (RFC 7323 2.2). Else they are as in the header. */
  readonly isScaleSeen: boolean
  /** One for each connection that began between these ports, in order; none where nothing was seen. */
  readonly incarnations: readonly Incarnation[]
  readonly segments: readonly GraphSegment[]
  readonly acknowledgments: readonly GraphAcknowledgment[]
  readonly roundTrips: readonly RoundTrip[]
  /** Octets sent and not acknowledged, after each change. */
  readonly flight: readonly { readonly at: number; readonly octets: number }[]
  /** Resets that the sender sent ('out') and received ('in'), at a number. */
  readonly resets: readonly { readonly at: number; readonly number: number; readonly way: 'out' | 'in' }[]
  /** Of the sender's congestion control; none in a capture. */
  readonly recovery: readonly RecoveryEvent[]
  /** Of a sender that tells nothing of it: what it seems to do about losses. None where `recovery` tells. */
  readonly inferred: readonly InferredPhase[]
  /** The sender's timers that ran out. */
  readonly expiries: readonly { readonly at: number; readonly timer: TimerName }[]
  readonly counts: DirectionCounts
}

export interface GraphSeries {
  readonly pair: LadderPair
  /** Of the first and the last segment that was sent or received. */
  readonly startUs: number
  readonly endUs: number
  /** Everything was seen in one place, and nothing is known of the inside of either side. */
  readonly isCaptured: boolean
  /** How often the clock of the capture goes back between two segments, and by how much at most, microseconds. */
  readonly clockBack: { readonly times: number; readonly mostUs: number }
  readonly directions: readonly [GraphDirection, GraphDirection]
}

/** A threshold that was never set is beyond all windows. */
export function hasThreshold({ ssthresh }: RecoveryEvent): boolean {
  return ssthresh < 2 ** 32
}

/** Everything that can be drawn of one connection. Takes a moment for 100,000 segments; drawing it does not. */
export function graphSeries(events: readonly TraceEvent[], pair: LadderPair): GraphSeries {
  const selected = selectEvents(events, pair)
  const losses = lossesOf(selected)
  let startUs = Number.POSITIVE_INFINITY
  let endUs = Number.NEGATIVE_INFINITY
  for (const { event } of selected) {
    if (event.kind !== 'sent' && event.kind !== 'received' && event.kind !== 'recovery') continue
    startUs = Math.min(startUs, event.at)
    endUs = Math.max(endUs, event.at)
  }
  if (startUs > endUs) startUs = endUs = 0
  const isCaptured = isSeenInOnePlace(selected)
  return {
    pair,
    startUs,
    endUs,
    isCaptured,
    clockBack: isCaptured ? clockBackOf(events, selected) : { times: 0, mostUs: 0 },
    directions: [directionOf(selected, pair, 0, losses), directionOf(selected, pair, 1, losses)],
  }
}

/** The direction that more octets went. */
export function mainSide({ directions: [left, right] }: GraphSeries): 0 | 1 {
  return right.counts.octets > left.counts.octets ? 1 : 0
}

const LOSSES: Readonly<Partial<Record<NetworkEvent['action'], string>>> = {
  lost: 'lost by the network',
  'queue-full': 'lost: a queue was full',
  'too-big': 'lost: too big for the path',
  corrupted: 'damaged on the way',
}

function lossesOf(selected: readonly SidedEvent[]): Map<number, string> {
  const losses = new Map<number, string>()
  for (const { event } of selected) {
    const words = event.kind === 'network' ? LOSSES[event.action] : undefined
    if (words !== undefined && event.kind === 'network') losses.set(event.packet, words)
  }
  return losses
}

function directionOf(
  selected: readonly SidedEvent[],
  pair: LadderPair,
  side: 0 | 1,
  losses: ReadonlyMap<number, string>,
): GraphDirection {
  const [own, other] = side === 0 ? [pair.left, pair.right] : [pair.right, pair.left]
  const recorder = new DirectionRecorder(losses)
  const recovery: RecoveryEvent[] = []
  const expiries: { at: number; timer: TimerName }[] = []
  // Where the sender kept no record, its segments are seen as they arrive, and the answers as they leave.
  const here = own.recorded ? side : side === 0 ? 1 : 0
  const [outward, inward] = own.recorded ? (['sent', 'received'] as const) : (['received', 'sent'] as const)
  for (const { event, side: at } of selected) {
    if (event.kind === 'recovery' && at === side) recovery.push(event)
    if (event.kind === 'timer' && at === side && event.action === 'expired') expiries.push(event)
    if (at !== here) continue
    if (event.kind === outward) recorder.sent(event)
    else if (event.kind === inward) recorder.answered(event)
  }
  const series = recorder.series()
  return {
    side,
    sender: own.host,
    receiver: other.host,
    ports: { sender: own.port, receiver: other.port },
    isSeenAtSender: own.recorded,
    isScaleSeen: selected.some(({ event, side: at }) => isSynFrom(event, at, side === 0 ? 1 : 0)),
    ...series,
    counts: countDirection(series.segments, series.acknowledgments),
    recovery,
    inferred: recovery.length > 0 ? [] : inferredRecovery(series.segments, series.acknowledgments),
    expiries: expiries.map(({ at, timer }) => ({ at, timer })),
  }
}

/** Whichever of its leaving and its arrival was recorded. */
function isSynFrom(event: TraceEvent, at: SidedEvent['side'], sender: 0 | 1): boolean {
  if (event.kind !== 'sent' && event.kind !== 'received') return false
  return (event.segment.flags & SYN) !== 0 && (at === sender) === (event.kind === 'sent')
}

/** Every segment arrives in the moment in which it is sent, and nobody tells of congestion control. */
function isSeenInOnePlace(selected: readonly SidedEvent[]): boolean {
  const sent = new Map<number, number>()
  let last: Pick<SeenSegment, 'packet' | 'at'> | undefined
  let hasArrivals = false
  for (const { event } of selected) {
    if (event.kind === 'recovery' || event.kind === 'timer' || event.kind === 'network') return false
    if (event.kind === 'sent') {
      // What a capture has seen arrives next: of a million packets none is kept.
      if (last !== undefined) sent.set(last.packet, last.at)
      last = event
    }
    if (event.kind !== 'received') continue
    const isNext = last?.packet === event.packet
    if ((isNext ? last?.at : sent.get(event.packet)) !== event.at) return false
    if (isNext) last = undefined
    hasArrivals = true
  }
  return hasArrivals
}

/** A capture has its packets in the order in which they passed; what is drawn of it is in the order of its times. */
function clockBackOf(
  events: readonly TraceEvent[],
  selected: readonly SidedEvent[],
): GraphSeries['clockBack'] {
  const own = new Set(selected.map(({ event }) => event))
  let times = 0
  let mostUs = 0
  let last = Number.NEGATIVE_INFINITY
  for (const event of events) {
    if (event.kind !== 'sent' || !own.has(event)) continue
    if (event.at < last) times++
    mostUs = Math.max(mostUs, last - event.at)
    last = event.at
  }
  return times === 0 ? { times, mostUs: 0 } : { times, mostUs }
}

/** A segment on its way out or in, whichever was recorded. */
export interface SeenSegment {
  readonly at: number
  readonly segment: SegmentRecord
  readonly packet: number
  readonly reason?: SendReason
  readonly note?: string
}
