/** Elko's causes of retransmissions are those that the simulated sender had: from captures at both ends, of lossy paths. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { FlowTracker } from '../../src/flows/flow-tracker.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import type { ImpairmentOptions } from '../../src/sim/impairments.ts'
import { runScenario, type Scenario } from '../../src/sim/scenario.ts'
import { open, readToEnd, serve } from '../../src/sim/scenarios/scripts.ts'

const OCTETS = 400_000

const bulk: Scenario = {
  name: 'bulk',
  title: 'A bulk transfer with timestamps',
  lesson: '',
  accepts: [],
  paths: {},
  play(lab) {
    const [client, server] = lab.clientAndServer({ timestamps: true })
    server.program(
      serve(80, function* (socket) {
        yield* readToEnd(socket)
        socket.close()
      }),
    )
    client.program(function* (host) {
      const socket = yield* open(host, server, 80)
      yield* socket.write(OCTETS)
      socket.close()
    }, 10)
  },
}

/** Of each segment with text: the sender's reason, or that it is a copy, and what Elko takes it for; counted. */
function compared(impairments: ImpairmentOptions, which: 0 | 1): Map<string, number> {
  const counts = new Map<string, number>()
  for (let seed = 1; seed <= 8; seed++) {
    const result = runScenario(bulk, { seed, impairments })
    const analysis = new SequenceAnalysis()
    const tracker = new FlowTracker(() => {})
    const seen = new Set<string>()
    let comment = ''
    const dissector = new Dissector((packet, tcp) => {
      const cause = tracker.packet(packet, tcp, analysis.analyze(packet, tcp))
      if (tcp.textLength <= 0) return
      const [, number, reason] = /^packet (\d+)(?:, ([a-z-]+):)?/.exec(comment)!
      const truth = seen.has(number!) ? 'copy' : reason
      seen.add(number!)
      const pair = `${truth} is ${cause?.kind ?? 'new'}`
      counts.set(pair, (counts.get(pair) ?? 0) + 1)
    })
    new CaptureReader((record) => {
      comment = record.comments[0] ?? ''
      dissector.dissect(record)
    }).readWhole(result.capture(result.hosts[which]!).octets)
  }
  return counts
}

/** What Elko may say of a segment that its sender sent for this reason. */
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  'retransmission-timeout': ['timeout'],
  'fast-retransmit': ['fast-retransmit'],
  'partial-ack': ['recovery'],
  'loss-recovery': ['recovery'],
}
const AGAIN = ['timeout', 'fast-retransmit', 'recovery', 'tail-loss-probe']
const ONCE = ['new', 'reordering', 'duplicate']

/** Segments in all; of those, that were taken for new and are not or the other way; and retransmissions of another cause. */
function judged(counts: ReadonlyMap<string, number>): { all: number; wrong: number; otherCause: number } {
  let [all, wrong, otherCause] = [0, 0, 0]
  for (const [pair, count] of counts) {
    const [truth, kind] = pair.split(' is ') as [string, string]
    const right = RIGHT[truth]
    all += count
    if (!(right === undefined ? ONCE : AGAIN).includes(kind)) wrong += count
    else if (right !== undefined && !right.includes(kind)) otherCause += count
  }
  return { all, wrong, otherCause }
}

const PATHS: readonly ImpairmentOptions[] = [
  { loss: 0.02 },
  { reorder: 0.02 },
  { duplicate: 0.02 },
  { loss: 0.01, reorder: 0.01, duplicate: 0.01 },
]

test('at the sender every retransmission is known, and nearly always why it was sent', () => {
  for (const impairments of PATHS) {
    const { all, wrong, otherCause } = judged(compared(impairments, 0))
    assert.ok(all > 2000)
    assert.equal(wrong, 0, JSON.stringify(impairments))
    assert.ok(otherCause <= 1, `${otherCause} causes differ with ${JSON.stringify(impairments)}`)
  }
})

test('at the receiver a retransmission is told from what was overtaken or copied, but for one in 400', () => {
  for (const impairments of PATHS) {
    const { all, wrong, otherCause } = judged(compared(impairments, 1))
    assert.ok(wrong * 400 <= all, `${wrong} of ${all} with ${JSON.stringify(impairments)}`)
    assert.ok(otherCause * 100 <= all, `${otherCause} causes of ${all}`)
  }
})

test('copies are duplicates, and what came late is reordering', () => {
  const copies = compared({ duplicate: 0.02 }, 1)
  const late = compared({ reorder: 0.02 }, 1)
  assert.ok(copies.get('new-data is duplicate')! >= 40)
  assert.ok(late.get('new-data is reordering')! >= 40)
})
