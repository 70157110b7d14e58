import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assembler } from '../../src/storage/assembler.ts'
import fc from '../property.ts'

type Ranges = [number, number][]

function ranges(assembler: Assembler): Ranges {
  return Array.from({ length: assembler.count }, (_, i) => [assembler.start(i), assembler.end(i)])
}

function gaps(assembler: Assembler, from: number, end: number): Ranges {
  const found: Ranges = []
  for (let gap = assembler.nextGap(from, end); gap < end; ) {
    const covered = assembler.nextCovered(gap, end)
    found.push([gap, covered])
    gap = assembler.nextGap(covered, end)
  }
  return found
}

/** The oracle: a set of offsets, and the runs in it. */
class SlowAssembler {
  octets = new Set<number>()
  recentOctet = -1
  readonly #maxRanges: number

  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges
  }

  ranges(): Ranges {
    const found: Ranges = []
    for (const octet of [...this.octets].sort((a, b) => a - b)) {
      const last = found.at(-1)
      if (last?.[1] === octet) last[1]++
      else found.push([octet, octet + 1])
    }
    return found
  }

  add(start: number, end: number): boolean {
    const before = new Set(this.octets)
    const had = this.ranges().length
    for (let octet = start; octet < end; octet++) this.octets.add(octet)
    const has = this.ranges().length
    if (has > had && has > this.#maxRanges) {
      this.octets = before
      return false
    }
    if (start < end) this.recentOctet = end - 1
    return true
  }

  advance(n: number): void {
    // The recent range is known by its last octet, which is the last to go.
    if (this.recentOctet >= 0) {
      const range = this.ranges().find(([start, end]) => start <= this.recentOctet && this.recentOctet < end)
      this.recentOctet = range === undefined || range[1] <= n ? -1 : range[1] - 1 - n
    }
    this.octets = new Set([...this.octets].filter((octet) => octet >= n).map((octet) => octet - n))
  }

  gaps(from: number, end: number): Ranges {
    const missing = new SlowAssembler(Number.POSITIVE_INFINITY)
    for (let octet = from; octet < end; octet++) if (!this.octets.has(octet)) missing.octets.add(octet)
    return missing.ranges()
  }
}

test('ranges that overlap or touch become one, whatever the side', () => {
  const assembler = new Assembler(10)
  assembler.add(10, 20)
  assembler.add(30, 40)
  assembler.add(50, 60)
  assert.deepEqual(ranges(assembler), [
    [10, 20],
    [30, 40],
    [50, 60],
  ])
  assembler.add(20, 22)
  assembler.add(28, 30)
  assert.deepEqual(ranges(assembler), [
    [10, 22],
    [28, 40],
    [50, 60],
  ])
  assembler.add(22, 28)
  assert.deepEqual(ranges(assembler), [
    [10, 40],
    [50, 60],
  ])
  assembler.add(0, 100)
  assert.deepEqual(ranges(assembler), [[0, 100]])
  assert.equal(assembler.octets, 100)
})

test('one range more than maxRanges is refused and changes nothing, while ranges that merge are taken', () => {
  const assembler = new Assembler(2)
  assert.equal(assembler.add(10, 20), true)
  assert.equal(assembler.add(30, 40), true)
  for (const [start, end] of [
    [0, 5],
    [22, 28],
    [50, 60],
  ] as const) {
    assert.equal(assembler.accepts(start, end), false)
    assert.equal(assembler.add(start, end), false)
  }
  assert.deepEqual(ranges(assembler), [
    [10, 20],
    [30, 40],
  ])
  assert.equal(assembler.recent, 1)
  assert.equal(assembler.octets, 20)
  assert.equal(assembler.accepts(15, 35), true)
  assert.equal(assembler.add(15, 35), true)
  assert.equal(assembler.accepts(50, 60), true)
  assert.equal(new Assembler(0).add(1, 2), false)
})

test('contiguous is the length of the range at the base, and advance forgets what the base has passed', () => {
  const assembler = new Assembler(10)
  assert.equal(assembler.contiguous(), 0)
  assembler.add(10, 20)
  assembler.add(30, 40)
  assert.equal(assembler.contiguous(), 0)
  assembler.add(0, 10)
  assert.equal(assembler.contiguous(), 20)
  assembler.advance(5)
  assert.deepEqual(ranges(assembler), [
    [0, 15],
    [25, 35],
  ])
  assembler.advance(15)
  assert.deepEqual(ranges(assembler), [[10, 20]])
  assert.equal(assembler.contiguous(), 0)
  assembler.advance(1000)
  assert.equal(assembler.count, 0)
  assert.equal(assembler.octets, 0)
})

test('RFC 2018 4: the range of the last arrival is known, also after merges and moves of the base', () => {
  const assembler = new Assembler(10)
  assert.equal(assembler.recent, -1)
  assembler.add(10, 20)
  assembler.add(50, 60)
  assembler.add(30, 40)
  assert.equal(assembler.recent, 1)
  assembler.add(12, 15)
  assert.equal(assembler.recent, 0)
  assembler.add(40, 50)
  assert.deepEqual([assembler.recent, assembler.start(1), assembler.end(1)], [1, 30, 60])
  assembler.advance(25)
  assert.equal(assembler.recent, 0)
  assembler.advance(35)
  assert.equal(assembler.recent, -1)
})

test('find names the range of an octet, and of its first and last octet only', () => {
  const assembler = new Assembler(10)
  for (const start of [10, 30, 50, 70]) assembler.add(start, start + 10)
  for (const [i, start] of [10, 30, 50, 70].entries()) {
    assert.equal(assembler.find(start - 1), -1)
    assert.equal(assembler.find(start), i)
    assert.equal(assembler.find(start + 9), i)
    assert.equal(assembler.find(start + 10), -1)
  }
})

test('nextGap and nextCovered stay within the octets asked about', () => {
  const assembler = new Assembler(10)
  assembler.add(10, 20)
  assert.deepEqual(
    [assembler.nextGap(5, 30), assembler.nextGap(12, 30), assembler.nextGap(12, 15)],
    [5, 20, 15],
  )
  assert.deepEqual([assembler.nextCovered(5, 30), assembler.nextCovered(5, 8)], [10, 8])
  assert.deepEqual([assembler.nextCovered(12, 30), assembler.nextCovered(20, 30)], [12, 30])
})

test('clear forgets all; an empty range changes nothing; a range out of bounds throws', () => {
  const assembler = new Assembler(10)
  assert.equal(assembler.add(7, 7), true)
  assert.equal(assembler.count, 0)
  assembler.add(1, 2 ** 30)
  assert.equal(assembler.octets, 2 ** 30 - 1)
  assembler.clear()
  assert.deepEqual([assembler.count, assembler.octets, assembler.recent], [0, 0, -1])
  assert.throws(() => assembler.add(-1, 5), RangeError)
  assert.throws(() => assembler.add(5, 4), RangeError)
  assert.throws(() => assembler.add(0, 2 ** 30 + 1), RangeError)
  assert.equal(assembler.count, 0)
})

test('the base may move through the whole sequence space, over both wraps of int32', () => {
  const assembler = new Assembler(10)
  for (let moved = 0; moved < 6 * 2 ** 30; moved += 2 ** 29) {
    assembler.add(2 ** 30 - 8, 2 ** 30 - 4)
    assembler.add(2 ** 29 + 8, 2 ** 29 + 12)
    assembler.advance(2 ** 29)
    assert.deepEqual(gaps(assembler, 0, 20), [
      [0, 8],
      [12, 20],
    ])
    assert.deepEqual(ranges(assembler).at(-1), [2 ** 29 - 8, 2 ** 29 - 4])
    assembler.add(0, 2 ** 29)
    assert.equal(assembler.contiguous(), 2 ** 29)
    assembler.advance(2 ** 29 - 4)
    assembler.advance(4)
    assert.equal(assembler.count, 0)
  }
})

// Short segments leave many ranges, long ones merge many; the base moves seldom enough for both.
const operation = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('add' as const), at: fc.nat(300), n: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), at: fc.nat(300), n: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), at: fc.nat(60), n: fc.nat(0) }) },
)

test('the assembler agrees with a set of octets, whatever arrives in whatever order', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.array(operation, { maxLength: 150, size: 'max' }), (maxRanges, operations) => {
      const assembler = new Assembler(maxRanges)
      const model = new SlowAssembler(maxRanges)
      for (const { do: what, at, n } of operations) {
        if (what === 'add') {
          const accepts = assembler.accepts(at, at + n)
          assert.deepEqual(gaps(assembler, at, at + n), model.gaps(at, at + n))
          const added = assembler.add(at, at + n)
          assert.equal(added, model.add(at, at + n))
          assert.equal(accepts, added)
        } else {
          assembler.advance(at)
          model.advance(at)
        }
        const expected = model.ranges()
        assert.deepEqual(ranges(assembler), expected)
        assert.equal(assembler.octets, model.octets.size)
        assert.equal(assembler.contiguous(), expected[0]?.[0] === 0 ? expected[0][1] : 0)
        assert.equal(assembler.recent, model.recentOctet < 0 ? -1 : assembler.find(model.recentOctet))
      }
    }),
    { numRuns: 150 },
  )
})

test('segments of one octet cost a constant number of moves each, however many ranges they leave', () => {
  const n = 20_000
  const orders: Record<string, (i: number) => number> = {
    'in reverse, touching': (i) => n - i,
    'odd octets, ascending': (i) => 2 * i + 1,
    'odd octets, descending': (i) => 2 * (n - i) + 1,
    'from outside the ranges on both sides': (i) => 2 * n + (i % 2 === 0 ? i : -i - 1),
  }
  for (const [name, order] of Object.entries(orders)) {
    const assembler = new Assembler(n)
    for (let i = 0; i < n; i++) assembler.add(order(i), order(i) + 1)
    assert.ok(assembler.moves <= 4 * n, `${name}: ${assembler.moves} moves for ${n} segments`)
    const expected = [...Array(n).keys()].map((i) => order(i)).sort((a, b) => a - b)
    assert.equal(assembler.octets, n)
    if (name === 'in reverse, touching') assert.deepEqual(ranges(assembler), [[1, n + 1]])
    else
      assert.deepEqual(
        ranges(assembler),
        expected.map((octet) => [octet, octet + 1]),
      )
  }
})

test('a merge moves the shorter side over the ranges it ends', () => {
  for (const [from, least] of [
    [6, 2],
    [186, 1],
  ] as const) {
    const assembler = new Assembler(100)
    for (let i = 0; i < 50; i++) assembler.add(4 * i, 4 * i + 2)
    const before = assembler.moves
    assembler.add(from, from + 8)
    assert.equal(assembler.moves - before, least)
    assert.equal(assembler.count, 48)
  }
})

test('ranges that fill from both ends inwards move at most half of those held', () => {
  const assembler = new Assembler(1000)
  for (let i = 0; i < 1000; i++) {
    const before = assembler.moves
    const octet = i % 2 === 0 ? i + 1 : 4000 - i
    assembler.add(octet, octet + 1)
    // Making room doubles the array, which moves all, ten times at most.
    assert.ok(assembler.moves - before <= i / 2 + (assembler.moves > before ? i : 0))
  }
  assert.equal(assembler.count, 1000)
  assert.ok(assembler.moves <= 1000 * 250 + 4000, `${assembler.moves} moves`)
})

test('in any order at all, a segment moves at most a constant number of times maxRanges', () => {
  const maxRanges = 64
  fc.assert(
    fc.property(fc.array(fc.nat(2000), { minLength: 500, maxLength: 1500 }), (octets) => {
      const assembler = new Assembler(maxRanges)
      for (const octet of octets) {
        const before = assembler.moves
        assembler.add(octet, octet + 1)
        assert.ok(assembler.moves - before <= 2 * maxRanges)
      }
      assert.ok(assembler.moves <= octets.length * (maxRanges / 2 + 4), `${assembler.moves} moves`)
    }),
    { numRuns: 50 },
  )
})

test('a stream with a standing hole moves ranges a constant number of times, however far the base goes', () => {
  const assembler = new Assembler(1000)
  const segments = 50_000
  for (let i = 0; i < segments; i++) {
    assembler.add(20, 22) // Ranges start at 20, 16, ... 4: the base passes one for each that is added.
    assembler.advance(4)
  }
  assert.ok(assembler.moves <= 4 * segments, `${assembler.moves} moves`)
  assert.equal(assembler.count, 5)
})

test('a range that only grows moves no other, and of two equal sides a merge moves one', () => {
  const assembler = new Assembler(10)
  for (let i = 0; i < 6; i++) assembler.add(10 * i + 5, 10 * i + 8)
  const before = assembler.moves
  assembler.add(26, 30)
  assert.equal(assembler.moves, before)
  assembler.add(28, 36)
  assert.equal(assembler.moves - before, 2)
  assert.equal(assembler.count, 5)
})

test('moves count what doubling the array copies', () => {
  const assembler = new Assembler(1000)
  let before = 0
  for (let i = 0; i < 1000; i++) {
    assembler.add(2 * i + 1, 2 * i + 2)
    assert.ok(assembler.moves >= before)
    before = assembler.moves
  }
  assert.ok(assembler.moves >= 500)
})

test('a standing hole needs one small array, however far the base goes', () => {
  const RealArray = globalThis.Int32Array
  const lengths: number[] = []
  globalThis.Int32Array = new Proxy(RealArray, {
    construct(real, [length]: [number]) {
      lengths.push(length)
      return new real(length)
    },
  })
  try {
    const assembler = new Assembler(1000)
    for (let i = 0; i < 1000; i++) {
      assembler.add(10, 12)
      assembler.advance(4)
    }
    assert.equal(assembler.count, 2)
  } finally {
    globalThis.Int32Array = RealArray
  }
  // Eight ranges, of two numbers each.
  assert.deepEqual(lengths, [16])
})
