/** A capture that is shared out by connections is told of as by one reader, whatever the number of shards. */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { peekedShard, shardOf } from '../../src/analyze/outside/shard.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { hashOf } from '../../src/flows/conversations.ts'
import { Random } from '../../src/sim/random.ts'
import { FOLDER } from '../flows/wireshark-columns.ts'
import { mixedCapture } from './mixed-capture.ts'
import { STORIES } from './outside-stories.ts'
import { reportOfOne, reportOfShards, type WholeReport } from './sharded.ts'
import { captureOf, Story } from './wire-story.ts'

/** @param counts of shards. */
function assertSame(capture: Uint8Array, counts: readonly number[], name: string, step = 1): WholeReport {
  const [, all] = [false, true].map((withPlain) => {
    const expected = reportOfOne(capture, { withPlain, step })
    for (const count of counts) {
      const together = reportOfShards(capture, count, { withPlain, step })
      assert.deepEqual(together, expected, `${name}: ${count} shards`)
    }
    return expected
  })
  return all!
}

test('the stories of all verdicts, one after the other and all at once', () => {
  const all: Story[] = []
  for (const [name, { before, story }] of Object.entries(STORIES)) {
    const others = (before ?? []).map((lines, k) => new Story(lines, { clientPort: 39_000 + k }))
    assertSame(captureOf(...others, new Story(story)), [3], name)
    const clientPort = 41_000 + all.length
    all.push(
      new Story(story, { clientPort }),
      ...(before ?? []).map((lines, k) => new Story(lines, { clientPort: clientPort + 500 * (k + 1) })),
    )
  }
  const capture = captureOf(...all)
  assertSame(capture, [1, 2, 3, 5, 16], 'all at once')
  const { plain } = assertSame(capture, [2, 3, 5], 'all at once, left behind once they have closed', 1000)
  assert.ok(plain > 1, `${plain} are plainly healthy`)
})

test('a client that uses its ports again counts over all its connections', () => {
  const again = Array.from({ length: 40 }, (_, k) => {
    const lines = ['c S', 's SA', 'c A', 'c PA 9', 's PA 9', 'c FA', 's FA', 'c A']
    const timed = lines.map((line, step) => `${k + step / 100} ${line}`).join('\n')
    return new Story(timed, { clientPort: 45_000 + (k % 8), isn: 1000 + 100_000 * k })
  })
  const { notes } = assertSame(captureOf(...again), [2, 3, 5], 'ports used again')
  assert.deepEqual(
    notes.map(({ kind, frames }) => [kind, frames.length]),
    [['ports-used-up', 1]],
  )
})

const CAPTURES = join(FOLDER, 'files')

test('the shared captures', { skip: !existsSync(CAPTURES) && `${CAPTURES} is not here` }, () => {
  for (const name of readdirSync(CAPTURES)) {
    const capture = readFileSync(join(CAPTURES, name))
    const expected = reportOfOne(capture, { withPlain: true })
    assert.deepEqual(reportOfShards(capture, 3, { withPlain: true }), expected, name)
  }
})

test('random conversations with copies, fragments, tunnels, ICMP errors, ARP, frames that are cut or broken', () => {
  const kinds = new Set<string>()
  const verdicts = new Set<string>()
  for (let seed = 1; seed <= 4; seed++) {
    // With steps closed connections are left behind while others go on.
    const step = seed % 2 === 0 ? 1 : 300
    const report = assertSame(mixedCapture(new Random(seed), 3000), [2, 3, 5], `seed ${seed}`, step)
    for (const { kind } of report.notes) kinds.add(kind)
    for (const { verdict } of report.connections) verdicts.add(verdict)
  }
  for (const kind of [
    'one-sided',
    'clock-step',
    'truncated',
    'cut-headers',
    'cut-options',
    'duplicate-capture',
  ])
    assert.ok(kinds.has(kind), kind)
  assert.ok(verdicts.size > 10 && verdicts.has('no-neighbour'), [...verdicts].join(', '))
})

test('the short way to the shard of a packet finds what taking it apart finds', () => {
  const COUNT = 7
  let peeked = 0
  let whole = 0
  const headers: number[] = []
  const dissector = new Dissector((packet, tcp) =>
    headers.push(packet.isQuoted ? -1 : shardOf(hashOf(packet, tcp), COUNT)),
  )
  dissector.onShortQuote = () => headers.push(-1)
  for (let seed = 1; seed <= 4; seed++) {
    const reader = new CaptureReader((record) => {
      headers.length = 0
      dissector.dissect(record)
      const shard = peekedShard(record, COUNT)
      if (headers.length === 1 && headers[0]! >= 0) whole++
      if (shard < 0) return
      peeked++
      assert.deepEqual(headers, [shard], `seed ${seed}, frame ${record.number}`)
    })
    reader.readWhole(mixedCapture(new Random(seed), 3000))
  }
  // Tags, fragments and tunnels are no plain headers.
  assert.ok(peeked > whole / 4 && peeked < whole, `${peeked} of ${whole}`)
})
