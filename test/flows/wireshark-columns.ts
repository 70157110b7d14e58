/** What tshark printed of captures, and the same columns from Elko's analysis. */

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

/** The octets of a public capture, unpacked. */
export function octetsOf({ path, format }: ManifestRow): Uint8Array {
  const octets = readFileSync(join(FOLDER, path))
  return format.endsWith('.gz') ? gunzipSync(octets) : octets
}

/** tshark's answer about a public capture. */
export function answerOf({ id }: ManifestRow): string {
  return gunzipSync(readFileSync(join(FOLDER, 'tshark', `${id}.tcp.tsv.gz`))).toString('latin1')
}

/** Cells by the names of their columns. */
export type Row = ReadonlyMap<string, string>

/** tshark's rows by frame number: one for each frame with TCP in it. */
export function tsharkRows(answer: string): Map<number, Row> {
  const [head, ...lines] = answer.replace(/\n$/, '').split('\n')
  const names = head!.split('\t')
  const rows = new Map<number, Row>()
  for (const line of lines) {
    const cells = line.split('\t')
    rows.set(Number(cells[0]), new Map(names.map((name, k) => [name, cells[k] ?? ''])))
  }
  return rows
}

/** Everything of a file, taken apart. */
export function dissected(file: Uint8Array, onTcp: TcpCallback): void {
  dissectedRecords(file, () => {}, onTcp)
}

/** The same, told of each record before its packets. */
export function dissectedRecords(file: Uint8Array, onRecord: RecordCallback, onTcp: TcpCallback): void {
  const dissector = new Dissector(onTcp)
  const reader = new CaptureReader((record) => {
    onRecord(record)
    dissector.dissect(record)
  })
  reader.readWhole(file)
}

/** The same of Elko's: where a frame holds several TCP headers, their cells joined as tshark joins them. */
export function elkoRows(file: Uint8Array): Map<number, Row> {
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

const PROTOCOLS = 'frame.protocols'
/** Shown twice in one packet: as the tree's item and as a flag's. */
const SHOWN_TWICE = 'tcp.analysis.duplicate_ack'

export interface Difference {
  readonly frame: number
  /** `frame`: one of the two does not have the packet. */
  readonly column: string
  readonly what: string
}

/** Every cell that differs, and how many were compared. */
export function differences(
  theirs: ReadonlyMap<number, Row>,
  ours: ReadonlyMap<number, Row>,
): { found: Difference[]; cells: number } {
  const found: Difference[] = []
  let cells = 0
  const note = (frame: number, column: string, what: string): void => {
    found.push({ frame, column, what: `frame ${frame}${what}` })
  }
  for (const [frame, expected] of theirs) {
    const actual = ours.get(frame)
    // A quotation of eight octets is no packet of a conversation.
    if (actual === undefined && expected.get('tcp.stream') === '') continue
    if (actual === undefined) note(frame, 'frame', ' is missing')
    else
      cells += compare(expected, actual, (column, want, got) => {
        note(frame, column, `: ${column} is ${want || 'nothing'} in tshark, and here ${got || 'nothing'}`)
      })
  }
  for (const frame of ours.keys()) if (!theirs.has(frame)) note(frame, 'frame', ' is no TCP in tshark')
  return { found, cells }
}

function compare(
  expected: Row,
  actual: Row,
  differ: (column: string, want: string, got: string) => void,
): number {
  let compared = 0
  for (const [column, got] of actual) {
    const want = expected.get(column)
    if (want === undefined) continue
    compared++
    if (column === PROTOCOLS && protocolsAgree(want, got)) continue
    if (want !== got && !(column === SHOWN_TWICE && want === `${got},${got}`)) differ(column, want, got)
  }
  return compared
}

/**
 * Whether `frame.protocols` says the same: what tshark names in addition stands behind TCP, UDP or ICMP, which Elko does not go
 * through further.
 */
export function protocolsAgree(want: string, got: string): boolean {
  const ours = got.split(':')
  let isOver = false
  for (const name of want.split(':')) {
    if (name === ours[0]) {
      ours.shift()
      isOver ||= name === 'tcp' || name === 'udp' || name.startsWith('icmp')
    } else if (!isOver) return false
  }
  return ours.length === 0
}

/** How often each column differs. */
export function countByColumn(found: readonly Difference[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { column } of found) counts[column] = (counts[column] ?? 0) + 1
  return counts
}
