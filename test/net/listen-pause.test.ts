/** A handle that pauses: connections wait in the backlog, as `elko listen --max` has them. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type nodeNet from 'node:net'
import { test } from 'node:test'
import type { ListenHandle } from '../../src/net/listen.ts'
import { turn } from '../link/turn.ts'
import { elkoNet, listening } from './nets.ts'

test('connections wait while the handle pauses, and come in their order once it goes on', async () => {
  const { net, end } = elkoNet()
  const server = net.createServer()
  const { port } = await listening(server)
  const handle = (server as unknown as { _handle: ListenHandle })._handle
  const ports: (number | undefined)[] = []
  server.on('connection', (socket: nodeNet.Socket) => {
    ports.push(socket.remotePort)
    handle.pause() // Each one at a time.
  })
  const clients = [1, 2, 3].map(() => net.connect(port, '127.0.0.1'))
  await Promise.all(clients.map((client) => once(client, 'connect')))
  for (let turns = 0; turns < 20; turns++) await turn()
  const expected = clients.map(({ localPort }) => localPort)
  assert.deepEqual(ports, expected.slice(0, 1))
  for (const count of [2, 3]) {
    handle.resume()
    while (ports.length < count) await turn()
    for (let turns = 0; turns < 20; turns++) await turn()
    assert.deepEqual(ports, expected.slice(0, count))
  }
  handle.resume()
  handle.pause()
  handle.resume() // Nobody waits.
  server.close()
  end()
})
