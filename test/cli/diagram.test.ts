/** `elko diagram`: a connection as text and as pictures. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
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
  assert.match(stdout, /\.\.\. \d+ more packets? left out: -c \d+ has them/)
})

test('a stream that the capture does not hold is said so, with those that it holds', () => {
  const { code, stderr } = elko(['diagram', '--stream', '7', capture])
  assert.equal(code, 1)
  assert.match(stderr, /there is no stream 7; the file has streams 0 to 0/)
})

test('-o FILE.svg draws the same with time to scale; every flag that is for text only is refused', () => {
  const file = join(folder, 'new folder', 'classic.svg')
  const { code, stdout, stderr } = elko(['diagram', 'classic', '-o', file, '--scheme', 'dark'])
  assert.equal(stderr, `Saved ${file}.\n`)
  assert.equal(stdout, '')
  assert.equal(code, 0)
  const svg = readFileSync(file, 'utf8')
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  assert.match(svg, /connect\(\)/)
  assert.match(svg, /closed-normally/)
  const refused = elko(['diagram', 'classic', '-o', file, '--ascii'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /--ascii: only for text/)
})

test('-o says where text goes, without colours and with the same words', () => {
  const file = join(folder, 'classic.txt')
  assert.equal(elko(['diagram', 'classic', '-o', file]).code, 0)
  assert.equal(readFileSync(file, 'utf8'), elko(['diagram', 'classic']).stdout)
})

test('a picture of a capture has the frames and the diagnosis, and no empty lifelines of applications', () => {
  const file = join(folder, 'capture.svg')
  assert.equal(elko(['diagram', capture, '-o', file]).code, 0)
  const svg = readFileSync(file, 'utf8')
  assert.match(svg, /frame 1/)
  assert.match(svg, />healthy</)
  assert.doesNotMatch(svg, />application</)
})

test('another ending, and a word that a flag does not know, are told with what there is', () => {
  const gif = elko(['diagram', 'classic', '-o', 'x.gif'])
  assert.equal(gif.code, 2)
  assert.match(gif.stderr, /-o x\.gif: expected a name that ends in \.svg, .* or \.puml/)
  const view = elko(['diagram', 'classic', '--view', 'half'])
  assert.equal(view.code, 2)
  assert.match(view.stderr, /--view: expected one of full, overview, client, server, not "half"/)
})

test('a missing source is a wrong command line', () => {
  const { code, stderr } = elko(['diagram'])
  assert.equal(code, 2)
  assert.match(stderr, /expected a SOURCE: a scenario/)
})
