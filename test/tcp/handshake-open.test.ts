/** Opening a connection: three-way, simultaneous, with text or FIN on the SYN, with losses (RFC 9293 3.5). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { Endpoint, patternOf } from './endpoint.ts'
import { type PairOptions, pair, stream } from './pair.ts'
import { reach } from './states.ts'

const VERSIONS = [4, 6] as const

for (const version of VERSIONS) {
  test(`RFC 9293 figure 6: the three-way handshake, active side, IPv${version}`, () => {
    const ep = new Endpoint({ version })
    ep.connect().expect({ flags: 'S', seq: 0, length: 0 })
    assert.equal(ep.state, 'SYN-SENT')
    ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1000 }).expect({ flags: 'A', seq: 1, ack: 1, length: 0 })
    assert.equal(ep.state, 'ESTABLISHED')
    assert.deepEqual(ep.takeEvents(), ['connected', 'writable'])
    assert.equal(ep.untilTimeoutMs, Infinity)
  })

  test(`RFC 9293 figure 6: the three-way handshake, passive side, IPv${version}`, () => {
    const ep = new Endpoint({ version }).listen()
    ep.expectNothing()
    ep.inject({ flags: 'S', seq: 0, mss: 1000 }).expect({ flags: 'SA', seq: 0, ack: 1, length: 0 })
    assert.equal(ep.state, 'SYN-RECEIVED')
    assert.deepEqual(ep.takeEvents(), [])
    ep.inject({ seq: 1, ack: 1 }).expectNothing()
    assert.equal(ep.state, 'ESTABLISHED')
    assert.deepEqual(ep.takeEvents(), ['connected', 'writable'])
    assert.equal(ep.untilTimeoutMs, Infinity)
  })
}

test('MUST-45: a passive OPEN takes the addresses of the SYN and keeps them', () => {
  const { ep } = reach('ESTABLISHED', { version: 6 })
  const { path } = ep.tcb
  const taken = [6, 1, 2, 80]
  assert.deepEqual([path.version, path.local3, path.remote3, path.remotePort], taken)
  const stray = new IpHeader()
  const seg = new Segment()
  stray.dst3 = 77
  stray.src3 = 78
  seg.srcPort = 79
  ep.connection.handleSegment(stray, seg)
  assert.deepEqual([path.version, path.local3, path.remote3, path.remotePort], taken)
})

test('text may be the acknowledgment of the SYN', () => {
  const { ep } = reach('SYN-RECEIVED')
  ep.inject({ flags: 'PA', seq: 1, ack: 1, text: 'hello' })
  assert.equal(ep.state, 'ESTABLISHED')
  assert.equal(ep.receiveText(), 'hello')
})

test('a FIN may be the acknowledgment of the SYN', () => {
  const { ep } = reach('SYN-RECEIVED')
  ep.inject({ flags: 'FA', seq: 1, ack: 1 }).expect({ flags: 'A', seq: 1, ack: 2 })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.deepEqual(ep.takeEvents(), ['connected', 'readable', 'writable', 'peer-closed'])
})

// ---- text and FIN on the SYN

for (const version of VERSIONS) {
  test(`RFC 9293 3.10.7.2: text on a SYN waits for ESTABLISHED and then reaches the user, IPv${version}`, () => {
    const ep = new Endpoint({ version }).listen()
    ep.inject({ flags: 'S', seq: 0, text: 'early', mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 6 })
    assert.equal(ep.receive().length, 0)
    assert.equal(ep.takeEvents().includes('readable'), false)
    ep.inject({ seq: 6, ack: 1 })
    assert.deepEqual(ep.takeEvents(), ['connected', 'readable', 'writable'])
    assert.equal(ep.receiveText(), 'early')
  })
}

test('a SYN with text that comes again is answered again and its text delivered once', () => {
  const ep = new Endpoint().listen()
  ep.inject({ flags: 'S', seq: 0, text: 'early', mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 6 })
  ep.inject({ flags: 'S', seq: 0, text: 'early', mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 6 })
  ep.inject({ flags: 'PA', seq: 6, ack: 1, text: ' late' })
  assert.equal(ep.receiveText(), 'early late')
})

test('a FIN on the SYN counts once the connection is synchronized', () => {
  const ep = new Endpoint().listen()
  ep.inject({ flags: 'SF', seq: 0, text: 'all', mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 4 })
  assert.equal(ep.state, 'SYN-RECEIVED')
  ep.inject({ seq: 5, ack: 1 }).expect({ flags: 'A', seq: 1, ack: 5 })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.receiveText(), 'all')
  assert.equal(ep.connection.atEndOfStream, true)
})

test('text and FIN on a SYN-ACK are taken at once', () => {
  const { ep } = reach('SYN-SENT')
  ep.inject({ flags: 'SFA', seq: 0, ack: 1, text: 'answer' }).expect({ flags: 'A', seq: 1, ack: 8 })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.receiveText(), 'answer')
})

test('text on a SYN beyond the window offered is cut, not lost: the other side sends it again', () => {
  const ep = new Endpoint({ receiveBufferBytes: 8 }).listen()
  ep.inject({ flags: 'S', seq: 0, text: 'twelve chars' }).expect({ flags: 'SA', seq: 0, ack: 9, win: 0 })
  ep.inject({ seq: 13, ack: 1 })
  assert.equal(ep.state, 'SYN-RECEIVED')
  ep.inject({ seq: 9, ack: 1, text: 'hars' })
  assert.equal(ep.state, 'ESTABLISHED')
  assert.equal(ep.receiveText(), 'twelve c')
})

test('what SEND queued before ESTABLISHED goes with the acknowledgment of the SYN', () => {
  const { ep } = reach('SYN-SENT')
  assert.equal(ep.send('early'), 5)
  ep.expectNothing()
  ep.inject({ flags: 'SA', seq: 0, ack: 1 }).expect({ flags: 'PA', seq: 1, ack: 1, text: 'early' })
  ep.expectNothing()
})

test('3.10.2: SEND in LISTEN makes the passive OPEN active, and its octets arrive', () => {
  const p = pair()
  p.b.listen()
  p.a.listen()
  p.a.tcb.path.remotePort = 80
  p.a.tcb.remoteSpecified = true
  assert.equal(p.a.send('from a listener'), 15)
  assert.equal(p.a.state, 'SYN-SENT')
  p.run(1000)
  assert.equal(p.states, 'ESTABLISHED ESTABLISHED')
  assert.equal(p.b.receiveText(), 'from a listener')
})

// ---- losses

const LOSSES: Record<string, PairOptions['fate']> = {
  'the SYN': (from, n) => ({ drop: from === 'a' && n === 1 }),
  'the SYN twice': (from, n) => ({ drop: from === 'a' && n <= 2 }),
  'the SYN-ACK': (from, n) => ({ drop: from === 'b' && n === 1 }),
  'the SYN-ACK twice': (from, n) => ({ drop: from === 'b' && n <= 2 }),
  'the ACK': (from, n) => ({ drop: from === 'a' && n === 2 }),
  'all ACKs for five seconds': (_from, _n, packet) => ({ drop: packet.flags === 'A' && packet.atMs < 5000 }),
  nothing: () => ({}),
  'nothing, but all come twice': () => ({ copies: 1 }),
}

for (const [name, fate] of Object.entries(LOSSES)) {
  for (const version of VERSIONS) {
    test(`the handshake survives the loss of ${name}, IPv${version}`, () => {
      const p = pair({ version, ...(fate && { fate }) })
      p.b.listen()
      p.a.connect()
      p.until(() => p.states === 'ESTABLISHED ESTABLISHED', 60_000)
      const there = stream(5000)
      p.a.send(there)
      p.b.send(there)
      p.until(() => p.a.connection.readable === 5000 && p.b.connection.readable === 5000, 60_000)
      assert.deepEqual(p.a.receive(), there)
      assert.deepEqual(p.b.receive(), there)
    })
  }
}

test('a SYN-ACK that comes again after ESTABLISHED is acknowledged, as our ACK was lost', () => {
  const { ep } = reach('SYN-SENT')
  ep.inject({ flags: 'SA', seq: 0, ack: 1 }).expect({ flags: 'A', seq: 1, ack: 1 })
  ep.advance(1000).inject({ flags: 'SA', seq: 0, ack: 1 }).expect({ flags: 'A', seq: 1, ack: 1 })
  assert.equal(ep.state, 'ESTABLISHED')
})

// ---- simultaneous open

for (const version of VERSIONS) {
  test(`MUST-10: RFC 9293 figure 7, simultaneous open segment by segment, IPv${version}`, () => {
    const ep = new Endpoint({ version }).connect()
    ep.expect({ flags: 'S', seq: 0 })
    ep.inject({ flags: 'S', seq: 0, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 1 })
    assert.equal(ep.state, 'SYN-RECEIVED')
    ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460 })
    assert.equal(ep.state, 'ESTABLISHED')
    ep.expectNothing()
    ep.send('go')
    ep.expect({ flags: 'PA', seq: 1, ack: 1, text: 'go' })
  })

  test(`MUST-10: simultaneous open ends with a plain ACK as well, IPv${version}`, () => {
    const { ep } = reach('SYN-RECEIVED', { version, active: true })
    ep.inject({ seq: 1, ack: 1 }).expectNothing()
    assert.equal(ep.state, 'ESTABLISHED')
  })
}

const BOTH_OPEN: Record<string, PairOptions['fate']> = {
  'without loss': () => ({}),
  'with the SYN-ACK of one side lost': (from, n) => ({ drop: from === 'a' && n === 2 }),
  'with the SYN-ACK of the other side lost': (from, n) => ({ drop: from === 'b' && n === 2 }),
  'with both SYN-ACKs lost': (_from, n) => ({ drop: n === 2 }),
  'with both SYN-ACKs lost twice': (_from, n) => ({ drop: n === 2 || n === 3 }),
  'with the SYN of one side lost': (from, n) => ({ drop: from === 'a' && n === 1 }),
  'with both SYNs lost': (_from, n) => ({ drop: n === 1 }),
  'with everything doubled': () => ({ copies: 1 }),
  'with one side much later': (from, n) => ({ holdMs: from === 'a' && n === 1 ? 500 : 0 }),
}

for (const [name, fate] of Object.entries(BOTH_OPEN)) {
  for (const scaling of [false, true]) {
    test(`MUST-10: simultaneous open ${name}, ${scaling ? 'with' : 'without'} window scaling`, () => {
      const config = { windowScaling: scaling, timestamps: scaling }
      const p = pair({ ...(fate && { fate }), a: config, b: config })
      p.b.tcb.path.remotePort = 49152
      p.a.connect()
      p.b.connect()
      p.until(() => p.states === 'ESTABLISHED ESTABLISHED', 60_000)
      const there = stream(100_000)
      p.a.send(there)
      p.b.send(there)
      p.until(() => p.a.connection.readable === 100_000 && p.b.connection.readable === 100_000, 60_000)
      assert.deepEqual(p.a.receive(), there)
      assert.deepEqual(p.b.receive(), there)
      assert.ok(p.packets.a < 400 && p.packets.b < 400, 'no storm')
    })
  }
}

test('RFC 7323 2.2 (f): the window of a SYN-ACK is never scaled, in a simultaneous open neither', () => {
  const ep = new Endpoint({ windowScaling: true }).connect()
  ep.expect({ flags: 'S' })
  ep.inject({ flags: 'S', seq: 0, mss: 1460, ws: 7, win: 1000 }).expect({ flags: 'SA' })
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460, ws: 7, win: 1000 })
  assert.equal(ep.state, 'ESTABLISHED')
  assert.ok(ep.tcb.snd.wnd <= 1000, `SND.WND is ${ep.tcb.snd.wnd}`)
  ep.send(patternOf(1, 5000))
  assert.ok(ep.takeSent().reduce((sum, s) => sum + s.length, 0) <= 1000)
})

test('a connection to oneself: the SYN comes back as it was sent', () => {
  const ep = new Endpoint({ irs: -16 }).connect()
  ep.expect({ flags: 'S', seq: 0 })
  ep.inject({ flags: 'S', seq: 0, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 1 })
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460 })
  assert.equal(ep.state, 'ESTABLISHED')
})

test('RFC 7323 2.2 (f), 3.2 (g): what our SYN offered is agreed on, whatever is configured before the answer comes', () => {
  const ep = new Endpoint({ timestamps: true, windowScaling: true, receiveBufferBytes: 1 << 20 }).connect()
  ep.expect({ flags: 'S', ws: 5 })
  const other = { timestamps: false, windowScaling: false, receiveBufferBytes: 4096 }
  ep.connection.reconfigure(configure(other, ep.tcb.config))
  ep.advance(1000)
  assert.notEqual(ep.expect({ flags: 'S', ws: 5 }).ts, null, 'the SYN that goes again says the same')
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460, ws: 7, ts: [1, 0] })
  assert.deepEqual([ep.tcb.rcvScale, ep.tcb.sndScale, ep.tcb.timestamps], [5, 7, true])
})
