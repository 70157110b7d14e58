/**
 * Very many connections: opened, idle, closed. What each costs is counted and must not depend on how many there are.
 * Octets of memory per idle connection are measured by `npm run bench`.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { configure } from '../../src/tcp/config.ts'
import { CONNECTED, GONE, PEER_CLOSED } from '../../src/tcp/signals.ts'
import { address, Host } from './host-harness.ts'
import { packetOf } from './packets-harness.ts'
import { Wire } from './wire-harness.ts'

const MANY = 100_000
const LIMITS = { connections: 2 * MANY, synQueue: MANY, backlog: MANY, replyQueue: MANY }
const IDLE_MS = 10_000
const config = configure({ keepAlive: true, keepAliveIdleMs: 20_000, keepAliveIntervalMs: 1000 })

/** Packets that the host sends, of which only the flags and the numbers matter here. */
class Peers {
  readonly host = new Host({ limits: LIMITS, config })
  readonly #frame = new Uint8Array(1500)
  readonly #view = new DataView(this.#frame.buffer)
  /** By flags, how many were sent. */
  readonly sent = new Map<number, number>()

  constructor() {
    this.host.checking = false
  }

  /** Takes the packets out; returns the last sequence number. */
  drain(): number {
    const { stack, now } = this.host
    let seq = 0
    while (stack.pollTransmit(now, this.#frame) > 0) {
      const flags = this.#frame[33]!
      this.sent.set(flags, (this.sent.get(flags) ?? 0) + 1)
      seq = this.#view.getUint32(24)
    }
    return seq
  }

  /** Lets time pass; returns how often a deadline called for the stack. */
  pass(ms: number): number {
    const { host } = this
    const until = host.now + ms * 1000
    let wakes = 0
    for (let at = host.stack.pollTimeout(); at <= until; at = host.stack.pollTimeout()) {
      host.now = Math.max(host.now, at)
      host.stack.handleTimeout(host.now)
      this.drain()
      wakes++
    }
    host.now = until
    return wakes
  }
}

test('100,000 connections of one host: opened, idle, probed, closed, and at the end of TIME-WAIT all gone', () => {
  const peers = new Peers()
  const { host } = peers
  const listener = host.listen({ port: 80 })
  const of = (i: number) => ({ src: `10.1.${i >> 14}.1`, srcPort: 1024 + (i & 16383) })
  const acks = new Uint32Array(MANY)
  const connections: HostedConnection[] = []
  for (let i = 0; i < MANY; i++) {
    host.stack.handlePacket(host.now, packetOf({ flags: 'S', ...of(i), seq: 5 }))
    acks[i] = peers.drain() + 1
    host.stack.handlePacket(host.now, packetOf({ flags: 'A', ...of(i), seq: 6, ack: acks[i]! }))
    connections.push(host.stack.accept(listener)!)
  }
  assert.equal(peers.drain(), 0)
  assert.equal(host.stack.size, MANY)
  assert.equal(host.events().length, MANY + 1)
  assert.equal(host.stack.occupancy.bufferBytes, 0, 'idle connections hold no buffer')
  assert.equal(peers.pass(19_000), 1, 'one wake-up finds that the deadlines of the SYN-ACKs have moved')
  // All keep-alive timers fire.
  peers.sent.clear()
  assert.equal(peers.pass(1500), 1)
  assert.deepEqual([...peers.sent], [[0x10, MANY]])
  // The peers answer, and all is quiet again.
  for (let i = 0; i < MANY; i++) {
    host.stack.handlePacket(host.now, packetOf({ flags: 'A', ...of(i), seq: 6, ack: acks[i]! }))
  }
  peers.sent.clear()
  assert.equal(peers.drain(), 0)
  // All close at once.
  for (const connection of connections) connection.close()
  peers.drain()
  assert.deepEqual([...peers.sent], [[0x11, MANY]])
  for (let i = 0; i < MANY; i++) {
    host.stack.handlePacket(host.now, packetOf({ flags: 'FA', ...of(i), seq: 6, ack: acks[i]! + 1 }))
  }
  peers.drain()
  assert.equal(host.stack.size, MANY)
  for (const connection of connections) assert.equal(connection.stateName, 'TIME-WAIT')
  host.events()
  peers.pass(59_999)
  assert.equal(host.stack.size, MANY)
  assert.equal(peers.pass(1), 1, 'they expire together')
  assert.equal(host.events().filter(([, bits]) => (bits & GONE) !== 0).length, MANY)
  host.stack.closeListener(listener)
  host.assertEmpty()
})

/** Opens, leaves idle and closes `count` connections between two stacks; what that took, per connection. */
function costOf(count: number): Record<'packets' | 'wakes' | 'events', number> {
  const wire: Wire = new Wire(
    {
      onConnection(connection, events) {
        if ((events & CONNECTED) !== 0) connection.send(Uint8Array.of(1))
        if ((events & PEER_CLOSED) !== 0 && connection.stateName === 'CLOSE-WAIT') {
          connection.receive(new Uint8Array(9))
          connection.close()
        }
      },
      onListener(listener) {
        while (wire.b.accept(listener) !== null);
      },
    },
    { limits: LIMITS, config: configure({}) },
  )
  const all = Array.from({ length: count }, (_, i) => {
    if (i % 1000 === 0) wire.b.listen({ port: 100 + i / 1000, backlog: MANY })
    return wire.a.connect({ remoteAddress: address('10.0.0.2'), remotePort: 100 + Math.floor(i / 1000) })
  })
  wire.run(wire.now + IDLE_MS * 1000)
  for (const connection of all) {
    assert.equal(connection.stateName, 'ESTABLISHED')
    connection.receive(new Uint8Array(9))
    connection.close()
  }
  wire.run()
  wire.b.close()
  wire.settle()
  wire.assertEmpty()
  return { packets: wire.packets / count, wakes: wire.timeouts, events: wire.events / count }
}

test('20,000 pairs cost as many packets, wake-ups and events apiece as 100 do', () => {
  const few = costOf(100)
  const many = costOf(20_000)
  assert.equal(many.packets, few.packets)
  assert.ok(few.packets <= 12, `${few.packets} packets for a connection`)
  assert.ok(Math.abs(many.events - few.events) < 0.1, `${many.events} and ${few.events} events`)
  // All connections do the same at the same time: one wake-up serves them all.
  assert.ok(many.wakes <= few.wakes + 4, `${many.wakes} and ${few.wakes} wake-ups`)
})
