/**
 * Sequence diagrams of the connections of every public capture: their geometry, and that no segment is missing. All that
 * is left out here is drawn by `npm run soak:diagrams`.
 */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FOLDER, manifest, octetsOf } from '../flows/wireshark-columns.ts'
import { capturedFlows, checkFlow } from './captured-flows.ts'

const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

const LIMITS = { connections: 12, packets: 2500, whole: 250 }

test('every capture is drawn without overlap, and text and SVG tell of each frame and state once', {
  skip,
}, () => {
  let drawn = 0
  for (const row of manifest()) {
    for (const [stream, flow] of capturedFlows(octetsOf(row), LIMITS)) {
      checkFlow(`${row.id}, stream ${stream}`, flow, LIMITS)
      drawn++
    }
  }
  assert.ok(drawn > 500, `${drawn} connections`)
})
