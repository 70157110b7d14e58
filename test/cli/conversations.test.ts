/** `elko conversations`: the list, its JSON, and what it says of bad command lines. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const capture = join(folder, 'demo.pcapng')
assert.equal(elko(['sim', 'classic', '--write', capture]).code, 0)

test('a line for each conversation, in the columns of tshark -z conv,tcp', () => {
  const { code, stdout } = elko(['conversations', capture])
  assert.equal(code, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines[1], 'TCP Conversations')
  assert.equal(lines.length, 7)
  assert.match(lines[5]!, /^192\.0\.2\.1:\d+ +<-> 192\.0\.2\.2:\d+ .* 0\.000000000 +\d+\.\d{4}$/)
})

test('--json: an object for each conversation, whose sums are those of the packets', () => {
  const lines = elko(['conversations', '--json', capture]).stdout.trimEnd().split('\n')
  assert.equal(lines.length, 1)
  const { stream, a, b, start } = JSON.parse(lines[0]!) as {
    stream: number
    a: { address: string; frames: number; bytes: number }
    b: { address: string; frames: number; bytes: number }
    start: number
  }
  assert.deepEqual([stream, a.address, b.address, start], [0, '192.0.2.1', '192.0.2.2', 0])
  const fields = ['-T', 'fields', '-e', 'ip.src', '-e', 'frame.len']
  const rows = elko(['read', ...fields, capture])
    .stdout.trimEnd()
    .split('\n')
  const ofA = rows.map((row) => row.split('\t')).filter(([source]) => source === a.address)
  assert.equal(a.frames, ofA.length)
  assert.equal(b.frames, rows.length - ofA.length)
  assert.equal(
    a.bytes,
    ofA.reduce((sum, [, length]) => sum + Number(length), 0),
  )
})

test('without a file, or with one that is none, it says so', () => {
  assert.match(elko(['conversations']).stderr, /expected a capture file/)
  const { code, stderr } = elko(['conversations', join(folder, 'none')])
  assert.equal(code, 3)
  assert.match(stderr, /none: ENOENT/)
})
