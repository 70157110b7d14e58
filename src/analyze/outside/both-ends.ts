/**
 * The events of one connection that was captured at both ends: each end from its own capture, on one clock. What one end
 * sent and the other never saw is lost, what arrived without having been sent was made on the way.
 */

import { CLIENT, SERVER } from '../../flows/flow-recorder.ts'
import type {
  NetworkEvent,
  SegmentReceived,
  SegmentRecord,
  SegmentSent,
  TraceEvent,
} from '../../trace/events.ts'
import { FIN, PSH } from '../../wire/segment.ts'
import { seqDiff } from '../../wire/seq.ts'
import type { SamePiece } from './same-packets.ts'

/** One of the captures, in what `FlowRecorder` makes of the connection. */
export interface OneEnd {
  /** Packets have the numbers of their frames. */
  readonly events: readonly TraceEvent[]
  /** Microseconds on this capture's clock at which `events` begin to count. */
  readonly startUs: number
  /** Between which moments of that clock anything was captured. */
  readonly captureUs: { readonly first: number; readonly last: number }
}

export interface BothEnds {
  readonly client: OneEnd
  readonly server: OneEnd
  /** The server's frames of the packets that both captures have, by the client's. */
  readonly frames: ReadonlyMap<number, number>
  /** What was split or joined between them, `first` being the client's. */
  readonly pieces: readonly SamePiece[]
  /** Microseconds that the server's clock is ahead of the client's. */
  readonly aheadUs: number
}

/**
 * In the order of time, which starts with the first event of either end. Packets have the numbers of the client's
 * frames; those that only the server's capture has come behind these.
 */
export function bothEnds(ends: BothEnds): TraceEvent[] {
  const { client, server } = ends
  const toClient = new Map([...ends.frames].map(([here, there]) => [there, here]))
  const numbers = [...client.events.map(packetOf), ...ends.frames.keys()]
  const beyond = numbers.reduce((most, number) => Math.max(most, number), 0)
  const numberAtServer = (frame: number): number => toClient.get(frame) ?? beyond + frame
  const ports = portsOf(client.events)
  const fromUs = Math.min(client.startUs, server.startUs - ends.aheadUs)
  const cuts = new Cuts(ends, numberAtServer)
  const atClient = ownEvents(client, CLIENT, 0, fromUs)
    .map((event) => noted(event, ends.frames, 'client', 'server'))
    .flatMap((event) => cuts.at('client', event))
  const atServer = ownEvents(server, SERVER, ends.aheadUs, fromUs)
    .map((event) => noted(event, toClient, 'server', 'client'))
    .map((event) => renumbered(event, numberAtServer, ports))
    .flatMap((event) => cuts.at('server', event))
  const [sentByClient, seenByServer] = [packetsOf(atClient, 'sent'), packetsOf(atServer, 'received')]
  const [sentByServer, seenByClient] = [packetsOf(atServer, 'sent'), packetsOf(atClient, 'received')]
  const span = ({ captureUs }: OneEnd, aheadUs: number) => {
    return { first: captureUs.first - aheadUs, last: captureUs.last - aheadUs }
  }
  const [ofClient, ofServer] = [span(client, 0), span(server, ends.aheadUs)]
  const told = inOrder(
    withFates(atClient, seenByServer, sentByServer, ofServer),
    withFates(atServer, seenByClient, sentByClient, ofClient),
  )
  const start = told[0]?.at ?? 0
  return told.map((event) => ({ ...event, at: event.at - start }))
}

interface Span {
  readonly first: number
  readonly last: number
}

const isPacket = (event: TraceEvent): event is SegmentSent | SegmentReceived =>
  event.kind === 'sent' || event.kind === 'received'
const packetOf = (event: TraceEvent): number => (isPacket(event) ? event.packet : 0)

/** What happened at one end, on the client's clock; the state that it was in before its first packet since `fromUs`. */
function ownEvents({ events, startUs }: OneEnd, host: string, aheadUs: number, fromUs: number): TraceEvent[] {
  const shift = startUs - aheadUs
  const first = events.findIndex(isPacket)
  // Who receives the first packet was in its state before.
  const isReceiver = events[first]?.host !== host
  return events.flatMap((event, index) => {
    if (event.host !== host) return []
    return [{ ...event, at: isReceiver && index < first ? fromUs : event.at + shift }]
  })
}

/** "frame 3 at the client and 5 at the server, retransmission" */
function noted(
  event: TraceEvent,
  frames: ReadonlyMap<number, number>,
  here: string,
  there: string,
): TraceEvent {
  if (event.kind !== 'sent') return event
  const { packet, note = '' } = event
  const other = frames.get(packet)
  const far = other === undefined ? '' : ` and ${other} at the ${there}`
  return { ...event, note: note.replace(/^frame \d+/, `frame ${packet} at the ${here}${far}`) }
}

/** A part of a packet's text, which the other end has as well (in the frame `far`). */
interface PieceHere {
  readonly number: number
  readonly seq: number
  readonly length: number
  readonly far: number
}

/** Cuts packets into the pieces in which the other end has them: what a network card split was sent so, too. */
class Cuts {
  /** By the number of the packet that was split or joined. */
  readonly #pieces = { client: new Map<number, PieceHere[]>(), server: new Map<number, PieceHere[]>() }
  #last: number

  constructor({ client, server, pieces }: BothEnds, numberAtServer: (frame: number) => number) {
    const most = (events: readonly TraceEvent[], numberOf: (frame: number) => number): number =>
      events.reduce((max, event) => Math.max(max, numberOf(packetOf(event))), 0)
    this.#last = Math.max(
      most(client.events, (frame) => frame),
      most(server.events, numberAtServer),
    )
    for (const { first, second, seq, length } of pieces) {
      const piece = { number: ++this.#last, seq, length }
      add(this.#pieces.client, first.frame, { ...piece, far: second.frame })
      add(this.#pieces.server, numberAtServer(second.frame), { ...piece, far: first.frame })
    }
  }

  at(here: 'client' | 'server', event: TraceEvent): TraceEvent[] {
    const pieces = isPacket(event) ? this.#pieces[here].get(event.packet) : undefined
    if (pieces === undefined || !isPacket(event)) return [event]
    const there = here === 'client' ? 'server' : 'client'
    const { segment } = event
    const cut = (seq: number, length: number, number: number, far: number | null): TraceEvent => {
      const isLast = seqDiff((seq + length) | 0, (segment.seq + segment.length) | 0) === 0
      const flags = isLast ? segment.flags : segment.flags & ~(FIN | PSH)
      const part = { ...event, packet: number, segment: { ...segment, seq, length, flags } }
      if (part.kind !== 'sent') return part
      const where = far === null ? '' : ` and ${far} at the ${there}`
      const share = length === segment.length ? '' : `, ${length} of its ${segment.length} octets`
      return { ...part, note: (part.note ?? '').replace(/^frame \d+ at the \w+/, `$&${where}${share}`) }
    }
    const parts: TraceEvent[] = []
    let next = segment.seq
    // What lies between the pieces did not arrive, or nobody sent it.
    const until = (seq: number): void => {
      if (seqDiff(seq, next) > 0) parts.push(cut(next, seqDiff(seq, next), ++this.#last, null))
    }
    for (const { number, seq, length, far } of [...pieces].sort((a, b) => seqDiff(a.seq, b.seq))) {
      until(seq)
      parts.push(cut(seq, length, number, far))
      next = (seq + length) | 0
    }
    until((segment.seq + segment.length) | 0)
    return parts
  }
}

function add(pieces: Map<number, PieceHere[]>, number: number, piece: PieceHere): void {
  const known = pieces.get(number)
  if (known === undefined) pieces.set(number, [piece])
  else known.push(piece)
}

/** With the client's numbers of packets, and ports that NAT has not changed. */
function renumbered(event: TraceEvent, numberOf: (frame: number) => number, ports: Ports | null): TraceEvent {
  if (!isPacket(event)) return event
  const segment = { ...event.segment }
  if (ports !== null) {
    const isFromClient = event.kind === 'received'
    segment.srcPort = isFromClient ? ports.client : ports.server
    segment.dstPort = isFromClient ? ports.server : ports.client
  }
  return { ...event, packet: numberOf(event.packet), segment }
}

interface Ports {
  readonly client: number
  readonly server: number
}

function portsOf(events: readonly TraceEvent[]): Ports | null {
  const event = events.find(isPacket)
  if (event === undefined) return null
  const { srcPort, dstPort } = event.segment
  const isFromClient = (event.kind === 'sent') === (event.host === CLIENT)
  return isFromClient ? { client: srcPort, server: dstPort } : { client: dstPort, server: srcPort }
}

function packetsOf(events: readonly TraceEvent[], kind: 'sent' | 'received'): Set<number> {
  return new Set(events.filter((event) => event.kind === kind).map(packetOf))
}

/**
 * One end's events, and what the network did to them.
 * @param seen packets that the other end received
 * @param sent packets that the other end sent
 * @param span when the other end was being captured: beyond it, that nothing is known of a packet says nothing
 */
function withFates(
  events: readonly TraceEvent[],
  seen: ReadonlySet<number>,
  sent: ReadonlySet<number>,
  span: Span,
): TraceEvent[] {
  const originals = new Map<string, number>()
  return events.flatMap((event): TraceEvent[] => {
    if (!isPacket(event)) return [event]
    const { at, host, packet } = event
    const isWatched = at >= span.first && at <= span.last
    const network = { kind: 'network', at, host, connection: 0, packet } as const
    if (event.kind === 'sent') {
      return seen.has(packet) || !isWatched ? [event] : [event, { ...network, action: 'lost' }]
    }
    const name = nameOf(event.segment)
    if (sent.has(packet)) {
      originals.set(name, packet)
      return [event]
    }
    const original = originals.get(name)
    const made: NetworkEvent[] =
      original !== undefined
        ? [{ ...network, action: 'duplicated', packet: original, copy: packet }]
        : isWatched
          ? [{ ...network, action: 'forged' }]
          : []
    return [...made, event]
  })
}

const nameOf = ({ seq, ack, flags, length }: SegmentRecord): string => `${seq} ${ack} ${flags} ${length}`

/**
 * Two lists in one, by time; but nothing arrives before it was sent, and nothing at one host changes places. Clocks that
 * run apart could say so otherwise.
 */
function inOrder(one: readonly TraceEvent[], other: readonly TraceEvent[]): TraceEvent[] {
  const unsent = new Set<number>()
  for (const event of [...one, ...other]) if (event.kind === 'sent') unsent.add(event.packet)
  const waits = (event: TraceEvent | undefined): boolean =>
    event === undefined || (event.kind === 'received' && unsent.has(event.packet))
  const told: TraceEvent[] = []
  let [i, j, now] = [0, 0, Number.NEGATIVE_INFINITY]
  while (i < one.length || j < other.length) {
    const [a, b] = [one[i], other[j]]
    // A state that was there before the first packet comes before it.
    const isSooner =
      a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && b.kind !== 'state'))
    const isFirstOne = b === undefined || isSooner
    const takesOne = isFirstOne ? !waits(a) || waits(b) : waits(b) && !waits(a)
    const event = (takesOne && a !== undefined) || b === undefined ? a! : b
    if (event === a) i++
    else j++
    now = Math.max(now, event.at)
    if (event.kind === 'sent') unsent.delete(event.packet)
    told.push({ ...event, at: now })
  }
  return told
}
