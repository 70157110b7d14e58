/** Step one of SEGMENT ARRIVES: the four cases of table 6, the closed window, and appendix A.2 of RFC 9293. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../property.ts'
import { type Endpoint, established } from './endpoint.ts'
import { pair, stream } from './pair.ts'

const VERSIONS = [4, 6] as const

/** A connection whose receive window is `window`, with one octet of ours outstanding at 1. RCV.NXT is 1001 - window. */
function withWindow(window: number, options = {}): { ep: Endpoint; next: number } {
  const ep = established({ receiveBufferBytes: 1000, rtoMinMs: 1000, ...options })
  if (window < 1000) {
    ep.inject({ seq: 1, ack: 1, text: 1000 - window })
      .advance(500)
      .takeSent()
  }
  ep.send('?')
  ep.expect({ flags: 'PA', seq: 1, win: window })
  return { ep, next: 1001 - window }
}

/** Whether the acknowledgment of a segment counted. */
function taken(ep: Endpoint, seq: number, length: number): boolean {
  ep.inject({ seq, ack: 2, text: length })
  return ep.connection.queued === 0
}

// ---- the four cases

for (const version of VERSIONS) {
  test(`RFC 9293 table 6: no text, window open: RCV.NXT =< SEG.SEQ < RCV.NXT+RCV.WND, IPv${version}`, () => {
    for (const [offset, wanted] of [
      [-1, false],
      [0, true],
      [1, true],
      [599, true],
      [5000, false],
      [-5000, false],
    ] as const) {
      const { ep, next } = withWindow(600, { version })
      assert.equal(taken(ep, next + offset, 0), wanted, `at ${offset}`)
    }
  })

  test(`RFC 9293 table 6: no text, window closed: SEG.SEQ = RCV.NXT, IPv${version}`, () => {
    for (const [offset, wanted] of [
      [-1, false],
      [0, true],
      [2, false],
      [100, false],
    ] as const) {
      const { ep, next } = withWindow(0, { version })
      assert.equal(taken(ep, next + offset, 0), wanted, `at ${offset}`)
    }
  })

  test(`RFC 9293 table 6: text, window closed: none is taken and an acknowledgment is sent, IPv${version}`, () => {
    const { ep, next } = withWindow(0, { version })
    ep.inject({ seq: next, ack: 1, text: 10 }).expect({ flags: 'A', seq: 2, ack: next, win: 0 })
    ep.inject({ seq: next + 5, ack: 1, text: 10 }).expect({ flags: 'A', seq: 2, ack: next, win: 0 })
    assert.equal(ep.connection.readable, 1000)
  })

  test(`RFC 9293 table 6: text, window open: one octet in the window is enough, IPv${version}`, () => {
    for (const [offset, length, wanted] of [
      [-10, 10, false],
      [-10, 11, true],
      [0, 1, true],
      [599, 1, true],
      [599, 100, true],
      [600, 1, false],
      [-10, 1400, true],
    ] as const) {
      const { ep, next } = withWindow(600, { version })
      assert.equal(taken(ep, next + offset, length), wanted, `${length} octets at ${offset}`)
    }
  })
}

test('RFC 9293 table 6: octet by octet, over all offsets, lengths and windows', () => {
  const property = fc.property(
    fc.integer({ min: 0, max: 1000 }),
    fc.oneof(fc.integer({ min: -1500, max: 1500 }), fc.integer({ min: -2, max: 2 })),
    fc.boolean(),
    fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1460 })),
    fc.integer(),
    (window, distance, fromEdge, length, irs) => {
      const offset = fromEdge ? window + distance : distance
      const { ep, next } = withWindow(window, { irs })
      assert.equal(taken(ep, next + offset, length), acceptable(offset, length, window))
    },
  )
  fc.assert(property, { numRuns: 400 })
})

/** The slow way: is there an octet, or for an empty segment its place, that may be taken? */
function acceptable(offset: number, length: number, window: number): boolean {
  // Appendix A.2: an empty segment may stand at the right edge, or one octet beyond it, where a probe has been.
  if (length === 0) return offset >= 0 && offset <= window + 1
  if (window === 0) return offset === 0 // MUST-66: the text is refused, the acknowledgment is not
  for (let i = offset; i < offset + length; i++) if (i >= 0 && i < window) return true
  return false
}

test('only the part of the text that lies in the window is kept', () => {
  const { ep, next } = withWindow(600)
  ep.inject({ seq: next - 10, ack: 1, text: 1460 }).advance(500)
  ep.expect({ flags: 'A', ack: next + 600, win: 0 })
  assert.equal(ep.connection.readable, 1000)
})

// ---- MUST-66: the closed window

for (const version of VERSIONS) {
  test(`MUST-66: a reset is processed while the window is closed, with or without text, IPv${version}`, () => {
    for (const text of [0, 10]) {
      const { ep, next } = withWindow(0, { version })
      ep.inject({ flags: 'R', seq: next, text })
      assert.equal(ep.connection.closeReason, 'reset-by-peer')
    }
  })

  test(`MUST-66: urgent data are announced while the window is closed, with or without text, IPv${version}`, () => {
    for (const text of [0, 10]) {
      const { ep, next } = withWindow(0, { version })
      ep.takeEvents()
      ep.inject({ flags: 'UA', seq: next, ack: 1, text, urg: 10 })
      assert.deepEqual(ep.takeEvents(), ['urgent'])
      assert.equal(ep.connection.urgentOctets, 1010)
    }
  })
}

test('MUST-66: a window update arrives while our window is closed', () => {
  const { ep, next } = withWindow(0)
  ep.inject({ seq: next, ack: 2, win: 0 })
  ep.send('more')
  ep.expectNothing()
  ep.inject({ seq: next, ack: 2, win: 100 }).expect({ flags: 'PA', seq: 2, text: 'more' })
})

test('a FIN is not taken while the window is closed, and is once it has opened', () => {
  const { ep, next } = withWindow(0)
  ep.inject({ flags: 'FA', seq: next, ack: 2 }).expect({ flags: 'A', ack: next, win: 0 })
  assert.equal(ep.state, 'ESTABLISHED')
  ep.receive()
  ep.expect({ flags: 'A', ack: next, win: 1000 })
  ep.inject({ flags: 'FA', seq: next, ack: 2 }).expect({ flags: 'A', ack: next + 1 })
  assert.equal(ep.state, 'CLOSE-WAIT')
})

test('a SYN while the window is closed is challenged', () => {
  const { ep, next } = withWindow(0)
  ep.inject({ flags: 'S', seq: next }).expect({ flags: 'A', seq: 2, ack: next })
  assert.equal(ep.state, 'ESTABLISHED')
})

// ---- appendix A.2: acknowledgments must not be lost to the sequence check

test('RFC 9293 A.2: a peer that has filled our window still acknowledges, though its text was lost', () => {
  const { ep, next } = withWindow(600)
  ep.inject({ seq: next + 600, ack: 2 })
  assert.equal(ep.connection.queued, 0)
})

test('RFC 9293 A.2: a peer that probes our closed window still acknowledges', () => {
  const { ep, next } = withWindow(0)
  ep.inject({ seq: next, ack: 1, text: 1 }).expect({ flags: 'A', ack: next, win: 0 })
  ep.inject({ seq: next + 1, ack: 2 })
  assert.equal(ep.connection.queued, 0)
})

test('RFC 9293 A.2: both windows are full and both first segments lost: nobody stalls', () => {
  const p = pair({ a: { receiveBufferBytes: 6000 }, b: { receiveBufferBytes: 6000 } }).open()
  const n = { ...p.packets }
  p.drop('a', n.a + 1).drop('b', n.b + 1)
  const there = stream(6000)
  p.a.send(there)
  p.b.send(there)
  p.until(() => p.a.connection.readable === 6000 && p.b.connection.readable === 6000, 3000)
})

test('RFC 9293 A.2: text flows one way at full speed while the other way is probing a closed window', () => {
  const p = pair({ delayMs: 5, b: { receiveBufferBytes: 5000 } }).open()
  p.a.send(stream(20_000))
  p.run(30_000)
  assert.equal(p.b.connection.readable, 5000)
  const there = stream(500_000)
  let sent = p.b.send(there)
  const got: number[] = []
  p.until(() => {
    got.push(...p.a.receive())
    if (sent < there.length) sent += p.b.send(there.subarray(sent))
    return got.length === there.length
  }, 5000)
  assert.deepEqual(Uint8Array.from(got), there)
})
