import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyOctets, NO_RING, ringRead, ringWrite } from '../../src/bytes/ring.ts'
import fc from '../property.ts'

/** The oracle: one octet at a time, each masked. */
function slowRingWrite(ring: Uint8Array, position: number, source: Uint8Array, from: number, length: number) {
  for (let i = 0; i < length; i++) ring[(position + i) % ring.length] = source[from + i]!
}

const SOURCE = Uint8Array.from({ length: 200 }, (_, i) => (i * 37 + 11) & 0xff)

test('copyOctets copies exactly the octets asked for, at every length about the change from loop to view', () => {
  for (let length = 0; length <= 64; length++) {
    const target = new Uint8Array(80)
    copyOctets(SOURCE, 5, target, 7, length)
    const expected = new Uint8Array(80)
    for (let i = 0; i < length; i++) expected[7 + i] = SOURCE[5 + i]!
    assert.deepEqual(target, expected, `length ${length}`)
  }
})

test('copyOctets of a whole array needs no view and lands at its place', () => {
  const target = new Uint8Array(300)
  copyOctets(SOURCE, 0, target, 50, SOURCE.length)
  assert.deepEqual(target.slice(50, 250), SOURCE)
  assert.equal(target[49], 0)
  assert.equal(target[250], 0)
})

test('copyOctets of all but one octet of an array leaves that one out', () => {
  for (const from of [0, 1]) {
    const target = new Uint8Array(200)
    copyOctets(SOURCE, from, target, 0, 199)
    assert.deepEqual(target.slice(0, 199), SOURCE.slice(from, from + 199))
    assert.equal(target[199], 0)
  }
})

test('copyOctets throws RangeError at either array end, by loop and by view, and writes nothing', () => {
  for (const length of [4, 40]) {
    const target = new Uint8Array(100)
    assert.throws(() => copyOctets(SOURCE, 200 - length + 1, target, 0, length), RangeError)
    assert.throws(() => copyOctets(SOURCE, 0, target, 100 - length + 1, length), RangeError)
    assert.throws(() => copyOctets(SOURCE, -1, target, 0, length), RangeError)
    assert.throws(() => copyOctets(SOURCE, 0, target, -1, length), RangeError)
    assert.deepEqual(target, new Uint8Array(100))
  }
})

test('ringWrite and ringRead agree with octet by octet copies at every position and length', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 7 }),
      fc.integer({ min: 0, max: 2 ** 30 }),
      fc.nat(72),
      fc.nat(128),
      (sizeLog2, position, from, wish) => {
        const size = 1 << sizeLog2
        const length = Math.min(wish, size)
        const ring = new Uint8Array(size)
        const expected = new Uint8Array(size)
        ringWrite(ring, position, SOURCE, from, length)
        slowRingWrite(expected, position, SOURCE, from, length)
        assert.deepEqual(ring, expected)
        const target = new Uint8Array(140)
        ringRead(ring, position, target, 3, length)
        const back = new Uint8Array(140)
        for (let i = 0; i < length; i++) back[3 + i] = SOURCE[from + i]!
        assert.deepEqual(target, back)
      },
    ),
  )
})

test('more octets than the ring has throw RangeError instead of overwriting themselves', () => {
  const ring = new Uint8Array(64)
  assert.throws(() => ringWrite(ring, 10, SOURCE, 0, 65), RangeError)
  assert.throws(() => ringRead(ring, 10, new Uint8Array(100), 0, 65), RangeError)
  assert.throws(() => ringWrite(NO_RING, 0, SOURCE, 0, 1), RangeError)
  assert.deepEqual(ring, new Uint8Array(64))
})
