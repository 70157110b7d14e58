/** The queue of the stack, held against an array. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from '../../src/stack/fifo.ts'
import fc from '../property.ts'

test('a Fifo does what an array with push and shift does, whatever its size (property)', () => {
  // Runs of one operation, so that the ring wraps, grows and is given up.
  const runs = fc.array(fc.tuple(fc.boolean(), fc.oneof(fc.nat(5), fc.nat(3000))), { maxLength: 40 })
  const property = fc.property(runs, (operations) => {
    const fifo = new Fifo<number>()
    const model: number[] = []
    let number = 0
    for (const [isPush, times] of operations) {
      for (let i = 0; i < times; i++) {
        if (isPush) {
          fifo.push(number)
          model.push(number++)
        } else assert.equal(fifo.shift(), model.shift())
        assert.equal(fifo.first, model[0])
        assert.equal(fifo.length, model.length)
      }
      assert.deepEqual(fifo.values(), model)
    }
  })
  fc.assert(property, { numRuns: 100 })
})

test('a Fifo that is cleared is empty and works on', () => {
  const fifo = new Fifo<string>()
  for (let i = 0; i < 20; i++) fifo.push('x')
  fifo.clear()
  assert.deepEqual([fifo.length, fifo.first, fifo.shift()], [0, undefined, undefined])
  fifo.push('y')
  assert.deepEqual(fifo.values(), ['y'])
})
