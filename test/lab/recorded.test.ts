/** A run of the lab as a log: played once more it is the same run, to the last event and the last variable. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventSteps } from '../../src/lab/event-steps.ts'
import { DEFAULT_LAB, type LabConfig } from '../../src/lab/lab-config.ts'
import { LabRun, recordedRun } from '../../src/lab/lab-run.ts'
import { findLesson } from '../../src/lab/lessons.ts'
import { Tracks } from '../../src/lab/tracks.ts'
import { replayRun } from '../../src/replay/replayed-run.ts'
import { RST } from '../../src/wire/segment.ts'

const MEDDLED: LabConfig = {
  ...DEFAULT_LAB,
  paths: [{ loss: 0.05 }, { duplicate: 0.05 }],
  interventions: [
    { kind: 'drop', from: 0, packet: 4 },
    { kind: 'call', atUs: 70_001, host: 1, step: 'send 700' },
    { kind: 'call', atUs: 80_000, host: 0, step: 'set nodelay on' },
    {
      ...{ kind: 'inject', atUs: 90_000, to: 0, from: '198.51.100.7' },
      segment: { srcPort: 1, dstPort: 2, seq: 3, ack: 4, flags: RST, window: 5, urgentPointer: 0, length: 0 },
    },
  ],
}

const lessons = ['lossy-path', 'slow-reader', 'half-open', 'icmp-unreachable', 'classic'].map((name) => {
  return findLesson(name)!.config
})

test('a recorded run is replayed without a difference, told in the same words, with the same variables', () => {
  for (const config of [MEDDLED, ...lessons]) {
    const run = new LabRun(config)
    run.advance()
    const tracks = new Tracks()
    const steps = new EventSteps()
    const replayed = replayRun(recordedRun(config), {
      onEvent: ({ index, entry, stacks }, told) => {
        tracks.take(index, stacks)
        steps.take(index, entry!.at, told)
      },
    })
    assert.equal(replayed.divergence, null)
    assert.equal(replayed.problem, null)
    assert.equal(replayed.title, run.scenario.title)
    assert.deepEqual(replayed.events, run.trace)
    assert.equal(tracks.all.length, run.tracks.all.length)
    for (const [i, track] of tracks.all.entries()) {
      const other = run.tracks.all[i]!
      assert.deepEqual([track.host, track.connection], [other.host, other.connection])
      const last = Number.POSITIVE_INFINITY
      assert.deepEqual(track.at(last), other.at(last))
    }
    // An event leads to the state that it tells of.
    for (const event of replayed.events) {
      if (event.kind !== 'state' || event.cause === 'crash' || event.to === 'LISTEN') continue
      const track = tracks.of(event.host, event.connection, steps.of(event))
      assert.ok(track !== null && statesAfter(event.to).has(track.at(steps.of(event))!.state), event.to)
    }
  }
})

/** In one step of a replay a connection may go on at once. */
function statesAfter(state: string): ReadonlySet<string> {
  return new Set([state, 'CLOSED', ...(state === 'SYN-RECEIVED' ? ['ESTABLISHED'] : [])])
}
