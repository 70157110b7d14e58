/** Why each segment is sent, and what is left behind when it was. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Owed, Timers } from '../../src/tcp/tcb.ts'
import { established } from './endpoint.ts'
import { reach } from './states.ts'

/** The reasons of what `act` made the connection send. */
function reasonsOf(ep: ReturnType<typeof established>, act: () => unknown): string[] {
  const before = ep.reasons.length
  act()
  return ep.reasons.slice(before)
}

test('new data, new data with FIN and FIN alone are told apart', () => {
  const ep = established()
  assert.deepEqual(
    reasonsOf(ep, () => ep.send(100)),
    ['new-data'],
  )
  ep.inject({ ack: 101 })
  assert.deepEqual(
    reasonsOf(ep, () => ep.close()),
    ['fin'],
  )
})

test('RFC 5681 3.2 (1): what goes within cwnd is new data, beyond it limited transmit, in recovery new data again', () => {
  const ep = established({ peer: { mss: 1000 } })
  const first = reasonsOf(ep, () => ep.send(40_000))
  assert.deepEqual(new Set(first), new Set(['new-data']))
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(
      reasonsOf(ep, () => ep.inject({ ack: 1 })),
      ['limited-transmit'],
    )
  }
  assert.deepEqual(
    reasonsOf(ep, () => ep.inject({ ack: 1 })),
    ['fast-retransmit'],
  )
  const inflated = reasonsOf(ep, () => {
    for (let i = 0; i < 9; i++) ep.inject({ ack: 1 })
  })
  assert.ok(inflated.length > 0)
  assert.deepEqual(new Set(inflated), new Set(['new-data']))
})

test('MUST-38: what the override timer released is named so where it is smaller than a segment', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.inject({ win: 900 })
  ep.send(3000)
  ep.takeSent()
  ep.inject({ ack: 901, win: 300 })
  const late = reasonsOf(ep, () => ep.advance(5000))
  assert.equal(late[0], 'silly-window-override')
})

test('the last octets of the queue are sent with PSH, and what is not the end of a push without', () => {
  const ep = established({ peer: { mss: 1000 }, nagle: false })
  ep.send(2500)
  assert.deepEqual(
    ep.takeSent().map(({ flags, length }) => `${flags} ${length}`),
    ['A 1000', 'A 1000', 'PA 500'],
  )
})

test('a reset, a SYN and text say what they acknowledge only where they may', () => {
  const ep = established()
  ep.abort()
  const reset = ep.expect({ flags: 'R' })
  assert.equal(reset.ack, 0)
  assert.equal(reset.ts, null)
})

test('a signal that waits to be taken is traced once', () => {
  const ep = established()
  const traced = () => ep.trace.events.filter((event) => event.kind === 'signal').length
  const before = traced()
  ep.injectAll({ text: 10 }, { text: 10 }, { text: 10 })
  assert.equal(traced(), before + 1)
})

test('each segment that is not used counts once', () => {
  const ep = established()
  const before = ep.tcb.drops
  ep.inject({ seq: 100_000, text: 5 })
  assert.equal(ep.tcb.drops, before + 1)
  ep.inject({ flags: 'S', seq: 3 })
  assert.equal(ep.tcb.drops, before + 2)
})

test('at first nothing is owed, and after clear nothing again', () => {
  const owed = new Owed()
  const fresh = { ...owed }
  for (const [name, value] of Object.entries(fresh)) {
    assert.ok(value === null || value === 0 || value === false, `${name} is ${value}`)
    // What a reset says means nothing without the reset.
    if (name === 'resetSeq' || name === 'resetAck') continue
    Object.assign(owed, { [name]: value === null ? 'reset-abort' : value === 0 ? 3 : true })
  }
  assert.notDeepEqual({ ...owed }, fresh)
  owed.clear()
  assert.deepEqual({ ...owed }, fresh)
})

test('the earliest of the timers is the next deadline, whichever it is; stopped, there is none', () => {
  const names = ['retransmission', 'delayedAck', 'override', 'keepAlive', 'user', 'finalWait'] as const
  const timers = new Timers()
  assert.equal(timers.earliest(), Infinity)
  for (const [i, name] of names.entries()) {
    for (const [j, other] of names.entries()) timers[other] = 1000 + ((i + j) % names.length)
    timers[name] = 5
    assert.equal(timers.earliest(), 5, name)
  }
  timers.stopAll()
  assert.equal(timers.earliest(), Infinity)
  for (const name of names) assert.equal(timers[name], Infinity)
})

test('RFC 5681 4.1: idle for longer than the RTO the window falls to the initial one, at the RTO it does not', () => {
  for (const [overUs, falls] of [
    [0, false],
    [1, true],
  ] as const) {
    const ep = established({ peer: { mss: 1000 } })
    ep.send(20_000)
    ep.inject({ ack: 10_001 }).inject({ ack: 20_001 })
    const grown = ep.tcb.congestion.cwnd
    assert.ok(grown > 10_000)
    ep.clock.now = ep.tcb.lastSentAt + ep.tcb.rtt.rtoUs + overUs
    ep.send(10)
    assert.equal(ep.tcb.congestion.cwnd, falls ? 10_000 : grown)
  }
})

test('RFC 5681 4.1: while something is outstanding, or nothing is to be sent, nobody is idle', () => {
  const ep = established({ peer: { mss: 1000 }, nagle: false })
  ep.send(20_000)
  ep.inject({ ack: 20_001 })
  const grown = ep.tcb.congestion.cwnd
  ep.send(10)
  ep.clock.now = ep.tcb.lastSentAt + ep.tcb.rtt.rtoUs - 1
  ep.send(10)
  assert.equal(ep.tcb.congestion.cwnd, grown)
})

test('in LISTEN, CLOSED and TIME-WAIT nothing is sent that a timer must wait for', () => {
  for (const state of ['CLOSED', 'LISTEN'] as const) {
    assert.equal(reach(state).ep.untilTimeoutMs, Infinity)
  }
  const { tcb } = reach('TIME-WAIT').ep
  assert.equal(tcb.timers.retransmission, Infinity)
  assert.equal(tcb.timers.earliest(), tcb.timers.finalWait)
})

test('RFC 9293 3.10.2: urgent octets queued before the connection is synchronized send nothing of their own', () => {
  for (const state of ['SYN-SENT', 'SYN-RECEIVED'] as const) {
    const { ep } = reach(state)
    ep.send(10, { urgent: true })
    ep.expectNothing()
  }
})

test('an urgent notice that a retransmission carries is not sent once more', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.send(1000)
  ep.inject({ ack: 1, win: 1000 }).takeSent()
  ep.clock.now = ep.connection.pollTimeout()
  ep.connection.handleTimeout()
  const reasons = reasonsOf(ep, () => ep.send(10, { urgent: true }))
  assert.deepEqual(reasons, ['retransmission-timeout'])
  ep.expect({ seq: 1, length: 1000, flags: 'AU', urg: 1010 })
})

test("SHLD-7: the small end of a record is Nagle's to hold where nothing stands behind it", () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.send(300, { endOfRecord: true })
  ep.expect({ length: 300 })
  ep.send(200, { endOfRecord: true })
  ep.expectNothing()
  ep.inject().expect({ length: 200 })
})

test('push lasts until all that was queued has gone, whatever the window cuts it into', () => {
  const ep = established({ peer: { mss: 1000 }, corked: true })
  ep.inject({ win: 1000 })
  ep.send(1500)
  ep.expect({ length: 1000 })
  ep.connection.push()
  ep.inject({ ack: 1001, win: 300 }).expect({ length: 300 })
  ep.inject({ ack: 1301, win: 300 }).expect({ length: 200 })
})
