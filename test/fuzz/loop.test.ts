/** The loop itself: it repeats, keeps the smallest, makes crashes smaller, and ends what does not end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, OWN_SLOTS } from '../../fuzz/build.ts'
import type { TargetModule } from '../../fuzz/corpus.ts'
import { Features } from '../../fuzz/features.ts'
import { failureOf, kindOf, Loop } from '../../fuzz/loop.ts'
import { octetTarget } from '../../fuzz/make-target.ts'
import { argument, OperationList } from '../../fuzz/mutate-operations.ts'
import { Finding, type Probe } from '../../fuzz/target.ts'
import { entryOf } from '../../fuzz/targets/names.ts'

/** A target that goes one branch deeper for each right octet. */
function lock(key: readonly number[], opened: (input: Uint8Array) => void) {
  return octetTarget({
    name: 'lock',
    about: 'a key, octet by octet',
    mostOctets: 16,
    seeds: () => [new Uint8Array(1)],
    mutateByGrammar: (random, input) => {
      const changed = input.slice()
      if (changed.length > 0) changed[random.range(0, changed.length - 1)] = random.int32()
      return changed
    },
    run(input, probe: Probe) {
      let right = 0
      while (right < key.length && input[right] === key[right]) right++
      probe.feature(right)
      if (right === key.length) opened(input)
    },
  })
}

const counters = () => new Uint16Array(OWN_SLOTS)

test('guided by features, a key of four octets is found; chance alone would need 2^32 inputs', () => {
  const target = lock([0xde, 0xad, 0xbe, 0xef], () => {
    throw new Finding('it opens')
  })
  const loop = new Loop(target, counters(), { seed: 1 })
  loop.add(target.seeds())
  loop.run(200_000, () => loop.crashes.length > 0)
  const crash = loop.shrink(loop.crashes[0]!)
  assert.equal(crash.message.split('\n')[0], 'it opens')
  assert.deepEqual([...crash.input], [0xde, 0xad, 0xbe, 0xef], 'the rest is cut away')
})

test('the same seed tries the same inputs, another seed others', async () => {
  const corpora = []
  for (const seed of [5, 5, 6]) {
    const { module, counters } = await load<TargetModule>(entryOf('options'))
    const loop = new Loop<Uint8Array>(module.target, counters, { seed })
    loop.add(module.target.seeds())
    loop.run(3000)
    corpora.push(loop.corpus.map((input) => Buffer.from(input).toString('hex')))
  }
  assert.deepEqual(corpora[0], corpora[1])
  assert.notDeepEqual(corpora[0], corpora[2])
})

test('an input that does not end is ended and reported, and the loop goes on', () => {
  const target = lock([7], () => {
    for (;;);
  })
  const loop = new Loop(target, counters(), { seed: 1, inputLimitMs: 50 })
  loop.add([Uint8Array.of(7), Uint8Array.of(8)])
  assert.equal(loop.crashes.length, 1)
  assert.match(loop.crashes[0]!.message, /runs for more than 50 ms/)
  assert.deepEqual([...loop.crashes[0]!.input], [7])
  assert.match(failureOf(target, Uint8Array.of(7), 50)!, /runs for more/)
  assert.equal(failureOf(target, Uint8Array.of(8)), null)
})

test('what is held without end is reported', () => {
  const held: Uint8Array[] = []
  const target = lock([7], () => held.push(new Uint8Array(64 << 20)))
  const loop = new Loop(target, counters(), { seed: 1 })
  loop.add(new Array<Uint8Array>(10).fill(Uint8Array.of(7)))
  assert.match(loop.crashes[0]?.message ?? '', /memory grows/)
})

test('one crash of each kind is kept, whatever its numbers are', () => {
  assert.equal(kindOf('octet 17 is -3, not 4.5\n  at x'), kindOf('octet 1 is 9, not 2'))
  assert.notEqual(kindOf('octet 17 is another'), kindOf('octet 17 is missing'))
})

test('the smallest input owns a feature, and one that owns none is let go', () => {
  const slots = new Uint16Array(4)
  const features = new Features<string>(slots)
  const large = { input: 'large', size: 9, owned: 0 }
  slots.set([1, 5])
  assert.equal(features.collect(large.size), 2)
  assert.deepEqual(features.own(large), [])
  features.clear()
  slots.set([1, 1])
  const small = { input: 'small', size: 3, owned: 0 }
  assert.equal(
    features.collect(small.size),
    2,
    'one feature of the large one, and another count of the second branch',
  )
  assert.deepEqual(features.own(small), [])
  features.clear()
  slots.set([0, 6])
  assert.equal(features.collect(9), 0, 'as large as before is no news')
  const least = { input: 'least', size: 1, owned: 0 }
  assert.equal(features.collect(least.size), 1)
  assert.deepEqual(features.own(least), [large])
  assert.deepEqual(
    [features.found, features.slotsSeen, features.wasSeen(0), features.wasSeen(2)],
    [3, 2, true, false],
  )
})

test('a list of operations says which line of a file is none, and why', () => {
  const list = new OperationList([{ name: 'step', arguments: [argument(-5, 5)] }], 10)
  assert.deepEqual(list.fromText('step 3 # a remark\n\nstep -5'), [
    [0, 3],
    [0, -5],
  ])
  for (const [text, says] of [
    ['step 1\nleap 2', /line 2: no operation 'leap'/],
    ['step', /line 1: step takes 1 arguments, not 0/],
    ['step 6', /line 1: argument 1 of step is -5 to 5, not '6'/],
    ['step x', /not 'x'/],
  ] as const) {
    assert.throws(() => list.fromText(text), says)
  }
})
