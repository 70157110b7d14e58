/** Tunables are checked where they are set. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Config, configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'

test('what is not a tunable, or of the wrong kind, is refused by name', () => {
  for (const [change, message] of [
    [{ mls: 1 }, 'config.mls is not a tunable'],
    [{ nagle: 1 }, 'config.nagle must be true or false, not 1'],
    [{ ttl: '64' }, 'config.ttl must be 1 to 255, not 64'],
    [{ ttl: Number.NaN }, 'config.ttl must be 1 to 255, not NaN'],
    [{ ttl: 64.5 }, 'config.ttl must be a whole number, not 64.5'],
  ] as const) {
    assert.throws(() => configure(change as unknown as Partial<Config>), { name: 'RangeError', message })
  }
})

test('bounds belong to what they bound', () => {
  for (const ttl of [1, 255]) assert.equal(configure({ ttl }).ttl, ttl)
  for (const ttl of [0, 256]) assert.throws(() => configure({ ttl }), RangeError)
})

test('a configuration differs from its base in the fields given, and nobody can change it afterwards', () => {
  const base = configure({ ttl: 7, nagle: false })
  const changed = configure({ ttl: 9 }, base)
  assert.deepEqual(changed, { ...DEFAULT_CONFIG, ttl: 9, nagle: false })
  assert.ok(Object.isFrozen(changed))
  assert.equal(base.ttl, 7)
})

test('each number among the tunables has bounds: its default lies within, far away does not', () => {
  for (const [name, value] of Object.entries(DEFAULT_CONFIG)) {
    if (typeof value !== 'number') continue
    assert.doesNotThrow(() => configure({ [name]: value }), name)
    for (const outside of [-2, 1e15]) assert.throws(() => configure({ [name]: outside }), RangeError, name)
  }
})
