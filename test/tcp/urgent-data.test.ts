import assert from 'node:assert/strict'
import { test } from 'node:test'
import { received } from '../../src/tcp/user-calls.ts'
import { established } from './endpoint.ts'

const MSS = 1000

test('MUST-30, MUST-62: SEND with URGENT sets URG; the pointer names the octet behind the last urgent one', () => {
  const ep = established({ nagle: false })
  ep.send('abc', { urgent: true })
  ep.expect({ flags: 'PAU', seq: 1, text: 'abc', urg: 3 })
  ep.send('de')
  ep.expect({ flags: 'PA', seq: 4, urg: 0 })
  ep.inject()
  assert.equal(ep.tcb.snd.urgent, false, 'acknowledged, the pointer must not come to life 2^31 octets later')
})

test('MUST-62: the pointer that arrives names the octet behind the last urgent one, too', () => {
  const ep = established()
  ep.inject({ flags: 'UPA', seq: 1, text: 'urgentplain', urg: 6 })
  assert.equal(ep.connection.urgentOctets, 6)
  assert.equal(ep.receiveText(), 'urgent')
  assert.equal(ep.connection.urgentOctets, 0)
  assert.equal(ep.receiveText(), 'plain')
})

test('MUST-31: urgent data of any length: every segment of them points to the end', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send(2500, { urgent: true })
  ep.inject({ ack: 2001 })
  assert.deepEqual(
    ep.takeSent().map((p) => [p.seq, p.urg, p.flags.includes('U')]),
    [
      [1, 2500, true],
      [1001, 1500, true],
      [2001, 500, true],
    ],
  )
})

test('MUST-31: an end beyond 64 KiB is told as far as the field reaches, and exactly once it comes near', () => {
  const ep = established({ windowScaling: true, peer: { mss: MSS, ws: 7 } })
  ep.inject()
  ep.send(100_000, { urgent: true })
  assert.equal(ep.expect().urg, 65_535)
  while (ep.tcb.snd.una !== ep.tcb.snd.end) ep.inject()
  for (const p of ep.takeSent()) {
    assert.ok(p.flags.includes('U'))
    assert.equal(p.urg, Math.min(100_001 - p.seq, 65_535))
  }
})

test('MUST-30: a retransmission carries the pointer too, counted from its own number', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send(500, { urgent: true })
  ep.takeSent()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1, urg: 500 })
})

test('RFC 9293 3.8.5: urgent data behind a closed window are announced at once by an acknowledgment', () => {
  const ep = established().inject({ win: 0 })
  ep.send('urgent', { urgent: true })
  ep.expect({ flags: 'AU', seq: 1, length: 0, urg: 6 })
  ep.expectNothing()
  assert.equal(ep.reasons.at(-1), 'urgent-notice')
})

test('RFC 9293 3.8.5: and so they are behind the congestion window or Nagle', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send(100)
  ep.expect({ length: 100 })
  ep.send(100, { urgent: true })
  ep.expect({ flags: 'AU', seq: 101, length: 0, urg: 100 })
  ep.inject().expect({ seq: 101, length: 100, urg: 100 })
})

test('MUST-32: the user is told when urgent data are announced, and again when their end moves on', () => {
  const ep = established()
  ep.inject({ flags: 'AU', urg: 10 })
  assert.deepEqual(ep.takeEvents(), ['urgent'])
  ep.inject({ flags: 'AU', urg: 10 })
  assert.deepEqual(ep.takeEvents(), [])
  ep.inject({ flags: 'AU', urg: 5 })
  assert.deepEqual(ep.takeEvents(), [], 'it never moves back')
  ep.inject({ flags: 'AU', urg: 12 })
  assert.deepEqual(ep.takeEvents(), ['urgent'])
})

test('MUST-33: the user can learn how many octets are left until the urgent ones end', () => {
  const ep = established()
  ep.inject({ flags: 'AU', urg: 10 })
  assert.equal(ep.connection.urgentOctets, 10)
  ep.inject({ seq: 1, text: 'abcdef' })
  ep.receive(4)
  assert.equal(ep.connection.urgentOctets, 6)
  assert.equal(received.urgent, true)
  ep.inject({ text: 'ghijklm' })
  ep.receive()
  assert.equal(ep.connection.urgentOctets, 0)
  assert.equal(received.urgent, false)
})

test('RFC 9293 3.9.1.3: RECEIVE stops at the mark, so that urgent and other octets come apart', () => {
  const ep = established()
  ep.inject({ text: 'URGENTnormal', flags: 'PAU', urg: 6 })
  assert.equal(ep.receiveText(), 'URGENT')
  assert.equal(received.urgent, false)
  assert.equal(ep.receiveText(), 'normal')
})

test('RFC 6093: a pointer to what was read already is old news', () => {
  const ep = established()
  ep.inject({ text: 'abcdef' })
  ep.receive()
  ep.takeEvents()
  ep.inject({ seq: 1, text: 'abcdef', flags: 'AU', urg: 3 })
  assert.deepEqual(ep.takeEvents(), [])
  ep.inject({ flags: 'AU', urg: 0 })
  assert.deepEqual(ep.takeEvents(), [])
  assert.equal(ep.connection.urgentOctets, 0)
})

test('MUST-30: the mark is kept across a wrap and across segments', () => {
  for (const irs of [-5, 0x7fff_fffb]) {
    const ep = established({ irs })
    ep.inject({ text: 'ab', flags: 'AU', urg: 20 })
    for (let i = 0; i < 6; i++) ep.inject({ text: 'cdef' })
    assert.equal(ep.receive().length, 20)
    assert.equal(ep.receive().length, 6)
  }
})

test('MUST-31: urgent data longer than a buffer: RECEIVE goes on and the mark moves along', () => {
  const ep = established({ receiveBufferBytes: 4000, peer: { mss: MSS } })
  let total = 0
  for (let i = 0; i < 100; i++) {
    ep.inject({ text: MSS, flags: 'AU', urg: Math.min(65_535, 100_000 - i * MSS) })
    total += ep.receive().length
  }
  assert.equal(total, 100_000)
  assert.equal(ep.connection.urgentOctets, 0)
})
