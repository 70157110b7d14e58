/** Every column of `tcp.analysis` of every public capture equals tshark's, or stands here with its reason. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { ANALYSIS_FLAGS } from '../../src/flows/tcp-analysis.ts'
import {
  answerOf,
  countByColumn,
  differences,
  elkoRows,
  FOLDER,
  type ManifestRow,
  manifest,
  octetsOf,
  tsharkRows,
} from './wireshark-columns.ts'
import { BOTH_SILENT, elkoStreams } from './wireshark-streams.ts'

const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

/** Rows of the tables of docs/wireshark-differences.md with so many cells, without the last one, which says why. */
function documented(cells: number): string[][] {
  const text = readFileSync(new URL('../../../docs/wireshark-differences.md', import.meta.url), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| '))
  const table = rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return table.filter((row) => row.length === cells && row[0] !== 'Capture').map((row) => row.slice(0, -1))
}

/** Differing cells by capture and column. */
const OTHERWISE: Record<string, Record<string, number>> = {}
for (const [id, column, count] of documented(4))
  OTHERWISE[id!] = { ...OTHERWISE[id!], [column!]: Number(count) }

/** Differing cells by column; `frame` counts packets that one of the two does not have. */
function compared(row: ManifestRow): { counts: Record<string, number>; first: string; cells: number } {
  const { found, cells } = differences(tsharkRows(answerOf(row)), elkoRows(octetsOf(row)))
  return { counts: countByColumn(found), first: `${row.id}: ${found[0]?.what}`, cells }
}

test('tcp.analysis of every public capture equals tshark, cell by cell', { skip }, (t) => {
  let files = 0
  let cells = 0
  for (const row of manifest()) {
    if (row.quirk !== '') continue
    const found = compared(row)
    assert.deepEqual(found.counts, OTHERWISE[row.id] ?? {}, found.first)
    files++
    cells += found.cells
  }
  assert.ok(files > 250 && cells > 5_000_000, `${files} files, ${cells} cells`)
  t.diagnostic(
    `${files} files, ${cells} cells compared, ${Object.keys(OTHERWISE).length} files differ as recorded`,
  )
})

/** tshark's answer to `follow,tcp,raw` of each stream: octets and their SHA-256, of each side. */
function followed({ id }: ManifestRow): [stream: number, answer: string][] {
  const lines = readFileSync(join(FOLDER, 'tshark', `${id}.follow.tsv`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
  return lines.map((line) => {
    const [stream, , , ...answer] = line.split('\t')
    return [Number(stream), answer.join(' ')]
  })
}

test('the octets of every stream of every public capture are those that tshark follows', { skip }, (t) => {
  let streams = 0
  for (const row of manifest()) {
    if (!existsSync(join(FOLDER, 'tshark', `${row.id}.follow.tsv`)) || row.quirk.match(/stream|upper/))
      continue
    const ours = elkoStreams(octetsOf(row))
    for (const [stream, answer] of followed(row)) {
      assert.equal(ours[stream] ?? BOTH_SILENT, answer, `${row.id}: stream ${stream}`)
      streams++
    }
  }
  assert.ok(streams > 1500, `${streams} streams`)
  t.diagnostic(`${streams} streams, two sides each, equal by SHA-256`)
})

const IS_FLAG = new Set(Object.keys(ANALYSIS_FLAGS).map((name) => `tcp.analysis.${name}`))

test('where upper layers or damage blur the streams of a capture, the flags of tcp.analysis equal tshark', {
  skip,
}, () => {
  const blurred = manifest().filter(({ quirk }) => quirk !== '')
  assert.ok(blurred.length >= 5)
  for (const row of blurred) {
    const { counts, first } = compared(row)
    assert.deepEqual(
      Object.keys(counts).filter((column) => IS_FLAG.has(column)),
      [],
      first,
    )
  }
})
