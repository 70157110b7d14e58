import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frameSent, framesNoted } from '../../src/trace/frame-notes.ts'

test('frames of a note: of one capture, of two, of the one that alone has the packet, and none', () => {
  const cases: readonly (readonly [note: string | undefined, frames: string, sent: string])[] = [
    ['frame 3', '3', '3'],
    ['frame 3, retransmission', '3', '3'],
    ['frame 3 at the client', '3 at the client', '3 at the client'],
    [
      'frame 5 at the server and 3 at the client, 10 of its 20 octets',
      '5 at the server and 3 at the client',
      '5 at the server',
    ],
    ['of frame 3', '', ''],
    [undefined, '', ''],
  ]
  for (const [note, frames, sent] of cases)
    assert.deepEqual([framesNoted(note), frameSent(note)], [frames, sent], note)
})
