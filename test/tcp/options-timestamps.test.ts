import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'

const DAY_MS = 24 * 3600 * 1000

/** ESTABLISHED with timestamps; the peer's clock stood at `at` in the handshake. */
function stamped(at = 1000, options: EndpointOptions = {}): Endpoint {
  return established({ timestamps: true, ...options, peer: { mss: 1460, ts: [at | 0, 0] } })
}

test('RFC 7323 3.2: timestamps are used where both SYNs have them, then in every segment', () => {
  const ep = stamped()
  ep.send('text')
  ep.inject({ text: 10, ts: [1001, 0] })
  ep.advance(100)
  ep.close()
  const sent = ep.takeSent()
  assert.ok(sent.length >= 3)
  assert.ok(sent.every((p) => p.ts !== null))
})

test('RFC 7323 3.2: and in none where one of them has not', () => {
  const without = established({ timestamps: true })
  without.send('text')
  without.expect({ ts: null })
  const unwanted = new Endpoint({ timestamps: false })
  unwanted.listen().inject({ flags: 'S', seq: 0, ts: [1000, 0] })
  unwanted.expect({ flags: 'SA', ts: null })
})

test('RFC 7323 3.2: a segment without its timestamp is dropped in silence, a reset without it is taken', () => {
  const ep = stamped()
  ep.inject({ text: 'x' }).expectNothing()
  assert.equal(ep.receive().length, 0)
  assert.equal(ep.tcb.lastDrop, 'timestamp-missing')
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'CLOSED')
})

test('RFC 7323 3.2: a timestamp that was not agreed on is ignored', () => {
  const ep = established({ timestamps: false })
  ep.inject({ text: 'x', ts: [5, 5] })
  assert.equal(ep.receiveText(), 'x')
})

test('RFC 7323 3.2: TSecr is TS.Recent, and zero in a SYN', () => {
  const ep = new Endpoint({ timestamps: true })
  const syn = ep.connect().expect({ flags: 'S' })
  assert.equal(syn.ts![1], 0)
  ep.inject({ flags: 'SA', seq: 0, ack: 1, ts: [77, 0] })
  assert.equal(ep.expect({ flags: 'A' }).ts![1], 77)
})

test('RFC 7323 5.4: the clock of TSval counts milliseconds and goes on while nothing happens', () => {
  const ep = stamped()
  ep.send('a')
  const first = ep.expect().ts![0]
  ep.inject({ ts: [1001, first] })
  ep.advance(5000)
  ep.send('b')
  assert.equal(ep.expect().ts![0], first + 5000)
})

test('RFC 7323 4.3: of delayed segments the earliest is echoed, so that the delay is measured with', () => {
  const ep = stamped()
  ep.inject({ text: 10, ts: [1010, 0] })
  ep.inject({ text: 10, ts: [1020, 0] })
  ep.advance(100)
  assert.equal(ep.expect({ ack: 21 }).ts![1], 1010)
})

test('RFC 7323 4.3: beyond a gap the echo stays at the last segment in order; filling the gap moves it', () => {
  const ep = stamped()
  ep.inject({ seq: 1, text: 10, ts: [1010, 0] })
  ep.advance(100)
  ep.takeSent()
  ep.inject({ seq: 21, text: 10, ts: [1020, 0] })
  assert.equal(ep.expect({ ack: 11 }).ts![1], 1010)
  ep.inject({ seq: 11, text: 10, ts: [1030, 0] })
  assert.equal(ep.expect({ ack: 31 }).ts![1], 1030)
})

test('RFC 7323 5.3 R1: an older timestamp is refused and answered with an acknowledgment', () => {
  const ep = stamped(1000)
  ep.inject({ text: 'x', ts: [999, 0] }).expect({ flags: 'A', ack: 1 })
  assert.equal(ep.receive().length, 0)
  assert.equal(ep.tcb.lastDrop, 'paws')
  ep.inject({ seq: 1, text: 'y', ts: [1000, 0] })
  assert.equal(ep.receiveText(), 'y')
})

test('RFC 7323 5.3: a reset is not subject to PAWS', () => {
  const ep = stamped(1000)
  ep.inject({ flags: 'R', seq: 1, ts: [1, 0] })
  assert.equal(ep.state, 'CLOSED')
})

test('RFC 7323 5.2: timestamps wrap: later is what is ahead by less than 2^31', () => {
  for (const at of [0xffff_fff0, 0x7fff_fff0]) {
    const ep = stamped(at)
    for (let i = 1; i <= 5; i++) {
      ep.inject({ text: 10, ts: [(at + 8 * i) | 0, 0] })
      ep.advance(100)
    }
    assert.equal(ep.receive().length, 50)
    assert.equal(ep.tcb.tsRecent, (at + 40) | 0)
    ep.inject({ text: 10, ts: [at | 0, 0] })
    assert.equal(ep.tcb.lastDrop, 'paws')
  }
})

test('RFC 7323 5.5: after 24 days without a segment TS.Recent is outdated: it refuses nothing and is replaced', () => {
  const ep = stamped(1000)
  const later = (1000 - 5000) | 0 // the peer's clock has gone round
  ep.advance(24 * DAY_MS - 1000)
  ep.inject({ text: 'a', ts: [later, 0] })
  assert.equal(ep.tcb.lastDrop, 'paws')
  ep.takeSent()
  ep.advance(2000)
  ep.inject({ seq: 1, text: 'b', ts: [later, 0] })
  assert.equal(ep.receiveText(), 'b')
  ep.advance(100)
  assert.equal(ep.expect().ts![1], later)
  ep.inject({ text: 'c', ts: [(later - 10) | 0, 0] })
  assert.equal(ep.tcb.lastDrop, 'paws', 'and PAWS protects again')
})

test('RFC 7323 4.3: a timestamp of a segment outside of the window does not become TS.Recent', () => {
  const ep = stamped(1000)
  ep.inject({ seq: 200_000, text: 10, ts: [5000, 0] })
  assert.equal(ep.tcb.tsRecent, 1000)
  ep.inject({ seq: -500, text: 10, ts: [5000, 0] })
  assert.equal(ep.tcb.tsRecent, 1000)
})

test('RFC 7323 5.3: acknowledgments without text are checked too, and their storm is limited', () => {
  const ep = stamped(1000, { challengeAckLimit: 3 })
  for (let i = 0; i < 50; i++) ep.inject({ ts: [1, 0] })
  assert.equal(ep.takeSent().length, 3)
})
