/** Connections brought to every end by the kernel's own TCP: what `elko diagnose` says of them must be what happened. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requirements } from '../kernel/netns.ts'
import type { Case } from './case.ts'
import { CASES } from './cases.ts'
import { disagreements, VIEWS, type View } from './judge.ts'
import { KNOWN_WRONG } from './known-wrong.ts'
import { keep, type Played, provoke } from './provoke.ts'

const lacks = requirements('python3', 'tcpdump', 'nft', 'ping', 'openssl')
const BOTH = [
  ['python', 'python'],
  ['node', 'node'],
] as const

/** They mostly wait: so many at once keep two cores busy. */
const AT_ONCE = 12
const LIMIT_MS = 1_700_000

test('provoked', { skip: lacks, concurrency: AT_ONCE, timeout: LIMIT_MS }, async (t) => {
  const runs = CASES.flatMap((played) =>
    (played.languages ?? BOTH).map((languages) =>
      t.test(`${played.name}: ${played.title}, ${languages[0]}`, () =>
        provoke(played, languages, async (run) => {
          keep(played, run)
          for (const view of VIEWS) await check(played, run, view)
        }),
      ),
    ),
  )
  await Promise.all(runs)
})

async function check(played: Case, run: Played, view: View): Promise<void> {
  const wrong = await disagreements(played, run, view)
  const isKnown = Object.hasOwn(KNOWN_WRONG, `${played.name}, ${run.language}, ${view}`)
  if (isKnown) assert.notDeepEqual(wrong, [], `${view}: it is right now, and still stands in known-wrong.ts`)
  else assert.deepEqual(wrong, [], `what is said of the capture of: ${view}`)
}

test('what is known to be wrong is of a case, a language and a view that exist', () => {
  const all = CASES.flatMap(({ name, languages = BOTH }) =>
    languages.flatMap(([language]) => VIEWS.map((view) => `${name}, ${language}, ${view}`)),
  )
  assert.deepEqual(
    Object.keys(KNOWN_WRONG).filter((key) => !all.includes(key)),
    [],
  )
})
