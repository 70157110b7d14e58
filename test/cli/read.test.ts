/** `elko read`: packets of a capture as lines and as fields, from files packed and plain, and what it says of bad ones. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { pcapngHeader, pcapngInterface, pcapngPacket } from '../../src/capture/pcapng.ts'
import { elko, MAIN, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

/** A capture that Elko made itself: the classic connection. */
const capture = join(folder, 'demo.pcapng')
assert.equal(elko(['sim', 'classic', '--write', capture]).code, 0)

const FIRST_LINE =
  /^\d\d:\d\d:\d\d\.\d{6} IP \S+\.\d+ > \S+\.\d+: Flags \[S\], seq \d+, win \d+, options \[mss \d+.*\], length 0$/

test('a line for each packet, as tcpdump prints it', () => {
  const { code, stdout, stderr } = elko(['read', '-n', capture])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  const [first, second] = stdout.split('\n')
  assert.match(first!, FIRST_LINE)
  assert.match(second!, /Flags \[S\.\], seq \d+, ack \d+/)
})

test('-c ends after so many packets; -t leaves the time out, -tttt adds the date', () => {
  const lines = elko(['read', '-c', '2', '-t', capture]).stdout.trimEnd().split('\n')
  assert.equal(lines.length, 2)
  assert.match(lines[0]!, /^IP /)
  assert.match(elko(['read', '-c', '1', '-tttt', capture]).stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:/)
})

test('-v, -e, -x, -# and -q print more and less of a packet; without -n a port has its name', () => {
  const printed = (...flags: string[]): string[] =>
    elko(['read', '-c', '1', ...flags, capture]).stdout.split('\n')
  const [head, segment] = printed('-nv')
  assert.match(
    head!,
    / IP \(tos 0x0, ttl \d+, id \d+, offset 0, flags \[DF\], proto TCP \(6\), length \d+\)$/,
  )
  assert.match(segment!, /^ {4}\S+ > \S+: Flags \[S\], cksum 0x[0-9a-f]{4} \(correct\), seq \d+, win/)
  assert.match(printed('-n', '-e')[0]!, / ip: /)
  assert.match(printed('-nx')[1]!, /^\t0x0000: {2}45[0-9a-f]{2} [0-9a-f]{4} /)
  assert.match(printed('-nX')[1]!, /^\t0x0000: {2}45.{37} {2}E\S{15}$/)
  assert.match(printed('-n', '-#')[0]!, /^ {4}1 {2}\d\d:/)
  assert.match(printed('-nq')[0]!, /: tcp 0$/)
  assert.match(printed('-nttt')[0]!, /^ 00:00:00\.000000 IP/)
  assert.match(printed('-ntt', '--nano')[0]!, /^\d+\.\d{9} IP/)
})

test('gzip and standard input are read alike', () => {
  const plain = elko(['read', capture]).stdout
  const packed = join(folder, 'demo.pcapng.gz')
  writeFileSync(packed, gzipSync(readFileSync(capture)))
  assert.equal(elko(['read', packed]).stdout, plain)
  const { stdout } = spawnSync(process.execPath, [MAIN, 'read', '-'], {
    input: readFileSync(capture),
    encoding: 'utf8',
  })
  assert.equal(stdout, plain)
})

test('-T fields prints the fields that -e names between tabs; -T jsonl an object for each packet', () => {
  const fields = ['-e', 'frame.number', '-e', 'tcp.seq', '-e', 'tcp.analysis.acks_frame']
  const rows = elko(['read', '-T', 'fields', ...fields, capture])
    .stdout.trimEnd()
    .split('\n')
  assert.deepEqual(rows[0]!.split('\t'), ['1', '0', ''])
  assert.ok(
    rows.some((row) => Number(row.split('\t')[2]) > 0),
    'some packet acknowledges another',
  )
  const objects = elko(['read', '-T', 'jsonl', capture]).stdout.trimEnd().split('\n')
  const first = JSON.parse(objects[0]!) as Record<string, unknown>
  assert.equal(first['frame.number'], 1)
  assert.equal(first['tcp.flags'], 2)
  assert.equal(objects.length, rows.length)
})

test("-T tabs and text print tshark's list, a line for each frame; its columns are fields, too", () => {
  const lines = elko(['read', '-T', 'tabs', '-c', '2', capture]).stdout.trimEnd().split('\n')
  assert.equal(lines.length, 2)
  const first =
    /^ {4}1\t {2}0\.0+\t +(\S+)\t→\t(\S+) *\tTCP\t\d+\t(\d+ → \d+ \[SYN\] Seq=0 Win=\d+ Len=0 MSS=\d+.*)$/
  const [, source, destination, info] = first.exec(lines[0]!) ?? assert.fail(lines[0])
  assert.match(lines[1]!, /\[SYN, ACK\] Seq=0 Ack=1 Win=/)
  const text = elko(['read', '-T', 'text', '-Y', 'tcp.flags.fin == 1', capture]).stdout.trimEnd().split('\n')
  assert.equal(text.length, 2)
  for (const line of text) assert.match(line, / → \S+ +TCP \d+ \d+ → \d+ \[FIN, ACK\] Seq=/)
  const names = ['No.', 'Source', 'Destination', 'Protocol', 'Info'].flatMap((name) => [
    '-e',
    `_ws.col.${name}`,
  ])
  const fields = elko(['read', '-T', 'fields', '-c', '1', ...names, capture]).stdout.trimEnd()
  assert.equal(fields, ['1', source, destination, 'TCP', info].join('\t'))
})

test("-T json and ek are tshark's structures; -E has its header, separators and quotes", () => {
  const packets = JSON.parse(elko(['read', '-T', 'json', '-c', '2', capture]).stdout) as {
    _index: string
    _source: { layers: Record<string, Record<string, string>> }
  }[]
  assert.equal(packets.length, 2)
  assert.match(packets[0]!._index, /^packets-\d{4}-\d\d-\d\d$/)
  assert.equal(packets[1]!._source.layers.frame!['frame.number'], '2')
  assert.equal(packets[0]!._source.layers.tcp!['tcp.flags'], '0x0002')
  const [named] = JSON.parse(elko(['read', '-T', 'json', '-c', '1', '-e', 'tcp.seq', capture]).stdout) as [
    { _source: { layers: object } },
  ]
  assert.deepEqual(named._source.layers, { 'tcp.seq': ['0'] })
  const [index, body] = elko(['read', '-T', 'ek', '-c', '1', capture]).stdout.split('\n')
  assert.match(index!, /^\{"index":\{"_index":"packets-/)
  const ek = JSON.parse(body!) as { timestamp: string; layers: { tcp: Record<string, string> } }
  assert.equal(ek.layers.tcp.tcp_tcp_seq, '0')
  const rows = ['-E', 'header=y', '-E', 'separator=;', '-E', 'quote=d', '-E', 'occurrence=l']
  const fields = ['-T', 'fields', '-e', 'frame.number', '-e', 'tcp.port']
  const [head, first] = elko(['read', ...fields, ...rows, '-c', '1', capture]).stdout.split('\n')
  assert.equal(head, 'frame.number;tcp.port')
  assert.match(first!, /^"1";"\d+"$/)
})

test('a comment of several lines stays one row of -T fields, written as tshark writes it', () => {
  const path = join(folder, 'comment.pcapng')
  const comment = 'one\ntwo\tthree \\ four\r\f\b'
  const parts = [pcapngHeader()]
  new CaptureReader(({ number, linkType, bytes, start, length }) => {
    if (number > 1) return
    const octets = bytes.slice(start, start + length)
    parts.push(pcapngInterface({ name: 'any', linkType }), pcapngPacket(0, 1, octets, 0, length, { comment }))
  }).readWhole(readFileSync(capture))
  writeFileSync(path, Buffer.concat(parts))
  const { stdout } = elko(['read', '-T', 'fields', '-e', 'frame.comment', '-e', 'frame.number', path])
  assert.deepEqual(stdout.split('\t'), [String.raw`one\ntwo\tthree \ four\r\f\b`, '1\n'])
})

test('-V shows each field with its place, bits and meaning', () => {
  const { stdout } = elko(['read', '-V', '-c', '1', capture])
  assert.match(stdout, /^Frame 1: \d+ octets on the wire, \d+ captured$/m)
  assert.match(stdout, /^Internet Protocol Version 4, Src: /m)
  assert.match(stdout, /^ {4}Source port: \d+.*, dynamic +octets 20-21$/m)
  assert.match(stdout, /^ {8}\.\.\.\. \.\.\.\. \.\.1\. = Syn: Set: sequence numbers are synchronized$/m)
  assert.match(stdout, /^ {4}Checksum: 0x[0-9a-f]{4}, correct +octets 36-37$/m)
  assert.match(stdout, /^ {8}Maximum segment size: kind 2, length 4, \d+ octets +octets 40-43$/m)
  assert.match(stdout, /\[chat, Sequence: Connection establish request \(SYN\)/)
})

test("words behind the file are a filter of tcpdump's", () => {
  const all = elko(['read', '-n', capture]).stdout.trimEnd().split('\n')
  const syns = elko(['read', '-n', capture, 'tcp[tcpflags]', '&', 'tcp-syn', '!=', '0']).stdout
  assert.deepEqual(
    syns
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ack \d+/, '')),
    all.filter((line) => line.includes('Flags [S')).map((line) => line.replace(/ack \d+/, '')),
  )
})

test('mistakes of the command line are named, with what was meant', () => {
  const cases: [argv: string[], message: RegExp][] = [
    [[], /expected a capture file/],
    [['-T', 'xml', capture], /-T: expected fields, json, ek, jsonl, tabs or text, not "xml"/],
    [['-T', 'fields', capture], /expected fields, with -e/],
    [['-T', 'fields', '-e', 'tcp.sek', capture], /unknown field "tcp.sek"; did you mean tcp\.seq\?/],
    [['-e', 'tcp.seq', capture], /unexpected|-e tcp.seq: only with -T/],
    [['-tttttt', capture], /expected at most five/],
    [
      ['-T', 'fields', '-e', 'tcp.seq', '-E', 'separator=ab', capture],
      /-E separator=ab: expected one character/,
    ],
    [['-T', 'tabs', '-e', 'tcp.seq', capture], /-e: only with -T fields, json, ek or jsonl/],
    [['-T', 'json', '-E', 'header=y', capture], /-E: only with -T fields/],
    [[capture, 'tcp', 'prot', '80'], /prot/],
    [['-c', '0', capture], /-c: expected a whole number/],
  ]
  for (const [argv, message] of cases) {
    const { code, stderr } = elko(['read', ...argv])
    assert.equal(code, 2, argv.join(' '))
    assert.match(stderr, message)
  }
})

test('a file that cannot be read, or not to its end, is exit code 3, with the place; what came before is printed', () => {
  const absent = elko(['read', join(folder, 'none.pcap')])
  assert.equal(absent.code, 3)
  assert.match(absent.stderr, /none\.pcap: ENOENT/)
  const cut = join(folder, 'cut.pcapng')
  const octets = readFileSync(capture)
  writeFileSync(cut, octets.subarray(0, octets.length - 7))
  const { code, stdout, stderr } = elko(['read', '-n', cut])
  assert.equal(code, 3)
  assert.match(stderr, /cut\.pcapng: at octet \d+: expected a block of \d+ octets, found the end after \d+/)
  assert.match(stdout.split('\n')[0]!, FIRST_LINE)
  const other = join(folder, 'text')
  writeFileSync(other, 'no capture at all')
  assert.match(elko(['read', other]).stderr, /expected the magic number of a pcap, pcapng or snoop file/)
})

test('--fields lists what -e takes', () => {
  const names = elko(['read', '--fields']).stdout.trimEnd().split('\n')
  for (const name of ['frame.number', 'ip.src', 'tcp.analysis.retransmission'])
    assert.ok(names.includes(name), name)
})
