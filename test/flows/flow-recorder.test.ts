/** A connection of a capture as events: held to the record of the stacks that made the capture. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { CLIENT, FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { runScenario, type ScenarioResult } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import type { SegmentSent, StateChanged, TraceEvent } from '../../src/trace/events.ts'
import { ACK, RST, SYN } from '../../src/wire/segment.ts'

/** True reasons, and what else may be inferred of them: the wire shows no more. */
const ALIKE: Readonly<Record<string, readonly string[]>> = {
  syn: ['retransmission-timeout'],
  'syn-ack': ['retransmission-timeout'],
  fin: ['retransmission-timeout'],
  'new-data': ['retransmission-timeout'],
  'retransmission-timeout': ['syn-ack', 'fin'],
  'loss-recovery': ['retransmission-timeout', 'new-data'],
  'silly-window-override': ['new-data'],
  'gap-filled-ack': ['second-segment-ack'],
  'out-of-order-ack': ['delayed-ack', 'quick-ack'],
  'second-segment-ack': ['delayed-ack', 'quick-ack'],
  'delayed-ack': ['second-segment-ack'],
  'window-update': ['delayed-ack', 'quick-ack'],
  'fin-ack': ['keep-alive'],
  'challenge-syn': ['handshake-ack'],
  'unacceptable-ack': ['window-update', 'delayed-ack', 'out-of-order-ack'],
  'reset-abort': ['reset-no-connection'],
  'reset-bad-ack': ['reset-no-connection'],
  'reset-fin-wait-2-timeout': ['reset-no-connection'],
  'reset-unread-data': ['reset-abort'],
  'reset-data-after-close': ['reset-no-connection'],
}

interface Recorded {
  readonly flows: readonly FlowRecorder[]
  /** By frame, the number of the packet in the run. */
  readonly packets: ReadonlyMap<number, number>
}

/** What passed the host that opens. */
function recorded(result: ScenarioResult): Recorded {
  const flows = new Map<number, FlowRecorder>()
  const packets = new Map<number, number>()
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (packet.isQuoted) return
    const flow = flows.get(said.stream) ?? new FlowRecorder(10_000)
    flows.set(said.stream, flow)
    flow.packet(packet, tcp, said)
  })
  const reader = new CaptureReader((record) => {
    packets.set(record.number, Number(/^packet (\d+)/.exec(record.comments[0] ?? '')?.[1] ?? 0))
    dissector.dissect(record)
  })
  reader.readWhole(result.capture(result.hosts[0]!).octets)
  assert.equal(reader.error, null)
  return { flows: [...flows.values()], packets }
}

const isSent = (event: TraceEvent): event is SegmentSent => event.kind === 'sent'

test('every segment of every scenario stands in its connection as its sender recorded it', () => {
  let compared = 0
  for (const scenario of SCENARIOS) {
    const result = runScenario(scenario, {})
    const truth = new Map(result.events.filter(isSent).map((event) => [event.packet, event]))
    const { flows, packets } = recorded(result)
    for (const event of flows.flatMap(({ events }) => events).filter(isSent)) {
      const sent = truth.get(packets.get(event.packet)!)
      if (sent === undefined) continue // forged on the way
      const { scaledWindow: _, ...seen } = event.segment
      const { scaledWindow: __, ...expected } = sent.segment
      assert.deepEqual(seen, expected, `${scenario.name}, frame ${event.packet}`)
      compared++
    }
  }
  assert.ok(compared > 500, `${compared} segments`)
})

test('why a segment was sent is inferred as it was, or as another reason that looks the same', () => {
  let right = 0
  let all = 0
  for (const scenario of SCENARIOS) {
    const result = runScenario(scenario, {})
    const truth = new Map(result.events.filter(isSent).map((event) => [event.packet, event.reason]))
    const { flows, packets } = recorded(result)
    for (const { packet, reason } of flows.flatMap(({ events }) => events).filter(isSent)) {
      const true_ = truth.get(packets.get(packet)!)
      if (true_ === undefined) continue
      all++
      if (reason === true_) right++
      else
        assert.ok(
          ALIKE[true_]?.includes(reason),
          `${scenario.name}, frame ${packet}: ${true_}, not ${reason}`,
        )
    }
  }
  assert.ok(right > 0.9 * all, `${right} of ${all}`)
})

test('the client is who sent the SYN; both go through the states that the packets show', () => {
  const result = runScenario(SCENARIOS.find(({ name }) => name === 'half-close')!, {})
  const [flow] = recorded(result).flows
  const first = flow!.events.find(isSent)!
  assert.equal(first.host, CLIENT)
  assert.equal(first.segment.flags & (SYN | ACK | RST), SYN)
  assert.match(first.note!, /^frame 1$/)
  const states = flow!.events
    .filter(({ kind }) => kind === 'state')
    .map((event) => (event as StateChanged).to)
  for (const state of ['SYN-SENT', 'ESTABLISHED', 'FIN-WAIT-1', 'TIME-WAIT', 'LAST-ACK']) {
    assert.ok(states.includes(state as StateChanged['to']), state)
  }
})

test('segments that share a frame are told apart, and no state is entered twice', () => {
  const result = runScenario(SCENARIOS.find(({ name }) => name === 'normal-close')!, {})
  const octets = result.capture(result.hosts[0]!).octets
  const eventsOf = (numberOf: (frame: number) => number): readonly TraceEvent[] => {
    const analysis = new SequenceAnalysis()
    const flow = new FlowRecorder(100)
    const dissector = new Dissector((packet, tcp) => flow.packet(packet, tcp, analysis.analyze(packet, tcp)))
    new CaptureReader((record) => {
      const { number } = record
      record.number = numberOf(number)
      dissector.dissect(record)
      record.number = number // the reader counts on
    }).readWhole(octets)
    return flow.events
  }
  const statesOf = (events: readonly TraceEvent[]): string[] =>
    events.flatMap((event) => (event.kind === 'state' ? [`${event.host} ${event.to}`] : [])).sort()
  const one = eventsOf((frame) => frame)
  const two = eventsOf((frame) => Math.ceil(frame / 2))
  assert.deepEqual(statesOf(two), statesOf(one))
  const notes = two.filter(isSent).map(({ note }) => /^frame \d+[^,]*/.exec(note!)![0])
  assert.deepEqual(notes.slice(0, 3), [
    'frame 1 (segment 1 of it)',
    'frame 1 (segment 2 of it)',
    'frame 2 (segment 1 of it)',
  ])
})

test('beyond the packets that were asked for, the rest is only counted', () => {
  const result = runScenario(SCENARIOS.find(({ name }) => name === 'data-transfer')!, {})
  const analysis = new SequenceAnalysis()
  const flow = new FlowRecorder(2)
  const dissector = new Dissector((packet, tcp) => flow.packet(packet, tcp, analysis.analyze(packet, tcp)))
  new CaptureReader((record) => dissector.dissect(record)).readWhole(result.capture(result.hosts[0]!).octets)
  assert.equal(flow.events.filter(isSent).length, 2)
  assert.ok(flow.packets > 2)
})
