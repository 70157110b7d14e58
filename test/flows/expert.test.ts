/** Remarks on the TCP packets of every public capture are tshark's, packet by packet and in its summary. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EXPERT_FIELDS, expertOf } from '../../src/flows/expert.ts'
import { fieldText, type TcpView } from '../../src/flows/fields.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { ExpertSummary } from '../../src/print/tshark-expert.ts'
import {
  answerOf,
  dissected,
  FOLDER,
  type ManifestRow,
  manifest,
  octetsOf,
  tsharkRows,
} from './wireshark-columns.ts'

const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

/** Remarks of a TCP header; the rest of a cell is of IP, or of what TCP carries. */
const OF_TCP = new RegExp(
  [
    'Connection (?:establish (?:request \\(SYN\\)|acknowledge \\(SYN\\+ACK\\)): server port \\d+|finish \\(FIN\\)|reset \\(RST\\))',
    'This frame (?:(?:initiates|undergoes) the connection closing|is a \\(suspected\\) [a-z -]+)',
    'A new tcp session is started with the same ports as an earlier session in this trace',
    "Previous segment\\(s\\) not captured|ACKed segment that wasn't captured",
    'TCP (?:window update|window specified by the receiver is now completely full|keep-alive segment|Zero Window (?:segment|Probe))',
    'ACK to a TCP (?:keep-alive segment|Zero Window Probe)|Duplicate ACK \\(#\\d+\\)|D-SACK Sequence',
    'TCP SYN(?: with TFO Cookie|-ACK (?:accepting|ignoring) TFO data)|Bogus TCP header length|Short segment',
    'The (?:acknowledgment number|urgent pointer) field is nonzero|4 NOP in a row|Window scale shift exceeds 14',
    'The (?:SYN packet does not|non-SYN packet does) contain a MSS option|Non-zero header padding',
    '(?:Timestamps|Unknown \\(0x[0-9a-f]+\\)) \\((?:option length|with too-short)',
  ].join('|'),
  'g',
)

/** Frames where IP stands several times have remarks of several headers, UDP's among them. */
const BAD_CHECKSUM = /Bad checksum \[should be 0x([0-9a-f]+)\]/g

const cellOf = (name: string, view: TcpView): string => {
  const { kind, read } = EXPERT_FIELDS[name]!
  const value = read(view)
  const values = value === null ? [] : typeof value === 'object' ? value : [value]
  return values.map((each) => fieldText(kind, each)).join(',')
}

const COLUMNS = Object.keys(EXPERT_FIELDS).filter((name) => !name.startsWith('_ws.'))

interface Rows {
  readonly cells: Map<string, string>
  readonly messages: string
}

function remarks(row: ManifestRow): Map<number, Rows> {
  const analysis = new SequenceAnalysis()
  const rows = new Map<number, Rows>()
  dissected(octetsOf(row), (packet, tcp) => {
    const view = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
    const before = rows.get(packet.number)
    const cells = new Map(
      COLUMNS.map((name) => {
        const cell = cellOf(name, view)
        const other = before?.cells.get(name) ?? ''
        return [name, cell !== '' && other !== '' ? `${other},${cell}` : other + cell]
      }),
    )
    const messages = expertOf(view).map(({ message }) => message)
    rows.set(packet.number, {
      cells,
      messages: [...(before === undefined ? [] : [before.messages]), ...messages].join(','),
    })
  })
  return rows
}

const told = (cell: string): string => (cell.match(OF_TCP) ?? []).join(' | ')

/** Packets whose remarks differ: four NOPs around other options, two and two, which Wireshark counts in this order only. */
const OTHERWISE: Readonly<Record<string, number>> = { 'tcptrace-d32debef': 179, 'tcptrace-daef312f': 179 }

test('remarks on every TCP packet of every public capture are those of tshark', { skip }, (t) => {
  let compared = 0
  for (const row of manifest().filter(({ quirk }) => quirk === '')) {
    const ours = remarks(row)
    const wrong: string[] = []
    for (const [frame, expected] of tsharkRows(answerOf(row))) {
      const actual = ours.get(frame)
      if (actual === undefined) continue
      const message = expected.get('_ws.expert.message')!
      for (const name of COLUMNS) {
        assert.equal(actual.cells.get(name), expected.get(name), `${row.id}: frame ${frame}: ${name}`)
      }
      if (told(message) !== told(actual.messages)) wrong.push(`frame ${frame}: ${message}`)
      for (const [sum] of actual.messages.matchAll(BAD_CHECKSUM)) assert.ok(message.includes(sum), message)
      compared++
    }
    assert.equal(wrong.length, OTHERWISE[row.id] ?? 0, `${row.id}: ${wrong[0]}`)
  }
  assert.ok(compared > 150_000, `${compared} packets`)
  t.diagnostic(`${compared} packets`)
})

/** tshark's rows on TCP; the rows of other protocols are not Elko's to count. */
function summaryRows(lines: readonly string[]): string[] {
  return lines.filter((line) => / {2,}TCP {2}(?!Malformed|New fragment|option length|4 NOP)/.test(line))
}

test('the summary of a capture is that of tshark -z expert', { skip }, (t) => {
  let rows = 0
  for (const row of manifest().filter(({ quirk }) => quirk === '')) {
    const file = join(FOLDER, 'tshark', `${row.id}.expert.txt`)
    if (!existsSync(file)) continue
    const analysis = new SequenceAnalysis()
    const summary = new ExpertSummary()
    dissected(octetsOf(row), (packet, tcp) => {
      summary.add({ packet, tcp, analysis: analysis.analyze(packet, tcp) })
    })
    const expected = summaryRows(readFileSync(file, 'latin1').split('\n'))
    assert.deepEqual(summaryRows(summary.lines()), expected, row.id)
    rows += expected.length
  }
  assert.ok(rows > 20_000, `${rows} rows`)
  t.diagnostic(`${rows} rows`)
})
