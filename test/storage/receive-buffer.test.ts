import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RingPool } from '../../src/bytes/ring-pool.ts'
import { REASSEMBLY_FULL, ReceiveBuffer } from '../../src/storage/receive-buffer.ts'
import fc from '../property.ts'

const octet = (i: number) => (i * 167 + (i >>> 8) * 13) & 0xff
const stream = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => octet(from + i))

function readAll(buffer: ReceiveBuffer): Uint8Array {
  const target = new Uint8Array(buffer.readable)
  assert.equal(buffer.read(target, 0, target.length), target.length)
  return target
}

function ranges(buffer: ReceiveBuffer): [number, number][] {
  return Array.from({ length: buffer.rangeCount }, (_, i) => [buffer.rangeStart(i), buffer.rangeEnd(i)])
}

test('octets in order advance RCV.NXT by their length and can be read at once', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 10)
  assert.equal(buffer.insert(0, stream(0, 100), 20, 60), 60)
  assert.equal(buffer.insert(0, stream(80, 40), 0, 40), 40)
  assert.equal(buffer.readable, 100)
  assert.equal(buffer.free, 4900)
  assert.equal(buffer.hasGaps, false)
  assert.equal(buffer.insert(0, stream(0, 10), 0, 0), 0)
  assert.deepEqual(readAll(buffer), stream(20, 100))
})

test('octets behind a hole wait at their place until the hole fills', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 10)
  assert.equal(buffer.insert(100, stream(100, 50), 0, 50), 0)
  assert.equal(buffer.insert(200, stream(200, 50), 0, 50), 0)
  assert.deepEqual([buffer.readable, buffer.outOfOrder, buffer.hasGaps], [0, 100, true])
  assert.equal(buffer.read(new Uint8Array(10), 0, 10), 0)
  assert.equal(buffer.insert(0, stream(0, 100), 0, 100), 150)
  assert.deepEqual([buffer.readable, buffer.outOfOrder], [150, 50])
  assert.deepEqual(ranges(buffer), [[50, 100]])
  assert.equal(buffer.insert(0, stream(150, 50), 0, 50), 100)
  assert.equal(buffer.hasGaps, false)
  assert.deepEqual(readAll(buffer), stream(0, 250))
})

test('an octet that has arrived is not overwritten by a later segment', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 10)
  const forged = new Uint8Array(40).fill(0xff)
  buffer.insert(10, stream(10, 10), 0, 10)
  buffer.insert(25, stream(25, 5), 0, 5)
  assert.equal(buffer.insert(5, forged, 0, 30), 0)
  assert.equal(buffer.insert(0, forged, 0, 40), 40)
  const expected = new Uint8Array(40).fill(0xff)
  expected.set(stream(10, 10), 10)
  expected.set(stream(25, 5), 25)
  assert.deepEqual(readAll(buffer), expected)
})

test('a full reassembly queue refuses a further range, but not octets in order or next to a range', () => {
  const pool = new RingPool(0)
  const buffer = new ReceiveBuffer(pool, 50_000, 2)
  buffer.insert(10, stream(10, 10), 0, 10)
  buffer.insert(30, stream(30, 10), 0, 10)
  assert.equal(buffer.insert(40_000, stream(0, 10), 0, 10), REASSEMBLY_FULL)
  assert.equal(pool.lent, 2048, 'a refused segment takes no memory')
  assert.deepEqual(ranges(buffer), [
    [10, 20],
    [30, 40],
  ])
  assert.equal(buffer.insert(20, stream(20, 5), 0, 5), 0)
  assert.equal(buffer.insert(0, stream(0, 5), 0, 5), 5)
  assert.equal(buffer.insert(0, stream(5, 30), 0, 30), 35)
  assert.deepEqual(readAll(buffer), stream(0, 40))
})

test('with no ranges allowed only octets in order are taken', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 0)
  assert.equal(buffer.insert(1, stream(1, 1), 0, 1), REASSEMBLY_FULL)
  assert.equal(buffer.insert(0, stream(0, 10), 0, 10), 10)
})

test('the ring grows by doubling while wrapped and with holes, and every octet keeps its place', () => {
  const pool = new RingPool(1 << 20)
  const buffer = new ReceiveBuffer(pool, 7000, 10)
  buffer.insert(0, stream(0, 2000), 0, 2000)
  buffer.consume(1900)
  buffer.insert(0, stream(2000, 500), 0, 500) // wraps at 2048
  buffer.insert(700, stream(3200, 300), 0, 300)
  assert.equal(buffer.ring.length, 2048)
  buffer.insert(1400, stream(3900, 1000), 0, 1000)
  assert.equal(buffer.ring.length, 4096)
  assert.equal(pool.lent, 4096)
  assert.equal(buffer.insert(0, stream(2500, 1400), 0, 1400), 2400)
  assert.deepEqual(readAll(buffer), stream(1900, 3000))
  assert.equal(pool.lent, 0)
})

test('a ring that the octets just fill does not grow, in order or beyond a hole', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 10)
  buffer.insert(0, stream(0, 1000), 0, 1000)
  const ring = buffer.ring
  buffer.insert(48, stream(1048, 1000), 0, 1000)
  assert.equal(buffer.ring, ring)
  assert.equal(buffer.insert(0, stream(1000, 48), 0, 48), 1048)
  assert.equal(buffer.ring, ring)
  assert.equal(ring.length, 2048)
  buffer.insert(0, stream(2048, 1), 0, 1)
  assert.equal(buffer.ring.length, 4096)
  buffer.insert(2047, stream(4096, 1), 0, 1)
  assert.equal(buffer.ring.length, 8192)
  assert.deepEqual(readAll(buffer), stream(0, 2049))
})

test('a stream in order that just fills the ring does not grow it', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 10)
  buffer.insert(0, stream(0, 1000), 0, 1000)
  const ring = buffer.ring
  buffer.insert(0, stream(1000, 1048), 0, 1048)
  assert.equal(buffer.ring, ring)
  assert.deepEqual(readAll(buffer), stream(0, 2048))
})

test('memory goes back when the last octet is read, but not while octets wait behind a hole', () => {
  const pool = new RingPool(1 << 20)
  const buffer = new ReceiveBuffer(pool, 7000, 10)
  assert.equal(pool.lent, 0)
  buffer.insert(0, stream(0, 10), 0, 10)
  buffer.insert(10, stream(20, 10), 0, 10)
  readAll(buffer)
  assert.equal(pool.lent, 2048)
  assert.equal(buffer.insert(0, stream(10, 10), 0, 10), 20)
  buffer.consume(0)
  assert.equal(pool.lent, 2048)
  assert.deepEqual(readAll(buffer), stream(10, 20))
  assert.equal(pool.lent, 0)
  assert.equal(buffer.ring.length, 0)
})

test('a reader without a copy sees the same octets, in at most two pieces', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 2048, 10)
  assert.equal(buffer.peekLength, 0)
  buffer.insert(0, stream(0, 2000), 0, 2000)
  buffer.consume(1500)
  buffer.insert(0, stream(2000, 700), 0, 700)
  assert.equal(buffer.peekLength, 548)
  const first = buffer.ring.slice(buffer.peekOffset, buffer.peekOffset + buffer.peekLength)
  assert.deepEqual(first, stream(1500, 548))
  buffer.consume(548)
  assert.equal(buffer.peekOffset, 0)
  assert.equal(buffer.peekLength, 652)
  assert.deepEqual(buffer.ring.slice(0, 652), stream(2048, 652))
})

test('RFC 2018 4: the range of the last out-of-order arrival is known', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 10)
  assert.equal(buffer.recentRange, -1)
  buffer.insert(10, stream(0, 10), 0, 10)
  buffer.insert(50, stream(0, 10), 0, 10)
  buffer.insert(30, stream(0, 10), 0, 10)
  assert.equal(buffer.recentRange, 1)
  assert.equal(buffer.findRange(55), 2)
  assert.equal(buffer.findRange(45), -1)
  buffer.insert(0, stream(0, 12), 0, 12)
  assert.equal(buffer.recentRange, 0)
})

test('what the caller must not do throws RangeError and changes nothing', () => {
  const pool = new RingPool(0)
  const buffer = new ReceiveBuffer(pool, 1000, 10)
  assert.throws(() => buffer.insert(0, stream(0, 1001), 0, 1001), RangeError)
  assert.throws(() => buffer.insert(990, stream(0, 11), 0, 11), RangeError)
  assert.throws(() => buffer.insert(-1, stream(0, 11), 0, 11), RangeError)
  assert.throws(() => buffer.insert(5, stream(0, 11), 0, -1), RangeError)
  assert.throws(() => buffer.consume(1), RangeError)
  assert.equal(pool.lent, 0)
  buffer.insert(0, stream(0, 600), 0, 600)
  assert.throws(() => buffer.insert(0, stream(0, 401), 0, 401), RangeError)
  assert.throws(() => buffer.consume(601), RangeError)
  assert.throws(() => buffer.consume(-1), RangeError)
  assert.equal(buffer.read(new Uint8Array(10), 0, -1), 0)
  assert.throws(() => buffer.read(new Uint8Array(10), 0, 11), RangeError)
  assert.equal(buffer.readable, 600)
  assert.equal(buffer.insert(0, stream(600, 400), 0, 400), 400)
  assert.equal(buffer.free, 0)
})

test('setCapacity moves the bound in both directions and drops nothing', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 1000, 10)
  buffer.insert(0, stream(0, 1000), 0, 1000)
  buffer.setCapacity(3000)
  assert.equal(buffer.capacity, 3000)
  assert.equal(buffer.insert(0, stream(1000, 2000), 0, 2000), 2000)
  buffer.setCapacity(500)
  assert.equal(buffer.free, 0)
  buffer.consume(2600)
  assert.equal(buffer.free, 100)
  assert.deepEqual(readAll(buffer), stream(2600, 400))
})

test('clear drops read and unread octets and ranges, and returns the memory once', () => {
  const pool = new RingPool(1 << 20)
  const buffer = new ReceiveBuffer(pool, 7000, 10)
  buffer.insert(0, stream(0, 10), 0, 10)
  buffer.insert(100, stream(20, 10), 0, 10)
  buffer.clear()
  buffer.clear()
  assert.deepEqual([buffer.readable, buffer.outOfOrder, buffer.rangeCount, pool.lent], [0, 0, 0, 0])
  assert.equal(pool.kept, 2048)
})

/** The oracle: offset from the first unread octet -> octet; who arrives first stays. */
class SlowReceiveBuffer {
  octets = new Map<number, number>()
  next = 0

  insert(offset: number, bytes: Uint8Array): number {
    for (let i = 0; i < bytes.length; i++) {
      const at = this.next + offset + i
      if (!this.octets.has(at)) this.octets.set(at, bytes[i]!)
    }
    const before = this.next
    while (this.octets.has(this.next)) this.next++
    return this.next - before
  }

  ranges(): number {
    let count = 0
    for (const at of this.octets.keys()) if (at > this.next && !this.octets.has(at - 1)) count++
    return count
  }

  read(n: number): number[] {
    const result = Array.from({ length: Math.min(n, this.next) }, (_, i) => this.octets.get(i)!)
    this.octets = new Map(
      [...this.octets].filter(([at]) => at >= result.length).map(([at, o]) => [at - result.length, o]),
    )
    this.next -= result.length
    return result
  }
}

const near = fc.oneof(fc.constant(0), fc.nat(400), fc.nat(5200))
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('insert' as const), at: near, n: fc.nat(600), fill: fc.nat(255) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      at: fc.nat(0),
      n: fc.nat(2500),
      fill: fc.nat(0),
    }),
  },
)

test('the receive buffer agrees with a map of octets, whatever arrives in whatever order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5200 }),
      fc.nat(8),
      fc.array(operation, { maxLength: 60 }),
      (capacity, maxRanges, operations) => {
        const pool = new RingPool(1 << 16)
        const buffer = new ReceiveBuffer(pool, capacity, maxRanges)
        const model = new SlowReceiveBuffer()
        for (const { do: what, at, n, fill } of operations) {
          if (what === 'insert') {
            // The caller's part of the contract: the segment is cut to the window.
            const offset = Math.min(at, buffer.free)
            const bytes = new Uint8Array(Math.min(n, buffer.free - offset)).map((_, i) => fill + 3 * i)
            const padded = new Uint8Array(bytes.length + 9).fill(0xaa)
            padded.set(bytes, 4)
            const saved = new Map(model.octets)
            const had = model.ranges()
            const savedNext = model.next
            const advanced = model.insert(offset, bytes)
            if (offset > 0 && model.ranges() > had && model.ranges() > maxRanges) {
              model.octets = saved
              model.next = savedNext
              assert.equal(buffer.insert(offset, padded, 4, bytes.length), REASSEMBLY_FULL)
            } else {
              assert.equal(buffer.insert(offset, padded, 4, bytes.length), advanced)
            }
          } else {
            const target = new Uint8Array(n + 2)
            const count = buffer.read(target, 1, n)
            assert.deepEqual([...target.slice(1, 1 + count)], model.read(n))
          }
          // Another connection uses what the pool has got back.
          for (const size of [2048, 4096, 8192]) {
            const ring = pool.take(size)
            ring.fill(0xee)
            pool.release(ring)
          }
          assert.equal(buffer.readable, model.next)
          assert.equal(buffer.outOfOrder, model.octets.size - model.next)
          assert.equal(buffer.rangeCount, model.ranges())
          assert.equal(pool.lent, model.octets.size === 0 ? 0 : buffer.ring.length)
        }
        assert.deepEqual([...readAll(buffer)], model.read(model.next))
      },
    ),
    { numRuns: 300 },
  )
})

test('a whole stream arrives whole, in any order of its segments, with duplicates and other cuts', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(9000), fc.integer({ min: 1, max: 1460 })), { maxLength: 80 }),
      (segments) => {
        const total = 9000
        const buffer = new ReceiveBuffer(new RingPool(0), total, 100)
        const data = stream(0, total)
        let next = 0
        const arrive = (start: number, length: number) => {
          const from = Math.max(start, next)
          const end = Math.min(start + length, total)
          if (from < end) next += Math.max(0, buffer.insert(from - next, data, from, end - from))
        }
        for (const [start, length] of segments) arrive(start, length)
        for (let start = 0; start < total; start += 536) arrive(start, 536)
        assert.equal(next, total)
        assert.deepEqual(readAll(buffer), data)
      },
    ),
  )
})

test('what waits behind a hole that will not fill is dropped, and its memory goes back unless something can be read', () => {
  const pool = new RingPool(4096)
  const buffer = new ReceiveBuffer(pool, 5000, 10)
  buffer.insert(0, stream(0, 10), 0, 10)
  buffer.insert(5, stream(15, 10), 0, 10)
  buffer.dropOutOfOrder()
  assert.deepEqual([buffer.readable, buffer.outOfOrder, buffer.hasGaps, pool.lent], [10, 0, false, 2048])
  assert.deepEqual(readAll(buffer), stream(0, 10))
  buffer.insert(5, stream(15, 10), 0, 10)
  assert.equal(pool.lent, 2048)
  buffer.dropOutOfOrder()
  assert.deepEqual([buffer.outOfOrder, pool.lent], [0, 0])
})

test('how often a range was moved is counted: one that comes between two others moves the shorter side', () => {
  const buffer = new ReceiveBuffer(new RingPool(0), 5000, 10)
  for (const offset of [10, 20, 30, 50, 70]) buffer.insert(offset, stream(offset, 5), 0, 5)
  const before = buffer.moves
  buffer.insert(60, stream(60, 5), 0, 5)
  assert.equal(buffer.moves - before, 1)
})
