/** The list of packets equals `tshark -T tabs` line by line, where TCP is told and the protocols above it are not asked. */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Random } from '../../src/sim/random.ts'
import { randomCapture } from '../flows/random-conversations.ts'
import { FOLDER, manifest, octetsOf } from '../flows/wireshark-columns.ts'
import { captureOf, OPTIONS, segmentWith } from './option-captures.ts'
import { compareLines, elkoLines, hasTshark, withoutApplications } from './tshark-columns.ts'

const noTshark = process.env.CI === 'true' || hasTshark ? false : 'tshark is not installed'
const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? noTshark : `no captures in ${FOLDER}`

/** One in so many of the captures; ELKO_COLUMN_CAPTURES=all takes all of them. */
const EACH = process.env.ELKO_COLUMN_CAPTURES === 'all' ? 1 : 8

/** Of the table of lines in docs/wireshark-differences.md: how many of each capture differ. */
function documented(): Map<string, number> {
  const text = readFileSync(new URL('../../../docs/wireshark-differences.md', import.meta.url), 'utf8')
  const table = text.slice(text.indexOf('| Capture | Lines of TCP | Why |')).split('\n')
  const end = table.findIndex((line) => !line.startsWith('|'))
  const rows = table.slice(2, end).map((line) => line.split('|').map((cell) => cell.trim()))
  return new Map(rows.map(([, id, count]) => [id!, Number(count)]))
}

test('the columns of every TCP packet of public captures equal tshark', { skip }, (t) => {
  const known = documented()
  assert.ok(known.size > 0)
  const rows = manifest().filter(({ id }, k) => k % EACH === 0 || known.has(id))
  let tcp = 0
  let others = 0
  let equalOthers = 0
  withoutApplications((ask) => {
    for (const row of rows) {
      const found = compareLines(ask(join(FOLDER, row.path)), elkoLines(octetsOf(row)))
      assert.equal(found.differing.length, known.get(row.id) ?? 0, `${row.id}\n${found.differing[0]}`)
      tcp += found.tcp
      others += found.others
      equalOthers += found.equalOthers
    }
  })
  assert.ok(tcp > 15_000, `${tcp} lines of TCP`)
  t.diagnostic(`${rows.length} files, ${tcp} lines of TCP; of ${others} others ${equalOthers} are the same`)
})

test('random conversations, cut headers among them, and every option have the columns of tshark', {
  skip: noTshark,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-columns-'))
  const captures = [1, 2, 3, 4, 5].map((seed) => randomCapture(new Random(seed), 2000))
  // Each option in a conversation of its own, so that what one announces does not colour the next.
  captures.push(captureOf(OPTIONS.map((option, k) => segmentWith(option, 1000 + k))))
  let tcp = 0
  try {
    withoutApplications((ask) => {
      for (const [k, octets] of captures.entries()) {
        const path = join(folder, `${k}.pcap`)
        writeFileSync(path, octets)
        const found = compareLines(ask(path), elkoLines(octets))
        assert.deepEqual(found.differing, [], path)
        tcp += found.tcp
      }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  t.diagnostic(`${tcp} lines of TCP`)
})
