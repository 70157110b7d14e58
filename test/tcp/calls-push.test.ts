/** SEND and RECEIVE with their flags: PUSH, aggregation, full-sized segments, partial acceptance (RFC 9293 3.9.1). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { received } from '../../src/tcp/user-calls.ts'
import fc from '../property.ts'
import { established, patternOf } from './endpoint.ts'
import { pair, stream } from './pair.ts'
import { reach } from './states.ts'

// ---- SEND

test('MAY-15: octets sent with PUSH go at once, and PSH stands in the last segment of the buffer', () => {
  const ep = established()
  ep.send(3000, { push: true })
  ep.expect({ flags: 'A', seq: 1, length: 1460 })
  ep.expect({ flags: 'A', seq: 1461, length: 1460 })
  ep.expectNothing()
  ep.inject({ ack: 2921 }).expect({ flags: 'PA', seq: 2921, length: 80 })
})

test('MAY-16: octets sent without PUSH wait for more and go together', () => {
  const ep = established()
  ep.send('one ', { push: false })
  ep.send('two ', { push: false })
  ep.expectNothing()
  ep.send('three', { push: true })
  ep.expect({ flags: 'PA', seq: 1, text: 'one two three' })
  ep.expectNothing()
})

test('MUST-60: octets sent without PUSH are not kept for ever', () => {
  const ep = established()
  ep.send('alone', { push: false })
  ep.expectNothing()
  assert.ok(ep.untilTimeoutMs <= 1000, 'RFC 9293 3.8.6.2.1: 0.1 to 1 second')
  ep.advance(ep.untilTimeoutMs).expect({ seq: 1, text: 'alone' })
  ep.inject({ ack: 6 })
  ep.send('again', { push: false })
  ep.advance(1000).expect({ seq: 6, text: 'again' })
})

test('MUST-60: octets without PUSH behind octets in flight go soon after those are acknowledged', () => {
  const ep = established()
  ep.send('first')
  ep.expect({ text: 'first' })
  ep.send('second', { push: false })
  ep.inject({ ack: 6 })
  ep.advance(1000).expect({ seq: 6, text: 'second' })
})

test('MUST-60: as much as fills a segment needs no PUSH', () => {
  const ep = established()
  ep.send(4000, { push: false })
  ep.expect({ flags: 'A', seq: 1, length: 1460 })
  ep.expect({ flags: 'A', seq: 1461, length: 1460 })
  ep.expectNothing()
  ep.inject({ ack: 2921 })
  ep.advance(1000).expect({ seq: 2921, length: 1080 })
})

test('MUST-61: PSH stands in the last buffered segment', () => {
  const ep = established()
  ep.send('alone', { push: false })
  ep.advance(1000).expect({ flags: 'PA', text: 'alone' })
  const full = established()
  full.send(1460, { push: false })
  full.expect({ flags: 'PA', length: 1460 })
})

test('SHLD-27: pushes collapse: one segment with one PSH for many SENDs', () => {
  const ep = established({ peer: { win: 0 } })
  for (let i = 0; i < 300; i++) ep.send('0123456789')
  ep.inject({ win: 65535 })
  ep.expect({ seq: 1, length: 1460 })
  ep.expect({ seq: 1461, length: 1460 })
  ep.inject({ ack: 2921 }).expect({ flags: 'PA', seq: 2921, length: 80 })
})

test('SHLD-28: a full-sized segment is sent wherever there is enough', () => {
  const property = fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 40 }), (sizes) => {
    const ep = established({ nagle: false, peer: { win: 0 } })
    for (const size of sizes) ep.send(size)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    ep.inject({ win: 65535 })
    const text: number[] = []
    for (let sent = ep.takeSent(); sent.length > 0; sent = ep.takeSent()) {
      for (const s of sent) {
        text.push(...s.text)
        assert.ok(s.length === 1460 || text.length === total, `${s.length} octets before ${text.length}`)
      }
      ep.inject({})
    }
    assert.deepEqual(Uint8Array.from(text), patternOf(1, total))
  })
  fc.assert(property, { numRuns: 50 })
})

test('3.10.2: SEND says how many octets found room; WRITABLE comes when there is some again', () => {
  const ep = established({ sendBufferBytes: 4000 })
  assert.equal(ep.send(5000), 4000)
  assert.equal(ep.connection.writable, 0)
  assert.equal(ep.send(10), 0)
  const { length } = ep.takeSent()
  assert.equal(length, 2)
  ep.takeEvents()
  ep.inject({ ack: 2921 })
  assert.deepEqual(ep.takeEvents(), ['writable'])
  assert.equal(ep.send(10_000), 2920)
  ep.takeSent()
  ep.inject({}).inject({}).inject({})
  ep.takeSent()
  ep.inject({})
  assert.equal(ep.connection.queued, 0)
  assert.equal(ep.takeEvents().includes('drained'), true)
})

test('SEND of no octets is no event', () => {
  const ep = established()
  assert.equal(ep.send(new Uint8Array(0)), 0)
  ep.expectNothing()
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('SEND takes a part of an array', () => {
  const { ep } = reach('ESTABLISHED')
  assert.equal(ep.connection.send(Uint8Array.of(1, 2, 3, 4, 5), 1, 3), 3)
  ep.advance(0).expire()
  ep.expect({ text: Uint8Array.of(2, 3, 4) })
})

// ---- RECEIVE

test('MAY-17: RECEIVE says whether the octets end where the sender pushed', () => {
  const { ep, next } = reach('ESTABLISHED')
  ep.inject({ flags: 'A', seq: next, ack: 1, text: 'more' })
  assert.equal(ep.receiveText(), 'more')
  assert.equal(received.push, false)
  ep.inject({ flags: 'PA', seq: next + 4, ack: 1, text: 'pushed' })
  assert.equal(ep.receiveText(3), 'pus')
  assert.equal(received.push, false)
  assert.equal(ep.receiveText(), 'hed')
  assert.equal(received.push, true)
})

test('3.10.7.4: FIN implies push', () => {
  const { ep, next } = reach('ESTABLISHED')
  ep.inject({ flags: 'FA', seq: next, ack: 1, text: 'last' })
  assert.equal(ep.receiveText(), 'last')
  assert.equal(received.push, true)
})

test('3.10.3: RECEIVE before ESTABLISHED returns nothing and loses nothing', () => {
  for (const state of ['LISTEN', 'SYN-SENT', 'SYN-RECEIVED'] as const) {
    assert.equal(reach(state).ep.receive().length, 0)
  }
})

test('3.10.3: in the states after a FIN what is on hand is received, then there is an end', () => {
  for (const state of ['CLOSE-WAIT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'] as const) {
    const { ep } = reach(state)
    assert.equal(ep.connection.atEndOfStream, true, state)
    assert.equal(ep.receive().length, 0)
  }
  const { ep, next } = reach('FIN-WAIT-2')
  ep.inject({ flags: 'FA', seq: next, ack: 2, text: 'on hand' })
  assert.equal(ep.connection.atEndOfStream, false)
  assert.equal(ep.receiveText(), 'on hand')
  assert.equal(ep.connection.atEndOfStream, true)
})

test('octets that arrived before a reset can still be received', () => {
  const { ep, next } = reach('ESTABLISHED')
  ep.inject({ seq: next, ack: 1, text: 'in order' })
  ep.inject({ flags: 'R', seq: next + 8 })
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.connection.atEndOfStream, false)
  assert.equal(ep.receiveText(), 'in order')
  assert.equal(ep.connection.atEndOfStream, true)
  assert.equal(ep.pool.lent, 0)
})

test('MUST-58, MUST-59: segments that arrive together are acknowledged together', () => {
  const ep = established()
  ep.injectAll(
    { seq: 1, ack: 1, text: 1000 },
    { seq: 1001, ack: 1, text: 1000 },
    { seq: 2001, ack: 1, text: 1000 },
  )
  ep.expect({ flags: 'A', ack: 3001 })
  ep.expectNothing()
  ep.connection.send(Uint8Array.of(1))
  ep.injectAll({ seq: 3001, ack: 1, text: 1000 }, { seq: 4001, ack: 1, text: 1000 })
  ep.expect({ flags: 'PA', ack: 5001, length: 1 })
  ep.expectNothing()
})

test('SEND and RECEIVE in pieces of any size carry the stream as it is', () => {
  const property = fc.property(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.boolean()), { minLength: 1, maxLength: 30 }),
    fc.integer({ min: 1, max: 3000 }),
    fc.boolean(),
    (sends, piece, nagle) => {
      const p = pair({ a: { nagle }, b: { receiveBufferBytes: 4000 } }).open()
      const total = sends.reduce((sum, [size]) => sum + size, 0)
      const there = stream(total)
      let at = 0
      for (const [size, push] of sends) {
        p.a.send(there.subarray(at, at + size), { push })
        at += size
        p.run(1)
      }
      const got: number[] = []
      p.until(() => {
        for (let part = p.b.receive(piece); part.length > 0; part = p.b.receive(piece)) got.push(...part)
        return got.length === total
      }, 60_000)
      assert.deepEqual(Uint8Array.from(got), there)
    },
  )
  fc.assert(property, { numRuns: 40 })
})
