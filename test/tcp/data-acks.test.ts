import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { type Endpoint, established } from './endpoint.ts'

const MSS = 1460

test('SHLD-18, RFC 5681 4.2 (a): a lone segment is acknowledged after the delay, not at once', () => {
  const ep = established()
  ep.inject({ text: 100 })
  ep.expectNothing()
  ep.advance(DEFAULT_CONFIG.delayedAckMs - 1)
  ep.expectNothing()
  ep.advance(1)
  ep.expect({ flags: 'A', ack: 101, length: 0 })
  ep.advance(10_000)
  ep.expectNothing()
})

test('MUST-40, RFC 5681 4.2 (c): the delay is below half a second, and the configuration takes no longer one', () => {
  assert.ok(DEFAULT_CONFIG.delayedAckMs < 500)
  assert.throws(() => configure({ delayedAckMs: 500 }), RangeError)
  const ep = established({ delayedAckMs: 499 })
  ep.inject({ text: 1 })
  ep.advance(300)
  ep.inject({ text: 1 })
  ep.advance(199)
  ep.expect({ flags: 'A', ack: 3 })
})

test('SHLD-19, RFC 5681 4.2 (b): every second full-sized segment is acknowledged at once', () => {
  const ep = established()
  for (let i = 0; i < 6; i++) {
    ep.inject({ text: MSS })
    if (i % 2 === 0) ep.expectNothing()
    else ep.expect({ flags: 'A', ack: 1 + (i + 1) * MSS })
  }
  ep.advance(1000)
  ep.expectNothing()
})

test('SHLD-19: full-sized is what the peer sends, where its segments are shorter than we allow', () => {
  const ep = established()
  for (let i = 0; i < 4; i++) ep.inject({ text: 1000 })
  assert.deepEqual(
    ep.takeSent().map((p) => p.ack),
    [2001, 4001],
  )
})

test('SHLD-19: many short segments of as many octets as two full-sized ones are acknowledged too', () => {
  const ep = established({ mssLimit: 1000 })
  for (let i = 0; i < 20; i++) ep.inject({ text: 100 })
  const acks = ep.takeSent().map((p) => p.ack)
  assert.ok(acks.length >= 1 && acks.length <= 2, `${acks}`)
})

test('with segmentsPerAck 1 every full-sized segment is acknowledged at once', () => {
  const ep = established({ segmentsPerAck: 1 })
  ep.inject({ text: MSS }).expect({ ack: 1 + MSS })
})

test('MUST-58: text that is sent carries the acknowledgment, and no other follows', () => {
  const ep = established()
  ep.inject({ text: 'question' })
  ep.send('answer')
  ep.expect({ flags: 'PA', ack: 9, text: 'answer' })
  ep.advance(100)
  ep.expectNothing()
})

test('MUST-58: one acknowledgment covers text, window and FIN', () => {
  const ep = established()
  ep.injectAll({ text: MSS }, { text: MSS }, { flags: 'FA' })
  ep.expect({ flags: 'A', ack: 2 + 2 * MSS })
  ep.expectNothing()
})

test('MAY-13, RFC 5681 3.2 (a), 4.2 (d): each segment beyond a gap is answered at once with a duplicate acknowledgment', () => {
  const ep = established()
  for (let i = 1; i <= 5; i++)
    ep.inject({ seq: 1 + i * 100, text: 100 }).expect({ flags: 'A', ack: 1, length: 0 })
  ep.expectNothing()
})

test('MAY-13, RFC 5681 4.2 (e): those of a batch too, one each, all with the same window', () => {
  const ep = established()
  ep.injectAll({ seq: 101, text: 100 }, { seq: 201, text: 100 }, { seq: 301, text: 100 })
  const sent = ep.takeSent()
  assert.deepEqual(
    sent.map((p) => [p.ack, p.win]),
    [
      [1, 65535],
      [1, 65535],
      [1, 65535],
    ],
  )
})

test('RFC 5681 3.2 (b), 4.2 (d), RFC 6582 5: a segment that fills a gap, or a part of one, is acknowledged at once', () => {
  const ep = established()
  ep.inject({ seq: 101, text: 100 })
  ep.inject({ seq: 301, text: 100 })
  ep.takeSent()
  ep.inject({ seq: 1, text: 50 }).expect({ ack: 51 })
  ep.inject({ seq: 51, text: 50 }).expect({ ack: 201 })
  ep.inject({ seq: 201, text: 100 }).expect({ ack: 401 })
  ep.inject({ text: 10 }).expectNothing()
})

test('RFC 9293 3.10.7.4: old text is acknowledged again at once, for the first acknowledgment may be lost', () => {
  const ep = established()
  ep.inject({ text: 100 })
  ep.advance(100)
  ep.takeSent()
  ep.inject({ seq: 1, text: 100 }).expect({ flags: 'A', ack: 101 })
})

test('an acknowledgment without text is not acknowledged', () => {
  const ep = established()
  for (let i = 0; i < 10; i++) ep.inject()
  ep.advance(10_000)
  ep.expectNothing()
})

test('FIN is acknowledged at once', () => {
  const ep = established()
  ep.inject({ flags: 'FA' }).expect({ flags: 'A', ack: 2 })
})

test('a peer that sends full speed gets one acknowledgment for two segments, however it is read', () => {
  for (const reads of [true, false]) {
    const ep: Endpoint = established({ receiveBufferBytes: 1 << 20, windowScaling: true, peer: { ws: 4 } })
    ep.inject()
    for (let i = 0; i < 100; i++) {
      ep.inject({ text: MSS })
      if (reads) ep.receive()
    }
    assert.equal(ep.takeSent().length, 50)
  }
})
