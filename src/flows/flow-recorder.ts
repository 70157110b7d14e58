/**
 * One connection of a capture as events, for ladders, graphs and whatever else is drawn from traces. A capture is taken
 * at one place: each segment leaves its sender and reaches the other side in the moment in which it passed there.
 */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import type { SegmentRecord, StateChanged, TraceEvent } from '../trace/events.ts'
import type { SendReason } from '../trace/reasons.ts'
import { destinationAddress, formatAddress, sourceAddress } from '../wire/address.ts'
import { ClientSide } from './client-side.ts'
import type { Cause } from './retransmission-cause.ts'
import { seenSegment } from './seen-segment.ts'
import { SentBecause } from './sent-because.ts'
import type { SideStates } from './side-states.ts'
import { StateInference } from './state-inference.ts'
import { ANALYSIS_FLAGS, RETRANSMISSION, type TcpAnalysis } from './tcp-analysis.ts'
import { VantageClues } from './vantage.ts'

/** The two sides of a connection: who sent the SYN is the client. */
export const CLIENT = 'client'
export const SERVER = 'server'

/** A packet of the connection; whose it was is named when the events are asked for. */
interface Seen {
  readonly isFromA: boolean
  readonly at: number
  readonly frame: number
  readonly segment: SegmentRecord
  readonly reason: SendReason
  readonly note: string
  /** Which segment of its frame, from 1; 0: the only one. */
  part: number
}

export class FlowRecorder {
  readonly #seen: Seen[] = []
  readonly #states = new StateInference()
  readonly #most: number
  readonly #because = new SentBecause()
  readonly #client = new ClientSide()
  readonly #vantage = new VantageClues()
  /** Of side A, who sent the first packet, and of side B. */
  #addressA = ''
  #addressB = ''
  #firstSeconds = 0
  #firstNanoseconds = 0
  /** Packets of the connection, also those beyond `most`. */
  packets = 0

  /** @param most packets that are kept; of a longer connection the first ones. */
  constructor(most: number) {
    this.#most = most
  }

  /** By the name of the side, '10.0.0.1'. */
  get addresses(): Record<string, string> {
    const [a, b] = this.#names
    return { [a]: this.#addressA, [b]: this.#addressB }
  }

  /** When its first packet passed, in microseconds on the clock of the capture (since 1970); events count from there. */
  get startUs(): number {
    return this.#firstSeconds * 1e6 + Math.floor(this.#firstNanoseconds / 1000)
  }

  /** What passed, and the states that both ends went through as far as that shows them. */
  get events(): TraceEvent[] {
    const [a, b] = this.#names
    const [pathA, pathB] = this.#states.paths
    const steps = new StepsByFrame([...stateEvents(a, pathA), ...stateEvents(b, pathB)])
    const events: TraceEvent[] = [...steps.take(0)]
    let vantage = this.#vantage.told(this.#names)
    for (const { isFromA, at, frame, segment, reason, note, part } of this.#seen) {
      const [host, far] = isFromA ? [a, b] : [b, a]
      const sent: TraceEvent = {
        kind: 'sent',
        host,
        reason,
        note: part === 0 ? note : note.replace(/^frame \d+/, `$& (segment ${part} of it)`),
        at,
        connection: 1,
        packet: frame,
        segment,
        ...(vantage !== undefined && { vantage }),
      }
      vantage = undefined
      const received: TraceEvent = { kind: 'received', host: far, at, connection: 1, packet: frame, segment }
      const here = steps.take(frame)
      if (here.length === 0) events.push(sent, received)
      else events.push(...of(here, host, at), sent, received, ...of(here, far, at))
    }
    return events
  }

  /**
   * Takes the next packet of the connection.
   * @param cause why it came again or late, as `FlowTracker` judges it; null where nobody has asked.
   */
  packet(packet: Packet, tcp: TcpFields, analysis: TcpAnalysis, cause: Cause | null = null): void {
    const { isFromA } = analysis
    if (this.packets++ === 0) this.#begin(packet, isFromA)
    if (this.packets > this.#most) return
    this.#client.packet(isFromA, tcp)
    this.#vantage.packet(isFromA, packet, tcp)
    const segment = seenSegment(packet, tcp, analysis)
    const original = cause?.kind === 'duplicate' ? this.#frame(cause.originalFrame) : undefined
    // A copy was sent once, for the reason that the first one was.
    const reason = this.#because.next(
      tcp,
      analysis,
      segment.timestamps !== undefined,
      cause,
      original?.reason,
    )
    const note =
      original === undefined
        ? noteOf(packet, analysis)
        : `frame ${packet.number}, frame ${original.frame} once more (${cause!.evidence})`
    this.#states.packet(isFromA, tcp, packet.number, 0)
    this.#seen.push({
      isFromA,
      at: this.#microseconds(packet),
      frame: packet.number,
      segment,
      reason,
      note,
      part: 0,
    })
    this.#numberParts()
  }

  /** Two segments in one frame have its number both: it is said which of them each is. */
  #numberParts(): void {
    const [before, now] = this.#seen.slice(-2)
    if (before === undefined || now === undefined || before.frame !== now.frame) return
    if (before.part === 0) before.part = 1
    now.part = before.part + 1
  }

  /** What is kept of a packet, if it is; a copy comes soon behind it. */
  #frame(number: number): Seen | undefined {
    for (let k = this.#seen.length - 1; k >= 0; k--) {
      const seen = this.#seen[k]!
      if (seen.frame <= number) return seen.frame === number ? seen : undefined
    }
    return undefined
  }

  #begin(packet: Packet, isFromA: boolean): void {
    this.#firstSeconds = packet.seconds
    this.#firstNanoseconds = packet.nanoseconds
    const ends = [formatAddress(sourceAddress(packet)), formatAddress(destinationAddress(packet))]
    const [a, b] = isFromA ? ends : ends.reverse()
    this.#addressA = a!
    this.#addressB = b!
  }

  /** Of side A and of side B. */
  get #names(): [a: string, b: string] {
    return this.#client.isA ? [CLIENT, SERVER] : [SERVER, CLIENT]
  }

  /** Whole microseconds of the capture's clock, less those of the start: a difference of nanoseconds would be one too low. */
  #microseconds({ seconds, nanoseconds }: Packet): number {
    return seconds * 1e6 + Math.floor(nanoseconds / 1000) - this.startUs
  }
}

/** The steps of both sides by the frame that shows them: a picture may have 100,000 frames. */
class StepsByFrame {
  readonly #steps = new Map<number, StateChanged[]>()

  constructor(steps: readonly Step[]) {
    for (const { frame, event } of steps) {
      const known = this.#steps.get(frame)
      if (known === undefined) this.#steps.set(frame, [event])
      else known.push(event)
    }
  }

  /** Once: a frame may have two segments. 0: before the first one. */
  take(frame: number): readonly StateChanged[] {
    const found = this.#steps.get(frame) ?? NO_STEPS
    this.#steps.delete(frame)
    return found
  }
}

/** Those of one side, at the moment of the packet. */
function of(steps: readonly StateChanged[], host: string, at: number): StateChanged[] {
  return steps.filter((event) => event.host === host).map((event) => ({ ...event, at }))
}

const NO_STEPS: readonly StateChanged[] = []

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

/** Where the field's name would say of the segment that it was lost: what Wireshark says in its place. */
const WORDS: Readonly<Record<string, string>> = {
  lost_segment: 'previous segment not captured',
  ack_lost_segment: 'ACKed unseen segment',
}

/** "frame 12", and what Wireshark's analysis says of it. */
function noteOf(packet: Packet, analysis: TcpAnalysis): string {
  const said = Object.entries(ANALYSIS_FLAGS).filter(([, bit]) => (analysis.flags & bit) !== 0)
  // A fast or spurious retransmission is a retransmission as well.
  const named = said.length > 1 ? said.filter(([, bit]) => bit !== RETRANSMISSION) : said
  const words = named.map(([name]) => WORDS[name] ?? name.replaceAll('_', ' '))
  return [`frame ${packet.number}`, ...words].join(', ')
}
