/** Conversations that never were, judged by the tshark that is installed: what captures of real ones do not happen to show. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Random } from '../../src/sim/random.ts'
import { compareFile } from './compare-file.ts'
import { randomCapture } from './random-conversations.ts'

const SEEDS = [1, 2, 70]
const PACKETS = 1500

/** The rules are those of 4.0: other releases judge some packets otherwise. */
function whyNot(): string | false {
  const { stdout } = spawnSync('tshark', ['--version'], { encoding: 'utf8' })
  const version = /TShark \(Wireshark\) (\d+\.\d+)/.exec(stdout ?? '')?.[1]
  if (version === undefined) return 'no tshark is installed'
  return version === '4.0' ? false : `tshark ${version} has rules of its own`
}

for (const seed of SEEDS) {
  test(`random conversations of seed ${seed} are analysed and followed as by tshark`, {
    skip: whyNot(),
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'elko-oracle-'))
    try {
      const path = join(folder, 'random.pcap')
      writeFileSync(path, randomCapture(new Random(seed), PACKETS))
      const compared = compareFile(path, { answers: null, follow: true, streams: 100 })
      assert.ok(compared !== null && compared.cells > 50_000 && compared.streams > 20)
      assert.deepEqual(
        compared.found.map(({ what }) => what),
        [],
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}
