import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_RING, MIN_RING, RingPool } from '../../src/bytes/ring-pool.ts'
import fc from '../property.ts'

test('a ring has the smallest power of two that is enough, and at least 2 KiB', () => {
  const pool = new RingPool(0)
  for (const [wanted, size] of [
    [0, MIN_RING],
    [1, MIN_RING],
    [2047, 2048],
    [2048, 2048],
    [2049, 4096],
    [65536, 65536],
    [65537, 131072],
    [1 << 20, 1 << 20],
  ] as const) {
    assert.equal(pool.take(wanted).length, size, `take(${wanted})`)
  }
})

test('a released ring is lent again, for its own size only', () => {
  const pool = new RingPool(1 << 20)
  const ring = pool.take(4096)
  assert.equal(pool.kept, 0)
  pool.release(ring)
  assert.equal(pool.kept, 4096)
  assert.notEqual(pool.take(2048), ring)
  assert.notEqual(pool.take(8192), ring)
  assert.equal(pool.kept, 4096)
  assert.equal(pool.take(3000), ring)
  assert.equal(pool.kept, 0)
  assert.notEqual(pool.take(3000), ring)
})

test('no ring is lent to two borrowers, and never more than maxBytes are kept', () => {
  const operation = fc.record({
    take: fc.boolean(),
    size: fc.integer({ min: 0, max: 40000 }),
    pick: fc.nat(),
  })
  fc.assert(
    fc.property(fc.nat(120_000), fc.array(operation, { maxLength: 200 }), (maxBytes, operations) => {
      const pool = new RingPool(maxBytes)
      const out: Uint8Array[] = []
      let lent = 0
      for (const { take, size, pick } of operations) {
        if (take) {
          const ring = pool.take(size)
          assert.ok(ring.length >= size && ring.length < Math.max(2 * size, MIN_RING + 1))
          assert.ok(!out.includes(ring))
          out.push(ring)
          lent += ring.length
        } else if (out.length > 0) {
          const [ring] = out.splice(pick % out.length, 1)
          pool.release(ring!)
          lent -= ring!.length
        }
        assert.equal(pool.lent, lent)
        assert.ok(pool.kept >= 0 && pool.kept <= maxBytes)
      }
    }),
  )
})

test('a full pool drops rings of other sizes, the largest first, for one of a size in use', () => {
  const pool = new RingPool(16384)
  const large = pool.take(8192)
  const middle = pool.take(4096)
  const others = [pool.take(2048), pool.take(2048), pool.take(2048)]
  for (const ring of [large, middle, ...others.slice(0, 2)]) pool.release(ring)
  assert.equal(pool.kept, 16384)
  pool.release(others[2]!)
  assert.equal(pool.kept, 4096 + 3 * 2048)
  assert.equal(pool.take(4096), middle)
  assert.notEqual(pool.take(8192), large)
})

test('a full pool of one size keeps no further ring of that size, nor one above its bound', () => {
  const pool = new RingPool(4096)
  const rings = [pool.take(2048), pool.take(2048), pool.take(2048), pool.take(8192)]
  for (const ring of rings) pool.release(ring)
  assert.equal(pool.kept, 4096)
  assert.equal(pool.lent, 0)
  assert.equal(pool.take(2048), rings[1])
  assert.equal(pool.take(2048), rings[0])
  assert.notEqual(pool.take(2048), rings[2])
})

test('what cannot be of the pool is refused', () => {
  const pool = new RingPool(1 << 20)
  assert.throws(() => pool.release(new Uint8Array(3000)), RangeError)
  assert.throws(() => pool.release(new Uint8Array(1024)), RangeError)
  assert.throws(() => pool.release(new Uint8Array(0)), RangeError)
  assert.throws(() => pool.take(MAX_RING + 1), RangeError)
  assert.throws(() => pool.take(Number.NaN), RangeError)
  assert.equal(pool.lent, 0)
  assert.equal(pool.kept, 0)
})
