import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Demux } from '../../src/stack/demux.ts'
import fc from '../property.ts'

type Key = [number, number, number, number, number, number, number, number, number, number]

const SECRET = Uint8Array.from({ length: 16 }, (_, i) => 3 * i)

/** Few values for each word, so that keys often share most of them and often meet again. */
const word = fc.constantFrom(0, 1, -1, 0xffff, 0x0a000001, -0x80000000, 0x7fffffff)
const port = fc.constantFrom(0, 1, 80, 443, 0x7fff, 0x8000, 65535)
const key: fc.Arbitrary<Key> = fc.tuple(word, word, word, word, word, word, word, word, port, port)

test('the same as a Map with a string key, through any insertions, removals and finds', () => {
  const step = fc.record({ action: fc.constantFrom('insert', 'insert', 'remove', 'find'), at: fc.nat(60) })
  const runs = fc.array(fc.record({ steps: fc.array(step, { maxLength: 80 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.array(key, { minLength: 61, maxLength: 61 }),
      runs,
      (secret, keys, given) => {
        const demux = new Demux<number>(secret)
        const model = new Map<string, number>()
        let value = 0
        for (const { action, at } of given.flatMap((run) => run.steps)) {
          const words = keys[at]!
          const name = words.join()
          if (action === 'find') assert.equal(demux.find(...words), model.get(name))
          else if (action === 'remove') assert.equal(demux.remove(...words), model.delete(name))
          else {
            assert.equal(demux.insert(...words, ++value), !model.has(name))
            if (!model.has(name)) model.set(name, value)
          }
          assert.equal(demux.size, model.size)
          for (const each of keys) assert.equal(demux.find(...each), model.get(each.join()))
        }
        assert.deepEqual(sorted(demux.values()), sorted([...model.values()]))
      },
    ),
    { numRuns: 60 },
  )
})

test('each word and each port is part of the key', () => {
  const base: Key = [1, 2, 3, 4, 5, 6, 7, 8, 80, 443]
  for (let at = 0; at < base.length; at++) {
    const demux = new Demux<string>(SECRET)
    demux.insert(...base, 'base')
    const other: Key = [...base]
    other[at]! ^= 0x8000
    assert.equal(demux.find(...other), undefined, `word ${at}`)
    assert.equal(demux.insert(...other, 'other'), true)
    assert.equal(demux.find(...base), 'base')
    assert.equal(demux.find(...other), 'other')
  }
})

test('keys with the same hash are told apart by each of their words', () => {
  // 2^16 keys against 2^17 others, which differ in one word: some eight pairs have the same thirty bits.
  const ipv4: Key = [0, 0, 0xffff, 5, 0, 0, 0xffff, 9, 80, 443]
  const ipv6: Key = [1, 2, 3, 4, 5, 6, 7, 8, 80, 443]
  for (const base of [ipv4, ipv6]) {
    for (let at = 0; at < 9; at++) {
      if (base === ipv4 && at !== 3 && at < 7) continue
      const varied: Key = [...base]
      const demux = new Demux<number>(SECRET)
      for (let i = 0; i < 3 << 16; i++) {
        const scattered = Math.imul(i + 1, 0x9e3779b1)
        if (at < 8) varied[at] = scattered
        else {
          varied[8] = scattered >>> 16
          varied[9] = scattered & 0xffff
        }
        if (i < 1 << 16) assert.equal(demux.insert(...varied, i), true)
        else if (demux.find(...varied) !== undefined) assert.fail(`word ${at} of ${base} is not compared`)
      }
    }
  }
})

test('the all-zero key is a key like any other, and absent from an empty table', () => {
  const demux = new Demux<number>(SECRET)
  const zero: Key = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  assert.equal(demux.find(...zero), undefined)
  assert.equal(demux.insert(...zero, 1), true)
  assert.equal(demux.find(...zero), 1)
  assert.equal(demux.remove(...zero), true)
  assert.equal(demux.find(...zero), undefined)
  assert.equal(demux.remove(...zero), false)
})

test('an entry that was just found is gone once removed, and its place may hold another', () => {
  const demux = new Demux<number>(SECRET)
  for (let i = 0; i < 500; i++) demux.insert(...server(i), i)
  for (let i = 0; i < 500; i++) {
    assert.equal(demux.find(...server(i)), i)
    assert.equal(demux.remove(...server(i)), true)
    assert.equal(demux.find(...server(i)), undefined)
    if (i < 499) assert.equal(demux.find(...server(i + 1)), i + 1)
  }
  assert.equal(demux.size, 0)
})

test('the table grows at half load, shrinks at an eighth, and is never below sixteen cells', () => {
  const demux = new Demux<number>(SECRET)
  const within = () => {
    assert.ok(demux.capacity >= 2 * demux.size)
    assert.ok(demux.capacity === 16 || demux.capacity <= 8 * demux.size)
  }
  for (let i = 0; i < 5000; i++) {
    demux.insert(...server(i), i)
    within()
  }
  assert.equal(demux.capacity, 16384)
  for (let i = 0; i < 5000; i++) {
    demux.remove(...server(i))
    within()
  }
  assert.equal(demux.capacity, 16)
})

test('at its limit it takes nothing more until an entry goes; a key is not taken twice', () => {
  const demux = new Demux<number>(SECRET, 2)
  assert.equal(demux.insert(...server(1), 1), true)
  assert.equal(demux.insert(...server(1), 9), false)
  assert.equal(demux.insert(...server(2), 2), true)
  assert.equal(demux.insert(...server(3), 3), false)
  assert.equal(demux.find(...server(3)), undefined)
  demux.remove(...server(1))
  assert.equal(demux.insert(...server(3), 3), true)
  assert.deepEqual(sorted(demux.values()), [2, 3])
  assert.throws(() => new Demux(SECRET, 0), RangeError)
  assert.throws(() => new Demux(SECRET, NaN), RangeError)
})

test('values() is a copy: entries may be removed while it is walked', () => {
  const demux = new Demux<number>(SECRET)
  for (let i = 0; i < 100; i++) demux.insert(...server(i), i)
  for (const value of demux.values()) assert.equal(demux.remove(...server(value)), true)
  assert.equal(demux.size, 0)
})

test('100,000 connections that share most words: all are found, after a tenth left too', () => {
  for (const shape of [server, proxy, farAndWide]) {
    const demux = new Demux<number>(SECRET)
    for (let i = 0; i < 100_000; i++) assert.equal(demux.insert(...shape(i), i), true)
    for (let i = 0; i < 100_000; i += 10) assert.equal(demux.remove(...shape(i)), true)
    for (let i = 0; i < 100_000; i++) {
      if (demux.find(...shape(i)) !== (i % 10 === 0 ? undefined : i)) assert.fail(`${shape.name} ${i}`)
    }
    assert.equal(demux.size, 90_000)
  }
})

/** A server's view: one socket here, hosts that share a network, few ports. */
function server(i: number): Key {
  return [0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a010000 + (i >> 4), 80, 50_000 + (i & 15)]
}

/** A client's view: one host there, ports here and there that differ by steps of a power of two. */
function proxy(i: number): Key {
  return [0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002, (i << 4) & 0xffff, (i >> 12) << 8]
}

/** IPv6 addresses that differ in their highest bits alone. */
function farAndWide(i: number): Key {
  return [0x20010db8, 0, 0, 1, i << 15, 0, 0, 2, 443, 40_000]
}

function sorted(numbers: number[]): number[] {
  return numbers.sort((a, b) => a - b)
}
