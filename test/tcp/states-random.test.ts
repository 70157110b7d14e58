/**
 * Anything may arrive in any order: whatever it is, the invariants hold, calls fail as the RFC says or not at all, no
 * storm follows, and a connection whose peer falls silent ends in finite time.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallError } from '../../src/tcp/call-error.ts'
import fc from '../property.ts'
import type { Arriving, Endpoint } from './endpoint.ts'
import { ALL_STATES, reach, type Standing } from './states.ts'

type Step = (ep: Endpoint, at: Standing) => unknown

/** Distances that hit edges as often as not. */
const near = fc.oneof(
  fc.constantFrom(-1, 0, 1, 2, 5, 10, 20),
  fc.integer({ min: -1200, max: 1200 }),
  fc.constantFrom(-100_000, 70_000, 0x7fffffff, -0x80000000),
)

/** A segment near what is expected, with any flags. */
const segment: fc.Arbitrary<Step> = fc
  .record({
    flags: fc.oneof(
      fc.constantFrom('A', 'A', 'PA', 'FA', 'S', 'SA', 'R', 'RA', 'UA', 'FPA'),
      fc.subarray([...'FSRPAU']).map((letters) => letters.join('')),
    ),
    seq: near,
    ack: near,
    text: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.constant(1200)),
    win: fc.constantFrom(0, 1, 100, 1000, 65535),
    urg: fc.constantFrom(0, 1, 20, 65535),
    ts: fc.option(fc.tuple(near, near)),
    fromUna: fc.boolean(),
  })
  .map(({ seq, ack, fromUna, ts, ...rest }) => (ep, at) => {
    const { tcb, iss, irs } = ep
    const expected = tcb.state >= 3 ? (tcb.rcv.nxt - irs) | 0 : at.next
    const acked = ((fromUna ? tcb.snd.una : tcb.snd.nxt) - iss) | 0
    const arriving: Arriving = { ...rest, seq: (expected + seq) | 0, ack: (acked + ack) | 0 }
    ep.inject(ts === null ? arriving : { ...arriving, ts })
  })

const calls: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.boolean(), fc.boolean()).map(
    ([size, push, urgent]): Step =>
      (ep) =>
        ep.send(size, { push, urgent }),
  ),
  fc.integer({ min: 0, max: 2000 }).map(
    (size): Step =>
      (ep) =>
        ep.receive(size),
  ),
  fc.constantFrom<Step>(
    (ep) => ep.close(),
    (ep) => ep.release(),
    (ep) => ep.abort(),
    (ep) => ep.connection.status(),
  ),
)

const time: fc.Arbitrary<Step> = fc.constantFrom(0, 1, 40, 200, 1000, 60_000).map(
  (ms): Step =>
    (ep) =>
      ep.advance(ms),
)

const icmp: fc.Arbitrary<Step> = fc
  .tuple(
    fc.constantFrom('port-unreachable', 'host-unreachable', 'fragmentation-needed', 'source-quench'),
    near,
    fc.constantFrom(0, 68, 576, 1300, 1500),
  )
  .map(([meaning, seq, mtu]) => (ep) => {
    ep.connection.handleIcmp(meaning, (ep.tcb.snd.una + seq) | 0, mtu, 1500)
    ep.expire()
  })

const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: segment },
    { weight: 4, arbitrary: calls },
    { weight: 2, arbitrary: time },
    { weight: 1, arbitrary: icmp },
  ),
  { maxLength: 25 },
)

const config = fc.record({
  version: fc.constantFrom(4, 6),
  receiveBufferBytes: fc.constantFrom(1000, 5000, 200_000),
  windowScaling: fc.boolean(),
  nagle: fc.boolean(),
  keepAlive: fc.boolean(),
  keepAliveIdleMs: fc.constant(1000),
  keepAliveIntervalMs: fc.constant(500),
  userTimeoutMs: fc.constantFrom(0, 5000),
  reassemblyRanges: fc.constantFrom(1, 512),
  iss: fc.integer(),
  irs: fc.integer(),
})

for (const state of ALL_STATES.slice(1)) {
  test(`from ${state} no series of segments, calls and timeouts breaks an invariant`, () => {
    const property = fc.property(config, fc.boolean(), steps, (options, active, series) => {
      const at = reach(state, { ...options, active })
      const { ep } = at
      for (const step of series) {
        try {
          step(ep, at)
        } catch (error) {
          if (!(error instanceof CallError)) throw error
        }
        assert.ok(ep.takeSent().length < 100, 'one event does not cause a hundred segments')
      }
      fallSilent(ep)
    })
    fc.assert(property, { numRuns: 150 })
  })
}

/** The owner gives up and the peer says nothing more: memory and timers must all be given back. */
function fallSilent(ep: Endpoint): void {
  ep.release()
  ep.advance(2_000_000)
  assert.equal(ep.state, 'CLOSED', 'a released connection with a silent peer ends')
  assert.equal(ep.untilTimeoutMs, Infinity)
  if (ep.tcb.closeReason !== null) ep.receive()
  assert.equal(ep.pool.lent, 0, 'all memory is given back')
}
