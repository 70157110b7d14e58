import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventQueue, type Scheduled } from '../../src/sim/event-queue.ts'
import fc from '../property.ts'

type Step =
  | { readonly kind: 'add'; readonly at: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'cancel'; readonly which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), at: fc.nat(20) }),
  fc.record({ kind: fc.constant('add' as const), at: fc.nat(20) }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(1000) }),
)

test('gives and cancels what a sorted list would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new EventQueue<number>()
      const handles: Scheduled<number>[] = []
      let oracle: { at: number; item: number }[] = []
      for (const one of steps) {
        if (one.kind === 'add') {
          handles.push(queue.schedule(one.at, handles.length))
          oracle.push({ at: one.at, item: handles.length - 1 })
          // Array.prototype.sort is stable: equal times keep the order of insertion.
          oracle.sort((a, b) => a.at - b.at)
        } else if (one.kind === 'take') {
          assert.equal(queue.take()?.item, oracle.shift()?.item)
        } else if (handles.length > 0) {
          const item = one.which % handles.length
          assert.equal(
            queue.cancel(handles[item]!),
            oracle.some((entry) => entry.item === item),
          )
          oracle = oracle.filter((entry) => entry.item !== item)
        }
        assert.equal(queue.size, oracle.length)
        assert.equal(queue.nextAt, oracle[0]?.at ?? Number.POSITIVE_INFINITY)
      }
      while (oracle.length > 0) assert.equal(queue.take()?.item, oracle.shift()!.item)
      assert.equal(queue.take(), null)
    }),
    { numRuns: 300 },
  )
})

test('what fills the place of a cancelled item may have to rise', () => {
  const queue = new EventQueue<number>()
  const handles = [1, 100, 2, 101, 102, 50, 3, 103, 104, 105, 106, 60, 61, 62, 4].map((at) =>
    queue.schedule(at, at),
  )
  // The last of the heap, 4, takes the place of 103, below 101 and 100.
  assert.equal(queue.cancel(handles[7]!), true)
  const taken: number[] = []
  for (let next = queue.take(); next !== null; next = queue.take()) taken.push(next.item)
  assert.deepEqual(taken, [1, 2, 3, 4, 50, 60, 61, 62, 100, 101, 102, 104, 105, 106])
})

test('an item that is not due stays', () => {
  const queue = new EventQueue<string>()
  queue.schedule(10, 'a')
  assert.equal(queue.take(9), null)
  assert.equal(queue.take(10)?.item, 'a')
})

test('clear shows what it forgets, and its handles are dead', () => {
  const queue = new EventQueue<string>()
  const handle = queue.schedule(1, 'a')
  queue.schedule(2, 'b')
  const seen: string[] = []
  queue.clear((item) => seen.push(item))
  assert.deepEqual(seen.sort(), ['a', 'b'])
  assert.equal(queue.cancel(handle), false)
  assert.equal(queue.size, 0)
})

test('refuses what would never come, and more than its bound', () => {
  const queue = new EventQueue<number>(2)
  assert.throws(() => queue.schedule(Number.POSITIVE_INFINITY, 1), /a time in microseconds/)
  assert.throws(() => queue.schedule(Number.NaN, 1), /a time in microseconds/)
  queue.schedule(1, 1)
  queue.schedule(1, 2)
  assert.throws(() => queue.schedule(1, 3), /more than 2 items/)
})
