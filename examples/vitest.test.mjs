// A test in vitest (cd examples && npx vitest run vitest.test.mjs): a client that tries again, on a network that is away.
import { createServer, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { network } from 'elko/sim'
import { expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 }) // real time, of a machine that may be busy

/** The code under test: tries again after 1, 2, 4 ... seconds; an attempt may take five. */
async function getPatiently(url, createConnection, attempts = 5) {
  for (let attempt = 1; ; attempt++) {
    try {
      return { attempt, text: await get(url, createConnection) }
    } catch (error) {
      if (attempt === attempts) throw error
      await sleep(1000 * 2 ** (attempt - 1))
    }
  }
}

function get(url, createConnection) {
  return new Promise((resolve, reject) => {
    const options = { createConnection, signal: AbortSignal.timeout(5_000) }
    request(url, options, async (response) => resolve(String(Buffer.concat(await response.toArray()))))
      .on('error', reject)
      .end()
  })
}

function clientAndServer() {
  const net = network({ seed: 5 })
  const client = net.host('10.0.0.1')
  const server = net.host('10.0.0.2', { name: 'api.example' })
  net.path(client, server, { delay: '40ms', loss: '2%' })
  const web = createServer((_request, response) => response.end('hello'))
  server.net.createServer((socket) => web.emit('connection', socket)).listen(80)
  const connect = (options) => client.net.connect(options)
  return { net, client, server, connect }
}

test('tries again until the network is back', async () => {
  const { net, client, server, connect } = clientAndServer()
  net.partition(client, server, { for: '12s' })
  await net.run(async () => {
    const answer = await getPatiently('http://api.example/', connect)
    // Attempts at 0, 6 and 13 s: the third finds the network as it should be.
    expect(answer).toEqual({ attempt: 3, text: 'hello' })
    expect(net.now).toBeGreaterThan(13_000)
    expect(net.now).toBeLessThan(15_000)
  })
  net.close()
})

test('gives up after five attempts, and says why', async () => {
  const { net, client, server, connect } = clientAndServer()
  net.firewall(client, server, { action: 'reject', port: 80 })
  await net.run(async () => {
    await expect(getPatiently('http://api.example/', connect)).rejects.toThrow(
      'connect ECONNREFUSED 10.0.0.2:80',
    )
    expect(Math.floor(net.now / 1000)).toBe(1 + 2 + 4 + 8)
  })
  net.close()
})
