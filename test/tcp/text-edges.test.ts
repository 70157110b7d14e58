/** Sixth to eighth step of SEGMENT ARRIVES at their edges: what is old, what lies behind a FIN, which FIN counts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { received } from '../../src/tcp/user-calls.ts'
import { Endpoint, established } from './endpoint.ts'
import { EDGE, reach } from './states.ts'

test('text of which a part is old counts as one drop, and the rest is taken', () => {
  const ep = established()
  ep.inject({ seq: 1, text: 10 })
  const before = ep.tcb.drops
  ep.inject({ seq: 6, text: 10 })
  assert.deepEqual([ep.tcb.drops, ep.tcb.lastDrop], [before + 1, 'duplicate-text'])
  assert.equal(ep.connection.readable, 15)
})

test('RFC 9293 A.2: an acknowledgment at the edge or an octet beyond it is no drop', () => {
  for (const seq of [EDGE, EDGE + 1]) {
    const { ep } = reach('FIN-WAIT-1')
    ep.inject({ seq, ack: 1 })
    assert.equal(ep.tcb.drops, 0)
  }
})

test('text out of order is held, not dropped, and acknowledged as a duplicate', () => {
  const ep = established()
  ep.inject({ seq: 11, text: 10 }).expect({ flags: 'A', ack: 1 })
  assert.equal(ep.tcb.drops, 0)
  assert.equal(ep.reasons.at(-1), 'out-of-order-ack')
})

test('a FIN out of order is acknowledged as a duplicate, one in order as a FIN', () => {
  const ep = established()
  ep.inject({ flags: 'FA', seq: 11 }).expect({ flags: 'A', ack: 1 })
  assert.equal(ep.reasons.at(-1), 'out-of-order-ack')
  ep.inject({ seq: 1, text: 10 }).expect({ flags: 'A', ack: 12 })
  assert.equal(ep.state, 'CLOSE-WAIT')
})

test('text behind a FIN is dropped and answered, and the FIN stays where it was', () => {
  const ep = established()
  ep.inject({ flags: 'FA', seq: 11 })
  ep.takeSent()
  ep.inject({ seq: 12, text: 5 }).expect({ flags: 'A', ack: 1 })
  assert.deepEqual([ep.tcb.lastDrop, ep.reasons.at(-1)], ['text-after-fin', 'unacceptable-ack'])
  ep.inject({ flags: 'FA', seq: 6 })
  ep.takeSent()
  ep.inject({ seq: 1, text: 10 }).expect({ flags: 'A', ack: 12 })
  assert.equal(ep.connection.readable, 10)
})

test('a FIN before octets that are here already is not the end, one right behind them is', () => {
  for (const [fin, ends] of [
    [15, false],
    [20, false],
    [21, true],
  ] as const) {
    const ep = established()
    ep.inject({ seq: 11, text: 10 })
    ep.inject({ flags: 'FA', seq: fin })
    assert.equal(ep.tcb.rcv.finSeen, ends, `${fin}`)
    assert.equal(ep.tcb.lastDrop, ends ? null : 'text-after-fin')
    ep.inject({ seq: 1, text: 10 })
    assert.equal(ep.state, ends ? 'CLOSE-WAIT' : 'ESTABLISHED')
  }
})

test('RFC 9293 3.10.7.2: text that came with the SYN is told of once the connection is synchronized', () => {
  const ep = new Endpoint().listen()
  ep.inject({ flags: 'S', seq: 0, text: 'early' }).expect({ flags: 'SA', ack: 6 })
  assert.deepEqual(ep.takeEvents(), [])
  ep.expectNothing()
  ep.inject({ seq: 6, ack: 1 })
  assert.deepEqual(ep.takeEvents(), ['connected', 'readable', 'writable'])
  assert.equal(ep.receiveText(), 'early')
})

test('MUST-32: urgent data are told of where they lie ahead of what was read, once for each pointer', () => {
  const ep = established()
  ep.inject({ flags: 'UA', seq: 1, text: 10, urg: 5 })
  assert.ok(ep.takeEvents().includes('urgent'))
  ep.inject({ flags: 'UA', seq: 11, text: 10, urg: 0 })
  assert.ok(ep.takeEvents().includes('urgent'), 'the pointer moved on')
  ep.inject({ flags: 'UA', seq: 21, text: 1, urg: 0xfff0 })
  ep.takeEvents()
  ep.inject({ flags: 'UA', seq: 22, text: 1, urg: 3 })
  assert.ok(!ep.takeEvents().includes('urgent'), 'the pointer never moves back')
})

test('RFC 5681 4.2: text before a FIN that came too early is acknowledged at once, and once', () => {
  const ep = established()
  ep.injectAll({ flags: 'FA', seq: 21 }, { seq: 1, text: 10 })
  ep.expect({ flags: 'A', ack: 11 })
  ep.expectNothing()
  assert.equal(ep.reasons.at(-1), 'gap-filled-ack')
})

test('RFC 9293 3.10.7.4: a FIN whose text had come before is taken, and counts once', () => {
  const ep = established()
  ep.inject({ seq: 1, text: 10 }).inject({ flags: 'FA', seq: 1, text: 10 })
  assert.deepEqual([ep.state, ep.tcb.lastDrop, ep.connection.readable], ['CLOSE-WAIT', 'duplicate-text', 10])
  ep.takeSent()
  ep.inject({ flags: 'FA', seq: 1, text: 10 }).expect({ flags: 'A', ack: 12 })
  assert.equal(ep.state, 'CLOSE-WAIT')
})

test('RFC 9293 3.10.7.2: a FIN that came with the SYN counts once the connection is synchronized', () => {
  const ep = new Endpoint().listen()
  ep.inject({ flags: 'SF', seq: 0, text: 'all' }).expect({ flags: 'SA', ack: 4 })
  assert.equal(ep.state, 'SYN-RECEIVED')
  ep.inject({ seq: 4, ack: 1 }).expect({ flags: 'A', ack: 5 })
  assert.equal(ep.state, 'CLOSE-WAIT')
})

test('MAY-17: a pushed segment that fills a gap says where the push stands', () => {
  const ep = established()
  ep.inject({ seq: 11, text: 10 })
  ep.inject({ flags: 'PA', seq: 1, text: 10 })
  assert.equal(ep.receive(10).length, 10)
  assert.ok(received.push)
  assert.equal(ep.receive(10).length, 10)
  assert.ok(!received.push)
})
