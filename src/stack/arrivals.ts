/**
 * A packet's way in: decode into the one scratch segment, find whose it is, hand it over or answer it (RFC 9293 3.10.7).
 * Malformed input is a counted verdict and never more.
 */

import { acceptsNewIncarnation } from '../tcp/acceptance.ts'
import { enterClosed } from '../tcp/closing.ts'
import type { Config, Limits } from '../tcp/config.ts'
import { TIME_WAIT } from '../tcp/state.ts'
import type { Environment } from '../tcp/tcb.ts'
import { recordSegment } from '../tcp/tracing.ts'
import type { DropCounters } from '../trace/counters.ts'
import type { DropReason, SendReason } from '../trace/reasons.ts'
import { isInvalidSource } from '../wire/address.ts'
import { decodeIcmp, IcmpMessage, icmpMeaning } from '../wire/icmp.ts'
import { writeEchoReply } from '../wire/icmp-write.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { ACK, RST, Segment, SYN } from '../wire/segment.ts'
import { decodeTcp } from '../wire/tcp.ts'
import type { LocalAddresses } from './addresses.ts'
import type { ConnectionTable } from './connection-table.ts'
import type { HostedConnection } from './hosted-connection.ts'
import type { IsnSource } from './isn-source.ts'
import type { Listener } from './listener.ts'
import type { Replies } from './replies.ts'

/** What the stack lends. */
export interface ArrivalsParts {
  readonly environment: Environment
  readonly counters: DropCounters
  readonly addresses: LocalAddresses
  readonly table: ConnectionTable
  readonly replies: Replies
  readonly listeners: ReadonlyMap<number, Listener[]>
  readonly isn: IsnSource
  readonly verifyChecksums: boolean
  readonly config: Config
  readonly limits: Limits
  /** A new connection for a listener's SYN. */
  readonly child: (listener: Listener) => HostedConnection
  readonly touched: (connection: HostedConnection) => void
  readonly detach: (connection: HostedConnection) => void
}

export class Arrivals {
  readonly #parts: ArrivalsParts
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()
  readonly #icmp = new IcmpMessage()

  constructor(parts: ArrivalsParts) {
    this.#parts = parts
  }

  handlePacket(packet: Uint8Array, offset: number, length: number): void {
    const ip = this.#ip
    const verdict = decodeIp(packet, offset, length, ip)
    if (verdict !== 'ok') return this.#drop(verdict)
    if (ip.protocol === PROTOCOL_TCP) this.#handleTcp(packet)
    else if (ip.protocol === PROTOCOL_ICMP || ip.protocol === PROTOCOL_ICMPV6) this.#handleIcmp(packet)
    else this.#drop('other-protocol')
  }

  /** The next answer to a packet of nobody's. */
  pollReply(frame: Uint8Array): number {
    return this.#parts.replies.poll(frame)
  }

  #handleTcp(packet: Uint8Array): void {
    const seg = this.#segment
    const { table, verifyChecksums } = this.#parts
    const verdict = decodeTcp(packet, this.#ip, seg, verifyChecksums) // MUST-3
    if (verdict !== 'ok') return this.#drop(verdict)
    const connection = table.find(this.#ip, seg.dstPort, seg.srcPort)
    if (connection === undefined) return this.#handleStray()
    if (connection.state === TIME_WAIT && acceptsNewIncarnation(connection.tcb, seg)) {
      return this.#reincarnate(connection)
    }
    connection.handleSegment(this.#ip, seg)
    this.#parts.touched(connection)
  }

  /** MAY-2: TIME-WAIT yields to a SYN that cannot be an old one, if somebody listens. */
  #reincarnate(old: HostedConnection): void {
    const { isn, detach, touched } = this.#parts
    if (this.#listenerFor() === null) {
      old.handleSegment(this.#ip, this.#segment)
      return touched(old)
    }
    enterClosed(old.tcb, 'reuse', 'time-wait-reused')
    detach(old)
    touched(old)
    isn.nextBeyond(old.tcb.snd.nxt)
    this.#handleStray()
  }

  /** A segment that belongs to no connection: for a listener, or nobody's. */
  #handleStray(): void {
    const ip = this.#ip
    const { addresses } = this.#parts
    if (addresses.isForMany(ip)) return this.#drop('broadcast-or-multicast') // MUST-57
    if (!addresses.owns(ip)) return this.#drop('other-host')
    if (isInvalidSource(ip) || addresses.isFromMany(ip)) return this.#drop('invalid-source') // MUST-63
    const listener = this.#listenerFor()
    if (listener === null) return this.#answerNobody('reset-no-connection')
    this.#handleForListener(listener)
  }

  /** The listener that names the segment's sockets most closely. */
  #listenerFor(): Listener | null {
    const candidates = this.#parts.listeners.get(this.#segment.dstPort)
    if (candidates === undefined) return null
    let best: Listener | null = null
    let bestScore = -1
    for (const listener of candidates) {
      const score = listener.match(this.#ip, this.#segment.srcPort)
      if (score > bestScore) {
        best = listener
        bestScore = score
      }
    }
    return best
  }

  /** RFC 9293 3.10.7.2, without a TCB for what cannot become a connection. */
  #handleForListener(listener: Listener): void {
    const seg = this.#segment
    if ((seg.flags & RST) !== 0) return this.#drop('rst-ignored')
    if ((seg.flags & ACK) !== 0) return this.#answerNobody('reset-ack-to-listener')
    if ((seg.flags & SYN) === 0) return this.#drop('listener-without-syn')
    if (listener.waiting >= listener.backlog) return this.#drop('backlog-full')
    const { table, limits, child, touched } = this.#parts
    if (listener.halfOpen >= limits.synQueue) {
      const stale = listener.stalest()
      if (stale === null) return this.#drop('syn-queue-full')
      this.#parts.counters.count('syn-queue-full')
      stale.abort()
    }
    const connection = child(listener)
    connection.listener = listener
    connection.tcb.passive = true
    connection.listen()
    connection.handleSegment(this.#ip, seg)
    connection.toSelf = this.#isFromSelf()
    if (!table.attach(connection)) return this.#drop('connections-full')
    listener.addHalfOpen(connection)
    touched(connection)
  }

  #isFromSelf(): boolean {
    const { src0, src1, src2, src3, version } = this.#ip
    return this.#parts.addresses.prefixes.some(
      ({ address: a }) =>
        a.version === version && a.w3 === src3 && a.w2 === src2 && a.w1 === src1 && a.w0 === src0,
    )
  }

  /** RFC 9293 3.10.7.1: everything but a reset is answered with a reset. */
  #answerNobody(reason: SendReason): void {
    const { replies, environment, config } = this.#parts
    this.#drop('no-connection')
    if ((this.#segment.flags & RST) !== 0) return
    if (!replies.allow(environment.clock.now)) return this.#drop('rate-limited')
    const sent = replies.addReset(this.#ip, this.#segment, reason, config.ttl)
    const { trace, clock, host } = environment
    if (trace === null) return
    const segment = recordSegment(sent, 0)
    trace.add({ kind: 'sent', at: clock.now, host, connection: 0, segment, reason, packet: 0 })
  }

  /** MUST-54: an error finds the connection that it is about. */
  #handleIcmp(packet: Uint8Array): void {
    const ip = this.#ip
    const message = this.#icmp
    const { addresses, table, touched, verifyChecksums } = this.#parts
    const verdict = decodeIcmp(packet, ip, message, verifyChecksums)
    if (verdict !== 'ok') return this.#drop(verdict)
    if (!addresses.owns(ip)) return this.#drop('other-host')
    const meaning = icmpMeaning(message.version, message.type, message.code)
    if (meaning === 'echo-request') return this.#answerEcho(packet)
    if (!message.isError || message.quoted.protocol !== PROTOCOL_TCP) return this.#drop('icmp-unhandled')
    const connection = table.findSender(message.quoted, message.quotedSrcPort, message.quotedDstPort)
    if (connection === undefined) return this.#drop('no-connection')
    connection.handleIcmp(meaning, message.quotedSeq, Math.max(0, message.mtu), message.quoted.totalLength)
    touched(connection)
  }

  /** RFC 1122 3.2.2.6, RFC 4443 4.2. */
  #answerEcho(packet: Uint8Array): void {
    const { replies, environment } = this.#parts
    if (!replies.allow(environment.clock.now)) return this.#drop('rate-limited')
    const reply = new Uint8Array(this.#ip.totalLength)
    const length = writeEchoReply(packet, this.#ip, reply)
    if (length === 0) return this.#drop('icmp-unhandled')
    replies.add(reply.subarray(0, length), null)
  }

  #drop(reason: DropReason): void {
    const { counters, environment } = this.#parts
    counters.count(reason)
    const { trace, clock, host } = environment
    if (trace === null) return
    trace.add({ kind: 'dropped', at: clock.now, host, connection: 0, reason, packet: trace.packet })
  }
}
