import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RingPool } from '../../src/bytes/ring-pool.ts'
import { SendBuffer } from '../../src/storage/send-buffer.ts'
import fc from '../property.ts'

/** Octet number i of the stream: so that a misplaced octet shows. */
const octet = (i: number) => (i * 167 + (i >>> 8) * 13) & 0xff
const stream = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => octet(from + i))

function held(buffer: SendBuffer): Uint8Array {
  const target = new Uint8Array(buffer.length)
  buffer.copyTo(0, target, 0, buffer.length)
  return target
}

/** The same octets by the door without a copy. */
function heldByPieces(buffer: SendBuffer): number[] {
  const octets: number[] = []
  while (octets.length < buffer.length) {
    const n = buffer.segmentAt(octets.length)
    const at = buffer.offsetOf(octets.length)
    assert.ok(n > 0 && at + n <= buffer.ring.length)
    for (let i = 0; i < n; i++) octets.push(buffer.ring[at + i]!)
  }
  return octets
}

test('an empty send buffer holds no memory, before the first write and after the last acknowledgment', () => {
  const pool = new RingPool(1 << 20)
  const buffer = new SendBuffer(pool, 10_000)
  assert.equal(pool.lent, 0)
  assert.equal(buffer.ring.length, 0)
  buffer.write(stream(0, 3000), 0, 3000)
  assert.equal(pool.lent, 4096)
  buffer.acknowledge(2999)
  assert.equal(pool.lent, 4096)
  buffer.acknowledge(1)
  assert.equal(pool.lent, 0)
  assert.equal(buffer.ring.length, 0)
  assert.equal(buffer.free, 10_000)
})

test('nothing is accepted beyond a capacity that is no power of two, and the rest of a write is left to the user', () => {
  const buffer = new SendBuffer(new RingPool(0), 5000)
  assert.equal(buffer.write(stream(0, 4000), 0, 4000), 4000)
  assert.equal(buffer.free, 1000)
  assert.equal(buffer.write(stream(4000, 4000), 0, 4000), 1000)
  assert.equal(buffer.free, 0)
  assert.equal(buffer.write(stream(0, 1), 0, 1), 0)
  assert.equal(buffer.ring.length, 8192)
  assert.deepEqual(held(buffer), stream(0, 5000))
})

test('write takes its octets from the offset given', () => {
  const buffer = new SendBuffer(new RingPool(0), 5000)
  buffer.write(stream(0, 100), 30, 50)
  assert.deepEqual(held(buffer), stream(30, 50))
  assert.throws(() => buffer.write(stream(0, 100), 60, 50), RangeError)
  assert.equal(buffer.length, 50)
})

test('the ring grows by doubling while it is wrapped, and every octet keeps its place', () => {
  const pool = new RingPool(1 << 20)
  const buffer = new SendBuffer(pool, 8192)
  buffer.write(stream(0, 2048), 0, 2048)
  buffer.acknowledge(1500)
  buffer.write(stream(2048, 1400), 0, 1400)
  assert.equal(buffer.ring.length, 2048)
  assert.equal(buffer.segmentAt(0), 548)
  assert.equal(buffer.segmentAt(548), 1400)
  assert.deepEqual(held(buffer), stream(1500, 1948))
  buffer.write(stream(3448, 200), 0, 200)
  assert.equal(buffer.ring.length, 4096)
  assert.deepEqual(held(buffer), stream(1500, 2148))
  assert.equal(pool.lent, 4096)
})

test('a ring that the octets just fill does not grow', () => {
  const buffer = new SendBuffer(new RingPool(0), 4096)
  buffer.write(stream(0, 1000), 0, 1000)
  const ring = buffer.ring
  buffer.write(stream(1000, 1048), 0, 1048)
  assert.equal(buffer.ring, ring)
  assert.equal(ring.length, 2048)
  buffer.write(stream(2048, 1), 0, 1)
  assert.equal(buffer.ring.length, 4096)
  assert.deepEqual(held(buffer), stream(0, 2049))
})

test('copyTo copies a piece over the ring end, to its place, and touches nothing else', () => {
  const buffer = new SendBuffer(new RingPool(0), 2048)
  buffer.write(stream(0, 2048), 0, 2048)
  buffer.acknowledge(2000)
  buffer.write(stream(2048, 1000), 0, 1000)
  const target = new Uint8Array(200)
  buffer.copyTo(20, target, 50, 100)
  assert.deepEqual(target.slice(50, 150), stream(2020, 100))
  assert.deepEqual(target.slice(0, 50), new Uint8Array(50))
  assert.deepEqual(target.slice(150), new Uint8Array(50))
})

test('asking for octets that are not held throws RangeError and changes nothing', () => {
  const buffer = new SendBuffer(new RingPool(0), 2048)
  const target = new Uint8Array(2048)
  assert.throws(() => buffer.copyTo(0, target, 0, 1), RangeError)
  assert.throws(() => buffer.acknowledge(1), RangeError)
  buffer.write(stream(0, 10), 0, 10)
  assert.throws(() => buffer.copyTo(5, target, 0, 6), RangeError)
  assert.throws(() => buffer.copyTo(-1, target, 0, 1), RangeError)
  assert.throws(() => buffer.copyTo(0, target, 0, -1), RangeError)
  assert.throws(() => buffer.copyTo(0, target, 2040, 10), RangeError)
  assert.throws(() => buffer.acknowledge(11), RangeError)
  assert.throws(() => buffer.acknowledge(-1), RangeError)
  assert.equal(buffer.segmentAt(10), 0)
  assert.equal(buffer.segmentAt(11), 0)
  assert.equal(buffer.write(stream(0, 10), 0, -1), 0)
  assert.equal(buffer.segmentAt(-1), 0)
  assert.deepEqual(held(buffer), stream(0, 10))
})

test('a smaller capacity keeps what is held and accepts nothing until there is room', () => {
  const buffer = new SendBuffer(new RingPool(0), 4000)
  buffer.write(stream(0, 3000), 0, 3000)
  buffer.setCapacity(1000)
  assert.equal(buffer.capacity, 1000)
  assert.equal(buffer.free, 0)
  assert.equal(buffer.write(stream(0, 10), 0, 10), 0)
  buffer.acknowledge(2500)
  assert.equal(buffer.free, 500)
  assert.equal(buffer.write(stream(3000, 600), 0, 600), 500)
  assert.deepEqual(held(buffer), stream(2500, 1000))
})

test('clear drops all octets and returns the memory once', () => {
  const pool = new RingPool(1 << 20)
  const buffer = new SendBuffer(pool, 4000)
  buffer.write(stream(0, 3000), 0, 3000)
  buffer.clear()
  buffer.clear()
  assert.equal(buffer.length, 0)
  assert.equal(pool.lent, 0)
  assert.equal(pool.kept, 4096)
})

const operation = fc.oneof(
  fc.record({ do: fc.constant('write' as const), n: fc.nat(3000) }),
  fc.record({ do: fc.constant('acknowledge' as const), n: fc.nat(3000) }),
  fc.record({ do: fc.constant('copy' as const), n: fc.nat(9000) }),
  fc.record({ do: fc.constant('capacity' as const), n: fc.nat(9000) }),
)

test('the send buffer agrees with a plain array, whatever is written, acknowledged and copied', () => {
  fc.assert(
    fc.property(fc.nat(9000), fc.array(operation, { maxLength: 60 }), (capacity, operations) => {
      const pool = new RingPool(1 << 16)
      // A second borrower scribbles over everything the pool gets back.
      const scribble = () => {
        for (const size of [2048, 4096, 8192]) {
          const ring = pool.take(size)
          ring.fill(0xee)
          pool.release(ring)
        }
      }
      const buffer = new SendBuffer(pool, capacity)
      let model: number[] = []
      let bound = capacity
      let written = 0
      for (const { do: what, n } of operations) {
        if (what === 'write') {
          const accepted = buffer.write(stream(written, n), 0, n)
          assert.equal(accepted, Math.min(n, Math.max(0, bound - model.length)))
          model = model.concat([...stream(written, accepted)])
          written += accepted
        } else if (what === 'acknowledge') {
          buffer.acknowledge(Math.min(n, model.length))
          model = model.slice(n)
        } else if (what === 'copy') {
          const from = Math.min(n, model.length)
          const length = Math.min(1460, model.length - from)
          const target = new Uint8Array(length)
          buffer.copyTo(from, target, 0, length)
          assert.deepEqual([...target], model.slice(from, from + length))
        } else {
          buffer.setCapacity(n)
          bound = n
        }
        scribble()
        assert.equal(buffer.length, model.length)
        assert.equal(buffer.free, Math.max(0, bound - model.length))
        assert.equal(pool.lent, model.length === 0 ? 0 : buffer.ring.length)
      }
      assert.deepEqual([...held(buffer)], model)
      assert.deepEqual(heldByPieces(buffer), model)
    }),
    { numRuns: 200 },
  )
})
