/** What the window field says and when an update is due, number by number. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tcb } from '../../src/tcp/tcb.ts'
import { receiveWindow, windowField, windowOffered, windowUpdateDue } from '../../src/tcp/window.ts'
import { established } from './endpoint.ts'
import { ALL_STATES, reach } from './states.ts'

const MSS = 1460

/** A buffer of which `free` octets are free, and of whose window `offered` octets are left. */
function receiver(buffer: number, free: number, offered: number, shift = 0): Tcb {
  const ep = established({ receiveBufferBytes: buffer, peer: { mss: MSS } })
  ep.inject({ text: buffer - free })
  const { tcb } = ep
  assert.equal(tcb.receiveBuffer.readable, buffer - free)
  tcb.rcvScale = shift
  tcb.rcv.adv = (tcb.rcv.nxt + offered) | 0
  return tcb
}

test('MUST-39: an update is due once the edge can move by a segment, or by half of a small buffer', () => {
  assert.equal(windowUpdateDue(receiver(10_000, 10_000, 10_000 - MSS)), false, 'most is on offer already')
  assert.equal(windowUpdateDue(receiver(10_000, 10_000, 5001)), false, 'more than half is')
  assert.equal(windowUpdateDue(receiver(10_000, 10_000, 5000)), true)
  assert.equal(windowUpdateDue(receiver(10_000, MSS, 0)), true)
  assert.equal(windowUpdateDue(receiver(10_000, MSS - 1, 0)), false)
  assert.equal(windowUpdateDue(receiver(10_000, 1400, 600)), false)
  assert.equal(windowUpdateDue(receiver(1000, 500, 0)), true)
  assert.equal(windowUpdateDue(receiver(1000, 499, 0)), false)
})

test('RFC 7323 2.2: an update that the scaled field could not tell is not due', () => {
  assert.equal(windowUpdateDue(receiver(16_383, 16_383, 0, 14)), false)
  assert.equal(windowUpdateDue(receiver(16_384, 16_384, 0, 14)), true)
})

test('an update is due while the other side may still send, and in no other state', () => {
  const sends = new Set(['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2'])
  for (const state of ALL_STATES) {
    if (ALL_STATES.indexOf(state) < 4) continue
    const { tcb } = reach(state).ep
    tcb.rcv.adv = tcb.rcv.nxt
    assert.equal(windowUpdateDue(tcb), sends.has(state), state)
  }
})

test('SHLD-14: the field moves the edge right by a segment, and never left, whatever the unit', () => {
  const unit = 1 << 14
  for (const [free, offered, field, what] of [
    [20_000, 5000, 1, 'the edge moves as far as the unit allows'],
    [18_000, 16_500, 2, 'one unit would move it left: rounded up while less than a unit is overdrawn'],
    [unit + 1, unit + 1, 2, 'overdrawn by all but one octet of a unit'],
    [unit, unit + 1, 1, 'overdrawn by a unit: not'],
    [unit, unit, 1, 'it stays'],
  ] as const) {
    assert.equal(windowField(receiver(40_000, free, offered, 14)), field, what)
  }
  assert.equal(windowField(receiver(40_000, 20_000, 20_000 - MSS)), 20_000)
  assert.equal(windowField(receiver(40_000, 20_000, 20_001 - MSS)), 20_001 - MSS)
})

test('RFC 7323 2.4: the rightmost edge that was offered stands', () => {
  const { tcb } = established()
  for (const [offered, left] of [
    [100, 100],
    [99, 100],
    [101, 101],
    [0, 101],
    [60_000, 60_000],
  ] as const) {
    if (offered === 100) tcb.rcv.adv = tcb.rcv.nxt
    windowOffered(tcb, offered)
    assert.equal(receiveWindow(tcb), left)
  }
})

test('windowFollowsRoom: the field tells the room to the octet once that is a segment, and from there on', () => {
  for (const [free, field] of [
    [MSS + 1, MSS + 1],
    [MSS, MSS],
    [MSS - 1, 700],
  ] as const) {
    const tcb = receiver(40_000, free, 700)
    tcb.config = { ...tcb.config, windowFollowsRoom: true }
    assert.equal(windowField(tcb), field, `${free} octets free`)
  }
})
