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

/** Where each column stands in the rows of a table. */
type Columns = ReadonlyMap<string, number>

const columnsOf = (names: readonly string[]): Columns => new Map(names.map((name, k) => [name, k]))

/** The cells of a packet: there are five million of them, and so no table of each row's own. */
export class Row {
  readonly columns: Columns
  readonly cells: readonly string[]

  constructor(columns: Columns, cells: readonly string[]) {
    this.columns = columns
    this.cells = cells
  }

  get(name: string): string | undefined {
    const place = this.columns.get(name)
    return place === undefined ? undefined : (this.cells[place] ?? '')
  }
}

/** tshark's rows by frame number: one for each frame with TCP in it. */
export function tsharkRows(answer: string): Map<number, Row> {
  const [head, ...lines] = answer.replace(/\n$/, '').split('\n')
  const columns = columnsOf(head!.split('\t'))
  const rows = new Map<number, Row>()
  for (const line of lines) {
    const cells = line.split('\t')
    rows.set(Number(cells[0]), new Row(columns, cells))
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

const OF_TCP = Object.entries(TCP_FIELDS)
const OF_FRAME = Object.entries(FRAME_FIELDS)
const OURS = columnsOf([...OF_TCP, ...OF_FRAME].map(([name]) => name))

/** The same of Elko's: where a frame holds several TCP headers, their cells joined as tshark joins them. */
export function elkoRows(file: Uint8Array): Map<number, Row> {
  const analysis = new SequenceAnalysis()
  const rows = new Map<number, Row>()
  dissected(file, (packet, tcp) => {
    const view = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
    const before = rows.get(packet.number)
    const own = OF_TCP.map(([, field]) => cellOf(field, view))
    const ofTcp = before === undefined ? own : own.map((cell, k) => joinedCells(before.cells[k]!, cell))
    rows.set(packet.number, new Row(OURS, [...ofTcp, ...OF_FRAME.map(([, field]) => cellOf(field, view))]))
  })
  return rows
}

function joinedCells(a: string, b: string): string {
  return a === '' || b === '' ? a + b : `${a},${b}`
}

function cellOf({ kind, read }: Field, view: TcpView): string {
  const value = read(view)
  if (value === null) return ''
  return typeof value === 'object'
    ? value.map((each) => fieldText(kind, each)).join(',')
    : fieldText(kind, value)
}

const PROTOCOLS = 'frame.protocols'

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
  for (const [column, place] of actual.columns) {
    const want = expected.get(column)
    if (want === undefined) continue
    compared++
    const got = actual.cells[place]!
    if (want === got) continue
    if (column === PROTOCOLS && protocolsAgree(want, got)) continue
    differ(column, want, got)
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
