import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'

const DAY_MS = 24 * 3600 * 1000

/** ESTABLISHED with timestamps; the peer's clock stood at `at` in the handshake. */
function stamped(at = 1000, options: EndpointOptions = {}): Endpoint {
  return established({ timestamps: true, ...options, peer: { mss: 1460, ts: [at | 0, 0] } })
}

test('RFC 7323 3.2 (e, g): timestamps are used where both SYNs have them, then in every segment', () => {
  const ep = stamped()
  ep.send('text')
  ep.inject({ text: 10, ts: [1001, 0] })
  ep.advance(100)
  ep.close()
  const sent = ep.takeSent()
  assert.ok(sent.length >= 3)
  assert.ok(sent.every((p) => p.ts !== null))
})

test('RFC 7323 3.2 (d, g): and in none where one of them has not', () => {
  const without = established({ timestamps: true })
  without.send('text')
  without.expect({ ts: null })
  const unwanted = new Endpoint({ timestamps: false })
  unwanted.listen().inject({ flags: 'S', seq: 0, ts: [1000, 0] })
  unwanted.expect({ flags: 'SA', ts: null })
})

test('RFC 7323 3.2 (h, i): a segment without its timestamp is dropped in silence, a reset without it is taken', () => {
  const ep = stamped()
  ep.inject({ text: 'x' }).expectNothing()
  assert.equal(ep.receive().length, 0)
  assert.equal(ep.tcb.lastDrop, 'timestamp-missing')
  assert.equal(ep.state, 'ESTABLISHED')
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'CLOSED')
})

test('a connection that tolerates missing timestamps takes a segment without', () => {
  const ep = stamped(1000, { toleratesMissingTimestamps: true })
  ep.inject({ text: 'x' })
  assert.equal(ep.receiveText(), 'x')
  ep.inject({ text: 'y', ts: [999, 0] })
  assert.equal(ep.receiveText(), '', 'PAWS still holds for those that have one')
})

test('RFC 7323 3.2 (j): a timestamp that was not agreed on is ignored', () => {
  const ep = established({ timestamps: false })
  ep.inject({ text: 'x', ts: [5, 5] })
  assert.equal(ep.receiveText(), 'x')
})

test('RFC 7323 3.2 (a, b), 4.3 (3): TSecr is TS.Recent, and zero in a SYN', () => {
  const ep = new Endpoint({ timestamps: true })
  const syn = ep.connect().expect({ flags: 'S' })
  assert.equal(syn.ts![1], 0)
  ep.inject({ flags: 'SA', seq: 0, ack: 1, ts: [77, 0] })
  assert.equal(ep.expect({ flags: 'A' }).ts![1], 77)
})

test('RFC 7323 4.1 (a), 5.4 (a, b, c): the clock of TSval counts milliseconds and goes on while nothing happens', () => {
  const ep = stamped()
  ep.send('a')
  const first = ep.expect().ts![0]
  ep.inject({ ts: [1001, first] })
  ep.advance(5000)
  ep.send('b')
  assert.equal(ep.expect().ts![0], first + 5000)
})

test('RFC 7323 4.3 (A, 2): of delayed segments the earliest is echoed, so that the delay is measured with', () => {
  const ep = stamped()
  ep.inject({ text: 10, ts: [1010, 0] })
  ep.inject({ text: 10, ts: [1020, 0] })
  ep.advance(100)
  assert.equal(ep.expect({ ack: 21 }).ts![1], 1010)
})

test('RFC 7323 4.3 (B, C, 2), 5.3 (c): beyond a gap the echo stays at the last segment in order; filling the gap moves it', () => {
  const ep = stamped()
  ep.inject({ seq: 1, text: 10, ts: [1010, 0] })
  ep.advance(100)
  ep.takeSent()
  ep.inject({ seq: 21, text: 10, ts: [1020, 0] })
  assert.equal(ep.expect({ ack: 11 }).ts![1], 1010)
  ep.inject({ seq: 11, text: 10, ts: [1030, 0] })
  assert.equal(ep.expect({ ack: 31 }).ts![1], 1030)
})

test('RFC 7323 5.3 (R1), 5.6: an older timestamp is refused and answered with an acknowledgment', () => {
  const ep = stamped(1000)
  ep.inject({ text: 'x', ts: [999, 0] }).expect({ flags: 'A', ack: 1 })
  assert.equal(ep.receive().length, 0)
  assert.equal(ep.tcb.lastDrop, 'paws')
  ep.inject({ seq: 1, text: 'y', ts: [1000, 0] })
  assert.equal(ep.receiveText(), 'y')
})

test('RFC 7323 5.2 (d): a reset is not subject to PAWS', () => {
  const ep = stamped(1000)
  ep.inject({ flags: 'R', seq: 1, ts: [1, 0] })
  assert.equal(ep.state, 'CLOSED')
})

test('RFC 7323 5.2 (a, g): timestamps wrap: later is what is ahead by less than 2^31', () => {
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

test('RFC 7323 5.5 (a): after 24 days without a segment TS.Recent is outdated: it refuses nothing and is replaced', () => {
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

test('RFC 7323 4.3 (2), 5.3 (R3): a timestamp of a segment outside of the window does not become TS.Recent', () => {
  const ep = stamped(1000)
  ep.inject({ seq: 200_000, text: 10, ts: [5000, 0] })
  assert.equal(ep.tcb.tsRecent, 1000)
  ep.inject({ seq: -500, text: 10, ts: [5000, 0] })
  assert.equal(ep.tcb.tsRecent, 1000)
})

test('RFC 7323 5.3 (a): acknowledgments without text are checked too, and their storm is limited', () => {
  const ep = stamped(1000, { challengeAckLimit: 3 })
  for (let i = 0; i < 50; i++) ep.inject({ ts: [1, 0] })
  assert.equal(ep.takeSent().length, 3)
})

test('RFC 7323 3.2 (c): what a SYN without ACK echoes is no measure of the path', () => {
  const ep = new Endpoint({ timestamps: true })
  const [sentAt] = ep.connect().expect({ flags: 'S' }).ts!
  ep.advance(100)
  ep.inject({ flags: 'S', seq: 0, ts: [1000, sentAt] }).expect({ flags: 'SA' })
  assert.equal(ep.tcb.rtt.measured, false)
})

test('RFC 7323 3.2 (f), 5.2 (b, c): no reset has timestamps', () => {
  stamped().abort().expect({ flags: 'R', ts: null })
  const opening = new Endpoint({ timestamps: true })
  opening.connect().expect({ flags: 'S' })
  opening.inject({ flags: 'SA', seq: 0, ack: 9, ts: [77, 0] }).expect({ flags: 'R', ts: null })
})

test('RFC 7323 4.2: with timestamps too one sample is taken in a round trip, so that the estimator keeps its memory', () => {
  const ep = established({ timestamps: true, peer: { mss: 1012, ts: [1000, 0] } })
  ep.send(1000)
  const first = ep.expect().ts![0]
  ep.advance(40)
  ep.send(1000)
  const second = ep.expect().ts![0]
  ep.advance(40)
  ep.inject({ ack: 1001, ts: [1001, first] })
  assert.equal(ep.tcb.rtt.latestUs, 80_000)
  ep.advance(20)
  ep.inject({ ack: 2001, ts: [1002, second] })
  assert.equal(ep.tcb.rtt.latestUs, 80_000, 'the second was not timed')
})

test('RFC 7323 5.2 (e): the timestamps of a reset move nothing, else a forged one had all that follows refused', () => {
  const ep = stamped(1000)
  ep.inject({ flags: 'R', seq: 0, text: 5, ts: [1 << 30, 0] }).expect({ flags: 'A' })
  assert.equal(ep.tcb.lastDrop, 'rst-not-exact')
  assert.equal(ep.tcb.tsRecent, 1000)
  ep.inject({ seq: 1, text: 'x', ts: [1001, 0] })
  assert.equal(ep.receiveText(), 'x')
})

test('RFC 7323 5.3 (R3): TS.Recent waits for the ACK field: no segment that is refused for its flags or its ACK moves it', () => {
  const forged: Record<string, Parameters<Endpoint['inject']>[0]> = {
    'a SYN in the window': { flags: 'S', seq: 1 },
    'no ACK at all': { flags: 'F', seq: 1 },
    'text without ACK over what was received': { flags: '', seq: 0, text: 500 },
    'an acknowledgment of the future': { seq: 0, text: 500, ack: 1 << 20 },
    'an acknowledgment of the distant past': { seq: 0, text: 500, ack: -(1 << 20) },
  }
  for (const [what, segment] of Object.entries(forged)) {
    const ep = stamped(1000)
    ep.inject({ ...segment, ts: [1 << 30, 0] }).takeSent()
    assert.equal(ep.tcb.tsRecent, 1000, what)
    ep.inject({ seq: 1, text: 'x', ts: [1001, 0] })
    assert.equal(ep.receiveText(), 'x', what)
  }
})

test('RFC 7323 5.2 (e): a reset in TIME-WAIT, where it is ignored, does not keep the next incarnation out', () => {
  const ep = stamped(1000)
  ep.close().expect({ flags: 'FA' })
  ep.inject({ flags: 'FA', seq: 1, ack: 2, ts: [1001, 0] })
  assert.equal(ep.state, 'TIME-WAIT')
  ep.inject({ flags: 'R', seq: 2, ts: [1 << 30, 0] })
  assert.equal(ep.tcb.tsRecent, 1001)
})

test('RFC 7323 5.3 (b): PAWS comes before the sequence number is looked at', () => {
  const ep = stamped(1000)
  ep.inject({ seq: 200_000, text: 10, ts: [999, 0] })
  assert.equal(ep.tcb.lastDrop, 'paws')
})
