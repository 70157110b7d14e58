/** A host on a link: who owns a connection or a listener hears of it, and of the host's end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostNames, LinkHost } from '../../src/link/host.ts'
import type { Link } from '../../src/link/link.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import { noLink } from '../../src/link/no-link.ts'
import type { ConnectionOwner, ListenerOwner } from '../../src/link/owners.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { configure } from '../../src/tcp/config.ts'
import { CONNECTED } from '../../src/tcp/signals.ts'
import { CLOSE_WAIT, ESTABLISHED, FIN_WAIT_2 } from '../../src/tcp/state.ts'
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

/** A connection between two hosts on a link that can be made to lose everything. */
async function twoHosts(): Promise<{
  hosts: [LinkHost, LinkHost]
  ends: HostedConnection[]
  cut(is: boolean): void
}> {
  const links = loopbackPair()
  let isCut = false
  const { send } = links[0]
  links[0].send = (frame, length) => isCut || Reflect.apply(send, links[0], [frame, length])
  const config = configure({ rtoMinMs: 10, mslMs: 10 })
  const hosts = links.map((link, i) => new LinkHost(link, { addresses: [`10.0.0.${i + 1}/24`], config }))
  const [a, b] = hosts as [LinkHost, LinkHost]
  const listener = b.stack.listen({ port: 80 })
  a.sync()
  const client = a.stack.connect({ remoteAddress: parseAddress('10.0.0.2')!, remotePort: 80 })
  let server: HostedConnection | null = null
  await until(() => (server = b.stack.accept(listener)) !== null)
  return { hosts: [a, b], ends: [client, server!], cut: (is) => (isCut = is) }
}

test('settle: nothing is waited for where all is open, or closed', async () => {
  const { hosts, ends } = await twoHosts()
  assert.equal(await hosts[0].settle(), true)
  assert.equal(ends[0]!.state, ESTABLISHED)
  hosts[0].close()
  assert.equal(await hosts[0].settle(), false)
  hosts[1].close()
})

test('settle waits for the end of both sides, through losses', async () => {
  const { hosts, ends, cut } = await twoHosts()
  cut(true)
  hosts[0].sync()
  ends[0]!.send(new TextEncoder().encode('last words'))
  ends[0]!.release()
  let isSettled = false
  const settled = hosts[0].settle().then((is) => (isSettled = is))
  assert.equal(await hosts[0].settle(30), false)
  assert.equal(isSettled, false)
  cut(false)
  await until(() => ends[0]!.state === FIN_WAIT_2)
  assert.deepEqual([ends[1]!.readable, ends[1]!.state, isSettled], [10, CLOSE_WAIT, false])
  hosts[1].sync()
  ends[1]!.receive(new Uint8Array(10))
  ends[1]!.close()
  assert.equal(await settled, true)
  for (const host of hosts) host.close()
})

test('settle ends with the host, and says that it did not see the end', async () => {
  const { hosts, ends, cut } = await twoHosts()
  cut(true)
  hosts[0].sync()
  ends[0]!.release()
  const settled = hosts[0].settle()
  hosts[0].close()
  assert.equal(await settled, false)
  hosts[1].close()
})

test('await using: the host is closed behind the last FIN', async () => {
  const { hosts, ends } = await twoHosts()
  {
    await using host = hosts[0]
    host.sync()
    ends[0]!.send(new Uint8Array(100_000))
    ends[0]!.release()
    hosts[1].sync()
    ends[1]!.close()
  }
  assert.equal(hosts[0].closed, true)
  assert.equal(ends[1]!.receive(new Uint8Array(200_000)), 100_000)
  assert.equal(ends[1]!.atEndOfStream, true) // and no reset
  hosts[1].close()
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
