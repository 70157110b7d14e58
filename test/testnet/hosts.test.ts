/** Hosts of a test network: their names, addresses and settings, the paths between them, and what a run can show. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import kernel, { type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/index.ts'
import { network } from '../../src/testnet/index.ts'
import { echoes, ending, world } from './world.ts'

async function talk(socket: Socket): Promise<string | undefined> {
  socket.write('hello')
  assert.equal(String((await once(socket, 'data'))[0]), 'hello')
  const { remoteAddress } = socket
  socket.destroy()
  return remoteAddress
}

test('names lead to hosts and addresses, and to nothing any more once they are taken back', async () => {
  const { net, a, b } = world()
  echoes(b)
  net.name('DB.test', b)
  net.name('six.test', 'fd00::2')
  net.name('list.test', ['10.0.0.9', '10.0.0.2'])
  await net.run(async () => {
    assert.equal(await talk(a.net.connect(7, 'db.TEST')), '10.0.0.2')
    assert.equal(await talk(a.net.connect(7, 'six.test')), 'fd00::2')
    assert.equal(await talk(a.net.connect(7, 'b')), '10.0.0.2')
    assert.equal(
      await talk(a.net.connect({ port: 7, host: 'list.test', autoSelectFamily: true })),
      '10.0.0.2',
    )
    net.name('db.test', null)
    assert.equal(await ending(a.net.connect(7, 'db.test')), 'ENOTFOUND')
  })
})

test('a host speaks to itself, by localhost and by its own address, without a path', async () => {
  await using net = network({ failures: null })
  const host = net.host('10.0.0.1', { name: 'alone' })
  echoes(host)
  await net.run(async () => {
    for (const name of ['localhost', '127.0.0.1', '::1', 'alone']) await talk(host.net.connect(7, name))
    assert.equal(net.packets, 0)
  })
})

test('each direction of a path has options of its own, which can change', async () => {
  await using net = network({ failures: null })
  const a = net.host('10.0.0.1')
  const b = net.host('10.0.0.2')
  net.path(a, b, { delay: '10ms' }, { delayUs: 30_000 })
  echoes(b)
  await net.run(async () => {
    const socket = a.net.connect(7, '10.0.0.2')
    await once(socket, 'connect')
    assert.equal(net.now, 40)
    net.path(b, a, { delay: '100ms' })
    const before = net.now
    socket.write('x')
    await once(socket, 'data')
    assert.equal(net.now - before, 200)
    socket.destroy()
  })
})

test('a host without a path to another does not reach it, and learns why', async () => {
  await using net = network({ failures: null })
  const a = net.host('10.0.0.1')
  net.host('10.0.0.2')
  await net.run(async () => {
    assert.equal(await ending(a.net.connect(7, '10.0.0.2')), 'ENETUNREACH')
  })
})

test('tunables, MTU and privilege of a host are its own', async () => {
  await using net = network({ failures: null })
  const a = net.host('10.0.0.1', { config: { mssLimit: 500 }, mtu: 1000 })
  const b = net.host('10.0.0.2', { privileged: false })
  net.path(a, b)
  await net.run(async () => {
    const [error] = await once(b.net.createServer().listen(80), 'error')
    assert.equal(error.code, 'EACCES')
    echoes(b, 8080)
    await talk(a.net.connect(8080, '10.0.0.2'))
    const syns = net.trace.filter((event) => event.kind === 'received' && (event.segment.flags & 2) !== 0)
    assert.deepEqual(
      syns.map((event) => event.kind === 'received' && event.segment.mss),
      [500, 1460],
    )
  })
})

test('a run can be looked at: as a ladder, as events, as a capture', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-testnet-'))
  try {
    const { net, a, b } = world()
    echoes(b)
    await net.run(() => talk(a.net.connect(7, '10.0.0.2')))
    assert.match(net.ladder(), /^ +a +b\n +10\.0\.0\.1 port \d+ +10\.0\.0\.2 port 7\n/)
    assert.match(net.ladder({ reasons: 'none', legend: false }), /\[ESTABLISHED\]/)
    const file = join(folder, 'run.pcapng')
    net.write(file)
    const { packets, interfaces, error } = readCapture(readFileSync(file))
    assert.equal(error, null)
    assert.deepEqual(
      interfaces.map(({ name }) => name),
      ['a', 'b'],
    )
    assert.equal(packets.length, net.packets)
    assert.deepEqual(packets[0]!.comments, [
      'packet 1, syn: active OPEN: asks for a connection (RFC 9293 3.10.1)',
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a socket of the kernel is waited for in real time, where nothing else can happen', async () => {
  await using net = network({ failures: null })
  const server = kernel.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await net.run(() => talk(kernel.connect((server.address() as AddressInfo).port, '127.0.0.1')))
  assert.equal(net.now, 0)
  server.close()
})

test('chance for the code under test comes from the seed, and leaves that of the paths alone', () => {
  const draws = (seed: number): number[] => {
    const { random } = network({ seed, failures: null })
    return [random.int32(), random.int32()]
  }
  assert.deepEqual(draws(1), draws(1))
  assert.notDeepEqual(draws(1), draws(2))
})

test('what a socket wrote leaves its host before the reset of the same moment', async () => {
  const { net, a, b } = world()
  const heard: string[] = []
  await net.run(async () => {
    const server = b.net.createServer().listen(7)
    const socket = a.net.connect(7, 'b')
    const [served] = (await once(server, 'connection')) as [Socket]
    served.on('data', (data) => heard.push(String(data)))
    served.on('error', ({ message }) => heard.push(message))
    socket.write('octets')
    socket.resetAndDestroy()
    await new Promise((resolve) => served.once('close', resolve))
  })
  assert.deepEqual(heard, ['octets', 'read ECONNRESET'])
})
