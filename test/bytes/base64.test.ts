import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase64, toBase64 } from '../../src/bytes/base64.ts'
import fc from '../property.ts'

test('as Buffer writes and reads it, whatever the length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      const text = Buffer.from(octets).toString('base64')
      assert.equal(toBase64(octets), text)
      assert.deepEqual(fromBase64(text), octets)
    }),
  )
})

test('longer than one piece', () => {
  const octets = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7919) >> 3)
  assert.equal(toBase64(octets), Buffer.from(octets).toString('base64'))
  assert.deepEqual(fromBase64(toBase64(octets)), octets)
})

test('what is no base64 is refused', () => {
  for (const text of ['A', 'AAA', 'AA=A', 'A!AA', 'Aé==', '====', '\n\n\n\n']) {
    assert.throws(() => fromBase64(text), RangeError, text)
  }
})
