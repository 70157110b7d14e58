/** Calls at their edges: what is said without more detail, what a second call changes, which acknowledgment is meant. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallError } from '../../src/tcp/call-error.ts'
import { NEVER } from '../../src/tcp/clock.ts'
import { configure } from '../../src/tcp/config.ts'
import { errnoOfCall, errnoOfEnd } from '../../src/tcp/errno.ts'
import { atEndOfStream, keepAliveChanged, received } from '../../src/tcp/user-calls.ts'
import { established } from './endpoint.ts'
import { ALL_STATES, reach } from './states.ts'

test('a refused call says what was wrong, with detail where there is some', () => {
  assert.equal(new CallError('address-in-use').message, 'error: the local socket is in use')
  assert.equal(
    new CallError('address-in-use', 'port 7').message,
    'error: the local socket is in use (port 7)',
  )
})

test('a refused call has an errno; what is no CallError is thrown on', () => {
  assert.equal(errnoOfCall(new CallError('address-in-use')), 'EADDRINUSE')
  const defect = new TypeError('ours')
  assert.throws(() => errnoOfCall(defect), defect)
})

test('an end has an errno; a soft error explains a time-out better than the time-out, and nothing else', () => {
  const ended = (closeReason: string | null, softError: string | null) =>
    errnoOfEnd({ closeReason, softError } as unknown as Parameters<typeof errnoOfEnd>[0])
  assert.equal(ended(null, null), null)
  assert.equal(ended(null, 'host-unreachable'), null)
  assert.equal(ended('closed-normally', 'host-unreachable'), null)
  assert.equal(ended('reset-by-peer', null), 'ECONNRESET')
  assert.equal(ended('reset-by-peer', 'host-unreachable'), 'ECONNRESET')
  assert.equal(ended('retransmission-limit', null), 'ETIMEDOUT')
  assert.equal(ended('retransmission-limit', 'host-unreachable'), 'EHOSTUNREACH')
})

test('without a length SEND takes all from the offset on, RECEIVE fills all from there', () => {
  const ep = established()
  assert.equal(ep.connection.send(new Uint8Array(10), 3), 7)
  ep.inject({ text: 20 })
  const target = new Uint8Array(10)
  assert.equal(ep.connection.receive(target, 4), 6)
  assert.deepEqual([...target.subarray(0, 4)], [0, 0, 0, 0])
})

test('what RECEIVE says besides octets is of this call, also where there were none', () => {
  const ep = established()
  ep.inject({ flags: 'PUA', text: 10, urg: 20 })
  ep.receive()
  assert.deepEqual(received, { push: true, urgent: true })
  const other = established()
  other.receive()
  assert.deepEqual(received, { push: false, urgent: false })
})

test('there is an end of the stream after a FIN or an end, once all was read', () => {
  const after = new Set(['CLOSE-WAIT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'])
  for (const state of ALL_STATES) assert.equal(atEndOfStream(reach(state).ep.tcb), after.has(state), state)
  const ep = established()
  ep.inject({ flags: 'FA', text: 3 })
  assert.equal(atEndOfStream(ep.tcb), false)
  ep.receive()
  assert.equal(atEndOfStream(ep.tcb), true)
  const reset = established()
  reset.inject({ flags: 'R', seq: 1 })
  assert.equal(atEndOfStream(reset.tcb), true)
})

test('MUST-24: keep-alive switched on counts from the last segment, in the states that have a peer', () => {
  const apart = new Set(['CLOSED', 'LISTEN', 'SYN-SENT', 'SYN-RECEIVED', 'TIME-WAIT'])
  for (const state of ALL_STATES) {
    const { ep } = reach(state)
    ep.clock.now += 500
    for (const keepAlive of [true, false]) {
      ep.tcb.config = configure({ keepAlive, keepAliveIdleMs: 3000 }, ep.tcb.config)
      keepAliveChanged(ep.tcb)
      const at = keepAlive && !apart.has(state) ? ep.tcb.lastReceivedAt + 3_000_000 : NEVER
      assert.equal(ep.tcb.timers.keepAlive, at, `${state} ${keepAlive}`)
    }
  }
})

test('MAY-1: a second release changes nothing, not even how long FIN-WAIT-2 is', () => {
  const { ep } = reach('FIN-WAIT-2')
  ep.release()
  const { finalWait } = ep.tcb.timers
  assert.ok(finalWait < Infinity)
  ep.clock.now += 1000
  ep.release()
  assert.equal(ep.tcb.timers.finalWait, finalWait)
})

test('STATUS tells of a receive window from ESTABLISHED on', () => {
  const { ep } = reach('SYN-RECEIVED')
  assert.equal(ep.connection.status().receiveWindow, 0)
  ep.inject({ seq: 1, ack: 1 })
  assert.ok(ep.connection.status().receiveWindow > 0)
})

test('of several reasons for one acknowledgment the first stands', () => {
  const ep = established()
  ep.injectAll({ seq: 100_000, text: 1 }, { flags: 'FA', seq: 1 })
  ep.expect({ flags: 'A', ack: 2 })
  ep.expectNothing()
  assert.equal(ep.reasons.at(-1), 'unacceptable-ack')
})

test('RFC 5681 4.2: full-sized is the longest that ever came; shorter segments later do not make it less', () => {
  const ep = established({ peer: { mss: 1460 } })
  ep.inject({ text: 1460 }).inject({ text: 1460 }).expect({ flags: 'A', ack: 2921 })
  ep.inject({ text: 700 }).inject({ text: 700 }).expectNothing()
  ep.inject({ text: 1460 }).expectNothing()
  ep.inject({ text: 60 }).expect({ flags: 'A', ack: 5841 })
})

test('MUST-62: urgent octets for which there was no room are not announced', () => {
  const ep = established({ sendBufferBytes: 100 })
  ep.send(100)
  ep.takeSent()
  assert.equal(ep.send(5, { urgent: true }), 0)
  assert.equal(ep.tcb.snd.urgent, false)
  ep.expectNothing()
})

test('ABORT while a FIN waits behind a closed window leaves no timer', () => {
  const ep = established().inject({ win: 0 }).close()
  ep.expectNothing()
  ep.abort().expect({ flags: 'R' })
  assert.deepEqual([ep.state, ep.untilTimeoutMs], ['CLOSED', Infinity])
})

test('a record ends with octets that SEND took, not with those that found no room', () => {
  const ep = established({ sendBufferBytes: 100, peer: { win: 0 } })
  assert.equal(ep.send(150, { endOfRecord: true }), 100)
  ep.connection.reconfigure(configure({ sendBufferBytes: 1000 }, ep.tcb.config))
  assert.equal(ep.send(50, { endOfRecord: true }), 50)
  ep.send(10)
  ep.inject({ win: 1000 })
  assert.deepEqual(
    ep.takeSent().map(({ length }) => length),
    [150],
  )
})

test('3.10.2: SEND found no room and is told of it once there is, though the buffer has grown in between', () => {
  const ep = established({ sendBufferBytes: 100 })
  assert.equal(ep.send(150), 100)
  ep.connection.reconfigure(configure({ sendBufferBytes: 1000 }, ep.tcb.config))
  ep.inject({ ack: 101 })
  assert.deepEqual(ep.takeEvents(), ['writable', 'drained'])
})

test('what is pushed is what is queued now: with nothing queued, octets of later wait as ever', () => {
  const ep = established()
  ep.send(10)
  ep.takeSent()
  ep.connection.push()
  ep.send(10)
  ep.expectNothing()
  ep.connection.push()
  ep.expire()
  ep.expect({ flags: 'PA', seq: 11, length: 10 })
})
