/** Openings that go wrong: resets, old duplicates, half-open connections (RFC 9293 3.5, figures 8 to 11). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, established } from './endpoint.ts'
import { type Pair, pair } from './pair.ts'
import { reach } from './states.ts'

const VERSIONS = [4, 6] as const

// ---- MUST-11: back to LISTEN

for (const version of VERSIONS) {
  test(`MUST-11: a reset in SYN-RECEIVED returns a passive connection to LISTEN, which opens again, IPv${version}`, () => {
    const { ep } = reach('SYN-RECEIVED', { version })
    ep.inject({ flags: 'R', seq: 1 }).expectNothing()
    assert.equal(ep.state, 'LISTEN')
    assert.deepEqual(ep.takeEvents(), ['returned'])
    assert.equal(ep.untilTimeoutMs, Infinity)
    ep.inject({ flags: 'S', seq: 7000, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 7001 })
    ep.inject({ seq: 7001, ack: 1 })
    assert.equal(ep.state, 'ESTABLISHED')
  })

  test(`MUST-11: a reset in SYN-RECEIVED ends an active connection as refused, IPv${version}`, () => {
    const { ep } = reach('SYN-RECEIVED', { version, active: true })
    ep.inject({ flags: 'R', seq: 1 }).expectNothing()
    assert.equal(ep.state, 'CLOSED')
    assert.deepEqual(ep.takeEvents(), ['gone'])
    assert.equal(ep.connection.closeReason, 'connection-refused')
  })
}

test('MUST-11: a SYN in the window returns a passive connection to LISTEN, an active one challenges it', () => {
  const passive = reach('SYN-RECEIVED').ep
  passive.inject({ flags: 'S', seq: 500 }).expectNothing()
  assert.equal(passive.state, 'LISTEN')
  const active = reach('SYN-RECEIVED', { active: true }).ep
  active.inject({ flags: 'S', seq: 500 }).expect({ flags: 'A', seq: 1, ack: 1 })
  assert.equal(active.state, 'SYN-RECEIVED')
})

test('RFC 9293 3.10.7.4: after a passive OPEN a SYN-ACK with the number of the SYN before it opens nothing', () => {
  const { ep } = reach('SYN-RECEIVED')
  ep.inject({ flags: 'SA', seq: 0, ack: 1 }).expect({ flags: 'SA', seq: 0, ack: 1 })
  assert.equal(ep.state, 'SYN-RECEIVED')
  ep.inject({ seq: 1, ack: 1 })
  assert.equal(ep.state, 'ESTABLISHED')
})

test('MUST-11: an active OPEN in LISTEN makes the connection active for good', () => {
  const { ep } = reach('LISTEN')
  ep.tcb.path.remotePort = 80
  ep.connect().expect({ flags: 'S' })
  ep.inject({ flags: 'S', seq: 0 }).expect({ flags: 'SA' })
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'CLOSED')
})

test('back in LISTEN nothing of the failed opening is left: neither text, nor FIN, nor queued octets', () => {
  const ep = new Endpoint().listen()
  ep.inject({ flags: 'SF', seq: 0, text: 'old text' }).expect({ flags: 'SA', ack: 9 })
  ep.send('to the old peer')
  ep.inject({ flags: 'R', seq: 9 })
  assert.equal(ep.state, 'LISTEN')
  assert.deepEqual([ep.connection.readable, ep.connection.queued], [0, 0])
  ep.inject({ flags: 'S', seq: 100, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 101 })
  ep.inject({ seq: 101, ack: 1 }).expectNothing()
  assert.equal(ep.state, 'ESTABLISHED')
  ep.inject({ flags: 'PA', seq: 101, ack: 1, text: 'new' })
  assert.equal(ep.receiveText(), 'new')
})

test('MUST-18: back in LISTEN the round trip of the failed opening is not measured by the next one', () => {
  const { ep } = reach('SYN-RECEIVED')
  ep.inject({ flags: 'R', seq: 1 }).advance(50_000)
  ep.inject({ flags: 'S', seq: 100, mss: 1460 }).expect({ flags: 'SA', ack: 101 })
  ep.advance(30).inject({ seq: 101, ack: 1 })
  assert.equal(ep.connection.status().srttUs, 30_000)
})

test('back in LISTEN the backed-off timer of the failed opening is forgotten', () => {
  const { ep } = reach('SYN-RECEIVED')
  ep.advance(8000).takeSent()
  ep.inject({ flags: 'R', seq: 1 })
  ep.inject({ flags: 'S', seq: 100, mss: 1460 }).expect({ flags: 'SA', ack: 101 })
  assert.equal(ep.untilTimeoutMs, 1000)
})

test('3.10.4: a CLOSE that waits in SYN-RECEIVED deletes the connection when it would return to LISTEN', () => {
  const { ep } = reach('SYN-RECEIVED')
  ep.send('queued')
  ep.close()
  assert.equal(ep.state, 'SYN-RECEIVED')
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.takeEvents().includes('gone'), true)
})

// ---- resets reach the application

test('MUST-12: a reset in answer to our SYN reaches the application as a refusal', () => {
  const { ep } = reach('SYN-SENT')
  ep.inject({ flags: 'RA', seq: 0, ack: 1 }).expectNothing()
  assert.deepEqual(ep.takeEvents(), ['gone'])
  assert.equal(ep.connection.closeReason, 'connection-refused')
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('MUST-12: a reset of an open connection reaches the application as such, a normal end as another', () => {
  const reset = established()
  reset.inject({ flags: 'R', seq: 1 })
  assert.deepEqual([reset.takeEvents(), reset.connection.closeReason], [['gone'], 'reset-by-peer'])
  const { ep } = reach('LAST-ACK')
  ep.inject({ seq: 22, ack: 2 })
  assert.deepEqual([ep.takeEvents().includes('gone'), ep.connection.closeReason], [true, 'closed-normally'])
})

test('SHLD-2: a reset may carry text, in every window', () => {
  const { ep } = reach('ESTABLISHED')
  ep.inject({ flags: 'R', seq: 21, text: 'go away' })
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.connection.readable, 0)
  const long = reach('ESTABLISHED').ep
  long.inject({ flags: 'RA', seq: 21, ack: 1, text: 3000 })
  assert.equal(long.state, 'CLOSED')
  const refused = reach('SYN-SENT').ep
  refused.inject({ flags: 'RA', seq: 0, ack: 1, text: 'no' })
  assert.equal(refused.connection.closeReason, 'connection-refused')
})

// ---- old duplicates and half-open connections

for (const version of VERSIONS) {
  test(`RFC 9293 figure 8: recovery from an old duplicate SYN, IPv${version}`, () => {
    const b = new Endpoint({ version }).listen()
    b.inject({ flags: 'S', seq: -10, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: -9 })
    const a = new Endpoint({ version }).connect()
    a.expect({ flags: 'S', seq: 0 })
    a.inject({ flags: 'SA', seq: 300, ack: -9 }).expect({ flags: 'R', seq: -9 })
    assert.equal(a.state, 'SYN-SENT')
    b.inject({ flags: 'R', seq: -9 })
    assert.equal(b.state, 'LISTEN')
    b.inject({ flags: 'S', seq: 0, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 1 })
    a.inject({ flags: 'SA', seq: 400, ack: 1 }).expect({ flags: 'A', seq: 1, ack: 401 })
    b.inject({ seq: 1, ack: 1 })
    assert.deepEqual([a.state, b.state], ['ESTABLISHED', 'ESTABLISHED'])
  })

  test(`RFC 9293 figure 8: on a wire, an old SYN arrives before the new one, IPv${version}`, () => {
    const p = pair({ version })
    p.b.listen()
    const old = new Endpoint({ version, iss: 0x7fffff00 - 5000, irs: 0 }).connect()
    let octets: Uint8Array | null = null
    old.carrier = (bytes) => {
      octets = bytes
    }
    old.advance(1000)
    p.b.deliver(octets!)
    assert.equal(p.b.state, 'SYN-RECEIVED')
    p.a.connect()
    p.until(() => p.states === 'ESTABLISHED ESTABLISHED', 60_000)
  })

  test(`RFC 9293 figure 9: half-open discovery by the SYN of the side that rebooted, IPv${version}`, () => {
    const p = halfOpen(version)
    p.a.connect()
    p.until(() => p.b.state === 'CLOSED', 5000)
    assert.equal(p.b.connection.closeReason, 'reset-by-peer')
    assert.equal(p.a.state, 'SYN-SENT')
  })

  test(`RFC 9293 figure 10: half-open discovery by the text of the side that did not, IPv${version}`, () => {
    const p = halfOpen(version)
    p.b.send('are you there?')
    p.until(() => p.b.state === 'CLOSED', 5000)
    assert.equal(p.b.connection.closeReason, 'reset-by-peer')
    assert.equal(p.b.takeEvents().includes('gone'), true)
  })

  test(`RFC 9293 figure 11: an old SYN makes two listeners reset and listen on, IPv${version}`, () => {
    const a = new Endpoint({ version }).listen()
    const b = new Endpoint({ version }).listen()
    b.inject({ flags: 'S', seq: 0 }).expect({ flags: 'SA', seq: 0, ack: 1 })
    a.inject({ flags: 'SA', seq: 0, ack: 1 }).expect({ flags: 'R', seq: 1 })
    b.inject({ flags: 'R', seq: 1 })
    assert.deepEqual([a.state, b.state], ['LISTEN', 'LISTEN'])
  })
}

/** Both sides are open, then a reboots: its connection is gone and nobody told b. */
function halfOpen(version: 4 | 6, config = {}): Pair {
  const p = pair({ version, a: config, b: config })
  p.open()
  const rebooted = new Endpoint({ ...config, version, clock: p.clock, iss: 0x10000000, irs: -300 })
  p.replaceA(rebooted)
  return p
}

test('RFC 9293 figure 9: discovery works though the side that rebooted offers no timestamps any more', () => {
  const ep = established({ timestamps: true, peer: { ts: [100, 0] } })
  ep.inject({ flags: 'S', seq: 90_000, mss: 1460 }).expect({ flags: 'A', seq: 1, ack: 1 })
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.connection.closeReason, 'reset-by-peer')
})

test('RFC 9293 figure 9: discovery works though its timestamps start anew', () => {
  const ep = established({ timestamps: true, peer: { ts: [5000, 0] } })
  ep.inject({ flags: 'S', seq: 90_000, mss: 1460, ts: [3, 0] }).expect({ flags: 'A', seq: 1, ack: 1 })
})

// ---- a connection serves once

test('a connection that is over is not opened again: CLOSED then means gone, not new', () => {
  for (const open of ['listen', 'connect'] as const) {
    const { ep } = reach('LAST-ACK')
    ep.inject({ seq: 22, ack: 2 })
    assert.equal(ep.state, 'CLOSED')
    assert.throws(() => ep[open](), { reason: 'connection-already-exists' })
    assert.equal(ep.state, 'CLOSED')
  }
})

test('RFC 9293 3.4: 4 GiB later SND.UNA is the ISS again, and nobody takes it for an opening', () => {
  for (const passive of [false, true]) {
    const ep = established({ passive })
    ep.tcb.iss = ep.tcb.snd.una // as if all numbers had been used once
    ep.inject({ seq: 1, ack: 1, text: 'abc' }).advance(500).expect({ flags: 'A', seq: 1, ack: 4 })
    ep.send('text')
    ep.expect({ flags: 'PA', seq: 1, text: 'text' })
    ep.advance(ep.untilTimeoutMs).expect({ flags: 'PA', seq: 1, text: 'text' })
    const { cwnd } = ep.tcb.congestion
    ep.inject({ seq: 4, ack: 3 })
    assert.equal(ep.connection.queued, 2)
    assert.ok(ep.tcb.congestion.cwnd <= 2 * cwnd, 'no new initial window')
    ep.inject({ seq: 4, ack: 5 }).takeSent()
    ep.close().expect({ flags: 'FA', seq: 5 })
  }
})
