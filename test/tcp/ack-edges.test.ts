/** Fifth step of SEGMENT ARRIVES at its edges: what counts as a duplicate, when the user is told of room, what is measured. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'

/** Four segments of 1000 octets are outstanding, SND.UNA is 1001. */
function flying(options: EndpointOptions = {}): Endpoint {
  const ep = established({ peer: { mss: 1000 }, ...options })
  ep.send(5000)
  ep.inject({ ack: 1001 })
  ep.takeSent()
  return ep
}

const recoveries = (ep: Endpoint) => ep.trace.events.filter((event) => event.kind === 'recovery')

test('RFC 5681 2 (b): an acknowledgment below SND.UNA is old, not a duplicate', () => {
  const ep = flying()
  for (let i = 0; i < 5; i++) ep.inject({ ack: 1 })
  ep.expectNothing()
  assert.equal(ep.tcb.recovery.duplicates, 0)
})

test('RFC 5681 2 (b): a segment with text or FIN, or with another window, is no duplicate', () => {
  for (const arriving of [{ text: 10 }, { flags: 'FA', seq: 500 }]) {
    const ep = flying()
    for (let i = 0; i < 5; i++) ep.inject({ ...arriving, ack: 1001 })
    assert.equal(ep.tcb.recovery.duplicates, 0)
    assert.ok(!ep.reasons.includes('fast-retransmit'))
  }
  const ep = flying()
  for (let i = 0; i < 5; i++) ep.inject({ ack: 1001, win: 60_000 - i })
  assert.equal(ep.tcb.recovery.duplicates, 0)
})

test('RFC 5681 3.2: where nothing is outstanding nothing is a duplicate', () => {
  const ep = established()
  for (let i = 0; i < 5; i++) ep.inject({})
  assert.equal(ep.tcb.recovery.duplicates, 0)
  ep.expectNothing()
})

test('an acknowledgment in order traces no recovery; the one that ends a recovery does, once', () => {
  const ep = flying()
  ep.inject({ ack: 2001 })
  assert.equal(recoveries(ep).length, 0)
  for (let i = 0; i < 3; i++) ep.inject({ ack: 2001 })
  assert.deepEqual(
    recoveries(ep).map(({ phase }) => phase),
    ['fast-recovery'],
  )
  ep.inject({ ack: 5001 })
  assert.deepEqual(
    recoveries(ep).map(({ phase }) => phase),
    ['fast-recovery', 'congestion-avoidance'],
  )
})

test('the user is told of room once a quarter of the send buffer is free, and once only', () => {
  const ep = established({ sendBufferBytes: 1000 })
  assert.equal(ep.send(1000), 1000)
  const told = (ack: number) => ep.inject({ ack }).takeEvents().includes('writable')
  assert.equal(told(2), false)
  assert.equal(told(250), false)
  assert.equal(told(251), true)
  assert.equal(told(500), false)
  assert.equal(told(900), false)
})

test('who did not fill the send buffer is not told of room; who was refused octets is', () => {
  const ep = established({ sendBufferBytes: 1000 })
  ep.send(999)
  assert.ok(!ep.inject({ ack: 600 }).takeEvents().includes('writable'))
  assert.equal(ep.send(700), 600)
  assert.ok(ep.inject({ ack: 1000 }).takeEvents().includes('writable'))
})

test('an acknowledgment of part of a full-sized segment does not prove that the path carries it, one of all does', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.send(10)
  ep.inject({ ack: 11 })
  assert.equal(ep.tcb.fullSizedDelivered, false)
  ep.send(1000)
  ep.inject({ ack: 1010 })
  assert.equal(ep.tcb.fullSizedDelivered, false)
  ep.inject({ ack: 1011 })
  assert.equal(ep.tcb.fullSizedDelivered, true)
})

test('RFC 9293 3.10.7.4: text behind a bad acknowledgment of our SYN is not taken', () => {
  const ep = new Endpoint().listen().inject({ flags: 'S', seq: 0 })
  ep.takeSent()
  ep.inject({ seq: 1, ack: 7, text: 'forged' }).expect({ flags: 'R', seq: 7 })
  assert.equal(ep.state, 'SYN-RECEIVED')
  ep.inject({ seq: 1, ack: 1 })
  assert.equal(ep.state, 'ESTABLISHED')
  assert.equal(ep.connection.readable, 0)
})

test('a window that opens while nothing is outstanding leaves no timer; what was outstanding goes again at once', () => {
  const idle = established()
  idle.inject({ win: 0 })
  idle.send(5)
  idle.close()
  assert.ok(idle.untilTimeoutMs < Infinity)
  idle.inject({ win: 5 }).expect({ length: 5 })
  const probed = established()
  probed.inject({ win: 0 })
  probed.send(5)
  probed.advance(1000).expect({ length: 1, seq: 1 })
  probed.takeSent()
  probed.inject({ ack: 1, win: 100 })
  assert.deepEqual(
    probed.takeSent().map(({ seq, length }) => [seq, length]),
    [[1, 1]],
  )
})

test('RFC 6298 3: an acknowledgment that does not reach the octet timed is no sample of it', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.inject({}).advance(50)
  const before = ep.tcb.rtt.latestUs
  ep.send(3000)
  const { timed } = ep.tcb
  assert.ok(timed.active)
  const at = (timed.seq - ep.iss) | 0
  ep.advance(30).inject({ ack: at })
  assert.equal(ep.tcb.rtt.latestUs, before)
  assert.ok(timed.active)
  ep.advance(30).inject({ ack: at + 1 })
  assert.equal(ep.tcb.rtt.latestUs, 60_000)
})

test('RFC 7323 4: after a timeout only an echo that was agreed on and names the last copy is a sample', () => {
  const plain = { ack: 11 }
  for (const [timestamps, answer, sampled] of [
    [true, (last: number) => ({ ...plain, ts: [2000, last] as const }), true],
    [true, (last: number) => ({ ...plain, ts: [2000, last - 1] as const }), false],
    [true, () => ({ ...plain, ts: [2000, 0] as const }), false],
    [false, (last: number) => ({ ...plain, ts: [2000, last] as const }), false],
  ] as const) {
    const ep = established(timestamps ? { timestamps, peer: { ts: [1000, 0] } } : {})
    ep.advance(10_000)
    ep.send(10)
    ep.advance(1500)
    const { latestUs } = ep.tcb.rtt
    const last = ep.takeSent().at(-1)!
    assert.ok(ep.tcb.retransmissions > 0)
    const lastAt = Math.floor(last.atMs)
    ep.advance(77).inject(answer(lastAt))
    assert.equal(ep.tcb.rtt.latestUs !== latestUs, sampled, JSON.stringify(answer(lastAt)))
  }
})
