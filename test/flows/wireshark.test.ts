/** Every column of `tcp.analysis` of every public capture equals tshark's, or stands here with its reason. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ByteStreams } from '../../src/flows/byte-streams.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import type { StreamSink } from '../../src/flows/stream-assembler.ts'
import { ANALYSIS_FLAGS } from '../../src/flows/tcp-analysis.ts'
import {
  dissected,
  elkoRows,
  FOLDER,
  type ManifestRow,
  manifest,
  type Row,
  tsharkRows,
} from './wireshark-columns.ts'

const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

/** Shown twice in one packet: as the tree's item and as a flag's. */
const SHOWN_TWICE = 'tcp.analysis.duplicate_ack'

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
    const want = expected.get(column)
    if (want === undefined) continue
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

class Follower implements StreamSink {
  #count = 0
  readonly #hash = createHash('sha256')

  text(octets: Uint8Array): void {
    this.#count += octets.length
    this.#hash.update(octets)
  }

  /** tshark writes this into the stream, and the zero behind its own string, too. */
  missing(length: number): void {
    this.text(Buffer.from(`[${length} bytes missing in capture file]\0`))
  }

  get answer(): string {
    return `${this.#count} ${this.#hash.digest('hex')}`
  }
}

test('the octets of every stream of every public capture are those that tshark follows', { skip }, (t) => {
  let streams = 0
  for (const row of manifest()) {
    if (!existsSync(join(FOLDER, 'tshark', `${row.id}.follow.tsv`)) || row.quirk.match(/stream|upper/))
      continue
    const followers = new Map<string, Follower>()
    const bytes = new ByteStreams((stream, isFromA) => {
      const follower = new Follower()
      followers.set(`${stream} ${isFromA}`, follower)
      return follower
    })
    const analysis = new SequenceAnalysis()
    dissected(row, (packet, tcp) => bytes.packet(packet, tcp, analysis.analyze(packet, tcp)))
    for (const [stream, answer] of followed(row)) {
      const ours = [true, false].map(
        (isFromA) => (followers.get(`${stream} ${isFromA}`) ?? new Follower()).answer,
      )
      assert.equal(ours.join(' '), answer, `${row.id}: stream ${stream}`)
      streams++
    }
  }
  assert.ok(streams > 1500, `${streams} streams`)
  t.diagnostic(`${streams} streams, two sides each, equal by SHA-256`)
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
