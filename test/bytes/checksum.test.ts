import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  foldChecksum,
  foldSum,
  sumWords,
  updateChecksum16,
  updateChecksum32,
} from '../../src/bytes/checksum.ts'
import fc from '../property.ts'

/** The slow oracle: RFC 1071 word by word, with a carry after each addition. */
function oracle(bytes: Uint8Array, offset: number, length: number, sum: number): number {
  let total = sum % 0xffff === 0 && sum > 0 ? 0xffff : sum % 0xffff
  for (let i = 0; i < length; i += 2) {
    const low = i + 1 < length ? bytes[offset + i + 1]! : 0
    total += bytes[offset + i]! * 256 + low
    if (total > 0xffff) total -= 0xffff
  }
  return total
}

function noise(length: number, seed: number): Uint8Array {
  let state = seed | 1
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1664525) + 1013904223
    return state >>> 24
  })
}

test('RFC 1071 3: the worked example sums to ddf2', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)
  assert.equal(sumWords(bytes, 0, 8, 0), 0xddf2)
  assert.equal(foldChecksum(0xddf2), 0x220d)
})

test('RFC 1071: every alignment, start and length of 0 to 200 octets sums as the oracle does', () => {
  const buffer = noise(260, 7).buffer
  for (let base = 0; base < 8; base++) {
    const bytes = new Uint8Array(buffer, base, 250)
    for (let offset = 0; offset < 8; offset++) {
      for (let length = 0; length <= 200; length++) {
        assert.equal(sumWords(bytes, offset, length, 77), oracle(bytes, offset, length, 77))
      }
    }
  }
})

test('RFC 1071: any octets, offset and running sum agree with the oracle', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 3000 }),
      fc.nat(64),
      fc.nat(64),
      fc.nat(0x3fffffff),
      (octets, skip, cut, sum) => {
        const offset = Math.min(skip, octets.length)
        const length = Math.max(0, octets.length - offset - cut)
        assert.equal(sumWords(octets, offset, length, sum), oracle(octets, offset, length, sum))
      },
    ),
    { numRuns: 2000 },
  )
})

test('sums of the largest packets and beyond need no carry that gets lost', () => {
  for (const length of [65535, 0x20000 - 1, 0x20000, 0x20001, 0x40003, 300_001]) {
    const ones = new Uint8Array(length + 3).fill(0xff)
    const mixed = noise(length + 3, length)
    for (const offset of [0, 1, 2, 3]) {
      assert.equal(sumWords(ones, offset, length, 0), oracle(ones, offset, length, 0))
      assert.equal(sumWords(mixed, offset, length, 0), oracle(mixed, offset, length, 0))
    }
  }
})

test('pieces of even length may be summed one after the other', () => {
  const bytes = noise(1000, 3)
  fc.assert(
    fc.property(fc.nat(499), (half) => {
      const cut = 2 * half
      const chained = sumWords(bytes, cut, 1000 - cut, sumWords(bytes, 0, cut, 0))
      assert.equal(chained, sumWords(bytes, 0, 1000, 0))
    }),
  )
})

test('many buffers in turn, and changes between calls, do not meet a stale view', () => {
  const all = [1, 2, 3, 4].map((seed) => noise(500 + seed, seed).subarray(seed))
  for (let round = 0; round < 20; round++) {
    for (const [i, bytes] of all.entries()) {
      bytes[round * 5 + i]! ^= 0x5a
      assert.equal(sumWords(bytes, i, 480, 0), oracle(bytes, i, 480, 0))
    }
  }
})

test('a sum of zeros is 0 and no other sum folds to 0', () => {
  assert.equal(sumWords(new Uint8Array(100), 0, 100, 0), 0)
  for (const sum of [1, 0xffff, 0x10000, 0x1fffe, 0x7fffffff, 0xffffffff]) assert.notEqual(foldSum(sum), 0)
  for (const sum of [0, 1, 0xffff, 0x10000, 0x1ffff, 0x7fffffff, 0xffffffff]) {
    assert.equal(foldSum(sum), sum === 0 ? 0 : sum % 0xffff || 0xffff)
  }
})

test('octets with their checksum among them sum to checksum 0', () => {
  const bytes = noise(60, 11)
  bytes[10] = bytes[11] = 0
  const check = foldChecksum(sumWords(bytes, 0, 60, 0))
  bytes[10] = check >>> 8
  bytes[11] = check & 0xff
  assert.equal(foldChecksum(sumWords(bytes, 0, 60, 0)), 0)
})

test('RFC 1624 4: the example that the older equation gets wrong', () => {
  assert.equal(updateChecksum16(0xdd2f, 0x5555, 0x3285), 0)
})

test('RFC 1624: updating equals summing again, for 16 and 32 bits', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.nat(30),
      fc.integer(),
      (octets, wordIndex, value) => {
        // One octet that stays keeps the sum from being all zeros, of which a checksum cannot be updated.
        octets[63] = 1
        const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
        const before = foldChecksum(sumWords(octets, 0, 64, 0))

        const old16 = view.getUint16(2 * wordIndex)
        view.setUint16(2 * wordIndex, value)
        const between = foldChecksum(sumWords(octets, 0, 64, 0))
        assert.equal(updateChecksum16(before, old16, value & 0xffff), between)

        const at = 2 * Math.min(wordIndex, 29)
        const old32 = view.getInt32(at)
        view.setInt32(at, ~value)
        assert.equal(updateChecksum32(between, old32, ~value), foldChecksum(sumWords(octets, 0, 64, 0)))
      },
    ),
    { numRuns: 3000 },
  )
})
