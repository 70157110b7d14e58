/** Options of sockets as configurations: shared by all that ask for the same. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LinkHost } from '../../src/link/host.ts'
import { noLink } from '../../src/link/no-link.ts'
import { keepAliveChanges, tune } from '../../src/net/tuning.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { parseAddress } from '../../src/wire/address.ts'

function connections(count: number): { host: LinkHost; all: HostedConnection[] } {
  const host = new LinkHost(noLink(), { addresses: ['127.0.0.1/8'] })
  const remoteAddress = parseAddress('127.0.0.1')!
  host.stack.listen({ port: 80 })
  const all = Array.from({ length: count }, () => host.stack.connect({ remoteAddress, remotePort: 80 }))
  return { host, all }
}

test('sockets that ask for the same share a configuration, in whatever order they ask', () => {
  const { host, all } = connections(3)
  const [a, b, c] = all as [HostedConnection, HostedConnection, HostedConnection]
  const alive = keepAliveChanges(true, 5, 1, 10)
  assert.equal(tune(host, a, { nagle: false }), true)
  tune(host, a, alive)
  tune(host, b, alive)
  tune(host, b, { nagle: false })
  assert.equal(a.tcb.config, b.tcb.config)
  assert.deepEqual({ ...host.stack.config, nagle: false, ...alive }, { ...a.tcb.config })
  tune(host, c, alive)
  assert.notEqual(c.tcb.config, a.tcb.config)
  host.close()
})

test('who takes all back has what it began with: switching to and fro makes nothing new', () => {
  const { host, all } = connections(1)
  const [connection] = all as [HostedConnection]
  const root = connection.tcb.config
  tune(host, connection, { nagle: false })
  const off = connection.tcb.config
  for (let i = 0; i < 5; i++) {
    tune(host, connection, { nagle: true })
    assert.equal(connection.tcb.config, root)
    tune(host, connection, { nagle: false })
    assert.equal(connection.tcb.config, off)
  }
  host.close()
})

test('ever new configurations are right, too', () => {
  const { host, all } = connections(1)
  const [connection] = all as [HostedConnection]
  for (let idle = 1; idle < 2100; idle++) tune(host, connection, keepAliveChanges(true, idle, 1, 10))
  assert.equal(connection.tcb.config.keepAliveIdleMs, 2_099_000)
  tune(host, connection, keepAliveChanges(true, 3, 1, 10))
  assert.equal(connection.tcb.config.keepAliveIdleMs, 3000)
  host.close()
})

test('nothing is changed where there is no connection', () => {
  const { host, all } = connections(1)
  const [connection] = all as [HostedConnection]
  assert.equal(tune(host, null, { nagle: false }), false)
  connection.abort()
  assert.equal(tune(host, connection, { nagle: false }), false)
  assert.equal(connection.tcb.config, host.stack.config)
  host.close()
})

test('keep-alive times beyond what Linux takes', () => {
  assert.deepEqual(keepAliveChanges(true, 0, 1, 10), { keepAlive: true })
  assert.deepEqual(keepAliveChanges(true, 32_768, 1, 10), { keepAlive: true })
  assert.deepEqual(keepAliveChanges(false, 5, 1, 10), { keepAlive: false })
  assert.deepEqual(keepAliveChanges(true, 32_767, 1e9, 1e9), {
    keepAlive: true,
    keepAliveIdleMs: 32_767_000,
    keepAliveIntervalMs: 32_767_000,
    keepAliveProbes: 127,
  })
})
