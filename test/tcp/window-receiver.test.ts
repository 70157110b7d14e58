import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import fc from '../property.ts'
import { Endpoint, established } from './endpoint.ts'

const MSS = 1000

/** Where the peer may send up to, by the last segment that it got: relative to its ISS. */
function edgeOf(packet: { ack: number; win: number }, shift: number): number {
  return packet.ack + (packet.win << shift)
}

test('MUST-39: the window does not open until it can move by a segment or half of the buffer', () => {
  const ep = established({ receiveBufferBytes: 10_000, peer: { mss: MSS } })
  for (let i = 0; i < 10; i++) ep.inject({ text: MSS })
  assert.equal(ep.takeSent().at(-1)!.win, 0)
  for (let i = 0; i < 9; i++) {
    ep.receive(100)
    ep.expectNothing()
  }
  ep.receive(100)
  ep.expect({ flags: 'A', ack: 10_001, win: 1000 })
})

test('MUST-39: half of a buffer that is smaller than a segment will do', () => {
  const ep = established({ receiveBufferBytes: 600, peer: { mss: MSS } })
  ep.inject({ text: 600 })
  ep.advance(100)
  assert.equal(ep.takeSent().at(-1)!.win, 0)
  ep.receive(299)
  ep.expectNothing()
  ep.receive(1)
  ep.expect({ win: 300 })
})

test('MUST-39: an acknowledgment sent for another reason does not open the window by a little either', () => {
  const ep = established({ receiveBufferBytes: 10_000, peer: { mss: MSS } })
  for (let i = 0; i < 10; i++) ep.inject({ text: MSS })
  ep.takeSent()
  ep.receive(500)
  ep.inject({ text: 1 }) // a probe
  ep.expect({ ack: 10_001, win: 0 })
})

test('MUST-39: a window that follows the room tells of each octet while it is a segment or more, and of none below', () => {
  const ep = established({ receiveBufferBytes: 10_000, windowFollowsRoom: true, peer: { mss: MSS } })
  ep.inject({ text: MSS })
  ep.inject({ text: MSS })
  ep.expect({ ack: 2001, win: 8000 })
  ep.receive(7)
  ep.expectNothing()
  ep.inject({ text: 1, flags: 'PA' })
  ep.advance(100)
  ep.expect({ ack: 2002, win: 8006 })
  for (let i = 0; i < 8; i++) ep.inject({ text: MSS })
  ep.inject({ text: 6 })
  ep.advance(100)
  assert.equal(ep.takeSent().at(-1)!.win, 0)
  ep.receive(MSS - 1)
  ep.inject({ text: 1 }) // a probe
  ep.expect({ ack: 10_008, win: 0 })
})

test('a reader that keeps up sends no window updates: acknowledgments tell', () => {
  const ep = established({ peer: { mss: MSS } })
  for (let i = 0; i < 40; i++) {
    ep.inject({ text: MSS })
    ep.receive()
  }
  assert.equal(ep.reasons.includes('window-update'), false)
})

test('a slow reader has the window told as soon as half of the buffer is free again', () => {
  const ep = established({ receiveBufferBytes: 20_000, peer: { mss: MSS } })
  for (let i = 0; i < 20; i++) ep.inject({ text: MSS })
  ep.takeSent()
  ep.receive(10_000)
  ep.expect({ ack: 20_001, win: 10_000 })
})

test('MUST-66: with the window closed text is refused with an acknowledgment, ACK and URG are still taken', () => {
  const ep = established({ receiveBufferBytes: 2000, peer: { mss: MSS } })
  ep.send(500)
  ep.takeSent()
  ep.inject({ text: MSS, ack: 1 }).inject({ text: MSS, ack: 1 })
  ep.expect({ ack: 2001, win: 0 })
  ep.inject({ seq: 2001, text: 'x', ack: 501, flags: 'AU', urg: 1 })
  ep.expect({ flags: 'A', ack: 2001, win: 0 })
  assert.equal(ep.tcb.snd.una, ep.tcb.snd.nxt)
  assert.ok(ep.takeEvents().includes('urgent'))
  assert.equal(ep.receive().length, 2000)
})

test('text to the right of the window is cut off, what lies inside is taken', () => {
  const ep = established({ receiveBufferBytes: 1500, peer: { mss: MSS } })
  ep.inject({ text: MSS })
  ep.inject({ text: MSS })
  ep.advance(100)
  assert.equal(ep.takeSent().at(-1)!.ack, 1501)
  assert.equal(ep.receive().length, 1500)
})

test('MAY-8: a user who does not read keeps the window closed for a day, and nothing is lost', () => {
  const ep = established({ receiveBufferBytes: 2000, peer: { mss: MSS } })
  ep.inject({ text: MSS }).inject({ text: MSS })
  ep.takeSent()
  for (let minute = 0; minute < 1440; minute++) {
    ep.advance(60_000)
    ep.inject({ seq: 2001, text: 1 }).expect({ flags: 'A', ack: 2001, win: 0 })
  }
  assert.equal(ep.receive().length, 2000)
  ep.expect({ ack: 2001, win: 2000 })
})

test('a FIN for which the window has no room is refused; it is taken once there is room', () => {
  const ep = established({ receiveBufferBytes: 1000, peer: { mss: MSS } })
  ep.inject({ seq: 1, text: MSS, flags: 'FPA' })
  ep.advance(100)
  assert.equal(ep.takeSent().at(-1)!.ack, 1001)
  assert.equal(ep.state, 'ESTABLISHED')
  ep.receive()
  ep.inject({ seq: 1001, flags: 'FA' })
  assert.equal(ep.state, 'CLOSE-WAIT')
})

const step = fc.oneof(
  fc.record({ text: fc.integer({ min: 1, max: 1460 }) }),
  fc.record({ read: fc.integer({ min: 1, max: 4000 }) }),
  fc.record({ gap: fc.integer({ min: 1, max: 1000 }) }),
  fc.record({ fillWindow: fc.constant(true) }),
  fc.record({ waitMs: fc.integer({ min: 1, max: 100 }) }),
)

test('SHLD-14: the right edge never moves left, and no more is offered than the buffer holds', () => {
  const property = fc.property(
    fc.array(step, { maxLength: 80 }),
    fc.integer({ min: 1, max: 20_000 }),
    (steps, buffer) => {
      const ep = established({ receiveBufferBytes: buffer })
      checkOffers(ep, steps, buffer, 0)
    },
  )
  fc.assert(property, { numRuns: 200 })
})

test('RFC 7323 2.4 (1, 2): with a scale the edge moves left by less than a unit, and all that was offered is taken', () => {
  const sizes = fc.integer({ min: 66_000, max: 600_000 })
  const property = fc.property(fc.array(step, { maxLength: 80 }), sizes, (steps, buffer) => {
    const ep = established({ receiveBufferBytes: buffer, windowScaling: true, peer: { ws: 0 } })
    checkOffers(ep, steps, buffer, ep.tcb.rcvScale)
  })
  fc.assert(property, { numRuns: 200 })
})

function checkOffers(
  ep: ReturnType<typeof established>,
  steps: readonly { text?: number; read?: number; gap?: number; fillWindow?: boolean; waitMs?: number }[],
  buffer: number,
  shift: number,
): void {
  const unit = 1 << shift
  let edge = 1 + Math.min(buffer, 65_535)
  let highest = edge
  for (const { text, read, gap, fillWindow, waitMs } of steps) {
    const { rcv, receiveBuffer } = ep.tcb
    const next = (rcv.nxt - ep.irs) | 0
    if (text !== undefined) ep.inject({ seq: next, text })
    if (gap !== undefined) ep.inject({ seq: next + gap, text: 10 })
    if (fillWindow) {
      // All that was ever offered must be taken, to the last octet.
      for (let from = next; from < highest; from += 1460) {
        ep.inject({ seq: from, text: Math.min(1460, highest - from) })
      }
      assert.equal((rcv.nxt - ep.irs) | 0, Math.max(next, highest))
    }
    if (read !== undefined) ep.receive(read)
    if (waitMs !== undefined) ep.advance(waitMs)
    for (const packet of ep.takeSent()) {
      const offered = edgeOf(packet, shift)
      assert.ok(offered > edge - unit, `the edge moved from ${edge} to ${offered}`)
      edge = offered
      highest = Math.max(highest, offered)
    }
    const unread = receiveBuffer.readable
    assert.ok(
      ((rcv.nxt - ep.irs) | 0) - unread + buffer + unit > highest - 1,
      'more offered than there is room',
    )
  }
}

test('a window closed to the last octet opens again wholly once all is read', () => {
  for (const windowScaling of [false, true]) {
    const ep = established({ receiveBufferBytes: 100_000, windowScaling, peer: { mss: MSS, ws: 0 } })
    for (let i = 0; i < 200; i++) ep.inject({ seq: (ep.tcb.rcv.nxt - ep.irs) | 0, text: MSS })
    ep.takeSent()
    while (ep.connection.readable > 0) ep.receive(777)
    ep.inject({ text: 1, seq: (ep.tcb.rcv.nxt - ep.irs) | 0 })
    ep.advance(100)
    const { win } = ep.takeSent().at(-1)!
    const offered = win * 2 ** ep.tcb.rcvScale
    assert.ok(offered > (windowScaling ? 98_900 : 64_500), `${offered} on offer`)
  }
})

test('SHLD-14: a smaller buffer takes nothing back: what was offered is still received', () => {
  const ep = established({ receiveBufferBytes: 20_000, peer: { mss: MSS } })
  ep.connection.reconfigure(configure({ receiveBufferBytes: 3000 }, ep.tcb.config))
  for (let i = 0; i < 20; i++) ep.inject({ text: MSS })
  assert.equal(ep.receive().length, 20_000)
  for (let i = 0; i < 3; i++) ep.inject({ text: MSS })
  ep.advance(100)
  assert.equal(ep.takeSent().at(-1)!.win, 0)
  assert.equal(ep.receive().length, 3000)
})

test('SHLD-14: a smaller buffer takes nothing back that our SYN offered', () => {
  const ep = new Endpoint({ receiveBufferBytes: 8192 }).connect()
  ep.expect({ flags: 'S', win: 8192 })
  ep.connection.reconfigure(configure({ receiveBufferBytes: 1 }, ep.tcb.config))
  ep.inject({ flags: 'SA', seq: 0, ack: 1 })
  ep.expect({ flags: 'A', ack: 1, win: 8192 })
})

test('SHLD-14: a SYN-ACK that is sent again offers what it did, though the buffer holds more than it should', () => {
  const ep = new Endpoint({ receiveBufferBytes: 8192 }).connect()
  ep.inject({ flags: 'S', seq: 0, text: 2 })
  ep.takeSent()
  ep.connection.reconfigure(configure({ receiveBufferBytes: 1 }, ep.tcb.config))
  ep.advance(1000)
  ep.expect({ flags: 'SA', ack: 3, win: 8190 })
})

test('a larger buffer opens the window further, and what comes is received', () => {
  const ep = established({ receiveBufferBytes: 3000, peer: { mss: MSS } })
  ep.connection.reconfigure(configure({ receiveBufferBytes: 30_000 }, ep.tcb.config))
  ep.inject({ text: MSS })
  ep.advance(100)
  ep.expect({ win: 29_000 })
  for (let i = 0; i < 29; i++) ep.inject({ text: MSS })
  assert.equal(ep.receive().length, 30_000)
})

test('SHLD-14: a unit that our SYN offered has its room, though the buffer is another one when it is agreed on', () => {
  const ep = new Endpoint({ windowScaling: true, windowShift: 14, receiveBufferBytes: 20_000 }).connect()
  ep.connection.reconfigure(configure({ windowShift: -1, receiveBufferBytes: 40_000 }, ep.tcb.config))
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: MSS, ws: 0 }).expect({ flags: 'S', ws: 14 })
  ep.expect({ flags: 'A', win: 2 })
  for (let i = 0; i < 16; i++) ep.inject({ text: MSS })
  const { ack, win } = ep.takeSent().at(-1)!
  assert.deepEqual([ack, win], [1 + 16 * MSS, 2], 'rounded up: the right edge stays')
  for (let i = 0; i < 32; i++) ep.inject({ text: 1024 })
  assert.equal(ep.receive().length, 16 * MSS + (2 << 14))
})
