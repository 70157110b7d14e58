/** Timeouts at the instant at which they are decided. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'

/** Lets the next timer expire. */
function expireNext(ep: Endpoint): Endpoint {
  return ep.advance(ep.untilTimeoutMs)
}

test('MUST-20, MUST-23: R2 is over at the timeout that finds it over, not at the next', () => {
  const ep = new Endpoint({ rtoInitialMs: 1000, r2SynMs: 3000 }).connect()
  ep.advance(2999)
  assert.equal(ep.state, 'SYN-SENT')
  ep.advance(1)
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.connection.closeReason, 'connect-timeout')
})

test('MUST-18: what timed out is not timed any more', () => {
  const ep = established()
  ep.send(10)
  assert.ok(ep.tcb.timed.active)
  expireNext(ep)
  assert.equal(ep.tcb.timed.active, false)
})

test('a timer that expires releases nothing that another one holds', () => {
  const ep = established({ keepAlive: true })
  ep.inject({ text: 10 })
  const { keepAlive } = ep.tcb.timers
  expireNext(ep).expect({ flags: 'A', ack: 11 })
  assert.equal(ep.tcb.owed.override, false)
  assert.equal(ep.tcb.timers.keepAlive, keepAlive)
})

test('RFC 4821 7.7: a path that never carried a full-sized segment is suspected at the third timeout', () => {
  const ep = established({ peer: { mss: 1460 } })
  ep.send(1460)
  const mtus = [1, 2, 3].map(() => expireNext(ep).tcb.path.mtu)
  assert.deepEqual(mtus, [1500, 1500, 576])
})

test('RFC 4821 7.7: one that did is suspected at the ninth, or once a third of R2 is over', () => {
  for (const [r2Ms, timeouts] of [
    [1e9, 9],
    [30_000, 6],
    [3 * 200 * 63, 6],
    [3 * 200 * 63 + 3, 7],
  ] as const) {
    const ep = established({ peer: { mss: 1460 }, r2Ms, rtoMinMs: 200, rtoMaxMs: 3_600_000 })
    ep.send(1460)
    ep.inject({ ack: 1461 })
    ep.tcb.rtt.sample(1)
    for (let i = 0; i < 60; i++) ep.tcb.rtt.sample(1)
    assert.equal(ep.tcb.rtt.rtoUs, 200_001)
    ep.send(1460)
    let count = 0
    while (ep.tcb.path.mtu === 1500 && ep.state === 'ESTABLISHED') {
      expireNext(ep)
      count++
    }
    assert.equal(ep.tcb.path.mtu, 576)
    assert.equal(count, timeouts, `R2 ${r2Ms} ms`)
  }
})

test('RFC 4821 7.7: a path of the least size, or segments that would fit it, are not to blame', () => {
  const least = established({ mtu: 576, peer: { mss: 1460 } })
  least.send(536)
  for (let i = 0; i < 5; i++) expireNext(least)
  assert.equal(least.tcb.path.mtu, 576)
  const small = established({ peer: { mss: 1460 } })
  small.send(536)
  for (let i = 0; i < 5; i++) expireNext(small)
  assert.equal(small.tcb.path.mtu, 1500)
  const larger = established({ peer: { mss: 1460 } })
  larger.send(537)
  for (let i = 0; i < 5; i++) expireNext(larger)
  assert.equal(larger.tcb.path.mtu, 576)
  const off = established({ peer: { mss: 1460 }, blackHoleDetection: false })
  off.send(1460)
  for (let i = 0; i < 5; i++) expireNext(off)
  assert.equal(off.tcb.path.mtu, 1500)
})

test('RFC 4821 7.7: with timestamps what fits the least size is less by their octets', () => {
  for (const [octets, mtu] of [
    [524, 1500],
    [525, 576],
  ] as const) {
    const ep = established({ timestamps: true, peer: { mss: 1460, ts: [1000, 0] } })
    ep.send(octets)
    for (let i = 0; i < 5; i++) expireNext(ep)
    assert.equal(ep.tcb.path.mtu, mtu)
  }
})

test('RFC 9293 3.9.1.1: the user timeout is changed while data wait, counted from when they began to wait', () => {
  const changed = (from: number, to: number, atMs = 1000): Endpoint => {
    const ep = established({ userTimeoutMs: from })
    ep.send(10)
    ep.advance(atMs)
    ep.connection.reconfigure(configure({ userTimeoutMs: to }, ep.tcb.config))
    return ep
  }
  assert.equal(changed(3000, 0).advance(20_000).connection.closeReason, null)
  for (const from of [0, 3000, 60_000]) {
    const ep = changed(from, 5000)
    assert.equal(ep.advance(3999).connection.closeReason, null)
    assert.equal(ep.advance(1).connection.closeReason, 'user-timeout')
  }
  // What has waited for longer has waited too long.
  assert.equal(changed(0, 500).advance(0).connection.closeReason, 'user-timeout')
  // Another option changes nothing of it, and without anything that waits there is nothing to count.
  const other = changed(3000, 3000)
  assert.equal(other.advance(2000).connection.closeReason, 'user-timeout')
  const idle = established({})
  idle.connection.reconfigure(configure({ userTimeoutMs: 100 }, idle.tcb.config))
  assert.equal(idle.advance(10_000).connection.closeReason, null)
})

test('RFC 9293 3.9.1.1: a user timeout that is taken back does not end a connection whose window stays closed', () => {
  const ep = established({ userTimeoutMs: 3000 })
  ep.send(10)
  ep.inject({ ack: 1, win: 0 })
  ep.advance(2000)
  ep.connection.reconfigure(configure({ userTimeoutMs: 0 }, ep.tcb.config))
  ep.inject({ ack: 1, win: 0 })
  assert.equal(ep.advance(20_000).connection.closeReason, null)
})

test('RFC 9293 3.10.8: a connection given up at R2 sends no reset, one whose user gave up does once there is a peer', () => {
  const late = established({ r2Ms: 3000 })
  late.send(10)
  late.advance(10_000)
  assert.equal(late.connection.closeReason, 'retransmission-limit')
  assert.ok(late.takeSent().every(({ flags }) => !flags.includes('R')))
  const user = established({ userTimeoutMs: 3000 })
  user.send(10)
  user.advance(10_000)
  assert.equal(user.connection.closeReason, 'user-timeout')
  assert.equal(user.takeSent().at(-1)?.flags.includes('R'), true)
  const opening = new Endpoint({ r2SynMs: 3000 }).connect()
  opening.advance(10_000)
  assert.ok(opening.takeSent().every(({ flags }) => flags === 'S'))
})

test('a timer looked at before it is due does nothing', () => {
  const ep = established({ keepAlive: true, keepAliveIdleMs: 1000, keepAliveProbes: 1 }).advance(1000)
  assert.equal(ep.expect({ flags: 'A' }).seq, 0)
  const { keepAlive } = ep.tcb.timers
  ep.expire().expectNothing()
  assert.equal(ep.tcb.timers.keepAlive, keepAlive)
  ep.send(5, { push: false })
  ep.advance(300).expect({ length: 5 })
  assert.equal(ep.state, 'ESTABLISHED')
})

test('RFC 5681 3.1 (m): ssthresh falls at the first timeout of a segment only, though segments become smaller', () => {
  const ep = established({ peer: { mss: 1460 } })
  ep.send(1460)
  const thresholds = [1, 2, 3].map(() => expireNext(ep).tcb.congestion.ssthresh)
  assert.equal(ep.tcb.mss, 536)
  assert.deepEqual(thresholds, [2920, 2920, 2920])
})

/** Closed window, five octets to send, an RTO of 200 ms that does not grow, and a clock that stands far from 0. */
function persisting(options: EndpointOptions): Endpoint {
  const ep = established({ rtoMaxMs: 200, ...options }).advance(100_000)
  ep.inject({ win: 0 })
  ep.send(5)
  ep.expectNothing()
  return ep
}

test('MUST-36: a closed window is probed once at least, however short R2 is', () => {
  for (const probesWithText of [true, false]) {
    const ep = persisting({ r2Ms: 100, probesWithText })
    ep.advance(200).expect({ length: probesWithText ? 1 : 0 })
    assert.equal(ep.state, 'ESTABLISHED')
    assert.equal(ep.advance(200).state, 'CLOSED')
  }
})

test('MUST-20: probes without text that nobody answers end when R2 is over, at that probe and not before', () => {
  const ep = persisting({ r2Ms: 1000, probesWithText: false })
  ep.advance(999)
  assert.equal(ep.takeSent().length, 4)
  assert.deepEqual([ep.state, ep.tcb.probes], ['ESTABLISHED', 4])
  ep.advance(1).expectNothing()
  assert.deepEqual([ep.state, ep.connection.closeReason], ['CLOSED', 'retransmission-limit'])
})

test('a probe with text counts as text: sent again it is a retransmission', () => {
  const ep = persisting({ probesWithText: true }).advance(200)
  assert.deepEqual([ep.tcb.probes, ep.tcb.retransmissions], [0, 0])
  ep.advance(200)
  assert.deepEqual([ep.tcb.probes, ep.tcb.retransmissions], [0, 1])
})

test('RFC 4821 7.7: a third of R2 counts from when the segment began to wait, and to the microsecond', () => {
  for (const [r2Ms, timeouts] of [
    [2400, 4],
    [2403, 5],
  ] as const) {
    const ep = established({ peer: { mss: 1460 }, rtoMaxMs: 200, r2Ms }).advance(100_000)
    ep.send(1460)
    ep.inject({ ack: 1461 }).advance(100_000)
    ep.send(1460)
    let count = 0
    for (; ep.tcb.path.mtu === 1500; count++) expireNext(ep)
    assert.equal(count, timeouts)
  }
})

test('RFC 4821 7.7: a path smaller than the size that every path carries is not taken for a larger one', () => {
  const ep = established({ mtu: 552, mssLimit: 10, timestamps: true, peer: { ts: [1, 0] } })
  ep.send(100)
  for (let i = 0; i < 5; i++) expireNext(ep)
  assert.equal(ep.tcb.path.mtu, 552)
})

test('RFC 9293 3.10.8: giving up tells the other side where it was there and the user or keep-alive decided', () => {
  const cases: readonly [EndpointOptions, (ep: Endpoint) => unknown, string, string | null][] = [
    [{ r2Ms: 3000 }, (ep) => ep.send(5), 'retransmission-limit', null],
    [{ userTimeoutMs: 3000 }, (ep) => ep.send(5), 'user-timeout', 'reset-user-timeout'],
    [{ keepAlive: true, keepAliveIdleMs: 10 }, () => {}, 'keep-alive-timeout', 'reset-keep-alive-timeout'],
  ]
  for (const [options, act, closeReason, why] of cases) {
    const ep = established({ keepAliveIntervalMs: 10, ...options })
    act(ep)
    ep.advance(60_000)
    assert.deepEqual([ep.state, ep.connection.closeReason], ['CLOSED', closeReason])
    const resets = ep.takeSent().filter(({ flags }) => flags.includes('R'))
    assert.equal(resets.length, why === null ? 0 : 1)
    if (why !== null) assert.equal(ep.reasons.at(-1), why)
  }
  for (const [options, closeReason] of [
    [{ r2SynMs: 3000 }, 'connect-timeout'],
    [{ userTimeoutMs: 3000 }, 'user-timeout'],
  ] as const) {
    const ep = new Endpoint(options).connect().advance(60_000)
    assert.equal(ep.connection.closeReason, closeReason)
    assert.ok(ep.takeSent().every(({ flags }) => flags === 'S'))
  }
})

test('MUST-26: the interval between probes holds while idle, and what arrives starts the idle time again', () => {
  const ep = established({ keepAlive: true, keepAliveIdleMs: 1000, keepAliveIntervalMs: 100 }).advance(600)
  ep.inject({}).advance(900).expectNothing()
  ep.advance(100).expect({ flags: 'A', seq: 0 })
  ep.advance(99).expectNothing()
  ep.advance(1).expect({ flags: 'A', seq: 0 })
})
