import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { Endpoint, established, isClosed } from './endpoint.ts'

const MSS = 1000

test('MUST-20, SHLD-9, SHLD-10: R1 is three retransmissions; then the IP layer and the user are told', () => {
  assert.ok(DEFAULT_CONFIG.r1Retransmissions >= 3)
  const ep = established({ peer: { mss: MSS } })
  ep.send(MSS)
  ep.advance(ep.untilTimeoutMs)
  ep.advance(ep.untilTimeoutMs)
  assert.equal(ep.tcb.negativeAdvice, false)
  assert.deepEqual(ep.takeEvents(), [])
  ep.advance(ep.untilTimeoutMs)
  assert.equal(ep.tcb.negativeAdvice, true)
  assert.deepEqual(ep.takeEvents(), ['soft-error'])
  assert.equal(ep.connection.softError, 'unanswered')
  assert.equal(ep.state, 'ESTABLISHED')
})

test('MUST-20, SHLD-11: at R2, at least 100 seconds, the connection is closed and the user told', () => {
  assert.ok(DEFAULT_CONFIG.r2Ms >= 100_000)
  const ep = established({ peer: { mss: MSS } })
  ep.send(MSS)
  ep.advance(DEFAULT_CONFIG.r2Ms - 1)
  assert.equal(ep.state, 'ESTABLISHED')
  ep.advance(DEFAULT_CONFIG.rtoMaxMs)
  assert.equal(isClosed(ep), true)
  assert.equal(ep.connection.closeReason, 'retransmission-limit')
  assert.ok(ep.takeEvents().includes('gone'))
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('MUST-21: the application sets R2, also of a connection that is already waiting', () => {
  const ep = established({ peer: { mss: MSS }, r2Ms: 5000 })
  ep.send(MSS)
  ep.advance(4000)
  ep.connection.reconfigure(configure({ r2Ms: 20_000 }, ep.tcb.config))
  ep.advance(10_000)
  assert.equal(ep.state, 'ESTABLISHED')
  ep.advance(30_000)
  assert.equal(isClosed(ep), true)
})

test('R2 counts from the last progress: a peer that acknowledges a little is not given up', () => {
  const ep = established({ peer: { mss: MSS }, r2Ms: 10_000 })
  ep.send(30 * MSS)
  for (let i = 1; i <= 20; i++) {
    ep.advance(8000)
    ep.inject({ ack: 1 + i * 100 })
  }
  assert.equal(ep.state, 'ESTABLISHED')
  ep.advance(40_000)
  assert.equal(isClosed(ep), true)
})

test('R2 counts from the first sending, not from an idle time before it', () => {
  const ep = established({ peer: { mss: MSS }, r2Ms: 10_000 })
  ep.send(MSS)
  ep.inject()
  ep.advance(3_600_000)
  ep.send(MSS)
  ep.advance(9000)
  assert.equal(ep.state, 'ESTABLISHED')
})

test('MUST-22, MUST-23: a SYN is retransmitted too, for at least three minutes, with a limit of its own', () => {
  const ep = new Endpoint({ r2Ms: 1000 })
  ep.connect()
  ep.advance(180_000)
  assert.equal(ep.state, 'SYN-SENT')
  const syns = ep.takeSent()
  assert.ok(syns.length >= 7)
  assert.ok(syns.every((p) => p.flags === 'S' && p.seq === 0))
  assert.ok(ep.takeEvents().includes('soft-error'), 'MUST-22: R1 holds for SYN as well')
  ep.advance(60_000)
  assert.equal(isClosed(ep), true)
  assert.equal(ep.connection.closeReason, 'connect-timeout')
})

test('MUST-22: the SYN-ACK is retransmitted and given up likewise', () => {
  const ep = new Endpoint()
  ep.listen().inject({ flags: 'S', seq: 0 })
  ep.advance(180_000)
  const answers = ep.takeSent()
  assert.ok(answers.length >= 7)
  assert.ok(answers.every((p) => p.flags === 'SA' && p.seq === 0 && p.ack === 1))
  ep.advance(70_000)
  assert.notEqual(ep.state, 'SYN-RECEIVED')
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('RFC 9293 3.10.8: the user timeout ends the connection, with a reset in case the other side hears', () => {
  const ep = established({ peer: { mss: MSS }, userTimeoutMs: 5000 })
  ep.send(MSS)
  ep.takeSent()
  ep.advance(4999)
  assert.equal(ep.state, 'ESTABLISHED')
  ep.takeSent()
  ep.advance(1)
  assert.equal(isClosed(ep), true)
  assert.equal(ep.connection.closeReason, 'user-timeout')
  assert.deepEqual(ep.takeEvents().includes('gone'), true)
  ep.expect({ flags: 'R', seq: 1001 })
})

test('RFC 9293 3.10.8: an acknowledgment starts the user timeout over; without data it does not run', () => {
  const ep = established({ peer: { mss: MSS }, userTimeoutMs: 5000 })
  ep.advance(1_000_000)
  ep.send(2 * MSS)
  ep.advance(4000)
  ep.inject({ ack: 1001 })
  ep.advance(4000)
  assert.equal(ep.state, 'ESTABLISHED')
  ep.inject()
  ep.advance(1_000_000)
  assert.equal(ep.state, 'ESTABLISHED')
})

test('RFC 9293 3.10.8: it covers the handshake as well', () => {
  const ep = new Endpoint({ userTimeoutMs: 5000 })
  ep.connect()
  ep.advance(5000)
  assert.equal(isClosed(ep), true)
  assert.equal(ep.connection.closeReason, 'user-timeout')
})

test('by default there is no user timeout: R2 alone decides', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send(MSS)
  assert.equal(ep.tcb.timers.user, Infinity)
})
