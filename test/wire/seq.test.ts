import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as seq from '../../src/wire/seq.ts'
import fc from '../property.ts'

/** The oracle: how far a is ahead of b, on a circle of 2^32, as a BigInt from -2^31 to 2^31 - 1. */
function ahead(a: number, b: number): bigint {
  return BigInt.asIntN(32, BigInt(a) - BigInt(b))
}

const near = fc.tuple(fc.integer(), fc.oneof(fc.integer(), fc.integer({ min: -3, max: 3 })))

test('RFC 9293 3.4: comparisons are by distance on the circle, wrap or not', () => {
  fc.assert(
    fc.property(near, ([a, distance]) => {
      const b = (a + distance) | 0
      const d = ahead(a, b)
      assert.equal(seq.seqLT(a, b), d < 0n)
      assert.equal(seq.seqLE(a, b), d <= 0n)
      assert.equal(seq.seqGT(a, b), d > 0n)
      assert.equal(seq.seqGE(a, b), d >= 0n)
      assert.equal(seq.seqMax(a, b), d >= 0n ? a : b)
      assert.equal(seq.seqMin(a, b), d <= 0n ? a : b)
      assert.equal(BigInt(seq.seqDiff(a, b)), d)
    }),
    { numRuns: 5000 },
  )
})

test('RFC 9293 3.4: adding goes round at 2^32, and stays an int32', () => {
  assert.equal(seq.seqAdd(-1, 1), 0)
  assert.equal(seq.seqAdd(0x7fffffff, 1), -0x80000000)
  fc.assert(
    fc.property(fc.integer(), fc.nat(0xffffffff), (a, n) => {
      assert.equal(BigInt(seq.seqAdd(a, n)), BigInt.asIntN(32, BigInt(a) + BigInt(n)))
    }),
  )
})

test('RFC 9293 3.4: just before and just after the wrap', () => {
  assert.ok(seq.seqLT(0xffffffff | 0, 0))
  assert.ok(seq.seqLT(0x7fffffff, -0x80000000))
  assert.ok(seq.seqGT(5, -5))
})
