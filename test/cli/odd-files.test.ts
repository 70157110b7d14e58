/** Captures that end too early, packed ones that are broken, a full disk: what is there is told, then what is wrong, with exit code 3. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { PLAIN } from '../environment.ts'
import { elko, MAIN, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const capture = join(folder, 'whole.pcap')
assert.equal(elko(['sim', 'classic', '--write', join(folder, 'whole.pcapng')]).code, 0)
assert.equal(elko(['convert', join(folder, 'whole.pcapng'), capture]).code, 0)
const octets = readFileSync(capture)

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** As a capture is whose program was killed: within the last packet. */
const cut = file('cut.pcap', octets.subarray(0, octets.length - 5))

test('of a capture that ends within a packet all that came before is told, and where it ends', () => {
  const packets = elko(['read', '-n', capture]).stdout.trimEnd().split('\n').length - 1
  const commands: [argv: string[], said: RegExp][] = [
    [['diagnose'], new RegExp(`${packets} packets, 1 connection`)],
    [['diagnose', '--threads', '2'], new RegExp(`${packets} packets, 1 connection`)],
    [['diagnose', '--json'], /^\{"file":.*\]\}\n$/s],
    [['streams'], /^stream 0: /],
    [['conversations'], /<->/],
    [['diagram'], /SYN/],
    [['graph'], /client sends/],
    [['states'], /ESTABLISHED/],
  ]
  for (const [argv, said] of commands) {
    const { code, stdout, stderr } = elko([...argv, cut])
    assert.match(stdout, said, argv.join(' '))
    assert.match(stderr, /cut\.pcap: at octet \d+: expected \d+ octets of packet, found the end after \d+/)
    assert.equal(code, 3, argv.join(' '))
  }
  const picture = join(folder, 'cut.svg')
  assert.equal(elko(['diagram', cut, '-o', picture]).code, 3)
  assert.match(readFileSync(picture, 'utf8'), /^<svg/)
})

test('of a file that is no capture nothing is printed', () => {
  const none = file('none.txt', Buffer.from('Dear reader,\nthere is no packet here.\n'))
  for (const argv of [['conversations'], ['stats', 'io'], ['streams'], ['diagnose', '--json'], ['read']]) {
    const { code, stdout, stderr } = elko([...argv, none])
    assert.deepEqual([code, stdout], [3, ''], argv.join(' '))
    assert.match(
      stderr,
      /none\.txt: at octet 0: expected .*, found 2 lines in 38 octets, none of them a packet/,
    )
  }
})

test('gzip that is cut: what could be unpacked, and how much that was', () => {
  const packed = gzipSync(octets)
  const { code, stderr } = elko(['read', '-n', file('cut.pcap.gz', packed.subarray(0, packed.length - 12))])
  assert.equal(code, 3)
  assert.match(stderr, /cut\.pcap\.gz: gzip: unexpected end of file, behind \d+ octets that it unpacked/)
})

const hasZstd = spawnSync('zstd', ['--version']).status === 0

test('zstd with something else behind it: the packets, and exit code 3', { skip: !hasZstd }, () => {
  const { stdout: packed } = spawnSync('zstd', ['-qc', capture])
  const { code, stdout, stderr } = elko([
    'read',
    '-n',
    file('more.pcap.zst', Buffer.concat([packed, octets])),
  ])
  assert.equal(stdout, elko(['read', '-n', capture]).stdout)
  assert.match(stderr, /more\.pcap\.zst: zstd ended with exit code 1/)
  assert.equal(code, 3)
})

test('what is written is not touched where nothing can be read', () => {
  const there = file('there.pcap', octets)
  for (const argv of [
    ['convert', join(folder, 'none.pcap'), there],
    ['cut', '--stream', '0', join(folder, 'none.pcap'), there],
  ]) {
    assert.equal(elko(argv).code, 3, argv[0])
    assert.deepEqual(readFileSync(there), octets, argv[0])
  }
})

test('a full disk behind standard output is exit code 3, not a finding', {
  skip: !existsSync('/dev/full'),
}, () => {
  for (const argv of [
    ['read', '-n', capture],
    ['diagnose', '--json', capture],
    ['diagnose', '--json', '--threads', '2', capture],
    ['states', '--json', capture],
    ['follow', '--stream', '0', capture],
  ]) {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...argv], {
      stdio: ['ignore', full, 'pipe'],
      env: PLAIN,
      encoding: 'utf8',
    })
    closeSync(full)
    assert.equal(stderr, `elko ${argv[0]}: cannot write standard output: no space left\n`)
    assert.equal(status, 3, argv.join(' '))
  }
})
