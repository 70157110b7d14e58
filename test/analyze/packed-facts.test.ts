/** Connections that closed long ago, or are quiet, are packed; they are told of as if they had not been. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ASKED_AFTER,
  CaptureDiagnoser,
  LINGERING,
  type PacketWatch,
} from '../../src/analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import type { ConnectionFacts } from '../../src/analyze/outside/facts.ts'
import { FactsPacker } from '../../src/analyze/outside/packed-facts.ts'
import { SpareFacts } from '../../src/analyze/outside/spare-facts.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { STORIES } from './outside-stories.ts'
import { captureOf, Story } from './wire-story.ts'

/** They take the facts of those that are packed. */
const CROWD = 30
/** Behind the ends of all stories, seconds; and so many frames, more than a connection waits for that closed, or is open. */
const LATER = 100_000
const FRAMES_LATER = [LINGERING + 1, ASKED_AFTER + 1]

const crowd = Array.from({ length: CROWD }, (_, k) => {
  const lines = ['c S', 's SA', 'c A', 'c PA 100', 's PA 200', 'c FA', 's FA', 'c A']
  const timed = lines.map((line, step) => `${LATER + k / 100 + step / 1000} ${line}`)
  return new Story(timed.join('\n'), { clientPort: 50_000 + k, server: '10.2.0.3' })
})

/** Who watches may keep the facts, so that none are packed. */
function diagnosesOf(
  capture: Uint8Array,
  watch: PacketWatch | null,
  framesLater = LINGERING + 1,
): CaptureDiagnosis[] {
  const diagnoser = new CaptureDiagnoser(watch)
  let first = Number.NaN
  let isLater = false
  const reader = new CaptureReader((record) => {
    if (Number.isNaN(first)) first = record.seconds
    if (!isLater && record.seconds - first >= LATER) {
      isLater = true
    }
    if (isLater) record.number += framesLater
    diagnoser.take(record)
  })
  reader.readWhole(capture)
  return [...diagnoser.report().connections]
}

for (const [name, { before, story }] of Object.entries(STORIES)) {
  test(`packed or not: ${name}`, () => {
    const others = (before ?? []).map((lines, k) => new Story(lines, { clientPort: 39_000 + k }))
    for (const late of ['', `${2 * LATER} icmp 3/1 10.1.0.1\n${2 * LATER + 1} c A\n${2 * LATER + 2} s R`]) {
      const capture = captureOf(...others, new Story(`${story}\n${late}`), ...crowd)
      for (const frames of FRAMES_LATER)
        assert.deepEqual(
          diagnosesOf(capture, null, frames),
          diagnosesOf(capture, () => {}, frames),
        )
    }
  })
}

const told = ({ numbers, hostA, hostB, resets, icmps }: ConnectionFacts): unknown =>
  structuredClone({ numbers: [...numbers], hostA, hostB, resets, icmps })

test('facts of all stories are the same once they are unpacked', () => {
  const packer = new FactsPacker()
  const spare = new SpareFacts()
  let compared = 0
  for (const { story } of Object.values(STORIES)) {
    const ours: PacketWatch = (facts) => {
      const before = told(facts)
      const again = packer.unpack(packer.pack(facts), spare)
      assert.deepEqual(told(again), before)
      facts.resets = again.resets
      facts.icmps = again.icmps
      compared++
    }
    diagnosesOf(captureOf(new Story(story)), ours)
  }
  assert.ok(compared > 200, `${compared} packets`)
})
