/**
 * Elko against the Linux kernel, event by event: the same segments, calls and ICMP errors to both, each answer and each
 * state compared. Both stand in the same place of the network: 10.7.0.1 and fd07::1. What differs is in
 * docs/linux-differences.md, and nothing else.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { CLOSING, CONNECTED, LISTENER, places, RELEASED, sequences } from './differential-cases.ts'
import { icmpCases, timestampCases, urgentCases, windowCases } from './differential-conditions.ts'
import { KNOWN, knownAs } from './differential-known.ts'
import { withLinux } from './differential-linux.ts'
import { type Case, type Difference, Differential } from './differential-run.ts'
import { requirements } from './netns.ts'

const skip = { skip: requirements(), timeout: 1_200_000 }
const VERSIONS = [4, 6] as const
/** Unknown differences that a failure shows. */
const SHOWN = 20

/** Which known differences were seen so far, in this file's order. */
const seen = new Map<string, number>(KNOWN.map(({ title }) => [title, 0]))

async function comparePlays(t: TestContext, cases: readonly Case[]): Promise<void> {
  const outcome = await withLinux((linux) => new Differential(linux).run(cases))
  const here = new Map<string, number>()
  const unknown: Difference[] = []
  for (const difference of outcome.differences) {
    const title = knownAs(difference)?.title
    if (title === undefined) unknown.push(difference)
    else here.set(title, (here.get(title) ?? 0) + 1)
  }
  t.diagnostic(`${outcome.cases} cases, ${outcome.steps} steps, ${outcome.answers} answers compared`)
  for (const [title, count] of here) {
    t.diagnostic(`${count} times: ${title}`)
    seen.set(title, seen.get(title)! + count)
  }
  assert.deepEqual(unknown.slice(0, SHOWN).map(inWords), [], `${unknown.length} unknown differences`)
}

function inWords({ one, before, state, event, elko, linux }: Difference): string {
  const history = [`IPv${one.version}`, one.situation.name, before].filter((part) => part !== '').join('; ')
  return `${history}; in ${state} <- ${event}: Elko ${elko.answer} -> ${elko.state}, Linux ${linux.answer} -> ${linux.state}`
}

const situations = {
  listener: LISTENER,
  'connected socket': CONNECTED,
  'closing socket': CLOSING,
  'closed socket': RELEASED,
}

for (const [name, situation] of Object.entries(situations)) {
  test(
    `all sequences of up to four segments to a ${name}: Elko answers as Linux, or as documented`,
    skip,
    (t) => comparePlays(t, [...sequences(situation, 4, 4), ...sequences(situation, 6, 3)]),
  )
}

test(
  'every kind of segment at every place, with every acknowledgment, in every state: Elko answers as Linux, or as documented',
  skip,
  (t) => comparePlays(t, [...places(4, false), ...places(6, true)]),
)

test(
  'timestamps, urgent pointers and windows in every state: Elko answers as Linux, or as documented',
  skip,
  (t) =>
    comparePlays(
      t,
      VERSIONS.flatMap((version) => [
        ...timestampCases(version),
        ...urgentCases(version),
        ...windowCases(version),
      ]),
    ),
)

test('every ICMP error in every state: Elko answers as Linux, or as documented', skip, (t) =>
  comparePlays(
    t,
    VERSIONS.flatMap((version) => icmpCases(version)),
  ),
)

test('each known difference from Linux is still there', skip, () => {
  const gone = [...seen].filter(([, count]) => count === 0).map(([title]) => title)
  assert.deepEqual(gone, [])
})

test('docs/linux-differences.md has a row for each known difference, and no other', () => {
  const whole = readFileSync(new URL('../../../docs/linux-differences.md', import.meta.url), 'utf8')
  const [text = ''] = whole.split('\n## What only scripts show') // those are the drill's (drill.test.ts)
  const rows = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, title]) => title!)
  assert.deepEqual(rows.sort(), [...new Set(KNOWN.map(({ title }) => title))].sort())
})
