/**
 * One TCP connection, without any input or output of its own. Four families of methods and nothing else:
 *
 * - getters: what is the case; they change nothing.
 * - `handle*`: what happened outside: a segment, a timeout, an ICMP error. They never send and never throw.
 * - calls: what the user wants: open, send, receive, close, release, abort, status. They never send; they throw a
 *   CallError where the RFC has an error response.
 * - `poll*`: what the connection wants: a packet sent, a timer set, the user told.
 *
 * After any `handle*` or call: `pollTransmit` until it returns 0, then `pollEvents`, then `pollTimeout`. Time comes from
 * the environment's clock, which the owner sets before each event; nothing here reads a clock, makes a promise or
 * allocates per segment. All of a run follows from its inputs: the same calls, segments, times, secrets and
 * configuration give the same packets, bit for bit.
 */

import type { CloseReason } from '../trace/reasons.ts'
import { STATE_NAMES, type StateName } from '../trace/states.ts'
import type { IcmpMeaning, IcmpMessage } from '../wire/icmp.ts'
import type { IpHeader } from '../wire/ip-header.ts'
import { RST, type Segment } from '../wire/segment.ts'
import { type Config, DEFAULT_CONFIG } from './config.ts'
import { noteFatalSegment, noteIcmp } from './ending.ts'
import { icmpArrives } from './icmp-arrives.ts'
import { armSendTimers, chooseSegment, commitSegment, restartAfterIdle } from './output.ts'
import { writeSegment } from './packet.ts'
import { segmentArrives } from './segment-arrives.ts'
import { CLOSED, LISTEN, type State } from './state.ts'
import { type Environment, finSent, receiveCapacity, Tcb } from './tcb.ts'
import { timeoutsExpire } from './timeouts.ts'
import { traceReceived } from './tracing.ts'
import * as calls from './user-calls.ts'

export class Connection {
  /** Read by pictures, tests and invariants; written by tcp/ only. */
  readonly tcb: Tcb

  /** @param id the connection's number in its stack, from 1: its name in traces. */
  constructor(environment: Environment, config: Config = DEFAULT_CONFIG, id = 1) {
    this.tcb = new Tcb(config, environment, id)
  }

  // ---- getters

  get state(): State {
    return this.tcb.state
  }

  get stateName(): StateName {
    return STATE_NAMES[this.tcb.state]
  }

  /** Octets that RECEIVE would return now. */
  get readable(): number {
    return this.tcb.receiveBuffer.readable
  }

  /** Octets that SEND would take now. */
  get writable(): number {
    return this.tcb.sendBuffer.free
  }

  /** Octets that SEND took and the other side has not acknowledged. */
  get queued(): number {
    return this.tcb.sendBuffer.length
  }

  /** SYN, octets or FIN wait to be sent for the first time. */
  get hasUnsent(): boolean {
    const { snd, closeRequested, state } = this.tcb
    if (state === CLOSED || finSent(this.tcb)) return false
    return closeRequested || snd.end !== snd.nxt
  }

  /** The other side will send no more and all that it sent was received. */
  get atEndOfStream(): boolean {
    return calls.atEndOfStream(this.tcb)
  }

  /** Why the connection ended, or null. */
  get closeReason(): Tcb['closeReason'] {
    return this.tcb.closeReason
  }

  /** What may mend: R1 reached, an ICMP error; or null. */
  get softError(): Tcb['softError'] {
    return this.tcb.softError
  }

  // ---- handle: what happened outside

  /** A segment for this connection. Both arguments are borrowed; in LISTEN the path is taken from the packet. */
  handleSegment(ip: IpHeader, seg: Segment): void {
    const { tcb } = this
    if (tcb.state === LISTEN) takePath(tcb, ip, seg)
    tcb.receivedTos = ip.tos
    tcb.counts.segmentsReceived++
    if (seg.textLength > 0) tcb.counts.textSegmentsReceived++
    traceReceived(tcb, seg)
    segmentArrives(tcb, seg)
    if ((seg.flags & RST) === 0) tcb.receivedTtl = ip.ttl
    else if (tcb.ending !== null) noteFatalSegment(tcb.ending, ip, seg)
  }

  /** A deadline that `pollTimeout` gave is reached. Being early is harmless. */
  handleTimeout(): void {
    timeoutsExpire(this.tcb)
  }

  /**
   * An ICMP error that quotes a segment of this connection (MUST-54). `seq`: the quoted sequence number. `ip` and `message`,
   * borrowed, tell who sent what; without them it is believed just so, and a diagnosis cannot name the sender.
   */
  handleIcmp(
    meaning: IcmpMeaning,
    seq: number,
    mtu: number,
    quotedLength: number,
    ip: IpHeader | null = null,
    message: IcmpMessage | null = null,
  ): void {
    const believed = icmpArrives(this.tcb, meaning, seq, mtu, quotedLength)
    if (believed && ip !== null && message !== null) noteIcmp(this.tcb, ip, message)
  }

  // ---- calls: what the user wants

  /** Passive OPEN on the local socket that `tcb.path` names. */
  listen(): void {
    calls.openPassive(this.tcb)
  }

  /** Active OPEN to the remote socket that `tcb.path` names. */
  connect(): void {
    calls.openActive(this.tcb)
  }

  /** SEND. Returns how many octets were taken. */
  send(bytes: Uint8Array, offset = 0, length = bytes.length - offset, options?: calls.SendOptions): number {
    return calls.send(this.tcb, bytes, offset, length, options)
  }

  /** RECEIVE. Returns how many octets were moved; `received` in user-calls.ts has the PUSH and URGENT flags. */
  receive(target: Uint8Array, offset = 0, length = target.length - offset): number {
    return calls.receive(this.tcb, target, offset, length)
  }

  /** Sends what is queued, whether it is worth a segment or not: the end of TCP_CORK, TCP_NODELAY. */
  push(): void {
    calls.pushQueued(this.tcb)
  }

  /** Acknowledges at once what arrives from now on, or no longer: TCP_QUICKACK. */
  acknowledgeQuickly(quickly: boolean): void {
    calls.acknowledgeQuickly(this.tcb, quickly)
  }

  /** CLOSE: no more to send. */
  close(): void {
    calls.close(this.tcb)
  }

  /** The owner goes away: close(2) of a socket. */
  release(): void {
    calls.release(this.tcb)
  }

  /** ABORT. */
  abort(reason?: CloseReason): void {
    calls.abort(this.tcb, reason)
  }

  /** STATUS. */
  status(): calls.Status {
    return calls.status(this.tcb)
  }

  /** MUST-33: octets still to be read until the urgent ones end. */
  get urgentOctets(): number {
    return calls.urgentOctets(this.tcb)
  }

  /** Changes tunables: Nagle, keep-alive, DiffServ (SHLD-21) ...; those that the handshake used no longer matter. */
  reconfigure(config: Config): void {
    const { tcb } = this
    const { userTimeoutMs } = tcb.config
    tcb.config = config
    tcb.sendBuffer.setCapacity(config.sendBufferBytes)
    // A smaller buffer takes nothing back that was offered (SHLD-14): only the window stops moving.
    const capacity = receiveCapacity(config, tcb.offer.shift)
    tcb.receiveBuffer.setCapacity(Math.max(tcb.receiveBuffer.capacity, capacity))
    calls.keepAliveChanged(tcb)
    if (config.userTimeoutMs !== userTimeoutMs) calls.userTimeoutChanged(tcb)
  }

  // ---- poll: what the connection wants

  /**
   * Writes the next packet to frame[0...] and returns its length in octets, 0 where there is nothing to send.
   * `frame` must hold the largest packet of the link.
   */
  pollTransmit(frame: Uint8Array): number {
    const { tcb } = this
    restartAfterIdle(tcb)
    const reason = chooseSegment(tcb)
    if (reason === null) {
      if (tcb.state !== CLOSED) armSendTimers(tcb)
      return 0
    }
    const length = writeSegment(tcb, reason, frame)
    commitSegment(tcb, reason)
    return length
  }

  /** When `handleTimeout` is to be called: microseconds on the clock, Infinity for never. */
  pollTimeout(): number {
    return this.tcb.timers.earliest()
  }

  /** The event bits of signals.ts since the last call; 0 for none. */
  pollEvents(): number {
    const { events } = this.tcb
    this.tcb.events = 0
    return events
  }
}

/** RFC 9293 3.10.7.2: what the passive OPEN left open is filled in from the SYN. MUST-45: and kept. */
function takePath(tcb: Tcb, ip: IpHeader, seg: Segment): void {
  const { path } = tcb
  path.version = ip.version === 4 ? 4 : 6
  path.local0 = ip.dst0
  path.local1 = ip.dst1
  path.local2 = ip.dst2
  path.local3 = ip.dst3
  path.remote0 = ip.src0
  path.remote1 = ip.src1
  path.remote2 = ip.src2
  path.remote3 = ip.src3
  path.localPort = seg.dstPort
  path.remotePort = seg.srcPort
}
