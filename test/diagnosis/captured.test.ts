/** Provoked cases that are kept as captures: what `elko diagnose` says of them must be what happened. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { KEPT, type Kept } from './captured.ts'
import { diagnosesOf, disagreements, VIEWS } from './judge.ts'
import type { Played } from './provoke.ts'
import type { Result } from './script.ts'

const fileOf = ({ name }: Kept, side: 'client' | 'server'): string =>
  fileURLToPath(new URL(`../../../test/diagnosis/captured/${name}.${side}.pcap.gz`, import.meta.url))

const asResults = (code: string | null | undefined): Result[] =>
  typeof code === 'string' ? [{ op: 'recv', ok: false, code }] : []

for (const kept of KEPT) {
  test(`kept: ${kept.name}: ${kept.title}`, async () => {
    const played: Played = {
      language: 'python',
      client: asResults(kept.clientSaw),
      server: asResults(kept.serverSaw),
      clientFile: fileOf(kept, 'client'),
      serverFile: fileOf(kept, 'server'),
      dropped: 0,
      lateness: 0,
    }
    const asked = { ...kept, client: [], server: [], seen: { client: [] } }
    for (const view of VIEWS) assert.deepEqual(await disagreements(asked, played, view), [], view)
    if (kept.serverSaw === undefined) return
    const { sees } = (await diagnosesOf(played.serverFile)).at(kept.connection === 'some' ? 0 : -1)!
    assert.equal(sees.server?.errno ?? null, kept.serverSaw, 'what the server sees')
  })
}
