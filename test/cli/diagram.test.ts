/** `elko diagram`: a connection of a capture as a ladder. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const capture = join(folder, 'classic.pcapng')
assert.equal(elko(['sim', 'classic', '--write', capture]).code, 0)

test('draws every segment with its frame and why it was probably sent', () => {
  const { code, stdout, stderr } = elko(['diagram', capture])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.match(stdout, /SYN seq 0 win 5000/)
  assert.match(stdout, /frame 1: syn/)
  assert.match(stdout, /SYN,ACK seq 100 ack 1/)
  assert.match(stdout, /Connection establishment/)
  assert.match(stdout, /fin-ack/)
})

test('--relative counts from each SYN; -c draws the first packets and says how many are left', () => {
  const { stdout } = elko(['diagram', '--relative', '-c', '3', capture])
  assert.match(stdout, /SYN,ACK seq 0 ack 1/)
  assert.match(stdout, /\.\.\. and \d+ packets more: -c \d+/)
})

test('a stream that the capture does not hold is said so, with those that it holds', () => {
  const { code, stderr } = elko(['diagram', '--stream', '7', capture])
  assert.equal(code, 1)
  assert.match(stderr, /there is no stream 7; the file has streams 0 to 0/)
})

test('a missing source is a wrong command line', () => {
  const { code, stderr } = elko(['diagram'])
  assert.equal(code, 2)
  assert.match(stderr, /expected a SOURCE: a scenario/)
})
