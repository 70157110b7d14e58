/** Fifth step of SEGMENT ARRIVES at its edges: what counts as a duplicate, when the user is told of room, what is measured. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Clock } from '../../src/tcp/clock.ts'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'
import { reach } from './states.ts'

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

test('each acknowledgment of something new traces recovery once, a duplicate only where it changes something', () => {
  const ep = flying()
  const before = recoveries(ep).length
  const phases = () =>
    recoveries(ep)
      .slice(before)
      .map(({ phase }) => phase)
  ep.inject({ ack: 2001 })
  assert.deepEqual(phases(), ['slow-start'])
  for (let i = 0; i < 3; i++) ep.inject({ ack: 2001 })
  assert.deepEqual(phases(), ['slow-start', 'fast-recovery'])
  ep.inject({ ack: 5001 })
  assert.deepEqual(phases(), ['slow-start', 'fast-recovery', 'congestion-avoidance'])
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

test('RFC 6298 3: an acknowledgment of what was sent before the segment timed is no sample', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.send(20_000)
  ep.advance(10).inject({ ack: 1001 })
  assert.equal(ep.tcb.rtt.latestUs, 10_000)
  assert.ok(ep.tcb.timed.active)
  assert.ok(((ep.tcb.timed.seq - ep.iss) | 0) > 3000)
  ep.advance(7).inject({ ack: 2001 })
  assert.equal(ep.tcb.rtt.latestUs, 10_000)
  assert.ok(ep.tcb.timed.active)
})

test('RFC 5681 2 (b): text is no duplicate acknowledgment in FIN-WAIT-1 either', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.send(5000)
  ep.close()
  ep.takeSent()
  for (let i = 0; i < 5; i++) ep.inject({ ack: 1, text: 10 })
  assert.equal(ep.tcb.recovery.duplicates, 0)
  assert.ok(!ep.reasons.includes('fast-retransmit'))
})

test('RFC 7323 5.4: the timestamp is the clock in milliseconds, on top of an offset of the connection', () => {
  const ep = established({ timestamps: true, peer: { ts: [1000, 0] } })
  ep.tcb.tsOffset = 5000
  ep.clock.now = 77_999
  ep.send(3)
  assert.deepEqual(ep.expect({ length: 3 }).ts, [5077, 1000])
})

test('RFC 9293 3.10.7.4: the acknowledgment of our SYN alone acknowledges no octets, that of SYN and FIN one', () => {
  for (const [ack, octets] of [
    [1, 0],
    [2, 1],
  ] as const) {
    const { ep } = reach('SYN-RECEIVED')
    ep.close()
    assert.equal(ep.state, 'FIN-WAIT-1')
    ep.inject({ seq: 1, ack })
    assert.equal(ep.tcb.counts.octetsAcknowledged, octets)
  }
})

test('RFC 9293 3.10.7.4: the acknowledgment of our SYN sets the window, scaled, and whatever stands before it', () => {
  const scaled = new Endpoint({ windowScaling: true }).listen()
  scaled.inject({ flags: 'S', seq: 0, ws: 3, win: 500 }).inject({ seq: 1, ack: 1, win: 400 })
  assert.deepEqual([scaled.tcb.snd.wnd, scaled.tcb.snd.max], [3200, 3200])
  const before = new Endpoint().listen().inject({ flags: 'S', seq: 0, win: 500 })
  before.inject({ seq: -4, ack: 1, win: 0, text: 10 })
  assert.equal(before.state, 'ESTABLISHED')
  assert.deepEqual([before.tcb.snd.wnd, before.tcb.snd.max], [0, 500])
})

test('octets without PUSH that the next acknowledgment may release are those that waited when it came', () => {
  const ep = established({ ackReleasesText: true })
  ep.send(10)
  ep.expect({ length: 10 })
  ep.inject({ ack: 11 })
  ep.send(5, { push: false })
  ep.expectNothing()
  ep.send(10)
  ep.expect({ length: 15 })
  ep.send(5, { push: false })
  ep.inject({ ack: 26 }).expect({ length: 5 })
})

test('RFC 5681 3.1: news without duplicates before it grows the window by all that it acknowledges, up to L segments', () => {
  for (const [duplicates, growth] of [
    [0, 2000],
    [1, 1000],
  ] as const) {
    const ep = established({ peer: { mss: 1000 }, growsByNewsOnly: true })
    ep.send(20_000)
    const { cwnd } = ep.tcb.congestion
    assert.ok(ep.tcb.cwndLimited)
    for (let i = 0; i < duplicates; i++) ep.inject({ ack: 1 })
    ep.inject({ ack: 2001 })
    assert.equal(ep.tcb.congestion.cwnd, cwnd + growth)
  }
})

test('RFC 7661 4.4: in congestion avoidance half a window used is not enough to grow, a full one is', () => {
  for (const [octets, above, grows] of [
    [6000, 0, false],
    [6000, 1, false],
    [20_000, 0, true],
  ] as const) {
    const ep = established({ peer: { mss: 1000 }, growsWhenHalfUsed: true })
    const { congestion } = ep.tcb
    const { cwnd } = congestion
    assert.equal(cwnd, 10_000)
    congestion.ssthresh = cwnd - above
    for (let acked = 0, round = 0; round < 4; round++) {
      ep.send(octets)
      acked += Math.min(octets, cwnd)
      ep.inject({ ack: 1 + acked })
    }
    assert.equal(congestion.cwnd > cwnd, grows, `${octets} octets, ssthresh ${congestion.ssthresh}`)
  }
})

test('RFC 5681 2 (b): text beyond a gap makes an acknowledgment no duplicate, though number and window are the same', () => {
  const ep = flying()
  for (let i = 0; i < 5; i++) ep.inject({ seq: 500 + 20 * i, ack: 1001, text: 10 })
  assert.equal(ep.tcb.recovery.duplicates, 0)
  assert.ok(!ep.reasons.includes('fast-retransmit'))
})

test('MUST-36, SHLD-29: a window that opened and closed again is first probed after an RTO', () => {
  const ep = established()
  ep.inject({ win: 0 }).inject({ win: 100 }).inject({ win: 0 })
  ep.send(5)
  ep.expectNothing()
  ep.advance(199).expectNothing()
  ep.advance(2).expect({ length: 1 })
})

test('a window that opens too little for the text that waits ends the persist phase all the same', () => {
  const ep = established()
  ep.inject({ win: 0 })
  ep.send(5, { push: false })
  assert.ok(ep.tcb.timers.retransmission < Infinity)
  ep.inject({ win: 3 }).expectNothing()
  assert.equal(ep.tcb.timers.retransmission, Infinity)
  assert.equal(ep.tcb.lost.active, false)
  assert.ok(ep.tcb.timers.override < Infinity)
})

test('RFC 9293 3.10.7.4: what comes with the last acknowledgment of a closing connection is not used', () => {
  for (const state of ['CLOSING', 'LAST-ACK'] as const) {
    const { ep, next, nxt } = reach(state)
    ep.inject({ flags: 'FUA', seq: next, ack: nxt, text: 5, urg: 3 })
    assert.equal(ep.state, state === 'CLOSING' ? 'TIME-WAIT' : 'CLOSED')
    assert.ok(!ep.takeEvents().some((event) => event === 'readable' || event === 'urgent'))
    assert.equal(ep.connection.readable, 0)
  }
})

test('RFC 6298 3: of several segments outstanding only the acknowledgment of the one timed is a sample', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.send(2000)
  ep.advance(20).inject({ ack: 1001 })
  assert.equal(ep.tcb.rtt.latestUs, 20_000)
  ep.send(1000)
  assert.ok(ep.tcb.timed.active)
  ep.advance(30).inject({ ack: 2001 })
  assert.equal(ep.tcb.rtt.latestUs, 20_000)
  assert.ok(ep.tcb.timed.active)
  ep.advance(30).inject({ ack: 3001 })
  assert.equal(ep.tcb.rtt.latestUs, 60_000)
})

test('RFC 7323 3.2: an echo of 0 names no copy, wherever our clock stands', () => {
  const clock = new Clock()
  clock.now = (2 ** 31 + 5000) * 1000
  const ep = established({ clock, timestamps: true, peer: { ts: [1000, 0] } })
  ep.send(10)
  ep.advance(300)
  assert.equal(ep.tcb.retransmissions, 1)
  const { latestUs } = ep.tcb.rtt
  ep.advance(77).inject({ ack: 11, ts: [1001, 0] })
  assert.equal(ep.tcb.rtt.latestUs, latestUs)
})

test('RFC 6298 5: an answer half the least round trip after the last copy may be its own; a sooner one is not', () => {
  for (const [afterMs, backoff] of [
    [50, 0],
    [49.999, 1],
  ] as const) {
    const ep = new Endpoint().connect().advance(100)
    ep.inject({ flags: 'SA', seq: 0, ack: 1 })
    ep.send(10)
    ep.advance(ep.untilTimeoutMs)
    assert.deepEqual([ep.tcb.rtt.minUs, ep.tcb.rtt.backoff], [100_000, 1])
    ep.advance(afterMs).inject({ ack: 11 })
    assert.equal(ep.tcb.rtt.backoff, backoff)
  }
})

test('RFC 7323 4.1, 7.1: TSval is the clock in milliseconds and the offset of the connection', () => {
  const ep = new Endpoint({ timestamps: true, iss: 0 })
  ep.tcb.isn = { sequenceNumber: () => 0, timestampOffset: () => 7_000_000 }
  ep.advance(12.9)
    .connect()
    .expect({ flags: 'S', ts: [7_000_012, 0] })
})
