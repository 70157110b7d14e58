// `ioredis`, with a real Redis server, over Elko: the driver's sockets are Elko's, in real time.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { pipeline } from 'node:stream'
import * as elko from 'elko/net'
import { AbstractConnector, Redis } from 'ioredis'
import { startRedis } from './real-servers.mjs'

const redis = await startRedis()

// The relay: an Elko server, each of whose connections is joined to one of the kernel's, to the real server.
const relayed = new Set()
const relay = elko.createServer({ allowHalfOpen: true }, (socket) => {
  const kernel = connect({ port: redis.port, host: '127.0.0.1', allowHalfOpen: true })
  pipeline(socket, kernel, socket, () => relayed.delete(socket))
  relayed.add(socket)
})
await new Promise((resolve) => relay.listen(6379, '127.0.0.1', resolve))

// The driver asks its connector for a socket, and for another whenever one is lost.
class ElkoConnector extends AbstractConnector {
  constructor({ host, port, disconnectTimeout }) {
    super(disconnectTimeout)
    this.to = { host, port }
  }
  async connect() {
    this.connecting = true
    this.stream = elko.connect(this.to)
    this.stream.once('error', (error) => (this.firstError = error))
    return this.stream
  }
}
const options = { host: '127.0.0.1', port: 6379, password: redis.password, Connector: ElkoConnector }
const client = new Redis({ ...options, retryStrategy: () => 10 })
const subscriber = new Redis(options)
for (const each of [client, subscriber]) each.on('error', () => {}) // the reset below, which the driver mends by itself
try {
  // 10,000 commands in flight at once, a megabyte as one value.
  const numbers = await Promise.all(Array.from({ length: 10_000 }, () => client.incr('counter')))
  assert.deepEqual(
    numbers,
    Array.from({ length: 10_000 }, (_, n) => n + 1),
  )
  const blob = Buffer.alloc(1_000_000, 'elko')
  await client.set('blob', blob)
  assert.ok(blob.equals(await client.getBuffer('blob')))

  await subscriber.subscribe('news')
  const heard = once(subscriber, 'message')
  await client.publish('news', 'over Elko')
  assert.deepEqual(await heard, ['news', 'over Elko'])
  console.log(`${numbers.length} commands, a value of ${blob.length} octets, a message to a subscriber`)

  // A connection that is reset under the driver: it asks its connector again, and the command is not lost.
  const event = (of, name) => new Promise((resolve) => of.once(name, resolve))
  const lost = event(client, 'close')
  const back = event(subscriber, 'ready')
  for (const socket of relayed) socket.resetAndDestroy()
  await lost
  assert.equal(await client.incr('counter'), 10_001)
  await back
  await subscriber.subscribe('news') // behind the driver's own, which must not be under way at the end
  console.log('reset by the server, connected again, next command answered')
} finally {
  client.disconnect()
  subscriber.disconnect()
  relay.close()
  await once(relay, 'close') // after its last connection: nobody is told that the server goes
  await redis.stop()
}
