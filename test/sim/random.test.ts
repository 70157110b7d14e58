import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/sim/random.ts'
import fc from '../property.ts'

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.int32())

test('one seed gives one stream, another seed another', () => {
  assert.deepEqual(draw(new Random(7), 100), draw(new Random(7), 100))
  assert.notDeepEqual(draw(new Random(7), 100), draw(new Random(8), 100))
  assert.notDeepEqual(draw(new Random(7), 100), draw(new Random('7'), 100))
  assert.notDeepEqual(draw(new Random(2 ** 52), 10), draw(new Random(2 ** 52 + 1), 10))
})

test('the stream of a seed is the same in every version: replay commands stay good', () => {
  assert.deepEqual(draw(new Random(1), 4), [637996928, 2113489896, -1598695403, -1751109670])
})

test('a fork depends on seed and label, not on what was drawn', () => {
  const fresh = new Random(3)
  const used = new Random(3)
  draw(used, 1000)
  assert.deepEqual(draw(fresh.fork('a'), 10), draw(used.fork('a'), 10))
  assert.notDeepEqual(draw(fresh.fork('a'), 10), draw(fresh.fork('b'), 10))
  assert.notDeepEqual(draw(fresh.fork('a'), 10), draw(new Random(4).fork('a'), 10))
  assert.notDeepEqual(draw(fresh.fork('a').fork('b'), 10), draw(fresh.fork('b').fork('a'), 10))
})

test('a saved state goes on where it was saved', () => {
  const random = new Random('x')
  draw(random, 5)
  const state = random.save()
  assert.deepEqual(draw(random, 20), draw(new Random(state), 20))
})

test('floats are spread evenly over [0, 1), and so is every bit of the words', () => {
  const random = new Random(5)
  const buckets = new Array<number>(16).fill(0)
  const bits = new Array<number>(32).fill(0)
  const count = 160_000
  for (let i = 0; i < count; i++) {
    const value = random.float()
    assert.ok(value >= 0 && value < 1)
    buckets[Math.floor(value * 16)]!++
    const word = random.int32()
    for (let bit = 0; bit < 32; bit++) bits[bit]! += (word >>> bit) & 1
  }
  for (const bucket of buckets) assert.ok(Math.abs(bucket - count / 16) < 500, `bucket ${bucket}`)
  for (const bit of bits) assert.ok(Math.abs(bit - count / 2) < 1200, `bit ${bit}`)
})

test('range includes both ends, chance draws once whatever its probability', () => {
  const random = new Random(6)
  const seen = new Set(Array.from({ length: 500 }, () => random.range(-2, 2)))
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2],
  )
  const [never, always] = [new Random(9), new Random(9)]
  assert.equal(never.chance(0), false)
  assert.equal(always.chance(1), true)
  assert.equal(never.int32(), always.int32())
})

test('fill writes its range and nothing else', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), (start, length) => {
      const bytes = new Uint8Array(64)
      new Random(1).fill(bytes, start, start + length)
      for (let i = 0; i < 64; i++) if (i < start || i >= start + length) assert.equal(bytes[i], 0)
    }),
  )
  const bytes = new Uint8Array(1000)
  new Random(1).fill(bytes)
  assert.ok(new Set(bytes).size > 200)
})
