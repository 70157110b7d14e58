/** Facts that are used again say nothing of the connection that they were of before. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ConnectionFacts,
  FRESH_NUMBERS,
  type IcmpFacts,
  NEVER,
  type ResetFacts,
} from '../../src/analyze/outside/facts.ts'
import { HostFacts } from '../../src/analyze/outside/hosts.ts'
import { SpareFacts } from '../../src/analyze/outside/spare-facts.ts'

const fresh = (stream: number, hosts: { a: HostFacts; b: HostFacts }): ConnectionFacts =>
  new ConnectionFacts(stream, hosts, { a: 40_000 + stream, b: 80 })

/** All that they say, whatever page they stand in. */
const told = ({ numbers, hostA, hostB, resets, icmps }: ConnectionFacts): unknown =>
  structuredClone({ numbers: [...numbers], hostA, hostB, resets, icmps })

test('facts of a connection with nothing left to say begin anew for the next one', () => {
  const hosts = { a: new HostFacts(), b: new HostFacts() }
  const spare = new SpareFacts()
  const used = spare.take(1, hosts, { a: 40_001, b: 80 })
  assert.deepStrictEqual(told(used), told(fresh(1, hosts)))
  const { numbers } = used
  assert.ok(numbers.length > 200, 'all fields of both sides')
  for (let k = 0; k < numbers.length; k++) numbers[k] = numbers[k]! + 7.5
  used.resets.push({} as ResetFacts)
  used.icmps.push({} as IcmpFacts)
  spare.put(used)
  const next = spare.take(2, hosts, { a: 40_002, b: 80 })
  assert.equal(next, used)
  assert.deepStrictEqual(told(next), told(fresh(2, hosts)))
  assert.notEqual(spare.take(3, hosts, { a: 40_003, b: 80 }), next)
})

test('facts that share a page do not touch each other', () => {
  const hosts = { a: new HostFacts(), b: new HostFacts() }
  const spare = new SpareFacts()
  const all = Array.from({ length: 200 }, (_, k) => spare.take(k, hosts, { a: k, b: 80 }))
  for (const [k, facts] of all.entries()) facts.numbers.fill(k)
  for (const [k, facts] of all.entries())
    assert.deepEqual(
      facts.numbers,
      FRESH_NUMBERS.map(() => k),
    )
})

test('each field of the facts has numbers of its own, and takes what it is given', () => {
  const hosts = { a: new HostFacts(), b: new HostFacts() }
  const facts = fresh(1, hosts)
  const { a, b } = facts
  assert.equal(a.last.at, NEVER)
  assert.equal(b.synAckWindow, -1)
  assert.equal(facts.clientIsA, true)
  a.setLast(7, 0.5)
  assert.deepEqual([a.last.frame, a.last.at, a.last.happened], [7, 0.5, true])
  assert.deepEqual([a.lastFrame, a.lastAt, b.lastFrame, facts.lastFrame], [7, 0.5, 0, 0])
  b.framing = 'tls'
  a.isn = -5
  facts.clientIsA = false
  assert.deepEqual([a.framing, b.framing, a.isn, b.isn], ['none', 'tls', -5, 0])
  assert.equal(facts.client, b)
  a.last.clear()
  b.framing = 'none'
  a.isn = 0
  facts.clientIsA = true
  assert.deepEqual(facts.numbers, fresh(1, hosts).numbers)
})
