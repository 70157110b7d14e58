/** Which segments header prediction takes: the fast path is taken where it should be, and never elsewhere. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivesAsPredicted } from '../../src/tcp/header-prediction.ts'
import { receiveWindow } from '../../src/tcp/window.ts'
import { ACK, FIN, PSH, RST, Segment, SYN, URG } from '../../src/wire/segment.ts'
import { Endpoint, established, patternOf } from './endpoint.ts'

/** Ten octets are outstanding; timestamps where asked. */
function sending(timestamps = false): Endpoint {
  const ep = established(timestamps ? { timestamps, peer: { ts: [1000, 0] } } : {})
  ep.send(10)
  return ep
}

/** The next segment in order, with nothing new. */
function next(ep: Endpoint, changes: Partial<Segment> & { text?: number } = {}): Segment {
  const { tcb } = ep
  const { text = 0, ...fields } = changes
  const seg = new Segment()
  seg.flags = ACK
  seg.seq = tcb.rcv.nxt
  seg.ack = tcb.snd.una
  seg.window = tcb.snd.wnd >>> tcb.sndScale
  seg.bytes = patternOf(0, text)
  seg.textLength = text
  return Object.assign(seg, fields)
}

test('the next text in order and an acknowledgment of new data are predicted', () => {
  const ep = sending()
  const { tcb } = ep
  assert.equal(arrivesAsPredicted(tcb, next(ep, { text: 7 })), true)
  assert.equal(tcb.receiveBuffer.readable, 7)
  assert.equal(arrivesAsPredicted(tcb, next(ep, { text: 3, flags: ACK | PSH })), true)
  assert.equal(tcb.receiveBuffer.readable, 10)
  assert.equal(arrivesAsPredicted(tcb, next(ep, { ack: tcb.snd.nxt })), true)
  assert.equal(tcb.snd.una, tcb.snd.nxt)
})

test('any other control bit, number or acknowledgment is not predicted, and changes nothing', () => {
  const ep = sending()
  const { tcb } = ep
  const { rcv, snd } = tcb
  for (const [what, changes] of [
    ['FIN', { flags: ACK | FIN }],
    ['SYN', { flags: ACK | SYN }],
    ['RST', { flags: ACK | RST }],
    ['URG', { flags: ACK | URG }],
    ['no ACK', { flags: 0 }],
    ['PSH without ACK', { flags: PSH }],
    ['an octet early', { seq: (rcv.nxt - 1) | 0, text: 5 }],
    ['an octet late', { seq: (rcv.nxt + 1) | 0, text: 5 }],
    ['acknowledges what was not sent', { ack: (snd.nxt + 1) | 0 }],
    ['acknowledges less than another did', { ack: (snd.una - 1) | 0 }],
    ['timestamps that were not agreed on', { hasTimestamps: true }],
    ['more text than the window', { text: receiveWindow(tcb) + 1 }],
  ] as const) {
    const before = JSON.stringify([rcv, snd, tcb.events, tcb.owed])
    assert.equal(arrivesAsPredicted(tcb, next(ep, changes)), false, what)
    assert.equal(JSON.stringify([rcv, snd, tcb.events, tcb.owed]), before, what)
  }
})

test('text that fills the window is predicted; after a FIN was seen nothing is', () => {
  const ep = sending()
  assert.equal(arrivesAsPredicted(ep.tcb, next(ep, { text: receiveWindow(ep.tcb) })), true)
  assert.equal(receiveWindow(ep.tcb), 0)
  const closing = sending()
  closing.tcb.rcv.finSeen = true
  assert.equal(arrivesAsPredicted(closing.tcb, next(closing, { text: 7 })), false)
})

test('RFC 7323 5.6: with timestamps PAWS comes first, and a segment without them is not predicted', () => {
  const ep = sending(true)
  const stamped = (tsVal: number) => next(ep, { hasTimestamps: true, tsVal, text: 2 })
  assert.equal(arrivesAsPredicted(ep.tcb, next(ep, { text: 2 })), false)
  assert.equal(arrivesAsPredicted(ep.tcb, stamped(999)), false)
  assert.equal(ep.tcb.receiveBuffer.readable, 0)
  assert.equal(arrivesAsPredicted(ep.tcb, stamped(1000)), true)
  assert.equal(arrivesAsPredicted(ep.tcb, stamped(1001)), true)
  assert.equal(ep.tcb.receiveBuffer.readable, 4)
})

test('text with nothing else new moves where the window was told, forwards only', () => {
  const ep = sending()
  const { snd } = ep.tcb
  const first = next(ep, { text: 5 })
  arrivesAsPredicted(ep.tcb, first)
  assert.deepEqual([snd.wl1, snd.wl2], [first.seq, snd.una])
  const later = (snd.wl1 + 1000) | 0
  snd.wl1 = later
  arrivesAsPredicted(ep.tcb, next(ep, { text: 5 }))
  assert.equal(snd.wl1, later)
})

test('RFC 9293 3.10.7.3: in SYN-SENT an acknowledgment alone opens nothing, whatever number it carries', () => {
  const ep = new Endpoint({ timestamps: false }).connect()
  ep.takeSent()
  ep.inject({ flags: 'A', seq: (ep.tcb.rcv.nxt - ep.irs) | 0, ack: 1, text: 5 })
  assert.deepEqual([ep.state, ep.tcb.snd.una, ep.connection.readable], ['SYN-SENT', ep.iss, 0])
  ep.expectNothing()
})
