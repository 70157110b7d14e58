/** A search over a stream in pieces finds what a search over the whole finds, and names the packet that brought it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Match, matches, type Pattern, StreamSearch } from '../../src/flows/stream-search.ts'
import { Random } from '../../src/sim/random.ts'

const octetsOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

/** Pieces in turn, each its own packet, numbered from 1. */
function searched(pattern: Pattern, pieces: readonly Uint8Array[]): Match[] {
  const found: Match[] = []
  const search = new StreamSearch(pattern, (match) => found.push(match))
  let offset = 0
  for (const [k, piece] of pieces.entries()) {
    search.text(piece, offset, k + 1)
    offset += piece.length
  }
  return found
}

test('octets across any border: as in the whole, with the packet of the first one', () => {
  const random = new Random('stream search')
  for (let run = 0; run < 500; run++) {
    const whole = Uint8Array.from({ length: 60 }, () => 97 + random.range(0, 1))
    const octets = Uint8Array.from({ length: random.range(1, 4) }, () => 97 + random.range(0, 1))
    const pieces: Uint8Array[] = []
    for (let at = 0; at < whole.length; ) {
      const length = random.range(1, 9)
      pieces.push(whole.subarray(at, at + length))
      at += length
    }
    const found = searched({ octets }, pieces)
    assert.deepEqual(
      found.map(({ offset }) => offset),
      [...matches({ octets }, whole)].map(([at]) => at),
    )
    for (const { offset, frame } of found) {
      const before = pieces.slice(0, frame - 1).reduce((sum, piece) => sum + piece.length, 0)
      assert.ok(before <= offset && offset < before + pieces[frame - 1]!.length)
    }
  }
})

test('an expression across a border, and none across a gap', () => {
  const pattern = { expression: /b+c/g }
  assert.deepEqual(
    searched(pattern, ['aab', 'bb', 'bc', 'a'].map(octetsOf)).map(({ offset, frame, octets }) => [
      offset,
      frame,
      Buffer.from(octets).toString(),
    ]),
    [[2, 1, 'bbbbc']],
  )
  const found: Match[] = []
  const search = new StreamSearch(pattern, (match) => found.push(match))
  search.text(octetsOf('ab'), 0, 1)
  search.gap()
  search.text(octetsOf('c'), 100, 2)
  search.text(octetsOf('bc'), 101, 3)
  assert.deepEqual(
    found.map(({ offset, frame }) => [offset, frame]),
    [[101, 3]],
  )
})
