/** Connections brought to every end by the kernel's own TCP: what `elko diagnose` says of them must be what happened. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requirements } from '../kernel/netns.ts'
import { CASES } from './cases.ts'
import { disagreements } from './judge.ts'
import { keep, provoke } from './provoke.ts'

const lacks = requirements('python3', 'tcpdump', 'nft', 'ping')
const BOTH = [
  ['python', 'python'],
  ['node', 'node'],
] as const

/** They mostly wait: so many at once keep two cores busy. */
const AT_ONCE = 12
const LIMIT_MS = 1_200_000

test('provoked', { skip: lacks, concurrency: AT_ONCE, timeout: LIMIT_MS }, async (t) => {
  const runs = CASES.flatMap((played) =>
    (played.languages ?? BOTH).map((languages) =>
      t.test(`${played.name}: ${played.title}, ${languages[0]}`, () =>
        provoke(played, languages, async (run) => {
          keep(played, run)
          const views = [
            await disagreements(played, run, 'client'),
            await disagreements(played, run, 'server'),
          ]
          assert.deepEqual(
            views,
            [[], []],
            "what the diagnosis of the client's and the server's capture got wrong",
          )
        }),
      ),
    ),
  )
  await Promise.all(runs)
})
