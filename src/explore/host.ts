/**
 * One side: the shipped connection and an application whose next steps are inputs like any other. Whoever keeps it
 * decides what time is: saved states have NOW for ever (host-states.ts), a replay has a clock that runs.
 */

import { RingPool } from '../bytes/ring-pool.ts'
import type { Clock } from '../tcp/clock.ts'
import { configure } from '../tcp/config.ts'
import { Connection } from '../tcp/connection.ts'
import { brokenInvariant } from '../tcp/invariants.ts'
import { URGENT_DATA } from '../tcp/signals.ts'
import { CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT } from '../tcp/state.ts'
import { finSent } from '../tcp/tcb.ts'
import type { Trace } from '../trace/recorder.ts'
import { Address } from '../wire/address.ts'
import { decodeIp } from '../wire/ip.ts'
import { exchangeAddresses, IpHeader, MAPPED_PREFIX } from '../wire/ip-header.ts'
import { ACK, RST, Segment } from '../wire/segment.ts'
import { decodeTcp } from '../wire/tcp.ts'
import { tcpPacketOf } from '../wire/tcp-packet.ts'
import { octetAt, type SidePlan, totalOf } from './plan.ts'

/** What may happen to a side besides a packet that arrives. */
export const OPEN = 0
export const SEND = 1
export const RECEIVE = 2
export const CLOSE = 3
export const ABORT = 4
/** Segments that are due are sent: an input of its own where `sendsLater`. */
export const TRANSMIT = 5
export const TIMEOUT = 6

export type Call =
  | typeof OPEN
  | typeof SEND
  | typeof RECEIVE
  | typeof CLOSE
  | typeof ABORT
  | typeof TRANSMIT
  | typeof TIMEOUT

/** More packets than this from one event are a storm: a window of three segments and some acknowledgments explain less. */
const MOST_PACKETS_PER_EVENT = 12
const FRAME_OCTETS = 2048
const PORTS = [49152, 80] as const
/** The distance of two initial sequence numbers of one side: a passive one may open more than once. */
const NEXT_ISS = 0x01000000

/** What the application did and saw. Counts are octets of the stream. */
export class Application {
  opened = 0
  closed = 0
  aborted = 0
  /** Taken by SEND, and how many SENDs that were. */
  sent = 0
  sends = 0
  /** Returned by RECEIVE. */
  read = 0
  /** Most octets that were ever in order here: read, or waiting to be. */
  arrived = 0
  /** Most octets of ours that were ever acknowledged; and the FIN. */
  acknowledged = 0
  finAcknowledged = 0
  /** Octets of ours that were ever sent, and octets of the other side that our windows ever had room for. */
  transmitted = 0
  offered = 0
  /** The other side's FIN was taken in. */
  finArrived = 0
  /** MUST-32: it was told of urgent octets. */
  urgent = 0
  /** Connections that this side began: a passive one that went back to LISTEN begins another. */
  incarnation = 0
  /** An event waits for TRANSMIT. */
  pending = 0
}

export interface HostOptions {
  readonly plan: SidePlan
  readonly which: 0 | 1
  readonly sendsLater: boolean
  readonly clock: Clock
  readonly trace: Trace | null
  /** Gets each packet sent; the octets are the receiver's. */
  readonly carry: (packet: Uint8Array) => void
}

export class Host {
  readonly application = new Application()
  readonly connection: Connection
  readonly plan: SidePlan
  readonly total: number
  /** How much time passed that the clock does not show: what timestamps are ahead of it, in milliseconds. */
  agedMs = 0
  readonly #options: HostOptions
  readonly #frame = new Uint8Array(FRAME_OCTETS)
  readonly #octets = new Uint8Array(FRAME_OCTETS)
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()
  #packets = 0

  constructor(options: HostOptions) {
    const { plan, which, clock, trace } = options
    this.#options = options
    this.plan = plan
    this.total = totalOf(plan)
    const { application } = this
    const environment = {
      clock,
      trace,
      pool: new RingPool(1 << 16),
      host: 'ab'[which]!,
      isn: {
        sequenceNumber: () => (plan.iss + NEXT_ISS * application.incarnation++) | 0,
        timestampOffset: () => this.agedMs,
      },
    }
    const small = { mssMinimum: 1, windowScaling: false, timestamps: false }
    this.connection = new Connection(environment, configure({ ...small, ...plan.config }))
    const { path } = this.connection.tcb
    path.setSockets(addressOf(which), PORTS[which], addressOf(1 - which), PORTS[which === 0 ? 1 : 0])
    path.remotePort = plan.opens === 'active' ? path.remotePort : 0
  }

  /** CLOSED after it was open. */
  get ended(): boolean {
    return this.connection.state === CLOSED && this.connection.closeReason !== null
  }

  /** Whether the application would make this call now. */
  wants(call: Call): boolean {
    const { application: app, connection } = this
    const { state } = connection
    if (call === TRANSMIT) return app.pending === 1
    if (call === OPEN) return app.opened === 0
    if (app.opened === 0) return false
    if (call === RECEIVE) return connection.readable > 0 && (state >= ESTABLISHED || state === CLOSED)
    if (state === CLOSED || state === LISTEN) return false
    if (call === ABORT) return this.plan.aborts === true
    if (app.closed === 1) return false
    return call === SEND ? this.#wantsToSend() : call === CLOSE && this.#wantsToClose()
  }

  #wantsToSend(): boolean {
    const { application: app, connection, plan } = this
    const { state } = connection
    if (app.sends === plan.sends.length || connection.writable === 0) return false
    if (state === SYN_SENT || state === SYN_RECEIVED) return plan.sendsEarly === true
    return state === ESTABLISHED || state === CLOSE_WAIT
  }

  #wantsToClose(): boolean {
    const { application: app, connection, plan } = this
    const closes = plan.closes ?? 'when-sent'
    if (closes === 'any-time') return true
    if (closes === 'never' || app.sent < this.total || connection.state === SYN_SENT) return false
    return closes === 'when-sent' || (app.finArrived === 1 && connection.readable === 0)
  }

  /** Something happens: a call, or a packet. Returns what is wrong with what followed, or null. */
  happens(input: Call | Uint8Array): string | null {
    const { application: app, connection } = this
    this.#packets = 0
    try {
      if (typeof input === 'number') this.#called(input)
      else this.#arrives(input)
      const isLater = this.#options.sendsLater && input !== TRANSMIT
      app.pending = isLater ? 1 : 0
      this.#readAtOnce()
      if (!isLater) this.#transmit()
      if ((connection.pollEvents() & URGENT_DATA) !== 0) app.urgent = 1
      this.#notice()
      return this.#broken()
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  #called(call: Call): void {
    const { application: app, connection, plan } = this
    if (call === OPEN) {
      app.opened = 1
      if (plan.opens === 'active') connection.connect()
      else connection.listen()
    } else if (call === SEND) {
      this.#send()
    } else if (call === RECEIVE) {
      this.#read(typeof plan.reads === 'number' ? plan.reads : connection.readable)
    } else if (call === CLOSE) {
      app.closed = 1
      if (plan.releases === true) connection.release()
      else connection.close()
    } else if (call === ABORT) {
      app.aborted = 1
      connection.abort()
    } else if (call === TIMEOUT) {
      connection.handleTimeout()
    }
  }

  #send(): void {
    const { application: app, connection, plan } = this
    const which = this.#options.which
    let before = 0
    for (let i = 0; i < app.sends; i++) before += plan.sends[i]!
    const length = plan.sends[app.sends]! - (app.sent - before)
    for (let i = 0; i < length; i++) this.#octets[i] = octetAt(which, app.sent + i)
    const urgent = plan.urgent === app.sends
    const taken = connection.send(this.#octets, 0, length, { urgent })
    app.sent += taken
    if (taken === length) app.sends++
  }

  /** @throws Error where an octet is not the one that was sent there. */
  #read(length: number): void {
    const { application: app, connection } = this
    const octets = connection.receive(this.#octets, 0, length)
    for (let i = 0; i < octets; i++) {
      const wanted = octetAt(1 - this.#options.which, app.read + i)
      const got = this.#octets[i]
      if (got !== wanted) throw new Error(`RECEIVE gives octet ${got} at ${app.read + i}, not ${wanted}`)
    }
    app.read += octets
  }

  #readAtOnce(): void {
    const { connection, plan } = this
    if (typeof plan.reads === 'number') return
    while (this.wants(RECEIVE)) this.#read(connection.readable)
  }

  #arrives(packet: Uint8Array): void {
    const ip = this.#ip
    const segment = this.#segment
    if (decodeIp(packet, 0, packet.length, ip) !== 'ok' || decodeTcp(packet, ip, segment, false) !== 'ok') {
      throw new Error('a packet that cannot be read')
    }
    if (this.connection.state === CLOSED) this.#answerForStack(segment)
    else this.connection.handleSegment(ip, segment)
  }

  /** RFC 9293 3.10.7.1, which is the stack's: a reset, unless for a reset. */
  #answerForStack(segment: Segment): void {
    if ((segment.flags & RST) !== 0) return
    const hasAck = (segment.flags & ACK) !== 0
    const reset = new Segment()
    reset.srcPort = segment.dstPort
    reset.dstPort = segment.srcPort
    reset.seq = hasAck ? segment.ack : 0
    reset.ack = hasAck ? 0 : (segment.seq + segment.length) | 0
    reset.flags = hasAck ? RST : RST | ACK
    const ip = new IpHeader()
    ip.version = 4
    ip.ttl = 64
    ip.dontFragment = true
    exchangeAddresses(ip, this.#ip)
    this.#packets++
    this.#options.carry(tcpPacketOf(ip, reset))
  }

  /** @throws Error where there is no end of it. */
  #transmit(): void {
    for (;;) {
      const length = this.connection.pollTransmit(this.#frame)
      if (length === 0) return
      if (++this.#packets > MOST_PACKETS_PER_EVENT) throw new Error('one event makes packets without end')
      this.#options.carry(this.#frame.slice(0, length))
    }
  }

  /** What is true of the connection and stays so when it is gone. */
  #notice(): void {
    const { application: app, connection } = this
    const { tcb } = connection
    const { snd, rcv } = tcb
    app.arrived = Math.max(app.arrived, app.read + connection.readable)
    if (connection.closeReason === 'closed-normally') {
      app.acknowledged = app.sent
      app.finAcknowledged = 1
    }
    if (connection.state < SYN_RECEIVED) return
    if (tcb.synAcknowledged) {
      const octets = (snd.una - tcb.iss - 1) | 0
      app.acknowledged = Math.max(app.acknowledged, Math.min(octets, app.sent))
      if (finSent(tcb) && snd.una === snd.nxt) app.finAcknowledged = 1
    }
    app.transmitted = Math.max(app.transmitted, Math.min((snd.nxt - tcb.iss - 1) | 0, app.sent))
    app.offered = Math.max(app.offered, (rcv.adv - tcb.irs - 1) | 0)
    if (rcv.finSeen && rcv.nxt === ((rcv.fin + 1) | 0)) app.finArrived = 1
  }

  #broken(): string | null {
    const broken = brokenInvariant(this.connection.tcb)
    return broken === null ? null : `invariant: ${broken}`
  }
}

function addressOf(which: number): Address {
  return new Address(4, 0, 0, MAPPED_PREFIX, 0x0a000001 + which)
}
