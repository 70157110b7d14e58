/** The Sockets API over two hosts on a loopback link: opening, octets, ends, and back-pressure. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LinkHost } from '../../src/link/host.ts'
import { noLink } from '../../src/link/no-link.ts'
import { configure } from '../../src/tcp/config.ts'
import { createWeb, SocketError } from '../../src/web/index.ts'
import { turn, until } from '../link/turn.ts'
import { connected, idle, QUICK, readText, webPair, writeAll } from './pair.ts'

const limit = { timeout: 20_000 }

test('an echo, through names, and both ends know both addresses', limit, async () => {
  using pair = webPair()
  const listener = pair.b.listen({ port: 7 })
  assert.deepEqual(await listener.opened, { localAddress: '[::]:7', port: 7 })
  const serve = (async () => {
    for await (const socket of listener) {
      const { remoteAddress, localAddress } = await socket.opened
      assert.match(remoteAddress, /^10\.0\.0\.1:\d+$/)
      assert.equal(localAddress, '10.0.0.2:7')
      await socket.readable.pipeTo(socket.writable)
      await socket.closed
    }
  })()
  const socket = pair.a.connect('B:7')
  assert.equal(socket.secureTransport, 'off')
  assert.equal(socket.upgraded, false)
  const { remoteAddress, localAddress, alpn } = await socket.opened
  assert.equal(remoteAddress, '10.0.0.2:7')
  assert.match(localAddress, /^10\.0\.0\.1:\d+$/)
  assert.equal(alpn, null)
  const text = 'häufig '.repeat(20_000)
  const [, heard] = await Promise.all([writeAll(socket, 'one, ', text), readText(socket)])
  assert.equal(heard, `one, ${text}`)
  await socket.closed
  await listener.close()
  await serve
  await idle(...pair.hosts)
})

test('IPv6 in brackets, as an object, and from a port of the own', limit, async () => {
  using pair = webPair()
  const listener = pair.b.listen({ port: 80, hostname: '[fd00::2]' })
  assert.equal((await listener.opened).localAddress, '[fd00::2]:80')
  for (const address of ['[fd00::2]:80', { hostname: 'fd00::2', port: 80 }] as const) {
    const socket = pair.a.connect(address, { localAddress: 'fd00::1' })
    assert.equal((await socket.opened).remoteAddress, '[fd00::2]:80')
    socket.close()
  }
  const socket = pair.a.connect('[fd00::2]:80', { localPort: 5000 })
  assert.equal((await socket.opened).localAddress, '[fd00::1]:5000')
})

test(
  'localhost is the host itself (RFC 6761 6.3): by its loopback address, or by what it has',
  limit,
  async () => {
    for (const [addresses, expected] of [
      [['10.0.0.9/24', '127.0.0.1/8', '::1/128'], '127.0.0.1:80'],
      [['10.0.0.9/24'], '10.0.0.9:80'],
    ] as const) {
      using host = new LinkHost(noLink(), { addresses })
      const { connect, listen } = createWeb(host)
      const listener = listen({ port: 80 })
      const socket = connect('LocalHost.:80')
      assert.equal((await socket.opened).remoteAddress, expected)
      const { value: server } = await listener.next()
      const [, text] = await Promise.all([writeAll(socket, 'to myself'), readText(server!)])
      assert.equal(text, 'to myself')
    }
  },
)

test('BYOB: octets go straight into the buffer that the reader brought, and no further', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  const writer = server.writable.getWriter()
  await writer.write(Uint8Array.from({ length: 10 }, (_, i) => i + 1))
  const reader = client.readable.getReader({ mode: 'byob' })
  const first = await reader.read(new Uint8Array(new ArrayBuffer(16), 4, 6))
  assert.deepEqual([...first.value!], [1, 2, 3, 4, 5, 6])
  assert.deepEqual([...new Uint8Array(first.value!.buffer)], [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0])
  // A read that waits before anything is there, and one of elements wider than an octet.
  const words = reader.read(new Uint16Array(2))
  const late = reader.read(new Uint8Array(8))
  assert.deepEqual([...new Uint8Array((await words).value!.buffer)], [7, 8, 9, 10])
  await writer.write(Uint8Array.of(11, 12))
  assert.deepEqual([...(await late).value!], [11, 12])
  const end = reader.read(new Uint8Array(4))
  await writer.close()
  const { done, value } = await end
  assert.equal(done, true)
  assert.equal(value!.byteLength, 0)
  assert.equal(value!.buffer.byteLength, 4)
})

test('chunks are memory of their own: what is read stays as it was', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  const writer = server.writable.getWriter()
  const reader = client.readable.getReader()
  const kept: Uint8Array[] = []
  for (let n = 0; n < 20; n++) {
    await writer.write(new Uint8Array(1000).fill(n))
    const { value } = await reader.read()
    kept.push(value!)
  }
  for (const [n, chunk] of kept.entries()) {
    assert.ok(chunk.every((octet) => octet === n))
    assert.equal(chunk.buffer.byteLength, chunk.byteLength)
  }
})

test('what nobody reads closes the window, and the writer waits; nothing is read ahead', limit, async () => {
  const bytes = 16 * 1024
  const small = { config: configure({ ...QUICK, receiveBufferBytes: bytes, sendBufferBytes: bytes }) }
  using pair = webPair({ a: small, b: small })
  const [client, server] = await connected(pair, { highWaterMark: 1000 })
  const writer = client.writable.getWriter()
  let written = 0
  const writing = (async () => {
    for (let n = 0; n < 100; n++) {
      await writer.write(new Uint8Array(1000).fill(n))
      written += 1000
    }
    await writer.close()
  })()
  const most = Math.floor((2 * bytes) / 1000) * 1000
  await until(() => written >= most)
  for (let turns = 0; turns < 20; turns++) await turn()
  const [connection] = pair.hosts[1].stack.connections()
  assert.equal(connection!.readable, bytes)
  assert.equal(connection!.status().receiveWindow, 0)
  assert.equal(pair.hosts[0].stack.connections()[0]!.writable, 0)
  assert.equal(written, most)
  assert.ok(writer.desiredSize! <= 0)
  // Reading opens it again, for as much as was read.
  const reader = server.readable.getReader()
  let read = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    assert.ok(next.value.every((octet, i) => octet === Math.floor((read + i) / 1000)))
    read += next.value.length
  }
  await writing
  assert.equal(read, 100_000)
})

test(
  'half-open: after the end of the other side this side goes on, if that was asked for',
  limit,
  async () => {
    using pair = webPair()
    const [client, server] = await connected(pair, { allowHalfOpen: true })
    await writeAll(client, 'question')
    assert.equal(await readText(server), 'question')
    await sleep(20)
    await writeAll(server, 'answer')
    assert.equal(await readText(client), 'answer')
    await Promise.all([client.closed, server.closed])
  },
)

test(
  'without half-open a side ends once it has read the end, and what it wrote before still goes',
  limit,
  async () => {
    using pair = webPair()
    const [client, server] = await connected(pair)
    const writer = server.writable.getWriter()
    await writeAll(client, 'question')
    // Nothing was read: there is no hurry.
    await writer.write('answer')
    await sleep(20)
    await writer.write(', after a while')
    assert.equal(await readText(server), 'question')
    await server.closed
    assert.equal(await readText(client), 'answer, after a while')
    await client.closed
    await assert.rejects(writer.write('too late'), { name: 'SocketError', code: 'EPIPE' })
  },
)

test('closed means that all has arrived: the host may go at once', limit, async () => {
  for (const allowHalfOpen of [false, true]) {
    using pair = webPair()
    const [client, server] = await connected(pair, { allowHalfOpen })
    const heard = readText(client)
    await writeAll(client)
    assert.equal(await readText(server), '')
    // Half-open, it has all the time to answer.
    const answer = 'x'.repeat(500_000)
    if (allowHalfOpen) await writeAll(server, answer)
    await server.closed
    pair.hosts[1].close()
    assert.equal(await heard, allowHalfOpen ? answer : '')
    await client.closed
  }
})

test('a writable that nobody holds is closed with it', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  await writeAll(client)
  assert.equal(await readText(server), '')
  await server.closed
  await server.writable.getWriter().closed
})

test('a readable that is cancelled lets the other side come to its end', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair, { allowHalfOpen: true })
  const sending = writeAll(client, new Uint8Array(5_000_000))
  for await (const _ of server.readable) break // which cancels it
  await sending
  await writeAll(server, 'enough')
  assert.equal(await readText(client), 'enough')
  await Promise.all([client.closed, server.closed])
})

test(
  'cancelled and closed, a connection is let go: what still comes is answered with a reset',
  limit,
  async () => {
    using pair = webPair()
    const [client, server] = await connected(pair, { allowHalfOpen: true })
    await server.readable.cancel()
    await server.writable.close()
    assert.equal(await readText(client), '')
    const writer = client.writable.getWriter()
    await writer.write('anybody?')
    await assert.rejects(client.closed, { code: 'ECONNRESET' })
    await assert.rejects(writer.closed, { code: 'ECONNRESET' })
  },
)

test('abort resets, even where a write waits for room', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  const writer = client.writable.getWriter()
  const writing = writer.write(new Uint8Array(20_000_000))
  await sleep(20)
  const reason = new Error('changed my mind')
  await Promise.all([
    assert.rejects(writing, reason),
    writer.abort(reason),
    assert.rejects(client.readable.getReader().read(), reason),
  ])
  await client.closed
  await assert.rejects(readText(server), { code: 'ECONNRESET' })
  await assert.rejects(server.closed, { code: 'ECONNRESET' })
})

test('what is no octets breaks the stream, and the connection with it', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  const writer = client.writable.getWriter()
  await writer.write(new DataView(Uint8Array.of(1, 2, 3).buffer, 1, 1))
  await writer.write(Uint8Array.of(4).buffer)
  await until(() => pair.hosts[1].stack.connections()[0]!.readable === 2)
  await assert.rejects(writer.write(5 as unknown as string), TypeError)
  await assert.rejects(writer.closed, TypeError)
  const reader = server.readable.getReader()
  const octets: number[] = []
  await assert.rejects(
    (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) octets.push(...next.value)
    })(),
    { code: 'ECONNRESET' },
  )
  assert.deepEqual(octets, [2, 4])
})

test('close: what was written arrives, reads end, writes fail with the reason', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  const writer = client.writable.getWriter()
  const reader = client.readable.getReader()
  await writer.write('last words')
  const reading = reader.read()
  const reason = new Error('tired')
  assert.equal(client.close(reason), client.closed)
  assert.deepEqual(await reading, { done: true, value: undefined })
  await assert.rejects(writer.write('x'), reason)
  await client.closed
  assert.equal(await readText(server), 'last words')
  await server.closed
  await client.close()
  await idle(...pair.hosts)
})

test('close while a write waits resets: what arrived of it must not look complete', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  const writer = client.writable.getWriter()
  const writing = writer.write(new Uint8Array(20_000_000))
  await sleep(20)
  client.close()
  await assert.rejects(writing, { name: 'SocketError', code: 'ECONNABORTED' })
  await assert.rejects(readText(server), { code: 'ECONNRESET' })
})

test('close with octets that nobody read resets the other side (RFC 9293 3.6.1)', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  await server.writable.getWriter().write('unread')
  await until(() => pair.hosts[0].stack.connections()[0]!.readable > 0)
  await using _ = client
  await client.close()
  await assert.rejects(server.closed, { code: 'ECONNRESET' })
})

test('100 sockets at once, and nothing is left of them', limit, async () => {
  using pair = webPair()
  const listener = pair.b.listen({ port: 80 })
  void (async () => {
    for await (const socket of listener) void socket.readable.pipeTo(socket.writable).catch(() => {})
  })()
  const texts = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const socket = pair.a.connect('b:80')
      const [, text] = await Promise.all([writeAll(socket, `socket ${n}`), readText(socket)])
      await socket.closed
      return text
    }),
  )
  for (const [n, text] of texts.entries()) assert.equal(text, `socket ${n}`)
  await listener.close()
  await idle(...pair.hosts)
  await turn()
})

test('startTls and TLS are refused with a SocketError that says so', limit, async () => {
  using pair = webPair()
  const [client] = await connected(pair)
  assert.throws(
    () => client.startTls(),
    (error) => {
      assert.ok(error instanceof SocketError)
      assert.ok(error instanceof TypeError)
      assert.match(error.message, /^SocketError: startTls/)
      return true
    },
  )
  for (const secureTransport of ['on', 'starttls'] as const) {
    assert.throws(() => pair.a.connect('b:443', { secureTransport }), { name: 'SocketError', code: null })
  }
})
