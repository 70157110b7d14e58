/**
 * How sockets end, as over libuv and Linux's loopback: what goes before the end, what is told of it, and in which order. Found
 * by the differential test (differential.test.ts), one each.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import nodeNet from 'node:net'
import { describe, test } from 'node:test'
import { type AnyNet, elkoNet, listening } from './nets.ts'

/** Turns of the event loop in which nothing on loopback is left to do. */
const QUIET_TURNS = 20

async function rest(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns++) await new Promise((resolve) => setImmediate(resolve))
}

/** The kernel of a busy machine may hand over later than that. What Elko does depends on no time. */
const KERNEL_ATTEMPTS = 5

async function onNode(run: (net: AnyNet) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run(nodeNet)
      return
    } catch (error) {
      if (attempt === KERNEL_ATTEMPTS) throw error
    }
  }
}

function onBoth(name: string, run: (net: AnyNet) => Promise<void>): void {
  describe(name, () => {
    test('node:net', () => onNode(run))
    test('elko/net', async () => {
      const { net, end } = elkoNet()
      await run(net)
      end()
    })
  })
}

/** Both ends of a connection that is at rest, and what ends all of it. */
async function pairOf(net: AnyNet, options: nodeNet.ServerOpts = {}) {
  const server = net.createServer(options)
  const { port } = await listening(server)
  const waits = once(server, 'connection')
  const client = net.connect(port, '127.0.0.1')
  await once(client, 'ready')
  const [served] = (await waits) as [nodeNet.Socket]
  const heard = { client: recorded(client), served: recorded(served) }
  await rest()
  const end = async (): Promise<void> => {
    for (const socket of [client, served]) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { client, served, heard, end }
}

/** Whether it ended well or not. */
const closed = (socket: nodeNet.Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()))

/** What a socket says from here on. */
function recorded(socket: nodeNet.Socket): string[] {
  const heard: string[] = []
  socket.on('end', () => heard.push('end'))
  socket.on('finish', () => heard.push('finish'))
  socket.on('error', (error: NodeJS.ErrnoException) => heard.push(`${error.message} ${error.errno}`))
  socket.on('close', (hadError) => heard.push(`close ${hadError}`))
  return heard
}

onBoth('what was written goes before a reset of the same turn', async (net) => {
  const { client, served, end } = await pairOf(net)
  const octets: string[] = []
  served.on('data', (data) => octets.push(String(data)))
  client.write('octets')
  client.resetAndDestroy()
  await closed(served)
  assert.deepEqual(octets, ['octets'])
  await end()
})

onBoth('what was written goes before the reset of a close with unread octets', async (net) => {
  const { client, served, end } = await pairOf(net, { pauseOnConnect: true })
  client.write('nobody reads it')
  await rest()
  const octets: string[] = []
  client.on('data', (data) => octets.push(String(data)))
  served.write('octets')
  served.destroy()
  await closed(client)
  assert.deepEqual(octets, ['octets'])
  await end()
})

onBoth('the end goes before the reset of a close with unread octets', async (net) => {
  const { client, served, heard, end } = await pairOf(net, { pauseOnConnect: true })
  client.write('nobody reads it')
  await rest()
  client.resume()
  served.destroySoon()
  await closed(client)
  assert.deepEqual(heard.client, ['end', 'finish', 'close false'])
  await end()
})

// Over node:net just so; but there the handle is lost to all, and keeps the process busy for ever.
test('elko/net as node:net: a reset while the own end is on its way is refused, and nothing closes', async () => {
  const { net, end: endHost } = elkoNet()
  const { client, served, heard, end } = await pairOf(net)
  served.resume()
  client.end()
  client.resetAndDestroy()
  await closed(served)
  await rest()
  assert.match(heard.client.join(), /^reset EINVAL -\d+$/)
  assert.deepEqual([client.destroyed, client.readyState, client.errored], [true, 'closed', null])
  assert.deepEqual(heard.served, ['end', 'finish', 'close false'], 'it heard of the end alone')
  await end()
  endHost()
})

onBoth('a reset after the own end was told', async (net) => {
  const { client, served, heard, end } = await pairOf(net, { allowHalfOpen: true })
  served.resume()
  client.end()
  await once(client, 'finish')
  client.resetAndDestroy()
  await rest()
  assert.deepEqual(heard.client, ['finish', 'close false'])
  assert.equal(heard.served[0], 'end')
  await end()
})

onBoth(
  'what is written after a reset that nobody heard of: octets are counted, a short text is not',
  async (net) => {
    for (const [data, counted] of [
      [Buffer.from('octets'), 6],
      ['text', 0],
    ] as const) {
      const { client, served, heard, end } = await pairOf(net, { pauseOnConnect: true })
      client.resetAndDestroy()
      await rest()
      served.write(data)
      await closed(served)
      assert.match(heard.served.join(), /^write ECONNRESET -\d+,close true$/)
      assert.equal(served.bytesWritten, counted)
      await end()
    }
  },
)

onBoth('sockets that are destroyed in one turn say so last first', async (net) => {
  const server = net.createServer()
  const { port } = await listening(server)
  const sockets = [0, 1, 2].map(() => net.connect(port, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'ready')))
  const order: number[] = []
  for (const [i, socket] of sockets.entries()) socket.on('close', () => order.push(i)).destroy()
  await rest()
  assert.deepEqual(order, [2, 1, 0])
  server.close()
})

onBoth('octets that wait for a reader come after the end of its own side', async (net) => {
  const { client, served, end } = await pairOf(net, { pauseOnConnect: true, allowHalfOpen: true })
  client.write('octets')
  await rest()
  const heard: string[] = []
  served.on('finish', () => heard.push('finish')).on('data', () => heard.push('data'))
  served.resume().end()
  await once(served, 'data')
  await rest()
  assert.deepEqual(heard, ['finish', 'data'])
  await end()
})

onBoth('the end of the own side is told when all ticks are over', async (net) => {
  const { client, served, heard, end } = await pairOf(net, { allowHalfOpen: true })
  served.end('octets')
  await rest()
  const prefinished: string[] = []
  client.on('prefinish', () => prefinished.push(...heard.client))
  client.end()
  client.resume()
  await closed(client)
  assert.deepEqual(prefinished, ['end'], 'what the stream held was read before')
  await end()
})

onBoth('an end that came with octets is told when their reader is done with them', async (net) => {
  const { client, served, end } = await pairOf(net)
  const heard: string[] = []
  const read = (async () => {
    for await (const data of client) heard.push(`iterated ${data}`)
  })()
  client.on('end', () => heard.push('end'))
  await rest()
  served.write('octets')
  served.destroy()
  await read
  assert.deepEqual(heard, ['iterated octets', 'end'])
  await end()
})

onBoth('who gives up a connection to itself at once has been there', async (net) => {
  const server = net.createServer()
  const { port } = await listening(server)
  const connected = once(server, 'connection')
  const client = net.connect(port, '127.0.0.1')
  await once(client, 'connectionAttempt')
  client.destroy()
  const [served] = (await connected) as [nodeNet.Socket]
  await once(served.resume(), 'end')
  server.close()
})

/** What a reader hears where octets and a reset wait for it together. */
async function readAndReset(net: AnyNet): Promise<string[]> {
  const { client, served, end } = await pairOf(net)
  const heard: string[] = []
  client.on('data', (data) => heard.push(String(data)))
  client.on('end', () => heard.push('end'))
  client.on('error', ({ message }) => heard.push(message))
  served.write('octets')
  served.resetAndDestroy()
  await closed(client)
  await end()
  return heard
}

/** Since Node 24 libuv asks for the reset, too. */
const TELLS_BOTH = Number(process.versions.node.split('.')[0]) >= 24

test('octets and a reset that wait together: elko/net tells both, node:net on Linux ends as if all was well', async () => {
  const { net, end } = elkoNet()
  assert.deepEqual(await readAndReset(net), ['octets', 'read ECONNRESET'])
  end()
  if (process.platform !== 'linux') return
  const told = TELLS_BOTH ? 'read ECONNRESET' : 'end'
  await onNode(async (nodes) => assert.deepEqual(await readAndReset(nodes), ['octets', told]))
})
