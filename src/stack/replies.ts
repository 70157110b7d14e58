/**
 * Answers to packets that belong to no connection: resets by the RFC's table (RFC 9293 3.10.7.1, 3.5.2) and echo
 * replies. They wait in a bounded queue and are limited by rate, so that nobody can make this host a reflector.
 */

import type { Limits } from '../tcp/config.ts'
import { ipHeaderLength, writeIpHeader } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { ACK, RST, Segment } from '../wire/segment.ts'
import { TCP_CHECKSUM, tcpChecksum, writeTcpHeader } from '../wire/tcp.ts'
import { Fifo } from './fifo.ts'
import { RateLimit } from './rate-limit.ts'

/** IPv6 header and a TCP header without options. */
const LONGEST_RESET = 60

interface Reply {
  readonly packet: Uint8Array
  /** It answers this host's own packet. */
  readonly toSelf: boolean
}

export class Replies {
  /** Whether the answer polled last is for this host itself. */
  toSelf = false
  readonly #limit: number
  readonly #rate: RateLimit
  readonly #queue = new Fifo<Reply>()
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()

  constructor(limits: Limits, random: () => number) {
    this.#limit = limits.replyQueue
    this.#rate = new RateLimit(limits.repliesPerSecond, limits.replyBurst, random)
  }

  get length(): number {
    return this.#queue.length
  }

  /** Whether one more answer may be given now. */
  allow(now: number): boolean {
    return this.#queue.length < this.#limit && this.#rate.allow(now)
  }

  /** Queues a packet for `poll`; `allow` was asked before. */
  add(packet: Uint8Array, toSelf: boolean): void {
    this.#queue.push({ packet, toSelf })
  }

  /**
   * Queues the reset that answers a segment: <SEQ=SEG.ACK><CTL=RST> where it carries an ACK, else
   * <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>. Returns the segment sent, borrowed until the next call.
   */
  addReset(ip: IpHeader, seg: Segment, ttl: number, toSelf: boolean): Segment {
    const reply = this.#segment
    const hasAck = (seg.flags & ACK) !== 0
    reply.srcPort = seg.dstPort
    reply.dstPort = seg.srcPort
    reply.seq = hasAck ? seg.ack : 0
    reply.ack = hasAck ? 0 : (seg.seq + seg.length) | 0
    reply.flags = hasAck ? RST : RST | ACK
    const packet = new Uint8Array(LONGEST_RESET)
    const length = this.#writeReset(ip, packet, ttl)
    this.add(packet.subarray(0, length), toSelf)
    return reply
  }

  #writeReset(to: IpHeader, packet: Uint8Array, ttl: number): number {
    const ip = this.#ip
    const view = new DataView(packet.buffer)
    const tcpAt = ipHeaderLength(to.version)
    const tcpLength = writeTcpHeader(view, tcpAt, this.#segment)
    ip.version = to.version
    ip.tos = 0
    ip.ttl = ttl
    ip.protocol = PROTOCOL_TCP
    ip.identification = 0
    ip.dontFragment = true
    ip.src0 = to.dst0
    ip.src1 = to.dst1
    ip.src2 = to.dst2
    ip.src3 = to.dst3
    ip.dst0 = to.src0
    ip.dst1 = to.src1
    ip.dst2 = to.src2
    ip.dst3 = to.src3
    ip.totalLength = tcpAt + tcpLength
    writeIpHeader(view, 0, ip)
    view.setUint16(tcpAt + TCP_CHECKSUM, tcpChecksum(packet, ip, tcpAt, tcpLength))
    return ip.totalLength
  }

  /** Writes the next answer to the frame and returns its length, 0 where none waits. */
  poll(frame: Uint8Array): number {
    const reply = this.#queue.shift()
    if (reply === undefined) return 0
    frame.set(reply.packet)
    this.toSelf = reply.toSelf
    return reply.packet.length
  }
}
