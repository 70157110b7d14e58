/**
 * The connections in a list of events, and which events belong to one of them: what every picture starts from.
 *
 * Events carry no addresses. The two ends of a connection find each other by the numbers of the packets that one
 * sent and the other received; failing that, by their ports.
 */

import { ACK, SYN } from '../wire/segment.ts'
import type { SegmentRecord, TraceEvent } from './events.ts'

export interface LadderEnd {
  readonly host: string
  /** The connection's number at that host; 0 where the host had none (refused, or it never heard of it). */
  readonly connection: number
  /** Its port, or -1 where no segment tells. */
  readonly port: number
  /** False where the events tell only of the other end. */
  readonly recorded: boolean
}

/** The end that opened (or that was seen first) is the left one. */
export interface LadderPair {
  readonly left: LadderEnd
  readonly right: LadderEnd
}

/** An event and the side that it belongs to: 0 left, 1 right, -1 the network or nobody. */
export interface SidedEvent {
  readonly event: TraceEvent
  readonly side: -1 | 0 | 1
}

/** Every connection in the events, in the order of their first ones. */
export function connectionsIn(events: readonly TraceEvent[]): LadderPair[] {
  const ends = findEnds(events)
  const hosts = new Set<string>()
  for (const event of events) if (isOfAStack(event)) hosts.add(event.host)
  const pairs: LadderPair[] = []
  const taken = new Set<End>()
  for (const end of ends) {
    if (taken.has(end)) continue
    taken.add(end)
    const peer = findPeer(end, ends, taken)
    if (peer !== undefined) taken.add(peer)
    const self: LadderEnd = { host: end.host, connection: end.connection, port: end.port, recorded: true }
    const other = peer === undefined ? bareHost(end, hosts) : ladderEnd(peer)
    const swapped = peer === undefined ? answers(end) : peer.synAt < end.synAt
    pairs.push(swapped ? { left: other, right: self } : { left: self, right: other })
  }
  return pairs
}

/** The connection of a pair, by its number at an end that has one. */
export function connectionOf({ left, right }: LadderPair): { host: string; connection: number } {
  const end = left.connection > 0 ? left : right
  return { host: end.host, connection: end.connection }
}

/** The events of one connection, in order of time, each with its side. */
export function selectEvents(events: readonly TraceEvent[], pair: LadderPair): SidedEvent[] {
  const listeners = findListeners(events)
  const shown = listenersOf(events, pair, listeners)
  const began = [firstOf(events, pair.left), firstOf(events, pair.right)] as const
  const packets = new Set<number>()
  for (const event of events) {
    if (event.kind !== 'sent' && event.kind !== 'received') continue
    if (event.packet !== 0 && segmentSide(event, pair, listeners) >= 0) packets.add(event.packet)
  }
  for (const event of events) {
    const copied = event.kind === 'network' && event.copy !== undefined && packets.has(event.packet)
    if (copied) packets.add(event.copy)
  }
  const selected: SidedEvent[] = []
  events.forEach((event, index) => {
    const side = sideOf(event, index, pair, { listeners, shown, began, packets })
    if (side !== undefined) selected.push({ event, side })
  })
  return selected.sort((a, b) => a.event.at - b.event.at)
}

interface End {
  readonly host: string
  readonly connection: number
  port: number
  peerPort: number
  /** Index of the first event, and of the first SYN without ACK that it sent. */
  readonly firstAt: number
  synAt: number
  /** It sent a SYN with ACK. */
  answered: boolean
  /** Ends and bare hosts that received what this one sent, or the other way round. */
  readonly linked: Set<string>
}

interface Selection {
  readonly listeners: ReadonlySet<string>
  /** Those of them that belong to the picture. */
  readonly shown: ReadonlySet<string>
  readonly began: readonly [number, number]
  readonly packets: ReadonlySet<number>
}

function key(event: { readonly host: string; readonly connection: number }): string {
  return `${event.connection} ${event.host}`
}

function isOfAStack(event: TraceEvent): boolean {
  return event.kind !== 'network' && event.kind !== 'heading' && event.kind !== 'remark'
}

/** A connection that was never anything but CLOSED and LISTEN. */
function findListeners(events: readonly TraceEvent[]): Set<string> {
  const listeners = new Set<string>()
  const others = new Set<string>()
  for (const event of events) {
    if (event.kind !== 'state') continue
    if (event.to === 'LISTEN') listeners.add(key(event))
    else if (event.to !== 'CLOSED') others.add(key(event))
  }
  for (const other of others) listeners.delete(other)
  return listeners
}

/** A host's only listener, or where it has several those that received a segment of this connection. */
function listenersOf(
  events: readonly TraceEvent[],
  pair: LadderPair,
  listeners: ReadonlySet<string>,
): Set<string> {
  const shown = new Set<string>()
  for (const event of events) {
    if (event.kind !== 'received' || !listeners.has(key(event))) continue
    if (segmentSide(event, pair, listeners) >= 0) shown.add(key(event))
  }
  for (const host of [pair.left.host, pair.right.host]) {
    const here = [...listeners].filter((listener) => listener.slice(listener.indexOf(' ') + 1) === host)
    if (here.length === 1) shown.add(here[0]!)
  }
  return shown
}

function findEnds(events: readonly TraceEvent[]): End[] {
  const listeners = findListeners(events)
  const ends = new Map<string, End>()
  const senders = new Map<number, string>()
  events.forEach((event, index) => {
    if (!isOfAStack(event)) return
    if (event.kind === 'sent' && event.packet !== 0) senders.set(event.packet, key(event))
    const segment = event.kind === 'sent' || event.kind === 'received' ? event.segment : undefined
    const sender = event.kind === 'received' ? senders.get(event.packet) : undefined
    if (sender !== undefined) ends.get(sender)?.linked.add(key(event))
    if (event.connection === 0 || listeners.has(key(event))) return
    let end = ends.get(key(event))
    if (end === undefined) {
      end = newEnd(event, index)
      ends.set(key(event), end)
    }
    if (sender !== undefined) end.linked.add(sender)
    if (segment !== undefined) learnPorts(end, segment, event.kind === 'sent', index)
  })
  const found = [...ends.values()]
  const withSegments = found.filter((end) => end.port >= 0)
  return withSegments.length > 0 ? withSegments : found
}

function newEnd(event: TraceEvent, index: number): End {
  return {
    host: event.host,
    connection: event.connection,
    port: -1,
    peerPort: -1,
    firstAt: index,
    synAt: Number.POSITIVE_INFINITY,
    answered: false,
    linked: new Set(),
  }
}

function learnPorts(end: End, segment: SegmentRecord, sent: boolean, index: number): void {
  if (end.port < 0) {
    end.port = sent ? segment.srcPort : segment.dstPort
    end.peerPort = sent ? segment.dstPort : segment.srcPort
  }
  if (!sent || (segment.flags & SYN) === 0) return
  if ((segment.flags & ACK) !== 0) end.answered = true
  else if (index < end.synAt) end.synAt = index
}

/** It was opened by an end that is not recorded. */
function answers({ answered, synAt }: End): boolean {
  return answered && synAt === Number.POSITIVE_INFINITY
}

function findPeer(end: End, ends: readonly End[], taken: ReadonlySet<End>): End | undefined {
  const free = ends.filter((other) => !taken.has(other) && portsAgree(end, other))
  return (
    free.find((other) => end.linked.has(key(other)) || other.linked.has(key(end))) ??
    (end.linked.size === 0 ? free.find((other) => other.host !== end.host) : undefined)
  )
}

function portsAgree(a: End, b: End): boolean {
  return a.port === b.peerPort && a.peerPort === b.port
}

function ladderEnd(end: End): LadderEnd {
  return { host: end.host, connection: end.connection, port: end.port, recorded: true }
}

/** The other end where it has no connection: the host that its packets reached, or the only other one there is. */
function bareHost(end: End, hosts: ReadonlySet<string>): LadderEnd {
  const reached = [...end.linked].map((link) => link.slice(link.indexOf(' ') + 1))[0]
  const others = [...hosts].filter((host) => host !== end.host)
  const host = reached ?? (others.length === 1 ? others[0] : undefined)
  return { host: host ?? 'peer', connection: 0, port: end.peerPort, recorded: host !== undefined }
}

function firstOf(events: readonly TraceEvent[], end: LadderEnd): number {
  const first = events.findIndex(
    (event) => event.connection === end.connection && event.host === end.host && end.connection !== 0,
  )
  return first < 0 ? events.length : first
}

function sideOf(event: TraceEvent, index: number, pair: LadderPair, how: Selection): -1 | 0 | 1 | undefined {
  switch (event.kind) {
    case 'sent':
    case 'received': {
      const side = segmentSide(event, pair, how.listeners)
      return side < 0 ? undefined : side
    }
    case 'network':
      return how.packets.has(event.packet) ? -1 : undefined
    case 'dropped':
      if (how.packets.has(event.packet)) return hostSide(event, pair)
      return event.connection === 0 ? undefined : connectionSide(event, index, pair, how)
    case 'heading':
    case 'remark':
      if (event.connection === 0) return hostSide(event, pair)
      return connectionSide(event, index, pair, how)
    default:
      return connectionSide(event, index, pair, how)
  }
}

/** The side of a segment's event, or -1 where it belongs to another connection. */
function segmentSide(
  event: TraceEvent & { readonly segment: SegmentRecord },
  pair: LadderPair,
  listeners: ReadonlySet<string>,
): -1 | 0 | 1 {
  const { segment, connection } = event
  const sent = event.kind === 'sent'
  const local = sent ? segment.srcPort : segment.dstPort
  const remote = sent ? segment.dstPort : segment.srcPort
  for (const side of [0, 1] as const) {
    const end = side === 0 ? pair.left : pair.right
    const other = side === 0 ? pair.right : pair.left
    if (event.host !== end.host || local !== end.port || remote !== other.port) continue
    if (connection === end.connection || connection === 0 || listeners.has(key(event))) return side
  }
  return -1
}

function hostSide(event: TraceEvent, pair: LadderPair): -1 | 0 | 1 {
  if (pair.left.host === pair.right.host && event.connection === pair.right.connection) return 1
  return event.host === pair.left.host ? 0 : event.host === pair.right.host ? 1 : -1
}

function connectionSide(
  event: TraceEvent,
  index: number,
  pair: LadderPair,
  how: Selection,
): 0 | 1 | undefined {
  for (const side of [0, 1] as const) {
    const end = side === 0 ? pair.left : pair.right
    if (event.host !== end.host) continue
    if (event.connection === end.connection || event.connection === 0) return side
    // A listener belongs to the story until it has brought forth the connection.
    if (how.shown.has(key(event)) && index < how.began[side]) return side
  }
  return undefined
}
