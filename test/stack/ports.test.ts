import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DYNAMIC_PORTS,
  PortSelector,
  portRange,
  REGISTERED_PORTS,
  WELL_KNOWN_PORTS,
} from '../../src/stack/ports.ts'
import fc from '../property.ts'

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
    assert.throws(() => new PortSelector(() => 0, { min, max }), RangeError, `${min} to ${max}`)
  }
})

/** A cheap generator: the tests need variety, not quality. */
function generator(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  }
}

test('a free port of the range is found whenever there is one, and -1 when there is none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 65535 }),
      fc.nat(300),
      fc.array(fc.nat(300), { maxLength: 3 }),
      fc.integer(),
      (min, width, free, seed) => {
        const max = Math.min(65535, min + width)
        const open = new Set(free.map((offset) => min + offset).filter((port) => port <= max))
        const selector = new PortSelector(generator(seed), { min, max })
        for (let turn = 0; turn < 5; turn++) {
          const port = selector.select((candidate) => open.has(candidate))
          if (open.size === 0) assert.equal(port, -1)
          else assert.ok(open.has(port), `${port}`)
        }
      },
    ),
  )
})

test('RFC 6056 3.3.5 (a): every step is 1 to 500 ports, and steps differ', () => {
  const selector = new PortSelector(generator(7))
  const count = DYNAMIC_PORTS.last - DYNAMIC_PORTS.first + 1
  const steps = new Set<number>()
  let last = selector.select(() => true)
  for (let i = 0; i < 2000; i++) {
    const port = selector.select(() => true)
    assert.ok(port >= DYNAMIC_PORTS.first && port <= DYNAMIC_PORTS.last)
    const step = (port - last + count) % count
    assert.ok(step >= 1 && step <= 500, `${step}`)
    steps.add(step)
    last = port
  }
  assert.ok(steps.size > 400, `${steps.size} different steps`)
})

test('a port is not used again at once, even in a small range', () => {
  const selector = new PortSelector(generator(3), { min: 50_000, max: 50_063 })
  const recent: number[] = []
  for (let i = 0; i < 500; i++) {
    const port = selector.select(() => true)
    assert.ok(!recent.includes(port), `${port} again after ${recent.length}`)
    recent.push(port)
    if (recent.length > 8) recent.shift()
  }
})

test('each port is asked about at most once', () => {
  let asked = 0
  const selector = new PortSelector(generator(1), { min: 1000, max: 1999 })
  assert.equal(
    selector.select(() => {
      asked++
      return false
    }),
    -1,
  )
  assert.equal(asked, 1000)
})
