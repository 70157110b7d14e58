/** When text is acknowledged at once, at the instants between quick and delayed. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'

/** An RTO of 200 ms, a clock that stands far from 0, and text just arrived. */
function heard(options: EndpointOptions): Endpoint {
  const ep = established({ rtoMaxMs: 200, ...options }).advance(100_000)
  ep.inject({ text: 10 })
  return ep
}

/** Whether text that arrives now is acknowledged now. */
function isQuick(ep: Endpoint): boolean {
  ep.takeSent()
  ep.inject({ text: 10 })
  return ep.takeSent().length > 0
}

test('quick acknowledgments come again after more than an RTO without text, and not before', () => {
  for (const [idleMs, quick] of [
    [0, false],
    [199.999, false],
    [200, false],
    [200.001, true],
  ] as const) {
    const ep = heard({ quickAcks: 1 }).advance(idleMs)
    assert.equal(isQuick(ep), quick, `${idleMs} ms`)
  }
})

test('text sent sooner than an acknowledgment could be delayed is an answer and ends quick ones; later it is none', () => {
  for (const [afterMs, quick] of [
    [39.999, false],
    [40, true],
    [100, true],
  ] as const) {
    const ep = heard({ quickAcks: 10, delayedAckMs: 40 }).advance(afterMs)
    ep.send(5)
    assert.equal(isQuick(ep), quick, `${afterMs} ms`)
  }
})

test('quick acknowledgments that were switched off come no more, those left over neither', () => {
  const ep = heard({ quickAcks: 10 })
  ep.connection.reconfigure(configure({ quickAcks: 0 }, ep.tcb.config))
  assert.equal(isQuick(ep), false)
})

test('asked to acknowledge quickly, nothing is sent where nothing waits; asked not to, what waits goes on waiting', () => {
  const ep = established()
  ep.connection.acknowledgeQuickly(true)
  ep.expire()
  ep.expectNothing()
  ep.inject({ text: 10 }).expectNothing()
  ep.connection.acknowledgeQuickly(false)
  ep.expire()
  ep.expectNothing()
  ep.advance(ep.tcb.config.delayedAckMs).expect({ flags: 'A', ack: 11 })
})

test('text sent before any has arrived answers nothing, though the connection was opened as the clock began', () => {
  const ep = established({ quickAcks: 1, delayedAckMs: 40 })
  assert.ok(ep.clock.now < 40_000)
  ep.send(5)
  assert.equal(isQuick(ep), true)
})
