/** Known failures of other TCPs, through two whole stacks: windows that close, shrink or whose update is lost. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACK } from '../../src/wire/segment.ts'
import { octets, World } from './known-failures-world.ts'

const isPlainAck = (flags: number, length: number): boolean => flags === ACK && length === 0

test('known failure: a lost window update does not stall the connection', () => {
  const world = new World({ b: { receiveBufferBytes: 5000 } }).connect()
  world.b.reads = false
  world.a.send(octets(20_000))
  world.run(2000)
  assert.equal(world.a.connection.tcb.snd.wnd, 0)
  // Everything that b says about its window in the next second is lost.
  world.path('b', { delayUs: 10_000, loss: 1 })
  world.b.readOn()
  world.run(1000)
  assert.ok(world.sent('b').some(({ reason }) => reason === 'window-update'))
  world.path('b', { delayUs: 10_000 })
  world.until(() => world.b.got.length === 20_000, 120_000)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(20_000))
  world.finish()
})

test('known failure: a window that closes at once after the SYN is probed until it opens', () => {
  const world = new World({ b: { receiveBufferBytes: 1 } })
  world.b.reads = false
  world.connect()
  world.a.send(octets(50))
  world.run(600_000)
  assert.equal(world.b.connection.readable, 1)
  const probes = world.sent('a').filter(({ reason }) => reason === 'zero-window-probe')
  assert.ok(probes.length >= 10 && probes.length <= 30, `${probes.length} probes in ten minutes`)
  assert.equal(world.a.state, 'ESTABLISHED', 'MUST-37: a closed window is no failure, however long it lasts')
  world.b.readOn()
  world.until(() => world.b.got.length === 50, 600_000)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(50))
  world.finish()
})

test('known failure: data outstanding beyond a window that shrank are sent again and arrive', () => {
  const world = new World({ a: { timestamps: false, nagle: false } }).connect()
  // What a sends is lost, and meanwhile b is made to say that it takes no more than 100 octets.
  world.path('a', { delayUs: 10_000, loss: 1 })
  world.a.send(octets(5000))
  world.run(1)
  const { snd, rcv } = world.a.connection.tcb
  assert.equal((snd.nxt - snd.una) | 0, 5000)
  world.forge('a', { seq: rcv.nxt, ack: snd.una, flags: ACK, window: 100 })
  assert.ok(snd.wnd < 5000, `the window shrank to ${snd.wnd}`)
  world.run(500)
  const again = world.sent('a').filter(({ reason }) => reason === 'retransmission-timeout')
  assert.ok(again.length > 0, 'SHLD-16: sent again although the window no longer holds it')
  world.path('a', { delayUs: 10_000 })
  world.until(() => world.b.got.length === 5000, 60_000)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(5000))
  world.finish()
})

test('known failure: the persist timer runs on after an acknowledgment of a part', () => {
  // The window holds a part of what is queued; what is acknowledged closes it, and nothing is outstanding any more.
  const world = new World({ b: { receiveBufferBytes: 3000 }, a: { nagle: false } }).connect()
  world.b.reads = false
  world.a.send(octets(10_000))
  world.run(1000)
  const { tcb } = world.a.connection
  assert.equal(tcb.snd.wnd, 0)
  assert.ok(world.a.connection.queued > 0)
  assert.ok(tcb.timers.retransmission < Infinity, 'the persist timer runs')
  for (let i = 0; i < 5; i++) {
    const before = world.sent('a').length
    world.run(130_000)
    assert.ok(world.sent('a').length > before, `still probing after ${(i + 1) * 130} s`)
  }
  world.b.readOn()
  world.until(() => world.b.got.length === 10_000, 300_000)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(10_000))
  world.finish()
})

test('known failure: an acknowledgment of new data resets the back-off of the retransmission timer', () => {
  const world = new World().connect()
  world.a.send(octets(10_000))
  world.until(() => world.a.connection.queued === 0)
  world.path('a', { delayUs: 10_000, loss: 1 })
  world.a.send(octets(1000))
  world.run(10_000)
  const { rtt } = world.a.connection.tcb
  assert.ok(rtt.backoff >= 4, `backed off ${rtt.backoff} times`)
  world.path('a', { delayUs: 10_000 })
  world.until(() => world.a.connection.queued === 0, 60_000)
  assert.equal(rtt.backoff, 0)
  assert.ok(rtt.rtoUs < 1_000_000)
  // The next loss costs one undoubled time-out.
  const sentAt = world.network.now
  let first = true
  world.fate('a', 10_000, (seg) => {
    if (!first || seg.textLength === 0) return null
    first = false
    return 'lose'
  })
  world.a.send(octets(1000))
  world.until(() => world.a.connection.queued === 0, 60_000)
  assert.ok(world.network.now - sentAt < 2_000_000)
  world.finish()
})

test('known failure: two sides with closed windows and queued data do not answer each other for ever', () => {
  const small = { receiveBufferBytes: 1000 }
  const world = new World({ a: small, b: small }).connect()
  world.a.reads = false
  world.b.reads = false
  world.a.send(octets(5000))
  world.b.send(octets(5000, 5000))
  world.run(2000)
  const before = world.trace.events.length
  world.run(60_000)
  const acks = world.trace.events
    .slice(before)
    .filter((event) => event.kind === 'sent' && isPlainAck(event.segment.flags, event.segment.length))
  assert.ok(acks.length < 100, `${acks.length} acknowledgments in a minute of two closed windows`)
  world.a.readOn()
  world.b.readOn()
  world.until(() => world.a.got.length === 5000 && world.b.got.length === 5000, 300_000)
  world.finish()
})

test('known failure: the window of a retransmission that acknowledges something new is taken', () => {
  // By RFC 9293 3.10.7.4 alone SND.WL1 makes it old, while SND.UNA advances: the old window would now reach further than
  // the other side ever offered.
  const world = new World({ a: { timestamps: false, windowScaling: false, nagle: false } }).connect()
  world.path('a', { delayUs: 10_000, loss: 1 })
  world.a.send(octets(60_000))
  world.run(1)
  const { snd, rcv } = world.a.connection.tcb
  const start = snd.una
  const edge = (start + 20_000) | 0
  world.forge('a', { seq: (rcv.nxt + 100) | 0, ack: start, flags: ACK, window: 20_000 }, octets(50))
  assert.equal(snd.wnd, 20_000)
  world.forge('a', { seq: rcv.nxt, ack: (start + 1460) | 0, flags: ACK, window: 20_000 - 1460 }, octets(100))
  assert.equal(snd.una, (start + 1460) | 0)
  assert.equal((snd.una + snd.wnd) | 0, edge)
  // And one that acknowledges less is older, whatever its number.
  world.forge('a', { seq: rcv.nxt, ack: start, flags: ACK, window: 60_000 })
  assert.equal((snd.una + snd.wnd) | 0, edge)
})
