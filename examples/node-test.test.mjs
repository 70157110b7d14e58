// A test in node:test (node --test examples/node-test.test.mjs): hours of waiting, none of which anybody waits for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { network } from 'elko/sim'

/** The code under test: says when its peer is lost. */
async function watch(net, host, onLost) {
  const socket = net.connect({ port: 80, host, keepAlive: true })
  await once(socket, 'connect')
  socket.once('error', onLost)
}

test('a peer whose power fails is missed two hours later, and not before', async (t) => {
  const net = network({ seed: 1 })
  t.after(() => net.close()) // from Node 24 on: `await using net = network(...)`
  const client = net.host('10.0.0.1')
  const server = net.host('10.0.0.2')
  net.path(client, server, { delay: '20ms', loss: '1%' })
  server.net.createServer(() => {}).listen(80)

  await net.run(async () => {
    const lost = new Promise((resolve) => watch(client.net, '10.0.0.2', resolve))
    net.crash(server, { at: '10s' })
    const error = await lost
    // Two hours of silence, then nine probes, 75 seconds apart: Linux' defaults, and Elko's.
    assert.equal(error.message, 'read ETIMEDOUT')
    assert.ok(Date.now() - Date.parse('2026-01-01') > 2 * 3_600_000)
    t.diagnostic(`missed after ${Math.round(net.now / 1000)} s: ${error.cause?.message}`)
  })
})

test('a peer whose power fails and comes back answers the first probe with a reset', async (t) => {
  const net = network({ seed: 1 })
  t.after(() => net.close())
  const client = net.host('10.0.0.1')
  const server = net.host('10.0.0.2')
  net.path(client, server, { delay: '20ms' })
  const boot = () => server.net.createServer(() => {}).listen(80)
  boot()

  await net.run(async () => {
    const lost = new Promise((resolve) => watch(client.net, '10.0.0.2', resolve))
    net.crash(server, { at: '10s', for: '30s', boot })
    const error = await lost
    assert.equal(error.message, 'read ECONNRESET')
    t.diagnostic(`reset after ${Math.round(net.now / 1000)} s: ${error.cause?.message}`)
  })
})
