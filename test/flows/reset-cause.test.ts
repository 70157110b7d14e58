/** What a reset carries is a cause to read, and no text of the connection. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { TCP_FIELDS } from '../../src/flows/fields.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { ACK, RST } from '../../src/wire/segment.ts'
import { captureOf, segmentWith } from '../print/option-captures.ts'

/** tcp.payload and tcp.reset_cause of a segment with these flags and this text. */
function told(flags: number, text: string): unknown[] {
  const segment = segmentWith([], 50_000)
  segment[33] = flags
  segment.push(...Buffer.from(text, 'latin1'))
  segment[3] = segment.length
  const found: unknown[] = []
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => {
    const view = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
    found.push(TCP_FIELDS['tcp.payload']!.read(view), TCP_FIELDS['tcp.reset_cause']!.read(view))
  })
  new CaptureReader((record) => dissector.dissect(record)).readWhole(captureOf([segment]))
  return found
}

test('a reset says why, up to the first zero; other segments carry text', () => {
  assert.deepEqual(told(RST, 'why not'), [null, 'why not'])
  assert.deepEqual(told(RST | ACK, 'a\0b'), [null, 'a'])
  assert.deepEqual(told(RST, '\xe9!'), [null, '\ufffd!'])
  assert.deepEqual(told(ACK, 'xyz'), ['78797a', null])
  assert.deepEqual(told(RST, ''), [null, null])
})
