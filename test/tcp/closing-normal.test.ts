/** Closing: normal, simultaneous, half-closed, with text and losses (RFC 9293 3.6, figures 12 and 13). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { established } from './endpoint.ts'
import { type PairOptions, pair, stream } from './pair.ts'
import { reach } from './states.ts'

const VERSIONS = [4, 6] as const
const MSL_MS = 30_000

for (const version of VERSIONS) {
  test(`RFC 9293 figure 12: normal close, the side that closes first, IPv${version}`, () => {
    const ep = established({ version })
    ep.close().expect({ flags: 'FA', seq: 1, ack: 1 })
    assert.equal(ep.state, 'FIN-WAIT-1')
    ep.inject({ seq: 1, ack: 2 }).expectNothing()
    assert.equal(ep.state, 'FIN-WAIT-2')
    ep.inject({ flags: 'FA', seq: 1, ack: 2 }).expect({ flags: 'A', seq: 2, ack: 2 })
    assert.equal(ep.state, 'TIME-WAIT')
    assert.equal(ep.connection.atEndOfStream, true)
    ep.advance(2 * MSL_MS - 1)
    assert.equal(ep.state, 'TIME-WAIT')
    ep.advance(1).expectNothing()
    assert.equal(ep.state, 'CLOSED')
    assert.equal(ep.connection.closeReason, 'closed-normally')
  })

  test(`RFC 9293 figure 12: normal close, the side that closes second, IPv${version}`, () => {
    const ep = established({ version })
    ep.inject({ flags: 'FA', seq: 1, ack: 1 }).expect({ flags: 'A', seq: 1, ack: 2 })
    assert.equal(ep.state, 'CLOSE-WAIT')
    assert.deepEqual(ep.takeEvents(), ['readable', 'peer-closed'])
    assert.equal(ep.connection.atEndOfStream, true)
    ep.close().expect({ flags: 'FA', seq: 1, ack: 2 })
    assert.equal(ep.state, 'LAST-ACK')
    ep.inject({ seq: 2, ack: 2 }).expectNothing()
    assert.equal(ep.state, 'CLOSED')
    assert.equal(ep.connection.closeReason, 'closed-normally')
    assert.equal(ep.untilTimeoutMs, Infinity)
  })

  test(`RFC 9293 figure 13: simultaneous close, IPv${version}`, () => {
    const p = pair({ version }).open()
    p.a.close()
    p.b.close()
    p.until(() => p.states === 'CLOSING CLOSING')
    p.until(() => p.states === 'TIME-WAIT TIME-WAIT')
    p.run(2 * MSL_MS)
    assert.equal(p.states, 'CLOSED CLOSED')
    assert.deepEqual([p.packets.a, p.packets.b, p.stackResets], [4, 3, 0])
  })
}

test('MUST-13: TIME-WAIT lasts twice the configured MSL', () => {
  const { ep } = reach('TIME-WAIT', { mslMs: 120_000 })
  assert.equal(ep.untilTimeoutMs, 240_000)
  ep.advance(239_999)
  assert.equal(ep.state, 'TIME-WAIT')
  ep.advance(1)
  assert.equal(ep.state, 'CLOSED')
})

test('MUST-13: a FIN that comes again is acknowledged and starts the 2MSL anew', () => {
  const { ep, next, nxt } = reach('TIME-WAIT')
  ep.advance(50_000)
  ep.inject({ flags: 'FA', seq: next - 1, ack: nxt }).expect({ flags: 'A', seq: nxt, ack: next })
  assert.equal(ep.untilTimeoutMs, 2 * MSL_MS)
})

test('RFC 1337 3 (F1): a reset does not end TIME-WAIT', () => {
  const { ep, next } = reach('TIME-WAIT')
  for (const seq of [next, next + 5, next - 1]) ep.inject({ flags: 'R', seq }).expectNothing()
  assert.equal(ep.state, 'TIME-WAIT')
  assert.equal(ep.untilTimeoutMs, 2 * MSL_MS)
})

test('RFC 1337: old text and old acknowledgments do not end TIME-WAIT', () => {
  const { ep, next, nxt } = reach('TIME-WAIT')
  ep.inject({ seq: 1, ack: 1, text: 20 }).expect({ flags: 'A', seq: nxt, ack: next })
  ep.inject({ seq: next, ack: nxt + 500 }).expect({ flags: 'A', seq: nxt, ack: next })
  assert.equal(ep.state, 'TIME-WAIT')
})

// ---- FIN with text, out of order, again

test('text in the FIN segment is delivered before the end', () => {
  const ep = established()
  ep.inject({ flags: 'FPA', seq: 1, ack: 1, text: 'last words' }).expect({ flags: 'A', ack: 12 })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.connection.atEndOfStream, false)
  assert.equal(ep.receiveText(), 'last words')
  assert.equal(ep.connection.atEndOfStream, true)
})

test('our FIN rides on the last text', () => {
  const ep = established()
  ep.inject({ win: 0 })
  ep.send('the end')
  ep.close()
  assert.equal(ep.state, 'FIN-WAIT-1')
  ep.inject({ win: 100 }).expect({ flags: 'FPA', seq: 1, text: 'the end' })
})

test('a FIN out of order waits for the text before it', () => {
  const ep = established()
  ep.inject({ flags: 'FA', seq: 11, ack: 1 }).expect({ flags: 'A', ack: 1 })
  assert.equal(ep.state, 'ESTABLISHED')
  assert.deepEqual(ep.takeEvents(), [])
  ep.inject({ seq: 1, ack: 1, text: '0123456789' }).expect({ flags: 'A', ack: 12 })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.receiveText(), '0123456789')
})

test('a FIN with text out of order waits as well', () => {
  const ep = established()
  ep.inject({ flags: 'FA', seq: 6, ack: 1, text: '56789' }).expect({ flags: 'A', ack: 1 })
  ep.inject({ seq: 1, ack: 1, text: '01234' }).expect({ flags: 'A', ack: 12 })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.receiveText(), '0123456789')
})

test('a FIN out of order in FIN-WAIT-2 ends in TIME-WAIT once the gap is filled', () => {
  const { ep, next, nxt } = reach('FIN-WAIT-2')
  ep.inject({ flags: 'FA', seq: next + 5, ack: nxt }).expect({ flags: 'A', ack: next })
  assert.equal(ep.state, 'FIN-WAIT-2')
  ep.inject({ seq: next, ack: nxt, text: 'abcde' }).expect({ flags: 'A', ack: next + 6 })
  assert.equal(ep.state, 'TIME-WAIT')
  assert.equal(ep.receiveText(), 'abcde')
})

test('a FIN that stands before octets already received contradicts itself and is not believed', () => {
  const ep = established()
  ep.inject({ seq: 11, ack: 1, text: 'klmnopqrst' }).expect({ flags: 'A', ack: 1 })
  ep.inject({ flags: 'FA', seq: 16, ack: 1 })
  ep.inject({ seq: 1, ack: 1, text: 'abcdefghij' })
  assert.equal(ep.state, 'ESTABLISHED')
  assert.equal(ep.receiveText(), 'abcdefghijklmnopqrst')
})

test('text behind a FIN is never delivered', () => {
  const ep = established()
  ep.inject({ flags: 'FA', seq: 6, ack: 1 }).takeSent()
  ep.inject({ seq: 1, ack: 1, text: '0123456789' })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.receiveText(), '01234')
})

test('a FIN that comes again in CLOSE-WAIT, CLOSING and LAST-ACK is acknowledged again and signalled once', () => {
  for (const state of ['CLOSE-WAIT', 'CLOSING', 'LAST-ACK'] as const) {
    const { ep, next, una, nxt } = reach(state)
    ep.inject({ flags: 'FA', seq: next - 1, ack: una }).expect({ flags: 'A', seq: nxt, ack: next })
    assert.equal(ep.state, state)
    assert.deepEqual(ep.takeEvents(), [])
  }
})

test('a FIN is sent again until it is acknowledged, in every state that waits for that', () => {
  for (const state of ['FIN-WAIT-1', 'CLOSING', 'LAST-ACK'] as const) {
    const { ep, next } = reach(state)
    for (let i = 0; i < 4; i++) ep.advance(ep.untilTimeoutMs).expect({ flags: 'FA', seq: 1, ack: next })
  }
})

test('the acknowledgment of our FIN lost in LAST-ACK: FIN again, then CLOSED by the next one', () => {
  const p = pair().open()
  p.a.close()
  p.until(() => p.b.state === 'CLOSE-WAIT')
  p.drop('a', p.packets.a + 1)
  p.b.close()
  p.until(() => p.b.state === 'CLOSED', 10_000)
  assert.equal(p.b.connection.closeReason, 'closed-normally')
  assert.equal(p.a.state, 'TIME-WAIT')
})

// ---- half-closed

for (const version of VERSIONS) {
  test(`RFC 9293 3.6.1: the side that closed goes on receiving, IPv${version}`, () => {
    const p = pair({ version }).open()
    p.a.close()
    p.until(() => p.b.state === 'CLOSE-WAIT')
    const there = stream(200_000)
    let sent = p.b.send(there)
    const got: number[] = []
    p.until(() => {
      got.push(...p.a.receive())
      if (sent < there.length) sent += p.b.send(there.subarray(sent))
      return got.length === there.length
    })
    assert.deepEqual(Uint8Array.from(got), there)
    assert.equal(p.a.state, 'FIN-WAIT-2')
    p.b.close()
    p.until(() => p.states === 'TIME-WAIT CLOSED')
  })
}

test('RFC 9293 3.6: octets queued before CLOSE are all delivered, then the end', () => {
  const p = pair({ b: { receiveBufferBytes: 2000 } }).open()
  const there = stream(100_000)
  assert.equal(p.a.send(there), there.length)
  p.a.close()
  assert.throws(() => p.a.send('more'), { reason: 'connection-closing' })
  const got: number[] = []
  p.until(() => {
    got.push(...p.b.receive())
    return p.b.connection.atEndOfStream
  })
  assert.deepEqual(Uint8Array.from(got), there)
})

test('octets queued when the other side half-closes still go, and FIN behind them', () => {
  const ep = established()
  ep.inject({ win: 0 })
  ep.send('still queued')
  ep.inject({ flags: 'FA', seq: 1, ack: 1, win: 0 }).expect({ flags: 'A', ack: 2 })
  ep.close().expectNothing()
  assert.equal(ep.state, 'CLOSE-WAIT')
  ep.inject({ seq: 2, ack: 1, win: 1000 }).expect({ flags: 'FPA', seq: 1, text: 'still queued' })
  assert.equal(ep.state, 'LAST-ACK')
  ep.inject({ seq: 2, ack: 14 })
  assert.equal(ep.state, 'CLOSED')
})

test('3.9.1.4: CLOSE implies push, even where FIN has no room in the window', () => {
  const ep = established()
  ep.inject({ win: 4 })
  ep.send('1234', { push: false })
  assert.equal(ep.sent.length, 0)
  ep.close().expect({ flags: 'PA', seq: 1, text: '1234' })
  ep.inject({ ack: 5, win: 4 }).expect({ flags: 'FA', seq: 5 })
})

test('a FIN that finds the window closed is sent as a probe', () => {
  const ep = established()
  ep.inject({ win: 0 })
  ep.close().expectNothing()
  assert.equal(ep.state, 'FIN-WAIT-1')
  ep.advance(ep.untilTimeoutMs).expect({ flags: 'FA', seq: 1 })
})

// ---- losses while closing

const LOSSES: Record<string, PairOptions['fate']> = {
  'each FIN once': lostOnce('F'),
  'every third packet': (_from, n) => ({ drop: n > 2 && n % 3 === 0 }),
  'every other packet': (_from, n) => ({ drop: n > 2 && n % 2 === 0 }),
  'nothing, but all twice': () => ({ copies: 1 }),
}

function lostOnce(flag: string): PairOptions['fate'] {
  const seen = new Set<string>()
  return (from, _n, packet) => {
    if (!packet.flags.includes(flag) || seen.has(from)) return {}
    seen.add(from)
    return { drop: true }
  }
}

for (const [name, fate] of Object.entries(LOSSES)) {
  for (const order of ['one after the other', 'simultaneously'] as const) {
    test(`both sides close ${order} in spite of the loss of ${name}`, () => {
      const p = pair({ ...(fate && { fate }) }).open()
      const there = stream(3000)
      p.a.send(there)
      p.a.close()
      if (order === 'simultaneously') p.b.close()
      const got: number[] = []
      p.until(() => {
        got.push(...p.b.receive())
        if (p.b.state === 'CLOSE-WAIT' && !p.b.tcb.closeRequested) p.b.close()
        return p.states === 'CLOSED CLOSED'
      })
      assert.deepEqual(Uint8Array.from(got), there)
      assert.equal(p.a.connection.closeReason, 'closed-normally')
      assert.equal(p.b.connection.closeReason, 'closed-normally')
      assert.ok(p.packets.a < 40 && p.packets.b < 40, 'no storm')
    })
  }
}
