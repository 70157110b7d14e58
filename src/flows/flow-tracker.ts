/**
 * All connections of a capture with their states, times and causes. A connection is told when it is over and has been
 * silent for a while, or at the end: the memory is bounded by those that are open, and MAX_OVER more.
 */

import * as codes from '../dissect/layer-codes.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import { ACK, FIN, SYN } from '../wire/segment.ts'
import { Flow } from './flow.ts'
import { FlowOptions } from './flow-options.ts'
import type { Cause } from './retransmission-cause.ts'
import type { TcpAnalysis } from './tcp-analysis.ts'

/** A connection that is over is told after so long without a packet, nanoseconds: what was late has come by then. */
const LINGER_NS = 60e9
/** So many are held at most that are over: beyond it the oldest is told at once, and what comes late is not looked at. */
const MAX_OVER = 4096
/** Codes of ICMP's destination unreachable (type 3) and ICMPv6's (type 1) that end a connection which opens. */
const ICMP_UNREACHABLE = 3
const ICMPV6_UNREACHABLE = 1

/** Flows that are kept to be used again. */
const MAX_SPARE = MAX_OVER

/** Takes a flow that is borrowed until it returns; `flow.report()` may be kept. */
export type FlowCallback = (flow: Flow) => void

export class FlowTracker {
  readonly #onFlow: FlowCallback
  readonly #flows = new Map<number, Flow>()
  readonly #options = new FlowOptions()
  readonly #segment = { seq: 0, end: 0, frame: 0, identification: 0, at: 0, ack: 0, form: 0 }
  /** Connections in the order in which they were over, by stream; when the first of them may be told. */
  #over: number[] = []
  #head = 0
  #dueAt = 0
  /** Flows that were told, for the next connections. */
  readonly #spare: Flow[] = []
  readonly #told = new Bits()
  /** Set by `packet`: the frame of a retransmission that the packet proves needless (RFC 2883, RFC 3522); 0: none. */
  spuriousFrame = 0
  #epoch = Number.NaN
  #epochNanoseconds = 0

  /** @param onFlow takes each connection once, when nothing more is expected of it. */
  constructor(onFlow: FlowCallback) {
    this.#onFlow = onFlow
  }

  /** Connections that are held. */
  get open(): number {
    return this.#flows.size
  }

  /** Takes the next packet, with what the analysis of sequence numbers says of it; why it came again or late, or null. */
  packet(packet: Packet, tcp: TcpFields, analysis: TcpAnalysis): Cause | null {
    const at = this.#timeOf(packet)
    this.spuriousFrame = 0
    const { stream, isFromA } = analysis
    let flow = this.#flows.get(stream)
    if (flow === undefined) {
      if (this.#told.has(stream)) return null
      flow = this.#spare.pop() ?? new Flow()
      flow.begin(stream, packet, tcp, isFromA, at)
      this.#flows.set(stream, flow)
    }
    flow.completeness = analysis.completeness
    const over = this.#over.length - this.#head
    if (over > MAX_OVER || (over > 0 && at >= this.#dueAt)) this.#tell(at)
    if (packet.isQuoted) {
      if (isUnreachable(packet)) flow.states.unreachable(isFromA, packet.number, at)
      return null
    }
    this.#options.read(packet.bytes, tcp, packet.end)
    this.#takeNumbers(packet, tcp, at)
    const wasOver = flow.isOver
    const cause = flow.packet(isFromA, this.#segment, tcp, this.#options)
    if ((tcp.flags & ACK) !== 0) this.spuriousFrame = flow.sides[isFromA ? 1 : 0].causes.spuriousFrame
    if (!wasOver && flow.isOver) this.#over.push(stream)
    return cause
  }

  #takeNumbers(packet: Packet, { seq, ack, flags, window, textLength }: TcpFields, at: number): void {
    const segment = this.#segment
    const control = (flags & (SYN | FIN)) !== 0 ? 1 : 0
    segment.seq = seq
    segment.end = (seq + Math.max(0, textLength) + control) | 0
    segment.frame = packet.number
    segment.identification = packet.identification
    segment.at = at
    segment.ack = ack
    segment.form = flags * 0x1_0000 + window
  }

  /** The connection of a stream, as far as it has come, until the next packet; undefined: it was told already, or is none. */
  flow(stream: number): Flow | undefined {
    return this.#flows.get(stream)
  }

  /** Nothing comes any more: tells what is left, in the order of the streams. */
  end(): void {
    for (const stream of [...this.#flows.keys()].sort((a, b) => a - b)) this.#onFlow(this.#flows.get(stream)!)
    this.#flows.clear()
    this.#over = []
    this.#head = 0
  }

  /** Tells those that have been over for long enough. */
  #tell(now: number): void {
    this.#dueAt = 0
    while (this.#head < this.#over.length) {
      const stream = this.#over[this.#head]!
      const flow = this.#flows.get(stream)
      const isCrowded = this.#over.length - this.#head > MAX_OVER
      if (flow !== undefined && !isCrowded && now - flow.lastAt < LINGER_NS) {
        this.#dueAt = flow.lastAt + LINGER_NS
        break
      }
      this.#head++
      if (flow?.isOver !== true) continue
      this.#flows.delete(stream)
      this.#told.add(stream)
      this.#onFlow(flow)
      if (this.#spare.length < MAX_SPARE) this.#spare.push(flow)
    }
    if (this.#head > 1024 && 2 * this.#head > this.#over.length) {
      this.#over = this.#over.slice(this.#head)
      this.#head = 0
    }
  }

  /** Nanoseconds from the first packet. */
  #timeOf({ seconds, nanoseconds }: Packet): number {
    if (Number.isNaN(this.#epoch)) {
      this.#epoch = seconds
      this.#epochNanoseconds = nanoseconds
    }
    return (seconds - this.#epoch) * 1e9 + (nanoseconds - this.#epochNanoseconds)
  }
}

/** A set of small numbers, a bit each. */
class Bits {
  #words = new Int32Array(1024)

  add(number: number): void {
    const word = number >> 5
    if (word >= this.#words.length) {
      const more = new Int32Array(2 * (word + 1))
      more.set(this.#words)
      this.#words = more
    }
    this.#words[word]! |= 1 << (number & 31)
  }

  has(number: number): boolean {
    return (((this.#words[number >> 5] ?? 0) >> (number & 31)) & 1) !== 0
  }
}

/** The innermost ICMP header around a quotation says that nothing can arrive. */
function isUnreachable({ layers, layerCodes, layerBytes, layerAts }: Packet): boolean {
  for (let layer = layers - 1; layer >= 0; layer--) {
    const type = layerBytes[layer]![layerAts[layer]!]
    if (layerCodes[layer] === codes.IP_ICMP) return type === ICMP_UNREACHABLE
    if (layerCodes[layer] === codes.IP_ICMPV6) return type === ICMPV6_UNREACHABLE
  }
  return false
}
