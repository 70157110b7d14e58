import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PURPOSE, SipHash } from '../../src/stack/siphash.ts'
import fc from '../property.ts'

/**
 * The reference vectors: key 00 01 .. 0f, messages of 0 to 63 octets 00 01 02 ..., results as octets from the lowest.
 * Made anew with `openssl mac -macopt size:8 -macopt hexkey:000102030405060708090a0b0c0d0e0f SIPHASH`.
 */
const VECTORS = `
  310e0edd47db6f72 fd67dc93c539f874 5a4fa9d909806c0d 2d7efbd796666785
  b7877127e09427cf 8da699cd64557618 cee3fe586e46c9cb 37d1018bf50002ab
  6224939a79f5f593 b0e4a90bdf82009e f3b9dd94c5bb5d7a a7ad6b22462fb3f4
  fbe50e86bc8f1e75 903d84c02756ea14 eef27a8e90ca23f7 e545be4961ca29a1
  db9bc2577fcc2a3f 9447be2cf5e99a69 9cd38d96f0b3c14b bd6179a71dc96dbb
  98eea21af25cd6be c7673b2eb0cbf2d0 883ea3e395675393 c8ce5ccd8c030ca8
  94af49f6c650adb8 eab8858ade92e1bc f315bb5bb835d817 adcf6b0763612e2f
  a5c91da7acaa4dde 716595876650a2a6 28ef495c53a387ad 42c341d8fa92d832
  ce7cf2722f512771 e37859f94623f3a7 381205bb1ab0e012 ae97a10fd434e015
  b4a31508beff4d31 81396229f0907902 4d0cf49ee5d4dcca 5c73336a76d8bf9a
  d0a704536ba93e0e 925958fcd6420cad a915c29bc8067318 952b79f3bc0aa6d4
  f21df2e41d4535f9 87577519048f53a9 10a56cf5dfcd9adb eb75095ccd986cd0
  51a9cb9ecba312e6 96afadfc2ce666c7 72fe52975a4364ee 5a1645b276d592a1
  b274cb8ebf87870a 6f9bb4203de7b381 eaecb2a30b22a87f 9924a43cc1315724
  bd838d3aafbf8db7 0b1a2a3265d51aea 135079a3231ce660 932b2846e4d70666
  e1915f5cb1eca46c f325965ca16d629f 575ff28e60381be5 724506eb4c328a95
`
  .trim()
  .split(/\s+/)

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i)

test('SipHash-2-4 gives the reference vectors for messages of 0 to 63 octets', () => {
  assert.equal(VECTORS.length, 64)
  const siphash = new SipHash(KEY)
  for (const [length, expected] of VECTORS.entries()) {
    const message = Uint8Array.from({ length }, (_, i) => i)
    siphash.hash(wordsOf(message), length)
    assert.equal(octetsOf(siphash.lo) + octetsOf(siphash.hi), expected, `${length} octets`)
  }
})

test('the example of the SipHash paper, appendix A: fifteen octets give a129ca6149be45e5', () => {
  const siphash = new SipHash(KEY)
  siphash.hash(wordsOf(Uint8Array.from({ length: 15 }, (_, i) => i)), 15)
  assert.equal(siphash.hi >>> 0, 0xa129ca61)
  assert.equal(siphash.lo >>> 0, 0x49be45e5)
})

test('any key and message: the same 64 bits as SipHash written out with BigInt', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ maxLength: 100 }),
      (key, message) => {
        const siphash = new SipHash(key)
        const returned = siphash.hash(wordsOf(message), message.length)
        const expected = siphashByBigInt(key, message)
        assert.equal(siphash.hi, Number(BigInt.asIntN(32, expected >> 32n)))
        assert.equal(siphash.lo, Number(BigInt.asIntN(32, expected)))
        assert.equal(returned, siphash.lo)
      },
    ),
  )
})

test('hash10 is the hash of its ten words, each in its place', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 10, maxLength: 10 }),
      (words) => {
        const a = new SipHash(KEY)
        const b = new SipHash(KEY)
        a.hash10(...(words as Parameters<SipHash['hash10']>))
        b.hash(Int32Array.from(words), 40)
        assert.deepEqual([a.lo, a.hi], [b.lo, b.hi])
      },
    ),
  )
})

test('RFC 6528 3 (c): a secret that is not 16 octets long is refused, and a given one is copied', () => {
  assert.throws(() => new SipHash(new Uint8Array(15)), RangeError)
  assert.throws(() => new SipHash(new Uint8Array(17)), RangeError)
  const secret = KEY.slice()
  const siphash = new SipHash(secret)
  secret.fill(0xff)
  assert.equal(siphash.hash(new Int32Array(0), 0), new SipHash(KEY).hash(new Int32Array(0), 0))
})

test('no two purposes share a word', () => {
  const words = Object.values(PURPOSE)
  assert.equal(new Set(words).size, words.length)
})

function siphashByBigInt(key: Uint8Array, message: Uint8Array): bigint {
  const word = (octets: Uint8Array, at: number): bigint => {
    let value = 0n
    for (let i = 7; i >= 0; i--) value = (value << 8n) | BigInt(octets[at + i] ?? 0)
    return value
  }
  const rotate = (x: bigint, by: bigint): bigint => BigInt.asUintN(64, (x << by) | (x >> (64n - by)))
  const plus = (x: bigint, y: bigint): bigint => BigInt.asUintN(64, x + y)
  const k0 = word(key, 0)
  const k1 = word(key, 8)
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const round = () => {
    v0 = plus(v0, v1)
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = plus(v2, v3)
    v3 = rotate(v3, 16n) ^ v2
    v0 = plus(v0, v3)
    v3 = rotate(v3, 21n) ^ v0
    v2 = plus(v2, v1)
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  const blocks = Math.floor(message.length / 8)
  for (let block = 0; block <= blocks; block++) {
    let m = word(message, 8 * block)
    if (block === blocks) m |= BigInt(message.length & 0xff) << 56n
    v3 ^= m
    round()
    round()
    v0 ^= m
  }
  v2 ^= 0xffn
  for (let i = 0; i < 4; i++) round()
  return v0 ^ v1 ^ v2 ^ v3
}

function wordsOf(message: Uint8Array): Int32Array {
  const words = new Int32Array(Math.ceil(message.length / 4))
  for (const [i, octet] of message.entries()) words[i >> 2]! |= octet << (8 * (i & 3))
  return words
}

function octetsOf(word: number): string {
  let text = ''
  for (let i = 0; i < 4; i++) text += ((word >>> (8 * i)) & 0xff).toString(16).padStart(2, '0')
  return text
}
