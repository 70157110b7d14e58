/** Timeouts that Node's core keeps on clocks of its own, in virtual time. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type World, world } from './world.ts'

const DELAY_MS = 10
const INTERVAL_MS = 1000

interface Heard {
  readonly text: string
  /** Milliseconds of the network's time. */
  readonly at: number
}

/** A server with 5 s for headers and 10 s for requests, which Node would look after each second. */
function serve({ b }: World, options: http.ServerOptions = {}, handler?: http.RequestListener): http.Server {
  const answer: http.RequestListener = (request, response) => {
    request.resume().on('end', () => response.end('done'))
  }
  const limits = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: INTERVAL_MS }
  const server = http.createServer({ keepAliveTimeout: 0, ...limits, ...options }, handler ?? answer)
  b.net.createServer((socket) => server.emit('connection', socket)).listen(80)
  return server
}

async function connect({ a }: World): Promise<Socket> {
  const socket = a.net.connect(80, 'b')
  await once(socket, 'connect')
  return socket
}

/** What comes until the end. */
async function heard({ net }: World, socket: Socket): Promise<Heard> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return { text, at: net.now }
}

const REQUEST_TIMEOUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'
/** The connection is there after 2 delays, at the server after 3, or when the client sent its ACK. */
const onTime = (ms: number): number => Math.ceil((ms + 2 * DELAY_MS) / INTERVAL_MS) * INTERVAL_MS + DELAY_MS

describe('http servers', () => {
  test('headersTimeout: of a connection that is silent, and of one that does not finish its header', async () => {
    const all = world({ delay: `${DELAY_MS}ms` })
    serve(all)
    await all.net.run(async () => {
      const [silent, slow] = await Promise.all([connect(all), connect(all)])
      slow.write('GET / HTTP/1.1\r\nHost:')
      const ends = await Promise.all([heard(all, silent), heard(all, slow)])
      for (const { text, at } of ends) assert.deepEqual([text, at], [REQUEST_TIMEOUT, onTime(5000)])
    })
  })

  test('requestTimeout: a body that does not come; clientError hears of it', async () => {
    const all = world({ delay: `${DELAY_MS}ms` })
    const server = serve(all)
    const errors: string[] = []
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      errors.push(`${error.code} ${error.message} at ${all.net.now}`)
      socket.end('HTTP/1.1 400 Too Slow\r\n\r\n')
    })
    await all.net.run(async () => {
      const socket = await connect(all)
      socket.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 10\r\n\r\nhalf')
      const { text, at } = await heard(all, socket)
      assert.deepEqual([text, at], ['HTTP/1.1 400 Too Slow\r\n\r\n', onTime(10_000)])
      assert.deepEqual(errors, [`ERR_HTTP_REQUEST_TIMEOUT Request timeout at ${onTime(10_000) - DELAY_MS}`])
    })
  })

  test('each request has its own time; idle connections and slow answers have none', async () => {
    const all = world({ delay: `${DELAY_MS}ms` })
    const answers: string[] = []
    serve(all, {}, async (request, response) => {
      await sleep(request.url === '/slow' ? 60_000 : 0)
      response.end(`answer ${request.url}`)
    })
    await all.net.run(async () => {
      const socket = await connect(all)
      socket.setEncoding('latin1').on('data', (text: string) => answers.push(text.split('\r\n\r\n')[1]!))
      for (const path of ['/1', '/slow', '/2', '/3']) {
        socket.write(`GET ${path} HTTP/1.1\r\n`)
        await sleep(4000)
        socket.write('Host: b\r\n\r\n')
        await sleep(90_000)
      }
      assert.deepEqual(answers, ['answer /1', 'answer /slow', 'answer /2', 'answer /3'])
      const began = all.net.now
      socket.removeAllListeners('data').write('GET /never HTTP/1.1\r\n')
      const { text, at } = await heard(all, socket)
      assert.equal(text, REQUEST_TIMEOUT)
      assert.equal(at, Math.ceil((began + 5000 + DELAY_MS) / INTERVAL_MS) * INTERVAL_MS + DELAY_MS)
    })
  })

  test('0 is for ever; an upgraded connection is http’s no longer', async () => {
    const all = world({ delay: `${DELAY_MS}ms` })
    const server = serve(all, { headersTimeout: 0, requestTimeout: 0 })
    await all.net.run(async () => {
      const socket = await connect(all)
      await sleep(3_600_000)
      socket.end('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
      assert.match((await heard(all, socket)).text, /\r\n\r\n.*done/s)
      Object.assign(server, { headersTimeout: 5000, requestTimeout: 10_000 })
      server.on('upgrade', (_, peer: Socket) => setTimeout(() => peer.end('after an hour'), 3_600_000))
      const upgraded = await connect(all)
      upgraded.write('GET / HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
      assert.equal((await heard(all, upgraded)).text, 'after an hour')
    })
  })

  test('one that listens on the kernel is left to Node', async () => {
    const all = world({ delay: `${DELAY_MS}ms` })
    const server = http.createServer({ headersTimeout: 5000 }, (_, response) => response.end('kernel'))
    await all.net.run(async () => {
      await once(server.listen(0, '127.0.0.1'), 'listening')
      const { port } = server.address() as { port: number }
      const request = http.get({ port, host: '127.0.0.1', agent: new http.Agent() })
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      let text = ''
      for await (const chunk of response) text += chunk
      assert.equal(text, 'kernel')
      server.close()
      server.closeAllConnections()
    })
  })
})

describe('HTTP/2', () => {
  function start(all: World): { session: http2.ClientHttp2Session; server: http2.Http2Server } {
    const server = http2.createServer()
    all.b.net.createServer((socket) => server.emit('connection', socket)).listen(80)
    const session = http2.connect('http://b', { createConnection: () => all.a.net.connect(80, 'b') })
    return { session, server }
  }

  test('a session’s timeout: after idleness, again and again; 0 ends it', async () => {
    const all = world({ delay: `${DELAY_MS}ms` })
    const { session, server } = start(all)
    server.on('stream', (stream) => {
      stream.respond()
      stream.end('x')
    })
    await all.net.run(async () => {
      await once(session, 'connect')
      const timeouts: number[] = []
      session.setTimeout(30_000, () => timeouts.push(all.net.now))
      await sleep(20_000)
      const stream = session.request()
      await once(stream.resume(), 'close')
      const idleSince = all.net.now
      await sleep(31_000)
      assert.equal(timeouts.length, 1)
      assert.ok(timeouts[0]! > 50_000 && timeouts[0]! <= idleSince + 30_000, `${timeouts[0]}`)
      session.setTimeout(0)
      session.setTimeout(5000)
      session.setTimeout(0)
      await sleep(100_000)
      assert.equal(timeouts.length, 1)
      session.destroy()
    })
  })

  test('a stream’s, on both sides', async () => {
    const all = world({ delay: `${DELAY_MS}ms` })
    const { session, server } = start(all)
    const told: [string, number][] = []
    server.on('stream', (stream) => {
      stream.setTimeout(60_000, () => told.push(['server', all.net.now]))
      stream.on('error', () => {})
    })
    await all.net.run(async () => {
      const stream = session.request()
      stream.setTimeout(10_000, () => told.push(['client', all.net.now]))
      await sleep(61_000)
      stream.close()
      session.destroy()
    })
    assert.deepEqual(
      told.map(([who, at]) => [who, Math.round(at / 1000)]),
      [
        ['client', 10],
        ['server', 60],
      ],
    )
  })
})
