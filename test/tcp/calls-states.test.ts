/**
 * OPEN, SEND, RECEIVE, CLOSE, ABORT and STATUS in each of the eleven states, with the RFC's responses (3.10.1 to 3.10.6).
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallErrorReason } from '../../src/tcp/call-error.ts'
import type { StateName } from '../../src/trace/states.ts'
import { Endpoint } from './endpoint.ts'
import { ALL_STATES, reach } from './states.ts'

type Call = 'listen' | 'connect' | 'send' | 'receive' | 'close' | 'abort' | 'status'

/**
 * The response in each state, in the order of ALL_STATES: 'ok', the next state, or the error. RFC 9293 has errors for
 * RECEIVE where nothing will come any more; here it returns 0 and `atEndOfStream` says so (docs/deviations.md).
 */
const EXIST = 'connection-already-exists'
const NONE = 'connection-does-not-exist'
const SHUT = 'connection-closing'
const TABLE: Record<Call, readonly string[]> = {
  listen: ['LISTEN', EXIST, EXIST, EXIST, EXIST, EXIST, EXIST, EXIST, EXIST, EXIST, EXIST],
  connect: ['SYN-SENT', 'SYN-SENT', EXIST, EXIST, EXIST, EXIST, EXIST, EXIST, EXIST, EXIST, EXIST],
  send: [NONE, 'SYN-SENT', 'ok', 'ok', 'ok', SHUT, SHUT, 'ok', SHUT, SHUT, SHUT],
  receive: [NONE, 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
  close: [NONE, 'CLOSED', 'CLOSED', 'FIN-WAIT-1', 'FIN-WAIT-1', SHUT, SHUT, 'LAST-ACK', SHUT, SHUT, SHUT],
  abort: [NONE, ...new Array<string>(10).fill('CLOSED')],
  status: [NONE, ...new Array<string>(10).fill('ok')],
}

function call(ep: Endpoint, name: Call): unknown {
  if (name === 'send') return ep.send('text')
  if (name === 'receive') return ep.receive(100)
  if (name === 'status') return ep.connection.status()
  if (name !== 'listen') return ep[name]()
  return ep.connection.listen()
}

for (const version of [4, 6] as const) {
  for (const [name, responses] of Object.entries(TABLE) as [Call, readonly string[]][]) {
    test(`RFC 9293 3.10: ${name.toUpperCase()} in each of the eleven states, IPv${version}`, () => {
      for (const [i, state] of ALL_STATES.entries()) check(name, state, responses[i]!, version)
    })
  }
}

function check(name: Call, state: StateName, response: string, version: 4 | 6): void {
  const { ep } = reach(state, { version })
  const where = `${name} in ${state}`
  if (state === 'LISTEN') {
    ep.tcb.path.remotePort = 80
    ep.tcb.remoteSpecified = true
  }
  if (response === 'ok' || (ALL_STATES as readonly string[]).includes(response)) {
    call(ep, name)
    assert.equal(ep.state, response === 'ok' ? state : response, where)
    return
  }
  assert.throws(() => call(ep, name), { name: 'CallError', reason: response as CallErrorReason }, where)
  ep.expectNothing()
  assert.equal(ep.state, state, where)
}

// ---- OPEN

test('MUST-41: a passive OPEN that is refused leaves the connection record as it was', () => {
  const { ep } = reach('SYN-RECEIVED', { active: true })
  assert.throws(() => ep.connection.listen(), { reason: EXIST })
  assert.equal(ep.tcb.passive, false)
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.connection.closeReason, 'connection-refused')
})

test('3.10.1: an active OPEN without a remote socket is an error, from CLOSED and from LISTEN', () => {
  const closed = new Endpoint()
  closed.tcb.path.remotePort = 0
  assert.throws(() => closed.connect(), { reason: 'remote-socket-unspecified' })
  assert.equal(closed.state, 'CLOSED')
  const listening = new Endpoint().listen()
  assert.throws(() => listening.connect(), { reason: 'remote-socket-unspecified' })
  assert.equal(listening.state, 'LISTEN')
})

test('3.10.2: SEND in LISTEN without a remote socket is an error, also once a SYN came and went', () => {
  const ep = new Endpoint().listen()
  assert.throws(() => ep.send('whom?'), { reason: 'remote-socket-unspecified' })
  ep.inject({ flags: 'S', seq: 0 }).expect({ flags: 'SA' })
  ep.inject({ flags: 'R', seq: 1 })
  assert.throws(() => ep.send('whom?'), { reason: 'remote-socket-unspecified' })
  assert.equal(ep.state, 'LISTEN')
})

test('the errors have the words of the RFC', () => {
  const ep = new Endpoint()
  assert.throws(() => ep.close(), { message: 'error: connection does not exist' })
  ep.listen()
  assert.throws(() => ep.connection.listen(), { message: 'error: connection already exists' })
  const closing = reach('FIN-WAIT-2').ep
  assert.throws(() => closing.send('x'), { message: 'error: connection closing' })
})

// ---- CLOSE and ABORT

test('3.10.4: a second CLOSE is refused and sends no second FIN', () => {
  for (const state of ['FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'] as const) {
    const { ep } = reach(state)
    assert.throws(() => ep.close(), { reason: SHUT })
    ep.expectNothing()
  }
})

test('3.10.4: CLOSE before ESTABLISHED drops what SEND queued, tells the user and sends nothing', () => {
  const { ep } = reach('SYN-SENT')
  ep.send('never mind')
  ep.close().expectNothing()
  assert.deepEqual(ep.takeEvents(), ['gone'])
  assert.equal(ep.connection.closeReason, 'closed-by-user')
  assert.equal(ep.connection.queued, 0)
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('3.10.5: ABORT sends <SEQ=SND.NXT><CTL=RST> where the other side may know of us, and else nothing', () => {
  const telling = ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSE-WAIT']
  for (const state of ALL_STATES.slice(1)) {
    const { ep, nxt } = reach(state)
    ep.abort()
    if (telling.includes(state)) ep.expect({ flags: 'R', seq: nxt, length: 0, ack: 0 })
    ep.expectNothing()
    assert.deepEqual(ep.takeEvents(), ['gone'])
    assert.equal(ep.connection.closeReason, 'aborted-by-user')
    assert.equal(ep.untilTimeoutMs, Infinity)
  }
})

test('3.10.5: ABORT flushes what was queued for sending and gives its memory back', () => {
  const { ep } = reach('ESTABLISHED')
  ep.send(50_000)
  const sent = ep.takeSent()
  const end = sent.at(-1)!.seq + sent.at(-1)!.length
  ep.abort().expect({ flags: 'R', seq: end })
  ep.expectNothing()
  assert.equal(ep.connection.queued, 0)
  assert.equal(ep.pool.lent, 0)
})

// ---- STATUS

test('3.10.6: STATUS tells the state and what the connection holds', () => {
  for (const state of ALL_STATES.slice(1)) {
    assert.equal(reach(state).ep.connection.status().state, state)
  }
  const { ep, next } = reach('ESTABLISHED', { dscp: 10, userTimeoutMs: 7000 })
  ep.inject({ seq: next, ack: 1, text: 5, win: 2000 })
  ep.inject({ seq: next + 50, ack: 1, text: 7, win: 2000 })
  ep.send(3000)
  const status = ep.connection.status()
  assert.deepEqual(
    [status.unread, status.outOfOrder, status.sendWindow, status.unacknowledged, status.unsent],
    [5, 7, 2000, 1460, 1540],
  )
  assert.deepEqual([status.diffServ, status.userTimeoutMs, status.receiveWindow], [10, 7000, 975])
})

test('MAY-9: the DiffServ field of the last segment received can be asked for', () => {
  const { ep, next } = reach('ESTABLISHED')
  ep.inject({ seq: next, ack: 1, tos: 0xb8 })
  assert.equal(ep.connection.status().receivedDiffServ, 46)
})

test('MUST-48, SHLD-22: the DiffServ field that the user asks for stands in every segment, the reset too', () => {
  const { ep } = reach('LISTEN', { dscp: 46 })
  ep.inject({ flags: 'S', seq: 0 }).expect({ flags: 'SA', tos: 46 << 2 })
  ep.inject({ seq: 1, ack: 1 })
  ep.send('x')
  ep.expect({ flags: 'PA', tos: 46 << 2 })
  ep.abort().expect({ flags: 'R', tos: 46 << 2 })
})

test('SHLD-21: the DiffServ field may change during the connection', () => {
  const { ep } = reach('ESTABLISHED')
  ep.connection.reconfigure({ ...ep.tcb.config, dscp: 8 })
  ep.send('x')
  ep.expect({ tos: 8 << 2 })
})

test('MUST-47: soft errors, excessive retransmissions and urgent data are reported', () => {
  const { ep, next } = reach('ESTABLISHED')
  ep.inject({ flags: 'UA', seq: next, ack: 1, text: 3, urg: 3 })
  assert.equal(ep.takeEvents().includes('urgent'), true)
  ep.send('unanswered')
  ep.advance(10_000)
  assert.equal(ep.takeEvents().includes('soft-error'), true)
  assert.equal(ep.connection.softError, 'unanswered')
})
