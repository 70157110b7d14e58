import assert from 'node:assert/strict'
import { test } from 'node:test'
import { established, patternOf } from './endpoint.ts'
import { pair, stream } from './pair.ts'

/** Initial numbers just below where a comparison of any kind goes wrong: 2^32, 2^31, zero. */
const STARTS = [-1, -2, -700, 0, 0x7fff_ffff, 0x7fff_fffe, 0x7fff_ff00, -0x8000_0000, 0x7fff_0000]

test('RFC 9293 3.4: streams of both directions cross 2^32 and 2^31 whole, FIN included', () => {
  for (const version of [4, 6] as const) {
    for (const iss of STARTS) {
      const wire = pair({ version, a: { iss }, b: { iss: (iss + 0x4000_0000) | 0 } }).open()
      const there = stream(9000, 1)
      const back = stream(5000, 2)
      wire.a.send(there)
      wire.b.send(back)
      wire.a.close()
      wire.b.close()
      wire.run(60_000 + 1000)
      assert.deepEqual(wire.b.receive(), there)
      assert.deepEqual(wire.a.receive(), back)
      assert.equal(wire.states, 'CLOSED CLOSED', `ISS ${iss >>> 0}`)
      assert.equal(wire.a.tcb.totalRetransmissions + wire.b.tcb.totalRetransmissions, 0)
    }
  }
})

test('RFC 9293 3.4: text before, over and after a wrap is reassembled in any order', () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]
  for (const irs of [-0x8000_0000 - 16, -16, 0x7fff_fff0]) {
    for (const order of orders) {
      const ep = established({ irs })
      for (const i of order) ep.inject({ seq: 1 + i * 10, text: 10 })
      assert.deepEqual(ep.receive(), patternOf(1, 30))
    }
  }
})

test('RFC 9293 3.4: losses on both sides of a wrap are found and mended without a timeout', () => {
  for (const iss of [-8000, 0x7fff_ffff - 8000]) {
    const wire = pair({ a: { iss } }).open()
    const n = wire.packets.a
    wire.drop('a', n + 3, n + 8)
    const text = stream(30_000)
    wire.a.send(text)
    wire.run(1000)
    assert.deepEqual(wire.b.receive(), text)
    assert.equal(wire.a.reasons.includes('retransmission-timeout'), false)
  }
})

test('RFC 9293 3.4: a timeout whose lost range straddles a wrap sends it all again', () => {
  for (const iss of [-5000, 0x7fff_ffff - 5000]) {
    const wire = pair({ a: { iss }, fate: (from, n) => ({ drop: from === 'a' && n > 2 && n < 13 }) }).open()
    const text = stream(14_000)
    wire.a.send(text)
    wire.run(10_000)
    assert.deepEqual(wire.b.receive(), text)
  }
})

test('RFC 9293 3.4: half a sequence space later comparisons still hold', () => {
  // The TCB is moved by hand: sending 2^31 octets would take the test a minute.
  const ep = established({ iss: 0, peer: { mss: 1000 } })
  for (let lap = 0; lap < 6; lap++) {
    const { snd, recovery } = ep.tcb
    const jump = 0x3fff_0000
    snd.una = snd.nxt = snd.end = snd.psh = (snd.una + jump) | 0
    snd.wl2 = snd.una
    recovery.onAdvance(snd.una, jump, ep.tcb.mss)
    const una = (snd.una - ep.iss) | 0
    ep.send(6000)
    for (let i = 0; i < 3; i++) ep.inject({ ack: una })
    assert.equal(ep.reasons.filter((r) => r === 'fast-retransmit').length, lap + 1)
    while (ep.tcb.snd.una !== ep.tcb.snd.end) ep.inject({ ack: (ep.tcb.snd.nxt - ep.iss) | 0 })
  }
})
