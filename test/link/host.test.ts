/** A host on a link: who owns a connection or a listener hears of it, and of the host's end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostNames, LinkHost } from '../../src/link/host.ts'
import type { Link } from '../../src/link/link.ts'
import { noLink } from '../../src/link/no-link.ts'
import type { ConnectionOwner, ListenerOwner } from '../../src/link/owners.ts'
import { CONNECTED } from '../../src/tcp/signals.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { until } from './turn.ts'

const SELF = parseAddress('127.0.0.1')!

class Ear implements ConnectionOwner, ListenerOwner {
  events = 0
  calls = 0
  readonly ends: (Error | null)[] = []
  handleEvents(events: number): void {
    this.events |= events
  }
  handleConnections(): void {
    this.calls++
  }
  handleHostEnd(error: Error | null): void {
    this.ends.push(error)
  }
}

function hostAlone(link: Link = noLink()): LinkHost {
  return new LinkHost(link, { addresses: ['127.0.0.1/8'], names: { LocalHost: '127.0.0.1' } })
}

async function connectedEars(host: LinkHost): Promise<[Ear, Ear]> {
  const server = new Ear()
  const client = new Ear()
  host.sync()
  host.stack.listen({ port: 80 }).owner = server
  host.stack.connect({ remoteAddress: SELF, remotePort: 80 }).owner = client
  await until(() => server.calls > 0)
  return [server, client]
}

test('the owners of a connection and of a listener are told, without a driver of their own', async () => {
  const host = hostAlone()
  const [server, client] = await connectedEars(host)
  assert.equal(client.events & CONNECTED, CONNECTED)
  assert.equal(server.calls, 1)
  host.close()
})

test('a host that is closed tells each owner once, and leaves nothing', async () => {
  const host = hostAlone()
  const [server, client] = await connectedEars(host)
  host.close()
  host.close()
  assert.deepEqual([server.ends, client.ends], [[null], [null]])
  assert.equal(host.stack.size, 0)
  assert.deepEqual(host.stack.listeners(), [])
})

test('a link that dies tells each owner of the error', async () => {
  const link = noLink()
  const host = hostAlone(link)
  const [server, client] = await connectedEars(host)
  const error = new Error('the device is gone')
  link.onError?.(error)
  assert.deepEqual([server.ends, client.ends], [[error], [error]])
  assert.equal(host.closed, true)
})

test('names are known whatever their case was, with one address or several in order', () => {
  const names = hostNames({ Web: '10.0.0.1', db: ['10.0.0.2', 'fd00::2'] })
  assert.deepEqual(
    [...names],
    [
      ['web', ['10.0.0.1']],
      ['db', ['10.0.0.2', 'fd00::2']],
    ],
  )
})
