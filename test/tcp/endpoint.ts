/**
 * One connection driven segment by segment, as packetdrill does it, in virtual time and without a stack.
 *
 * Numbers are relative: `seq` of a segment sent and `ack` of one injected count from the ISS of the connection under
 * test, the other two from the peer's. Both initial numbers lie just below a wrap, so that nearly every test crosses
 * one. After each step all that the connection wants to send is taken out of it, the invariants are checked, and the
 * packet injected is overwritten with garbage, so that nobody keeps a borrowed view.
 */

import assert from 'node:assert/strict'
import { RingPool } from '../../src/bytes/ring-pool.ts'
import { Clock } from '../../src/tcp/clock.ts'
import { type Config, configure } from '../../src/tcp/config.ts'
import { Connection } from '../../src/tcp/connection.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import * as signals from '../../src/tcp/signals.ts'
import { CLOSED } from '../../src/tcp/state.ts'
import type { SendOptions } from '../../src/tcp/user-calls.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import type { StateName } from '../../src/trace/states.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import {
  type Arriving,
  buildPacket,
  bytesOf,
  describe,
  type Expected,
  flagsOf,
  lettersOf,
  patternOf,
  type Sent,
  setAddresses,
  spoil,
} from './segments.ts'

export { type Arriving, bytesOf, describe, type Expected, patternOf, type Sent } from './segments.ts'

export interface EndpointOptions extends Partial<Config> {
  readonly version?: 4 | 6
  readonly iss?: number
  readonly irs?: number
  readonly clock?: Clock
  readonly host?: string
  readonly mtu?: number
}

/** Where sequence numbers start: below the wrap of uint32 and of int32. */
export const DEFAULT_ISS = -16
export const DEFAULT_IRS = 0x7ffffff0

/** More segments than this from one event are a storm. */
const STORM = 20_000

const SIGNALS: readonly (readonly [string, number])[] = [
  ['connected', signals.CONNECTED],
  ['readable', signals.READABLE],
  ['writable', signals.WRITABLE],
  ['drained', signals.DRAINED],
  ['urgent', signals.URGENT_DATA],
  ['peer-closed', signals.PEER_CLOSED],
  ['gone', signals.GONE],
  ['soft-error', signals.SOFT_ERROR],
  ['returned', signals.RETURNED],
]

export class Endpoint {
  readonly connection: Connection
  readonly clock: Clock
  readonly trace = new Recorder()
  readonly version: 4 | 6
  readonly iss: number
  readonly irs: number
  /** Segments sent and not yet asked for by `expect`. */
  readonly sent: Sent[] = []
  /** Event bits since `takeEvents`. */
  events = 0
  /** Where packets go besides `sent`; the octets are borrowed. */
  carrier: ((bytes: Uint8Array) => void) | null = null
  /** SEG.SEQ of the peer's next segment, and SEG.ACK of the same, relative. */
  peerNext = 0
  sentNext = 0
  peerWindow = 65535
  readonly pool = new RingPool(1 << 22)
  readonly #frame = new Uint8Array(70_000)
  readonly #ip = new IpHeader()
  readonly #seg = new Segment()
  #batching = false

  constructor(options: EndpointOptions = {}) {
    const { version, iss, irs, clock, host, mtu, ...config } = options
    this.version = version ?? 4
    this.iss = (iss ?? DEFAULT_ISS) | 0
    this.irs = (irs ?? DEFAULT_IRS) | 0
    this.clock = clock ?? new Clock()
    const environment = {
      clock: this.clock,
      pool: this.pool,
      trace: this.trace,
      host: host ?? 'local',
      isn: { sequenceNumber: () => this.iss, timestampOffset: () => 0 },
    }
    this.connection = new Connection(
      environment,
      configure({ timestamps: false, windowScaling: false, ...config }),
    )
    const { path } = this.connection.tcb
    path.version = this.version
    if (mtu !== undefined) path.mtu = path.mmsr = mtu
    setAddresses(path, this.version, 1, 2)
    path.localPort = 49152
    path.remotePort = 80
  }

  get tcb(): Connection['tcb'] {
    return this.connection.tcb
  }

  get state(): StateName {
    return this.connection.stateName as StateName
  }

  // ---- calls: each is an event of its own

  listen(): this {
    this.tcb.path.remotePort = 0
    return this.#step(() => this.connection.listen())
  }

  connect(): this {
    return this.#step(() => this.connection.connect())
  }

  /** Returns how many octets were taken. */
  send(text: string | number | Uint8Array, options?: SendOptions): number {
    const octets =
      typeof text === 'number'
        ? patternOf((this.tcb.snd.end - this.iss) | 0, text)
        : typeof text === 'string'
          ? bytesOf(text)
          : text
    let taken = 0
    this.#step(() => {
      taken = this.connection.send(octets, 0, octets.length, options)
    })
    return taken
  }

  /** RECEIVE of at most `length` octets. */
  receive(length = 1 << 20): Uint8Array {
    const target = new Uint8Array(Math.min(length, 1 << 20))
    let got = 0
    this.#step(() => {
      got = this.connection.receive(target)
    })
    return target.slice(0, got)
  }

  receiveText(length?: number): string {
    return String.fromCharCode(...this.receive(length))
  }

  close(): this {
    return this.#step(() => this.connection.close())
  }

  release(): this {
    return this.#step(() => this.connection.release())
  }

  abort(): this {
    return this.#step(() => this.connection.abort())
  }

  // ---- the wire

  /** A segment from the peer arrives. */
  inject(arriving: Arriving = {}): this {
    const bytes = this.#build(arriving)
    return this.deliver(bytes)
  }

  /** Several segments arrive before the connection may send (MUST-59). */
  injectAll(...arriving: readonly Arriving[]): this {
    this.#batching = true
    for (const one of arriving) this.inject(one)
    this.#batching = false
    return this.#step(() => {})
  }

  /** A packet arrives as octets; they are spoilt afterwards. */
  deliver(bytes: Uint8Array): this {
    const { connection } = this
    const ip = this.#ip
    const seg = this.#seg
    assert.equal(decodeIp(bytes, 0, bytes.length, ip), 'ok')
    assert.equal(decodeTcp(bytes, ip, seg, true), 'ok')
    return this.#step(() => {
      connection.handleSegment(ip, seg)
      spoil(bytes, ip, seg)
    })
  }

  /** The next segment that was sent; it agrees with `expected` or the test fails. */
  expect(expected: Expected = {}): Sent {
    const packet = this.sent.shift()
    assert.ok(packet !== undefined, `nothing was sent, expected ${JSON.stringify(expected)} (${this.state})`)
    const seen: Record<string, unknown> = {}
    const wanted: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(expected)) {
      const actual = packet[name as keyof Sent]
      if (name === 'flags') {
        wanted[name] = lettersOf(flagsOf(value as string))
        seen[name] = actual
      } else if (name === 'text') {
        wanted[name] = typeof value === 'string' ? value : [...(value as Uint8Array)]
        seen[name] = typeof value === 'string' ? String.fromCharCode(...packet.text) : [...packet.text]
      } else {
        wanted[name] = value
        seen[name] = actual
      }
    }
    assert.deepEqual(seen, wanted, `sent ${describe(packet)} in ${this.state}`)
    return packet
  }

  expectNothing(): this {
    assert.deepEqual(this.sent.map(describe), [], `nothing should have been sent (${this.state})`)
    return this
  }

  /** Takes all segments that were sent and not yet asked for. */
  takeSent(): Sent[] {
    return this.sent.splice(0)
  }

  // ---- time and events

  /** Moves the clock on, stopping at each deadline. */
  advance(ms: number): this {
    const end = this.clock.now + Math.round(ms * 1000)
    for (let due = this.connection.pollTimeout(); due <= end; due = this.connection.pollTimeout()) {
      this.clock.now = Math.max(this.clock.now, due)
      this.expire()
    }
    this.clock.now = end
    return this
  }

  /** What is due now happens. */
  expire(): this {
    this.#step(() => this.connection.handleTimeout())
    const due = this.connection.pollTimeout()
    assert.ok(
      due > this.clock.now,
      `a deadline of the past stays: ${due} at ${this.clock.now} (${this.state})`,
    )
    return this
  }

  /** Milliseconds until the next deadline; Infinity where there is none. */
  get untilTimeoutMs(): number {
    return (this.connection.pollTimeout() - this.clock.now) / 1000
  }

  /** The names of the events since the last call. */
  takeEvents(): string[] {
    const names = SIGNALS.filter(([, bit]) => (this.events & bit) !== 0).map(([name]) => name)
    this.events = 0
    return names
  }

  /** The transitions taken so far, as 'FROM TO cause'. */
  get transitions(): string[] {
    return this.trace.events.flatMap((e) => (e.kind === 'state' ? [`${e.from} ${e.to} ${e.cause}`] : []))
  }

  /** Why segments were sent, in order: the reasons of trace/reasons.ts. */
  get reasons(): string[] {
    return this.trace.events.flatMap((e) => (e.kind === 'sent' ? [e.reason] : []))
  }

  // ---- private

  #step(event: () => void): this {
    event()
    if (this.#batching) return this
    this.#drain()
    this.events |= this.connection.pollEvents()
    const broken = brokenInvariant(this.tcb)
    assert.equal(broken, null, `${this.state}: ${broken}`)
    return this
  }

  #drain(): void {
    for (let n = 0, length = 0; (length = this.connection.pollTransmit(this.#frame)) > 0; n++) {
      assert.ok(n < STORM, 'a storm: the connection does not stop sending')
      const packet = this.#decode(length)
      this.sent.push(packet)
      const controls = [...packet.flags].filter((f) => f === 'S' || f === 'F').length
      const end = packet.seq + packet.length + controls
      if (!packet.flags.includes('R') && end > this.sentNext) this.sentNext = end
      this.carrier?.(this.#frame.slice(0, length))
    }
  }

  #decode(length: number): Sent {
    const ip = this.#ip
    const seg = this.#seg
    assert.equal(decodeIp(this.#frame, 0, length, ip), 'ok')
    assert.equal(decodeTcp(this.#frame, ip, seg, true), 'ok')
    const { path } = this.tcb
    assert.deepEqual(
      [ip.version, ip.src3, ip.dst3, seg.srcPort, seg.dstPort],
      [this.version, path.local3, path.remote3, path.localPort, path.remotePort],
    )
    const flags = lettersOf(seg.flags)
    assert.equal(seg.mss >= 0, flags.includes('S'), 'MUST-65: the MSS option stands in SYN segments')
    return {
      flags,
      seq: (seg.seq - this.iss) | 0,
      ack: flags.includes('A') ? (seg.ack - this.irs) | 0 : 0,
      win: seg.window,
      length: seg.textLength,
      text: this.#frame.slice(seg.textOffset, seg.textOffset + seg.textLength),
      urg: seg.urgentPointer,
      mss: seg.mss,
      ws: seg.windowScale,
      sackOk: seg.sackPermitted,
      ts: seg.hasTimestamps ? [seg.tsVal, seg.tsEcr] : null,
      tos: ip.tos,
      ttl: ip.ttl,
      atMs: this.clock.now / 1000,
    }
  }

  #build(arriving: Arriving): Uint8Array {
    const flags = flagsOf(arriving.flags ?? 'A')
    const seqFrom = arriving.seq ?? this.peerNext
    const text =
      typeof arriving.text === 'number'
        ? patternOf(seqFrom, arriving.text)
        : typeof arriving.text === 'string'
          ? bytesOf(arriving.text)
          : (arriving.text ?? new Uint8Array(0))
    if (arriving.win !== undefined) this.peerWindow = arriving.win
    const seg = new Segment()
    const { path } = this.tcb
    seg.srcPort = path.remotePort === 0 ? 80 : path.remotePort
    seg.dstPort = path.localPort
    seg.flags = flags
    seg.seq = (this.irs + seqFrom) | 0
    seg.ack = (flags & 16) !== 0 ? (this.iss + (arriving.ack ?? this.sentNext)) | 0 : 0
    seg.window = this.peerWindow
    seg.urgentPointer = arriving.urg ?? 0
    seg.mss = arriving.mss ?? -1
    seg.windowScale = arriving.ws ?? -1
    seg.sackPermitted = arriving.sackOk ?? false
    if (arriving.ts !== undefined) {
      seg.hasTimestamps = true
      seg.tsVal = arriving.ts[0]
      seg.tsEcr = arriving.ts[1]
    }
    seg.textLength = text.length
    const controls = (flags & 1) + ((flags & 2) >>> 1)
    if ((flags & 4) === 0) this.peerNext = Math.max(this.peerNext, seqFrom + text.length + controls)
    return buildPacket(this.version, seg, text, arriving.tos ?? 0, false, arriving.ttl)
  }
}

/** A connection in ESTABLISHED, opened actively unless `passive`; the handshake's segments and events are taken. */
export function established(
  options: EndpointOptions & { readonly passive?: boolean; readonly peer?: Arriving } = {},
): Endpoint {
  const { passive, peer, ...rest } = options
  const ep = new Endpoint(rest)
  const { ts, ...syn } = { mss: 1460, ...peer }
  if (passive === true) {
    ep.listen().inject({ flags: 'S', seq: 0, ...syn, ...(ts && { ts: [ts[0], 0] as const }) })
    ep.expect({ flags: 'SA', seq: 0, ack: 1 })
    ep.inject({ seq: 1, ack: 1, ...(ts && { ts }) })
  } else {
    ep.connect().expect({ flags: 'S', seq: 0 })
    ep.inject({ flags: 'SA', seq: 0, ack: 1, ...syn, ...(ts && { ts }) })
    ep.expect({ flags: 'A', seq: 1, ack: 1 })
  }
  assert.equal(ep.state, 'ESTABLISHED')
  ep.expectNothing()
  ep.takeEvents()
  return ep
}

/** True where the connection has no TCB. */
export function isClosed(ep: Endpoint): boolean {
  return ep.connection.state === CLOSED
}
