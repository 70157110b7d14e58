/** Each callback has a turn of its own, and all that it left to do is done before the next. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns, type TurnTaker } from '../../src/net/turns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('ticks and chains of promises of one turn come before the next turn', async () => {
  const turns = new Turns()
  const done: string[] = []
  const taker = (name: string): TurnTaker => ({
    takeTurn: () => {
      done.push(name)
      process.nextTick(() => {
        done.push(`${name} tick`)
        void Promise.resolve().then(() => done.push(`${name} promise of the tick`))
      })
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => done.push(`${name} promises`))
    },
  })
  turns.plan(taker('a'))
  turns.plan(taker('b'))
  assert.deepEqual(done, [], 'never within `plan`')
  await turn()
  const after = ['tick', 'promises', 'promise of the tick']
  const inOrder = ['a', 'b'].flatMap((name) => [name, ...after.map((what) => `${name} ${what}`)])
  assert.deepEqual([...done].sort(), inOrder.sort())
  assert.equal(String(done[4]), 'b', `b did not wait for a: ${done}`)
})

test('who plans in its own turn comes behind those that wait', async () => {
  const turns = new Turns()
  const done: number[] = []
  let left = 3
  const again: TurnTaker = {
    takeTurn: () => {
      done.push(left)
      if (--left > 0) turns.plan(again)
    },
  }
  turns.plan(again)
  turns.plan({ takeTurn: () => done.push(100) })
  await turn()
  assert.deepEqual(done, [3, 100, 2, 1])
})

test('a turn that throws ends no other', async () => {
  const turns = new Turns()
  const thrown: unknown[] = []
  const done: string[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', (error) => thrown.push(error))
  const mistake = new Error('of the application')
  turns.plan({
    takeTurn: () => {
      throw mistake
    },
  })
  turns.plan({ takeTurn: () => done.push('next') })
  await turn()
  for (const each of before) process.on('uncaughtException', each)
  assert.deepEqual(thrown, [mistake])
  assert.deepEqual(done, ['next'])
})

test('who plans to come last comes behind those that wait, and in no turn when the event loop has turned', async () => {
  const turns = new Turns()
  const done: string[] = []
  const says = (name: string): TurnTaker => ({ takeTurn: () => done.push(name) })
  turns.planLast(says('alone'))
  process.nextTick(() => process.nextTick(() => done.push('tick')))
  await turn()
  await turn()
  assert.deepEqual(done, ['tick', 'alone'])
  turns.plan({
    takeTurn: () => {
      turns.planLast(says('last'))
      turns.plan(says('second'))
    },
  })
  turns.plan(says('first'))
  const immediate = new Promise<void>((resolve) => {
    setImmediate(() => resolve(void done.push('immediate')))
  })
  await immediate
  assert.deepEqual(done.slice(2), ['first', 'second', 'last', 'immediate'])
})
