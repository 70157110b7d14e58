import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'
import { pair, stream } from './pair.ts'

const MSS = 1000

/** Ten segments of 1000 octets are outstanding, many more wait. */
function tenOut(options: EndpointOptions = {}): Endpoint {
  const ep = established({ windowScaling: true, ...options, peer: { mss: MSS, ws: 7 } })
  ep.inject({ win: 65535 })
  ep.send(200_000)
  assert.equal(ep.takeSent().length, 10)
  return ep
}

/** n acknowledgments that repeat the last. */
function duplicates(ep: Endpoint, n: number, ack: number): void {
  for (let i = 0; i < n; i++) ep.inject({ ack })
}

test('RFC 3042 2, RFC 5681 3.2 (1, d): each of the first two duplicates lets one new segment out, and no more', () => {
  const ep = tenOut()
  ep.inject({ ack: 1 }).expect({ seq: 10_001, length: MSS })
  ep.expectNothing()
  ep.inject({ ack: 1 }).expect({ seq: 11_001, length: MSS })
  ep.expectNothing()
  assert.deepEqual(ep.reasons.slice(-2), ['limited-transmit', 'limited-transmit'])
  assert.equal(ep.tcb.congestion.cwnd, 10_000)
})

test('RFC 5681 3.2 (c, 3): the third duplicate sends the lost segment again, once, before its timer', () => {
  const ep = tenOut()
  duplicates(ep, 2, 1)
  ep.takeSent()
  ep.inject({ ack: 1 }).expect({ seq: 1, length: MSS })
  ep.expectNothing()
  assert.equal(ep.reasons.at(-1), 'fast-retransmit')
  ep.inject({ ack: 1 }).expectNothing()
})

test('RFC 5681 3.2 (2, f): ssthresh is half the flight without what limited transmit added', () => {
  const ep = tenOut()
  duplicates(ep, 3, 1)
  assert.equal(ep.tcb.congestion.ssthresh, 5000)
})

test('RFC 5681 3.2 (3, 4, 5): the window is ssthresh plus a segment per duplicate', () => {
  const ep = tenOut()
  duplicates(ep, 3, 1)
  ep.takeSent()
  // 12 outstanding, 5 + 3 allowed: the eighth duplicate is the first to make room for a thirteenth.
  duplicates(ep, 4, 1)
  ep.expectNothing()
  ep.inject({ ack: 1 }).expect({ seq: 12_001, length: MSS })
  ep.expectNothing()
})

test('RFC 5681 3.2 (6), 4.3 (c), RFC 6582 3.2 (3a), RFC 6582 6 (a, d): the full acknowledgment ends recovery at ssthresh, without a burst', () => {
  const ep = tenOut()
  duplicates(ep, 9, 1)
  ep.takeSent()
  const outstanding = ep.sentNext
  ep.inject({ ack: outstanding })
  assert.equal(ep.tcb.recovery.active, false)
  assert.equal(ep.tcb.congestion.cwnd, 2000, 'nothing is outstanding: one segment and one more')
  assert.ok(ep.takeSent().length <= 2)
})

test('RFC 6582 3.2 (3b), RFC 6582 6 (b): a partial acknowledgment sends the next hole at once and stays in recovery', () => {
  const ep = tenOut()
  duplicates(ep, 5, 1)
  ep.takeSent()
  ep.inject({ ack: 4001 }).expect({ seq: 4001, length: MSS })
  assert.equal(ep.reasons.includes('partial-ack'), true)
  assert.equal(ep.tcb.recovery.active, true)
  assert.equal(ep.tcb.congestion.ssthresh, 5000)
  ep.takeSent()
  ep.inject({ ack: 7001 }).expect({ seq: 7001, length: MSS })
  assert.equal(ep.tcb.congestion.ssthresh, 5000, 'one window, one reduction')
})

test('RFC 6582 3.2 (3c): only the first partial acknowledgment restarts the retransmission timer', () => {
  const ep = tenOut()
  duplicates(ep, 5, 1)
  ep.takeSent()
  ep.advance(50)
  ep.inject({ ack: 2001 })
  const due = ep.connection.pollTimeout()
  assert.equal(due, ep.clock.now + ep.tcb.rtt.rtoUs)
  for (const ack of [3001, 4001, 5001]) {
    ep.advance(50)
    ep.inject({ ack }).expect()
    assert.equal(ep.connection.pollTimeout(), due)
  }
})

test('RFC 6582 3.2 (2, 4): duplicates of what a timeout sent again bring no second reduction', () => {
  const ep = tenOut()
  ep.advance(ep.untilTimeoutMs)
  ep.takeSent()
  const { ssthresh } = ep.tcb.congestion
  ep.inject({ ack: 2001 })
  ep.takeSent()
  duplicates(ep, 6, 2001)
  assert.equal(ep.tcb.congestion.ssthresh, ssthresh)
  assert.equal(ep.reasons.includes('fast-retransmit'), false)
})

test('RFC 5681 2 (b): text, a changed window, FIN or an older acknowledgment make no duplicate', () => {
  const ep = tenOut()
  ep.inject({ ack: 1, text: 10 })
  ep.inject({ ack: 1, win: 65534 })
  ep.inject({ ack: 1, win: 65533 })
  ep.inject({ ack: 1, win: 65532 })
  ep.inject({ ack: 1, text: 10 })
  assert.equal(ep.tcb.recovery.duplicates, 0)
  assert.equal(ep.reasons.includes('fast-retransmit'), false)
})

test('RFC 5681 2 (b): with nothing outstanding an acknowledgment repeated means nothing', () => {
  const ep = established({ peer: { mss: MSS } })
  duplicates(ep, 10, 1)
  ep.expectNothing()
  assert.equal(ep.tcb.recovery.duplicates, 0)
})

test('an acknowledgment of new text starts the count of duplicates over', () => {
  const ep = tenOut()
  duplicates(ep, 2, 1)
  ep.inject({ ack: 1001 })
  duplicates(ep, 2, 1001)
  assert.equal(ep.reasons.includes('fast-retransmit'), false)
  ep.takeSent()
  ep.inject({ ack: 1001 }).expect({ seq: 1001 })
})

test('two swapped segments on the wire provoke no retransmission', () => {
  const wire = pair().open()
  wire.swap('a', wire.packets.a + 3)
  wire.a.send(stream(7300))
  wire.run(1000)
  assert.equal(wire.b.connection.readable, 7300)
  assert.ok(wire.b.reasons.includes('out-of-order-ack'))
  assert.equal(wire.a.tcb.totalRetransmissions, 0)
})

test('one lost segment costs one retransmission and no timeout', () => {
  const wire = pair({ delayMs: 20 }).open()
  wire.drop('a', wire.packets.a + 2)
  const text = stream(60_000)
  wire.a.send(text)
  wire.run(1000)
  assert.deepEqual(wire.b.receive(), text)
  assert.equal(wire.a.tcb.totalRetransmissions, 1)
  assert.equal(wire.a.reasons.includes('retransmission-timeout'), false)
})

test('RFC 5681 4.3 (e): several losses in one window are mended one a round trip, without a timeout', () => {
  const wire = pair({ delayMs: 20 }).open()
  const n = wire.packets.a
  wire.drop('a', n + 2, n + 5, n + 7)
  const text = stream(60_000)
  wire.a.send(text)
  wire.run(2000)
  assert.deepEqual(wire.b.receive(), text)
  assert.equal(wire.a.tcb.totalRetransmissions, 3)
  assert.equal(wire.a.reasons.includes('retransmission-timeout'), false)
})

test('a fast retransmit that is lost as well is mended by the timer', () => {
  let copies = 0
  const text = stream(60_000)
  const wire = pair({
    delayMs: 20,
    fate: (from, _n, p) => ({ drop: from === 'a' && p.length > 0 && p.seq === 1461 && copies++ < 2 }),
  }).open()
  wire.a.send(text)
  wire.run(5000)
  assert.deepEqual(wire.b.receive(), text)
  assert.equal(copies, 3)
  assert.equal(wire.a.reasons.includes('retransmission-timeout'), true)
})

test('RFC 5681 4.3 (b): until the loss is mended no more goes in a round trip than half of what was outstanding', () => {
  const ep = tenOut()
  duplicates(ep, 2, 1)
  ep.takeSent()
  // All that is outstanding, twelve segments, tells of itself but the lost one.
  duplicates(ep, 9, 1)
  assert.ok(ep.takeSent().length <= 5)
  assert.equal(ep.tcb.recovery.active, true)
})

test('RFC 5681 4.3 (d): a loss in the next window lowers the window once more, and so does a lost retransmission', () => {
  const twice = tenOut()
  duplicates(twice, 5, 1)
  twice.inject({ ack: twice.sentNext })
  assert.equal(twice.tcb.congestion.ssthresh, 5000)
  twice.takeSent()
  while (twice.tcb.congestion.cwnd < 4000)
    twice.inject({ ack: ((twice.tcb.snd.una - twice.iss) | 0) + 2 * MSS })
  const una = (twice.tcb.snd.una - twice.iss) | 0
  duplicates(twice, 3, una)
  assert.ok(twice.tcb.congestion.ssthresh < 5000)
  const again = tenOut()
  duplicates(again, 5, 1)
  again.advance(again.untilTimeoutMs)
  assert.equal(again.tcb.congestion.cwnd, MSS)
})
