import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'

const MSS = 1000

function sender(win: number, options: EndpointOptions = {}): Endpoint {
  const ep = established({ ...options, peer: { mss: MSS } })
  return ep.inject({ win })
}

test('MUST-38: a window that opens by less than a segment brings no small segment', () => {
  const ep = sender(4000)
  ep.send(50_000)
  assert.equal(ep.takeSent().length, 4)
  ep.inject({ ack: 1001, win: 3100 }).expectNothing() // 100 octets of room
  ep.inject({ ack: 2001, win: 2999 }).expectNothing()
  ep.inject({ ack: 2001, win: 3000 }).expect({ seq: 4001, length: MSS })
})

test('MUST-38: nothing outstanding, half of the largest window ever offered is enough', () => {
  const ep = sender(1200)
  ep.send(10_000)
  ep.takeSent()
  ep.inject({ win: 599 })
  assert.equal(ep.tcb.snd.max, 65_535, 'the largest was offered in the handshake')
  ep.expectNothing()
  const small = established({ peer: { mss: MSS, win: 1200 } })
  small.send(10_000)
  assert.deepEqual(
    small.takeSent().map((p) => p.length),
    [1000],
  )
  small.inject({ win: 599 }).expectNothing()
  small.inject({ win: 600 }).expect({ length: 600 })
})

test('MUST-38: the override timer, 0.1 to 1 second, releases what the rule holds back', () => {
  assert.ok(DEFAULT_CONFIG.overrideTimeoutMs >= 100 && DEFAULT_CONFIG.overrideTimeoutMs <= 1000)
  const ep = sender(1000)
  ep.send(10_000)
  ep.takeSent()
  ep.inject({ win: 300 }).expectNothing()
  ep.advance(DEFAULT_CONFIG.overrideTimeoutMs - 1)
  ep.expectNothing()
  ep.advance(1)
  ep.expect({ seq: 1001, length: 300 })
  ep.expectNothing()
  assert.equal(ep.reasons.at(-1), 'silly-window-override')
})

test('MUST-38: after the override the rule holds again', () => {
  const ep = sender(1000)
  ep.send(10_000)
  ep.takeSent()
  ep.inject({ win: 300 })
  ep.advance(DEFAULT_CONFIG.overrideTimeoutMs)
  ep.takeSent()
  ep.inject({ win: 300 }).expectNothing()
})

test('MUST-34, RFC 7323 2.4 (a): a usable window below zero is borne', () => {
  const ep = sender(5000)
  ep.send(20_000)
  assert.equal(ep.takeSent().length, 5)
  ep.inject({ ack: 1001, win: 1500 })
  assert.ok(ep.tcb.snd.wnd - (ep.tcb.snd.nxt - ep.tcb.snd.una) < 0)
  ep.expectNothing()
  assert.equal(ep.state, 'ESTABLISHED')
})

test('SHLD-15, RFC 7323 2.4 (3): a window that shrank lets no new data out until it reaches beyond what was sent', () => {
  const ep = sender(5000)
  ep.send(20_000)
  ep.takeSent()
  ep.inject({ ack: 1001, win: 1500 })
  ep.inject({ ack: 2001, win: 1500 }).expectNothing()
  ep.inject({ ack: 4001, win: 1500 }).expectNothing()
  ep.inject({ ack: 5001, win: 1500 }).expect({ seq: 5001, length: MSS })
})

test('SHLD-15: nor a FIN', () => {
  const ep = sender(5000)
  ep.send(5000)
  ep.takeSent()
  ep.inject({ ack: 1001, win: 1500 })
  ep.close().expectNothing()
  ep.inject({ ack: 5001, win: 1500 }).expect({ flags: 'FA', seq: 5001 })
})

test('SHLD-16: old data inside a window that shrank are retransmitted as usual', () => {
  const ep = sender(5000)
  ep.send(5000)
  ep.takeSent()
  ep.inject({ ack: 1001, win: 2000 })
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1001, length: MSS })
  ep.inject({ ack: 2001, win: 1000 }).expect({ seq: 2001, length: MSS })
  ep.expectNothing()
})

test('MAY-7, RFC 7323 2.4 (4, 5): the oldest octets are retransmitted even where the window shrank below them', () => {
  const ep = sender(5000)
  ep.send(5000)
  ep.takeSent()
  ep.inject({ ack: 1001, win: 500 })
  for (let time = 1; time <= 3; time++) {
    ep.advance(ep.untilTimeoutMs)
    ep.expect({ seq: 1001, length: MSS })
  }
})

test('SHLD-17: a peer that answers with a window that shrank to nothing is not given up', () => {
  const ep = sender(5000, { r2Ms: 20_000, userTimeoutMs: 25_000 })
  ep.send(5000)
  ep.takeSent()
  for (let i = 0; i < 40; i++) {
    ep.inject({ ack: 1001, win: 0 })
    ep.advance(10_000)
  }
  assert.equal(ep.state, 'ESTABLISHED')
})

test('MUST-35: a window that shrank to nothing is probed in the standard way', () => {
  const ep = sender(5000)
  ep.send(5000)
  ep.takeSent()
  ep.inject({ ack: 1001, win: 0 })
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1001, length: 1 })
  assert.equal(ep.reasons.at(-1), 'zero-window-probe')
  ep.inject({ ack: 1001, win: 5000 })
  const again = ep.takeSent()
  assert.deepEqual(
    again.map((p) => p.seq),
    [1001, 2001, 3001, 4001],
  )
})

test('RFC 9293 3.10.7.4: an old segment does not change the window', () => {
  const ep = sender(5000)
  ep.inject({ text: 10, win: 6000 })
  ep.inject({ text: 10, win: 7000 })
  ep.inject({ seq: 1, text: 10, win: 100 })
  assert.equal(ep.tcb.snd.wnd, 7000)
  ep.inject({ seq: 5, text: 100, win: 200 })
  assert.equal(ep.tcb.snd.wnd, 7000, 'SND.WL1: its sequence number is older, although it brings new text')
})

test('RFC 5681 2 (a): never more outstanding than the peer offered', () => {
  const ep = established({ peer: { mss: MSS, win: 7777 } })
  ep.send(200_000)
  let edge = 1 + 7777
  for (let i = 0; i < 60 && ep.tcb.snd.una !== ep.tcb.snd.end; i++) {
    for (const p of ep.takeSent()) assert.ok(p.seq + p.length <= edge, `${p.seq + p.length} > ${edge}`)
    const win = 3000 + ((i * 977) % 5000)
    const ack = Math.max(ep.sentNext - (i % 3) * 500, (ep.tcb.snd.una - ep.iss) | 0)
    edge = Math.max(edge, ack + win)
    ep.inject({ ack, win: edge - ack })
  }
})
