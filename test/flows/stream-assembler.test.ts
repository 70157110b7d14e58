/** Octets in order from segments in any: what came first counts, what is missing is told once it was acknowledged. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamAssembler } from '../../src/flows/stream-assembler.ts'

function assembler(): { said: string[]; assembler: StreamAssembler } {
  const said: string[] = []
  const sink = {
    text: (octets: Uint8Array) => said.push(Buffer.from(octets).toString()),
    missing: (length: number) => said.push(`<${length}>`),
  }
  return { said, assembler: new StreamAssembler(sink) }
}

const send = (to: StreamAssembler, seq: number, text: string): void =>
  to.segment(seq, text.length, Buffer.from(text), 0)

test('of pieces that overlap the one that came first counts, and of the rest what is new', () => {
  const { said, assembler: stream } = assembler()
  send(stream, 1, 'ab')
  send(stream, 5, 'EFGH')
  send(stream, 4, 'defg')
  send(stream, 4, 'DEF')
  send(stream, 3, 'c')
  assert.deepEqual(said, ['ab', 'c', 'defg', 'H'])
})

test('a gap is told when the receiver has acknowledged what is behind it', () => {
  const { said, assembler: stream } = assembler()
  send(stream, 1, 'ab')
  send(stream, 7, 'gh')
  stream.acknowledged(7)
  assert.deepEqual(said, ['ab'])
  stream.acknowledged(9)
  send(stream, 3, 'cdef')
  assert.deepEqual(said, ['ab', '<4>', 'gh'])
})

test('numbers wrap, and one half the circle away is an old one', () => {
  const { said, assembler: stream } = assembler()
  send(stream, -2, 'ab')
  send(stream, 3, 'fg')
  send(stream, 0, 'cde')
  send(stream, (5 + 2 ** 31) | 0, 'no')
  assert.deepEqual(said, ['ab', 'cde', 'fg'])
})

test('a hundred thousand pieces that came too early, last one first, and each twice, are put in order', () => {
  const { said, assembler: stream } = assembler()
  send(stream, 1, 'x')
  for (let seq = 100_000; seq > 2; seq--) {
    send(stream, seq, 'y')
    send(stream, seq, 'z')
  }
  send(stream, 2, 'x')
  assert.equal(said.length, 100_000)
  assert.equal(said.join(''), `xx${'y'.repeat(99_998)}`)
})
