import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resetAbsent, sequenceAcceptable, synAbsent } from '../../src/tcp/acceptance.ts'
import { ackArrives } from '../../src/tcp/ack-arrives.ts'
import { CLOSED } from '../../src/tcp/state.ts'
import type { Tcb } from '../../src/tcp/tcb.ts'
import { finArrives, textArrives, urgentArrives } from '../../src/tcp/text-arrives.ts'
import type { Segment } from '../../src/wire/segment.ts'
import fc from '../property.ts'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'

/** segmentArrives for the synchronized states without its first line, header prediction: the oracle. */
function slowSegmentArrives(tcb: Tcb, seg: Segment): void {
  tcb.lastReceivedAt = tcb.clock.now
  tcb.keepAliveProbes = 0
  if (tcb.state === CLOSED) return
  if (!sequenceAcceptable(tcb, seg)) return
  if (!resetAbsent(tcb, seg)) return
  if (!synAbsent(tcb, seg)) return
  if (!ackArrives(tcb, seg)) return
  urgentArrives(tcb, seg)
  textArrives(tcb, seg)
  finArrives(tcb)
}

function withoutPrediction(ep: Endpoint): Endpoint {
  ep.connection.handleSegment = (ip, seg) => {
    ep.tcb.receivedTos = ip.tos
    slowSegmentArrives(ep.tcb, seg)
  }
  return ep
}

/** All numbers that the two ways may set. */
function numbersOf(ep: Endpoint): object {
  const { tcb } = ep
  const { srttUs, rttvarUs, rtoUs, backoff } = tcb.rtt
  const { cwnd, ssthresh } = tcb.congestion
  const { active, duplicates, inflation, recover, partials } = tcb.recovery
  const plain = Object.entries(tcb).filter(([, value]) => typeof value !== 'object')
  return {
    plain: Object.fromEntries(plain),
    snd: { ...tcb.snd },
    rcv: { ...tcb.rcv },
    timers: { ...tcb.timers },
    owed: { ...tcb.owed },
    lost: { ...tcb.lost },
    timed: { ...tcb.timed },
    rtt: { srttUs, rttvarUs, rtoUs, backoff },
    congestion: { cwnd, ssthresh },
    recovery: { active, duplicates, inflation, recover, partials },
    readable: ep.connection.readable,
    events: ep.events,
  }
}

const flags = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('A', 'PA') },
  { weight: 1, arbitrary: fc.constantFrom('FA', 'AU', 'SA', 'S', 'R', 'P', 'AE', '') },
)

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      flags,
      /** From RCV.NXT, and from SND.UNA. */
      seq: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: -3000, max: 6000 })),
      ack: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -2000, max: 9000 })),
      win: fc.constantFrom(65_535, 65_535, 65_535, 3000, 0),
      text: fc.constantFrom(0, 0, 1, 100, 1000, 1000, 1460),
      ts: fc.oneof(
        { weight: 8, arbitrary: fc.constant(0) },
        fc.integer({ min: -50, max: 50 }),
        fc.constant(null),
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ send: fc.integer({ min: 1, max: 6000 }), push: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 5000 }) }) },
  { weight: 3, arbitrary: fc.record({ waitMs: fc.constantFrom(1, 10, 41, 300, 5000) }) },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function apply(ep: Endpoint, one: Step, peerClock: number): void {
  const { tcb } = ep
  if ('waitMs' in one) return void ep.advance(one.waitMs)
  if ('read' in one) return void ep.receive(one.read)
  if ('send' in one) {
    if (ep.state === 'ESTABLISHED' || ep.state === 'CLOSE-WAIT') ep.send(one.send, { push: one.push })
    return
  }
  if (ep.state === 'CLOSED') return
  const text = one.flags.includes('S') ? 0 : one.text
  const ts =
    one.ts === null || !tcb.timestamps
      ? undefined
      : ([(peerClock + one.ts) | 0, tcb.clock.now / 1000] as const)
  ep.inject({
    flags: one.flags,
    seq: (tcb.rcv.nxt - ep.irs + one.seq) | 0,
    ack: (tcb.snd.una - ep.iss + one.ack) | 0,
    win: one.win,
    text,
    urg: 5,
    ...(ts && { ts }),
  })
}

test('header prediction and the slow path leave the same numbers and send the same packets', () => {
  const property = fc.property(
    fc.array(step, { maxLength: 60 }),
    fc.boolean(),
    fc.constantFrom(4 as const, 6 as const),
    fc.constantFrom(3000, 20_000, 100_000),
    (steps, timestamps, version, receiveBufferBytes) => {
      const options: EndpointOptions & { peer: object } = {
        version,
        timestamps,
        receiveBufferBytes,
        windowScaling: true,
        peer: { mss: 1460, ws: 1, ...(timestamps && { ts: [0x7fff_fff0, 0] }) },
      }
      const fast = established(options as EndpointOptions)
      const slow = withoutPrediction(established(options as EndpointOptions))
      for (const [i, one] of steps.entries()) {
        apply(fast, one, 0x7fff_fff0 + 10 * i)
        apply(slow, one, 0x7fff_fff0 + 10 * i)
        assert.deepEqual(fast.takeSent(), slow.takeSent())
        assert.deepEqual(numbersOf(fast), numbersOf(slow))
      }
      assert.deepEqual(fast.receive(), slow.receive())
    },
  )
  fc.assert(property, { numRuns: 1500 })
})
