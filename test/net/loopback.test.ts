/** elko/net's own host under load: thousands at once, and bulk, lose nothing and leave nothing. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type nodeNet from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { LinkHost } from '../../src/link/host.ts'
import { noLink } from '../../src/link/no-link.ts'
import { createNet } from '../../src/net/create-net.ts'
import { localHost } from '../../src/net/default-host.ts'
import { configure } from '../../src/tcp/config.ts'
import { TIME_WAIT } from '../../src/tcp/state.ts'
import { type AnyNet, listening } from './nets.ts'

/** A host that is alone and does not take a machine that stands still for a loss: what goes twice was lost indeed. */
function patientHost(): LinkHost {
  return localHost(noLink(), { config: configure({ rtoInitialMs: 60_000, rtoMinMs: 60_000 }) })
}

/** Nothing waits or is lent any more; what is left of a connection is its TIME-WAIT. */
function assertQuiet({ stack }: LinkHost): void {
  const { connections, timers, bufferBytes, ...waiting } = stack.occupancy
  assert.deepEqual(waiting, { halfOpen: 0, waiting: 0, ready: 0, events: 0, replies: 0, toSelf: 0 })
  assert.equal(bufferBytes, 0)
  assert.equal(timers, connections)
  for (const { state } of stack.connections()) assert.equal(state, TIME_WAIT)
}

test('1,500 connections at once, beyond the backlog: each has its echo, no segment goes twice', async (t) => {
  const count = 1500
  const host = patientHost()
  t.after(() => host.close()) // A failure would else leave the process waiting.
  const net = createNet(host) as unknown as AnyNet
  const server = net.createServer((socket) => socket.pipe(socket))
  const { port } = await listening(server)
  const clients = Array.from({ length: count }, () => net.connect(port, '127.0.0.1'))
  await Promise.all(clients.map((client) => once(client, 'connect')))
  while ((await promisify(server.getConnections).call(server)) < count) await new Promise(setImmediate)
  const connections = host.stack.connections()
  assert.equal(connections.length, 2 * count)
  const echoes = clients.map(async (client, i) => {
    client.end(`${i} `.repeat(500))
    let text = ''
    for await (const chunk of client) text += chunk
    assert.equal(text, `${i} `.repeat(500))
  })
  await Promise.all(echoes)
  await promisify(server.close).call(server)
  assert.equal(
    connections.reduce((sum, { tcb }) => sum + tcb.totalRetransmissions, 0),
    0,
  )
  await new Promise(setImmediate)
  assertQuiet(host)
})

test('64 MB each way over four connections arrive whole, no segment goes twice', async (t) => {
  const host = patientHost()
  t.after(() => host.close())
  const net = createNet(host) as unknown as AnyNet
  const chunk = Buffer.from(Array.from({ length: 100_003 }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
  const chunks = 160
  const expected = createHash('sha256')
  for (let i = 0; i < chunks; i++) expected.update(chunk)
  const sum = expected.digest('hex')

  const exchange = async (socket: nodeNet.Socket): Promise<void> => {
    const hash = createHash('sha256')
    socket.on('data', (data) => hash.update(data))
    const end = once(socket, 'end')
    for (let i = 0; i < chunks; i++) if (!socket.write(chunk)) await once(socket, 'drain')
    socket.end()
    await end
    assert.equal(hash.digest('hex'), sum)
    await once(socket, 'close')
  }
  const server = net.createServer({ allowHalfOpen: true })
  const { port } = await listening(server)
  const served: Promise<void>[] = []
  server.on('connection', (socket) => served.push(exchange(socket)))
  const clients = [1, 2, 3, 4].map(() => net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
  await Promise.all(clients.map(exchange))
  await Promise.all(served)
  const connections = host.stack.connections()
  for (const { tcb } of connections) assert.equal(tcb.totalRetransmissions, 0)
  await promisify(server.close).call(server)
  await new Promise(setImmediate)
  assertQuiet(host)
})
