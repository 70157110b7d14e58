/** The search itself: every world within the bounds, each once, the first violation by a shortest path. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Channels, EMPTY } from '../../src/explore/channel.ts'
import { Exploration } from '../../src/explore/exploration.ts'
import { Fairness } from '../../src/explore/fairness.ts'
import { Pairs } from '../../src/explore/pairs.ts'
import type { Bounds, Scenario } from '../../src/explore/plan.ts'
import { SCENARIOS } from '../../src/explore/scenarios.ts'
import { COPY, DELIVER, EXPIRE, kindOf, LOSE, sideOf, Worlds, whichOf } from '../../src/explore/worlds.ts'
import { Random } from '../../src/sim/random.ts'
import { TRANSITIONS } from '../../src/tcp/state.ts'

function scenario(name: string, bounds: Partial<Bounds> = {}): Scenario {
  const found = SCENARIOS.find((one) => one.name === name)
  assert.ok(found !== undefined)
  return { ...found, bounds: { ...found.bounds, ...bounds } }
}

/** The same search without any of its cleverness: every path is followed with what it has left, whatever was seen. */
function naiveSearch(plan: Scenario): { states: number; depth: number } {
  const worlds = new Worlds(plan)
  const { losses, copies, overtakings, timeouts } = plan.bounds
  const seen = new Set<string>()
  const states = new Set<number>()
  let level = [{ world: worlds.first, left: [losses, copies, overtakings, timeouts] }]
  let depth = -1
  while (level.length > 0) {
    const next: typeof level = []
    let isNew = false
    for (const { world, left } of level) {
      const key = `${world} ${left}`
      if (seen.has(key)) continue
      seen.add(key)
      isNew ||= !states.has(world)
      states.add(world)
      const actions: number[] = []
      worlds.actions(world, actions)
      for (const action of actions) {
        const after = [...left]
        const kind = kindOf(action)
        if (kind === LOSE) after[0]!--
        if (kind === COPY) after[1]!--
        if ((kind === DELIVER || kind === COPY) && whichOf(action) > 0) {
          const channel = worlds.channelTo(world, sideOf(action))
          if (worlds.channels.at(channel, whichOf(action)) !== worlds.channels.head(channel)) after[2]!--
        }
        if (kind === EXPIRE) after[3]!--
        if (after.some((count) => count < 0)) continue
        const then = worlds.apply(world, action)
        const isFull = [0, 1].some(
          (side) => worlds.channels.length(worlds.channelTo(then, side)) > plan.bounds.underWay,
        )
        if (!isFull) next.push({ world: then, left: after })
      }
    }
    if (isNew) depth++
    level = next
  }
  return { states: states.size, depth }
}

describe('an exploration', () => {
  const small: Partial<Bounds> = { losses: 1, copies: 1, overtakings: 1, timeouts: 0 }
  for (const [name, bounds] of [
    ['handshake', small],
    ['handshake', { ...small, overtakings: Infinity, losses: 0 }],
    ['simultaneous-open', { ...small, copies: 0, losses: 0 }],
    ['small-writes', { ...small, copies: 0, overtakings: 0 }],
    ['timestamps', { losses: 0, copies: 0, overtakings: 0, timeouts: 2 }],
  ] as const) {
    test(`sees what a search without shortcuts sees: ${name}, ${JSON.stringify(bounds)}`, () => {
      const plan = scenario(name, bounds)
      const exploration = new Exploration(plan)
      assert.equal(exploration.run(Infinity), true)
      assert.equal(exploration.violation, null)
      assert.equal(exploration.waiting, 0)
      const naive = naiveSearch(plan)
      assert.ok(naive.states > 100, `${naive.states} states`)
      assert.equal(exploration.states, naive.states)
    })
  }

  test('stops where it is told and goes on from there', () => {
    const plan = scenario('half-close', { timeouts: 0 })
    const whole = new Exploration(plan)
    whole.run(Infinity)
    const slices = new Exploration(plan)
    assert.equal(slices.run(10), false)
    slices.run(Infinity, 500)
    assert.ok(slices.states >= 500 && slices.states < 600, `${slices.states}`)
    while (!slices.run(100));
    assert.deepEqual([slices.states, slices.steps, slices.depth], [whole.states, whole.steps, whole.depth])
  })

  test('counts what does not fit the bound on packets under way', () => {
    const exploration = new Exploration(scenario('one-way', { underWay: 2, timeouts: 0 }))
    exploration.run(Infinity)
    assert.ok(exploration.cut > 0)
  })

  test('refuses bounds that it cannot count', () => {
    const message = 'bounds.losses must be a whole number from 0 to 63, not 64'
    assert.throws(() => new Exploration(scenario('handshake', { losses: 64 })), new RangeError(message))
  })

  test('finds a storm, and a connection that is left alone, where the worlds have one', () => {
    const worlds = new Worlds(scenario('handshake'))
    assert.equal(new Fairness(worlds).problemFrom(worlds.first), null)
    // The same worlds, but every delivery leads back: what an endless exchange looks like.
    const apply = worlds.apply.bind(worlds)
    const opened = apply(worlds.first, DELIVER | (1 << 3))
    let delivered = 0
    worlds.apply = (world, action) =>
      kindOf(action) === DELIVER && delivered++ < 100 ? worlds.first : apply(world, action)
    assert.match(
      new Fairness(worlds).problemFrom(worlds.first) ?? '',
      /^a storm: 61 packets follow from each other/,
    )
    worlds.apply = (world, action) =>
      kindOf(action) === DELIVER ? apply(world, (action & ~7) | LOSE) : apply(world, action)
    assert.match(
      new Fairness(worlds).problemFrom(opened) ?? '',
      /gave up|at a deadline|without end|never ends/,
    )
  })

  test('takes most rows of the table of transitions, and none that it does not have', () => {
    const known = new Set(TRANSITIONS.map(({ from, to, cause }) => `${from} ${to} ${cause}`))
    const taken = new Set<string>()
    for (const plan of SCENARIOS) {
      const exploration = new Exploration(plan)
      exploration.run(Infinity, 2000)
      for (const name of exploration.worlds.transitions.keys()) taken.add(name)
    }
    for (const name of taken) assert.ok(known.has(name), name)
    assert.ok(taken.size >= 24, `${taken.size} of ${known.size}: ${[...taken].join(', ')}`)
  })
})

describe('pairs and channels', () => {
  test('the same pair has the same number, another another, also while the table grows', () => {
    const pairs = new Pairs()
    const oracle = new Map<string, number>()
    const random = new Random(5)
    for (let i = 0; i < 20_000; i++) {
      const x = random.range(-100, 100)
      const y = random.chance(0.1) ? random.int32() : random.range(0, 100)
      const id = pairs.intern(x, y)
      const key = `${x} ${y}`
      assert.equal(id, oracle.get(key) ?? oracle.size)
      oracle.set(key, id)
      assert.deepEqual([pairs.first(id), pairs.second(id)], [x, y])
    }
    assert.equal(pairs.size, oracle.size)
  })

  test('a bag does not know in which order packets were sent, a queue does', () => {
    const channels = new Channels()
    const random = new Random(6)
    for (let i = 0; i < 200; i++) {
      const packets = Array.from({ length: random.range(0, 7) }, () => random.range(0, 3))
      let bag = EMPTY
      let queue = EMPTY
      for (const packet of packets) {
        bag = channels.insert(bag, packet)
        queue = channels.append(queue, packet)
      }
      const contents = (list: number) => packets.map((_, place) => channels.at(list, place))
      assert.deepEqual(contents(queue), packets)
      const sorted = [...packets].sort((a, b) => a - b)
      assert.deepEqual(contents(bag), sorted)
      let again = EMPTY
      for (const packet of [...packets].reverse()) again = channels.insert(again, packet)
      assert.equal(again, bag)
      assert.equal(channels.length(queue), packets.length)
      if (packets.length === 0) continue
      const place = random.range(0, packets.length - 1)
      const less = packets.filter((_, i) => i !== place)
      let shorter = EMPTY
      for (const packet of less) shorter = channels.append(shorter, packet)
      assert.equal(channels.remove(queue, place), shorter)
    }
  })
})
