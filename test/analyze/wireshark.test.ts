/** Every column of `tcp.analysis` of every public capture equals tshark's, or stands here with its reason. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ANALYSIS_FLAGS } from '../../src/analyze/tcp-analysis.ts'
import { elkoRows, FOLDER, type ManifestRow, manifest, type Row, tsharkRows } from './wireshark-columns.ts'

const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

/** Shown twice in one packet: as the tree's item and as a flag's. */
const SHOWN_TWICE = 'tcp.analysis.duplicate_ack'

/**
 * Where Elko differs on purpose, and in how many cells of which column. Dissectors of protocols above TCP open conversations
 * in Wireshark before their first packet comes (the data connection of FTP, H.245), and no SYN of such a one counts in
 * tcp.completeness. Samples of packets inside sFlow are of other links and moments.
 */
const OTHERWISE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'PcapPlusPl-0d732162': { frame: 1 },
  'nDPI-7614bed7': { 'tcp.completeness': 139 },
  'nDPI-cac23940': { 'tcp.completeness': 21 },
  'suricata-v-0bbf91d8': { 'tcp.completeness': 14 },
  'tcptrace-5ba7dead': { 'tcp.completeness': 19 },
}

/** Differing cells by column; `frame` counts packets that one of the two does not have. */
function differences(row: ManifestRow): { counts: Record<string, number>; first: string; cells: number } {
  const theirs = tsharkRows(row)
  const ours = elkoRows(row)
  const counts: Record<string, number> = {}
  let first = ''
  let cells = 0
  const note = (column: string, what: string): void => {
    counts[column] = (counts[column] ?? 0) + 1
    first ||= `${row.id}: ${what}`
  }
  for (const [frame, expected] of theirs) {
    const actual = ours.get(frame)
    // A quotation of eight octets is no packet of a conversation.
    if (actual === undefined && expected.get('tcp.stream') === '') continue
    if (actual === undefined) note('frame', `frame ${frame} is missing`)
    else
      cells += compare(expected, actual, (column, want, got) => {
        note(column, `frame ${frame}: ${column} is ${want} in tshark, and here ${got}`)
      })
  }
  for (const frame of ours.keys()) if (!theirs.has(frame)) note('frame', `frame ${frame} is no TCP in tshark`)
  return { counts, first, cells }
}

function compare(
  expected: Row,
  actual: Row,
  differ: (column: string, want: string, got: string) => void,
): number {
  for (const [column, got] of actual) {
    const want = expected.get(column)!
    if (want !== got && !(column === SHOWN_TWICE && want === `${got},${got}`)) differ(column, want, got)
  }
  return actual.size
}

test('tcp.analysis of every public capture equals tshark, cell by cell', { skip }, (t) => {
  let files = 0
  let cells = 0
  for (const row of manifest()) {
    if (row.quirk !== '') continue
    const found = differences(row)
    assert.deepEqual(found.counts, OTHERWISE[row.id] ?? {}, found.first)
    files++
    cells += found.cells
  }
  assert.ok(files > 250 && cells > 5_000_000, `${files} files, ${cells} cells`)
  t.diagnostic(
    `${files} files, ${cells} cells compared, ${Object.keys(OTHERWISE).length} files differ as recorded`,
  )
})

/** Ethernet in FabricPath: whether its last four octets are a check sequence is guesswork, and tshark guesses otherwise. */
const GUESSWORK = 'nDPI-23bd4412'

const IS_FLAG = new Set(Object.keys(ANALYSIS_FLAGS).map((name) => `tcp.analysis.${name}`))

test('where upper layers or damage blur the streams of a capture, the flags of tcp.analysis equal tshark', {
  skip,
}, () => {
  const blurred = manifest().filter(({ id, quirk }) => quirk !== '' && id !== GUESSWORK)
  assert.ok(blurred.length >= 5)
  for (const row of blurred) {
    const { counts, first } = differences(row)
    assert.deepEqual(
      Object.keys(counts).filter((column) => IS_FLAG.has(column)),
      [],
      first,
    )
  }
})
