/** net.Server: connections, their number, closing, heirs; beside node:net's. */

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import EventEmitter, { once } from 'node:events'
import http from 'node:http'
import type nodeNet from 'node:net'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { noLink } from '../../src/link/no-link.ts'
import { createNet } from '../../src/net/create-net.ts'
import { localHost } from '../../src/net/default-host.ts'
import { turns } from '../link/turn.ts'
import { type AnyNet, elkoNet, fieldsOf, listening, onBoth, unusedPort } from './nets.ts'

/** A client that is connected. */
async function connected(net: AnyNet, port: number, host = '127.0.0.1'): Promise<nodeNet.Socket> {
  const client = net.connect(port, host)
  await once(client, 'connect')
  return client
}

const ended = async (client: nodeNet.Socket): Promise<void> => {
  client.resume().end()
  await once(client, 'close')
}

onBoth('a socket is counted, knows its server, and the server waits for it before `close`', async (net) => {
  const server = net.createServer()
  const { port } = await listening(server, { port: await unusedPort(), host: '127.0.0.1' })
  const accepted = once(server, 'connection')
  const client = await connected(net, port)
  const [socket] = (await accepted) as [nodeNet.Socket & { server: unknown }]
  assert.equal(socket.server, server)
  assert.equal(await promisify(server.getConnections).call(server), 1)
  const events: string[] = []
  server.close((error) => events.push(`close ${error}`))
  assert.equal(server.listening, false)
  await new Promise(setImmediate)
  assert.deepEqual(events, [])
  const [refused] = await once(net.connect(port, '127.0.0.1'), 'error')
  assert.equal(fieldsOf(refused).code, 'ECONNREFUSED')
  socket.end()
  client.resume()
  await once(server, 'close')
  assert.deepEqual(events, ['close undefined'])
  assert.equal(await promisify(server.getConnections).call(server), 0)
})

onBoth('closing what does not listen', async (net) => {
  const server = net.createServer()
  const [error] = await new Promise<unknown[]>((resolve) => server.close((...all) => resolve(all)))
  assert.deepEqual(fieldsOf(error), {
    name: 'Error',
    message: 'Server is not running.',
    code: 'ERR_SERVER_NOT_RUNNING',
  })
  await server[Symbol.asyncDispose]()
  await listening(server)
  await server[Symbol.asyncDispose]()
  assert.equal(server.listening, false)
})

onBoth('a server that was closed listens again', async (net) => {
  const server = net.createServer((socket) => socket.end('again'))
  for (let i = 0; i < 3; i++) {
    const { port } = await listening(server)
    const [text] = await once(await connected(net, port), 'data')
    assert.equal(String(text), 'again')
    await promisify(server.close).call(server)
  }
})

onBoth('closing at once after listen: no `listening`', async (net) => {
  const server = net.createServer()
  server.on('listening', () => assert.fail('listening'))
  server.listen(0)
  server.close()
  await once(server, 'close')
  server.listen(0, '127.0.0.1') // still looks its address up
  server.close()
  await once(server, 'close')
  await new Promise(setImmediate)
  assert.equal(server.listening, false)
})

onBoth('who comes above maxConnections is dropped, and the server says whom', async (net) => {
  const server = net.createServer((socket) => socket.resume())
  server.maxConnections = 1
  const { port } = await listening(server)
  const first = await connected(net, port)
  const dropped = once(server, 'drop')
  const second = await connected(net, port)
  const [details] = await dropped
  assert.deepEqual(
    { ...details },
    {
      localAddress: '127.0.0.1',
      localPort: port,
      localFamily: 'IPv4',
      remoteAddress: '127.0.0.1',
      remotePort: second.localPort,
      remoteFamily: 'IPv4',
    },
  )
  await ended(second)
  await ended(first)
  const third = await connected(net, port)
  third.write('there is room again')
  await ended(third)
  await promisify(server.close).call(server)
})

test('maxConnections of 0 drops all, as since Node 21', async () => {
  const { net, end } = elkoNet()
  const server = net.createServer(() => assert.fail('connection'))
  server.maxConnections = 0
  const { port } = await listening(server)
  const client = net.connect(port, '127.0.0.1').resume()
  await Promise.all([once(server, 'drop'), once(client, 'close')])
  end()
})

onBoth('options of the server are those of its sockets', async (net) => {
  const options = { allowHalfOpen: true, pauseOnConnect: true, highWaterMark: 7777 }
  const server = net.createServer(options as nodeNet.ServerOpts)
  const { port } = await listening(server)
  const accepted = once(server, 'connection')
  const client = await connected(net, port)
  client.end('text')
  const [socket] = (await accepted) as [nodeNet.Socket]
  assert.equal(socket.allowHalfOpen, true)
  assert.equal(socket.isPaused(), true)
  assert.deepEqual([socket.readableHighWaterMark, socket.writableHighWaterMark], [7777, 7777])
  let early = ''
  socket.on('data', (text) => (early += text))
  await new Promise((resolve) => setTimeout(resolve, 20))
  await turns()
  assert.equal(early, '')
  socket.resume()
  await once(socket, 'end')
  assert.equal(early, 'text')
  socket.end('answer')
  const [answer] = await once(client, 'data')
  assert.equal(String(answer), 'answer')
  await promisify(server.close).call(server)
})

test('noDelay and keepAlive reach the connections', async () => {
  const host = localHost(noLink())
  const net = createNet(host) as unknown as AnyNet
  const server = net.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 5500 })
  const { port } = await listening(server)
  const accepted = once(server, 'connection')
  const client = await connected(net, port)
  const [socket] = (await accepted) as [nodeNet.Socket]
  const { config } = host.stack.connections().find(({ tcb }) => tcb.path.localPort === port)!.tcb
  assert.deepEqual([config.nagle, config.keepAlive, config.keepAliveIdleMs], [false, true, 5000])
  client.destroy()
  socket.destroy()
  await promisify(server.close).call(server)
  host.close()
})

test('a block list turns people away, by IPv4 rules also where they come to `::`', async () => {
  const { net, end } = elkoNet()
  const blockList = new net.BlockList()
  blockList.addAddress('127.0.0.1')
  const server = net.createServer({ blockList } as nodeNet.ServerOpts, (socket) => socket.end('welcome'))
  const { port } = await listening(server, { port: 0 })
  await once(net.connect(port, '127.0.0.1').resume(), 'close')
  const [text] = await once(net.connect(port, '::1'), 'data')
  assert.equal(String(text), 'welcome')
  await promisify(server.close).call(server)
  assert.throws(() => net.createServer({ blockList: {} } as nodeNet.ServerOpts), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: 'The "options.blockList" property must be an net.BlockList. Received an instance of Object',
  })
  end()
})

onBoth('heirs: by class, and in the way of old', async (net) => {
  class Greeter extends net.Server {
    readonly greeting: string
    constructor(greeting: string) {
      super((socket: nodeNet.Socket) => socket.end(greeting))
      this.greeting = greeting
    }
  }
  function Old(this: nodeNet.Server) {
    ;(net.Server as unknown as (this: object, ...rest: unknown[]) => void).call(this, { allowHalfOpen: true })
    this.on('connection', (socket) => socket.end('old'))
  }
  Object.setPrototypeOf(Old.prototype, net.Server.prototype)
  Object.setPrototypeOf(Old, net.Server)
  const old = new (Old as unknown as new () => nodeNet.Server)()
  const plain = (net.Server as unknown as () => nodeNet.Server)()
  assert.equal((old as { allowHalfOpen?: boolean }).allowHalfOpen, true)
  for (const server of [new Greeter('class'), old, plain]) {
    assert.ok(server instanceof net.Server && server instanceof EventEmitter)
    const { port } = await listening(server)
    if (server === plain) server.on('connection', (socket) => socket.end('plain'))
    const [text] = await once(await connected(net, port), 'data')
    assert.equal(String(text), server === plain ? 'plain' : server === old ? 'old' : 'class')
    await promisify(server.close).call(server)
  }
  assert.equal(net.Server.name, 'Server')
})

onBoth('an http server answers on sockets that it is handed', async (net) => {
  const web = http.createServer((request, response) => response.end(`you asked for ${request.url}`))
  const server = net.createServer((socket) => web.emit('connection', socket))
  const { port } = await listening(server)
  const createConnection = (): nodeNet.Socket => net.connect(port, '127.0.0.1')
  for (const path of ['/a', '/b']) {
    const [response] = await once(http.get({ path, createConnection }), 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    assert.equal(text, `you asked for ${path}`)
  }
  await promisify(server.close).call(server)
  web.closeAllConnections()
})

onBoth('with captureRejections an error in a listener destroys the socket', async (net) => {
  EventEmitter.captureRejections = true
  const server = net.createServer(async (socket) => {
    socket.on('error', (error) => server.emit('told', error))
    throw new Error('in the listener')
  })
  EventEmitter.captureRejections = false
  const { port } = await listening(server)
  const told = once(server, 'told')
  const client = await connected(net, port)
  const [error] = await told
  assert.equal((error as Error).message, 'in the listener')
  client.on('error', () => {})
  await Promise.all([once(client.resume(), 'close'), promisify(server.close).call(server)])
})

onBoth('connections come in the context that listen was called in', async (net) => {
  const storage = new AsyncLocalStorage<string>()
  const server = net.createServer()
  const seen = new Promise((resolve) => {
    server.once('connection', (socket) => {
      socket.resume()
      resolve(storage.getStore())
    })
  })
  storage.run('listen', () => server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const { port } = server.address() as nodeNet.AddressInfo
  const client = await storage.run('connect', () => connected(net, port))
  assert.equal(await seen, 'listen')
  await ended(client)
  await promisify(server.close).call(server)
})

onBoth('what one connection left to do is done before the next one comes', async (net) => {
  const order: string[] = []
  const server = net.createServer((socket) => {
    socket.resume()
    order.push('connection')
    process.nextTick(() => order.push('tick'))
    queueMicrotask(() => order.push('microtask'))
  })
  const { port } = await listening(server)
  const clients = [1, 2, 3].map(() => net.connect(port, '127.0.0.1'))
  await Promise.all(clients.map((client) => once(client, 'connect')))
  while (order.length < 9) await new Promise(setImmediate)
  assert.deepEqual(
    order,
    [1, 2, 3].flatMap(() => ['connection', 'tick', 'microtask']),
  )
  await Promise.all(clients.map(ended))
  await promisify(server.close).call(server)
})

describe('a server is an async iterable', () => {
  test('of its sockets, until it is closed', async () => {
    const { net, end } = elkoNet()
    const server = net.createServer()
    const { port } = await listening(server)
    const clients = [1, 2, 3].map(() => net.connect(port, '127.0.0.1').resume())
    let sockets = 0
    for await (const socket of server as unknown as AsyncIterable<nodeNet.Socket>) {
      socket.resume().end()
      if (++sockets === 3) server.close()
    }
    assert.equal(sockets, 3)
    assert.ok(clients.every(({ destroyed }) => destroyed))
    end()
  })

  test('an error of the server is thrown', async () => {
    const { net, end } = elkoNet()
    const server = net.createServer()
    setImmediate(() => server.emit('error', new Error('of the server')))
    const wait = async (): Promise<void> => {
      for await (const socket of server as unknown as AsyncIterable<nodeNet.Socket>) socket.destroy()
    }
    await assert.rejects(wait, /of the server/)
    end()
  })
})

describe('the host ends', () => {
  test('closed by its user: servers close, quietly', async () => {
    const host = localHost(noLink())
    const server = createNet(host).createServer() as nodeNet.Server
    await listening(server)
    host.close()
    await once(server, 'close')
    assert.equal(server.listening, false)
  })

  test('closed by its user: sockets close, quietly', async () => {
    const host = localHost(noLink())
    const net = createNet(host)
    const server = net.createServer((socket) => socket.resume()) as nodeNet.Server
    const { port } = await listening(server)
    const socket = net.connect(port)
    await once(socket, 'connect')
    socket.write('on its way')
    host.close()
    const [hadError] = await once(socket, 'close')
    assert.equal(hadError, false)
    assert.equal(socket.destroyed, true)
  })

  test('its link died: servers say so', async () => {
    const link = noLink()
    const server = createNet(localHost(link)).createServer() as nodeNet.Server
    await listening(server)
    const error = new Error('the device is gone')
    const told = once(server, 'error')
    link.onError?.(error)
    assert.deepEqual(await told, [error])
  })
})
