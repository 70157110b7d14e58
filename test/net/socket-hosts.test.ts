/** Sockets of two hosts on a link in real time: loss, back-pressure, silence, resets, and hosts that go away. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type nodeNet from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LinkHost } from '../../src/link/host.ts'
import { impair } from '../../src/link/impair.ts'
import type { Link } from '../../src/link/link.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import { createNet } from '../../src/net/create-net.ts'
import { Random } from '../../src/sim/random.ts'
import { type Config, configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { turns, until } from '../link/turn.ts'
import { type AnyNet, elkoNet, fieldsOf, listening, onBoth } from './nets.ts'

interface Two {
  readonly here: LinkHost
  readonly there: LinkHost
  readonly hereNet: AnyNet
  readonly thereNet: AnyNet
  end(): void
}

const THERE = '10.0.0.2'
/** An address that no host has. */
const NOBODY = '10.0.0.9'

/** Two hosts on one link; `changes` are tunables of both. */
function twoHosts(changes: Partial<Config> = {}, between: (link: Link) => Link = (link) => link): Two {
  const [a, b] = loopbackPair({ mtu: 1500 })
  const config = configure({ mslMs: 5, ...changes })
  const here = new LinkHost(between(a), { addresses: ['10.0.0.1/24'], config })
  const there = new LinkHost(b, { addresses: [`${THERE}/24`], config })
  const [hereNet, thereNet] = [here, there].map((host) => createNet(host) as unknown as AnyNet)
  const end = (): void => {
    here.close()
    there.close()
  }
  return { here, there, hereNet: hereNet!, thereNet: thereNet!, end }
}

/** A connection between them. */
async function connected(
  { hereNet, thereNet }: Two,
  options: nodeNet.ServerOpts = {},
): Promise<{ client: nodeNet.Socket; accepted: nodeNet.Socket; server: nodeNet.Server }> {
  const server = thereNet.createServer(options)
  const { port } = await listening(server, { port: 0, host: THERE })
  const waits = once(server, 'connection')
  const client = hereNet.connect(port, THERE)
  await once(client, 'connect')
  const [accepted] = await waits
  accepted.on('error', () => {}) // What is asked for is what the client is told.
  return { client, accepted, server }
}

/** What happens to a socket from here on. */
function told(socket: nodeNet.Socket): string[] {
  const events: string[] = []
  for (const event of ['end', 'error', 'close']) {
    socket.on(event, (about) => events.push(about instanceof Error ? about.message : `${event} ${about}`))
  }
  return events
}

const closed = (socket: nodeNet.Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()))

/** Octets that do not repeat soon. */
function noise(length: number, seed: string): Buffer {
  const random = new Random(seed)
  const octets = new Int32Array(length >> 2)
  for (let i = 0; i < octets.length; i++) octets[i] = random.int32()
  return Buffer.from(octets.buffer)
}

const hashOf = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')

test('over a lossy link all octets arrive, both ways, whoever pauses', { timeout: 240_000 }, async () => {
  const path = { loss: 0.02, delayUs: 1000, reorder: 0.02 }
  // MSL is the default: after a short TIME-WAIT a FIN that comes again would meet a reset.
  const times = { rtoMinMs: 20, mslMs: DEFAULT_CONFIG.mslMs }
  const two = twoHosts(times, (link) => impair(link, { toLink: path, fromLink: path }, 'sockets'))
  const { client, accepted, server } = await connected(two)
  const random = new Random('pauses')
  const payload = noise(1_500_000, 'payload')
  const answer = noise(1_000_000, 'answer')
  const received = [client, accepted].map((socket) => {
    const hash = createHash('sha256')
    socket.on('data', (chunk) => {
      hash.update(chunk)
      if (random.int32() % 8 !== 0) return
      socket.pause()
      setTimeout(() => socket.resume(), 2)
    })
    return hash
  })
  const events = [told(client), told(accepted)]
  for (let from = 0; from < payload.length; ) {
    const to = Math.min(payload.length, from + 1 + ((random.int32() >>> 0) % 40_000))
    if (!client.write(payload.subarray(from, to))) await once(client, 'drain')
    from = to
  }
  accepted.end(answer)
  client.end()
  await Promise.all([once(client, 'close'), once(accepted, 'close')])
  assert.equal(received[1]!.digest('hex'), hashOf(payload))
  assert.equal(received[0]!.digest('hex'), hashOf(answer))
  for (const each of events) assert.deepEqual(each, ['end undefined', 'close false'])
  assert.deepEqual([client.bytesWritten, client.bytesRead], [payload.length, answer.length])
  assert.deepEqual([accepted.bytesWritten, accepted.bytesRead], [answer.length, payload.length])
  server.close()
  two.end()
})

test('a reader that pauses closes the window, and writes wait to the octet', async () => {
  const two = twoHosts({ sendBufferBytes: 10_000, receiveBufferBytes: 30_000 })
  const { client, accepted, server } = await connected(two, { pauseOnConnect: true })
  const all = noise(200_000, 'back-pressure')
  let written = 0
  const writeNext = (from: number): void => {
    if (from === all.length) client.end()
    else client.write(all.subarray(from, from + 1000), () => writeNext((written = from + 1000)))
  }
  writeNext(0)
  const receiver = two.there.stack.connections()[0]!
  const sender = two.here.stack.connections()[0]!
  await until(() => sender.tcb.counts.octetsAcknowledged === 30_000)
  await turns()
  assert.equal(receiver.readable, 30_000)
  // What was acknowledged last is no room yet that a writer is woken for.
  assert.ok(sender.queued > 5000 && sender.queued <= 10_000, `${sender.queued} octets are queued`)
  const taken = sender.queued + 30_000
  assert.ok(written <= taken && taken - written < 1000, `${written} octets were called written of ${taken}`)
  assert.equal(client.bytesWritten, written + 1000)
  assert.equal(client.writableLength, 1000)
  assert.equal(accepted.bytesRead, 0)
  const chunks: Buffer[] = []
  accepted.on('data', (chunk) => chunks.push(chunk)).resume()
  await once(accepted, 'end')
  assert.equal(hashOf(Buffer.concat(chunks)), hashOf(all))
  assert.equal(written, all.length)
  server.close()
  two.end()
})

test('a stream that nobody reads is full at its high water mark; the rest stays in the connection', async () => {
  const two = twoHosts()
  const { client, accepted, server } = await connected(two, { highWaterMark: 4096 } as nodeNet.ServerOpts)
  client.write(noise(300_000, 'full'))
  const receiver = two.there.stack.connections()[0]!
  await until(() => receiver.readable + accepted.bytesRead === 300_000)
  await turns()
  const { bytesRead } = accepted
  assert.ok(bytesRead >= 4096 && bytesRead <= 65_536, `${bytesRead} octets were read`)
  assert.equal(accepted.readableLength, bytesRead)
  assert.equal(receiver.readable, 300_000 - bytesRead)
  client.destroy()
  accepted.destroy()
  server.close()
  two.end()
})

/** Linux's libuv takes the reset for an end of the stream where both are there in one poll. */
test('what arrived before a reset is read before it is told', async () => {
  const { net, end } = elkoNet()
  const server = net.createServer()
  const { port } = await listening(server)
  const waits = once(server, 'connection')
  const client = net.connect(port, '127.0.0.1')
  client.pause()
  const [accepted] = (await waits) as [nodeNet.Socket]
  const octets = Buffer.alloc(50_000, 1)
  await new Promise((resolve) => accepted.write(octets, resolve))
  await turns()
  accepted.resetAndDestroy()
  await turns()
  assert.equal(client.destroyed, false)
  let received = 0
  client.on('data', (chunk) => {
    received += chunk.length
  })
  const events = told(client)
  client.resume()
  await closed(client)
  assert.equal(received, octets.length)
  assert.deepEqual(events, ['read ECONNRESET', 'close true'])
  server.close()
  end()
})

onBoth('a write that waits is told of a reset, though nobody reads', async (net) => {
  const server = net.createServer({ pauseOnConnect: true })
  const { port } = await listening(server)
  const waits = once(server, 'connection')
  const client = net.connect(port, '127.0.0.1')
  client.pause()
  const [accepted] = (await waits) as [nodeNet.Socket]
  const events = told(client)
  const written = new Promise((resolve) => client.write(Buffer.alloc(20_000_000), resolve))
  await sleep(20)
  await turns()
  accepted.resetAndDestroy()
  const error = (await written) as NodeJS.ErrnoException
  await once(client, 'close')
  assert.match(error.message, /^(read|write) (ECONNRESET|EPIPE)$/)
  assert.deepEqual(events, [error.message, 'close true'])
  server.close()
})

test('a host that falls silent: connect, write and read time out', { timeout: 240_000 }, async () => {
  let silent = false
  const mute = (link: Link): Link => {
    const send = link.send.bind(link)
    link.send = (frame, length) => silent || send(frame, length)
    return link
  }
  const two = twoHosts({ r2Ms: 300, r2SynMs: 300, rtoInitialMs: 50, rtoMinMs: 20 }, mute)
  const { client, server } = await connected(two)
  const { remotePort } = client
  silent = true
  const events = told(client)
  client.write('into the void')
  const [error] = await once(client, 'error')
  assert.deepEqual(fieldsOf(error), {
    name: 'Error',
    message: 'read ETIMEDOUT',
    errno: -110,
    code: 'ETIMEDOUT',
    syscall: 'read',
  })
  await once(client, 'close')
  assert.deepEqual(events, ['read ETIMEDOUT', 'close true'])
  const refused = two.hereNet.connect(remotePort!, THERE)
  const unsent = new Promise((resolve) => refused.write('x', resolve))
  const [timeout] = await once(refused, 'error')
  assert.equal(timeout.message, `connect ETIMEDOUT ${THERE}:${remotePort}`)
  assert.equal(fieldsOf(await unsent).code, 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION')
  server.close()
  two.end()
})

test('a host that is closed closes each of its sockets, whatever they were doing', async () => {
  const two = twoHosts()
  const { client: reading } = await connected(two)
  const { client: paused } = await connected(two, { pauseOnConnect: true })
  paused.pause()
  const { client: halfOpen, accepted } = await connected(two, { allowHalfOpen: true })
  halfOpen.allowHalfOpen = true
  accepted.end()
  await once(halfOpen.resume(), 'end')
  const opening = two.hereNet.connect(9, NOBODY)
  const written = new Promise((resolve) => paused.write(Buffer.alloc(5_000_000), resolve))
  await until(() => two.here.stack.connections().length === 4)
  const sockets = [reading, paused, halfOpen, opening]
  const events = sockets.map(told)
  const all = Promise.all(sockets.map(closed))
  two.here.close()
  await all
  await written
  for (const each of events.slice(0, 3)) assert.deepEqual(each, ['close false'])
  assert.deepEqual(events[3], [`connect ECONNABORTED ${NOBODY}:9`, 'close true'])
  const [late] = await once(two.hereNet.connect(9, THERE), 'error')
  assert.equal(late.code, 'ENETDOWN')
  two.end()
})

test('a link that dies is the cause of what its sockets are told', async () => {
  let under: Link | null = null
  const two = twoHosts({}, (link) => {
    under = link
    return link
  })
  const { client } = await connected(two)
  const broken = new Error('the cable was cut')
  const failed = once(client, 'error')
  under!.onError?.(broken)
  const [error] = await failed
  assert.equal(error.message, 'read ENETDOWN')
  assert.equal(error.cause, broken)
  two.end()
})

test('a host is held while something is going on, and let go of when all is said', async () => {
  const two = twoHosts()
  let holders = 0
  for (const host of [two.here]) {
    const { hold, letGo } = host
    host.hold = () => {
      holders++
      hold.call(host)
    }
    host.letGo = () => {
      holders--
      letGo.call(host)
    }
  }
  const { client, accepted, server } = await connected(two)
  assert.equal(holders, 1, 'it reads')
  client.unref()
  assert.equal(holders, 0)
  client.ref()
  assert.equal(holders, 1)
  client.pause()
  client.write('x')
  accepted.write(Buffer.alloc(200_000))
  await until(() => client.readableLength >= client.readableHighWaterMark)
  assert.equal(holders, 0, 'it neither reads nor waits to write')
  client.resume()
  client.end('the last words')
  accepted.resume().end()
  await once(client, 'close')
  await until(() => holders === 0)
  server.close()
  two.end()
})

test('several addresses: one that is silent is given up in time, and only then', async () => {
  const two = twoHosts()
  const server = two.thereNet.createServer((socket) => socket.resume().end())
  const { port } = await listening(server, { port: 0, host: THERE })
  const lookup: nodeNet.LookupFunction = (_name, _options, callback) => {
    const addresses = [NOBODY, THERE].map((address) => ({ address, family: 4 }))
    process.nextTick(callback as (error: null, all: object[]) => void, null, addresses)
  }
  const client = two.hereNet.connect({ port, host: 'name', lookup, autoSelectFamilyAttemptTimeout: 20 })
  const events: string[] = []
  for (const event of [
    'connectionAttempt',
    'connectionAttemptTimeout',
    'connectionAttemptFailed',
    'connect',
  ]) {
    client.on(event, (address) => events.push(address === undefined ? event : `${event} ${address}`))
  }
  await once(client, 'connect')
  assert.deepEqual(events, [
    `connectionAttempt ${NOBODY}`,
    `connectionAttemptTimeout ${NOBODY}`,
    `connectionAttempt ${THERE}`,
    'connect',
  ])
  assert.equal(client.remoteAddress, THERE)
  client.resume().end()
  await once(client, 'close')
  const states = two.here.stack.connections().map(({ stateName }) => stateName)
  assert.ok(!states.includes('SYN-SENT'), 'the attempt that was given up is gone')
  const failing = two.hereNet.connect({
    port: port === 9 ? 10 : 9,
    host: 'name',
    lookup,
    autoSelectFamilyAttemptTimeout: 20,
  })
  const [error] = (await once(failing, 'error')) as [AggregateError & { code: string }]
  assert.deepEqual(
    [error.code, ...error.errors.map(({ code }) => code)],
    ['ETIMEDOUT', 'ETIMEDOUT', 'ECONNREFUSED'],
  )
  server.close()
  two.end()
})

test('options of a socket are tunables of its connection', async () => {
  const two = twoHosts()
  const { client, accepted, server } = await connected(two, {
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 3999,
  })
  const configOf = (socket: nodeNet.Socket): Config => {
    const { stack } = socket === client ? two.here : two.there
    return stack.connections()[0]!.tcb.config
  }
  assert.equal(configOf(accepted).nagle, false)
  assert.equal(configOf(accepted).keepAlive, true)
  assert.equal(configOf(accepted).keepAliveIdleMs, 3000)
  assert.equal(configOf(accepted).keepAliveIntervalMs, 1000)
  assert.equal(configOf(accepted).keepAliveProbes, 10)
  const before = configOf(client)
  assert.equal(before.nagle, true)
  client.setNoDelay()
  client.setKeepAlive(true)
  assert.equal(configOf(client).nagle, false)
  assert.equal(configOf(client).keepAlive, true)
  assert.equal(
    configOf(client).keepAliveIdleMs,
    before.keepAliveIdleMs,
    'libuv leaves the default where none is given',
  )
  client.setNoDelay(false).setKeepAlive(false)
  assert.equal(configOf(client).nagle, true)
  assert.equal(configOf(client).keepAlive, false)
  server.close()
  two.end()
})
