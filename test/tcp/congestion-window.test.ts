import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'
import { pair, stream } from './pair.ts'

const MSS = 1000

/** ESTABLISHED with segments of 1000 octets, a window of 8 MB and a round trip of 100 ms measured on the SYN. */
function sender(options: EndpointOptions = {}): Endpoint {
  const ep = established({ windowScaling: true, ...options, peer: { mss: MSS, ws: 7 } })
  ep.inject({ win: 65535 })
  return ep
}

test('RFC 6928 2: ten segments go before the first acknowledgment', () => {
  const ep = sender()
  ep.send(50_000)
  assert.deepEqual(
    ep.takeSent().map((p) => [p.seq, p.length]),
    Array.from({ length: 10 }, (_, i) => [1 + i * MSS, MSS]),
  )
})

test('RFC 6928 2: large segments make the initial window smaller, 14600 octets, but never below two', () => {
  for (const [mss, mtu, segments] of [
    [1460, 1500, 10],
    [4000, 9000, 3],
    [8960, 9000, 2],
  ] as const) {
    const ep = established({ mtu, peer: { mss, ws: 7 }, windowScaling: true })
    ep.inject()
    ep.send(200_000)
    assert.equal(ep.takeSent().length, segments, `MSS ${mss}`)
  }
})

test('RFC 5681 3.1 (c, d): where the SYN was lost, the first window is one segment', () => {
  const ep = established({ windowScaling: true, peer: { mss: MSS, ws: 7 } })
  assert.equal(ep.tcb.congestion.cwnd, 10 * MSS)
  const lossy = pair({ a: { mssLimit: MSS } })
    .drop('a', 1)
    .open()
  lossy.a.send(20_000)
  assert.equal(lossy.a.takeSent().length, 1)
})

test('RFC 5681 3.1 (g), RFC 3465 2.2: an acknowledgment of two segments lets four out in slow start', () => {
  const ep = sender()
  ep.send(100_000)
  ep.takeSent()
  ep.inject({ ack: 2001 })
  assert.equal(ep.takeSent().length, 4)
  ep.inject({ ack: 3001 })
  assert.equal(ep.takeSent().length, 2)
})

test('RFC 3465 2.2: an acknowledgment of many segments adds two to the window, not many', () => {
  const ep = sender()
  ep.send(100_000)
  ep.takeSent()
  ep.inject({ ack: 10_001 })
  assert.equal(ep.takeSent().length, 12)
  assert.equal(ep.tcb.congestion.cwnd, 12_000)
})

test('acknowledgments that arrive together open the window as if they came one by one', () => {
  const ep = sender()
  ep.send(100_000)
  ep.takeSent()
  ep.injectAll({ ack: 2001 }, { ack: 4001 }, { ack: 6001 }, { ack: 8001 }, { ack: 10_001 })
  assert.equal(ep.tcb.congestion.cwnd, 20_000)
  assert.equal(ep.takeSent().length, 20)
})

test('RFC 7661 4.4: a window that the application does not fill does not grow', () => {
  const ep = sender()
  for (let i = 0; i < 50; i++) {
    ep.send(2000)
    ep.takeSent()
    ep.inject()
  }
  assert.equal(ep.tcb.congestion.cwnd, 10_000)
})

test('RFC 7661 4.4: a window that the peer does not let us fill does not grow', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.inject({ win: 4000 })
  ep.send(100_000)
  for (let i = 0; i < 20; i++) ep.inject()
  assert.equal(ep.tcb.congestion.cwnd, 10_000)
})

test('MUST-19, RFC 5681 3.1 (a, h): congestion avoidance adds one segment a round trip', () => {
  const ep = sender()
  ep.send(900_000)
  ep.takeSent()
  ep.inject({ ack: 1001 })
  for (let i = 0; i < 3; i++) ep.inject({ ack: 1001 })
  ep.takeSent()
  ep.inject() // recovery ends
  const { congestion } = ep.tcb
  assert.ok(congestion.ssthresh < 10_000)
  while (congestion.cwnd < congestion.ssthresh) ep.inject({ ack: ep.tcb.snd.una - ep.iss + MSS })
  for (let round = 0; round < 5; round++) {
    const before = congestion.cwnd
    const end = ep.sentNext
    while (((ep.tcb.snd.una - ep.iss) | 0) < end) {
      ep.inject({ ack: Math.min(end, ((ep.tcb.snd.una - ep.iss) | 0) + MSS) })
    }
    assert.ok(congestion.cwnd - before <= MSS, `grew by ${congestion.cwnd - before}`)
    assert.ok(congestion.cwnd - before >= 0)
  }
  assert.ok(congestion.cwnd > congestion.ssthresh + 2 * MSS)
})

test('RFC 5681 4.1: idle for more than an RTO, a large window restarts at the initial one', () => {
  const ep = sender()
  ep.send(200_000)
  while (ep.tcb.snd.una !== ep.tcb.snd.end)
    ep.inject({ ack: Math.min(ep.sentNext, ((ep.tcb.snd.una - ep.iss) | 0) + 2000) })
  assert.ok(ep.tcb.congestion.cwnd > 50_000)
  ep.takeSent()
  ep.advance(ep.tcb.rtt.rtoUs / 1000 + 1)
  ep.send(200_000)
  assert.equal(ep.takeSent().length, 10)
})

test('RFC 5681 4.1: the restart can be switched off, and a pause below the RTO is none', () => {
  for (const restartAfterIdle of [true, false]) {
    const ep = sender({ restartAfterIdle })
    ep.send(200_000)
    while (ep.tcb.snd.una !== ep.tcb.snd.end)
      ep.inject({ ack: Math.min(ep.sentNext, ((ep.tcb.snd.una - ep.iss) | 0) + 2000) })
    ep.takeSent()
    ep.advance(restartAfterIdle ? ep.tcb.rtt.rtoUs / 1000 - 1 : 10_000)
    ep.send(200_000)
    assert.ok(ep.takeSent().length > 50)
  }
})

test('MUST-19, RFC 5681 2 (a): never more outstanding than the congestion window, over a lossy transfer', () => {
  const wire = pair({ delayMs: 20, fate: (_from, n) => ({ drop: n > 10 && n % 37 === 0 }) }).open()
  const text = stream(300_000)
  wire.a.send(text)
  const got: number[] = []
  let most = 0
  wire.until(() => {
    const { tcb } = wire.a
    const flight = (tcb.snd.nxt - tcb.snd.una) | 0
    const allowed = tcb.congestion.cwnd + Math.max(0, tcb.recovery.inflation)
    // After a reduction what is already out there stays there: nothing is added to it.
    if (flight > allowed) assert.ok(flight <= most, `${flight} outstanding, ${allowed} allowed`)
    most = flight
    got.push(...wire.b.receive())
    return got.length === text.length
  })
  assert.deepEqual(Uint8Array.from(got), text)
})
