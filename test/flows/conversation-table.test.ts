/** The list of conversations equals `tshark -q -z conv,tcp`, line by line; and what it counts, on captures made here. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConversationTable } from '../../src/flows/conversation-table.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { fixed, tsharkConversations } from '../../src/print/tshark-conversations.ts'
import { lacksTshark } from '../tshark.ts'
import { dissectedRecords, FOLDER, type ManifestRow, manifest, octetsOf } from './wireshark-columns.ts'

const hasCaptures = existsSync(join(FOLDER, 'MANIFEST.tsv'))
const skip = !hasCaptures ? `no captures in ${FOLDER}` : lacksTshark

/** All captures take minutes of tshark's: `ELKO_ALL_CAPTURES=1` asks for them, else every twelfth is looked at. */
const STEP = process.env.ELKO_ALL_CAPTURES === '1' ? 1 : 12

/** Where tshark's count is not of this world: lengths beyond an int32, streams that another dissector splits. */
const OTHERWISE = new Set([
  'PcapPlusPl-7796efbd',
  'PcapPlusPl-7f7dc55a',
  'PcapPlusPl-f486b6c0',
  'nDPI-16da2810',
  'nDPI-23bd4412',
])

function listOf(row: ManifestRow): string[] {
  const analysis = new SequenceAnalysis()
  const table = new ConversationTable()
  dissectedRecords(
    octetsOf(row),
    (record) => table.begin(record.seconds, record.nanoseconds),
    (packet, tcp) => table.packet(packet, tcp, analysis.analyze(packet, tcp)),
  )
  return [...tsharkConversations(table)]
}

test('the list of conversations is tshark -z conv,tcp to the letter', { skip, timeout: 1_200_000 }, (t) => {
  let lines = 0
  for (const [k, row] of manifest().entries()) {
    if (k % STEP !== 0 || OTHERWISE.has(row.id)) continue
    const { stdout } = spawnSync('tshark', ['-q', '-r', join(FOLDER, row.path), '-z', 'conv,tcp'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    assert.deepEqual(listOf(row), stdout.trimEnd().split('\n'), row.id)
    lines += stdout.split('\n').length
  }
  assert.ok(lines > 200, `${lines} lines`)
  t.diagnostic(`${lines} lines compared`)
})

test('what lies between two decimals goes to the even one, as printf does it', () => {
  const cases: [value: number, decimals: number, text: string][] = [
    [0.03125, 4, '0.0312'],
    [0.09375, 4, '0.0938'],
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [0.1, 4, '0.1000'],
    [18445321545205.55, 9, '18445321545205.550781250'],
  ]
  for (const [value, decimals, text] of cases) assert.equal(fixed(value, decimals), text)
})
