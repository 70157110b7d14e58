/** net.Socket: its surface, its states and the order of its events; beside node:net's. */

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type nodeNet from 'node:net'
import { Duplex, getDefaultHighWaterMark } from 'node:stream'
import { inherits } from 'node:util'
import { type AnyNet, fieldsOf, listening, onBoth, PATIENT } from './nets.ts'

const EVENTS =
  'lookup connectionAttempt connectionAttemptFailed connect ready end finish timeout error close'.split(' ')

/** What happens to a socket, in order, from here on; data as 'data' once. */
function recorded(socket: nodeNet.Socket): string[] {
  const events: string[] = []
  for (const event of EVENTS) {
    socket.on(event, (...args) => {
      const shown = event === 'lookup' ? args.slice(1) : event === 'error' ? [args[0].message] : args
      events.push([event, ...shown].join(' ').replaceAll(/\d{4,}/g, 'PORT'))
    })
  }
  return events
}

/** What a socket says of itself. */
function stateOf(socket: nodeNet.Socket): Record<string, unknown> {
  const { connecting, pending, readyState, destroyed, bytesRead, bytesWritten, remoteAddress } = socket
  return { connecting, pending, readyState, destroyed, bytesRead, bytesWritten, remoteAddress }
}

/** Both ends of a connection. */
async function pairOf(
  net: AnyNet,
  options: nodeNet.ServerOpts = {},
  own: object = {},
): Promise<{ server: nodeNet.Server; client: nodeNet.Socket; accepted: nodeNet.Socket }> {
  const server = net.createServer(options)
  const { port } = await listening(server)
  const waits = once(server, 'connection')
  const client = net.connect({ port, host: '127.0.0.1', ...own })
  await once(client, 'connect')
  const [accepted] = await waits
  return { server, client, accepted }
}

async function over(server: nodeNet.Server, ...sockets: nodeNet.Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy()
  server.close()
  await once(server, 'close')
}

onBoth('the events of a connection and of its end, in order', async (net) => {
  const server = net.createServer((socket) => socket.end('hi'))
  const { port } = await listening(server)
  const client = net.connect({ port, host: 'localhost', family: 4 })
  const events = recorded(client)
  client.once('data', () => events.push('data'))
  await once(client, 'close')
  assert.deepEqual(events, [
    'lookup 127.0.0.1 4 localhost',
    'connectionAttempt 127.0.0.1 PORT 4',
    'connect',
    'ready',
    'data',
    'end',
    'finish',
    'close false',
  ])
  await over(server)
})

onBoth('what a socket says of itself, from its making to its end', async (net) => {
  const server = net.createServer((socket) => socket.pipe(socket))
  const { port } = await listening(server)
  const client = new net.Socket()
  const states = [stateOf(client)]
  assert.deepEqual(client.address(), {})
  assert.equal(client.localPort, undefined)
  client.connect(port, '127.0.0.1')
  client.write('four')
  states.push(stateOf(client))
  assert.equal(client.bufferSize, 4)
  await once(client, 'connect')
  states.push(stateOf(client))
  assert.deepEqual(client.address(), { address: '127.0.0.1', family: 'IPv4', port: client.localPort })
  assert.equal(client.remotePort, port)
  assert.equal(client.remoteFamily, 'IPv4')
  await once(client, 'data')
  client.end()
  states.push(stateOf(client))
  await once(client, 'close')
  states.push(stateOf(client))
  assert.equal(client.bufferSize, undefined)
  assert.deepEqual(client.address(), {})
  const state = (
    connecting: boolean,
    pending: boolean,
    readyState: string,
    destroyed: boolean,
    bytesRead: number,
    bytesWritten: number,
    remoteAddress: string | undefined,
  ) => ({ connecting, pending, readyState, destroyed, bytesRead, bytesWritten, remoteAddress })
  assert.deepEqual(states, [
    state(false, true, 'open', false, 0, 0, undefined),
    state(true, true, 'opening', false, 0, 4, undefined),
    state(false, false, 'open', false, 0, 4, '127.0.0.1'),
    state(false, false, 'readOnly', false, 4, 4, '127.0.0.1'),
    state(false, true, 'closed', true, 4, 4, '127.0.0.1'), // Asked before, and kept.
  ])
  await over(server)
})

onBoth('sockets without `new`, of a class and of util.inherits', async (net) => {
  class Own extends net.Socket {
    seen = 0
    override _read(size: number): void {
      this.seen++
      super._read(size)
    }
  }
  function Old(this: nodeNet.Socket, options: object): void {
    Reflect.apply(net.Socket, this, [options])
  }
  inherits(Old, net.Socket)
  const bare = Reflect.apply(net.Socket, undefined, []) as nodeNet.Socket
  const old = Reflect.construct(Old, [{ allowHalfOpen: true }]) as nodeNet.Socket
  const own = new Own({ allowHalfOpen: true })
  for (const socket of [bare, old, own]) {
    assert.ok(socket instanceof net.Socket)
    assert.ok(socket instanceof Duplex)
  }
  assert.deepEqual(
    [bare, old, own].map((socket) => socket.allowHalfOpen),
    [false, true, true],
  )
  const server = net.createServer((socket) => socket.end('x'))
  const { port } = await listening(server)
  for (const socket of [bare, old, own]) {
    socket.connect(port, '127.0.0.1')
    const [data] = await once(socket, 'data')
    assert.equal(String(data), 'x')
    socket.end()
    await once(socket, 'close')
  }
  assert.ok(own.seen > 0)
  await over(server)
})

onBoth('high water marks are those of the running Node', async (net) => {
  const { server, client, accepted } = await pairOf(net)
  for (const socket of [client, accepted]) {
    assert.equal(socket.readableHighWaterMark, getDefaultHighWaterMark(false))
    assert.equal(socket.writableHighWaterMark, getDefaultHighWaterMark(false))
  }
  await over(server, client, accepted)
})

onBoth('half-open: one side ends and the other goes on', async (net) => {
  const { server, client, accepted } = await pairOf(net, { allowHalfOpen: true }, { allowHalfOpen: true })
  client.end('question')
  let question = ''
  for await (const chunk of accepted.setEncoding('utf8').iterator({ destroyOnReturn: false }))
    question += chunk
  assert.equal(question, 'question')
  assert.equal(accepted.readyState, 'writeOnly')
  accepted.end('answer')
  const [answer] = await once(client, 'data')
  assert.equal(String(answer), 'answer')
  await once(client, 'close')
  await over(server)
})

onBoth('a write after the other side ended, where nobody asked for half-open', async (net) => {
  const { server, client, accepted } = await pairOf(net)
  client.resume()
  accepted.end()
  await once(client, 'end')
  const failed = once(client, 'error')
  const told = new Promise((resolve) => client.write('late', resolve))
  const [error] = await failed
  assert.deepEqual(fieldsOf(error), {
    name: 'Error',
    message: 'This socket has been ended by the other party',
    code: 'EPIPE',
  })
  assert.equal(await told, error)
  await over(server, accepted)
})

onBoth('what cannot be written', async (net) => {
  const unconnected = new net.Socket()
  const [closed] = await Promise.all([once(unconnected, 'error'), unconnected.write('x')])
  assert.equal(fieldsOf(closed[0]).code, 'ERR_SOCKET_CLOSED')
  const { server, client, accepted } = await pairOf(net)
  client.on('error', () => {})
  client.destroy()
  const [error] = await new Promise<unknown[]>((resolve) => client.write('x', (...all) => resolve(all)))
  assert.equal(fieldsOf(error).code, 'ERR_STREAM_DESTROYED')
  const reset = new net.Socket().resetAndDestroy()
  const [unopened] = await once(reset, 'error')
  assert.deepEqual(fieldsOf(unopened), {
    name: 'Error',
    message: 'Socket is closed',
    code: 'ERR_SOCKET_CLOSED',
  })
  await over(server, accepted)
})

onBoth('a socket connects again after its end', async (net) => {
  const server = net.createServer((socket) => socket.end('x'))
  const { port } = await listening(server)
  const client = new net.Socket()
  for (let round = 0; round < 3; round++) {
    client.connect(port, '127.0.0.1')
    const [data] = await once(client, 'data')
    assert.equal(String(data), 'x')
    await once(client, 'close')
  }
  await over(server)
})

onBoth('destroySoon ends what was written first', async (net) => {
  const { server, client, accepted } = await pairOf(net)
  client.write(Buffer.alloc(300_000, 7))
  client.destroySoon()
  let octets = 0
  for await (const chunk of accepted) octets += chunk.length
  assert.equal(octets, 300_000)
  await over(server, client, accepted)
})

onBoth('time-outs: idle, again after activity, off, and of what is no time', async (net) => {
  const server = net.createServer()
  const { port } = await listening(server)
  const waits = once(server, 'connection')
  const client = net.connect({ port, host: '127.0.0.1', timeout: 20 })
  const idle = once(client, 'timeout')
  await once(client, 'connect')
  const [accepted] = await waits
  assert.equal(client.timeout, 20)
  await idle
  assert.equal(client.destroyed, false)
  let times = 0
  client.setTimeout(30, () => times++)
  await once(client, 'timeout')
  assert.equal(times, 1)
  client.setTimeout(0)
  assert.equal(client.timeout, 0)
  assert.throws(() => client.setTimeout(-1), { code: 'ERR_OUT_OF_RANGE', name: 'RangeError' })
  assert.throws(() => client.setTimeout('x' as never), { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' })
  assert.throws(() => client.setTimeout(5, 'x' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  await over(server, client, accepted)
})

onBoth('octets go to a buffer of the user, who pauses and resumes', async (net) => {
  const server = net.createServer((socket) => socket.end('abcdefghij'))
  const { port } = await listening(server)
  const buffer = Buffer.alloc(4)
  const pieces: string[] = []
  const client: nodeNet.Socket = net.connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer,
      callback(this: unknown, length: number, given: Uint8Array) {
        assert.equal(this, client)
        assert.equal(given, buffer)
        pieces.push(Buffer.from(given.subarray(0, length)).toString())
        if (pieces.length !== 2) return true
        setTimeout(() => {
          assert.equal(pieces.length, 2)
          client.resume()
        }, 20)
        return false
      },
    },
  } as nodeNet.NetConnectOpts)
  client.on('data', () => assert.fail('the stream has no data'))
  await once(client, 'end')
  assert.deepEqual(pieces, ['abcd', 'efgh', 'ij'])
  assert.equal(client.bytesRead, 10)
  await once(client, 'close')
  await over(server)
})

onBoth('AsyncLocalStorage is kept in every callback', async (net) => {
  const storage = new AsyncLocalStorage<string>()
  const server = net.createServer((socket) => socket.resume().end(Buffer.alloc(100)))
  const { port } = await listening(server)
  const seen = new Map<string, string | undefined>()
  const client = storage.run('mine', () => {
    const socket = net.connect({ port, host: 'localhost', ...PATIENT })
    for (const event of [
      'lookup',
      'connectionAttempt',
      'connect',
      'ready',
      'data',
      'end',
      'finish',
      'close',
    ]) {
      socket.on(event, () => seen.set(event, storage.getStore()))
    }
    socket.write(Buffer.alloc(4_000_000), () => seen.set('written', storage.getStore()))
    return socket
  })
  await once(client, 'close')
  assert.equal(seen.size, 9)
  for (const [event, store] of seen) assert.equal(store, 'mine', event)
  await over(server)
})

onBoth('keep-alive and Nagle are asked for before and after the connection', async (net) => {
  const { server, client, accepted } = await pairOf(
    net,
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: 5000 },
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: 1500 },
  )
  for (const socket of [client, accepted]) {
    assert.equal(socket.setNoDelay(false), socket)
    assert.equal(socket.setKeepAlive(false), socket)
  }
  assert.throws(() => new net.Socket({ keepAliveInitialDelay: 'x' } as object), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /^The "options\.keepAliveInitialDelay" property must be of type number\. Received/,
  })
  await over(server, client, accepted)
})

onBoth('a server of this process hears of a connection before the client does', async (net) => {
  const events: string[] = []
  const server = net.createServer((socket) => {
    events.push('connection')
    process.nextTick(() => events.push('its tick'))
    socket.end()
  })
  const { port } = await listening(server)
  const client = net.connect(port, '127.0.0.1', () => events.push('connect'))
  await once(client.resume(), 'close')
  assert.deepEqual(events, ['connection', 'its tick', 'connect'])
  await over(server)
})

onBoth('a connection that the server resets at once was none', async (net) => {
  const events: string[] = []
  const server = net.createServer((socket) => {
    events.push('connection')
    socket.resetAndDestroy()
  })
  const { port } = await listening(server)
  const client = net.connect(port, '127.0.0.1', () => events.push('connect'))
  client.on('error', ({ message }) => events.push(message))
  await new Promise((resolve) => client.once('close', resolve))
  assert.deepEqual(events, ['connection', `connect ECONNRESET 127.0.0.1:${port}`])
  await over(server)
})
