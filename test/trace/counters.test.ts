/** Counters of what was not used know every reason there is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DropCounters } from '../../src/trace/counters.ts'
import { DROP_REASONS, type DropReason } from '../../src/trace/reasons.ts'

test('every reason of a drop has a counter, which starts at zero, and nothing else has one', () => {
  const counters = new DropCounters()
  assert.deepEqual(Object.keys(counters.byReason), Object.keys(DROP_REASONS))
  assert.equal(counters.total, 0)
  for (const reason of Object.keys(DROP_REASONS) as DropReason[]) counters.count(reason)
  assert.deepEqual(
    Object.values(counters.byReason),
    Object.keys(DROP_REASONS).map(() => 1),
  )
})
