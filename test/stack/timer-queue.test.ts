import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimerQueue } from '../../src/stack/timer-queue.ts'
import fc from '../property.ts'

test('the same as deadlines in a sorted array, through any sequence of calls', () => {
  const step = fc.oneof(
    fc.record({ call: fc.constant('allocate' as const) }),
    fc.record({ call: fc.constant('free' as const), which: fc.nat() }),
    fc.record({
      call: fc.constant('set' as const),
      which: fc.nat(),
      inUs: fc.integer({ min: -50, max: 1000 }),
    }),
    fc.record({ call: fc.constant('later' as const), which: fc.nat(), byUs: fc.nat(300) }),
    fc.record({ call: fc.constant('clear' as const), which: fc.nat() }),
    fc.record({ call: fc.constant('advance' as const), byUs: fc.nat(200) }),
    fc.record({ call: fc.constant('exactly' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new TimerQueue()
      const model = new Map<number, number>()
      let nowUs = 5_000_000_000
      const pick = (which: number) => [...model.keys()][which % model.size]!
      for (const given of steps) {
        if (given.call === 'allocate') {
          const slot = queue.allocate()
          assert.ok(slot >= 0 && !model.has(slot))
          model.set(slot, Infinity)
        } else if (given.call === 'advance') {
          nowUs += given.byUs
          expireLikeTheModel(queue, model, nowUs)
        } else if (given.call === 'exactly') {
          assert.equal(queue.earliestExactly(), Math.min(Infinity, ...model.values()))
        } else if (model.size > 0) {
          const slot = pick(given.which)
          if (given.call === 'free') {
            queue.free(slot)
            model.delete(slot)
          } else {
            const deadlineUs =
              given.call === 'clear'
                ? Infinity
                : given.call === 'later'
                  ? model.get(slot)! + given.byUs
                  : nowUs + given.inUs
            queue.set(slot, deadlineUs)
            model.set(slot, deadlineUs)
          }
        }
        assert.equal(queue.size, model.size)
        assert.ok(queue.earliest() <= Math.min(Infinity, ...model.values()), 'earliest() is a lower bound')
        for (const [slot, deadlineUs] of model) assert.equal(queue.deadline(slot), deadlineUs)
      }
      expireLikeTheModel(queue, model, Number.MAX_VALUE)
      assert.equal(queue.earliest(), Infinity)
    }),
    { numRuns: 300 },
  )
})

test('ten thousand slots come out in the order of their deadlines, each once', () => {
  const queue = new TimerQueue()
  const random = generator(17)
  const expected: number[] = []
  for (let i = 0; i < 10_000; i++) {
    const slot = queue.allocate()
    queue.set(slot, random() >>> 8)
    // Half of them move: later or earlier.
    if (i % 2 === 0) queue.set(slot, random() >>> 8)
    expected.push(queue.deadline(slot))
  }
  expected.sort((a, b) => a - b)
  for (const deadlineUs of expected) {
    assert.equal(queue.earliestExactly(), deadlineUs)
    assert.equal(queue.popExpired(deadlineUs - 1), -1)
    const slot = queue.popExpired(deadlineUs)
    assert.notEqual(slot, -1)
    assert.equal(queue.deadline(slot), Infinity)
  }
  assert.equal(queue.popExpired(Infinity), -1)
})

test('slots given back from amid the heap leave the others in order', () => {
  const queue = new TimerQueue()
  const random = generator(23)
  const slots = Array.from({ length: 5000 }, () => queue.allocate())
  for (const slot of slots) queue.set(slot, random() >>> 8)
  const kept = slots.filter(() => (random() & 3) === 0)
  for (const slot of slots) if (!kept.includes(slot)) queue.free(slot)
  const expected = kept.map((slot) => queue.deadline(slot)).sort((a, b) => a - b)
  for (const deadlineUs of expected) assert.notEqual(queue.popExpired(deadlineUs), -1, `${deadlineUs}`)
  assert.equal(queue.earliest(), Infinity)
})

test('a deadline moved later leaves earliest() where it was, and nothing expires before the new one', () => {
  const queue = new TimerQueue()
  const slot = queue.allocate()
  queue.set(slot, 1000)
  queue.set(slot, 5000)
  assert.equal(queue.earliest(), 1000)
  assert.equal(queue.popExpired(1000), -1)
  assert.equal(queue.earliest(), 5000)
  assert.equal(queue.popExpired(4999), -1)
  assert.equal(queue.popExpired(5000), slot)
  assert.equal(queue.popExpired(5000), -1)
})

test('a deadline moved later does not overtake another that falls due between the two', () => {
  const queue = new TimerQueue()
  const [a, b] = [queue.allocate(), queue.allocate()]
  queue.set(a, 100)
  queue.set(b, 200)
  queue.set(a, 300)
  assert.equal(queue.popExpired(1000), b)
  assert.equal(queue.popExpired(1000), a)
})

test('a cleared deadline never expires, and then no time is left to wait for', () => {
  const queue = new TimerQueue()
  const slot = queue.allocate()
  queue.set(slot, 1000)
  queue.set(slot, Infinity)
  assert.equal(queue.earliestExactly(), Infinity)
  assert.equal(queue.earliest(), Infinity)
  assert.equal(queue.popExpired(2000), -1)
  queue.set(slot, 3000)
  assert.equal(queue.popExpired(3000), slot)
})

test('a slot given back comes back without the deadline that it had', () => {
  const queue = new TimerQueue()
  const slot = queue.allocate()
  queue.set(slot, 1000)
  queue.free(slot)
  assert.equal(queue.earliest(), Infinity)
  assert.equal(queue.allocate(), slot)
  assert.equal(queue.deadline(slot), Infinity)
  assert.equal(queue.popExpired(2000), -1)
})

test('at its limit no slot is given out; one given back is', () => {
  const queue = new TimerQueue(20)
  for (let i = 0; i < 20; i++) assert.equal(queue.allocate(), i)
  assert.equal(queue.allocate(), -1)
  queue.free(7)
  assert.equal(queue.allocate(), 7)
  assert.equal(queue.allocate(), -1)
})

test('a slot not in use, a slot freed twice and a deadline that is NaN are our own mistakes', () => {
  const queue = new TimerQueue()
  const slot = queue.allocate()
  assert.throws(() => queue.set(slot + 1, 5))
  assert.throws(() => queue.set(-1, 5))
  assert.throws(() => queue.set(slot, NaN))
  queue.free(slot)
  assert.throws(() => queue.free(slot))
  assert.throws(() => queue.set(slot, 5))
})

/** Pops all that is due; the order among equal deadlines is free. */
function expireLikeTheModel(queue: TimerQueue, model: Map<number, number>, nowUs: number): void {
  const due = [...model.values()].filter((deadlineUs) => deadlineUs <= nowUs).sort((a, b) => a - b)
  for (const deadlineUs of due) {
    const slot = queue.popExpired(nowUs)
    assert.equal(model.get(slot), deadlineUs)
    model.set(slot, Infinity)
  }
  assert.equal(queue.popExpired(nowUs), -1)
}

/** xorshift32: reproducible numbers, good enough to play the part of randomness. */
function generator(seed: number): () => number {
  let x = seed | 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x | 0
  }
}
