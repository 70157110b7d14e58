/** server.listen: its forms, addresses, refusals and rules, beside node:net's. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import nodeNet from 'node:net'
import { describe, test } from 'node:test'
import type { BoundSocketConstructor } from '../../src/net/bound-socket.ts'
import { type AnyNet, elkoNet, fieldsOf, listening, onBoth, unusedPort } from './nets.ts'

/** `listen` as programs in JavaScript may call it. */
type Listen = (...args: unknown[]) => nodeNet.Server

const listenOf = (server: nodeNet.Server): Listen => (server.listen as Listen).bind(server)

async function closed(...servers: nodeNet.Server[]): Promise<void> {
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
}

onBoth('every form of listen leads to an address, and to `listening`', async (net) => {
  const forms: unknown[][] = [
    [],
    [0],
    ['0'],
    [null],
    [undefined],
    [0, '127.0.0.1'],
    [0, '127.0.0.1', 9],
    [0, 9],
    [{ port: 0 }],
    [{ port: undefined }],
    [{ port: null }],
    [{ port: 0, host: '::1', backlog: 9, exclusive: true }],
    [{ port: 0, host: '::', ipv6Only: true }],
  ]
  for (const form of forms) {
    for (const withCallback of [false, true]) {
      const server = net.createServer()
      assert.equal(server.listening, false)
      assert.equal(server.address(), null)
      let called = false
      const callback = (): void => void (called = true)
      const returned = listenOf(server)(...form, ...(withCallback ? [callback] : []))
      assert.equal(returned, server)
      await once(server, 'listening')
      assert.equal(called, withCallback)
      assert.equal(server.listening, true)
      const { address, family, port } = server.address() as nodeNet.AddressInfo
      const host = form[1] === '127.0.0.1' ? '127.0.0.1' : ((form[0] as { host?: string })?.host ?? '::')
      assert.deepEqual([address, family], [host, host.includes(':') ? 'IPv6' : 'IPv4'])
      assert.ok(port > 1023)
      await closed(server)
      assert.deepEqual([server.listening, server.address()], [false, null])
    }
  }
})

onBoth('a name is looked up, and an address that is none is an error of the lookup', async (net) => {
  const server = net.createServer()
  const { address } = await listening(server, { port: 0, host: 'localhost' })
  assert.ok(['127.0.0.1', '::1'].includes(address))
  await closed(server)
  const other = net.createServer().listen(0, 'no such name')
  const [error] = await once(other, 'error')
  assert.equal(fieldsOf(error).code, 'ENOTFOUND')
  assert.equal(fieldsOf(error).syscall, 'getaddrinfo')
})

onBoth('without a host IPv4 and IPv6 come to the same server, which sees mapped addresses', async (net) => {
  const seen: unknown[] = []
  const server = net.createServer((socket) => {
    const { localAddress, localFamily, remoteAddress, remoteFamily } = socket as nodeNet.Socket & {
      localFamily: string
    }
    seen.push([localAddress, localFamily, remoteAddress, remoteFamily])
    socket.end()
  })
  const { port } = await listening(server, { port: 0 })
  for (const host of ['127.0.0.1', '::1']) {
    const client = net.connect(port, host)
    client.resume()
    await once(client, 'close')
  }
  assert.deepEqual(seen, [
    ['::ffff:127.0.0.1', 'IPv6', '::ffff:127.0.0.1', 'IPv6'],
    ['::1', 'IPv6', '::1', 'IPv6'],
  ])
  await closed(server)
})

onBoth('with ipv6Only nobody comes by IPv4, whose port is free', async (net) => {
  const server = net.createServer((socket) => socket.end())
  const { port } = await listening(server, { port: await unusedPort(), host: '::', ipv6Only: true })
  const [error] = await once(net.connect(port, '127.0.0.1'), 'error')
  assert.equal(fieldsOf(error).code, 'ECONNREFUSED')
  const other = net.createServer((socket) => socket.end())
  await listening(other, { port, host: '0.0.0.0' })
  await closed(server, other)
})

onBoth(
  'an address in use: the error of the next tick, without `close`; the server can try again',
  async (net) => {
    const first = net.createServer()
    const { port } = await listening(first)
    const second = net.createServer()
    const events: string[] = []
    for (const event of ['close', 'listening']) second.on(event, () => events.push(event))
    second.listen(port, '127.0.0.1')
    const [error] = await once(second, 'error')
    assert.deepEqual(fieldsOf(error), {
      name: 'Error',
      message: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
      code: 'EADDRINUSE',
      errno: -98,
      syscall: 'listen',
      address: '127.0.0.1',
      port,
    })
    assert.deepEqual(Object.keys(error), ['code', 'errno', 'syscall', 'address', 'port'])
    await new Promise(setImmediate)
    assert.deepEqual([events, second.listening], [[], false])
    await closed(first)
    await listening(second, { port, host: '127.0.0.1' })
    await closed(second)
  },
)

onBoth('an address that is not this host’s', async (net) => {
  const [error] = await once(net.createServer().listen(5000, '8.8.8.8'), 'error')
  assert.deepEqual(fieldsOf(error), {
    name: 'Error',
    message: 'listen EADDRNOTAVAIL: address not available 8.8.8.8:5000',
    code: 'EADDRNOTAVAIL',
    errno: -99,
    syscall: 'listen',
    address: '8.8.8.8',
    port: 5000,
  })
})

/** What may listen beside what on one port; Linux with SO_REUSEADDR on both, as libuv sets it. */
const BESIDE: [first: string, second: string, fits: boolean][] = [
  ['::', '::', false],
  ['::', '0.0.0.0', false],
  ['::', '127.0.0.1', false],
  ['::', '::1', false],
  ['0.0.0.0', '0.0.0.0', false],
  ['0.0.0.0', '127.0.0.1', false],
  ['0.0.0.0', '::1', true],
  ['127.0.0.1', '0.0.0.0', false],
  ['127.0.0.1', '::', false],
  ['127.0.0.1', '127.0.0.2', true],
  ['127.0.0.1', '::1', true],
]
for (const [first, second, fits] of BESIDE) {
  onBoth(`${second} ${fits ? 'fits' : 'does not fit'} beside ${first}`, async (net) => {
    const one = net.createServer()
    const { port } = await listening(one, { port: await unusedPort(), host: first })
    const other = net.createServer().listen(port, second)
    const outcome = await once(other, 'listening').then(
      () => 'listening',
      (error: NodeJS.ErrnoException) => error.code,
    )
    assert.equal(outcome, fits ? 'listening' : 'EADDRINUSE')
    await closed(one, ...(fits ? [other] : []))
  })
}

const WRONG: [name: string, call: (server: nodeNet.Server) => unknown][] = [
  ['a negative port', (server) => server.listen(-1)],
  ['a port beyond 65535', (server) => server.listen(65_536)],
  ['a fraction', (server) => server.listen(1.5)],
  ['no number', (server) => server.listen(Number.NaN)],
  ['a blank text', (server) => listenOf(server)({ port: ' ' })],
  ['neither port nor path', (server) => server.listen({})],
  ['a boolean', (server) => listenOf(server)(true)],
  ['a boolean port', (server) => listenOf(server)({ port: false })],
  ['no path', (server) => listenOf(server)({ path: null })],
  ['a negative descriptor', (server) => listenOf(server)({ fd: -1 })],
  ['what is no signal', (server) => listenOf(server)({ port: 0, signal: 'INVALID_SIGNAL' })],
]
for (const [name, call] of WRONG) {
  test(`${name}: the error of node:net`, () => {
    const errors = onEachNet((net) => thrownBy(() => call(net.createServer())))
    assert.deepEqual(errors[1], errors[0])
    assert.match(String(errors[0]!.code), /^ERR_/)
  })
}

const WRONG_OPTIONS: unknown[] = [
  1,
  'options',
  true,
  { keepAliveInitialDelay: '1' },
  { keepAliveInitialDelay: null },
  { highWaterMark: 'x' },
]
for (const options of WRONG_OPTIONS) {
  test(`createServer(${JSON.stringify(options)}): the error of node:net`, () => {
    const errors = onEachNet((net) => thrownBy(() => net.createServer(options as nodeNet.ServerOpts)))
    assert.deepEqual(errors[1], errors[0])
    assert.match(String(errors[0]!.code), /^ERR_/)
  })
}

onBoth('listening twice is refused, and the first goes on', async (net) => {
  const server = net.createServer()
  const { port } = await listening(server)
  assert.throws(() => server.listen(0), { code: 'ERR_SERVER_ALREADY_LISTEN', name: 'Error' })
  assert.equal((server.address() as nodeNet.AddressInfo).port, port)
  await closed(server)
})

onBoth('a signal closes the server, or keeps it from listening', async (net) => {
  for (const before of [true, false]) {
    const controller = new AbortController()
    const server = net.createServer()
    if (before) controller.abort()
    server.listen({ port: 0, signal: controller.signal })
    if (!before) await once(server, 'listening')
    controller.abort()
    await once(server, 'close')
    assert.equal(server.listening, false)
  }
})

describe('what has no meaning for a host in user space is refused, in the shape of node:net’s errors', () => {
  test('paths: ENOTSUP', async () => {
    const { net } = elkoNet()
    const [error] = await once(net.createServer().listen('/tmp/elko.sock'), 'error')
    assert.deepEqual(fieldsOf(error), {
      name: 'Error',
      message: 'listen ENOTSUP: operation not supported on socket /tmp/elko.sock',
      code: 'ENOTSUP',
      errno: -95,
      syscall: 'listen',
      address: '/tmp/elko.sock',
    })
  })

  test('descriptors: EINVAL', async () => {
    const { net } = elkoNet()
    const [error] = await once(net.createServer().listen({ fd: 0 }), 'error')
    assert.equal(fieldsOf(error).message, 'listen EINVAL: invalid argument')
  })
})

describe('reusePort', () => {
  test('servers that all ask for it share a port and its connections', async () => {
    const { net, end } = elkoNet()
    const counts = [0, 0, 0]
    const servers = counts.map((_, i) => {
      return net.createServer((socket) => {
        counts[i]!++
        socket.end()
      })
    })
    const share = { host: '127.0.0.1', reusePort: true }
    const { port } = await listening(servers[0]!, { port: 0, ...share })
    for (const server of servers.slice(1)) await listening(server, { port, ...share })
    const [error] = await once(net.createServer().listen(port, '127.0.0.1'), 'error')
    assert.equal(fieldsOf(error).code, 'EADDRINUSE')
    const clients = Array.from({ length: 300 }, () => net.connect(port, '127.0.0.1').resume())
    await Promise.all(clients.map((client) => once(client, 'close')))
    assert.equal(counts[0]! + counts[1]! + counts[2]!, 300)
    // Which one has it is chance, 100 of 300 each, give or take 8: fewer than 31 come once in 10^19 runs.
    for (const count of counts) assert.ok(count > 30, `${counts}`)
    await closed(...servers)
    end()
  })
})

describe('BoundSocket', () => {
  const make = (): { net: AnyNet & { BoundSocket: BoundSocketConstructor }; end: () => void } =>
    elkoNet() as never

  test('has a port from its construction on, until it is closed', async () => {
    const { net, end } = make()
    const bound = new net.BoundSocket()
    const { address, family, port } = bound.address()
    assert.deepEqual([address, family], ['0.0.0.0', 'IPv4'])
    assert.deepEqual(
      thrownBy(() => new net.BoundSocket({ host: '127.0.0.1', port })),
      {
        name: 'Error',
        message: `bind EADDRINUSE 127.0.0.1:${port}`,
        errno: -98,
        code: 'EADDRINUSE',
        syscall: 'bind',
        address: '127.0.0.1',
        port,
      },
    )
    const [error] = await once(net.connect(port, '127.0.0.1'), 'error')
    assert.equal(fieldsOf(error).code, 'ECONNREFUSED')
    bound.close()
    new net.BoundSocket({ host: '127.0.0.1', port })[Symbol.dispose]()
    assert.deepEqual(new net.BoundSocket({ ipv6Only: true }).address().address, '::')
    end()
  })

  test('a server that listens on it has it from there on', async () => {
    const { net, end } = make()
    for (const asOption of [false, true]) {
      const bound = new net.BoundSocket({ host: '127.0.0.1' })
      const { port } = bound.address()
      const server = net.createServer((socket) => socket.end('hello'))
      listenOf(server)(asOption ? { handle: bound } : bound)
      await once(server, 'listening')
      assert.deepEqual(server.address(), { address: '127.0.0.1', family: 'IPv4', port })
      for (const call of [() => bound.address(), () => bound.close(), () => bound.fd()]) {
        assert.throws(call, { code: 'ERR_SOCKET_HANDLE_ADOPTED' })
      }
      const [greeting] = await once(net.connect(port, '127.0.0.1'), 'data')
      assert.equal(String(greeting), 'hello')
      await closed(server)
    }
    end()
  })

  test('a socket that is made with it connects from there, and gives the port back', async () => {
    const { net, end } = make()
    const server = net.createServer((socket) => socket.end(`${socket.remotePort}`))
    const { port } = await listening(server)
    for (const host of ['127.0.0.1', 'localhost']) {
      const bound = new net.BoundSocket({ host: '127.0.0.1' })
      const from = bound.address()
      const client = new net.Socket({ handle: bound } as nodeNet.SocketConstructorOpts)
      assert.throws(() => bound.address(), { code: 'ERR_SOCKET_HANDLE_ADOPTED' })
      assert.throws(() => client.connect({ port, host, localPort: 0 }), { code: 'ERR_INVALID_ARG_VALUE' })
      client.connect({ port, host, family: 4 })
      const [text] = await once(client, 'data')
      assert.equal(String(text), `${from.port}`)
      assert.equal(client.localPort, from.port)
      await once(client.resume(), 'close')
      await listening(net.createServer().unref(), { port: from.port, host: '127.0.0.1' })
    }
    await closed(server)
    end()
  })

  test('options that cannot be meant, and addresses of others', () => {
    const { net, end } = make()
    const codes = [{ host: 'localhost' }, { host: 1 }, { port: -1 }, { host: '192.0.2.1' }, 0].map(
      (options) => thrownBy(() => new net.BoundSocket(options as never)).code,
    )
    assert.deepEqual(codes, [
      'ERR_INVALID_ARG_VALUE',
      'ERR_INVALID_ARG_TYPE',
      'ERR_SOCKET_BAD_PORT',
      'EADDRNOTAVAIL',
      'ERR_INVALID_ARG_TYPE',
    ])
    end()
  })
})

/** What both make of it: node:net's first. */
function onEachNet<T>(run: (net: AnyNet) => T): T[] {
  const { net, end } = elkoNet()
  const outcomes = [run(nodeNet), run(net)]
  end()
  return outcomes
}

function thrownBy(call: () => unknown): Record<string, unknown> {
  try {
    call()
  } catch (error) {
    return fieldsOf(error)
  }
  return assert.fail('nothing was thrown')
}
