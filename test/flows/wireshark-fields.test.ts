/** Every field that Elko knows, of every frame of some captures, is what tshark prints of it: of frames without TCP, too. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { type Field, FRAME_FIELDS, fieldText, TCP_FIELDS, type TcpView } from '../../src/flows/fields.ts'
import { FrameTimes } from '../../src/flows/frame-times.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { UdpStreams } from '../../src/flows/udp-streams.ts'
import { PLAIN_UTC } from '../environment.ts'
import { lacksTshark } from '../tshark.ts'
import { FOLDER, protocolsAgree } from './wireshark-columns.ts'

const skip = !existsSync(join(FOLDER, 'MANIFEST.tsv')) ? `no captures in ${FOLDER}` : lacksTshark

const CAPTURES = (
  process.env.ELKO_FIELD_CAPTURES ??
  `PcapPlusPl-003ce0c1-sll2.pcap PcapPlusPl-45477b52-IcmpPackets.pcap suricata-v-1897b829-tfo.pcap
  PcapPlusPl-660be816-mysql.pcapng arkime-8e18b4c2-v6.pcap arkime-c791daea-mongo.pcap nDPI-07fb8231-smtp-starttls.pcap
  nDPI-842ee7c3-BGP_redist.pcap tcpdump-7caa36cf-arcnet-rfc1051-arp-icmp-http.pcap nDPI-1cf2ee1a-4in6tunnel.pcap
  wireshark-36a4932f-many_interfaces.pcapng.2 packets-dca79a2a-arppoison.pcapng tcptrace-daef312f-dsack.dmp.gz`
)
  .trim()
  .split(/\s+/)

const NAMES = [...Object.keys(FRAME_FIELDS), ...Object.keys(TCP_FIELDS)]

type Row = Map<string, string>

function tsharkRows(path: string): Row[] {
  const args = ['-n', '-r', path, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a']
  args.push('-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE')
  for (const name of NAMES) args.push('-e', name)
  const { stdout, stderr } = spawnSync('tshark', args, { env: PLAIN_UTC, maxBuffer: 1 << 30 })
  assert.ok(stdout.length > 0, stderr.toString())
  const lines = stdout.toString().replace(/\n$/, '').split('\n')
  return lines.map((line) => {
    const cells = line.split('\t')
    return new Map(NAMES.map((name, k) => [name, cells[k]!]))
  })
}

function cell({ kind, read }: Field, view: TcpView): string {
  const value = read(view)
  const values = value === null ? [] : typeof value === 'object' ? value : [value]
  return values.map((each) => fieldText(kind, each)).join(',')
}

function elkoRows(path: string): Row[] {
  const rows: Row[] = []
  const analysis = new SequenceAnalysis()
  const times = new FrameTimes()
  const udp = new UdpStreams()
  let row: Row = new Map()
  const dissector = new Dissector((packet, tcp) => {
    const view = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
    for (const [name, field] of Object.entries(TCP_FIELDS)) {
      const text = cell(field, view)
      const before = row.get(name) ?? ''
      row.set(name, before === '' || text === '' ? before + text : `${before},${text}`)
    }
  })
  const reader = new CaptureReader((record) => {
    row = new Map()
    times.frame(record)
    dissector.dissect(record)
    udp.of(dissector.packet)
    const view = { packet: dissector.packet, record, times, udp, file: reader }
    for (const [name, field] of Object.entries(FRAME_FIELDS))
      row.set(name, cell(field, view as TcpView & typeof view))
    rows.push(row)
  })
  const file = readFileSync(path)
  reader.readWhole(path.endsWith('.gz') ? gunzipSync(file) : file)
  return rows
}

/** Without TCP, UDP and ICMP Elko's ends with the last header that it knows. */
const isEndOfHeaders = (want: string, got: string): boolean =>
  protocolsAgree(want, got) || want.startsWith(`${got}:`)

test('every field of every frame equals tshark', { skip }, (t) => {
  let compared = 0
  for (const name of CAPTURES) {
    const path = join(FOLDER, 'files', name)
    const theirs = tsharkRows(path)
    const ours = elkoRows(path)
    assert.equal(ours.length, theirs.length, name)
    const differing: Record<string, string> = {}
    for (const [k, expected] of theirs.entries()) {
      // A quotation of eight octets is no packet of a conversation.
      if (expected.get('tcp.srcport') !== '' && expected.get('tcp.stream') === '') continue
      for (const [field, want] of expected) {
        const got = ours[k]!.get(field) ?? ''
        if (got === want) continue
        if (field === 'frame.protocols' && isEndOfHeaders(want, got)) continue
        differing[field] ??= `frame ${k + 1}: ${want} in tshark, here ${got}`
      }
      compared += expected.size
    }
    assert.deepEqual(differing, {}, name)
  }
  t.diagnostic(`${compared} cells of ${NAMES.length} fields`)
})
