import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  DYNAMIC_PORTS,
  PortSelector,
  portRange,
  REGISTERED_PORTS,
  WELL_KNOWN_PORTS,
} from '../../src/stack/ports.ts'

const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i)

test('the ranges are 0-1023, 1024-49151 and 49152-65535, without a gap', () => {
  for (const [port, range] of [
    [0, 'well-known'],
    [80, 'well-known'],
    [1023, 'well-known'],
    [1024, 'registered'],
    [49151, 'registered'],
    [49152, 'dynamic'],
    [65535, 'dynamic'],
  ] as const) {
    assert.equal(portRange(port), range, `${port}`)
  }
  assert.equal(WELL_KNOWN_PORTS.first, 0)
  assert.equal(REGISTERED_PORTS.first, WELL_KNOWN_PORTS.last + 1)
  assert.equal(DYNAMIC_PORTS.first, REGISTERED_PORTS.last + 1)
  assert.equal(DYNAMIC_PORTS.last, 65535)
})

test('what is no port has no range', () => {
  for (const port of [-1, 65536, 1.5, NaN, Infinity]) assert.throws(() => portRange(port), RangeError)
})

test('a range without ports or beyond 1 to 65535 is refused', () => {
  for (const [min, max] of [
    [0, 10],
    [10, 9],
    [1, 65536],
    [1.5, 10],
    [NaN, 10],
  ] as const) {
    assert.throws(() => new PortSelector(SECRET, () => 0, { min, max }), RangeError, `${min} to ${max}`)
  }
})

test('a free port of the range is found whenever there is one, and -1 when there is none', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 1, max: 65535 }),
      fc.nat(300),
      fc.array(fc.nat(300), { maxLength: 3 }),
      fc.integer(),
      (key, min, width, free, seed) => {
        const max = Math.min(65535, min + width)
        const open = new Set(free.map((offset) => min + offset).filter((port) => port <= max))
        const selector = new PortSelector(key, generator(seed), { min, max })
        for (let turn = 0; turn < 5; turn++) {
          const asked: number[] = []
          const port = select(selector, 443, (candidate) => {
            asked.push(candidate)
            return open.has(candidate)
          })
          if (open.size === 0) assert.equal(port, -1)
          else assert.ok(open.has(port))
          assert.equal(new Set(asked).size, asked.length, 'asks about a port once')
          assert.ok(asked.every((candidate) => candidate >= min && candidate <= max))
        }
      },
    ),
  )
})

test('the dynamic ports unless told otherwise: all 16384 can be in use to one destination, and then none is left', () => {
  const selector = new PortSelector(SECRET, generator(1))
  const used = new Set<number>()
  for (let i = 0; i < 16384; i++) {
    const port = select(selector, 80, (candidate) => !used.has(candidate))
    assert.equal(portRange(port), 'dynamic')
    used.add(port)
  }
  assert.equal(used.size, 16384)
  assert.equal(
    select(selector, 80, (candidate) => !used.has(candidate)),
    -1,
  )
  used.delete(50_000)
  assert.equal(
    select(selector, 80, (candidate) => !used.has(candidate)),
    50_000,
  )
})

test('RFC 6056 3.3.4: a port given back is not chosen again within an eighth of the range', () => {
  for (const [min, max, apart] of [
    [49152, 65535, 16384 / 8],
    [1000, 1127, 128 / 8],
    [1000, 1015, 16],
    [1000, 1004, 5],
  ] as const) {
    const selector = new PortSelector(SECRET, generator(7), { min, max })
    const lastSeen = new Map<number, number>()
    for (let i = 0; i < 20_000; i++) {
      const port = select(selector, 80, () => true)
      const before = lastSeen.get(port)
      if (before !== undefined)
        assert.ok(i - before >= apart, `${port} after ${i - before} of ${max - min + 1}`)
      lastSeen.set(port, i)
    }
  }
})

test('first ports to different destinations are spread evenly over the range', () => {
  const selector = new PortSelector(SECRET, generator(3))
  const bins = new Float64Array(64)
  const selections = 64 * 500
  for (let i = 0; i < selections; i++) {
    bins[(select(selector, i, () => true) - DYNAMIC_PORTS.first) >> 8]! += 1
  }
  let chiSquare = 0
  for (const count of bins) chiSquare += (count - 500) ** 2 / 500
  // 63 degrees of freedom: mean 63, deviation 11.2; five deviations either way.
  assert.ok(chiSquare > 20 && chiSquare < 120, `${chiSquare}`)
})

test('successive ports to one destination are not successive numbers alone', () => {
  const selector = new PortSelector(SECRET, generator(5))
  const strides = new Set<number>()
  let last = select(selector, 80, () => true)
  for (let i = 0; i < 1000; i++) {
    const port = select(selector, 80, () => true)
    strides.add((port - last + 16384) % 16384)
    last = port
  }
  assert.deepEqual(
    [...strides].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  )
})

test('the walk of one destination tells nothing of the walk of another', () => {
  const differences = new Set<number>()
  for (let other = 1; other <= 200; other++) {
    const selector = new PortSelector(SECRET, () => 0)
    differences.add(select(selector, 80, () => true) - select(selector, 80 + other, () => true))
  }
  assert.ok(differences.size > 190, `${differences.size} of 200 differences`)
})

test('every word of the destination counts, and so does the secret', () => {
  const first = (secret: Uint8Array, words: number[]) =>
    new PortSelector(secret, () => 0).select(
      ...(words as [number, number, number, number, number, number, number, number, number]),
      () => true,
    )
  const words = [0, 0, 0xffff, 1, 0, 0, 0xffff, 2, 80]
  const ports = new Set([first(SECRET, words), first(new Uint8Array(16), words)])
  for (let word = 0; word < words.length; word++) {
    const other = words.slice()
    other[word]! ^= 1
    ports.add(first(SECRET, other))
  }
  assert.equal(ports.size, 2 + words.length)
})

function select(selector: PortSelector, remotePort: number, isFree: (port: number) => boolean): number {
  return selector.select(0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002, remotePort, isFree)
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
