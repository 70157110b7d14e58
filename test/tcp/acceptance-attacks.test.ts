/** RFC 5961: blind resets, SYNs and text are challenged, and challenges are limited; acknowledgments out of range. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, established } from './endpoint.ts'
import { pair, stream } from './pair.ts'
import { EDGE, reach } from './states.ts'

const VERSIONS = [4, 6] as const
const SYNCHRONIZED = ['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSE-WAIT', 'CLOSING', 'LAST-ACK'] as const

for (const version of VERSIONS) {
  test(`RFC 5961 3.2 (2, 3): a reset counts at RCV.NXT alone; elsewhere in the window it is challenged, IPv${version}`, () => {
    for (const state of SYNCHRONIZED) {
      for (const backwards of [false, true]) {
        const { ep, next, nxt } = reach(state, { version })
        const places = [next + 1, next + 500, EDGE - 1]
        for (const seq of backwards ? places.reverse() : places) {
          ep.inject({ flags: 'R', seq }).expect({ flags: 'A', seq: nxt, ack: next, length: 0 })
        }
        assert.equal(ep.state, state)
        ep.inject({ flags: 'R', seq: next })
        assert.equal(ep.state, 'CLOSED')
      }
    }
  })

  test(`RFC 5961 3.2 (1): a reset outside of the window is dropped silently, IPv${version}`, () => {
    for (const state of SYNCHRONIZED) {
      const { ep, next } = reach(state, { version })
      for (const seq of [next - 1, next - 1000, EDGE, EDGE + 1, EDGE + 100_000]) {
        ep.inject({ flags: 'R', seq }).expectNothing()
      }
      assert.equal(ep.state, state)
    }
  })

  test(`RFC 5961 4.2 (1, a): a SYN is challenged wherever it stands and never resets, IPv${version}`, () => {
    for (const state of SYNCHRONIZED) {
      const { ep, next, nxt } = reach(state, { version })
      for (const seq of [0, next - 1, next, next + 50, EDGE + 70_000]) {
        ep.inject({ flags: 'S', seq }).expect({ flags: 'A', seq: nxt, ack: next, length: 0 })
      }
      assert.equal(ep.state, state)
    }
  })
}

test('RFC 5961 4.2 (b): the peer that lost its memory answers the challenge with a reset that counts', () => {
  const { ep, next } = reach('ESTABLISHED')
  ep.inject({ flags: 'S', seq: next + 50 }).expect({ flags: 'A', ack: next })
  ep.inject({ flags: 'R', seq: next })
  assert.equal(ep.connection.closeReason, 'reset-by-peer')
})

// ---- MAY-12: acknowledgments

test('MAY-12: RFC 5961 5.2 (b): SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT, else a challenge and the text is dropped', () => {
  for (const [ack, wanted] of [
    [1, true],
    [-999, true],
    [-1000, false],
    [11, true],
    [12, false],
    [100_000, false],
    [-100_000, false],
  ] as const) {
    const ep = established({ peer: { win: 1000 } })
    ep.send(10)
    ep.expect({ seq: 1, length: 10 })
    ep.inject({ seq: 1, ack, text: 'text', win: 500 })
    assert.equal(ep.connection.readable, wanted ? 4 : 0, `ack ${ack}`)
    if (!wanted) ep.expect({ flags: 'A', seq: 11, ack: 1 })
  }
})

test('an old acknowledgment is no reason to drop its text, and takes nothing from what was acknowledged', () => {
  const ep = established()
  ep.send(100)
  ep.takeSent()
  ep.inject({ ack: 101 })
  ep.inject({ seq: 1, ack: 51, text: 'late' })
  assert.equal(ep.connection.queued, 0)
  assert.equal(ep.receiveText(), 'late')
})

test('3.10.7.4: an acknowledgment below SND.UNA does not update the send window', () => {
  const ep = established({ peer: { win: 1000 } })
  ep.send(1000)
  ep.takeSent()
  ep.inject({ seq: 1, ack: 501, win: 500 })
  ep.inject({ seq: 3, ack: 201, win: 800, text: 'x' })
  assert.equal(ep.tcb.snd.wnd, 500)
})

test('3.10.7.4: a segment older than the one that gave the window does not change it', () => {
  const ep = established({ peer: { win: 1000 } })
  ep.inject({ seq: 5, ack: 1, text: 'late', win: 2000 })
  ep.inject({ seq: 1, ack: 1, text: 'earl', win: 100 })
  assert.equal(ep.tcb.snd.wnd, 2000)
})

test('an acknowledgment of what was never sent, with the window of a liar, changes nothing', () => {
  const ep = established({ peer: { win: 1000 } })
  ep.inject({ ack: 2, win: 9 }).expect({ flags: 'A', seq: 1, ack: 1 })
  assert.equal(ep.tcb.snd.wnd, 1000)
  ep.send(10)
  ep.expect({ seq: 1, length: 10 })
})

// ---- RFC 5961 7: the limit

const CHALLENGED: Record<string, (ep: Endpoint) => unknown> = {
  'resets in the window': (ep) => ep.inject({ flags: 'R', seq: 40 }),
  'SYNs in the window': (ep) => ep.inject({ flags: 'S', seq: 40 }),
  'SYNs outside of the window': (ep) => ep.inject({ flags: 'S', seq: -4000 }),
  'SYN-ACKs of the handshake': (ep) => ep.inject({ flags: 'SA', seq: 0, ack: 1 }),
  'empty segments outside of the window': (ep) => ep.inject({ seq: -5, ack: 1 }),
  'acknowledgments of the future': (ep) => ep.inject({ seq: 21, ack: 5000 }),
  'acknowledgments of long ago': (ep) => ep.inject({ seq: 21, ack: -80_000 }),
}

for (const [name, provoke] of Object.entries(CHALLENGED)) {
  test(`RFC 5961 7 (a): ${name} draw ten acknowledgments in five seconds and no more`, () => {
    const { ep } = reach('ESTABLISHED')
    ep.advance(10_000)
    for (let i = 0; i < 100; i++) provoke(ep)
    assert.equal(ep.takeSent().length, 10)
    ep.advance(4999)
    provoke(ep)
    ep.expectNothing()
    ep.advance(1)
    for (let i = 0; i < 100; i++) provoke(ep)
    assert.equal(ep.takeSent().length, 10)
    assert.equal(ep.state, 'ESTABLISHED')
  })
}

test('RFC 5961 7 (b): the limit is configurable', () => {
  const { ep } = reach('ESTABLISHED', { challengeAckLimit: 3, challengeAckIntervalMs: 100 })
  ep.advance(1000)
  for (let i = 0; i < 9; i++) ep.inject({ flags: 'R', seq: 40 })
  assert.equal(ep.takeSent().length, 3)
  ep.advance(100).inject({ flags: 'R', seq: 40 }).expect({ flags: 'A' })
})

test('RFC 5961 7: text outside of the window is answered each time: its sender paces it', () => {
  const { ep } = reach('ESTABLISHED')
  for (let i = 0; i < 30; i++) ep.inject({ seq: 1, ack: 1, text: 20 })
  assert.equal(ep.takeSent().length, 30)
})

for (const version of VERSIONS) {
  test(`no storm between two endpoints that disagree about all numbers, IPv${version}`, () => {
    const p = pair({ version, delayMs: 1 }).open()
    const confused = established({ version, clock: p.clock, iss: 0x33333333, irs: 0x22222222 })
    p.replaceA(confused)
    p.a.send('hello?')
    p.b.send('who is there?')
    p.run(60_000)
    const total = p.packets.a + p.packets.b
    assert.ok(total < 400, `${total} packets in a minute`)
    assert.equal(p.states, 'ESTABLISHED ESTABLISHED')
  })

  test(`no storm where only one side is confused, and it ends at its limit, IPv${version}`, () => {
    const p = pair({ version, delayMs: 1 }).open()
    p.replaceA(established({ version, clock: p.clock, iss: 0x33333333, irs: -300 }))
    p.b.send(stream(20_000))
    p.run(400_000)
    assert.equal(p.b.state, 'CLOSED')
    assert.ok(p.packets.a + p.packets.b < 2500, `${p.packets.a + p.packets.b} packets`)
  })
}

test('no storm between two sides in TIME-WAIT whose last segments come late and twice', () => {
  const p = pair({
    delayMs: 1,
    fate: (_from, n) => ({ copies: n > 3 ? 3 : 0, holdMs: n > 3 ? 200 : 0 }),
  }).open()
  p.a.close()
  p.b.close()
  p.run(20_000)
  assert.equal(p.states, 'TIME-WAIT TIME-WAIT')
  assert.ok(p.packets.a + p.packets.b < 100, `${p.packets.a + p.packets.b} packets`)
})

test('RFC 5961 3.2 (a): in SYN-SENT a reset that does not acknowledge our SYN is dropped silently', () => {
  const { ep } = reach('SYN-SENT')
  const { nxt, iss } = { nxt: ep.sentNext, iss: 0 }
  ep.inject({ flags: 'R', seq: 0 }).expectNothing()
  for (const ack of [iss, nxt + 1, nxt - 5000]) ep.inject({ flags: 'RA', seq: 0, ack }).expectNothing()
  assert.equal(ep.state, 'SYN-SENT')
  ep.inject({ flags: 'RA', seq: 0, ack: nxt }).expectNothing()
  assert.equal(ep.state, 'CLOSED')
})
