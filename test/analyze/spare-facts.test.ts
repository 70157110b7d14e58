/** Facts that are used again say nothing of the connection that they were of before. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ConnectionFacts,
  type IcmpFacts,
  Moment,
  type ResetFacts,
  SideFacts,
} from '../../src/analyze/outside/facts.ts'
import { HostFacts } from '../../src/analyze/outside/hosts.ts'
import { SpareFacts } from '../../src/analyze/outside/spare-facts.ts'

const fresh = (stream: number, hosts: { a: HostFacts; b: HostFacts }): ConnectionFacts =>
  new ConnectionFacts(stream, hosts, { a: 40_000 + stream, b: 80 })

/** Gives every field another value than it has. */
function spoil(facts: ConnectionFacts | SideFacts | Moment): number {
  const fields = facts as unknown as Record<string, unknown>
  let spoiled = 0
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Moment || value instanceof SideFacts) spoiled += spoil(value)
    else if (value instanceof HostFacts) fields[name] = new HostFacts()
    else if (Array.isArray(value)) value.push({} as ResetFacts & IcmpFacts)
    else if (typeof value === 'number') fields[name] = value + 7.5
    else if (typeof value === 'boolean') fields[name] = !value
    else if (typeof value === 'string') fields[name] = `${value}?`
    else assert.fail(`${name} is of no kind that this test knows`)
    spoiled++
  }
  return spoiled
}

test('facts of a connection with nothing left to say begin anew for the next one', () => {
  const hosts = { a: new HostFacts(), b: new HostFacts() }
  const spare = new SpareFacts()
  const used = spare.take(1, hosts, { a: 40_001, b: 80 })
  assert.deepStrictEqual(used, fresh(1, hosts))
  assert.ok(spoil(used) > 200, 'all fields of both sides')
  assert.notDeepStrictEqual(used, fresh(1, hosts))
  spare.put(used)
  const next = spare.take(2, hosts, { a: 40_002, b: 80 })
  assert.equal(next, used)
  assert.deepStrictEqual(next, fresh(2, hosts))
  assert.notEqual(spare.take(3, hosts, { a: 40_003, b: 80 }), next)
})
