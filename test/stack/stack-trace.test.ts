/** The trace of a stack can be set while it runs: of connections that are there, and of those to come. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recorder } from '../../src/trace/recorder.ts'
import { Host } from './host-harness.ts'

test('another trace hears of every connection from then on, and the one before of none', () => {
  const host = new Host()
  const before = host.connect()
  const first = new Recorder()
  host.stack.trace = first
  assert.equal(host.stack.trace, first)
  const after = host.connect({ remotePort: 81 })
  before.abort()
  const told = (recorder: Recorder): number[] => [
    ...new Set(recorder.events.map(({ connection }) => connection)),
  ]
  assert.deepEqual(told(first).sort(), [before.tcb.id, after.tcb.id].sort())

  const second = new Recorder()
  host.stack.trace = second
  const count = first.events.length
  after.abort()
  assert.deepEqual(told(second), [after.tcb.id])
  assert.equal(first.events.length, count)

  host.stack.trace = null
  const heard = second.events.length
  host.connect({ remotePort: 82 }).abort()
  assert.equal(second.events.length, heard)
})
