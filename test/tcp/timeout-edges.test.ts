/** Timeouts at the instant at which they are decided. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, established } from './endpoint.ts'

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
