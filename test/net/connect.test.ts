/** `socket.connect`: arguments, names, several addresses, local sockets, signals; beside node:net's. */

import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import type nodeNet from 'node:net'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import { noLink } from '../../src/link/no-link.ts'
import { createNet } from '../../src/net/create-net.ts'
import { localHost } from '../../src/net/default-host.ts'
import { type AnyNet, elkoNet, fieldsOf, listening, onBoth, PATIENT, unusedPort } from './nets.ts'

type Answer = readonly LookupAddress[] | Error

/** A lookup that gives these answers, in the shape that it is asked for. */
const answering =
  (answer: Answer): nodeNet.LookupFunction =>
  (_name, options, callback) => {
    process.nextTick(() => {
      if (answer instanceof Error) callback(answer, '')
      else if (options.all === true) callback(null, [...answer])
      else callback(null, answer[0]!.address, answer[0]!.family)
    })
  }

const v4 = (address: string): LookupAddress => ({ address, family: 4 })
const v6 = (address: string): LookupAddress => ({ address, family: 6 })

const anonymous = (text: string): string => text.replaceAll(/\d{4,}/g, 'PORT')

/** What is emitted until the end, in order. */
async function story(socket: nodeNet.Socket): Promise<string[]> {
  const told: string[] = []
  const events =
    'lookup connectionAttempt connectionAttemptFailed connectionAttemptTimeout connect error'.split(' ')
  for (const event of events) {
    socket.on(event, (...args) => {
      const shown = args.map((each) =>
        each instanceof Error ? `<${(each as NodeJS.ErrnoException).code} ${each.message}>` : String(each),
      )
      told.push(anonymous([event, ...shown].join(' ')))
      if (event === 'connect') socket.destroy()
    })
  }
  await new Promise((resolve) => socket.once('close', resolve))
  return told
}

onBoth('ways to say where to connect to', async (net) => {
  const server = net.createServer((socket) => socket.resume().end())
  const { port } = await listening(server)
  const calls: ((done: () => void) => nodeNet.Socket)[] = [
    (done) => net.connect(port, '127.0.0.1', done),
    (done) => net.connect({ port, host: '127.0.0.1' }, done),
    (done) => net.createConnection({ port: String(port) as never, host: '127.0.0.1' }, done),
    (done) => net.connect(String(port) as never, '127.0.0.1', done),
    (done) => new net.Socket().connect(port, '127.0.0.1', done),
    (done) => net.connect({ port, family: 4 }, done),
    (done) => net.connect({ port, host: '0.0.0.0' }, done),
  ]
  for (const call of calls) {
    const socket = await new Promise<nodeNet.Socket>((resolve) => {
      const made = call(() => resolve(made))
    })
    assert.equal(socket.remoteAddress, '127.0.0.1')
    assert.equal(socket.remotePort, port)
    socket.resume().end()
    await once(socket, 'close')
  }
  server.close()
})

onBoth('arguments that are refused', (net) => {
  const refused = (options: unknown, fields: object): void => {
    assert.throws(() => net.connect(options as nodeNet.NetConnectOpts), fields)
  }
  refused(undefined, {
    code: 'ERR_MISSING_ARGS',
    message: 'The "options" or "port" or "path" argument must be specified',
  })
  refused({}, { code: 'ERR_MISSING_ARGS' })
  refused(
    { port: true },
    {
      code: 'ERR_INVALID_ARG_TYPE',
      message:
        'The "options.port" property must be one of type number or string. Received type boolean (true)',
    },
  )
  refused({ port: null }, { code: 'ERR_INVALID_ARG_TYPE', message: /Received null$/ })
  for (const port of [-1, 65536, 1.5, Number.NaN, '65536', 'x1']) {
    if (port !== 'x1') refused({ port }, { code: 'ERR_SOCKET_BAD_PORT', name: 'RangeError' })
    refused({ port, path: '' }, { code: 'ERR_SOCKET_BAD_PORT' })
  }
  refused(
    { port: 70000 },
    { message: /^Port should be >= 0 and < 65536\. Received type number \(70000\)\.$/ },
  )
  refused(
    { port: 1, localAddress: 'x' },
    { code: 'ERR_INVALID_IP_ADDRESS', message: 'Invalid IP address: x' },
  )
  refused({ port: 1, localPort: 'x' }, { code: 'ERR_INVALID_ARG_TYPE' })
  refused(
    { port: 1, lookup: 'x' },
    {
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'The "options.lookup" property must be of type function. Received type string (\'x\')',
    },
  )
  refused({ port: 1, autoSelectFamily: 1 }, { code: 'ERR_INVALID_ARG_TYPE' })
  refused(
    { port: 1, autoSelectFamilyAttemptTimeout: 0 },
    {
      code: 'ERR_OUT_OF_RANGE',
      message:
        'The value of "options.autoSelectFamilyAttemptTimeout" is out of range. It must be >= 1 && <= 2147483647. Received 0',
    },
  )
  refused({ port: 1, hints: 1 << 20 }, { code: 'ERR_INVALID_ARG_VALUE', message: /'hints' is invalid/ })
  refused(
    { port: 1, objectMode: true },
    {
      code: 'ERR_INVALID_ARG_VALUE',
      message: "The property 'options.objectMode' is not supported. Received true",
    },
  )
  refused({ port: 1, signal: 'x' }, { code: 'ERR_INVALID_ARG_TYPE' })
})

onBoth('several addresses: the first that answers is taken', async (net) => {
  const server = net.createServer((socket) => socket.resume().end())
  const { port } = await listening(server, { port: await unusedPort(), host: '127.0.0.1' })
  const lookup = answering([v6('::1'), v6('::1'), v4('127.0.0.1')])
  const client = net.connect({ port, host: 'name', lookup, ...PATIENT })
  assert.deepEqual(await story(client), [
    'lookup null ::1 6 name',
    'lookup null ::1 6 name',
    'lookup null 127.0.0.1 4 name',
    'connectionAttempt ::1 PORT 6',
    'connectionAttemptFailed ::1 PORT 6 <ECONNREFUSED connect ECONNREFUSED ::1:PORT>',
    'connectionAttempt 127.0.0.1 PORT 4',
    'connect',
  ])
  assert.deepEqual(client.autoSelectFamilyAttemptedAddresses, [`::1:${port}`, `127.0.0.1:${port}`])
  server.close()
})

onBoth('several addresses, none of which answers', async (net) => {
  const port = await unusedPort()
  const lookup = answering([v4('127.0.0.1'), v6('::1')])
  const client = net.connect({ port, host: 'name', lookup, ...PATIENT })
  const failed = once(client, 'error')
  const told = await story(client)
  assert.equal(told.at(-1), 'error <ECONNREFUSED >')
  const [error] = (await failed) as [AggregateError & { code: string }]
  assert.equal(error.name, 'AggregateError')
  assert.deepEqual(
    error.errors.map((each) => anonymous(JSON.stringify(fieldsOf(each)))),
    ['127.0.0.1', '::1'].map((address) =>
      JSON.stringify({
        name: 'Error',
        message: `connect ECONNREFUSED ${address}:PORT`,
        errno: -111,
        code: 'ECONNREFUSED',
        syscall: 'connect',
        address,
        port: 0,
      }).replace('"port":0', '"port":PORT'),
    ),
  )
})

onBoth('one address of several families is no race', async (net) => {
  const port = await unusedPort()
  for (const options of [
    { lookup: answering([v4('127.0.0.1')]) },
    { lookup: answering([v4('127.0.0.1'), v6('::1')]), autoSelectFamily: false },
    { lookup: answering([v4('127.0.0.1'), v6('::1')]), family: 4 },
  ]) {
    const client = net.connect({ port, host: 'name', ...options })
    assert.deepEqual(await story(client), [
      'lookup null 127.0.0.1 4 name',
      'connectionAttempt 127.0.0.1 PORT 4',
      'connectionAttemptFailed 127.0.0.1 PORT 4 <ECONNREFUSED connect ECONNREFUSED 127.0.0.1:PORT>',
      'error <ECONNREFUSED connect ECONNREFUSED 127.0.0.1:PORT>',
    ])
    assert.equal(client.autoSelectFamilyAttemptedAddresses, undefined)
  }
})

onBoth('lookups that fail, and answers that are none', async (net) => {
  const none = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  const fails = net.connect({ port: 1, host: 'name', lookup: answering(none) })
  assert.deepEqual(await story(fails), [
    'lookup <ENOTFOUND no such name> undefined undefined name',
    'error <ENOTFOUND no such name>',
  ])
  const single = net.connect({ port: 1, host: 'name', family: 4, lookup: answering([v4('nowhere')]) })
  assert.equal((await story(single)).at(-1), 'error <ERR_INVALID_IP_ADDRESS Invalid IP address: nowhere>')
  const odd = { address: '127.0.0.1', family: 5 } as LookupAddress
  for (const options of [{ family: 4 }, {}]) {
    const client = net.connect({ port: 1, host: 'name', ...options, lookup: answering([odd]) })
    assert.equal(
      (await story(client)).at(-1),
      'error <ERR_INVALID_ADDRESS_FAMILY Invalid address family: 5 name:1>',
    )
  }
})

onBoth('the local socket: bound, not ours, and of the other family', async (net) => {
  const server = net.createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end(),
  )
  const { port } = await listening(server)
  const localPort = await unusedPort()
  const to = { port, host: '127.0.0.1' }
  const bound = net.connect({ ...to, localAddress: '127.0.0.1', localPort })
  await once(bound, 'connect')
  assert.deepEqual([bound.localAddress, bound.localPort], ['127.0.0.1', localPort])
  bound.resetAndDestroy()
  const errorOf = async (options: object): Promise<unknown> => {
    const [error] = await once(net.connect({ ...to, ...options }), 'error')
    return fieldsOf(error)
  }
  assert.deepEqual(await errorOf({ localAddress: '9.9.9.9' }), {
    name: 'Error',
    message: 'bind EADDRNOTAVAIL 9.9.9.9',
    errno: -99,
    code: 'EADDRNOTAVAIL',
    syscall: 'bind',
    address: '9.9.9.9',
  })
  assert.deepEqual(await errorOf({ localPort: port }), {
    name: 'Error',
    message: `bind EADDRINUSE 0.0.0.0:${port}`,
    errno: -98,
    code: 'EADDRINUSE',
    syscall: 'bind',
    address: '0.0.0.0',
    port,
  })
  assert.deepEqual(await errorOf({ localAddress: '::1' }), {
    name: 'Error',
    message: 'bind EINVAL ::1',
    errno: -22,
    code: 'EINVAL',
    syscall: 'bind',
    address: '::1',
  })
  server.close()
})

onBoth('a server of both versions shows IPv4 as Linux does', async (net) => {
  const server = net.createServer()
  const { port } = await listening(server, { port: 0 })
  for (const [host, shown, family] of [
    ['127.0.0.1', '::ffff:127.0.0.1', 'IPv4'],
    ['::1', '::1', 'IPv6'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1', 'IPv6'],
  ] as const) {
    const waits = once(server, 'connection')
    const client = net.connect(port, host)
    const ready = once(client, 'ready')
    const [accepted] = (await waits) as [nodeNet.Socket]
    await ready
    assert.equal(client.remoteAddress, host)
    assert.equal(client.remoteFamily, family)
    assert.deepEqual(accepted.address(), { address: shown, family: 'IPv6', port })
    assert.equal(accepted.remoteAddress, shown)
    assert.equal(accepted.remotePort, client.localPort)
    client.destroy()
    accepted.destroy()
  }
  server.close()
})

onBoth('a signal ends what is being connected, and what is', async (net) => {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume())
  server.on('connection', (socket) => server.once('close', () => socket.destroy()))
  const { port } = await listening(server)
  const endOf = async (socket: nodeNet.Socket): Promise<string> => {
    const [error] = (await once(socket, 'error')) as [Error & { code: string }]
    socket.destroy() // One that was aborted before connects all the same, in Node.
    return `${error.name} ${error.code} ${error.message}`
  }
  const aborted = 'AbortError ABORT_ERR The operation was aborted'
  const to = { port, host: 'localhost', ...PATIENT }
  assert.equal(await endOf(net.connect({ ...to, signal: AbortSignal.abort() } as object as never)), aborted)
  const soon = new AbortController()
  const opening = net.connect({ ...to, signal: soon.signal } as object as never)
  soon.abort()
  assert.equal(await endOf(opening), aborted)
  const later = new AbortController()
  const open = net.connect({ ...to, signal: later.signal } as object as never)
  await once(open, 'connect')
  later.abort()
  assert.equal(await endOf(open), aborted)
  server.close()
})

onBoth('destroyed before the connection: nothing comes of it', async (net) => {
  const server = net.createServer((socket) => socket.resume().end())
  const { port } = await listening(server)
  const client = net.connect(port, 'localhost', () => assert.fail('it was given up'))
  const written = new Promise((resolve) => client.write('x', resolve))
  client.on('error', () => {})
  client.destroy()
  assert.equal(client.connecting, false)
  await once(client, 'close')
  assert.equal(fieldsOf(await written).code, 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION')
  server.close()
})

test('a block list keeps sockets from addresses', async () => {
  const { net, end } = elkoNet()
  const blockList = new BlockList()
  blockList.addAddress('127.0.0.1')
  const client = net.connect({ port: 1, host: '127.0.0.1', blockList } as object as never)
  assert.deepEqual(await story(client), ['error <ERR_IP_BLOCKED IP(127.0.0.1) is blocked by net.BlockList>'])
  assert.throws(() => new net.Socket({ blockList: 'x' } as object), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: 'The "options.blockList" property must be an net.BlockList. Received type string (\'x\')',
  })
  end()
})

test('names: of the host, by its resolver, and none', async () => {
  const asked: string[] = []
  const host = localHost(noLink(), {
    names: { db: ['127.0.0.1'] },
    resolve: async (name) => {
      asked.push(name)
      return name === 'far' ? ['127.0.0.2'] : []
    },
  })
  const net = createNet(host) as unknown as AnyNet
  const port = await unusedPort()
  assert.equal((await story(net.connect(port, 'DB')))[0], 'lookup null 127.0.0.1 4 DB')
  assert.equal((await story(net.connect(port, 'far')))[0], 'lookup null 127.0.0.2 4 far')
  const [error] = await once(net.connect(port, 'nobody'), 'error')
  assert.deepEqual(fieldsOf(error), {
    name: 'Error',
    message: 'getaddrinfo ENOTFOUND nobody',
    errno: -3008,
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: 'nobody',
  })
  assert.deepEqual(asked, ['far', 'nobody'])
  assert.equal(
    (await story(net.connect({ port, host: 'localhost', family: 6 })))[0],
    'lookup null ::1 6 localhost',
  )
  host.close()
})

test('a Unix socket is nothing of this host', async () => {
  const { net, end } = elkoNet()
  const [error] = await once(net.connect('/tmp/no.sock'), 'error')
  assert.equal(fieldsOf(error).message, 'connect ENOTSUP /tmp/no.sock')
  assert.throws(() => net.connect({ path: 5 as never }), { code: 'ERR_INVALID_ARG_TYPE' })
  end()
})
