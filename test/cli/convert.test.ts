/** `elko convert` and `elko cut`: what they write, tshark and capinfos read as what was read. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { joined } from '../../src/bytes/join.ts'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { pcapngHeader, pcapngInterface, pcapngPacket } from '../../src/capture/pcapng.ts'
import { LISTING } from '../capture/listing.ts'
import { elko, MAIN, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const path = (name: string): string => join(folder, name)
const packetsOf = (file: string): { at: number; octets: string; comments: readonly string[] }[] => {
  const octets = readFileSync(file)
  const read = readCapture(file.endsWith('.gz') ? gunzipSync(octets) : octets)
  assert.equal(read.error, null)
  return read.packets.map(({ at, bytes, comments }) => ({
    at,
    octets: Buffer.from(bytes).toString('hex'),
    comments,
  }))
}

const classic = path('classic.pcapng')
assert.equal(elko(['sim', 'classic', '--write', classic]).code, 0)
const PACKETS = packetsOf(classic)

const hasTshark = spawnSync('capinfos', ['--version']).status === 0
assert.ok(hasTshark || process.env.CI === undefined, 'CI has tshark')

describe('elko convert', () => {
  test('pcapng to pcap, packed and back: the same packets; comments stay where there is room', () => {
    for (const name of ['a.pcap', 'a.pcap.gz', 'a.pcapng', 'a.pcapng.gz']) {
      const { code, stderr } = elko(['convert', classic, path(name)])
      assert.equal(code, 0, stderr)
      assert.equal(stderr, `${PACKETS.length} packets to ${path(name)}\n`)
      const isNg = name.includes('pcapng')
      assert.deepEqual(
        packetsOf(path(name)),
        PACKETS.map((one) => ({ ...one, comments: isNg ? one.comments : [] })),
      )
    }
    assert.ok(PACKETS.some(({ comments }) => comments.length > 0))
  })

  test('zstd by name', { skip: spawnSync('zstd', ['--version']).status !== 0 && 'no zstd' }, () => {
    assert.equal(elko(['convert', classic, path('a.pcap.zst')]).code, 0)
    assert.equal(elko(['convert', path('a.pcap.zst'), path('b.pcap')]).code, 0)
    assert.deepEqual(packetsOf(path('b.pcap')).length, PACKETS.length)
  })

  test('standard input to standard output', () => {
    const { stdout, status } = spawnSync(process.execPath, [MAIN, 'convert', '--to', 'pcap', '-', '-'], {
      input: readFileSync(classic),
    })
    assert.equal(status, 0)
    assert.equal(readCapture(stdout).packets.length, PACKETS.length)
  })

  test('a listing becomes packets, with names; what was made up is said', () => {
    writeFileSync(path('listing.txt'), `see:\n${LISTING.join('\n')}\n`)
    const { code, stderr } = elko(['convert', path('listing.txt'), path('listing.pcapng')])
    assert.equal(code, 0)
    assert.match(stderr, /listing\.txt: "server" stands without an address: 192\.0\.2\.1 takes its place/)
    assert.match(stderr, /1 line is no packet of tcpdump's and passed over/)
    const read = readCapture(readFileSync(path('listing.pcapng')))
    assert.deepEqual([...read.notes.names], [['192.0.2.1', ['server']]])
    const lines = elko(['read', '-n', path('listing.pcapng')], { env: { TZ: 'UTC' } })
      .stdout.replaceAll(': HTTP\n', '\n')
      .trimEnd()
      .split('\n')
    assert.deepEqual(
      lines,
      LISTING.map((line) => line.replace('server.', '192.0.2.1.')),
    )
  })

  test('several captures are one, by time, each with its interfaces', () => {
    const octets = Uint8Array.of(0x45, 0, 0, 20)
    const at = (name: string, ...times: number[]): string => {
      const packets = times.map((time) => pcapngPacket(0, time, octets, 0, 4, { comment: `${name} ${time}` }))
      writeFileSync(path(name), joined([pcapngHeader([{ name }]), ...packets]))
      return path(name)
    }
    const files = [at('x.pcapng', 1, 5, 5, 9), at('y.pcapng', 0, 5, 7), at('z.pcapng')]
    assert.equal(elko(['convert', ...files, path('merged.pcapng')]).code, 0)
    const read = readCapture(readFileSync(path('merged.pcapng')))
    assert.deepEqual(
      read.packets.map(
        ({ comments, interfaceIndex }) => `${comments[0]} ${read.interfaces[interfaceIndex]!.name}`,
      ),
      ['y 0 y', 'x 1 x', 'x 5 x', 'x 5 x', 'y 5 y', 'y 7 y', 'x 9 x'].map((one) =>
        one.replaceAll(/[xy]/g, '$&.pcapng'),
      ),
    )
  })

  test('nanoseconds stay where the name leaves it open, and go where microseconds are asked for', () => {
    const ns = path('ns.pcap')
    const record = pcapPacket(5, Uint8Array.of(1), 0, 1, { nanoseconds: true })
    new DataView(record.buffer).setUint32(4, 5_678, true)
    writeFileSync(ns, joined([pcapHeader({ nanoseconds: true }), record]))
    const rest = (file: string): number => readCapture(readFileSync(file)).packets[0]!.restNs
    assert.equal(elko(['convert', ns, path('ns2.pcap')]).code, 0)
    assert.equal(rest(path('ns2.pcap')), 678)
    assert.equal(elko(['convert', '--to', 'pcap', ns, path('us.pcap')]).code, 0)
    assert.equal(rest(path('us.pcap')), 0)
    assert.equal(elko(['convert', ns, path('ns.pcapng')]).code, 0)
    assert.equal(rest(path('ns.pcapng')), 678)
  })

  test('mistakes are named', () => {
    const two = path('two.pcapng')
    const octets = Uint8Array.of(1, 2)
    const links = [pcapngHeader([{ name: 'a' }]), pcapngInterface({ name: 'b', linkType: 1 })]
    const packets = [pcapngPacket(0, 1, octets, 0, 2), pcapngPacket(1, 2, octets, 0, 2)]
    writeFileSync(two, joined([...links, ...packets]))
    const cut = path('cut.pcap')
    const whole = joined([pcapHeader(), pcapPacket(1, octets, 0, 2), pcapPacket(2, octets, 0, 2)])
    writeFileSync(cut, whole.subarray(0, whole.length - 1))
    const cases: [argv: string[], code: number, message: RegExp][] = [
      [[classic], 2, /expected a capture file to read and one to write/],
      [[classic, path('x.doc')], 2, /expected a name that ends in \.pcapng, .*\.pcap, .* or --to/],
      [['--to', 'erf', classic, '-'], 2, /--to: expected pcap, pcap-ns, pcapng, not "erf"/],
      [[classic, classic], 3, /is the file that is read/],
      [[classic, '/nowhere/x.pcap'], 3, /cannot write \/nowhere\/x\.pcap/],
      [[path('absent.pcap'), path('y.pcap')], 3, /absent\.pcap: ENOENT/],
      [[two, path('one.pcap')], 3, /one link type, 101 here; packet 2 has 1: write pcapng/],
      [[cut, path('kept.pcap')], 3, /cut\.pcap: at octet \d+: expected 2 octets of packet/],
      [[cut, two, path('both.pcapng')], 3, /cut\.pcap: at octet \d+: expected 2 octets of packet/],
    ]
    for (const [argv, code, message] of cases) {
      const outcome = elko(['convert', ...argv])
      assert.equal(outcome.code, code, `${argv.join(' ')}: ${outcome.stderr}`)
      assert.match(outcome.stderr, message)
    }
    assert.equal(packetsOf(path('kept.pcap')).length, 1)
    assert.equal(packetsOf(path('both.pcapng')).length, 3)
  })
})

describe('elko cut', () => {
  const kept = (...argv: string[]): number[] => {
    const { code, stderr } = elko(
      ['cut', ...argv.slice(0, -1), classic, path('part.pcapng'), argv.at(-1)!].filter((word) => word !== ''),
    )
    assert.ok(code === 0 || code === 1, stderr)
    const times = packetsOf(path('part.pcapng')).map(({ octets }) => octets)
    assert.equal(code, times.length > 0 ? 0 : 1)
    return times.map((octets) => PACKETS.findIndex((one) => one.octets === octets) + 1)
  }

  test('frames', () => {
    assert.deepEqual(kept('--frames', '2', ''), [2])
    assert.deepEqual(kept('--frames', '1-3,5', ''), [1, 2, 3, 5])
    assert.deepEqual(kept('--frames', `${PACKETS.length}-`, ''), [PACKETS.length])
  })

  test('times: from the first packet, since 1970, with a date, of the day', () => {
    const since = (k: number): number => (PACKETS[k]!.at - PACKETS[0]!.at) / 1e6
    const wanted = PACKETS.flatMap(({ at }, i) =>
      at >= PACKETS[1]!.at && at <= PACKETS[3]!.at ? [i + 1] : [],
    )
    const text = (k: number): string => `+${since(k).toFixed(6)}`
    assert.deepEqual(kept('--from', text(1), '--to', text(3), ''), wanted)
    const epoch = (k: number): string => (PACKETS[k]!.at / 1e6).toFixed(6)
    assert.deepEqual(kept('--from', epoch(1), '--to', epoch(3), ''), wanted)
    const date = (k: number): string => new Date(Math.floor(PACKETS[k]!.at / 1e3)).toISOString().slice(0, 19)
    assert.deepEqual(
      kept('--from', `${date(0)}Z`, '--to', `${date(0).replace('T', ' ')}.999999999`, ''),
      PACKETS.map((_, i) => i + 1),
    )
    assert.deepEqual(kept('--from', '23:59:59.999', ''), [])
  })

  test('streams and filters; several conditions all hold', () => {
    const all = PACKETS.map((_, i) => i + 1)
    assert.deepEqual(kept('--stream', '0', ''), all)
    assert.deepEqual(kept('--stream', '1-', ''), [])
    const syns = kept('tcp[tcpflags] & tcp-syn != 0')
    assert.ok(syns.length > 0 && syns.length < all.length)
    assert.deepEqual(kept('--frames', '1', 'tcp[tcpflags] & tcp-syn != 0'), [1])
  })

  test('mistakes are named', () => {
    const cases: [argv: string[], message: RegExp][] = [
      [['--from', 'noon', classic, 'x.pcap'], /--from: expected \+SECONDS, HH:MM:SS/],
      [['--to', '25:00:00', classic, 'x.pcap'], /--to: expected/],
      [['--to', '2018-02-31 10:00', classic, 'x.pcap'], /--to: expected/],
      [['--frames', '3-1', classic, 'x.pcap'], /--frames: expected numbers as in 3,5-7,9-, not "3-1"/],
      [['--stream', 'a', classic, 'x.pcap'], /--stream: expected numbers/],
      [[classic, 'x.pcap', 'tcp', 'and', 'prot'], /filter: .*column 9/],
      [[classic], /expected a capture file to read and one to write/],
    ]
    for (const [argv, message] of cases) {
      const { code, stderr } = elko(['cut', ...argv], { cwd: folder })
      assert.equal(code, 2, `${argv.join(' ')}: ${stderr}`)
      assert.match(stderr, message)
    }
  })
})

const SHARED = join(process.env.ELKO_CAPTURES ?? '/work/shared/captures', 'files')
const PUBLIC = [
  'PcapPlusPl-3cedb8ce-pcapng-example.pcapng',
  'PcapPlusPl-c2e9a281-nanosecs_big_endian.pcap',
  'PcapPlusPl-b0304252-solaris.snoop',
]
  .map((name) => join(SHARED, name))
  .filter(existsSync)

test('tshark reads what was written as it reads what was converted', {
  skip: !hasTshark && 'no tshark',
}, () => {
  const fields = [
    'frame.number',
    'frame.time_epoch',
    'frame.len',
    'frame.cap_len',
    'frame.interface_id',
    'frame.encap_type',
    'frame.comment',
  ]
  const rows = (file: string, names: readonly string[]): string =>
    spawnSync('tshark', ['-n', '-r', file, '-T', 'fields', ...names.flatMap((name) => ['-e', name])], {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    }).stdout
  const facts = (file: string): string[] =>
    spawnSync('capinfos', ['-TmQ', '-c', '-d', '-u', '-a', '-e', '-S', file], { encoding: 'utf8' })
      .stdout.split('\n')[1]!
      .split(',')
      .slice(1)
  for (const file of [classic, ...PUBLIC]) {
    const output = path('out.pcapng')
    assert.equal(elko(['convert', file, output]).code, 0)
    const known = file.endsWith('.pcapng') ? fields : fields.filter((name) => name !== 'frame.interface_id')
    const wanted = rows(file, known)
    assert.notEqual(wanted, '')
    assert.equal(rows(output, known), wanted, file)
    assert.deepEqual(facts(output), facts(file), file)
  }
})
