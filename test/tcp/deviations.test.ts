/** Where one connection departs from the RFCs on purpose: the register is docs/deviations.md, row by row. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { received } from '../../src/tcp/user-calls.ts'
import { Endpoint, established } from './endpoint.ts'
import { reach } from './states.ts'

test('SHLD-8: ECN is neither offered nor accepted', () => {
  const active = new Endpoint()
  active.connect().expect({ flags: 'S', tos: 0 })
  active.inject({ flags: 'SAE', seq: 0, ack: 1, mss: 1460 }).expect({ flags: 'A', tos: 0 })
  const passive = new Endpoint().listen()
  passive.inject({ flags: 'SEC', seq: 0, mss: 1460 }).expect({ flags: 'SA', tos: 0 })
  passive.inject({ seq: 1, ack: 1 })
  passive.inject({ text: 1460, tos: 3 }).inject({ text: 1460, tos: 3 }).expect({ flags: 'A' })
  passive.send(1460)
  passive.expect({ flags: 'PA', tos: 0 })
  const { cwnd } = passive.tcb.congestion
  passive.inject({ flags: 'AE', ack: 1461 }).expectNothing()
  assert.ok(passive.tcb.congestion.cwnd >= cwnd, 'an echo of congestion means nothing')
})

test('RFC 9293 3.4.1: TIME-WAIT lasts one minute by default, and mslMs sets it', () => {
  assert.equal(DEFAULT_CONFIG.mslMs, 30_000)
  for (const [options, lastsMs] of [
    [{}, 60_000],
    [{ mslMs: 120_000 }, 240_000],
    [{ mslMs: 1 }, 2],
  ] as const) {
    const { ep } = reach('TIME-WAIT', options)
    ep.advance(lastsMs - 1)
    assert.equal(ep.state, 'TIME-WAIT')
    ep.advance(1)
    assert.equal(ep.state, 'CLOSED')
  }
})

test('RFC 9293 3.10.7.4: octets received before a reset stay readable', () => {
  for (const state of ['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2'] as const) {
    const { ep, next, una } = reach(state)
    ep.inject({ seq: next, ack: una, text: 'the answer' })
    ep.inject({ seq: next + 20, ack: una, text: 'behind a gap' })
    ep.inject({ flags: 'R', seq: next + 10 })
    assert.equal(ep.connection.closeReason, 'reset-by-peer', state)
    assert.equal(ep.connection.atEndOfStream, false)
    assert.equal(ep.receiveText(), 'the answer')
    assert.equal(ep.connection.atEndOfStream, true)
    assert.equal(ep.receive().length, 0)
  }
})

test('RFC 9293 3.10.4: a second CLOSE is refused', () => {
  for (const state of ['FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'] as const) {
    const { ep } = reach(state)
    assert.throws(() => ep.close(), { name: 'CallError', reason: 'connection-closing' }, state)
    ep.expectNothing()
    assert.equal(ep.state, state)
  }
  const waiting = reach('SYN-RECEIVED').ep
  waiting.send('queued')
  waiting.close()
  assert.throws(() => waiting.close(), { reason: 'connection-closing' })
})

test('RFC 9293 3.10.7.4: a SYN repeated in SYN-RECEIVED is answered by the SYN-ACK again', () => {
  for (const active of [false, true]) {
    const { ep } = reach('SYN-RECEIVED', { active })
    for (let i = 0; i < 3; i++) {
      ep.inject({ flags: 'S', seq: 0, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 1, mss: 1460 })
      ep.expectNothing()
    }
    assert.equal(ep.state, 'SYN-RECEIVED')
    ep.inject({ seq: 1, ack: 1 })
    assert.equal(ep.state, 'ESTABLISHED')
  }
})

test('RFC 9293 3.6: a released connection leaves FIN-WAIT-2 after finWait2Ms', () => {
  assert.equal(DEFAULT_CONFIG.finWait2Ms, 60_000)
  for (const [options, lastsMs] of [
    [{}, 60_000],
    [{ finWait2Ms: 1000 }, 1000],
  ] as const) {
    const { ep, nxt } = reach('FIN-WAIT-2', options)
    ep.advance(1_000_000)
    assert.equal(ep.state, 'FIN-WAIT-2', 'as long as it has an owner there is no limit')
    ep.release().advance(lastsMs - 1)
    assert.equal(ep.state, 'FIN-WAIT-2')
    ep.expectNothing()
    ep.advance(1).expect({ flags: 'R', seq: nxt })
    assert.equal(ep.connection.closeReason, 'fin-wait-2-timeout')
  }
})

test('RFC 9293 3.10.3: RECEIVE waits for nothing: it returns what is on hand, and no octets at the end', () => {
  const { ep, next } = reach('ESTABLISHED')
  assert.equal(ep.receive(100).length, 0, 'nothing is queued for later')
  ep.inject({ seq: next, ack: 1, text: 'some' })
  assert.equal(ep.receiveText(100), 'some', 'less than was asked for')
  assert.equal(received.push, false)
  for (const state of ['CLOSE-WAIT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'] as const) {
    const ended = reach(state).ep
    assert.equal(ended.receive(100).length, 0, `${state}: no error`)
    assert.equal(ended.connection.atEndOfStream, true)
  }
  const aborted = reach('ESTABLISHED').ep.abort()
  assert.equal(aborted.receive(100).length, 0)
})

test('RFC 9293 3.10.2: SEND takes what there is room for and says how much that was', () => {
  const ep = established({ sendBufferBytes: 1000, peer: { win: 0 } })
  assert.equal(ep.send(1500), 1000, 'no error: insufficient resources')
  assert.equal(ep.send(1), 0)
  assert.equal(ep.connection.queued, 1000)
})

test('RFC 9293 3.10.7.4: an acknowledgment of new octets updates the window, whatever its SEG.SEQ', () => {
  const ep = established({ peer: { win: 4000, mss: 1000 } })
  ep.send(3000)
  ep.takeSent()
  // Text that overtakes sets SND.WL1 ahead of what the peer then sends again.
  ep.inject({ seq: 101, ack: 1, text: 100, win: 4000 })
  ep.inject({ seq: 1, ack: 3001, text: 100, win: 1000 })
  assert.equal(
    ep.tcb.snd.wnd,
    1000,
    'the right edge stays at 4001, where the old window would move it to 7001',
  )
  ep.inject({ seq: 1, ack: 3001, text: 100, win: 9000 })
  assert.equal(ep.tcb.snd.wnd, 1000, 'an old segment without news does not')
})

test('RFC 9293 A.2: an empty segment at the right edge of the window, or one octet beyond, is acceptable', () => {
  for (const [beyond, counts] of [
    [0, true],
    [1, true],
    [2, false],
  ] as const) {
    const ep = established({ receiveBufferBytes: 1000 })
    ep.send('x')
    ep.expect({ flags: 'PA', seq: 1 })
    ep.inject({ seq: 1001 + beyond, ack: 2 })
    assert.equal(ep.connection.queued, counts ? 0 : 1, `${beyond} beyond`)
    ep.inject({ flags: 'R', seq: 1001 + beyond, ack: 2 })
    assert.equal(ep.state, 'ESTABLISHED', 'a reset there is not')
  }
})

test('RFC 9293 3.10.8: who gives up on the other side sends it a reset', () => {
  const silent = established({ userTimeoutMs: 5000 })
  silent.send('x')
  silent.advance(4999).takeSent()
  silent.advance(1).expect({ flags: 'R', seq: 2 })
  assert.equal(silent.connection.closeReason, 'user-timeout')
  const dead = established({ keepAlive: true, keepAliveIdleMs: 1000, keepAliveProbes: 1 })
  dead.advance(1000).expect({ flags: 'A', seq: 0 })
  dead.advance(75_000).expect({ flags: 'R', seq: 1 })
  assert.equal(dead.connection.closeReason, 'keep-alive-timeout')
})
