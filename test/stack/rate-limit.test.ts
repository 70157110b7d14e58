import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimit } from '../../src/stack/rate-limit.ts'
import fc from '../property.ts'

test('a rested limit lets a burst through at once and then the rate, to the microsecond', () => {
  const limit = new RateLimit(100, 3)
  assert.deepEqual(
    [0, 0, 0, 0, 9_999, 10_000, 10_000, 19_999, 20_000].map((nowUs) => limit.allow(nowUs)),
    [true, true, true, false, false, true, false, false, true],
  )
})

test('a rest earns no more than the burst', () => {
  const limit = new RateLimit(1000, 2)
  assert.equal(allowed(limit, 0, 5), 2)
  assert.equal(allowed(limit, 3_600_000_000, 5), 2)
})

test('a rate that does not divide a second does not drift: three a second for a day', () => {
  const limit = new RateLimit(3, 10)
  const dayUs = 86_400_000_000
  let count = 0
  for (let nowUs = 0; nowUs <= dayUs; nowUs += 100_000) if (limit.allow(nowUs)) count++
  assert.equal(count, 10 + 3 * 86_400)
})

test('a clock that steps back earns nothing and costs nothing', () => {
  const limit = new RateLimit(10, 1)
  assert.equal(limit.allow(1_000_000), true)
  assert.equal(limit.allow(0), false)
  assert.equal(limit.allow(1_099_999), false)
  assert.equal(limit.allow(1_100_000), true)
  const rested = new RateLimit(10, 2)
  assert.equal(rested.allow(1_000_000), true)
  assert.equal(rested.allow(0), true)
})

test('rate 0 gives the burst and no more; burst 0 gives nothing; an infinite rate always allows', () => {
  assert.equal(allowed(new RateLimit(0, 4), 1_000_000_000_000, 10), 4)
  assert.equal(allowed(new RateLimit(1000, 0), 1_000_000, 10), 0)
  assert.equal(allowed(new RateLimit(Infinity, 0), 0, 10), 10)
})

test('a rate or burst that cannot be is refused', () => {
  for (const [rate, burst] of [
    [-1, 1],
    [NaN, 1],
    [1, -1],
    [1, NaN],
    [1, Infinity],
  ] as const) {
    assert.throws(() => new RateLimit(rate, burst), RangeError, `${rate}, ${burst}`)
  }
})

test('agrees with a bucket kept in exact fractions, at any rate, burst and moments', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 0, max: 50 }),
      fc.array(fc.oneof(fc.nat(100), fc.nat(5_000_000)), { maxLength: 200 }),
      (perSecond, burst, pauses) => {
        const limit = new RateLimit(perSecond, burst)
        let tokens = BigInt(burst) * 1_000_000n
        let nowUs = 0
        for (const pauseUs of pauses) {
          nowUs += pauseUs
          const refilled = tokens + BigInt(pauseUs) * BigInt(perSecond)
          tokens = refilled > BigInt(burst) * 1_000_000n ? BigInt(burst) * 1_000_000n : refilled
          const expected = tokens >= 1_000_000n
          if (expected) tokens -= 1_000_000n
          assert.equal(limit.allow(nowUs), expected)
        }
      },
    ),
  )
})

test('CVE-2016-5696: with randomness the rate holds, but the answers of one burst cannot be counted on', () => {
  const bursts = new Set<number>()
  const limit = new RateLimit(1000, 100, generator(11))
  let total = 0
  for (let second = 0; second < 200; second++) {
    const burst = allowed(limit, second * 1_000_000, 200)
    bursts.add(burst)
    total += burst
  }
  assert.ok(bursts.size >= 5, `${[...bursts]}`)
  assert.ok(Math.abs(total / 200 - 100) < 2, `${total / 200} on average`)
  for (const burst of bursts) assert.ok(burst >= 67 && burst <= 200)

  // Asked without end, it answers at its rate.
  const busy = new RateLimit(1000, 10, generator(12))
  let answers = 0
  for (let nowUs = 0; nowUs < 10_000_000; nowUs += 100) if (busy.allow(nowUs)) answers++
  assert.ok(Math.abs(answers - 10_000) < 200, `${answers} in ten seconds`)
})

function allowed(limit: RateLimit, nowUs: number, asked: number): number {
  let count = 0
  for (let i = 0; i < asked; i++) if (limit.allow(nowUs)) count++
  return count
}

/** xorshift32: reproducible numbers, good enough to play the part of randomness. */
function generator(seed: number): () => number {
  let x = seed | 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x | 0
  }
}
