import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InitialNumbers } from '../../src/stack/isn.ts'
import { Path } from '../../src/tcp/path.ts'
import { Address } from '../../src/wire/address.ts'
import fc from '../property.ts'

type Sockets = [number, number, number, number, number, number, number, number, number, number]

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const port = fc.integer({ min: 0, max: 65535 })
const sockets: fc.Arbitrary<Sockets> = fc.tuple(
  int32,
  int32,
  int32,
  int32,
  int32,
  int32,
  int32,
  int32,
  port,
  port,
)
const secret = fc.uint8Array({ minLength: 16, maxLength: 16 })
const nowUs = fc.integer({ min: 0, max: 2 ** 52 })

const LOCAL = 0x0a000001
const REMOTE = 0x0a000002

test('MUST-8: the ISN of the same sockets advances by one each four microseconds, modulo 2^32', () => {
  fc.assert(
    fc.property(secret, sockets, nowUs, fc.integer({ min: 0, max: 2 ** 40 }), (key, at, start, later) => {
      const numbers = new InitialNumbers(key)
      const ticks = BigInt(Math.floor((start + later) / 4)) - BigInt(Math.floor(start / 4))
      const advance =
        numbers.sequenceNumber(pathOf(at), start + later) - numbers.sequenceNumber(pathOf(at), start)
      assert.equal(advance | 0, Number(BigInt.asIntN(32, ticks)))
    }),
  )
})

test('MUST-8: the clock comes round after 2^32 ticks and not before', () => {
  const numbers = new InitialNumbers(new Uint8Array(16))
  const at = tuple(80, 50000)
  const first = numbers.sequenceNumber(pathOf(at), 0)
  assert.equal(numbers.sequenceNumber(pathOf(at), 3), first)
  assert.equal(numbers.sequenceNumber(pathOf(at), 4), (first + 1) | 0)
  assert.equal(numbers.sequenceNumber(pathOf(at), 4 * 2 ** 32 - 4), (first - 1) | 0)
  assert.equal(numbers.sequenceNumber(pathOf(at), 4 * 2 ** 32), first)
  assert.equal(first, first | 0)
})

test('SHLD-1, RFC 6528 3 (a): every word of both sockets and the secret count', () => {
  fc.assert(
    fc.property(
      secret,
      sockets,
      nowUs,
      fc.nat(9),
      fc.nat(15),
      fc.integer({ min: 1, max: 255 }),
      (...given) => {
        const [key, at, now, word, octet, change] = given
        const numbers = new InitialNumbers(key)
        const other: Sockets = [...at]
        other[word]! ^= change
        assert.notEqual(numbers.sequenceNumber(pathOf(at), now), numbers.sequenceNumber(pathOf(other), now))
        assert.notEqual(numbers.timestampOffset(pathOf(at)), numbers.timestampOffset(pathOf(other)))
        const otherKey = key.slice()
        otherKey[octet]! ^= change
        assert.notEqual(
          numbers.sequenceNumber(pathOf(at), now),
          new InitialNumbers(otherKey).sequenceNumber(pathOf(at), now),
        )
      },
    ),
    // A pair of equal 32-bit values is no defect, only unlikely: a fixed seed keeps the test from meeting one.
    { seed: 9293 },
  )
})

test('local and remote are not interchangeable: a simultaneous open has two numbers', () => {
  const numbers = new InitialNumbers(new Uint8Array(16))
  const here: Sockets = [0, 0, 0xffff, LOCAL, 0, 0, 0xffff, REMOTE, 5000, 6000]
  const there: Sockets = [0, 0, 0xffff, REMOTE, 0, 0, 0xffff, LOCAL, 6000, 5000]
  assert.notEqual(numbers.sequenceNumber(pathOf(here), 0), numbers.sequenceNumber(pathOf(there), 0))
})

test('MUST-9, RFC 6528 3 (b): ISNs of neighbouring ports tell nothing: each bit changes in half of all pairs', () => {
  const numbers = new InitialNumbers(Uint8Array.from({ length: 16 }, (_, i) => 17 * i))
  const pairs = 20_000
  const flips = new Float64Array(32)
  for (let i = 0; i < pairs; i++) {
    const difference =
      numbers.sequenceNumber(pathOf(tuple(80, i)), 0) ^ numbers.sequenceNumber(pathOf(tuple(80, i + 1)), 0)
    for (let bit = 0; bit < 32; bit++) flips[bit]! += (difference >>> bit) & 1
  }
  // Six standard deviations of a binomial distribution about the half.
  for (const flipped of flips) assert.ok(Math.abs(flipped - pairs / 2) < 3 * Math.sqrt(pairs), `${flipped}`)
})

test('RFC 7323 7, 7.1: a timestamp offset is fixed for its sockets and is not the sequence number', () => {
  fc.assert(
    fc.property(secret, sockets, (key, at) => {
      const numbers = new InitialNumbers(key)
      const offset = numbers.timestampOffset(pathOf(at))
      assert.equal(offset, offset | 0)
      assert.equal(new InitialNumbers(key).timestampOffset(pathOf(at)), offset)
      assert.notEqual(offset, numbers.sequenceNumber(pathOf(at), 0))
    }),
    { seed: 7323 },
  )
})

test('a port scanner that probes six times from successive ports finds no sequence to predict', () => {
  // nmap's measure: six SYNs 100 ms apart; the distances' common divisor; 8 log2 of the deviation of their rates.
  const scans = 2000
  let withoutCommonDivisor = 0
  let lowest = Infinity
  for (let scan = 0; scan < scans; scan++) {
    const key = Uint8Array.from({ length: 16 }, (_, i) => (scan * 31 + i * i * 7) & 0xff)
    key[0] = scan & 0xff
    key[1] = scan >> 8
    const numbers = new InitialNumbers(key)
    const seen = Array.from(
      { length: 6 },
      (_, i) => numbers.sequenceNumber(pathOf(tuple(80, 40_000 + i)), i * 100_000) >>> 0,
    )
    const { divisor, index } = predictability(seen, 0.1)
    if (divisor === 1) withoutCommonDivisor++
    lowest = Math.min(lowest, index)
  }
  assert.ok(lowest > 200, `the lowest index is ${lowest}`)
  // Five random numbers have no common divisor with probability 1 / zeta(5) = 0.9644.
  const expected = 0.9644 * scans
  assert.ok(Math.abs(withoutCommonDivisor - expected) < 40, `${withoutCommonDivisor} of ${scans}`)
})

test('the measure itself finds the old clock-driven and constant-step generators predictable', () => {
  assert.ok(predictability([0, 64_000, 128_000, 192_000, 256_000, 320_000], 0.1).index < 10)
  assert.equal(predictability([0, 64_000, 192_000, 256_000, 320_000, 448_000], 0.1).divisor, 64_000)
})

function pathOf(at: Sockets): Path {
  const [l0, l1, l2, l3, r0, r1, r2, r3, localPort, remotePort] = at
  const path = new Path()
  path.setSockets(new Address(6, l0, l1, l2, l3), localPort, new Address(6, r0, r1, r2, r3), remotePort)
  return path
}

function tuple(localPort: number, remotePort: number): Sockets {
  return [0, 0, 0xffff, LOCAL, 0, 0, 0xffff, REMOTE, localPort, remotePort]
}

function predictability(seen: number[], seconds: number): { divisor: number; index: number } {
  const distances: number[] = []
  for (let i = 1; i < seen.length; i++) {
    const ahead = (seen[i]! - seen[i - 1]!) >>> 0
    distances.push(Math.min(ahead, 2 ** 32 - ahead))
  }
  const divisor = distances.reduce((a, b) => {
    while (b !== 0) [a, b] = [b, a % b]
    return a
  })
  const scale = divisor > 9 ? divisor : 1
  const rates = distances.map((distance) => distance / seconds)
  const mean = rates.reduce((a, b) => a + b) / rates.length
  const variance = rates.reduce((a, b) => a + ((b - mean) / scale) ** 2, 0) / (rates.length - 1)
  return { divisor, index: variance < 1 ? 0 : Math.round(8 * Math.log2(Math.sqrt(variance))) }
}
