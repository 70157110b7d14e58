/**
 * All connections of a capture with their states, times and causes. A connection is told when it is over and has been
 * silent for a while, or at the end: the memory is bounded by those that are open, and those of the last minute.
 */

import * as codes from '../dissect/layer-codes.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import { Flow } from './flow.ts'
import { FlowOptions } from './flow-options.ts'
import type { Cause } from './retransmission-cause.ts'
import type { TcpAnalysis } from './tcp-analysis.ts'

/** A connection that is over is told after so long without a packet, nanoseconds: what was late has come by then. */
const LINGER_NS = 60e9
/** Codes of ICMP's destination unreachable (type 3) and ICMPv6's (type 1) that end a connection which opens. */
const ICMP_UNREACHABLE = 3
const ICMPV6_UNREACHABLE = 1

export type FlowCallback = (flow: Flow) => void

export class FlowTracker {
  readonly #onFlow: FlowCallback
  readonly #flows = new Map<number, Flow>()
  readonly #options = new FlowOptions()
  /** Connections in the order in which they were over. */
  #over: Flow[] = []
  #head = 0
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
    const { stream, isFromA } = analysis
    let flow = this.#flows.get(stream)
    if (flow === undefined) {
      flow = new Flow(stream, packet, tcp, isFromA, at)
      this.#flows.set(stream, flow)
    }
    flow.completeness = analysis.completeness
    if (this.#over.length > this.#head) this.#tell(at)
    if (packet.isQuoted) {
      if (isUnreachable(packet)) flow.states.unreachable(isFromA, packet.number, at)
      return null
    }
    this.#options.read(packet.bytes, tcp, packet.end)
    const wasOver = flow.isOver
    const cause = flow.packet(isFromA, packet, tcp, this.#options, at)
    if (!wasOver && flow.isOver) this.#over.push(flow)
    return cause
  }

  /** The connection of a stream, as far as it has come; undefined: it was told already, or is none. */
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
    while (this.#head < this.#over.length) {
      const flow = this.#over[this.#head]!
      if (now - flow.lastAt < LINGER_NS) break
      this.#head++
      if (!flow.isOver || this.#flows.get(flow.stream) !== flow) continue
      this.#flows.delete(flow.stream)
      this.#onFlow(flow)
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

/** The innermost ICMP header around a quotation says that nothing can arrive. */
function isUnreachable({ layers, layerCodes, layerBytes, layerAts }: Packet): boolean {
  for (let layer = layers - 1; layer >= 0; layer--) {
    const type = layerBytes[layer]![layerAts[layer]!]
    if (layerCodes[layer] === codes.IP_ICMP) return type === ICMP_UNREACHABLE
    if (layerCodes[layer] === codes.IP_ICMPV6) return type === ICMPV6_UNREACHABLE
  }
  return false
}
