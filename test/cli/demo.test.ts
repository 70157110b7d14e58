/** `elko demo`: seeds 000 and 001 with their very numbers, as a picture and as a capture. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { lacksTshark } from '../tshark.ts'
import { elko, temporaryFolder } from './elko.ts'

const GOLDEN = new URL('../../../test/cli/golden/demo.txt', import.meta.url)

const CLIENT = 'CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED'
const SERVER = 'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSE-WAIT -> LAST-ACK -> CLOSED'

/** Flags, sequence number, acknowledgment (801 where the seeds err with 701), octets, and the window where seeds tell. */
const SEED: readonly (readonly [flags: string, seq: number, ack: number, length: number, window?: number])[] =
  [
    ['S', 0, 0, 0],
    ['SA', 100, 1, 0, 65_535],
    ['A', 1, 101, 0, 5000],
    ['A', 1, 101, 512],
    ['AP', 513, 101, 512],
    ['A', 101, 1025, 0],
    ['A', 101, 1025, 512],
    ['AP', 613, 1025, 188],
    ['A', 1025, 801, 0],
    ['AF', 1025, 801, 0],
    ['A', 801, 1026, 0],
    ['AF', 801, 1026, 0],
    ['A', 1026, 802, 0],
  ]

const folder = temporaryFolder()

test('the demo prints the ladder, the states of each side and a verdict, as kept in golden/demo.txt', () => {
  const { code, stdout, stderr } = elko(['demo'], { cwd: folder })
  assert.equal(stderr, '')
  assert.equal(code, 0)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, stdout)
  assert.equal(stdout, readFileSync(GOLDEN, 'utf8'), 'golden/demo.txt (UPDATE_GOLDEN=1 rewrites it)')
  assert.ok(stdout.includes(`\nclient  ${CLIENT}\nserver  ${SERVER}\n`))
  assert.match(
    stdout,
    /\nclient opened, sent 1024 octets, received 700 and closed first; both sides closed normally\.\n/,
  )
  assert.match(stdout, /Saved 13 packets, as seen at client, to out\/demo\.pcapng\./)
})

test('the state paths stand on one line each, however narrow the picture', () => {
  const { stdout } = elko(['demo', '--width', '80', '--ascii', '--relative'], { cwd: folder })
  assert.ok(stdout.includes(`\nclient  ${CLIENT}\n`))
  const ladder = stdout.slice(0, stdout.indexOf(`\nclient  ${CLIENT}`))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  assert.doesNotMatch(ladder, /[^\x00-\x7f]/)
  assert.ok(ladder.split('\n').every((line) => line.length <= 80))
  assert.match(stdout, /ACK seq 1025 ack 701/, 'relative to its SYN the number of the seeds is right')
})

test('out/demo.pcapng holds the packets at the client, each with the reason it was sent', () => {
  const read = readCapture(readFileSync(join(folder, 'out/demo.pcapng')))
  assert.equal(read.error, null)
  assert.equal(read.packets.length, SEED.length)
  const numbers = read.packets.map(({ bytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const header = 4 * (view.getUint8(32) >> 4)
    return [view.getUint32(24), view.getUint32(28), view.getUint16(2) - 20 - header]
  })
  assert.deepEqual(
    numbers,
    SEED.map(([, seq, ack, length]) => [seq, ack, length]),
  )
  for (const { comments } of read.packets) assert.match(comments[0]!, /^packet \d+, [a-z-]+: .+/)
})

test('tshark reads the capture with the numbers of the seeds, right checksums and nothing amiss', {
  skip: lacksTshark,
}, () => {
  const fields = [
    'tcp.flags.syn',
    'tcp.flags.ack',
    'tcp.flags.push',
    'tcp.flags.fin',
    'tcp.seq_raw',
    'tcp.ack_raw',
  ]
  const rows = tshark([...fields, 'tcp.len', 'tcp.window_size_value', 'tcp.checksum.status', '_ws.expert'])
  assert.equal(rows.length, SEED.length)
  rows.forEach((row, index) => {
    const [flags, seq, ack, length, window] = SEED[index]!
    const isSet = (value: string | undefined) => value === '1' || value === 'True'
    const letters = ['S', 'A', 'P', 'F'].filter((_, i) => isSet(row[i])).join('')
    assert.deepEqual(
      [letters, Number(row[4]), Number(row[5]), Number(row[6])],
      [flags, seq, ack, length],
      `packet ${index + 1}`,
    )
    if (window !== undefined) assert.equal(Number(row[7]), window)
    assert.ok(row[8] === '1' || row[8] === 'Good', `checksum of packet ${index + 1}: ${row[8]}`)
  })
  assert.deepEqual(tshark(['frame.number'], 'tcp.analysis.flags'), [])
})

function tshark(fields: readonly string[], filter?: string): string[][] {
  const { stdout, status, stderr } = spawnSync(
    'tshark',
    [
      ...['-r', join(folder, 'out/demo.pcapng'), '-o', 'tcp.check_checksum:TRUE', '-T', 'fields'],
      ...fields.flatMap((field) => ['-e', field]),
      ...(filter === undefined ? [] : ['-Y', filter]),
    ],
    { encoding: 'utf8' },
  )
  assert.equal(status, 0, stderr)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
}
