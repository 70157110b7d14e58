/** The owner goes away: release, unread text, orphans (RFC 9293 3.6.1, MAY-1, SHLD-3); and TIME-WAIT giving way. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptsNewIncarnation } from '../../src/tcp/acceptance.ts'
import { Segment } from '../../src/wire/segment.ts'
import { type Endpoint, established } from './endpoint.ts'
import { pair, stream } from './pair.ts'
import { ALL_STATES, reach } from './states.ts'

const VERSIONS = [4, 6] as const

test('MAY-1: release closes and the rest goes as after CLOSE', () => {
  const p = pair().open()
  p.a.send('good bye')
  p.a.release()
  p.run(100)
  assert.equal(p.b.receiveText(), 'good bye')
  assert.equal(p.states, 'FIN-WAIT-2 CLOSE-WAIT')
  p.b.close()
  p.run(100)
  assert.equal(p.states, 'TIME-WAIT CLOSED')
  assert.equal(p.b.connection.closeReason, 'closed-normally')
})

for (const version of VERSIONS) {
  test(`SHLD-3: release with unread text sends a reset, IPv${version}`, () => {
    for (const state of ['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2'] as const) {
      const { ep, next, una, nxt } = reach(state, { version })
      ep.inject({ flags: 'PA', seq: next, ack: una, text: 'unread' })
      ep.release().expect({ flags: 'R', seq: nxt, length: 0 })
      assert.equal(ep.state, 'CLOSED')
      assert.equal(ep.connection.closeReason, 'unread-data')
      ep.expectNothing()
    }
  })
}

test('SHLD-3: release in CLOSE-WAIT with unread text sends a reset', () => {
  const ep = established()
  ep.inject({ flags: 'FPA', seq: 1, ack: 1, text: 'unread' }).takeSent()
  ep.release().expect({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'CLOSED')
})

test('SHLD-3: release in SYN-RECEIVED with text that came on the SYN sends a reset', () => {
  const { ep } = reach('LISTEN')
  ep.inject({ flags: 'S', seq: 0, text: 'unread' }).expect({ flags: 'SA', ack: 7 })
  ep.release().expect({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'CLOSED')
})

test('SHLD-3: text that arrives after release is answered with a reset', () => {
  for (const state of ['FIN-WAIT-1', 'FIN-WAIT-2'] as const) {
    const { ep, next, una, nxt } = reach(state)
    ep.release().expectNothing()
    ep.inject({ seq: next, ack: una, text: 'too late' }).expect({ flags: 'R', seq: nxt })
    assert.equal(ep.state, 'CLOSED')
    assert.equal(ep.connection.closeReason, 'unread-data')
  }
})

test('SHLD-3: text behind a gap after release is new text as well', () => {
  const { ep, next, una } = reach('FIN-WAIT-2')
  ep.release()
  ep.inject({ seq: next + 10, ack: una, text: 'too late' }).expect({ flags: 'R' })
})

test('text that was read before the release and comes again is no reason for a reset', () => {
  const { ep, next, nxt } = reach('FIN-WAIT-2')
  ep.release()
  ep.inject({ flags: 'FPA', seq: next - 10, ack: nxt, text: 10 }).expect({
    flags: 'A',
    seq: nxt,
    ack: next + 1,
  })
  assert.equal(ep.state, 'TIME-WAIT')
})

test('text that comes again alone after the release is acknowledged', () => {
  const { ep, next, nxt } = reach('FIN-WAIT-2')
  ep.release()
  ep.inject({ seq: next - 10, ack: nxt, text: 10 }).expect({ flags: 'A', seq: nxt, ack: next })
  assert.equal(ep.state, 'FIN-WAIT-2')
})

test('without release the side that closed keeps reading: no reset, no limit to FIN-WAIT-2', () => {
  const { ep, next, nxt } = reach('FIN-WAIT-2')
  assert.equal(ep.untilTimeoutMs, Infinity)
  ep.advance(24 * 3600 * 1000)
  ep.inject({ seq: next, ack: nxt, text: 'much later' })
  assert.equal(ep.receiveText(), 'much later')
})

test('an orphan waits in FIN-WAIT-2 for the configured time and then resets', () => {
  const early = reach('FIN-WAIT-1', { finWait2Ms: 5000 }).ep
  early.release().inject({ seq: 21, ack: 2 })
  const late = reach('FIN-WAIT-2', { finWait2Ms: 5000 }).ep
  late.release()
  for (const ep of [early, late]) {
    assert.equal(ep.state, 'FIN-WAIT-2')
    ep.advance(4999).expectNothing()
    ep.advance(1).expect({ flags: 'R', seq: 2 })
    assert.equal(ep.connection.closeReason, 'fin-wait-2-timeout')
  }
})

test('an orphan whose peer closes in time ends in TIME-WAIT, without the limit', () => {
  const { ep, next, nxt } = reach('FIN-WAIT-2', { finWait2Ms: 5000 })
  ep.release().advance(4000)
  ep.inject({ flags: 'FA', seq: next, ack: nxt }).expect({ flags: 'A', ack: next + 1 })
  ep.advance(30_000)
  assert.equal(ep.state, 'TIME-WAIT')
})

test('release in any state needs no second call, and a second one changes nothing', () => {
  for (const state of ALL_STATES) {
    const { ep } = reach(state)
    ep.release()
    const after = ep.state
    ep.takeSent()
    ep.release().expectNothing()
    assert.equal(ep.state, after)
  }
})

test('release while text waits in SYN-RECEIVED: it is delivered, then FIN', () => {
  const p = pair()
  p.b.listen()
  p.a.connect()
  p.until(() => p.b.state === 'SYN-RECEIVED')
  p.b.send('greeting')
  p.b.release()
  p.until(() => p.a.connection.readable === 8)
  assert.equal(p.a.receiveText(), 'greeting')
  p.until(() => p.a.connection.atEndOfStream)
  p.a.close()
  p.until(() => p.states === 'CLOSED TIME-WAIT')
})

for (const side of ['passive', 'active'] as const) {
  test(`3.10.4: CLOSE with queued octets in SYN-RECEIVED waits for ESTABLISHED, ${side} side`, () => {
    const { ep } = reach('SYN-RECEIVED', { active: side === 'active' })
    ep.send('queued')
    ep.close().expectNothing()
    assert.equal(ep.state, 'SYN-RECEIVED')
    ep.inject({ seq: 1, ack: 1 }).expect({ flags: 'FPA', seq: 1, text: 'queued' })
    assert.equal(ep.state, 'FIN-WAIT-1')
    ep.inject({ seq: 1, ack: 8 })
    assert.equal(ep.state, 'FIN-WAIT-2')
    ep.inject({ flags: 'FA', seq: 1, ack: 8 }).expect({ flags: 'A', ack: 2 })
    assert.equal(ep.state, 'TIME-WAIT')
  })

  test(`3.10.4: CLOSE without queued octets in SYN-RECEIVED sends FIN at once, ${side} side`, () => {
    const { ep } = reach('SYN-RECEIVED', { active: side === 'active' })
    ep.close().expect({ flags: 'FA', seq: 1, ack: 1 })
    assert.equal(ep.state, 'FIN-WAIT-1')
    ep.advance(1000).expect({ flags: 'SA', seq: 0, ack: 1 })
    ep.inject({ seq: 1, ack: 2 })
    assert.equal(ep.state, 'FIN-WAIT-2')
  })
}

test('FIN-WAIT-1 before our SYN is acknowledged: an old acknowledgment opens no window', () => {
  const { ep } = reach('LISTEN')
  ep.inject({ flags: 'S', seq: 0, win: 0 }).expect({ flags: 'SA' })
  ep.close().takeSent()
  for (let i = 0; i < 5; i++) ep.inject({ seq: 1, ack: 0, win: 1000 })
  assert.ok(ep.takeSent().every((s) => s.flags === 'A'))
  ep.inject({ seq: 1, ack: 1, win: 1000 })
  ep.advance(3000)
  assert.equal(ep.takeSent().at(-1)?.flags, 'FA')
  ep.inject({ seq: 1, ack: 2 })
  assert.equal(ep.state, 'FIN-WAIT-2')
})

test('CLOSE in SYN-RECEIVED with all that it sends lost once: the connection still ends well', () => {
  for (let lost = 1; lost <= 6; lost++) {
    for (const side of ['a', 'b'] as const) {
      const p = pair().drop(side, lost)
      p.b.listen()
      p.a.connect()
      p.until(() => p.b.state === 'SYN-RECEIVED', 60_000)
      p.b.close()
      p.until(() => p.a.state === 'CLOSE-WAIT', 60_000)
      p.a.close()
      p.until(() => p.states === 'CLOSED TIME-WAIT', 60_000)
    }
  }
})

test('ABORT tells the other side, whatever is still on its way', () => {
  const p = pair().open()
  p.a.send(stream(50_000))
  p.run(15)
  p.a.abort()
  p.until(() => p.b.state === 'CLOSED', 5000)
  assert.equal(p.b.connection.closeReason, 'reset-by-peer')
})

// ---- TIME-WAIT gives way

function syn(ep: Endpoint, seq: number, tsVal?: number, flags = 2): Segment {
  const seg = new Segment()
  seg.flags = flags
  seg.seq = (ep.irs + seq) | 0
  seg.hasTimestamps = tsVal !== undefined
  seg.tsVal = tsVal ?? 0
  return seg
}

test('MAY-2, RFC 6191 2 (e): without timestamps a SYN beyond all that was received may take over from TIME-WAIT', () => {
  const { ep, next } = reach('TIME-WAIT')
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, next + 1)), true)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, next + 0x7fff0000)), true)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, next)), false)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, 0)), false)
})

test('MAY-2: nothing but a bare SYN takes over, and from no other state', () => {
  const { ep, next } = reach('TIME-WAIT')
  for (const flags of [0, 1, 3, 4, 6, 16, 18]) {
    assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, next + 9, undefined, flags)), false, `flags ${flags}`)
  }
  for (const state of ALL_STATES.slice(0, -1)) {
    const other = reach(state).ep
    assert.equal(acceptsNewIncarnation(other.tcb, syn(other, 900)), false, state)
  }
})

test('SHLD-4, RFC 6191 2 (a, b, c): with timestamps the later one decides, and the number where they are equal', () => {
  const ep = established({ timestamps: true, peer: { ts: [1000, 0] } })
  ep.close().expect({ flags: 'FA' })
  ep.inject({ flags: 'FA', seq: 1, ack: 2, ts: [1000, 0] }).expect({ flags: 'A', ack: 2 })
  assert.equal(ep.state, 'TIME-WAIT')
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, -5000, 1001)), true)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, 5000, 999)), false)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, 5000, 1000)), true)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, -5000, 1000)), false)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, 5000)), true)
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, -5000)), false)
})

test('SHLD-4, RFC 6191 2 (d): where only the new incarnation has timestamps it may take over', () => {
  const { ep } = reach('TIME-WAIT', { timestamps: true })
  assert.equal(acceptsNewIncarnation(ep.tcb, syn(ep, -5000, 1)), true)
  const without = reach('TIME-WAIT').ep
  assert.equal(acceptsNewIncarnation(without.tcb, syn(without, -5000, 1)), false)
})

test('MAY-2, RFC 6191 2 (f): a SYN that may not take over is acknowledged, and TIME-WAIT stays', () => {
  const { ep, next, nxt } = reach('TIME-WAIT')
  ep.inject({ flags: 'S', seq: next - 5 }).expect({ flags: 'A', seq: nxt, ack: next })
  assert.equal(ep.state, 'TIME-WAIT')
})
