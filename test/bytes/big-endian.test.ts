import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readInt32, readUint16 } from '../../src/bytes/big-endian.ts'
import fc from '../property.ts'

test('numbers are read as a DataView reads them, at any offset', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 32 }), fc.nat(28), (octets, skip) => {
      const at = Math.min(skip, octets.length - 4)
      const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
      assert.equal(readUint16(octets, at), view.getUint16(at))
      assert.equal(readInt32(octets, at), view.getInt32(at))
    }),
  )
})

test('octets beyond the end count as zero', () => {
  assert.equal(readUint16(Uint8Array.of(1, 2), 1), 0x200)
  assert.equal(readInt32(Uint8Array.of(1, 2), 5), 0)
})
