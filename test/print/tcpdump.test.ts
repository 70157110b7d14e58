/** Lines of the public captures equal tcpdump's to the letter, or stand in docs/wireshark-differences.md with the reason. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { type TcpdumpOptions, TcpdumpPrinter } from '../../src/print/tcpdump-line.ts'
import { FOLDER, type ManifestRow, manifest } from '../flows/wireshark-columns.ts'

const skip = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

/** Of the table of lines in docs/wireshark-differences.md: how many differ without -v, and with it. */
function documented(): Map<string, readonly [plain: number, verbose: number]> {
  const text = readFileSync(new URL('../../../docs/wireshark-differences.md', import.meta.url), 'utf8')
  const table = text.slice(text.indexOf('| Capture | Lines | Lines of -v | What | Why |')).split('\n')
  const end = table.findIndex((line) => !line.startsWith('|'))
  const rows = table.slice(2, end).map((line) => line.split('|').map((cell) => cell.trim()))
  return new Map(rows.map(([, id, plain, verbose]) => [id!, [Number(plain), Number(verbose)]]))
}

function answered({ id }: ManifestRow, kind: string): string[] {
  const octets = readFileSync(join(FOLDER, 'tshark', `${id}.${kind}.txt.gz`))
  return gunzipSync(octets).toString('latin1').trimEnd().split('\n')
}

/** Everything that is printed of a file, by lines. */
function printed({ path, format }: ManifestRow, options: TcpdumpOptions): Map<string, number> {
  const octets = readFileSync(join(FOLDER, path))
  const printer = new TcpdumpPrinter(options)
  const lines = new Map<string, number>()
  const reader = new CaptureReader((record) => {
    for (const line of printer.line(record).split('\n')) lines.set(line, (lines.get(line) ?? 0) + 1)
  })
  reader.readWhole(format.endsWith('.gz') ? gunzipSync(octets) : octets)
  return lines
}

/** Lines that are expected more often than they were printed. */
function missing(expected: readonly string[], actual: Map<string, number>): string[] {
  return expected.filter((line) => {
    const count = actual.get(line) ?? 0
    if (count > 0) actual.set(line, count - 1)
    return count === 0
  })
}

/** TCP with whatever stands above it, and what is printed of protocols beside it. */
const IS_OURS = /: Flags \[|: ICMP |: ICMP6, | ARP, |: UDP, length|: igmp /
/** Bridges tell with flags of their own. */
const IS_OTHER = / STP /

test('tcpdump -nn: the lines on TCP, UDP, ICMP, IGMP and ARP of every public capture are the same', {
  skip,
}, (t) => {
  const known = documented()
  let same = 0
  for (const row of manifest()) {
    const expected = answered(row, 'tcpdump').filter((line) => IS_OURS.test(line) && !IS_OTHER.test(line))
    const differing = missing(expected, printed(row, {}))
    assert.equal(differing.length, known.get(row.id)?.[0] ?? 0, `${row.id}: ${differing[0]}`)
    same += expected.length - differing.length
  }
  assert.ok(same > 80_000, `${same} lines`)
  t.diagnostic(`${same} lines`)
})

/** The same of what this machine's tcpdump prints, where it is the release that is meant. */
const RELEASE = '4.99.3'
const version = spawnSync('tcpdump', ['--version'], { encoding: 'utf8' })
const isInstalled = `${version.stdout}`.startsWith(`tcpdump version ${RELEASE}`)

/** Of larger files the lines without flags are enough. */
const MAX_OCTETS = 200_000

const RUNS: readonly (readonly [flags: readonly string[], options: TcpdumpOptions])[] = [
  [['-nn', '-e', '-S', '-tttt', '-v'], { absolute: true, time: 'date', verbose: 1, link: true }],
  [['-nn', '-vv', '-tt', '-x'], { time: 'epoch', verbose: 2, octets: 'hex' }],
  [
    ['-nn', '-q', '-ttt', '-#', '-XX'],
    { quiet: true, time: 'delta', count: true, octets: 'hex-and-text', linkOctets: true },
  ],
]

/** With -v a segment stands on a line of its own, and with -q there are no flags. */
const IS_OURS_TOO = /: Flags \[|ICMP |ICMP6, | ARP, |UDP, length|igmp |: tcp \d+$|^\t0x/

test('tcpdump -e -S -t -v -x -X -q: the lines of every smaller public capture are the same', {
  skip: skip || (isInstalled ? false : `no tcpdump ${RELEASE}`),
}, (t) => {
  const known = documented()
  let same = 0
  for (const row of manifest()) {
    const octets = readFileSync(join(FOLDER, row.path))
    if (octets.length > MAX_OCTETS) continue
    const input = row.format.endsWith('.gz') ? gunzipSync(octets) : octets
    let count = 0
    let first = ''
    for (const [flags, options] of RUNS) {
      const { stdout } = spawnSync('tcpdump', [...flags, '-r', '-'], {
        input,
        encoding: 'latin1',
        env: { ...process.env, TZ: 'UTC' },
        maxBuffer: 1 << 28,
      })
      const expected = stdout.split('\n').filter((line) => IS_OURS_TOO.test(line) && !IS_OTHER.test(line))
      const differing = missing(expected, printed(row, options))
      count += differing.length
      first ||= differing[0] ?? ''
      same += expected.length - differing.length
    }
    assert.equal(count, known.get(row.id)?.[1] ?? 0, `${row.id}: ${first}`)
  }
  assert.ok(same > 100_000, `${same} lines`)
  t.diagnostic(`${same} lines`)
})
