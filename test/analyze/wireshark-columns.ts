/** What tshark printed of the public captures, and the same columns from Elko's analysis. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Dissector, type TcpCallback } from '../../src/analyze/dissect.ts'
import type { Packet, TcpFields } from '../../src/analyze/packet.ts'
import { SequenceAnalysis } from '../../src/analyze/sequence-analysis.ts'
import { ANALYSIS_FLAGS, type TcpAnalysis } from '../../src/analyze/tcp-analysis.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { SYN } from '../../src/wire/segment.ts'

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
export function dissected({ path, format }: ManifestRow, onTcp: TcpCallback): void {
  const octets = readFileSync(join(FOLDER, path))
  const dissector = new Dissector(onTcp)
  const reader = new CaptureReader((record) => dissector.dissect(record))
  reader.readWhole(format.endsWith('.gz') ? gunzipSync(octets) : octets)
}

/** The same of Elko's: where a frame holds several TCP headers, their cells joined as tshark joins them. */
export function elkoRows(file: ManifestRow): Map<number, Row> {
  const analysis = new SequenceAnalysis()
  const rows = new Map<number, Map<string, string>>()
  dissected(file, (packet, tcp) => {
    const cells = cellsOf(packet, tcp, analysis.analyze(packet, tcp))
    const row = rows.get(packet.number)
    if (row === undefined) rows.set(packet.number, cells)
    else for (const [name, cell] of cells) row.set(name, joinedCells(row.get(name)!, cell))
  })
  return rows
}

function joinedCells(a: string, b: string): string {
  return a === '' || b === '' ? a + b : `${a},${b}`
}

function cellsOf(packet: Packet, tcp: TcpFields, analysis: TcpAnalysis): Map<string, string> {
  const cells = new Map<string, string>()
  const set = (name: string, value: unknown, isShown: unknown = true): void => {
    cells.set(name, isShown ? String(value) : '')
  }
  const isWhole = tcp.headerLength >= 20
  const isSyn = (tcp.flags & SYN) !== 0
  // Of a header that cannot be, tshark shows what is left of the segment.
  const length = isWhole || packet.isQuoted ? tcp.textLength : packet.wireEnd - tcp.at - tcp.headerLength
  set('tcp.stream', analysis.stream)
  set('tcp.srcport', tcp.sourcePort)
  set('tcp.dstport', tcp.destinationPort)
  if (tcp.textLength >= 0) set('tcp.seq_raw', tcp.seq >>> 0)
  set('tcp.seq', analysis.seq)
  set('tcp.nxtseq', analysis.nextSeq, tcp.textLength >= 0)
  set('tcp.ack', analysis.ack, isWhole)
  set('tcp.len', length, length >= 0)
  set('tcp.window_size_value', tcp.window, isWhole)
  set('tcp.window_size', analysis.window, isWhole)
  set('tcp.window_size_scalefactor', analysis.scaleFactor, isWhole && !isSyn)
  set('tcp.time_relative', analysis.sinceFirst, isWhole)
  set('tcp.time_delta', analysis.sinceLast, isWhole)
  set('tcp.completeness', analysis.completeness)
  set('tcp.analysis.acks_frame', analysis.acksFrame, analysis.acksFrame)
  set('tcp.analysis.ack_rtt', analysis.ackRtt, analysis.acksFrame && analysis.ackRtt.total)
  set('tcp.analysis.initial_rtt', analysis.initialRtt, analysis.hasInitialRtt && analysis.hasRecord)
  set('tcp.analysis.bytes_in_flight', analysis.bytesInFlight, analysis.bytesInFlight)
  set('tcp.analysis.push_bytes_sent', analysis.pushBytes, analysis.pushBytes)
  set('tcp.analysis.rto', analysis.rto, analysis.rtoFrame)
  set('tcp.analysis.rto_frame', analysis.rtoFrame, analysis.rtoFrame)
  set('tcp.analysis.duplicate_ack_num', analysis.duplicateAckNumber, analysis.duplicateAckNumber)
  set('tcp.analysis.duplicate_ack_frame', analysis.duplicateAckFrame, analysis.duplicateAckNumber)
  for (const [name, bit] of Object.entries(ANALYSIS_FLAGS)) {
    set(`tcp.analysis.${name}`, 1, (analysis.flags & bit) !== 0)
  }
  return cells
}
