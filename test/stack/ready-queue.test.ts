/** Who may send next: turns, and those that answer this very host first. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { ReadyQueue } from '../../src/stack/ready-queue.ts'
import { HOST, Host } from './host-harness.ts'

const connection = (): HostedConnection => ({ ready: false }) as HostedConnection

test('each connection waits once, sends 16 packets at most, and then lets others', () => {
  const queue = new ReadyQueue()
  const [a, b] = [connection(), connection()]
  for (const each of [a, b, a]) queue.add(each, false)
  assert.equal(queue.length, 2)
  const order: string[] = []
  for (let i = 0; i < 40; i++) {
    order.push(queue.first === a ? 'a' : 'b')
    assert.equal(queue.isBetweenTurns, i % 16 === 0)
    assert.equal(queue.sent(), i % 16 === 15)
  }
  assert.equal(order.join(''), 'a'.repeat(16) + 'b'.repeat(16) + 'a'.repeat(8))
  queue.settled()
  assert.deepEqual([queue.first, a.ready, b.ready, queue.isBetweenTurns], [b, false, true, true])
})

test('who answers a packet of this host comes first, for one turn', () => {
  const queue = new ReadyQueue()
  const [a, b, c] = [connection(), connection(), connection()]
  queue.add(a, false)
  queue.add(b, true)
  queue.add(c, true)
  assert.equal(queue.first, b)
  for (let i = 0; i < 16; i++) queue.sent()
  assert.equal(queue.first, c)
  queue.settled()
  assert.equal(queue.first, a)
  queue.settled()
  assert.equal(queue.first, b)
  queue.settled()
  assert.equal(queue.first, undefined)
})

test('of hundreds that connect to their own host at once none fills the SYN queue', () => {
  const host = new Host({ limits: { synQueue: 2 } })
  host.checking = false
  const listener = host.listen({ port: 80 })
  const clients = Array.from({ length: 500 }, () => host.connect({ to: HOST[4] }))
  host.poll()
  assert.equal(listener.waiting, 500)
  assert.equal(host.drops('syn-queue-full'), 0)
  for (const { stateName } of clients) assert.equal(stateName, 'ESTABLISHED')
})

test('a stack that may handle so many packets of its own leaves the rest for later, and loses none', () => {
  const host = new Host()
  const listener = host.listen({ port: 80 })
  for (let i = 0; i < 10; i++) host.connect({ to: HOST[4] })
  const waiting: number[] = []
  for (let i = 0; i < 5; i++) {
    host.stack.ownPacketsLeft = 9 // Three to a handshake.
    assert.equal(host.stack.pollTransmit(host.stack.clock.now, new Uint8Array(2000)), 0)
    waiting.push(listener.waiting)
  }
  assert.deepEqual(waiting, [3, 6, 9, 10, 10])
  assert.ok(host.stack.ownPacketsLeft > 0)
})
