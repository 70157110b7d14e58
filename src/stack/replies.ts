/**
 * Answers to packets that belong to no connection: resets by the RFC's table (RFC 9293 3.10.7.1, 3.5.2) and echo
 * replies. They wait in a bounded queue and are limited by rate, so that nobody can make this host a reflector.
 */

import type { Limits } from '../tcp/config.ts'
import type { Environment } from '../tcp/tcb.ts'
import { recordSegment } from '../tcp/tracing.ts'
import type { SegmentRecord } from '../trace/events.ts'
import type { SendReason } from '../trace/reasons.ts'
import { exchangeAddresses, IpHeader } from '../wire/ip-header.ts'
import { ACK, RST, Segment } from '../wire/segment.ts'
import { tcpPacketOf } from '../wire/tcp-packet.ts'
import { Fifo } from './fifo.ts'
import { RateLimit } from './rate-limit.ts'

interface Reply {
  readonly packet: Uint8Array
  /** It answers this host's own packet. */
  readonly toSelf: boolean
  /** What the trace is told when it goes; null: nothing. */
  readonly told: ResetTold | null
}

/** A reset and why it is sent. */
interface ResetTold {
  readonly segment: SegmentRecord
  readonly reason: SendReason
}

export class Replies {
  readonly #environment: Environment
  readonly #limit: number
  readonly #rate: RateLimit
  readonly #queue = new Fifo<Reply>()
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()

  constructor(limits: Limits, random: () => number, environment: Environment) {
    this.#environment = environment
    this.#limit = limits.replyQueue
    this.#ip.dontFragment = true
    this.#rate = new RateLimit(limits.repliesPerSecond, limits.replyBurst, random)
  }

  get length(): number {
    return this.#queue.length
  }

  /** Whether the answer that `poll` gives next is for this host itself. */
  get toSelf(): boolean {
    return this.#queue.first?.toSelf === true
  }

  /** Whether one more answer may be given now. */
  allow(now: number): boolean {
    return this.#queue.length < this.#limit && this.#rate.allow(now)
  }

  /** Queues a packet for `poll`; `allow` was asked before. */
  add(packet: Uint8Array, toSelf: boolean, told: ResetTold | null = null): void {
    this.#queue.push({ packet, toSelf, told })
  }

  /**
   * Queues the reset that answers a segment: <SEQ=SEG.ACK><CTL=RST> where it carries an ACK, else
   * <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>.
   * @param reason what the trace is told when it goes; null: there is no trace
   */
  addReset(ip: IpHeader, seg: Segment, ttl: number, toSelf: boolean, reason: SendReason | null): void {
    const reply = this.#segment
    const hasAck = (seg.flags & ACK) !== 0
    reply.srcPort = seg.dstPort
    reply.dstPort = seg.srcPort
    reply.seq = hasAck ? seg.ack : 0
    reply.ack = hasAck ? 0 : (seg.seq + seg.length) | 0
    reply.flags = hasAck ? RST : RST | ACK
    const answer = this.#ip
    answer.version = ip.version
    answer.ttl = ttl
    exchangeAddresses(answer, ip)
    const told = reason === null ? null : { segment: recordSegment(reply, 0), reason }
    this.add(tcpPacketOf(answer, reply), toSelf, told)
  }

  /** Writes the next answer to the frame and returns its length, 0 where none waits. */
  poll(frame: Uint8Array): number {
    const reply = this.#queue.shift()
    if (reply === undefined) return 0
    this.#tell(reply)
    frame.set(reply.packet)
    return reply.packet.length
  }

  /** A reset that belongs to no connection is told when it goes: only then has its packet a number. */
  #tell({ told, toSelf }: Reply): void {
    const { trace, clock, host } = this.#environment
    if (trace === null || told === null) return
    // What stays in this host is numbered by nobody.
    const packet = toSelf ? 0 : trace.packet
    trace.add({ kind: 'sent', at: clock.now, host, connection: 0, ...told, packet })
  }
}
