/**
 * 1,000 random runs are recorded and replayed bit for bit: two stacks each, over a hostile path, from one log.
 *
 * ELKO_RUNS says how many seeds to try, ELKO_SEED the first of them.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Replayer } from '../../src/replay/replayer.ts'
import { randomRun } from '../../src/sim/random-run.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { Recorder } from '../../src/trace/recorder.ts'

const RUNS = Number(process.env.ELKO_RUNS ?? 1000)
const FIRST = Number(process.env.ELKO_SEED ?? 5_961_000)
const BATCHES = 5

for (let batch = 0; batch < BATCHES; batch++) {
  const from = FIRST + Math.floor((RUNS * batch) / BATCHES)
  const to = FIRST + Math.floor((RUNS * (batch + 1)) / BATCHES)
  test(`the random runs ${from} to ${to - 1} replay as they were recorded`, { skip: from === to }, () => {
    for (let seed = from; seed < to; seed++) {
      const log = new InputLog()
      const { packets } = randomRun(seed, { record: log })
      log.end()
      let sent = 0
      const replayer = new Replayer(log.octets(), {
        onPacket: ({ direction }) => {
          if (direction === 'outbound') sent++
        },
      })
      replayer.run()
      assert.deepEqual(replayer.divergence, null, `seed ${seed}`)
      assert.deepEqual(replayer.retelling, null, `seed ${seed}`)
      assert.equal(replayer.problem, null, `seed ${seed}`)
      assert.equal(replayer.end, 'ended', `seed ${seed}`)
      assert.equal(sent, packets, `seed ${seed}`)
    }
  })
}

test('a run that is recorded is the run that is not', () => {
  for (let seed = FIRST; seed < FIRST + 60; seed++) {
    assert.deepEqual(randomRun(seed, { record: new InputLog() }), randomRun(seed), `seed ${seed}`)
  }
})

test('a replay tells event for event what the run told, with the numbers of its packets', () => {
  for (let seed = FIRST; seed < FIRST + 60; seed++) {
    const told = new Recorder()
    const log = new InputLog()
    randomRun(seed, { record: log, trace: told })
    const replayed = new Recorder()
    const replayer = new Replayer(log.octets(), { trace: replayed })
    replayer.run()
    assert.equal(replayer.divergence, null)
    // The run's own clock is the network's; a stack's may have another start.
    const timeless = ({ events }: Recorder) =>
      events.filter(({ kind }) => kind !== 'network').map(({ at: _, ...event }) => event)
    assert.deepEqual(timeless(replayed), timeless(told), `seed ${seed}`)
  }
})
