/** What starts the timers of data that wait to be sent, and what does not start them over. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { established } from './endpoint.ts'

const peer = { mss: 1000 }
const lengths = (ep: ReturnType<typeof established>) => ep.takeSent().map(({ length }) => length)

describe('the window is closed', () => {
  test('SHLD-29: the first probe goes one RTO after data began to wait, whatever arrives meanwhile', () => {
    const ep = established({ peer })
    ep.inject({ win: 0 })
    ep.send(50)
    const rtoMs = ep.tcb.rtt.rtoUs / 1000
    ep.advance(rtoMs - 1).expectNothing()
    ep.inject({ win: 0 }).expectNothing()
    ep.advance(1).expect({ seq: 1, length: 1 })
  })

  test('R2 of probes without text counts from when data began to wait, not from when the window closed', () => {
    const ep = established({ peer, probesWithText: false, r2Ms: 100_000 })
    ep.inject({ win: 0 }).advance(90_000)
    ep.send(50)
    ep.advance(60_000)
    assert.equal(ep.state, 'ESTABLISHED')
    ep.advance(100_000)
    assert.equal(ep.connection.closeReason, 'retransmission-limit')
  })

  test('SHLD-16, RFC 7323 2.4 (4): opened by less than a segment, what was sent before goes again all the same', () => {
    const ep = established({ peer })
    ep.send(1000)
    ep.inject({ ack: 1, win: 0 }).takeSent()
    ep.inject({ ack: 1, win: 500 }).expect({ seq: 1, length: 1000 })
  })

  test('opened, it is filled to its edge with what was sent before', () => {
    const ep = established({ peer })
    ep.send(3000)
    ep.inject({ ack: 1, win: 0 }).takeSent()
    ep.inject({ ack: 1, win: 2000 })
    assert.deepEqual(lengths(ep), [1000, 1000])
    ep.inject({ ack: 1, win: 2999 }).expectNothing()
    ep.inject({ ack: 1, win: 3000 })
    assert.deepEqual(lengths(ep), [1000])
  })
})

describe('the override timer', () => {
  test('MUST-38: it counts from the first octets that wait, not from the last', () => {
    const ep = established({ peer })
    ep.send(10, { push: false })
    ep.advance(150)
    ep.send(10, { push: false })
    ep.advance(49).expectNothing()
    ep.advance(1).expect({ length: 20 })
  })

  test('a full segment that goes when it expires goes as new data', () => {
    const ep = established({ peer })
    ep.send(40, { push: false })
    ep.clock.now = ep.connection.pollTimeout()
    ep.connection.handleTimeout()
    const before = ep.reasons.length
    ep.send(960, { push: false })
    assert.deepEqual(ep.reasons.slice(before), ['new-data'])
  })
})

describe('after a timeout (RFC 5681 3.1)', () => {
  test('one segment goes, then as many as cwnd allows, wherever the numbers stand', () => {
    for (const iss of [-1_000_000, -16, 1_000_000]) {
      const ep = established({ peer, iss })
      ep.send(5000)
      ep.takeSent()
      ep.advance(ep.tcb.rtt.rtoUs / 1000)
      assert.deepEqual(lengths(ep), [1000])
      ep.inject({ ack: 1001 })
      assert.deepEqual(lengths(ep), [1000, 1000])
    }
  })

  test('what a partial acknowledgment sends again, loss recovery does not begin again with', () => {
    const ep = established({ peer })
    ep.send(10_000)
    ep.takeSent()
    for (let i = 0; i < 3; i++) ep.inject({ ack: 1 })
    ep.expect({ seq: 1, length: 1000 })
    // The window closes and opens: all that is outstanding goes again, as far as the halved cwnd allows.
    ep.inject({ ack: 1, win: 0 }).inject({ ack: 1, win: 60_000 })
    assert.deepEqual(
      ep.takeSent().map(({ seq }) => seq),
      [1, 1001, 2001, 3001, 4001],
    )
    ep.inject({ ack: 1001 })
    const again = ep.takeSent().map(({ seq }) => seq)
    assert.equal(again[0], 1001)
    assert.deepEqual(again.slice(1), [5001])
  })

  test('RFC 7323 4: a round trip counts from when the front was last sent, not what is behind it', () => {
    const ep = established({ peer: { ...peer, ts: [5, 0] }, timestamps: true, nagle: false })
    for (let i = 0; i < 2; i++) ep.send(400, { endOfRecord: true })
    ep.takeSent()
    ep.inject({ ack: 1, win: 400, ts: [6, 0] })
    ep.advance(ep.tcb.rtt.rtoUs / 1000)
    const front = ep.expect({ seq: 1, length: 400 })
    ep.expectNothing().advance(50)
    ep.inject({ ack: 1, win: 2000, ts: [7, 0] }).expect({ seq: 401, length: 400 })
    ep.advance(10)
    const before = ep.tcb.rtt.srttUs
    ep.inject({ ack: 401, ts: [8, front.ts?.[0] ?? 0] })
    assert.equal(ep.tcb.rtt.srttUs, before + (60_000 - before) / 8)
  })
})

describe('RFC 5681 4.1: nobody is idle', () => {
  /** A connection whose cwnd has grown beyond the initial window. */
  function grown(options: Parameters<typeof established>[0] = {}) {
    const ep = established({ peer, nagle: false, ...options })
    ep.advance(5000)
    ep.send(20_000)
    ep.inject({ ack: 10_001 }).inject({ ack: 20_001 })
    assert.ok(ep.tcb.congestion.cwnd > 10_000)
    return { ep, cwnd: ep.tcb.congestion.cwnd }
  }

  test('as long as nothing is to be sent: the window falls when sending begins again', () => {
    const { ep, cwnd } = grown()
    ep.advance(10_000).inject({ text: 10 })
    assert.equal(ep.tcb.congestion.cwnd, cwnd)
    ep.send(10)
    assert.equal(ep.tcb.congestion.cwnd, 10_000)
  })

  test('while something is outstanding, though nothing was sent for longer than the RTO', () => {
    const { ep, cwnd } = grown()
    const first = ep.sentNext
    ep.send(3000)
    ep.advance(1).inject({ ack: first + 1000 })
    ep.advance(150).inject({ ack: first + 2000 })
    ep.advance(150)
    assert.ok(ep.clock.now - ep.tcb.lastSentAt > ep.tcb.rtt.rtoUs)
    ep.send(10)
    assert.equal(ep.tcb.totalRetransmissions, 0)
    assert.equal(ep.tcb.congestion.cwnd, cwnd)
  })

  test('who sent within the RTO, however late it is', () => {
    const { ep, cwnd } = grown()
    ep.advance(ep.tcb.rtt.rtoUs / 1000)
    ep.send(10)
    assert.equal(ep.tcb.congestion.cwnd, cwnd)
  })

  test('where restartAfterIdle is off', () => {
    const { ep, cwnd } = grown({ restartAfterIdle: false })
    ep.advance(10_000)
    ep.send(10)
    assert.equal(ep.tcb.congestion.cwnd, cwnd)
  })
})
