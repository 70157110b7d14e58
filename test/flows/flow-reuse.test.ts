/** A flow that is used again for another connection tells of that one what a new flow tells. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import type { Flow, FlowReport, SideReport } from '../../src/flows/flow.ts'
import { FlowTracker } from '../../src/flows/flow-tracker.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import type { ImpairmentOptions } from '../../src/sim/impairments.ts'
import { runScenario, type Scenario } from '../../src/sim/scenario.ts'
import { open, readToEnd, serve } from '../../src/sim/scenarios/scripts.ts'

/** More than a connection that is over is waited for, seconds. */
const PAUSE = 100

/** A transfer, and one that the client breaks off. */
function transfer(isAborted: boolean): Scenario {
  return {
    name: 'transfer',
    title: 'A transfer',
    lesson: '',
    accepts: [],
    paths: {},
    play(lab) {
      const [client, server] = lab.clientAndServer({ timestamps: !isAborted })
      server.program(
        serve(80, function* (socket) {
          yield* readToEnd(socket)
          socket.close()
        }),
      )
      client.program(function* (host) {
        const socket = yield* open(host, server, 80)
        yield* socket.write(60_000)
        if (isAborted) socket.abort()
        else socket.close()
      }, 10)
    },
  }
}

const IMPAIRMENTS: readonly ImpairmentOptions[] = [
  { loss: 0.05 },
  {},
  { reorder: 0.05, duplicate: 0.05 },
  { loss: 0.02, reorder: 0.02 },
]

/** Times of steps count from the capture's first packet: here from the connection's. */
function fromItsStart(report: FlowReport): object {
  const side = (of: SideReport): object => ({
    ...of,
    states: of.states.map((step) => ({ ...step, at: step.at - report.start })),
  })
  return { ...report, start: 0, client: side(report.client), server: side(report.server) }
}

test('connections one after the other in the same flow are reported as each in its own', () => {
  const used: FlowReport[] = []
  const fresh: FlowReport[] = []
  const objects = new Set<Flow>()
  const analysis = new SequenceAnalysis()
  const tracker = new FlowTracker((flow) => {
    objects.add(flow)
    used.push(flow.report())
  })
  let own = new FlowTracker(() => {})
  const dissector = new Dissector((packet, tcp) => {
    const seen = analysis.analyze(packet, tcp)
    assert.deepEqual(tracker.packet(packet, tcp, seen), own.packet(packet, tcp, seen))
    assert.equal(tracker.spuriousFrame, own.spuriousFrame)
  })
  let frame = 0
  for (let run = 0; run < 16; run++) {
    own = new FlowTracker((flow) => fresh.push(flow.report()))
    const impairments = IMPAIRMENTS[run % IMPAIRMENTS.length]!
    const result = runScenario(transfer(run % 3 === 1), { seed: run + 1, impairments })
    new CaptureReader((record) => {
      record.number = ++frame
      record.seconds += run * PAUSE
      dissector.dissect(record)
    }).readWhole(result.capture(result.hosts[0]!).octets)
    own.end()
  }
  tracker.end()
  assert.ok(used.length >= 16)
  assert.ok(objects.size < used.length / 2, `${objects.size} flows for ${used.length} connections`)
  const byStream = (a: FlowReport, b: FlowReport): number => a.stream - b.stream
  assert.deepEqual(used.sort(byStream).map(fromItsStart), fresh.sort(byStream).map(fromItsStart))
})
