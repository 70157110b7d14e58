import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, established } from './endpoint.ts'

test('RFC 7323 2.2 (b, d), 2.3 (b, f): our shift is the least with which the buffer fits the field', () => {
  for (const [receiveBufferBytes, shift] of [
    [1000, 0],
    [65_535, 0],
    [65_536, 1],
    [1 << 20, 5],
    [1 << 30, 14],
  ] as const) {
    const ep = new Endpoint({ windowScaling: true, receiveBufferBytes })
    ep.connect().expect({ flags: 'S', ws: shift, win: Math.min(receiveBufferBytes, 65_535) })
  }
})

test('RFC 7323 2.2 (f), 2.3 (d, e): the window of a SYN is not scaled, all later ones are, in both directions', () => {
  const ep = new Endpoint({ windowScaling: true, receiveBufferBytes: 1 << 20 })
  ep.connect().expect({ win: 65_535, ws: 5 })
  ep.inject({ flags: 'SA', seq: 0, ack: 1, ws: 3, win: 5000 })
  assert.equal(ep.tcb.snd.wnd, 5000)
  ep.expect({ flags: 'A', win: (1 << 20) >>> 5 })
  ep.inject({ win: 5000 })
  assert.equal(ep.tcb.snd.wnd, 40_000)
})

test('RFC 7323 2.3 (a, c): a passive side takes the scale from the SYN and answers with its own', () => {
  const ep = new Endpoint({ windowScaling: true, receiveBufferBytes: 1 << 20 })
  ep.listen().inject({ flags: 'S', seq: 0, ws: 7, win: 6000 })
  ep.expect({ flags: 'SA', ws: 5, win: 65_535 })
  assert.equal(ep.tcb.snd.wnd, 6000)
  ep.inject({ seq: 1, ack: 1, win: 6000 })
  assert.equal(ep.tcb.snd.wnd, 6000 << 7)
})

test('RFC 7323 1.3 (a), 2.2 (c), 2.3 (c): with a peer that does not offer it nothing is scaled, and the window stays below 64 KiB', () => {
  const ep = established({ windowScaling: true, receiveBufferBytes: 1 << 20 })
  ep.inject({ win: 40_000, text: 10 })
  ep.advance(100)
  ep.expect({ win: 65_525 })
  assert.equal(ep.tcb.snd.wnd, 40_000)
  const passive = new Endpoint({ windowScaling: true, receiveBufferBytes: 1 << 20 })
  passive.listen().inject({ flags: 'S', seq: 0 })
  passive.expect({ flags: 'SA', ws: -1 })
})

test('RFC 7323 2.2 (c): a passive side that is told not to scale does not answer the option', () => {
  const ep = new Endpoint({ windowScaling: false, receiveBufferBytes: 1 << 20 })
  ep.listen().inject({ flags: 'S', seq: 0, ws: 7, win: 6000 })
  ep.expect({ flags: 'SA', ws: -1 })
  ep.inject({ seq: 1, ack: 1, win: 6000 })
  assert.equal(ep.tcb.snd.wnd, 6000)
})

test('RFC 7323 2.3 (h): a shift above 14 is taken for 14', () => {
  for (const ws of [14, 15, 200, 255]) {
    const ep = established({ windowScaling: true, peer: { ws } })
    ep.inject({ win: 65_535 })
    assert.equal(ep.tcb.snd.wnd, 65_535 << 14)
  }
})

test('RFC 7323 2.2 (e): the option in a segment other than SYN changes nothing', () => {
  const ep = established({ windowScaling: true, peer: { ws: 2 } })
  ep.inject({ ws: 9, win: 1000 })
  assert.equal(ep.tcb.snd.wnd, 4000)
})

test('MUST-1: the window field is unsigned', () => {
  const ep = established()
  ep.inject({ win: 0xffff })
  assert.equal(ep.tcb.snd.wnd, 65_535)
})

test('REC-1: windows are kept with more than 16 bits, up to 2^30', () => {
  const ep = established({ windowScaling: true, receiveBufferBytes: 1 << 30, peer: { ws: 14 } })
  ep.inject({ win: 0xffff, text: 10 })
  ep.advance(100)
  assert.equal(ep.tcb.snd.wnd, 0xffff * 2 ** 14)
  assert.equal(ep.takeSent().at(-1)!.win, 0xffff)
})
