/** Sequence diagrams of the connections of every public capture: their geometry, and that no segment is missing. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { layoutSequence } from '../../src/diagram/sequence/layout.ts'
import type { SequenceLayout } from '../../src/diagram/sequence/sequence-layout.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { dissected, FOLDER, manifest, octetsOf } from '../flows/wireshark-columns.ts'
import { checkLayout } from './layout-checks.ts'

const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

/** Of one file so many connections are drawn, and so many packets of each. */
const CONNECTIONS = 12
const PACKETS = 2500
/** Up to so many everything is unfolded as well. */
const WHOLE = 250

test('every capture is drawn without overlap, and each segment is in the picture or in a fold', {
  skip,
}, () => {
  let drawn = 0
  for (const row of manifest()) {
    for (const [stream, flow] of flowsOf(octetsOf(row))) {
      const { events, addresses } = flow
      const name = `${row.id}, stream ${stream}`
      const packets = Math.min(flow.packets, PACKETS)
      const folded = layoutSequence(events, { addresses })
      checkLayout(folded, name)
      assert.equal(segmentsIn(folded), packets, name)
      drawn++
      if (packets > WHOLE) continue
      const whole = layoutSequence(events, { addresses, unfolded: 'all', numbers: 'relative' })
      checkLayout(whole, `${name}, unfolded`)
      assert.equal(whole.marks.filter(({ arrow }) => arrow !== undefined).length, packets, name)
    }
  }
  assert.ok(drawn > 500, `${drawn} connections`)
})

/** Segments with an arrow of their own that leave here, and those in folds. */
function segmentsIn({ marks }: SequenceLayout): number {
  let count = 0
  for (const { kind, arrow, fold } of marks) {
    if (kind === 'message' && arrow !== undefined) count++
    if (fold !== undefined) count += fold.messages
  }
  return count
}

function flowsOf(octets: Uint8Array): Map<number, FlowRecorder> {
  const flows = new Map<number, FlowRecorder>()
  const analysis = new SequenceAnalysis()
  dissected(octets, (packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (packet.isQuoted || said.stream >= CONNECTIONS) return
    const flow = flows.get(said.stream) ?? new FlowRecorder(PACKETS)
    flows.set(said.stream, flow)
    flow.packet(packet, tcp, said)
  })
  return flows
}
