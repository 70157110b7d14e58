import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'
import { pair, stream } from './pair.ts'

const MSS = 1000

function closedWindow(options: EndpointOptions = {}): Endpoint {
  return established({ ...options, peer: { mss: MSS } }).inject({ win: 0 })
}

test('MUST-36, SHLD-29: a closed window is probed after one RTO, with one octet', () => {
  const ep = closedWindow()
  ep.send('hello')
  ep.expectNothing()
  assert.equal(ep.untilTimeoutMs, ep.tcb.rtt.rtoUs / 1000)
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1, length: 1, text: 'h' })
  ep.expectNothing()
})

test('SHLD-30: the time between probes doubles, up to a minute', () => {
  const ep = closedWindow()
  ep.send('hello')
  const start = ep.clock.now / 1000
  const rto = ep.tcb.rtt.rtoUs / 1000
  const times = [start]
  while (times.length < 12) {
    ep.advance(ep.untilTimeoutMs)
    times.push(ep.expect({ seq: 1, length: 1 }).atMs)
    ep.inject({ ack: 1, win: 0 })
    ep.expectNothing()
  }
  const gaps = times.slice(1).map((t, i) => Math.round(t - times[i]!))
  assert.deepEqual(
    gaps,
    gaps.map((_, i) => Math.round(Math.min(rto * 2 ** i, 60_000))),
  )
  assert.equal(gaps.at(-1), 60_000)
})

test('MUST-37: as long as probes are answered the connection stays open, for a week', () => {
  const ep = closedWindow({ userTimeoutMs: 300_000 })
  ep.send('hello')
  const end = ep.clock.now + 7 * 24 * 3600 * 1e6
  while (ep.clock.now < end) {
    ep.advance(ep.untilTimeoutMs)
    ep.expect({ length: 1 })
    ep.inject({ ack: 1, win: 0 })
  }
  assert.equal(ep.state, 'ESTABLISHED')
  assert.deepEqual([ep.takeEvents(), ep.tcb.negativeAdvice], [[], false], 'nothing is wrong with the path')
  ep.inject({ ack: 1, win: 5000 })
  ep.expect({ seq: 1, text: 'h' })
  ep.inject({ ack: 2 })
  ep.expect({ seq: 2, text: 'ello' })
})

test('MUST-37: answers that carry text count as well', () => {
  const ep = closedWindow()
  ep.send('hello')
  for (let i = 0; i < 100; i++) {
    ep.advance(ep.untilTimeoutMs)
    if (ep.takeSent().some((p) => p.length === 1)) ep.inject({ ack: 1, win: 0, text: 'no' })
    assert.equal(ep.state, 'ESTABLISHED')
  }
})

test('a peer that answers no probe is given up at R2', () => {
  const ep = closedWindow({ r2Ms: 100_000 })
  ep.send('hello')
  ep.advance(200_000)
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.connection.closeReason, 'retransmission-limit')
})

test('MUST-37: an hour behind a closed window does not count against the data that follow', () => {
  const ep = closedWindow()
  ep.send(5000)
  for (let i = 0; i < 70; i++) {
    ep.advance(ep.untilTimeoutMs)
    ep.inject({ ack: 1, win: 0 })
  }
  ep.inject({ ack: 1, win: 10_000 })
  assert.ok(ep.untilTimeoutMs < 1000, 'the RTO is that of the path, not of the probes')
  ep.takeSent()
  ep.advance(30_000)
  assert.equal(ep.state, 'ESTABLISHED')
})

test('a probe whose octet is accepted moves on; the next asks with the next octet', () => {
  const ep = closedWindow()
  ep.send('hello')
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1, text: 'h' })
  ep.inject({ ack: 2, win: 0 }).expectNothing()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 2, text: 'e' })
})

test('a probe that was accepted together with a window: the rest follows at once', () => {
  const ep = closedWindow()
  ep.send('hello')
  ep.advance(ep.untilTimeoutMs)
  ep.takeSent()
  ep.inject({ ack: 2, win: 5000 }).expect({ seq: 2, text: 'ello' })
})

test('a window update sends what waits at once, the octet of an unanswered probe first', () => {
  const ep = closedWindow({ nagle: false })
  ep.send(3000)
  ep.advance(ep.untilTimeoutMs)
  ep.takeSent()
  ep.inject({ ack: 1, win: 5000 })
  assert.deepEqual(
    ep.takeSent().map((p) => [p.seq, p.length]),
    [
      [1, 1],
      [2, 1000],
      [1002, 1000],
      [2002, 999],
    ],
  )
})

test('MUST-36: a window update that is lost does not stop the stream', () => {
  for (const timestamps of [true, false]) {
    const wire = pair({
      a: { timestamps, mssLimit: MSS },
      b: { timestamps, receiveBufferBytes: 4000 },
    }).open()
    const text = stream(20_000)
    wire.a.send(text)
    wire.run(100)
    assert.ok(wire.a.tcb.snd.wnd < MSS)
    const got: number[] = []
    let losses = 0
    while (got.length < text.length) {
      // The update that this reading provokes never arrives.
      wire.drop('b', wire.packets.b + 1)
      got.push(...wire.b.receive())
      losses++
      wire.run(2000)
      assert.ok(losses < 100)
    }
    assert.deepEqual(Uint8Array.from(got), text)
    assert.ok(wire.a.reasons.includes('zero-window-probe'))
  }
})

test('a window that closes at once after the SYN is probed', () => {
  const ep = established({ peer: { mss: MSS, win: 0 } })
  ep.send('hello')
  ep.expectNothing()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1, length: 1 })
  const passive = established({ passive: true, peer: { mss: MSS, win: 0 } })
  passive.send('hello')
  passive.expectNothing()
  passive.advance(passive.untilTimeoutMs)
  passive.expect({ seq: 1, length: 1 })
})

test('FIN behind a closed window: it probes by itself where nothing else waits', () => {
  const ep = closedWindow()
  ep.close().expectNothing()
  assert.equal(ep.state, 'FIN-WAIT-1')
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ flags: 'FA', seq: 1, length: 0 })
  ep.inject({ ack: 2, win: 0 })
  assert.equal(ep.state, 'FIN-WAIT-2')
})

test('FIN behind a closed window: text first, FIN when the window opens', () => {
  const ep = closedWindow()
  ep.send('bye')
  ep.close()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ flags: 'A', seq: 1, text: 'b' })
  ep.inject({ ack: 1, win: 0 })
  ep.inject({ ack: 1, win: 1000 })
  const sent = ep.takeSent()
  assert.equal(sent.at(-1)!.flags.includes('F'), true)
  assert.equal(sent.at(-1)!.seq + sent.at(-1)!.length, 4)
  ep.inject({ ack: 5 })
  assert.equal(ep.state, 'FIN-WAIT-2')
})

test('FIN behind a closed window in CLOSE-WAIT leads to LAST-ACK and CLOSED', () => {
  const ep = closedWindow()
  ep.inject({ flags: 'FA', win: 0 }).expect({ ack: 2 })
  ep.close()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ flags: 'FA', seq: 1 })
  assert.equal(ep.state, 'LAST-ACK')
  ep.inject({ ack: 2, win: 0 })
  assert.equal(ep.state, 'CLOSED')
})

test('a slow reader on a lossy wire gets every octet through windows that close again and again', () => {
  for (const windowScaling of [true, false]) {
    const wire = pair({
      a: { windowScaling, mssLimit: MSS },
      b: { windowScaling, receiveBufferBytes: windowScaling ? 70_000 : 3000 },
      fate: (_from, n) => ({ drop: n > 4 && n % 13 === 0 }),
    }).open()
    const text = stream(200_000)
    wire.a.send(text)
    const got: number[] = []
    for (let round = 0; got.length < text.length; round++) {
      assert.ok(round < 2000, 'stalled')
      wire.run(500)
      got.push(...wire.b.receive(windowScaling ? 40_000 : 1700))
    }
    assert.deepEqual(Uint8Array.from(got), text)
  }
})
