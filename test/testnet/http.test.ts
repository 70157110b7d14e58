/** Node's own http over the test network: the same run twice, and an hour of a pool of connections. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import http from 'node:http'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestHost, TestNetwork } from '../../src/testnet/index.ts'
import { world } from './world.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

function serve(host: TestHost, handler: http.RequestListener): http.Server {
  const server = http.createServer({ keepAliveTimeout: 60_000 }, handler)
  host.net.createServer((socket) => server.emit('connection', socket)).listen(80)
  return server
}

function agentOf(host: TestHost, options: http.AgentOptions): http.Agent {
  const agent = new http.Agent({ keepAlive: true, ...options })
  return Object.assign(agent, { createConnection: host.net.connect })
}

async function ask(agent: http.Agent, path: string, body?: Buffer): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST'
  const request = http.request({ agent, method, host: 'b', port: 80, path })
  request.end(body)
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject)
  })
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }
}

const digest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** Three clients at once ask for pages, send bodies, and are in no hurry in between. */
async function busyRun(seed: number, record = true): Promise<TestNetwork> {
  const { net, a, b } = world(
    { rate: '10mbit', delay: '15ms', jitter: '5ms', loss: '3%', reorder: '2%' },
    seed,
    { record },
  )
  serve(b, (request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk) => hash.update(chunk))
    request.on('end', () => {
      const size = Number(request.url?.slice(1))
      setTimeout(() => response.end(`${hash.digest('hex')}${'x'.repeat(size)}`), size % 50)
    })
  })
  const agent = agentOf(a, { maxSockets: 3 })
  await net.run(async () => {
    const client = async (number: number): Promise<void> => {
      for (let turn = 1; turn <= 8; turn++) {
        const sent = Buffer.alloc(number * turn * 3000, `${number}${turn}`)
        const size = number * turn * 1000
        const { status, headers, body } = await ask(agent, `/${size}`, sent)
        assert.equal(status, 200)
        assert.equal(body.subarray(0, 64).toString(), digest(sent))
        assert.equal(body.length, 64 + size)
        assert.ok(Math.abs(Date.parse(headers.date!) - Date.now()) < 5000, headers.date)
        await sleep(net.random.range(1, 3000))
      }
    }
    await Promise.all([1, 2, 3].map(client))
  })
  net.close()
  return net
}

test('the same seed gives the same run, packet for packet and event for event; another one another', async () => {
  const [first, second, other] = [await busyRun(5), await busyRun(5), await busyRun(6)]
  assert.ok(first.trace.length > 1000)
  assert.deepEqual(second.trace, first.trace)
  assert.equal(digest(second.pcapng()), digest(first.pcapng()))
  assert.equal(second.fingerprint, first.fingerprint)
  assert.notEqual(other.fingerprint, first.fingerprint)
  assert.ok(first.trace.some((event) => event.kind === 'network' && event.action === 'lost'))
  const unrecorded = await busyRun(5, false)
  assert.equal(unrecorded.fingerprint, first.fingerprint)
  assert.deepEqual([unrecorded.trace, unrecorded.packets], [[], first.packets])
})

test('an hour of a pool of connections: kept while they are used, closed when they are idle', async () => {
  const { net, a, b } = world({ delay: '20ms', loss: '1%' })
  let connections = 0
  serve(b, (request, response) => response.end(request.url)).on('connection', () => connections++)
  // In turn: by default the one that was used last is used again, and the others become idle.
  const agent = agentOf(a, { maxSockets: 4, scheduling: 'fifo' })
  await net.run(async () => {
    const client = async (number: number): Promise<void> => {
      for (let asked = 0; net.now < 3_600_000; asked++) {
        const { body } = await ask(agent, `/${number}/${asked}`)
        assert.equal(body.toString(), `/${number}/${asked}`)
        await sleep(20_000)
      }
    }
    await Promise.all([1, 2, 3, 4].map(client))
    assert.equal(connections, 4)
    // The server says how long it keeps an idle connection; the client closes it a second before.
    await sleep(120_000)
    assert.deepEqual(Object.keys(agent.freeSockets), [])
    assert.deepEqual([a.stack.size, b.stack.size], [0, 0])
    await ask(agent, '/')
    assert.equal(connections, 5)
  })
  assert.ok(net.now > 3_720_000)
  net.close()
})

test('a Date header that is the program’s own stays as it is, and one that is not wanted is not there', async () => {
  const { net, a, b } = world()
  serve(b, (request, response) => {
    if (request.url === '/none') response.sendDate = false
    if (request.url === '/own') response.setHeader('Date', 'Tue, 15 Nov 1994 08:12:31 GMT')
    response.end()
  })
  const agent = agentOf(a, {})
  await net.run(async () => {
    await sleep(86_400_000 / 2)
    const date = async (path: string): Promise<string | undefined> => (await ask(agent, path)).headers.date
    assert.equal(await date('/'), 'Thu, 01 Jan 2026 12:00:00 GMT')
    assert.equal(await date('/none'), undefined)
    assert.equal(await date('/own'), 'Tue, 15 Nov 1994 08:12:31 GMT')
  })
})
