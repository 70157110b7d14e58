/**
 * One stack driven packet by packet in virtual time: the host under test is 10.0.0.1 and fd00::1, its peers are what the
 * packets say. After each step all that the stack wants to send is taken out of it, its checksums are verified, the
 * invariants of all connections are checked, and the packet injected is overwritten with garbage.
 */

import assert from 'node:assert/strict'
import { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { Listener, ListenOptions } from '../../src/stack/listener.ts'
import { type ConnectOptions, type Occupancy, Stack, type StackOptions } from '../../src/stack/stack.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import type { DropReason } from '../../src/trace/reasons.ts'
import { type Address, parseAddress } from '../../src/wire/address.ts'
import { type Arriving, type Packet, packetOf, readPacket } from './packets-harness.ts'

export { type Arriving, type Packet, packetOf, readPacket } from './packets-harness.ts'

export const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i * 7 + 1)
/** The host's addresses, and those of its usual peer on the same link. */
export const HOST = { 4: '10.0.0.1', 6: 'fd00::1' } as const
export const PEER = { 4: '10.0.0.2', 6: 'fd00::2' } as const
export const VERSIONS = [4, 6] as const

/** More packets than this in answer to one event are a storm. */
const STORM = 200_000
const START_US = 1_000_000_000

export const NOTHING_HELD: Occupancy = {
  connections: 0,
  timers: 0,
  halfOpen: 0,
  waiting: 0,
  ready: 0,
  events: 0,
  replies: 0,
  toSelf: 0,
  bufferBytes: 0,
}

/** Random int32, the same in each run. */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return z ^ (z >>> 15)
  }
}

export function address(text: string): Address {
  const parsed = parseAddress(text)
  assert.ok(parsed !== null, text)
  return parsed
}

export class Host {
  readonly stack: Stack
  now = START_US
  /** Checked after each step; switched off where there are very many connections. */
  checking = true
  readonly #frame: Uint8Array

  constructor(options: Partial<StackOptions> = {}) {
    this.stack = new Stack({
      addresses: ['10.0.0.1/24', 'fd00::1/64'],
      secret: SECRET,
      random: randomOf(1),
      ...options,
    })
    this.stack.clock.now = this.now
    this.#frame = new Uint8Array(this.stack.mtu)
  }

  listen(options: ListenOptions): Listener {
    return this.stack.listen(options)
  }

  /** Active OPEN; the SYN is still to be polled. */
  connect(options: Partial<ConnectOptions> & { readonly to?: string } = {}): HostedConnection {
    const { to = PEER[4], ...rest } = options
    return this.stack.connect({ remoteAddress: address(to), remotePort: 80, ...rest })
  }

  /** One packet arrives; returns what the stack sends at once. */
  inject(packet: Arriving | Uint8Array): Packet[] {
    this.deliver(packet)
    return this.poll()
  }

  /** One packet of a batch: nothing is polled behind it. */
  deliver(packet: Arriving | Uint8Array): void {
    const bytes = packet instanceof Uint8Array ? packet.slice() : packetOf(packet)
    this.stack.handlePacket(this.now, bytes)
    bytes.fill(0xa5)
  }

  /** All that the stack wants to send now. */
  poll(): Packet[] {
    const sent: Packet[] = []
    for (;;) {
      const length = this.stack.pollTransmit(this.now, this.#frame)
      if (length === 0) break
      sent.push(readPacket(this.#frame.slice(0, length)))
      assert.ok(sent.length < STORM, 'a storm of packets')
    }
    if (this.checking) this.check()
    return sent
  }

  /** Lets time pass, deadline by deadline; returns all that is sent meanwhile. */
  advance(ms: number): Packet[] {
    const until = this.now + ms * 1000
    const sent = this.poll()
    for (;;) {
      const at = this.stack.pollTimeout()
      if (at > until) break
      this.now = Math.max(this.now, at)
      this.stack.handleTimeout(this.now)
      sent.push(...this.poll())
    }
    this.now = until
    this.stack.clock.now = until
    return sent
  }

  /** Who has events, and which: taken. A listener counts as itself. */
  events(): [target: HostedConnection | Listener, bits: number][] {
    const events: [HostedConnection | Listener, number][] = []
    for (let next = this.stack.pollEvent(); next !== null; next = this.stack.pollEvent()) {
      events.push([next, next instanceof HostedConnection ? next.pollEvents() : 0])
    }
    return events
  }

  check(): void {
    for (const connection of this.stack.connections()) {
      const broken = brokenInvariant(connection.tcb)
      assert.equal(broken, null, `${connection.stateName}: ${broken}`)
    }
    const { connections, timers, ready } = this.stack.occupancy
    assert.equal(timers, connections, 'each connection has one timer slot')
    assert.equal(ready, 0, 'all were asked what they want to send')
  }

  /** How often a packet was dropped for this reason. */
  drops(reason: DropReason): number {
    return this.stack.counters.byReason[reason]
  }

  /** Asserts that nothing is left of anything. */
  assertEmpty(): void {
    this.poll()
    this.events()
    assert.deepEqual(this.stack.occupancy, NOTHING_HELD)
    assert.equal(this.stack.pollTimeout(), Infinity)
  }
}

/** The handshake of a peer with a listener. */
export interface Opened {
  readonly connection: HostedConnection
  /** What the peer sends next; what the host sends next: uint32. */
  readonly seq: number
  readonly ack: number
}

/** A peer's SYN and the acknowledgment of the answer; the sequence numbers that follow. */
export function handshake(host: Host, peer: Arriving = {}): { seq: number; ack: number } {
  const seq = peer.seq ?? 1000
  const answer = host.inject({ ...peer, flags: 'S', seq })
  assert.equal(answer.length, 1)
  assert.equal(answer[0]!.flags, 'SA')
  const ack = (answer[0]!.seq + 1) >>> 0
  const { mss, ws, ts, text, ...rest } = peer
  const echo = ts === undefined ? {} : { ts: [ts[0], answer[0]!.ts![0]] as const }
  host.inject({ ...rest, ...echo, flags: 'A', seq: seq + 1, ack })
  return { seq: (seq + 1) >>> 0, ack }
}

/** An accepted connection. */
export function opened(host: Host, listener: Listener, peer: Arriving = {}): Opened {
  const numbers = handshake(host, peer)
  const connection = host.stack.accept(listener)
  assert.ok(connection !== null)
  assert.equal(connection.stateName, 'ESTABLISHED')
  return { connection, ...numbers }
}
