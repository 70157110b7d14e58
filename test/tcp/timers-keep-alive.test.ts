import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { established } from './endpoint.ts'
import { pair } from './pair.ts'

const quick = { keepAlive: true, keepAliveIdleMs: 10_000, keepAliveIntervalMs: 1000, keepAliveProbes: 3 }

test('MUST-25, MUST-28: keep-alive is off by default; switched on, it waits two hours by default', () => {
  assert.equal(DEFAULT_CONFIG.keepAlive, false)
  assert.ok(DEFAULT_CONFIG.keepAliveIdleMs >= 2 * 3600 * 1000)
  const off = established()
  off.advance(30 * 24 * 3600 * 1000)
  off.expectNothing()
  const on = established({ keepAlive: true })
  on.advance(2 * 3600 * 1000 - 1)
  on.expectNothing()
  on.advance(1)
  on.expect({ flags: 'A' })
})

test('MAY-5, SHLD-12: a probe is an acknowledgment without text, one number before SND.NXT', () => {
  const ep = established(quick)
  ep.send('abc')
  ep.inject()
  ep.takeSent()
  ep.advance(10_000)
  ep.expect({ flags: 'A', seq: 3, ack: 1, length: 0 })
  ep.expectNothing()
})

test('MAY-6: with one octet of garbage where that is configured', () => {
  const ep = established({ ...quick, keepAliveGarbage: true })
  ep.advance(10_000)
  ep.expect({ flags: 'A', seq: 0, length: 1 })
})

test('MUST-24: each connection switches it on and off at any time', () => {
  const ep = established()
  ep.advance(60_000)
  ep.inject()
  ep.advance(4000)
  ep.connection.reconfigure(configure(quick, ep.tcb.config))
  ep.advance(5999)
  ep.expectNothing()
  ep.advance(1)
  ep.expect({ flags: 'A', seq: 0 })
  ep.connection.reconfigure(configure({ keepAlive: false }, ep.tcb.config))
  ep.advance(1_000_000)
  ep.expectNothing()
  assert.equal(ep.state, 'ESTABLISHED')
})

test('MUST-26, MUST-27: only after the interval configured without a segment from the other side', () => {
  const ep = established({ ...quick, keepAliveIntervalMs: 75_000 })
  for (let i = 0; i < 10; i++) {
    ep.advance(9000)
    ep.inject()
  }
  ep.expectNothing()
  ep.advance(9999)
  ep.expectNothing()
  ep.advance(1)
  ep.expect({ flags: 'A', seq: 0 })
})

test('MUST-26: not while data are outstanding; they have a timer of their own', () => {
  const ep = established(quick)
  ep.send('abc')
  ep.advance(50_000)
  assert.ok(ep.takeSent().every((p) => p.length === 3))
  assert.equal(ep.state, 'ESTABLISHED')
})

test('MUST-29: one unanswered probe ends nothing, only as many as configured do, with a reset', () => {
  assert.ok(DEFAULT_CONFIG.keepAliveProbes > 1)
  const ep = established(quick)
  ep.advance(10_000)
  ep.expect({ flags: 'A' })
  ep.advance(1000)
  ep.expect({ flags: 'A' })
  ep.advance(1000)
  ep.expect({ flags: 'A' })
  assert.equal(ep.state, 'ESTABLISHED')
  ep.advance(1000)
  ep.expect({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.connection.closeReason, 'keep-alive-timeout')
})

test('MUST-29: an answer to the last probe starts the count over', () => {
  const ep = established(quick)
  for (let i = 0; i < 20; i++) {
    ep.advance(12_500)
    assert.equal(ep.takeSent().length, 3)
    ep.inject()
  }
  assert.equal(ep.state, 'ESTABLISHED')
})

test('a peer answers a probe with where it stands, with and without garbage, and does not take it for text', () => {
  for (const keepAliveGarbage of [false, true]) {
    const wire = pair({ a: { ...quick, keepAliveGarbage } }).open()
    wire.a.send('abc')
    wire.run(100_000)
    assert.equal(wire.b.receiveText(), 'abc')
    assert.equal(wire.states, 'ESTABLISHED ESTABLISHED')
    assert.ok(wire.packets.b >= 9)
    assert.equal(wire.a.tcb.keepAliveProbes, 0)
  }
})

test('RFC 9293 3.8.4: a probe that finds a host without the connection ends it by the reset that comes back', () => {
  const wire = pair({ a: quick }).open()
  wire.b.takeSent()
  wire.drop('b', wire.packets.b + 1)
  wire.b.abort()
  wire.run(60_000)
  assert.equal(wire.a.state, 'CLOSED')
  assert.equal(wire.a.connection.closeReason, 'reset-by-peer')
})

test('keep-alive watches half-closed connections and stops in TIME-WAIT', () => {
  const ep = established(quick)
  ep.close()
  ep.inject()
  assert.equal(ep.state, 'FIN-WAIT-2')
  ep.takeSent()
  ep.advance(10_000)
  ep.expect({ flags: 'A', seq: 1 })
  ep.inject({ flags: 'FA' })
  assert.equal(ep.state, 'TIME-WAIT')
  ep.takeSent()
  ep.advance(59_000)
  ep.expectNothing()
})
