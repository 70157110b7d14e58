/** AsyncLocalStorage: callbacks run in the context in which node:net runs them. */

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import nodeNet from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AnyNet, elkoNet, listening, unusedPort } from './nets.ts'

const storage = new AsyncLocalStorage<string>()

/** 'who event' to the store that its listener saw. */
async function program(net: AnyNet): Promise<Record<string, string>> {
  const seen: Record<string, string> = {}
  const note = (name: string) => (): void => {
    seen[name] ??= storage.getStore() ?? 'none'
  }
  const watch = (who: string, socket: nodeNet.Socket): void => {
    for (const event of ['connect', 'ready', 'data', 'end', 'finish', 'timeout', 'error', 'close']) {
      socket.on(event, note(`${who} ${event}`))
    }
  }
  const server = storage.run('make server', () => net.createServer({ allowHalfOpen: true }))
  server.on('connection', note('server connection'))
  server.on('connection', (socket) => {
    watch('accepted', socket)
    storage.run('accepted writes', () => {
      socket.on('end', () => socket.end('bye', note('accepted end callback')))
      socket.write('hello', note('accepted write callback'))
    })
  })
  const own = { port: await unusedPort(), host: '127.0.0.1' }
  const { port } = await storage.run('listen', () => listening(server, own))

  const client = storage.run('make client', () => new net.Socket())
  watch('client', client)
  storage.run('connect', () => client.connect(port, '127.0.0.1', note('client connect callback')))
  await once(client, 'data')
  storage.run('write', () => client.write('x', note('client write callback')))
  const large = note('client large write callback')
  await new Promise<void>((resolve) => {
    storage.run('large write', () => client.write(Buffer.alloc(1 << 20), () => resolve(large())))
  })
  storage.run('end', () => client.end(note('client end callback')))
  await once(client, 'close')
  storage.run('close server', () => server.close(note('server close callback')))
  await once(server, 'close')

  const refused = storage.run('refused', () => net.connect(port, '127.0.0.1'))
  watch('refused', refused)
  await new Promise((resolve) => refused.once('close', resolve))

  const idle = storage.run('idle', () => new net.Socket())
  watch('idle', idle)
  storage.run('setTimeout', () => idle.setTimeout(5))
  await Promise.all([once(idle, 'timeout'), sleep(20)]) // the socket's own timer keeps no process alive
  storage.run('destroy', () => idle.destroy(new Error('enough')))
  await new Promise((resolve) => idle.once('close', resolve))
  return seen
}

test('every callback sees the store that it sees with node:net', async () => {
  const expected = await storage.run('main', () => program(nodeNet))
  const { net, end } = elkoNet()
  const actual = await storage.run('main', () => program(net))
  end()
  assert.deepEqual(actual, expected)
  assert.ok(Object.keys(expected).length > 20)
})

test('many connections of one host, each in a context of its own', async () => {
  const { net, end } = elkoNet()
  const server = net.createServer((socket) => socket.pipe(socket))
  const { port } = await storage.run('listen', () => listening(server))
  const clients = Array.from({ length: 50 }, (_, i) =>
    storage.run(`client ${i}`, async () => {
      const socket = net.connect(port, '127.0.0.1')
      for (let round = 0; round < 5; round++) {
        socket.write('x'.repeat(1000 * (i + 1)))
        await once(socket, 'data')
        await new Promise<void>((resolve) => {
          socket.once('data', () => {
            assert.equal(storage.getStore(), `client ${i}`)
            resolve()
          })
          socket.write('y')
        })
        assert.equal(storage.getStore(), `client ${i}`)
      }
      socket.destroy()
    }),
  )
  await Promise.all(clients)
  server.close()
  await once(server, 'close')
  end()
})
