/** What tshark printed of the public captures, and the same columns from Elko's analysis. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import type { RecordCallback } from '../../src/capture/record.ts'
import { Dissector, type TcpCallback } from '../../src/dissect/dissect.ts'
import { type Field, FRAME_FIELDS, fieldText, TCP_FIELDS, type TcpView } from '../../src/flows/fields.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'

export const FOLDER = process.env.ELKO_CAPTURES ?? '/work/shared/captures'

export interface ManifestRow {
  readonly id: string
  readonly path: string
  readonly format: string
  /** What makes the file unfit for a comparison of everything. */
  readonly quirk: string
}

export function manifest(): ManifestRow[] {
  const [head, ...lines] = readFileSync(join(FOLDER, 'MANIFEST.tsv'), 'utf8').trimEnd().split('\n')
  const names = head!.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    const cell = (name: string): string => cells[names.indexOf(name)] ?? ''
    return { id: cell('id'), path: cell('local'), format: cell('format'), quirk: cell('quirk') }
  })
}

/** Cells by the names of their columns. */
export type Row = ReadonlyMap<string, string>

/** tshark's rows by frame number: one for each frame with TCP in it. */
export function tsharkRows({ id }: ManifestRow): Map<number, Row> {
  const text = gunzipSync(readFileSync(join(FOLDER, 'tshark', `${id}.tcp.tsv.gz`))).toString('latin1')
  const [head, ...lines] = text.replace(/\n$/, '').split('\n')
  const names = head!.split('\t')
  const rows = new Map<number, Row>()
  for (const line of lines) {
    const cells = line.split('\t')
    rows.set(Number(cells[0]), new Map(names.map((name, k) => [name, cells[k] ?? ''])))
  }
  return rows
}

/** Everything of a file, taken apart. */
export function dissected(row: ManifestRow, onTcp: TcpCallback): void {
  dissectedRecords(row, () => {}, onTcp)
}

/** The same, told of each record before its packets. */
export function dissectedRecords(
  { path, format }: ManifestRow,
  onRecord: RecordCallback,
  onTcp: TcpCallback,
): void {
  const octets = readFileSync(join(FOLDER, path))
  const dissector = new Dissector(onTcp)
  const reader = new CaptureReader((record) => {
    onRecord(record)
    dissector.dissect(record)
  })
  reader.readWhole(format.endsWith('.gz') ? gunzipSync(octets) : octets)
}

/** The same of Elko's: where a frame holds several TCP headers, their cells joined as tshark joins them. */
export function elkoRows(file: ManifestRow): Map<number, Row> {
  const analysis = new SequenceAnalysis()
  const rows = new Map<number, Map<string, string>>()
  dissected(file, (packet, tcp) => {
    const view = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
    const cells = cellsOf(TCP_FIELDS, view)
    const row = rows.get(packet.number)
    for (const [name, cell] of row ?? [])
      if (cells.has(name)) cells.set(name, joinedCells(cell, cells.get(name)!))
    rows.set(packet.number, new Map([...cells, ...cellsOf(FRAME_FIELDS, view)]))
  })
  return rows
}

function joinedCells(a: string, b: string): string {
  return a === '' || b === '' ? a + b : `${a},${b}`
}

function cellsOf(fields: Readonly<Record<string, Field>>, view: TcpView): Map<string, string> {
  const cells = new Map<string, string>()
  for (const [name, { kind, read }] of Object.entries(fields)) {
    const value = read(view)
    const values = value === null ? [] : typeof value === 'object' ? value : [value]
    cells.set(name, values.map((each) => fieldText(kind, each)).join(','))
  }
  return cells
}
