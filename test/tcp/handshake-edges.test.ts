/** What a handshake agrees on, what it starts, and what an opening that failed leaves behind. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { Endpoint, established } from './endpoint.ts'
import { reach } from './states.ts'

test('RFC 7323 2.2: window scaling is agreed on where both offer it, a shift of nothing included', () => {
  for (const [windowScaling, ws, scaling] of [
    [true, 0, true],
    [true, 7, true],
    [true, undefined, false],
    [false, 7, false],
  ] as const) {
    const ep = established({ windowScaling, peer: ws === undefined ? {} : { ws } })
    assert.equal(ep.tcb.scaling, scaling)
    assert.equal(ep.tcb.sndScale, scaling ? ws : 0)
  }
})

test('MUST-24: keep-alive counts from the instant at which the connection is synchronized', () => {
  const ep = new Endpoint({ keepAlive: true, keepAliveIdleMs: 7000 }).connect()
  ep.advance(500).inject({ flags: 'SA', seq: 0, ack: 1 })
  assert.equal(ep.tcb.timers.keepAlive, ep.clock.now + 7_000_000)
})

test('RFC 9293 3.10.7.2: a FIN that came with the SYN counts once the connection is synchronized', () => {
  const ep = new Endpoint().listen()
  ep.inject({ flags: 'SF', seq: 0 }).expect({ flags: 'SA', ack: 1 })
  ep.inject({ seq: 2, ack: 1 })
  assert.equal(ep.state, 'CLOSE-WAIT')
})

test('MUST-11: an opening that failed leaves nothing to the next: urgent data, lost SYNs, timers', () => {
  const ep = reach('SYN-RECEIVED').ep
  ep.advance(1500).expect({ flags: 'SA' })
  assert.equal(ep.tcb.synLost, true)
  ep.send('soon', { urgent: true })
  ep.inject({ flags: 'UA', seq: 1, ack: 9, text: 3, urg: 3 })
  ep.tcb.rcv.urgent = true
  ep.takeSent()
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'LISTEN')
  const { tcb } = ep
  assert.deepEqual(
    [tcb.synLost, tcb.snd.urgent, tcb.rcv.urgent, tcb.rcv.finSeen],
    [false, false, false, false],
  )
  assert.deepEqual([tcb.retransmissions, tcb.timed.active, tcb.rtt.backoff], [0, false, 0])
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('released with text unread, the connection is reset and its memory goes back', () => {
  const ep = established()
  ep.inject({ text: 10 })
  ep.takeSent()
  ep.release().expect({ flags: 'R' })
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.connection.readable, 0)
  assert.equal(ep.pool.lent, 0)
})

test('RFC 9293 3.10.7.3: text beyond the window that our SYN offered is not taken, though the buffer has grown since', () => {
  const ep = new Endpoint({ receiveBufferBytes: 1000 }).connect()
  ep.expect({ flags: 'S', win: 1000 })
  ep.connection.reconfigure(configure({ receiveBufferBytes: 5000 }, ep.tcb.config))
  ep.inject({ flags: 'SA', seq: 0, ack: 1, text: 2000 })
  ep.expect({ flags: 'A', ack: 1001, win: 4000 })
  assert.equal(ep.connection.readable, 1000)
})
