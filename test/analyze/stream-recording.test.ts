/** One connection of a capture as events: what was captured twice was sent once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamRecording } from '../../src/analyze/outside/stream-recording.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { OPEN } from './told.ts'
import { captureOf, Story } from './wire-story.ts'

/** Reasons and notes of what the client sent, by frame. */
function sentByClient(story: string): Map<number, string> {
  const recording = new StreamRecording(0, 100)
  new CaptureReader((record) => recording.take(record)).readWhole(captureOf(new Story(story)))
  const said = new Map<number, string>()
  for (const event of recording.recorder.events)
    if (event.kind === 'sent' && event.host === 'client')
      said.set(event.packet, `${event.reason}: ${event.note}`)
  return said
}

test('a packet that was captured twice is no retransmission, one that was sent again is', () => {
  const asked = `${OPEN}0.03 c PA 100 id=77`
  const copied = sentByClient(`${asked}\n 0.0301 c PA again id=77\n 0.05 s A`)
  assert.equal(copied.get(4), 'new-data: frame 4')
  assert.match(copied.get(5)!, /^new-data: frame 5, frame 4 once more \(the same IP identification\)/)
  const again = sentByClient(`${asked}\n 0.3 c PA again id=78\n 0.32 s A`)
  assert.match(again.get(5)!, /^retransmission-timeout: frame 5, retransmission/)
})
