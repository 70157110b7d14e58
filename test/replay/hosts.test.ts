/** `record` on hosts: LinkHost with elko/net, hosts of the test network with real programs, one that crashes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LinkHost } from '../../src/link/host.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import { createNet } from '../../src/net/create-net.ts'
import { replayRun } from '../../src/replay/replayed-run.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { network } from '../../src/testnet/index.ts'

const OCTETS = 500_000

test('LinkHost, `record: true`: sockets of elko/net, whose log replays at any moment', async () => {
  const [left, right] = loopbackPair()
  const client = new LinkHost(left, { name: 'client', addresses: ['10.0.0.1/24'], record: true })
  const server = new LinkHost(right, { name: 'server', addresses: ['10.0.0.2/24'], record: true })
  createNet(server)
    .createServer((socket) => socket.pipe(socket))
    .listen(7)
  const socket = createNet(client).connect(7, '10.0.0.2')
  socket.end(Buffer.alloc(OCTETS, 'text'))
  let octets = 0
  for await (const chunk of socket) {
    octets += (chunk as Buffer).length
    if (octets > OCTETS / 2) continue
    const { divergence, retelling, end, replayed } = replayRun(client.stack.recording!.log.octets())
    assert.deepEqual([divergence, retelling, end], [null, null, 'open'])
    assert.ok(replayed > 3)
  }
  assert.equal(octets, OCTETS)
  await client.settle()
  client.close()
  server.close()
  for (const { stack } of [client, server]) {
    const { divergence, retelling, problem, hosts, addresses, paths } = replayRun(
      stack.recording!.log.octets(),
    )
    assert.deepEqual([divergence, retelling, problem], [null, null, null])
    assert.deepEqual(hosts, [stack.name])
    assert.deepEqual(addresses, { [stack.name]: stack.name === 'client' ? '10.0.0.1' : '10.0.0.2' })
    assert.ok(paths[0]!.steps.some(({ state }) => state === 'ESTABLISHED'))
  }
})

test('hosts of the test network share a log: real programs, a crash, a reboot', async () => {
  const record = new InputLog()
  await using net = network({ failures: null })
  await net.run(async () => {
    const client = net.host('10.0.0.1', { name: 'client', record })
    const server = net.host('10.0.0.2', { name: 'server', record })
    net.path(client, server, { delay: '5ms', loss: '3%' })
    const serve = (): void => {
      server.net.createServer((socket) => socket.pipe(socket)).listen(7)
    }
    const ask = async (): Promise<number> => {
      const socket = client.net.connect(7, 'server')
      socket.end(Buffer.alloc(50_000))
      let octets = 0
      for await (const chunk of socket) octets += (chunk as Buffer).length
      return octets
    }
    serve()
    assert.equal(await ask(), 50_000)
    server.crash()
    server.reboot()
    serve()
    assert.equal(await ask(), 50_000)
  })
  const run = replayRun(record.octets())
  assert.deepEqual([run.divergence, run.retelling, run.problem], [null, null, null])
  assert.deepEqual(run.hosts, ['client', 'server'])
  assert.equal(run.replayed, run.recorded)
  assert.ok(run.packets > 100)
})
