/** One connection with its clock, its wire and its user, and what must hold of them after every event. */

import { RingPool } from '../../src/bytes/ring-pool.ts'
import { CallError } from '../../src/tcp/call-error.ts'
import { Clock } from '../../src/tcp/clock.ts'
import { type Config, configure } from '../../src/tcp/config.ts'
import { Connection } from '../../src/tcp/connection.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import { CLOSED, LISTEN, SYN_SENT } from '../../src/tcp/state.ts'
import type { Tcb } from '../../src/tcp/tcb.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { expect } from '../target.ts'
import { peerOctet, userOctet } from './stream.ts'
import { LOCAL_PORT, REMOTE_PORT, Wire } from './wire.ts'

/** No event is answered with as many packets: the send buffer has room for 1366 of the smallest. */
const STORM = 3000
/** So many timeouts in silence end whatever was going on. */
const SILENT_TIMEOUTS = 400
const LARGEST_PACKET = 65_575

/** Bits of a setup's flags. */
const IPV6 = 1
const NO_TIMESTAMPS = 2
const NO_SCALING = 4
const NO_NAGLE = 8
const KEEP_ALIVE = 16
const USER_TIMEOUT = 32
const PROMPT_ACKS = 64
const SMALL_MSS = 128

/** The first number of our own: far from a wrap of any kind, and right before each. */
const FIRST_NUMBERS = [1000, -40, 0x7fffffd8, 0]

/** What each bit of a tuning takes away from its default; bits that stand for nothing do nothing. */
const TUNINGS: readonly Partial<Config>[] = [
  { windowFollowsRoom: true },
  { toleratesMissingTimestamps: true },
  { growsWhenHalfUsed: true, growsByNewsOnly: true },
  { nagleSmallOnly: true },
  { corked: true },
  { ackReleasesText: true },
  { pushesLast: false },
  { burstSegments: 2 },
  { quickAcks: 3 },
  { probesWithText: false },
  { resetsAcknowledge: true },
  { windowShift: 0 },
  { windowShift: 14 },
]
export const MOST_TUNING = 0xffff

/** The tunables that a setup's or a reconfiguration's numbers mean. */
export function configOf(flags: number, receiveLog2: number, sendLog2: number, tuning: number): Config {
  return configure({
    ...Object.assign({}, ...TUNINGS.filter((_, bit) => (tuning & (1 << bit)) !== 0)),
    timestamps: (flags & NO_TIMESTAMPS) === 0,
    windowScaling: (flags & NO_SCALING) === 0,
    nagle: (flags & NO_NAGLE) === 0,
    keepAlive: (flags & KEEP_ALIVE) !== 0,
    keepAliveGarbage: (flags & (KEEP_ALIVE | NO_NAGLE)) === (KEEP_ALIVE | NO_NAGLE),
    userTimeoutMs: (flags & USER_TIMEOUT) !== 0 ? 20_000 : 0,
    delayedAckMs: (flags & PROMPT_ACKS) !== 0 ? 0 : 40,
    segmentsPerAck: (flags & PROMPT_ACKS) !== 0 ? 1 : 2,
    mssLimit: (flags & SMALL_MSS) !== 0 ? 100 : 0,
    receiveBufferBytes: 2 ** receiveLog2,
    sendBufferBytes: 2 ** sendLog2,
    reassemblyRanges: 8,
  })
}

export class World {
  readonly clock = new Clock()
  readonly connection: Connection
  readonly tcb: Tcb
  readonly wire = new Wire()
  /** Events since the start that may be answered with an acknowledgment. */
  causes = 0
  /** Numbers where FINs of the peer stood. */
  readonly finsSent = new Set<number>()
  readonly #pool = new RingPool(1 << 20)
  readonly #frame = new Uint8Array(LARGEST_PACKET)
  /** Octets that SEND took. */
  #given = 0
  /** The number of the next octet to be read; null before any was. */
  #readAt: number | null = null
  #una = 0
  #nxt = 0
  #rcvNxt: number | null = null
  /** The number that this connection started with; null before it has one. */
  #iss: number | null = null

  constructor([flags, receiveLog2, sendLog2, tuning, numbers, mtu]: readonly number[]) {
    let opened = 0
    this.connection = new Connection(
      {
        clock: this.clock,
        pool: this.#pool,
        trace: null,
        host: 'fuzzed',
        isn: {
          sequenceNumber: () => (FIRST_NUMBERS[numbers!]! + 0x1000_1000 * opened++) | 0,
          timestampOffset: () => (numbers === 1 ? -5 : 77),
        },
      },
      configOf(flags!, receiveLog2!, sendLog2!, tuning!),
    )
    this.tcb = this.connection.tcb
    this.clock.now = 1_000_000_000
    const [local, remote] = (flags! & IPV6) !== 0 ? ['fd00::1', 'fd00::2'] : ['10.0.0.1', '10.0.0.2']
    const { path } = this.tcb
    path.setSockets(parseAddress(local!)!, LOCAL_PORT, parseAddress(remote!)!, REMOTE_PORT)
    path.mtu = mtu!
    path.mmsr = mtu!
  }

  /** Polls all that the connection wants to send. @returns packets. */
  drain(): number {
    const { connection } = this
    let packets = 0
    for (let n = connection.pollTransmit(this.#frame); n > 0; n = connection.pollTransmit(this.#frame)) {
      this.wire.sent(this.#frame, n, connection)
      expect(++packets < STORM, 'a storm of packets')
    }
    connection.pollEvents()
    this.#check()
    expect(
      this.wire.pureAcks <= this.causes,
      () => `${this.wire.pureAcks} acknowledgments for ${this.causes} causes`,
    )
    expect(this.wire.resets <= this.causes, () => `${this.wire.resets} resets for ${this.causes} causes`)
    return packets
  }

  #check(): void {
    const { tcb } = this
    const broken = brokenInvariant(tcb)
    expect(broken === null, () => `invariant: ${broken}`)
    const deadline = this.connection.pollTimeout()
    expect(deadline > 0, () => `a deadline at ${deadline}`)
    this.notice()
  }

  /** After each operation: SND.UNA, SND.NXT and RCV.NXT move on only, for as long as it is the same connection. */
  notice(): void {
    const { tcb } = this
    const { snd, rcv } = tcb
    const isListening = tcb.state === LISTEN
    if (isListening || tcb.iss !== this.#iss) {
      this.#iss = isListening ? null : tcb.iss
      this.#given = 0
      this.#readAt = null
      this.#rcvNxt = null
      this.wire.forget(isListening)
      // The FIN that came with a SYN stays.
      if (isListening) this.finsSent.clear()
    } else {
      expect(((snd.una - this.#una) | 0) >= 0, 'SND.UNA moves back')
      expect(((snd.nxt - this.#nxt) | 0) >= 0, 'SND.NXT moves back')
      if (this.#rcvNxt !== null) expect(((rcv.nxt - this.#rcvNxt) | 0) >= 0, 'RCV.NXT moves back')
    }
    this.#una = snd.una
    this.#nxt = snd.nxt
    // In SYN-SENT it is another connection's, or nothing.
    this.#rcvNxt = tcb.state === SYN_SENT || isListening ? null : rcv.nxt
  }

  /** A user's call; where it is refused, nothing happened. */
  call(what: (connection: Connection) => void): void {
    this.causes++
    try {
      what(this.connection)
    } catch (error) {
      if (!(error instanceof CallError)) throw error
    }
  }

  /** What is queued stays so: a smaller send buffer is one that has room for it. */
  reconfigure(flags: number, receiveLog2: number, sendLog2: number, tuning: number): void {
    const config = configOf(flags, receiveLog2, sendLog2, tuning)
    const sendBufferBytes = Math.max(config.sendBufferBytes, this.connection.queued)
    this.call((connection) => connection.reconfigure({ ...config, sendBufferBytes }))
  }

  send(
    length: number,
    how: { readonly push: boolean; readonly urgent: boolean; readonly endOfRecord: boolean },
  ): void {
    const octets = new Uint8Array(length + 4)
    for (let i = 0; i < length; i++) octets[i + 2] = userOctet(this.#given + i)
    this.call((connection) => {
      const room = connection.writable
      const taken = connection.send(octets, 2, length, how)
      expect(taken === Math.min(length, room), 'SEND takes another number of octets than there is room for')
      this.#given += taken
      if (how.endOfRecord && taken === length && this.connection.queued > 0)
        this.wire.recordEnds.add(this.#given)
    })
    octets.fill(0xee)
  }

  receive(length: number): void {
    const octets = new Uint8Array(length)
    this.call((connection) => {
      const before = connection.readable
      const n = connection.receive(octets, 0, length)
      expect(n <= before && n <= length, 'RECEIVE gives more than there is')
      if (n === 0) return this.#checkEnd()
      this.#readAt ??= (this.tcb.irs + 1) | 0
      for (let i = 0; i < n; i++) {
        expect(octets[i] === peerOctet((this.#readAt + i) | 0), 'an octet that was received is another')
      }
      this.#readAt = (this.#readAt + n) | 0
    })
  }

  /** The end of the stream is where a FIN was, and nowhere before. */
  #checkEnd(): void {
    const { connection, tcb } = this
    if (!connection.atEndOfStream || connection.closeReason !== null) return
    const at = this.#readAt ?? (tcb.irs + 1) | 0
    expect(this.finsSent.has(at), 'the stream ends where no FIN was')
  }

  /** Lets the next deadline come. @returns false where there is none. */
  timeout(): boolean {
    const { connection, clock } = this
    const deadline = connection.pollTimeout()
    if (deadline === Number.POSITIVE_INFINITY) return false
    if (deadline > clock.now) clock.now = deadline
    for (let spins = 0; connection.pollTimeout() <= clock.now; spins++) {
      expect(spins < 4, 'a deadline that is handled does not move on')
      this.causes++
      connection.handleTimeout()
      this.drain()
    }
    return true
  }

  /** Being early is harmless: nothing is due, nothing is sent. */
  early(): void {
    const { connection, clock, tcb } = this
    this.drain()
    if (connection.pollTimeout() <= clock.now) return
    const { state } = tcb
    connection.handleTimeout()
    expect(this.drain() === 0 && tcb.state === state, 'a timeout that is early does something')
  }

  /** The end of an input: aborted, or left alone without an answer ever; either way nothing remains. */
  end(aborts: boolean): void {
    const { connection, tcb } = this
    this.drain()
    if (!aborts) {
      this.call((one) => one.release())
      this.drain()
      for (let i = 0; i < SILENT_TIMEOUTS && this.timeout(); i++) {
        expect(i < SILENT_TIMEOUTS - 1, () => `it never ends: ${connection.stateName}`)
      }
    } else if (tcb.state !== CLOSED) {
      this.call((one) => one.abort())
      this.drain()
    }
    expect(tcb.state === CLOSED, () => `it does not end: ${connection.stateName}`)
    this.drain()
    expect(connection.pollTimeout() === Number.POSITIVE_INFINITY, 'a timer runs after the end')
    if (tcb.closeReason !== null) this.call((one) => one.release())
    while (tcb.closeReason !== null && connection.readable > 0) this.receive(4096)
    expect(this.#pool.lent === 0, () => `${this.#pool.lent} octets of buffers are not given back`)
  }
}
