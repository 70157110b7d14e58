/**
 * A packet's way in: decode into the one scratch segment, find whose it is, hand it over or answer it (RFC 9293 3.10.7).
 * Malformed input is a counted verdict and never more.
 */

import { acceptsNewIncarnation } from '../tcp/acceptance.ts'
import { enterClosed } from '../tcp/closing.ts'
import type { Config, Limits } from '../tcp/config.ts'
import { SYN_RECEIVED, TIME_WAIT } from '../tcp/state.ts'
import type { Environment } from '../tcp/tcb.ts'
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
import type { ListenerTable } from './listener-table.ts'
import type { Replies } from './replies.ts'

/** What the stack lends. */
export interface ArrivalsParts {
  readonly environment: Environment
  readonly counters: DropCounters
  readonly addresses: LocalAddresses
  readonly table: ConnectionTable
  readonly replies: Replies
  readonly listeners: ListenerTable
  readonly isn: IsnSource
  readonly verifyChecksums: boolean
  readonly config: Config
  readonly limits: Limits
  /** The link's MTU, octets: no answer is larger. */
  readonly mtu: number
  /** A new connection for a listener's SYN. */
  readonly child: (listener: Listener) => HostedConnection
  readonly touched: (connection: HostedConnection) => void
}

export class Arrivals {
  readonly #parts: ArrivalsParts
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()
  readonly #icmp = new IcmpMessage()
  /** The packet in hand is this host's own. */
  #fromSelf = false

  constructor(parts: ArrivalsParts) {
    this.#parts = parts
  }

  /** @param fromSelf the packet never was on a link: this host sent it to itself. */
  handlePacket(packet: Uint8Array, offset: number, length: number, fromSelf = false): void {
    const ip = this.#ip
    this.#fromSelf = fromSelf
    const verdict = decodeIp(packet, offset, length, ip)
    if (verdict !== 'ok') return this.#drop(verdict)
    if (ip.protocol === PROTOCOL_TCP) this.#handleTcp(packet)
    else if (ip.protocol === PROTOCOL_ICMP || ip.protocol === PROTOCOL_ICMPV6) this.#handleIcmp(packet)
    else this.#drop('other-protocol')
  }

  #handleTcp(packet: Uint8Array): void {
    const seg = this.#segment
    const { table, verifyChecksums } = this.#parts
    const verdict = decodeTcp(packet, this.#ip, seg, verifyChecksums) // MUST-3
    if (verdict !== 'ok') return this.#drop(verdict)
    const connection = table.find(this.#ip, seg.dstPort, seg.srcPort)
    if (connection === undefined) return this.#handleStray()
    if (connection.toSelf !== this.#fromSelf) return this.#drop('invalid-source')
    if (connection.state === TIME_WAIT && acceptsNewIncarnation(connection.tcb, seg)) {
      if (this.#reincarnate(connection)) return
    } else if (connection.state === SYN_RECEIVED && this.#mustWait(connection)) {
      return this.#drop('backlog-full')
    }
    connection.handleSegment(this.#ip, seg)
    this.#parts.touched(connection)
  }

  /**
   * Whether the handshake would end in a full backlog. Then its last segment is taken for lost: the answer to the SYN
   * goes again, and so does the acknowledgment, perhaps to a shorter queue.
   */
  #mustWait(connection: HostedConnection): boolean {
    const { listener } = connection
    if (listener === null || listener.waiting < listener.backlog) return false
    return (this.#segment.flags & (SYN | RST | ACK)) === ACK
  }

  /** MAY-2: TIME-WAIT yields to a SYN that cannot be an old one, if somebody listens and has room for it. */
  #reincarnate(old: HostedConnection): boolean {
    const { listeners, touched } = this.#parts
    const listener = listeners.find(this.#ip, this.#segment.dstPort, this.#segment.srcPort)
    if (listener === null || this.#refusal(listener, 1) !== null) return false
    enterClosed(old.tcb, 'reuse', 'time-wait-reused')
    touched(old)
    this.#admit(listener, old)
    return true
  }

  /** A segment that belongs to no connection: for a listener, or nobody's. */
  #handleStray(): void {
    const ip = this.#ip
    const { addresses, listeners } = this.#parts
    if (addresses.isForMany(ip)) return this.#drop('broadcast-or-multicast') // MUST-57
    if (!addresses.owns(ip)) return this.#drop('other-host')
    if (this.#hasInvalidSource()) return this.#drop('invalid-source') // MUST-63
    const listener = listeners.find(ip, this.#segment.dstPort, this.#segment.srcPort)
    if (listener === null) return this.#answerNobody('reset-no-connection')
    this.#handleForListener(listener)
  }

  #hasInvalidSource(): boolean {
    if (this.#fromSelf) return false
    return isInvalidSource(this.#ip) || this.#parts.addresses.isImpossibleSource(this.#ip)
  }

  /** RFC 9293 3.10.7.2, without a TCB for what cannot become a connection. */
  #handleForListener(listener: Listener): void {
    const seg = this.#segment
    if ((seg.flags & RST) !== 0) return this.#drop('rst-ignored')
    if ((seg.flags & ACK) !== 0) return this.#answerNobody('reset-ack-to-listener')
    if ((seg.flags & SYN) === 0) return this.#drop('listener-without-syn')
    const refusal = this.#refusal(listener, 0)
    if (refusal !== null) return this.#drop(refusal)
    this.#admit(listener, null)
  }

  /**
   * Why a SYN cannot become a connection now, or null. In a full SYN queue the stalest makes room.
   *
   * @param leaving connections that go when it comes.
   */
  #refusal(listener: Listener, leaving: number): DropReason | null {
    const { table, limits, counters } = this.#parts
    if (listener.waiting >= listener.backlog) return 'backlog-full'
    if (table.size - leaving >= limits.connections) return 'connections-full'
    if (listener.halfOpen < limits.synQueue) return null
    const stale = listener.stalest()
    if (stale === null) return 'syn-queue-full'
    counters.count('syn-queue-full')
    // Without a reset: its address is probably forged, and if not, its acknowledgment will be answered with one.
    enterClosed(stale.tcb, 'give-up', 'connect-timeout')
    this.#parts.touched(stale)
    return null
  }

  /** @param old the incarnation in TIME-WAIT that this one follows, or null. */
  #admit(listener: Listener, old: HostedConnection | null): void {
    const { table, isn, child, touched } = this.#parts
    const connection = child(listener)
    connection.listener = listener
    connection.toSelf = this.#fromSelf
    connection.tcb.passive = true
    connection.listen()
    if (old !== null) isn.nextBeyond(old.tcb.snd.nxt)
    connection.handleSegment(this.#ip, this.#segment)
    table.attach(connection)
    listener.addHalfOpen(connection)
    touched(connection)
  }

  /** RFC 9293 3.10.7.1: everything but a reset is answered with a reset. */
  #answerNobody(reason: SendReason): void {
    const { replies, environment, config } = this.#parts
    this.#drop('no-connection')
    if ((this.#segment.flags & RST) !== 0) return
    if (!replies.allow(environment.clock.now)) return this.#drop('rate-limited')
    const told = environment.trace === null ? null : reason
    replies.addReset(this.#ip, this.#segment, config.ttl, this.#fromSelf, told)
  }

  /** MUST-54: an error finds the connection that it is about. */
  #handleIcmp(packet: Uint8Array): void {
    const ip = this.#ip
    const message = this.#icmp
    const { addresses, table, touched, verifyChecksums } = this.#parts
    const verdict = decodeIcmp(packet, ip, message, verifyChecksums)
    if (verdict !== 'ok') return this.#drop(verdict)
    if (!addresses.owns(ip)) return this.#drop('other-host')
    if (this.#hasInvalidSource()) return this.#drop('invalid-source')
    const meaning = icmpMeaning(message.version, message.type, message.code)
    if (meaning === 'echo-request') return this.#answerEcho(packet)
    if (!message.isError || message.quoted.protocol !== PROTOCOL_TCP) return this.#drop('icmp-unhandled')
    const connection = table.findSender(message.quoted, message.quotedSrcPort, message.quotedDstPort)
    if (connection === undefined) return this.#drop('no-connection')
    const { mtu, quoted, quotedSeq } = message
    connection.handleIcmp(meaning, quotedSeq, Math.max(0, mtu), quoted.totalLength, ip, message)
    touched(connection)
  }

  /** RFC 1122 3.2.2.6, RFC 4443 4.2. */
  #answerEcho(packet: Uint8Array): void {
    const { replies, environment, mtu } = this.#parts
    if (!replies.allow(environment.clock.now)) return this.#drop('rate-limited')
    const reply = new Uint8Array(Math.min(this.#ip.totalLength, mtu))
    const length = writeEchoReply(packet, this.#ip, reply)
    if (length === 0) return this.#drop('icmp-unhandled')
    replies.add(reply.subarray(0, length), this.#fromSelf)
  }

  #drop(reason: DropReason): void {
    const { counters, environment } = this.#parts
    counters.count(reason)
    const { trace, clock, host } = environment
    if (trace === null) return
    trace.add({ kind: 'dropped', at: clock.now, host, connection: 0, reason, packet: trace.packet })
  }
}
