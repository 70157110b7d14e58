/** What the trace records of each doing, exactly: pictures, verdicts and tests are made from nothing else. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RingPool } from '../../src/bytes/ring-pool.ts'
import { Clock } from '../../src/tcp/clock.ts'
import { configure } from '../../src/tcp/config.ts'
import { Connection } from '../../src/tcp/connection.ts'
import { recordSegment } from '../../src/tcp/tracing.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { ACK, Segment, SYN } from '../../src/wire/segment.ts'
import { type Endpoint, established } from './endpoint.ts'

const WHERE = { host: 'local', connection: 1 }

/** The events that `act` leaves, without those of packets. */
function eventsOf(ep: Endpoint, act: () => unknown): TraceEvent[] {
  const before = ep.trace.events.length
  act()
  return ep.trace.events.slice(before).filter(({ kind }) => kind !== 'sent' && kind !== 'received')
}

test('a segment is recorded with its fields, and with the options that it has', () => {
  const seg = new Segment()
  Object.assign(seg, { srcPort: 1, dstPort: 2, seq: -3, ack: 4, flags: ACK, window: 5, urgentPointer: 6 })
  seg.textLength = 7
  const plain = {
    srcPort: 1,
    dstPort: 2,
    seq: -3,
    ack: 4,
    flags: ACK,
    window: 5,
    scaledWindow: 40,
    urgentPointer: 6,
    length: 7,
  }
  assert.deepEqual(recordSegment(seg, 3), plain)
  Object.assign(seg, { mss: 0, windowScale: 0, sackPermitted: true, hasTimestamps: true, tsVal: 8, tsEcr: 9 })
  seg.flags = SYN
  assert.deepEqual(recordSegment(seg, 3), {
    ...plain,
    flags: SYN,
    scaledWindow: 5,
    mss: 0,
    windowScale: 0,
    sackPermitted: true,
    timestamps: { val: 8, ecr: 9 },
  })
})

test('segments are recorded where they were sent and received, with the number of their packet', () => {
  const ep = established({ windowScaling: true, peer: { ws: 2 } })
  const { id } = ep.tcb
  ep.advance(3)
  ep.trace.packet = 17
  ep.trace.events.length = 0
  ep.inject({ text: 5, win: 100 })
  const [received] = ep.trace.events
  assert.ok(received?.kind === 'received')
  assert.deepEqual(
    [received.at, received.host, received.connection, received.packet],
    [3000, 'local', id, 17],
  )
  assert.deepEqual(
    [received.segment.window, received.segment.scaledWindow, received.segment.length],
    [100, 400, 5],
  )
  ep.send(4)
  const sent = ep.trace.events.find((event) => event.kind === 'sent')
  assert.ok(sent?.kind === 'sent')
  assert.deepEqual([sent.at, sent.packet, sent.reason, sent.segment.length], [3000, 17, 'new-data', 4])
})

test('calls are recorded with their octets and what they were about', () => {
  const ep = established()
  const at = { at: 0, host: 'local', connection: ep.tcb.id }
  const calls = (act: () => unknown) => eventsOf(ep, act).filter(({ kind }) => kind === 'call')
  assert.deepEqual(
    calls(() => ep.send(3)),
    [{ kind: 'call', ...at, call: 'send', octets: 3 }],
  )
  assert.deepEqual(
    calls(() => ep.send(2, { urgent: true })),
    [{ kind: 'call', ...at, call: 'send', octets: 2, detail: 'urgent' }],
  )
  ep.inject({ text: 8 })
  assert.deepEqual(
    calls(() => ep.receive(6)),
    [{ kind: 'call', ...at, call: 'receive', octets: 6 }],
  )
  assert.deepEqual(
    calls(() => ep.close()),
    [{ kind: 'call', ...at, call: 'close' }],
  )
})

test('drops and signals are recorded with their reason where they have one', () => {
  const ep = established()
  const at = { at: 0, ...WHERE, connection: ep.tcb.id }
  ep.trace.packet = 9
  assert.deepEqual(
    eventsOf(ep, () => ep.inject({ seq: 100_000, text: 1 })),
    [{ kind: 'dropped', ...at, reason: 'out-of-window', packet: 9 }],
  )
  assert.deepEqual(
    eventsOf(ep, () => ep.inject({ text: 1, seq: 1 })),
    [{ kind: 'signal', ...at, signal: 'readable' }],
  )
  const end = eventsOf(ep, () => ep.inject({ flags: 'R', seq: 2 })).filter(({ kind }) => kind === 'signal')
  assert.deepEqual(end, [{ kind: 'signal', ...at, signal: 'closed', reason: 'reset-by-peer' }])
})

test('timers are recorded: how long where they start, and that they expired', () => {
  const ep = established()
  const timers = (act: () => unknown) => eventsOf(ep, act).filter(({ kind }) => kind === 'timer')
  const at = { host: 'local', connection: ep.tcb.id }
  const expired = timers(() => {
    ep.send(3)
    ep.advance(ep.untilTimeoutMs)
  }).find((event) => event.kind === 'timer' && event.action === 'expired')
  assert.deepEqual(expired, {
    kind: 'timer',
    ...at,
    at: ep.clock.now,
    timer: 'retransmission',
    action: 'expired',
  })
  ep.inject({ flags: 'FA', seq: 1, ack: 4 })
  ep.close()
  const waiting = established({ mslMs: 1000 })
  waiting.close()
  waiting.inject({ ack: 2 })
  const started = eventsOf(waiting, () => waiting.inject({ flags: 'FA', seq: 1, ack: 2 })).filter(
    ({ kind }) => kind === 'timer',
  )
  const connection = waiting.tcb.id
  assert.deepEqual(started, [
    {
      kind: 'timer',
      at: 0,
      host: 'local',
      connection,
      timer: 'time-wait',
      action: 'started',
      inUs: 2_000_000,
    },
  ])
})

test('recovery is recorded with the phase that the windows are in', () => {
  const ep = established({ peer: { mss: 1000 } })
  ep.send(20_000)
  const phases: string[] = []
  const note = (act: () => unknown) => {
    for (const event of eventsOf(ep, act)) {
      if (event.kind !== 'recovery') continue
      const { phase, cwnd, ssthresh, flight, rtoUs, srttUs, at, host, connection } = event
      phases.push(phase)
      assert.deepEqual([at, host, connection], [ep.clock.now, 'local', ep.tcb.id])
      assert.ok(cwnd > 0 && ssthresh > 0 && rtoUs > 0 && srttUs > 0 && flight >= 0)
    }
  }
  note(() => {
    for (let i = 0; i < 15; i++) ep.inject({ ack: 1 })
  })
  // More than ssthresh is outstanding behind the hole: cwnd is ssthresh. Then a recovery with nothing outstanding.
  note(() => ep.inject({ ack: 12_001 }))
  const sentTo = (ep.tcb.snd.nxt - ep.iss) | 0
  note(() => ep.advance(ep.untilTimeoutMs))
  note(() => ep.inject({ ack: sentTo }))
  assert.deepEqual(phases, ['fast-recovery', 'congestion-avoidance', 'loss-recovery', 'slow-start'])
})

test('without a trace everything happens and nothing is recorded', () => {
  const clock = new Clock()
  const connection = new Connection(
    {
      clock,
      pool: new RingPool(0),
      trace: null,
      host: 'local',
      isn: { sequenceNumber: () => 0, timestampOffset: () => 0 },
    },
    configure({}),
  )
  const { path } = connection.tcb
  path.remotePort = 80
  connection.connect()
  assert.ok(connection.pollTransmit(new Uint8Array(1500)) > 0)
  clock.now = connection.pollTimeout()
  connection.handleTimeout()
  assert.ok(connection.pollTransmit(new Uint8Array(1500)) > 0)
  connection.handleIcmp('source-quench', 0, 0, 0)
  connection.close()
  assert.equal(connection.closeReason, 'closed-by-user')
})
