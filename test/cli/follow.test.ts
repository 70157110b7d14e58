/** `elko follow`: tshark's output to the letter, the octets of one side, and what it says of bad command lines. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const capture = join(folder, 'classic.pcapng')
assert.equal(elko(['sim', 'classic', '--write', capture]).code, 0)

const hasTshark = spawnSync('tshark', ['--version']).status === 0
const skip = process.env.CI === 'true' || hasTshark ? false : 'tshark is not installed'

/** Scenarios with text of both sides, losses, reordering, and the public captures where they are. */
const OWN = ['classic', 'retransmission', 'reordering', 'bsd-calls']
const PUBLIC = process.env.ELKO_CAPTURES ?? '/work/shared/captures'
const FILES = ['PcapPlusPl-0d732162-tcp-reassembly.pcap', 'arkime-8e18b4c2-v6.pcap', 'nDPI-7614bed7-ftp.pcap']

function captures(): string[] {
  const own = OWN.map((name) => {
    const file = join(folder, `${name}.pcapng`)
    assert.equal(elko(['sim', name, '--write', file]).code, 0)
    return file
  })
  return [...own, ...FILES.map((name) => join(PUBLIC, 'files', name)).filter((file) => existsSync(file))]
}

test('what both sides sent, as tshark -z follow,tcp prints it: ascii, hex, raw', { skip }, () => {
  for (const file of captures()) {
    for (const format of ['ascii', 'hex', 'raw']) {
      const { stdout } = spawnSync('tshark', ['-q', '-r', file, '-z', `follow,tcp,${format},0`], {
        encoding: 'utf8',
        maxBuffer: 64 << 20,
      })
      const flags = ['--stream', '0', `--${format}`]
      assert.equal(elko(['follow', ...flags, file]).stdout, stdout, `${file} ${format}`)
    }
  }
})

test('-o writes the octets of one side; --side prints only them', () => {
  const text = elko(['follow', '--stream', '0', '--raw', '--side', 'client', capture]).stdout
  const digits = text.split('\n').filter((line) => /^[0-9a-f]+$/.test(line))
  const file = join(folder, 'client.bin')
  const flags = ['--stream', '0', '--side', 'client', '-o', file]
  const { code, stderr } = elko(['follow', ...flags, capture])
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(digits.length > 0)
  assert.equal(readFileSync(file).toString('hex'), digits.join(''))
  assert.doesNotMatch(text, /\t/)
})

test('mistakes of the command line are named, and a stream that is not there', () => {
  const cases: [argv: string[], message: RegExp][] = [
    [[], /expected a capture file/],
    [[capture], /expected --stream N/],
    [['--stream', 'x', capture], /--stream: expected a whole number/],
    [['--stream', '0', '--side', 'left', capture], /--side: expected client or server, not "left"/],
    [['--stream', '0', '-o', 'file', capture], /-o: only with --side/],
    [['--stream', '0', '--hex', '--raw', capture], /only one of --ascii, --hex and --raw/],
  ]
  for (const [argv, message] of cases) {
    const { code, stderr } = elko(['follow', ...argv])
    assert.equal(code, 2, argv.join(' '))
    assert.match(stderr, message)
  }
  const { code, stderr } = elko(['follow', '--stream', '7', capture])
  assert.equal(code, 1)
  assert.match(stderr, /there is no stream 7; the file has streams 0 to 0/)
})
