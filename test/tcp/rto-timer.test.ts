import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'
import { pair } from './pair.ts'

const MSS = 1000

/** ESTABLISHED after a handshake whose round trip took `rttMs`. */
function measured(rttMs: number, options: EndpointOptions = {}): Endpoint {
  const ep = new Endpoint(options)
  ep.connect().expect({ flags: 'S' })
  ep.advance(rttMs)
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: MSS }).expect({ flags: 'A' })
  return ep
}

test('RFC 6298 2.4: the RTO keeps 200 ms above SRTT instead of one second', () => {
  assert.equal(measured(100).tcb.rtt.rtoUs, 300_000)
  assert.equal(measured(10).tcb.rtt.rtoUs, 210_000)
  assert.equal(
    measured(10, { rtoMinMs: 1000 }).tcb.rtt.rtoUs,
    1_010_000,
    'RFC 6298 2.4 where it is asked for',
  )
})

test('RFC 6298 5.1: the timer starts with the first segment and later ones leave it alone', () => {
  const ep = measured(100)
  assert.equal(ep.untilTimeoutMs, Infinity)
  ep.send(MSS)
  assert.equal(ep.untilTimeoutMs, 300)
  ep.advance(50)
  ep.send(MSS)
  assert.equal(ep.untilTimeoutMs, 250)
})

test('RFC 6298 5.2, 5.3: an acknowledgment of new data starts it over, of all data stops it', () => {
  const ep = measured(100)
  ep.send(2 * MSS)
  ep.advance(100)
  ep.inject({ ack: 1001 })
  assert.equal(ep.untilTimeoutMs, ep.tcb.rtt.rtoUs / 1000)
  ep.inject({ ack: 1001 })
  ep.advance(20)
  assert.equal(ep.untilTimeoutMs, ep.tcb.rtt.rtoUs / 1000 - 20, 'a duplicate does not')
  ep.inject({ ack: 2001 })
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('MUST-19, RFC 6298 5.4, 5.5, 5.6 and RFC 6298 5 (a): each expiry sends the first segment again and doubles the wait, up to a minute', () => {
  const ep = measured(100, { blackHoleDetection: false })
  ep.send(3 * MSS)
  ep.takeSent()
  const start = ep.clock.now / 1000
  ep.advance(200_000)
  const again = ep.takeSent()
  assert.ok(again.every((p) => p.seq === 1 && p.length === MSS))
  const gaps = again.map((p, i) => p.atMs - (again[i - 1]?.atMs ?? start))
  assert.deepEqual(gaps, [300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 60_000, 60_000])
})

test('MUST-18, RFC 6298 3 (a): an acknowledgment of what was sent twice is no sample (Karn)', () => {
  const ep = measured(100)
  ep.send(MSS)
  ep.advance(300)
  ep.advance(5)
  ep.inject()
  assert.equal(ep.tcb.rtt.srttUs, 100_000)
  assert.equal(ep.tcb.rtt.latestUs, 100_000)
})

test('MUST-18: nor is one that also covers something sent once, nor after a fast retransmit', () => {
  const late = measured(100)
  late.send(2 * MSS)
  late.advance(300)
  late.inject({ ack: 2001 })
  assert.equal(late.tcb.rtt.latestUs, 100_000)
  const fast = measured(100)
  fast.send(6 * MSS)
  for (let i = 0; i < 3; i++) fast.inject({ ack: 1 })
  fast.advance(60)
  fast.inject()
  assert.equal(fast.tcb.rtt.latestUs, 100_000)
})

test('RFC 6298 5 (c): an acknowledgment of new data ends the back-off', () => {
  const ep = measured(100)
  ep.send(MSS)
  ep.advance(300 + 600 + 60)
  assert.equal(ep.tcb.rtt.rtoUs, 1_200_000)
  ep.inject()
  assert.equal(ep.tcb.rtt.rtoUs, 300_000)
})

test('MUST-18: but not for ever: the fourth time in a row it stays until a segment sent once is acknowledged', () => {
  const ep = measured(100)
  for (const rtoUs of [300_000, 300_000, 300_000, 600_000]) {
    ep.send(MSS)
    ep.advance(360)
    ep.inject()
    assert.equal(ep.tcb.rtt.rtoUs, rtoUs)
  }
  ep.send(MSS)
  assert.equal(ep.untilTimeoutMs, 600)
  ep.advance(100)
  ep.inject()
  assert.equal(ep.tcb.rtt.backoff, 0)
  assert.equal(ep.tcb.rtt.latestUs, 100_000)
  ep.send(MSS)
  ep.advance(ep.untilTimeoutMs + 60)
  ep.inject()
  assert.equal(ep.tcb.rtt.backoff, 0)
})

test('MUST-18: an acknowledgment too soon after a retransmission answers the first copy: the back-off stands', () => {
  const ep = measured(100)
  ep.send(MSS)
  ep.advance(310)
  ep.inject()
  assert.equal(ep.tcb.rtt.rtoUs, 600_000)
})

test('MUST-18: a round trip that grows beyond the RTO is learned, not retransmitted into for ever', () => {
  let slow = false
  const wire = pair({ delayMs: 10, fate: () => (slow ? { holdMs: 500 } : {}) }).open()
  slow = true
  for (let i = 0; i < 40; i++) {
    wire.a.send(500)
    wire.run(1100)
    wire.b.receive()
  }
  const before = wire.a.tcb.totalRetransmissions
  assert.ok(before > 0 && before < 15, `${before} retransmissions`)
  assert.ok(wire.a.tcb.rtt.srttUs > 900_000)
})

test('RFC 6298 3 (b): one segment a round trip is timed, from its sending to its acknowledgment', () => {
  const ep = measured(100)
  ep.send(MSS)
  ep.advance(40)
  ep.send(MSS)
  ep.advance(40)
  ep.inject({ ack: 1001 })
  assert.equal(ep.tcb.rtt.latestUs, 80_000)
  ep.advance(20)
  ep.inject({ ack: 2001 })
  assert.equal(ep.tcb.rtt.latestUs, 80_000, 'the second was not timed')
})

test('RFC 7323 4: with timestamps the acknowledgment of a retransmission is a sample and ends the back-off', () => {
  const ep = established({ timestamps: true, peer: { mss: MSS, ts: [5000, 0] } })
  ep.send(500)
  const first = ep.expect()
  ep.advance(ep.untilTimeoutMs)
  const second = ep.expect({ seq: 1 })
  assert.ok(second.ts![0] > first.ts![0])
  ep.advance(70)
  ep.inject({ ts: [5100, second.ts![0]] })
  assert.equal(ep.tcb.rtt.latestUs, 70_000)
  assert.equal(ep.tcb.rtt.backoff, 0)
})

test('RFC 7323 4: an echo of an earlier copy is no sample: its acknowledgment may have been lost', () => {
  const ep = new Endpoint({ timestamps: true })
  ep.connect()
  ep.advance(100)
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: MSS, ts: [5000, 0] })
  ep.takeSent()
  for (const afterMs of [10, 100]) {
    ep.send(500)
    const first = ep.expect()
    ep.advance(300)
    ep.expect({ length: 500 })
    ep.advance(afterMs)
    ep.inject({ ts: [5100, first.ts![0]] })
    assert.equal(ep.tcb.rtt.srttUs, 100_000)
    assert.equal(ep.tcb.rtt.backoff, afterMs === 10 ? 1 : 0)
    ep.tcb.rtt.endBackoff()
  }
})

test('RFC 7323 4: an echo of nothing is no sample, one from the future no long one', () => {
  for (const ecr of [0x7000_0000, 0]) {
    const ep = established({ timestamps: true, peer: { mss: MSS, ts: [5000, 0] } })
    ep.send(500)
    ep.advance(ep.untilTimeoutMs + 50)
    ep.inject({ ts: [5100, ecr] })
    assert.ok(ep.tcb.rtt.latestUs <= 50_000)
    assert.ok(ep.tcb.rtt.rtoUs <= 500_000)
  }
})

test('RFC 6298 5.7: where the SYN was lost, data start with an RTO of three seconds', () => {
  const wire = pair().drop('a', 1).open()
  assert.equal(wire.a.tcb.rtt.rtoUs, 3_000_000)
  wire.a.send(100)
  assert.equal(wire.a.untilTimeoutMs, 3000)
})

test('RFC 6298 5.7: and so it is where the SYN-ACK was lost, on the other side', () => {
  const wire = pair().drop('b', 1).drop('a', 2).open()
  wire.b.send(100)
  assert.equal(wire.b.untilTimeoutMs, 3000)
})

test('RFC 6298 5.7: a round trip that timestamps measured on the SYN stands in place of the three seconds', () => {
  const wire = pair({ a: { timestamps: true }, b: { timestamps: true } })
    .drop('a', 1)
    .open()
  assert.equal(wire.a.tcb.rtt.srttUs, 20_000)
  assert.ok(wire.a.tcb.rtt.rtoUs < 300_000)
})

test('RFC 6298 2.1: the SYN goes again after one second, then two, four', () => {
  const ep = new Endpoint()
  ep.connect()
  ep.advance(16_000)
  assert.deepEqual(
    ep.takeSent().map((p) => p.atMs),
    [0, 1000, 3000, 7000, 15_000],
  )
})

test('a long flight gives a sample and a fresh timer per acknowledgment, and never a stale deadline', () => {
  const ep = measured(50)
  ep.send(100 * MSS)
  for (let i = 0; i < 200 && ep.tcb.snd.una !== ep.tcb.snd.end; i++) {
    ep.advance(5)
    ep.inject({ ack: Math.min(ep.sentNext, ((ep.tcb.snd.una - ep.iss) | 0) + MSS) })
    const { retransmission } = ep.tcb.timers
    if (ep.tcb.snd.una === ep.tcb.snd.nxt) assert.equal(retransmission, Infinity)
    else assert.equal(retransmission, ep.clock.now + ep.tcb.rtt.rtoUs)
  }
  assert.equal(ep.tcb.totalRetransmissions, 0)
})
