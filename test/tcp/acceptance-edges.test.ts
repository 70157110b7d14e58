/** First, second and fourth step of SEGMENT ARRIVES at their edges: what else a refused segment must not do. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, established } from './endpoint.ts'
import { EDGE, reach } from './states.ts'

/** FIN-WAIT-1 with a window that is full. */
function closedWindow(): Endpoint {
  const { ep, next } = reach('ESTABLISHED')
  ep.inject({ seq: next, text: EDGE - next })
  ep.close()
  ep.takeSent()
  assert.equal(ep.state, 'FIN-WAIT-1')
  return ep
}

test('RFC 9293 table 6: with the window closed an acknowledgment at RCV.NXT is in order, and needs no answer', () => {
  const ep = closedWindow()
  ep.inject({ seq: EDGE, ack: 1 }).expectNothing()
  assert.equal(ep.tcb.drops, 0)
})

test('MUST-66: with the window closed text and FIN at RCV.NXT are refused, their acknowledgment counts', () => {
  for (const arriving of [{ text: 1 }, { flags: 'FA' }]) {
    const ep = closedWindow()
    ep.inject({ ...arriving, seq: EDGE, ack: 2 }).expect({ flags: 'A', ack: EDGE })
    assert.equal(ep.state, 'FIN-WAIT-2')
    assert.deepEqual([ep.tcb.drops, ep.tcb.lastDrop], [1, 'beyond-window'])
    assert.equal(ep.connection.readable, EDGE - 1 - 20)
  }
})

test('with the window closed text from before it is refused as a whole, whatever it reaches over', () => {
  const ep = closedWindow()
  ep.inject({ seq: EDGE - 5, ack: 1, text: 10 }).expect({ flags: 'A', ack: EDGE })
  assert.deepEqual([ep.tcb.drops, ep.tcb.lastDrop], [1, 'out-of-window'])
})

test('an old FIN starts no final wait outside of TIME-WAIT, and in TIME-WAIT only a FIN starts it again', () => {
  const { ep, una } = reach('ESTABLISHED')
  ep.inject({ flags: 'FA', seq: 5, ack: una }).expect({ flags: 'A' })
  assert.equal(ep.reasons.at(-1), 'unacceptable-ack')
  assert.equal(ep.tcb.timers.finalWait, Infinity)
  const waiting = reach('TIME-WAIT').ep
  const { finalWait } = waiting.tcb.timers
  waiting.advance(100).inject({ seq: 5, text: 3 }).expect({ flags: 'A' })
  assert.equal(waiting.tcb.timers.finalWait, finalWait)
  waiting.inject({ flags: 'FA', seq: 5 }).expect({ flags: 'A' })
  assert.equal(waiting.tcb.timers.finalWait, finalWait + 100_000)
})

test('RFC 5961 4.2: a SYN is challenged as such wherever it stands, text and FIN are answered without limit', () => {
  const ep = reach('ESTABLISHED', { challengeAckLimit: 1 }).ep
  ep.inject({ flags: 'S', seq: 50_000 }).expect({ flags: 'A' })
  assert.equal(ep.reasons.at(-1), 'challenge-syn')
  ep.inject({ flags: 'S', seq: 50_000 }).expectNothing()
  ep.inject({ seq: 50_000 }).expectNothing()
  for (let i = 0; i < 3; i++) ep.inject({ seq: 50_000, text: 1 }).expect({ flags: 'A' })
})

test('RFC 7323 5.3 (R1): text that PAWS refuses is answered without limit, a bare acknowledgment with', () => {
  const ep = established({ timestamps: true, challengeAckLimit: 1, peer: { ts: [1000, 0] } })
  for (let i = 0; i < 3; i++) ep.inject({ seq: 1, text: 1, ts: [999, 0] }).expect({ flags: 'A' })
  ep.inject({ seq: 1, ts: [999, 0] }).expect({ flags: 'A' })
  ep.inject({ seq: 1, ts: [999, 0] }).expectNothing()
  assert.equal(ep.connection.readable, 0)
})

test('RFC 7323 5.5 (a): at 24 days exactly TS.Recent still holds, a microsecond later it does not', () => {
  const lifetimeUs = 24 * 24 * 3600 * 1e6
  for (const [overUs, taken] of [
    [0, 0],
    [1, 1],
  ] as const) {
    const ep = established({ timestamps: true, peer: { ts: [1000, 0] } })
    ep.clock.now = ep.tcb.tsRecentAt + lifetimeUs + overUs
    ep.inject({ seq: 1, text: 1, ts: [999, 0] })
    assert.equal(ep.connection.readable, taken)
  }
})

test('RFC 9293 figure 7: the SYN-ACK of a simultaneous open brings its text; with another acknowledgment it does not open', () => {
  const open = reach('SYN-RECEIVED', { active: true }).ep
  open.inject({ flags: 'SA', seq: 0, ack: 1, text: 'hi' })
  assert.equal(open.state, 'ESTABLISHED')
  assert.equal(open.receiveText(), 'hi')
  const other = reach('SYN-RECEIVED', { active: true }).ep
  other.inject({ flags: 'SA', seq: 0, ack: 2 }).expect({ flags: 'SA', seq: 0, ack: 1 })
  assert.equal(other.state, 'SYN-RECEIVED')
})

test('a SYN that comes again with RST is not answered and opens nothing', () => {
  for (const active of [true, false]) {
    for (const flags of ['SR', 'SRA']) {
      const { ep } = reach('SYN-RECEIVED', { active })
      ep.inject({ flags, seq: 0, ack: 1 }).expectNothing()
      assert.equal(ep.state, 'SYN-RECEIVED')
    }
  }
})

test('SHLD-2, RFC 5961: what a reset or a SYN carries besides is not taken', () => {
  const ep = established()
  ep.inject({ flags: 'RA', seq: 5, text: 3 }).expect({ flags: 'A', ack: 1 })
  ep.inject({ flags: 'SA', seq: 1, text: 3 }).expect({ flags: 'A', ack: 1 })
  assert.equal(ep.connection.readable, 0)
  const opening = reach('SYN-RECEIVED').ep
  opening.inject({ flags: 'SA', seq: 1, ack: 1, text: 3 }).expectNothing()
  assert.equal(opening.state, 'LISTEN')
  assert.equal(opening.connection.readable, 0)
})

test('RFC 7323 5.5 (a): the age of TS.Recent counts from when it was taken', () => {
  const day = 24 * 3600 * 1000
  const ep = established({ timestamps: true, peer: { ts: [1000, 0] } }).advance(20 * day)
  ep.inject({ seq: 1, text: 1, ts: [1001, 0] }).advance(10 * day)
  ep.takeSent()
  ep.inject({ seq: 2, text: 1, ts: [1000, 0] }).expect({ flags: 'A', ack: 2 })
  assert.equal(ep.tcb.lastDrop, 'paws')
})

test('RFC 7323 5.5 (a): a timestamp taken after that long is TS.Recent, though it is less', () => {
  const ep = established({ timestamps: true, peer: { ts: [1000, 0] } }).advance(25 * 24 * 3600 * 1000)
  ep.inject({ seq: 1, text: 1, ts: [900, 0] })
  assert.equal(ep.tcb.tsRecent, 900)
})

test('RFC 7323 3.2 (h): a segment without the option, where that is tolerated, leaves TS.Recent as it was', () => {
  const ep = established({ timestamps: true, toleratesMissingTimestamps: true, peer: { ts: [-5000, 0] } })
  ep.inject({ seq: 1, text: 1 }).advance(100)
  assert.deepEqual(ep.expect({ flags: 'A', ack: 2 }).ts?.[1], -5000)
})

test('a reset that is taken ends the connection and is no drop; nothing else of it counts', () => {
  for (const flags of ['R', 'RA']) {
    const { ep, next } = reach('ESTABLISHED')
    ep.send(5)
    ep.inject({ flags, seq: next, ack: 6 })
    assert.deepEqual([ep.state, ep.tcb.drops, ep.tcb.counts.octetsAcknowledged], ['CLOSED', 0, 0])
  }
})

test('RFC 5961 4.2 (a): a SYN in the window of a passive SYN-RECEIVED goes back to LISTEN, and is no drop', () => {
  const { ep } = reach('SYN-RECEIVED')
  ep.inject({ flags: 'S', seq: 1 }).expectNothing()
  assert.deepEqual([ep.state, ep.tcb.drops], ['LISTEN', 0])
})
