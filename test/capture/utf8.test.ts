import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeUtf8, encodeUtf8 } from '../../src/capture/utf8.ts'
import fc from '../property.ts'

test('encodes as TextEncoder does, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text))
    }),
  )
  assert.deepEqual(encodeUtf8('a\ud800b'), new TextEncoder().encode('a\ud800b'))
})

test('a limit cuts at a character boundary', () => {
  assert.deepEqual([...encodeUtf8('aé', 2)], [0x61])
  assert.deepEqual([...encodeUtf8('aé', 3)], [0x61, 0xc3, 0xa9])
})

test('decodes what is UTF-8 as TextDecoder does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = new TextEncoder().encode(text)
      assert.equal(decodeUtf8(bytes, 0, bytes.length), text)
    }),
  )
})

test('any octets decode to something, and never to a surrogate', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const strict = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
      const ours = decodeUtf8(bytes, 0, bytes.length)
      assert.equal(/[\ud800-\udfff]/u.test(ours), false)
      // TextDecoder joins the octets of a broken sequence under fewer U+FFFD; the rest agrees.
      assert.equal(ours.replace(/\ufffd+/g, '\ufffd'), strict.replace(/\ufffd+/g, '\ufffd'))
    }),
    { numRuns: 1000 },
  )
})
