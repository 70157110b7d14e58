/** The names of Direct Sockets: what opens, what is refused and how, and when `close` may be called. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ElkoDiagnosis } from '../../src/analyze/index.ts'
import type { Config } from '../../src/tcp/config.ts'
import { network } from '../../src/testnet/index.ts'
import { until } from '../link/turn.ts'
import { idle, webPair } from './pair.ts'

const limit = { timeout: 240_000 }

test('an echo: sockets come out of a stream, and are open', limit, async () => {
  using pair = webPair()
  const server = new pair.b.TCPServerSocket('10.0.0.2', { localPort: 7 })
  const { readable, localAddress, localPort } = await server.opened
  assert.deepEqual([localAddress, localPort], ['10.0.0.2', 7])
  const client = new pair.a.TCPSocket('10.0.0.2', 7, { noDelay: true })
  const here = await client.opened
  assert.equal(here.remoteAddress, '10.0.0.2')
  assert.equal(here.remotePort, 7)
  assert.equal(here.localAddress, '10.0.0.1')
  const reader = readable.getReader()
  const { value: socket } = await reader.read()
  assert.ok(socket instanceof pair.b.TCPSocket)
  const there = await socket.opened
  assert.deepEqual([there.remoteAddress, there.remotePort], ['10.0.0.1', here.localPort])
  assert.deepEqual([there.localAddress, there.localPort], ['10.0.0.2', 7])
  const echo = there.readable.pipeTo(there.writable)
  const writer = here.writable.getWriter()
  await writer.write(new TextEncoder().encode('PING'))
  await writer.close()
  let text = ''
  for await (const chunk of here.readable) text += new TextDecoder().decode(chunk)
  assert.equal(text, 'PING')
  await echo
  await Promise.all([client.closed, socket.closed])
  reader.releaseLock()
  await server.close()
  await server.closed
  await idle(...pair.hosts)
})

test('options reach the connection', limit, async () => {
  using pair = webPair()
  await new pair.b.TCPServerSocket('::', { localPort: 80 }).opened
  const options = { sendBufferSize: 5000, receiveBufferSize: 6000, keepAliveDelay: 1000, noDelay: true }
  const configOf = async (...[given]: [options?: typeof options]): Promise<Config> => {
    const { localPort } = await new pair.a.TCPSocket('b', 80, given).opened
    const all = pair.hosts[0].stack.connections().map(({ tcb }) => tcb)
    return all.find(({ path }) => path.localPort === localPort)!.config
  }
  const [asked, plain] = [await configOf(options), await configOf()]
  assert.equal(asked.sendBufferBytes, 5000)
  assert.equal(asked.receiveBufferBytes, 6000)
  assert.deepEqual([asked.keepAlive, asked.keepAliveIdleMs, asked.keepAliveIntervalMs], [true, 1000, 1000])
  assert.equal(asked.nagle, false)
  assert.deepEqual([plain.nagle, plain.keepAlive], [true, false])
})

test('dnsQueryType chooses among the addresses of a name', limit, async () => {
  await using net = network()
  const [a, b] = [net.host('10.0.0.1', 'fd00::1'), net.host('10.0.0.2', 'fd00::2')]
  net.path(a, b)
  net.name('b', ['10.0.0.2', 'fd00::2'])
  await net.run(async () => {
    const both = new b.web.TCPServerSocket('::')
    const { localPort } = await both.opened
    for (const [dnsQueryType, expected] of [
      ['ipv4', '10.0.0.2'],
      ['ipv6', 'fd00::2'],
      [undefined, '10.0.0.2'],
    ] as const) {
      const socket = new a.web.TCPSocket('b', localPort, dnsQueryType === undefined ? {} : { dnsQueryType })
      assert.equal((await socket.opened).remoteAddress, expected)
    }
  })
})

test('ipv6Only listens to IPv6 alone', limit, async () => {
  using pair = webPair()
  const only6 = new pair.b.TCPServerSocket('::', { localPort: 90, ipv6Only: true })
  await only6.opened
  await assert.rejects(new pair.a.TCPSocket('10.0.0.2', 90).opened, { name: 'NetworkError' })
  await new pair.a.TCPSocket('fd00::2', 90).opened
})

test(
  'a failure is a NetworkError whose cause is a diagnosis, for both promises and both streams',
  limit,
  async () => {
    using pair = webPair()
    const refused = new pair.a.TCPSocket('10.0.0.2', 81)
    const reason = await refused.opened.catch((error: unknown) => error)
    assert.ok(reason instanceof DOMException)
    assert.equal(reason.name, 'NetworkError')
    assert.ok(reason.cause instanceof ElkoDiagnosis)
    assert.equal(reason.cause.reason, 'connection-refused')
    await assert.rejects(refused.closed, reason)
    const taken = new pair.b.TCPServerSocket('10.0.0.1')
    await assert.rejects(taken.opened, { name: 'NetworkError' })
    await assert.rejects(taken.closed, { name: 'NetworkError' })

    const server = new pair.b.TCPServerSocket('10.0.0.2', { localPort: 80 })
    const client = new pair.a.TCPSocket('b', 80)
    const [{ value: socket }] = await Promise.all([
      (await server.opened).readable.getReader().read(),
      client.opened,
    ])
    await (await socket!.opened).writable.abort()
    await assert.rejects(client.closed, { name: 'NetworkError' })
    await assert.rejects((await client.opened).readable.getReader().read(), { name: 'NetworkError' })
  },
)

test('close is refused before the socket is open and while a stream is locked', limit, async () => {
  using pair = webPair()
  const server = new pair.b.TCPServerSocket('10.0.0.2', { localPort: 80 })
  const client = new pair.a.TCPSocket('b', 80)
  await assert.rejects(server.close(), { name: 'InvalidStateError' })
  await assert.rejects(client.close(), { name: 'InvalidStateError' })
  const { readable } = await server.opened
  const accepting = readable.getReader()
  await assert.rejects(server.close(), { name: 'InvalidStateError' })
  const { writable } = await client.opened
  const writer = writable.getWriter()
  await assert.rejects(client.close(), { name: 'InvalidStateError' })
  writer.releaseLock()
  await client.close()
  await client.close()
  await accepting.read()
  // Whoever waits for a socket when the server closes comes to an end.
  const next = accepting.read()
  accepting.releaseLock()
  await assert.rejects(next, TypeError)
  await server.close()
  await until(() => pair.hosts[1].stack.listeners().length === 0)
})

test('options and addresses out of their range are TypeErrors at once', () => {
  using pair = webPair()
  const { TCPSocket, TCPServerSocket } = pair.a
  assert.throws(() => new TCPSocket('b', 0), TypeError)
  assert.throws(() => new TCPSocket('b', 65536), TypeError)
  assert.throws(() => new TCPSocket('b', 80, { keepAliveDelay: 999 }), TypeError)
  assert.throws(() => new TCPSocket('b', 80, { sendBufferSize: 0 }), TypeError)
  assert.throws(() => new TCPSocket('b', 80, { receiveBufferSize: 0 }), TypeError)
  assert.throws(() => new TCPServerSocket('localhost'), TypeError)
  assert.throws(() => new TCPServerSocket('10.0.0.1', { localPort: 0 }), TypeError)
  assert.throws(() => new TCPServerSocket('10.0.0.1', { backlog: 0 }), TypeError)
  assert.throws(() => new TCPServerSocket('10.0.0.1', { ipv6Only: true }), TypeError)
  assert.throws(() => new TCPServerSocket('fd00::1', { ipv6Only: true }), TypeError)
  assert.deepEqual(pair.hosts[0].stack.listeners(), [])
})
