/** What sockets, servers and TCP tell diagnostics_channel, to whoever subscribes and whenever. */

import assert from 'node:assert/strict'
import diagnostics from 'node:diagnostics_channel'
import { once } from 'node:events'
import type nodeNet from 'node:net'
import { test } from 'node:test'
import { noLink } from '../../src/link/no-link.ts'
import { createNet } from '../../src/net/create-net.ts'
import { localHost } from '../../src/net/default-host.ts'
import type {
  ResetMessage,
  SegmentMessage,
  StateMessage,
  TimeoutMessage,
  TraceMessage,
} from '../../src/net/trace-channels.ts'
import { configure } from '../../src/tcp/config.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { type AnyNet, listening, onBoth } from './nets.ts'

/** Subscribes until the returned function is called. */
function heard(...names: readonly string[]): {
  messages: [string, Record<string, unknown>][]
  stop: () => void
} {
  const messages: [string, Record<string, unknown>][] = []
  const note = (message: unknown, name: string | symbol): void =>
    void messages.push([String(name), message as Record<string, unknown>])
  for (const name of names) diagnostics.subscribe(name, note)
  return {
    messages,
    stop: () => {
      for (const name of names) diagnostics.unsubscribe(name, note)
    },
  }
}

/** A connection over `net`, and its end. */
async function connected(
  net: AnyNet,
  run: (client: nodeNet.Socket, accepted: nodeNet.Socket) => Promise<void>,
) {
  const server = net.createServer()
  const { port } = await listening(server)
  const client = net.connect(port, '127.0.0.1')
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [nodeNet.Socket],
    unknown,
  ]
  await run(client, accepted)
  client.destroy()
  accepted.destroy()
  server.close()
  await once(server, 'close')
}

onBoth("Node's own channels tell of sockets and servers", async (net) => {
  const tracing = ['asyncStart', 'asyncEnd', 'error'].map((event) => `tracing:net.server.listen:${event}`)
  const { messages, stop } = heard('net.client.socket', 'net.server.socket', ...tracing)
  await connected(net, async (client, accepted) => {
    await new Promise(setImmediate)
    const [start, end, first, second] = messages.map(([name, message]) => ({ name, ...message }))
    assert.equal(start?.name, 'tracing:net.server.listen:asyncStart')
    assert.deepEqual((start as { options?: object }).options, { port: 0, host: '127.0.0.1' })
    assert.deepEqual(Object.keys(end!), ['name', 'server'])
    assert.equal(end?.name, 'tracing:net.server.listen:asyncEnd')
    assert.deepEqual(first, { name: 'net.client.socket', socket: client })
    assert.deepEqual(second, { name: 'net.server.socket', socket: accepted })
    assert.equal(messages.length, 4)
  })
  stop()
})

const elko = (name = 'localhost'): AnyNet => createNet(localHost(noLink(), { name })) as unknown as AnyNet

test("the same under Elko's names, and a failure to listen", async () => {
  const tracing = ['asyncStart', 'asyncEnd', 'error'].map((event) => `tracing:elko.server.listen:${event}`)
  const { messages, stop } = heard('elko.client.socket', 'elko.server.socket', ...tracing)
  const net = elko()
  await connected(net, async () => {})
  const server = net.createServer().listen(1, '8.8.8.8')
  const [error] = await once(server, 'error')
  stop()
  assert.deepEqual(
    messages.map(([name]) => name),
    [
      'tracing:elko.server.listen:asyncStart',
      'tracing:elko.server.listen:asyncEnd',
      'elko.client.socket',
      'elko.server.socket',
      'tracing:elko.server.listen:asyncStart',
      'tracing:elko.server.listen:error',
    ],
  )
  assert.deepEqual(messages.at(-1)![1], { server, error })
})

test('elko.tcp.segment and elko.tcp.state: the handshake, and whose it is', async () => {
  const { messages, stop } = heard('elko.tcp.segment', 'elko.tcp.state')
  await connected(elko('handshake'), async (client, accepted) => {
    client.write('hello')
    await once(accepted, 'data')
    const states = messages
      .filter(([name, { host }]) => name === 'elko.tcp.state' && host === 'handshake')
      .map(([, message]) => message as unknown as StateMessage)
    assert.deepEqual(states.map(({ from, to, cause }) => `${from} ${to} ${cause}`).sort(), [
      'CLOSED LISTEN passive-open',
      'CLOSED SYN-SENT active-open',
      'LISTEN SYN-RECEIVED syn',
      'SYN-RECEIVED ESTABLISHED ack-of-syn',
      'SYN-SENT ESTABLISHED syn-ack',
    ])
    const segments = messages
      .filter(([name, { host }]) => name === 'elko.tcp.segment' && host === 'handshake')
      .map(([, message]) => message as unknown as SegmentMessage)
    const sent = segments.filter(({ direction }) => direction === 'sent')
    assert.deepEqual(
      sent.slice(0, 4).map(({ reason }) => reason),
      ['syn', 'syn-ack', 'handshake-ack', 'new-data'],
    )
    const data = segments.filter(({ segment }) => segment.length === 5)
    assert.deepEqual(
      data.map(({ direction, socket }) => [direction, socket === client, socket === accepted]),
      [
        ['sent', true, false],
        ['received', false, true],
      ],
    )
    assert.ok(segments.every(({ at, connection }) => at > 0 && connection > 0))
  })
  stop()
})

test('elko.tcp.rst: why a reset was sent, and what it did', async () => {
  const { messages, stop } = heard('elko.tcp.rst')
  await connected(elko(), async (client, accepted) => {
    client.resume()
    accepted.resetAndDestroy()
    await once(client, 'error')
    const resets = messages.map(([, message]) => message as unknown as ResetMessage)
    assert.deepEqual(
      resets.map(({ direction, reason, socket }) => [direction, reason, socket]),
      [
        ['sent', 'reset-abort', accepted],
        ['received', 'reset-by-peer', client],
      ],
    )
  })
  const refused = elko().connect(9, '127.0.0.1')
  await once(refused, 'error')
  stop()
  assert.deepEqual(
    messages
      .slice(2)
      .map(([, { direction, reason, socket, connection }]) => [direction, reason, socket, connection]),
    [
      ['sent', 'reset-no-connection', null, 0],
      ['received', 'connection-refused', refused, 1],
    ],
  )
})

test('who subscribes late hears of connections that are there; who leaves costs nothing any more', async () => {
  const own = new Recorder()
  const host = localHost(noLink())
  host.stack.trace = own
  const net = createNet(host) as unknown as AnyNet
  await connected(net, async (client, accepted) => {
    const { messages, stop } = heard('elko.tcp.segment')
    assert.notEqual(host.stack.trace, own)
    client.write('x')
    await once(accepted, 'data')
    stop()
    assert.equal(host.stack.trace, own, 'its own trace is back')
    const before = messages.length
    assert.ok(before >= 2)
    const recorded = own.events.length
    client.write('y')
    await once(accepted, 'data')
    assert.equal(messages.length, before)
    assert.ok(own.events.length > recorded, 'its own trace heard of all of it')
  })
})

test('a subscriber may do anything, as nothing is told in the middle of an event', async () => {
  const destroy = (message: unknown): void => {
    const { socket, to } = message as StateMessage & TraceMessage
    if (to === 'ESTABLISHED') (socket as nodeNet.Socket | null)?.destroy()
  }
  diagnostics.subscribe('elko.tcp.state', destroy)
  const net = elko()
  const server = net.createServer((socket) => socket.on('error', () => {}))
  const { port } = await listening(server)
  const client = net.connect(port, '127.0.0.1')
  await once(client, 'close')
  diagnostics.unsubscribe('elko.tcp.state', destroy)
  server.close()
  await once(server, 'close')
})

test('elko.tcp.rto: each retransmission time-out', async () => {
  const { messages, stop } = heard('elko.tcp.rto')
  const config = configure({ rtoInitialMs: 20, rtoMinMs: 20 })
  // Behind this link there is nobody.
  const host = localHost(noLink(), { addresses: ['10.0.0.1/24'], config })
  const socket = createNet(host).connect(80, '10.0.0.2')
  while (messages.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  stop()
  socket.destroy()
  const [first, second] = messages.map(([, message]) => message as unknown as TimeoutMessage)
  assert.deepEqual([first?.socket, first?.retransmissions, first?.rto], [socket, 1, 40_000])
  assert.deepEqual([second?.retransmissions, second?.rto], [2, 80_000])
})
