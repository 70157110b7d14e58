/**
 * One connection of a capture as events, for ladders, graphs and whatever else is drawn from traces. A capture is taken
 * at one place: each segment leaves its sender and reaches the other side in the moment in which it passed there.
 */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import type { SegmentReceived, SegmentSent, StateChanged, TraceEvent } from '../trace/events.ts'
import { destinationAddress, formatAddress, sourceAddress } from '../wire/address.ts'
import { ACK, SYN } from '../wire/segment.ts'
import { seenSegment } from './seen-segment.ts'
import { SentBecause } from './sent-because.ts'
import type { SideStates } from './side-states.ts'
import { StateInference } from './state-inference.ts'
import { ANALYSIS_FLAGS, RETRANSMISSION, type TcpAnalysis } from './tcp-analysis.ts'

/** The two sides of a connection: who sent the SYN is the client. */
export const CLIENT = 'client'
export const SERVER = 'server'

export class FlowRecorder {
  readonly #segments: [SegmentSent, SegmentReceived][] = []
  readonly #states = new StateInference()
  /** By the name of the side, '10.0.0.1'. */
  readonly addresses: Record<string, string> = {}
  readonly #most: number
  readonly #because = new SentBecause()
  /** Whether side A, who sent the first packet, is the client. */
  #isAClient = true
  #firstSeconds = 0
  #firstNanoseconds = 0
  /** Packets of the connection, also those beyond `most`. */
  packets = 0

  /** @param most packets that are kept; of a longer connection the first ones. */
  constructor(most: number) {
    this.#most = most
  }

  /** When its first packet passed, in microseconds on the clock of the capture (since 1970); events count from there. */
  get startUs(): number {
    return this.#firstSeconds * 1e6 + Math.floor(this.#firstNanoseconds / 1000)
  }

  /** What passed, and the states that both ends went through as far as that shows them. */
  get events(): TraceEvent[] {
    const [a, b] = this.#states.paths
    const [client, server] = this.#isAClient ? [a, b] : [b, a]
    const steps = [...stateEvents(CLIENT, client), ...stateEvents(SERVER, server)]
    const events: TraceEvent[] = steps.filter(({ frame }) => frame === 0).map(({ event }) => event)
    for (const [sent, received] of this.#segments) {
      const here = steps.filter(({ frame }) => frame === sent.packet)
      const of = (host: string): StateChanged[] =>
        here.filter(({ event }) => event.host === host).map(({ event }) => ({ ...event, at: sent.at }))
      events.push(...of(sent.host), sent, received, ...of(received.host))
    }
    return events
  }

  /** Takes the next packet of the connection. */
  packet(packet: Packet, tcp: TcpFields, analysis: TcpAnalysis): void {
    if (this.packets++ === 0) this.#begin(packet, tcp)
    if (this.packets > this.#most) return
    const segment = seenSegment(packet, tcp, analysis)
    const reason = this.#because.next(tcp, analysis, segment.timestamps !== undefined)
    const fromClient = analysis.isFromA === this.#isAClient
    const [host, far] = fromClient ? [CLIENT, SERVER] : [SERVER, CLIENT]
    const shared = { at: this.#microseconds(packet), connection: 1, packet: packet.number, segment }
    const note = noteOf(packet, analysis)
    this.#states.packet(analysis.isFromA, tcp, packet.number, 0)
    this.#segments.push([
      { kind: 'sent', host, reason, note, ...shared },
      { kind: 'received', host: far, ...shared },
    ])
  }

  #begin(packet: Packet, tcp: TcpFields): void {
    this.#firstSeconds = packet.seconds
    this.#firstNanoseconds = packet.nanoseconds
    this.#isAClient = senderIsClient(tcp)
    const [own, other] = this.#isAClient ? [CLIENT, SERVER] : [SERVER, CLIENT]
    this.addresses[own] = formatAddress(sourceAddress(packet))
    this.addresses[other] = formatAddress(destinationAddress(packet))
  }

  #microseconds(packet: Packet): number {
    const ns = packet.nanoseconds - this.#firstNanoseconds
    return (packet.seconds - this.#firstSeconds) * 1e6 + Math.floor(ns / 1000)
  }
}

interface Step {
  /** The packet that shows it; 0: it was so before the first one. */
  readonly frame: number
  readonly event: StateChanged
}

function stateEvents(host: string, { steps }: SideStates): Step[] {
  return steps.flatMap(({ state, cause, frame }, k) => {
    const before = steps[k - 1]?.state
    if (before === undefined && state === 'CLOSED') return []
    const from = before ?? state
    const event: StateChanged = { kind: 'state', at: 0, host, connection: 1, from, to: state, cause }
    // Who answers a SYN was listening before it came.
    return [{ frame: before === undefined || state === 'LISTEN' ? 0 : frame, event }]
  })
}

/** Without a SYN, the higher port is the client's: servers' ports are the known ones. */
function senderIsClient({ flags, sourcePort, destinationPort }: TcpFields): boolean {
  if ((flags & SYN) !== 0) return (flags & ACK) === 0
  return sourcePort >= destinationPort
}

/** "frame 12", and what Wireshark's analysis says of it. */
function noteOf(packet: Packet, analysis: TcpAnalysis): string {
  const said = Object.entries(ANALYSIS_FLAGS).filter(([, bit]) => (analysis.flags & bit) !== 0)
  // A fast or spurious retransmission is a retransmission as well.
  const named = said.length > 1 ? said.filter(([, bit]) => bit !== RETRANSMISSION) : said
  const words = named.map(([name]) => name.replaceAll('_', ' '))
  return [`frame ${packet.number}`, ...words].join(', ')
}
