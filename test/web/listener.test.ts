/** Listeners as async iterables: who waits, who is turned away, and how it ends. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SocketError, SocketListener } from '../../src/web/index.ts'
import { until } from '../link/turn.ts'
import { idle, readText, webPair, writeAll } from './pair.ts'

const limit = { timeout: 240_000 }

test('connections wait until somebody asks, and what they sent waits with them', limit, async () => {
  using pair = webPair()
  const listener = pair.b.listen({ port: 80 })
  const client = pair.a.connect('b:80', { allowHalfOpen: true })
  await writeAll(client, 'early')
  const { stack } = pair.hosts[1]
  await until(() => stack.connections()[0]?.stateName === 'CLOSE-WAIT')
  assert.equal(stack.listeners()[0]!.waiting, 1)
  // All that it will ever send has come before anybody owned the connection.
  const { value: server } = await listener.next()
  assert.equal(await readText(server!), 'early')
  await server!.closed
  assert.equal(await readText(client), '')
})

test('a connection that ended while it waited says so', limit, async () => {
  using pair = webPair()
  const listener = pair.b.listen({ port: 80 })
  const client = pair.a.connect('b:80')
  await client.opened
  const { stack } = pair.hosts[1]
  await until(() => stack.listeners()[0]!.waiting === 1)
  const [waiting] = stack.connections()
  await client.writable.abort()
  await until(() => waiting!.stateName === 'CLOSED')
  const { value: server } = await listener.next()
  await assert.rejects(server!.closed, { code: 'ECONNRESET' })
  await assert.rejects(readText(server!), { code: 'ECONNRESET' })
})

test('several may wait, and are served in turn', limit, async () => {
  using pair = webPair()
  await using listener = pair.b.listen({ port: 0 })
  assert.ok(listener instanceof SocketListener)
  const { port } = await listener.opened
  const waiting = [listener.next(), listener.next(), listener.next()]
  const clients = [1, 2].map(() => pair.a.connect({ hostname: 'b', port }))
  await Promise.all(clients.map(({ opened }) => opened))
  const [first, second] = await Promise.all(waiting.slice(0, 2))
  assert.equal((await first!.value!.opened).remoteAddress, (await clients[0]!.opened).localAddress)
  assert.equal((await second!.value!.opened).remoteAddress, (await clients[1]!.opened).localAddress)
  await listener.close()
  assert.deepEqual(await waiting[2], { done: true, value: undefined })
  assert.deepEqual(await listener.next(), { done: true, value: undefined })
})

test('leaving the loop closes the listener, and its sockets live on', limit, async () => {
  using pair = webPair()
  const listener = pair.b.listen({ port: 80 })
  const client = pair.a.connect('b:80')
  for await (const server of listener) {
    void writeAll(server, 'hello')
    break
  }
  await listener.closed
  await assert.rejects(pair.a.connect('b:80').opened, { code: 'ECONNREFUSED' })
  assert.equal(await readText(client), 'hello')
})

test('those that nobody asked for are reset when the listener closes', limit, async () => {
  using pair = webPair()
  const listener = pair.b.listen({ port: 80 })
  const client = pair.a.connect('b:80')
  await client.opened
  await until(() => pair.hosts[1].stack.listeners()[0]!.waiting === 1)
  await listener.close()
  await assert.rejects(client.closed, { code: 'ECONNRESET' })
})

test('a port in use, an address of others, a name: opened and iteration reject', limit, async () => {
  using pair = webPair()
  const first = pair.b.listen({ port: 80, hostname: '0.0.0.0' })
  assert.equal((await first.opened).localAddress, '0.0.0.0:80')
  const second = pair.b.listen({ port: 80, hostname: '0.0.0.0' })
  const foreign = pair.b.listen({ port: 81, hostname: '10.0.0.1' })
  const unknown = pair.b.listen({ port: 82, hostname: 'nobody' })
  for (const [listener, code] of [
    [second, 'EADDRINUSE'],
    [foreign, 'EADDRNOTAVAIL'],
    [unknown, 'ENOTFOUND'],
  ] as const) {
    await assert.rejects(listener.opened, { name: 'SocketError', code })
    await assert.rejects(listener.closed, { code })
    await assert.rejects(listener.next(), SocketError)
  }
  const named = pair.b.listen({ port: 83, hostname: 'b' })
  assert.equal((await named.opened).localAddress, '10.0.0.2:83')
  const v6 = pair.b.listen({ port: 84, hostname: '::' })
  assert.equal((await v6.opened).localAddress, '[::]:84')
  await assert.rejects(pair.a.connect('10.0.0.2:84').opened, { code: 'ECONNREFUSED' })
  await pair.a.connect('[fd00::2]:84').opened
})

test('close before the name is known: opened rejects, nothing listens', limit, async () => {
  using pair = webPair({ b: { resolve: async () => ['10.0.0.2'] } })
  const listener = pair.b.listen({ port: 80, hostname: 'b.example' })
  await listener.close()
  await assert.rejects(listener.opened, { code: 'ECONNABORTED' })
  await sleep(5)
  assert.deepEqual(pair.hosts[1].stack.listeners(), [])
  await idle(...pair.hosts)
})
