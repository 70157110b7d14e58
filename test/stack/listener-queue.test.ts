/** The two queues of a listener: half-open connections, and those that wait for accept. Their bounds, and every way out. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { CONNECTED, GONE, PEER_CLOSED, READABLE } from '../../src/tcp/signals.ts'
import { Host, handshake, NOTHING_HELD, opened } from './host-harness.ts'

describe('accept', () => {
  test('gives the connections in the order in which their handshakes ended', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    const answers = [1, 2, 3].map((srcPort) => host.inject({ flags: 'S', srcPort, seq: 5 })[0]!)
    for (const answer of [answers[2]!, answers[0]!, answers[1]!]) {
      host.inject({ flags: 'A', srcPort: answer.dstPort, seq: 6, ack: answer.seq + 1 })
    }
    const accepted = [1, 2, 3].map(() => host.stack.accept(listener)!.tcb.path.remotePort)
    assert.deepEqual(accepted, [3, 1, 2])
    assert.equal(host.stack.accept(listener), null)
  })

  test('is announced by an event of the listener; from then on the connection has events of its own', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    host.inject({ flags: 'S', seq: 5 })
    assert.deepEqual(host.events(), [], 'a half-open connection is no news')
    const [again] = host.inject({ flags: 'S', seq: 5 })
    host.inject({ flags: 'PA', seq: 6, ack: again!.seq + 1, text: 'hello' })
    assert.deepEqual(host.events(), [[listener, 0]])
    host.inject({ flags: 'FA', seq: 11, ack: again!.seq + 1 })
    assert.deepEqual(host.events(), [], 'nobody owns it yet')
    const connection = host.stack.accept(listener)!
    const [[target, bits]] = host.events() as [[unknown, number]]
    assert.equal(target, connection)
    assert.equal(bits & (CONNECTED | READABLE | PEER_CLOSED), CONNECTED | READABLE | PEER_CLOSED)
    assert.equal(connection.readable, 5)
  })

  test('one event may stand for several connections', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    for (const srcPort of [1, 2, 3]) handshake(host, { srcPort })
    assert.deepEqual(host.events(), [[listener, 0]])
    assert.equal(listener.waiting, 3)
  })

  test('a connection that was reset while it waited is accepted, says so, and no longer holds anything', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    const { seq, ack } = handshake(host)
    host.inject({ flags: 'R', seq })
    assert.equal(host.stack.size, 0)
    assert.equal(ack > 0, true)
    const connection = host.stack.accept(listener)!
    assert.deepEqual([connection.stateName, connection.closeReason], ['CLOSED', 'reset-by-peer'])
    const events = host.events().find(([target]) => target === connection)
    assert.ok(events !== undefined && (events[1] & GONE) !== 0)
    host.assertEmpty()
  })
})

describe('the backlog', () => {
  test('full: a SYN is ignored, so that its sender tries again', () => {
    const host = new Host()
    const listener = host.listen({ port: 80, backlog: 2 })
    handshake(host, { srcPort: 1 })
    handshake(host, { srcPort: 2 })
    assert.deepEqual(host.inject({ flags: 'S', srcPort: 3, seq: 9 }), [])
    assert.equal(host.drops('backlog-full'), 1)
    assert.equal(listener.halfOpen, 0)
    host.stack.accept(listener)
    assert.equal(host.inject({ flags: 'S', srcPort: 3, seq: 9 })[0]!.flags, 'SA')
  })

  test('is never exceeded: handshakes that end in a full one wait until there is room', () => {
    const host = new Host()
    const listener = host.listen({ port: 80, backlog: 1 })
    const ports = [1, 2, 3]
    const answers = ports.map((srcPort) => host.inject({ flags: 'S', srcPort, seq: 5 })[0]!)
    const acknowledge = (i: number) =>
      host.inject({ flags: 'PA', srcPort: ports[i]!, seq: 6, ack: answers[i]!.seq + 1, text: 'x' })
    for (const i of ports.keys()) acknowledge(i)
    assert.deepEqual([listener.waiting, listener.halfOpen], [1, 2])
    assert.equal(host.drops('backlog-full'), 2)
    const first = host.stack.accept(listener)!
    assert.equal(first.readable, 1)
    // Our SYN-ACKs go again, and provoke the acknowledgments that open the next.
    const again = host.advance(1100).filter((packet) => packet.flags === 'SA')
    assert.deepEqual(again.map((packet) => packet.dstPort).sort(), [2, 3])
    acknowledge(1)
    acknowledge(2)
    assert.deepEqual([listener.waiting, listener.halfOpen], [1, 1])
    assert.equal(host.stack.accept(listener)!.tcb.path.remotePort, 2)
    acknowledge(2)
    assert.equal(host.stack.accept(listener)!.tcb.path.remotePort, 3)
  })

  test('full: a reset or a repeated SYN of a half-open connection is still processed', () => {
    const host = new Host()
    const listener = host.listen({ port: 80, backlog: 1 })
    host.inject({ flags: 'S', srcPort: 1, seq: 5 })
    host.inject({ flags: 'S', srcPort: 2, seq: 5 })
    handshake(host, { srcPort: 3 })
    assert.deepEqual([listener.waiting, listener.halfOpen], [1, 2])
    assert.equal(host.inject({ flags: 'S', srcPort: 2, seq: 5 })[0]!.flags, 'SA')
    host.inject({ flags: 'R', srcPort: 1, seq: 6 })
    assert.equal(listener.halfOpen, 1)
  })

  test('is clamped to 1 and to the limit of the stack', () => {
    const host = new Host({ limits: { backlog: 10 } })
    const backlogs = [-5, 0, 3, 1e9].map((backlog, i) => host.listen({ port: 100 + i, backlog }).backlog)
    assert.deepEqual(backlogs, [1, 1, 3, 10])
    assert.equal(new Host().listen({ port: 9 }).backlog, 511)
  })
})

describe('the SYN queue', () => {
  const limits = { synQueue: 4 }

  test('full of fresh entries: a SYN is ignored', () => {
    const host = new Host({ limits })
    const listener = host.listen({ port: 80 })
    for (let i = 0; i < 4; i++) host.inject({ flags: 'S', srcPort: 100 + i })
    assert.deepEqual(host.inject({ flags: 'S', srcPort: 200 }), [])
    assert.equal(host.drops('syn-queue-full'), 1)
    assert.equal(listener.halfOpen, 4)
  })

  test('full: the oldest that let an answer go unanswered yields its place, without a reset to who may be a victim', () => {
    const host = new Host({ limits })
    const listener = host.listen({ port: 80 })
    for (let i = 0; i < 4; i++) {
      host.inject({ flags: 'S', srcPort: 100 + i, seq: 7, text: 'data on the SYN' })
      host.advance(100)
    }
    host.advance(700) // the first three are 1000, 900 and 800 ms old
    host.advance(60)
    const answers = host.inject({ flags: 'S', srcPort: 200, seq: 7 })
    assert.deepEqual(
      answers.map(({ flags, dstPort }) => [flags, dstPort]),
      [['SA', 200]],
    )
    assert.deepEqual([listener.halfOpen, host.stack.size], [4, 4])
    assert.deepEqual(host.events(), [], 'nobody hears of who was never accepted')
    // If it was no forgery after all, its acknowledgment is answered with a reset (RFC 9293 3.10.7.2).
    const late = host.inject({ flags: 'A', srcPort: 100, seq: 8, ack: 1 })
    assert.equal(late[0]!.flags, 'R')
    host.stack.closeListener(listener)
    host.assertEmpty()
  })

  test('a half-open connection that nobody answers gives up after R2 of a SYN (MUST-23) and leaves nothing', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    host.inject({ flags: 'S', seq: 7, text: 'data on the SYN' })
    host.advance(170_000)
    assert.equal(listener.halfOpen, 1)
    host.advance(100_000)
    assert.equal(listener.halfOpen, 0)
    assert.deepEqual(host.events(), [])
    host.assertEmpty()
  })

  test('MUST-11: a reset returns a half-open connection to LISTEN, which the listener never left', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    host.inject({ flags: 'S', seq: 7, text: 'data on the SYN' })
    host.inject({ flags: 'R', seq: 8 + 15 })
    assert.equal(listener.halfOpen, 0)
    assert.deepEqual(host.events(), [])
    host.assertEmpty()
    opened(host, listener)
  })

  test('a new SYN in the window returns it to LISTEN too, and the next one is answered afresh', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    host.inject({ flags: 'S', seq: 7 })
    host.inject({ flags: 'S', seq: 500 })
    assert.equal(listener.halfOpen, 0)
    const [answer] = host.inject({ flags: 'S', seq: 500 })
    assert.deepEqual([answer!.flags, answer!.ack], ['SA', 501])
  })
})

test('the limit of connections holds for SYNs and for OPEN, and what it refuses leaves nothing', () => {
  const host = new Host({ limits: { connections: 3 } })
  const listener = host.listen({ port: 80 })
  const { seq, ack } = handshake(host, { srcPort: 1 })
  host.inject({ flags: 'S', srcPort: 2 })
  const active = host.connect()
  host.poll()
  assert.deepEqual(host.inject({ flags: 'S', srcPort: 4, text: 'octets that would need a buffer' }), [])
  assert.equal(host.drops('connections-full'), 1)
  assert.throws(() => host.connect({ remotePort: 81 }), { reason: 'insufficient-resources' })
  assert.equal(host.stack.size, 3)
  assert.equal(host.stack.occupancy.bufferBytes, 0)
  host.inject({ flags: 'R', srcPort: 1, seq, ack })
  assert.equal(host.inject({ flags: 'S', srcPort: 4 })[0]!.flags, 'SA')
  active.abort()
  host.stack.accept(listener)
  host.stack.closeListener(listener)
  host.assertEmpty()
})

describe('closing a listener', () => {
  test('aborts what is half-open and what waits, tells their peers, and leaves nothing (RFC 9293 3.10.5)', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    const { connection } = opened(host, listener, { srcPort: 1 })
    const waiting = handshake(host, { srcPort: 2 })
    host.inject({ flags: 'PA', srcPort: 2, ...waiting, text: 'never read' })
    host.inject({ flags: 'S', srcPort: 3, text: 'nor this' })
    const dead = handshake(host, { srcPort: 4 })
    host.inject({ flags: 'R', srcPort: 4, seq: dead.seq })
    host.events()
    host.stack.closeListener(listener)
    assert.equal(host.stack.accept(listener), null)
    const resets = host.poll()
    assert.deepEqual(
      resets.map(({ flags, dstPort }) => [flags, dstPort]),
      [
        ['R', 3],
        ['R', 2],
      ],
    )
    assert.deepEqual(host.events(), [])
    assert.equal(connection.stateName, 'ESTABLISHED', "what was accepted is no longer the listener's")
    assert.deepEqual({ ...host.stack.occupancy, connections: 0, timers: 0 }, NOTHING_HELD)
    connection.abort()
    host.assertEmpty()
  })

  test('a second time changes nothing; afterwards SYNs are reset', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    host.listen({ port: 80, version: 6 })
    host.stack.closeListener(listener)
    host.stack.closeListener(listener)
    assert.equal(host.inject({ flags: 'S' })[0]!.flags, 'RA')
    assert.equal(host.inject({ version: 6, flags: 'S' })[0]!.flags, 'SA')
  })

  test('while its event waits: whoever polls it finds nothing to accept', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    handshake(host)
    host.stack.closeListener(listener)
    for (const [target] of host.events()) assert.equal(target, listener)
    assert.equal(host.stack.accept(listener), null)
    host.assertEmpty()
  })
})

test("the listener's tunables are those of its connections", () => {
  const host = new Host()
  const listener = host.listen({ port: 80, config: configure({ ttl: 9 }) })
  assert.equal(host.inject({ flags: 'S' })[0]!.ttl, 9)
  const { connection } = opened(host, listener, { srcPort: 2 })
  assert.equal(connection.tcb.config.ttl, 9)
})
