/**
 * The oracle of saved states: whatever path is taken, connections that are never saved nor restored send the same
 * packets, want the same calls and wait for the same deadlines as those that an exploration takes up and puts away.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NEVER_MS } from '../../src/explore/host-states.ts'
import type { Scenario } from '../../src/explore/plan.ts'
import { Replay } from '../../src/explore/replay.ts'
import { SCENARIOS } from '../../src/explore/scenarios.ts'
import { EXPIRE, kindOf, Worlds } from '../../src/explore/worlds.ts'
import { Random } from '../../src/sim/random.ts'

const WALKS = 40
const STEPS = 60

function channelTo(worlds: Worlds, world: number, side: number): number[] {
  const numbers: number[] = []
  const { channels } = worlds
  const list = worlds.channelTo(world, side)
  for (let i = 0; i < channels.length(list); i++) numbers.push(channels.at(list, i))
  return numbers
}

function sameNow(worlds: Worlds, world: number, replay: Replay, at: string): void {
  for (const side of [0, 1] as const) {
    const facts = worlds.facts(world, side)
    const host = replay.hosts[side]
    assert.deepEqual(replay.channelTo(side), channelTo(worlds, world, side), `${at}: packets to ${side}`)
    assert.deepEqual({ ...host.application }, { ...facts.application }, `${at}: application ${side}`)
    assert.equal(host.connection.state, facts.state, `${at}: state of ${side}`)
    assert.equal(host.connection.closeReason, facts.reason, `${at}: reason of ${side}`)
    let wants = 0
    for (let call = 0; call < 6; call++) if (host.wants(call as 0)) wants |= 1 << call
    assert.equal(wants, facts.wants, `${at}: calls of ${side}`)
    const ms = Math.ceil((host.connection.pollTimeout() - replay.clock) / 1000)
    assert.equal(ms === Infinity ? NEVER_MS : Math.max(0, ms), facts.deadlineMs, `${at}: deadline of ${side}`)
  }
}

/** Deadlines are rarer than everything else, or most walks would be over before anything was said. */
function walk(scenario: Scenario, random: Random): number {
  const worlds = new Worlds(scenario)
  const replay = new Replay(scenario, worlds.packets)
  const actions: number[] = []
  let world = worlds.first
  sameNow(worlds, world, replay, 'at the start')
  for (let step = 0; step < STEPS; step++) {
    worlds.actions(world, actions)
    const likely = actions.filter(
      (action) => kindOf(action) !== EXPIRE || actions.length === 1 || random.chance(0.2),
    )
    if (likely.length === 0) return step
    const action = random.pick(likely)
    world = worlds.apply(world, action)
    assert.ok(world >= 0, worlds.problem)
    replay.perform(action)
    assert.equal(replay.problem, null)
    sameNow(worlds, world, replay, `step ${step}`)
  }
  return STEPS
}

describe('a saved state goes on as if it had never been saved', () => {
  for (const scenario of SCENARIOS) {
    test(scenario.name, () => {
      const random = new Random(scenario.name.length)
      let steps = 0
      for (let i = 0; i < WALKS; i++) steps += walk(scenario, random)
      assert.ok(steps > WALKS * 5, `${steps} steps`)
    })
  }
})
