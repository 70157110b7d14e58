/** tshark's JSON as a capture: with octets the same packets, without them the same headers; and what is wrong with a file. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { joined } from '../../src/bytes/join.ts'
import { CaptureReader, readCapture } from '../../src/capture/capture-reader.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { optionsOf } from '../../src/dissect/tcp-details.ts'
import { octetsOf, packetsForPrinting } from './listing.ts'

const SHARED = process.env.ELKO_CAPTURES ?? '/work/shared/captures'
const folder = mkdtempSync(join(tmpdir(), 'elko-json-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const own = join(folder, 'own.pcap')
const packets = packetsForPrinting()
const written = packets.map((octets, i) => pcapPacket(1.5e15 + i, octets, 0, octets.length))
writeFileSync(own, joined([pcapHeader({ linkType: 1 }), ...written]))

/** Another link type, IPv6, retransmissions. */
const PUBLIC = [
  'PcapPlusPl-003ce0c1-sll2.pcap',
  'arkime-8e18b4c2-v6.pcap',
  'packets-bc433d4a-tcp_retransmissions.pcapng',
]
  .map((name) => join(SHARED, 'files', name))
  .filter((path) => existsSync(path))

const hasTshark = spawnSync('tshark', ['--version']).status === 0
assert.ok(hasTshark || process.env.CI === undefined, 'CI has tshark')

const MOST = 40

function tshark(file: string, ...flags: string[]): Uint8Array {
  const run = spawnSync('tshark', ['-r', file, '-c', String(MOST), ...flags], { maxBuffer: 256 << 20 })
  return new Uint8Array(run.stdout)
}

/** What the headers of TCP say, packet by packet. */
function headersIn(octets: Uint8Array): unknown[] {
  const headers: unknown[] = []
  const dissector = new Dissector((packet, tcp) => {
    if (packet.isQuoted) return
    const { sourcePort, destinationPort, seq, ack, flags, window, checksum, textLength } = tcp
    const { seconds, nanoseconds, ttl, identification, src3, dst3 } = packet
    const options = optionsOf(packet, tcp).map(({ kind, length }) => [kind, length])
    headers.push({
      ...{ sourcePort, destinationPort, seq, ack, flags, window, checksum, textLength, options },
      ...{ seconds, nanoseconds, ttl, identification: packet.version === 4 ? identification : 0, src3, dst3 },
    })
  })
  const reader = new CaptureReader((record) => dissector.dissect(record))
  reader.readWhole(octets)
  assert.equal(reader.error, null)
  return headers
}

describe('tshark', { skip: !hasTshark && 'no tshark' }, () => {
  const plain = (octets: Uint8Array): unknown => {
    const read = readCapture(octets)
    assert.equal(read.error, null)
    assert.ok(read.packets.length > 0)
    return read.packets.map(({ at, bytes, originalLength, linkType }) => ({
      ...{ at, originalLength, linkType, bytes: Buffer.from(bytes).toString('hex') },
    }))
  }
  for (const file of [own, ...PUBLIC]) {
    test(`${file.split('/').at(-1)}: octets, times, lengths and link types with -x; headers of TCP without`, () => {
      const wanted = tshark(file, '-w', '-', '-F', 'pcapng')
      assert.deepEqual(plain(tshark(file, '-T', 'json', '-x')), plain(wanted))
      assert.deepEqual(headersIn(tshark(file, '-T', 'ek')), headersIn(wanted))
      if (file !== own) return
      assert.deepEqual(plain(tshark(file, '-T', 'json', '-x', '--no-duplicate-keys')), plain(wanted))
      assert.deepEqual(plain(tshark(file, '-T', 'ek', '-x')), plain(wanted))
      assert.deepEqual(headersIn(tshark(file, '-T', 'json')), headersIn(wanted))
    })
  }

  test('-T jsonraw gives octets without times, which is said', () => {
    const read = readCapture(tshark(own, '-T', 'jsonraw'))
    assert.equal(read.format, 'json')
    assert.deepEqual(
      read.packets.map(({ bytes, linkType }) => [linkType, ...bytes]),
      packets.map((octets) => [1, ...octets]),
    )
    assert.match(read.notes.sentences.join(), /12 packets have no time/)
  })
})

const layers = (frame: object): string =>
  JSON.stringify({ _source: { layers: { frame_raw: ['4500', 0, 2, 0, 1], frame } } })

test('octet by octet, and in one array or without, it gives the same packets', () => {
  const one = layers({
    'frame.time_epoch': '5.25',
    'frame.len': '90',
    'frame.encap_type': '7',
    'x{"': '}"\\',
  })
  for (const text of [`[${one},\n${one}]`, `${one}\n${one}\n`]) {
    const seen: unknown[] = []
    const reader = new CaptureReader(({ seconds, nanoseconds, linkType, originalLength, length }) =>
      seen.push([seconds, nanoseconds, linkType, originalLength, length]),
    )
    for (const octet of octetsOf(text)) reader.push(Uint8Array.of(octet))
    reader.end()
    assert.equal(reader.error, null)
    assert.deepEqual(seen, [
      [5, 250_000_000, 101, 90, 2],
      [5, 250_000_000, 101, 90, 2],
    ])
  }
})

test('times before 1970 and comments are kept', () => {
  const read = readCapture(octetsOf(layers({ 'frame.time_epoch': '-1.250000000', 'frame.comment': 'why' })))
  assert.deepEqual([read.packets[0]!.at, read.packets[0]!.comments], [-1.25e6, ['why']])
})

test('packets that say too little are counted; what is no packet is an error with its place', () => {
  const little = readCapture(octetsOf('{"layers":{"udp":{}}}'))
  assert.equal(little.error, null)
  assert.match(little.notes.sentences.join(), /1 packets have neither octets .* nor fields of IP and TCP/)
  const one = layers({})
  const cases: [text: string, offset: number, message: RegExp][] = [
    [`[${one}`, one.length + 1, /the "\]" that ends the packets, found the end/],
    [`[${one},{"a":1`, one.length + 2, /a whole object, found the end after 6 octets of it/],
    [`[${one},7]`, one.length + 2, /an object for a packet, found "7"/],
    [`[${one},{"a":}]`, one.length + 2, /an object of JSON, found/],
    ['{"a":{}}', 0, /a packet with layers, as tshark -T json, jsonraw or ek writes it/],
    [`{"a":${'['.repeat(300)}`, 0, /an object of at most \d+ octets/],
  ]
  for (const [text, offset, message] of cases) {
    const { error } = readCapture(octetsOf(text))
    assert.match(error?.message ?? '', message)
    assert.equal(error!.offset, offset)
  }
})
