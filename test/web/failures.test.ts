/** Every promise of a socket settles, and says why: refused, reset, unanswered, no such name, the host gone. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ElkoDiagnosis } from '../../src/analyze/index.ts'
import type { Link } from '../../src/link/link.ts'
import { noLink } from '../../src/link/no-link.ts'
import { configure } from '../../src/tcp/config.ts'
import { type Socket, SocketError } from '../../src/web/index.ts'
import { until } from '../link/turn.ts'
import { connected, idle, QUICK, readText, webPair } from './pair.ts'

const limit = { timeout: 240_000 }

/** All of a socket's promises and streams fail with one and the same SocketError. */
async function failureOf(socket: Socket): Promise<SocketError> {
  const reader = socket.readable.getReader()
  const writer = socket.writable.getWriter()
  const outcomes = await Promise.allSettled([socket.opened, socket.closed, reader.read(), reader.closed])
  const writes = await Promise.allSettled([writer.write('x'), writer.ready, writer.closed, writer.close()])
  const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : null))
  const [error] = reasons
  assert.ok(error instanceof SocketError, String(error))
  for (const reason of reasons) assert.equal(reason, error)
  for (const outcome of writes) assert.equal(outcome.status, 'rejected')
  return error
}

test('refused: every promise rejects, and the cause is a diagnosis', limit, async () => {
  using pair = webPair()
  const error = await failureOf(pair.a.connect('10.0.0.2:81'))
  assert.equal(error.code, 'ECONNREFUSED')
  assert.match(error.message, /^SocketError: ECONNREFUSED: /)
  assert.ok(error.cause instanceof ElkoDiagnosis)
  assert.equal(error.cause.reason, 'connection-refused')
  assert.equal(error.cause.who, 'peer')
  await idle(...pair.hosts)
})

test('no such name, with and without a resolver, and a resolver that fails', limit, async () => {
  const broken = new Error('the resolver is on holiday')
  using pair = webPair({ a: { resolve: async () => [] }, b: { resolve: () => Promise.reject(broken) } })
  using alone = webPair()
  assert.equal((await failureOf(pair.a.connect('nobody:80'))).code, 'ENOTFOUND')
  assert.equal((await failureOf(alone.a.connect('nobody:80'))).code, 'ENOTFOUND')
  const error = await failureOf(pair.b.connect('nobody:80'))
  assert.equal(error.code, 'ENOTFOUND')
  assert.equal(error.cause, broken)
})

test('no route, and an address that nobody connects to', limit, async () => {
  using pair = webPair({ a: { names: {} } })
  assert.equal((await failureOf(pair.a.connect('224.0.0.1:80'))).code, 'ENETUNREACH')
  const wrong = pair.a.connect('10.0.0.2:80', { localAddress: '10.7.7.7' })
  assert.equal((await failureOf(wrong)).code, 'EADDRNOTAVAIL')
})

test('unanswered: the handshake times out', limit, async () => {
  const config = configure({ ...QUICK, rtoInitialMs: 10, r2SynMs: 60 })
  using pair = webPair({ a: { config } }, [noLink(), noLink()])
  const error = await failureOf(pair.a.connect('10.0.0.2:80'))
  assert.equal(error.code, 'ETIMEDOUT')
  assert.ok(error.cause instanceof ElkoDiagnosis)
  assert.equal(error.cause.reason, 'connect-timeout')
})

test('reset: octets that came before it are read first, then all reject with one error', limit, async () => {
  using pair = webPair()
  const [client, server] = await connected(pair)
  const writer = server.writable.getWriter()
  await writer.write('before the reset')
  await until(() => pair.hosts[0].stack.connections()[0]!.readable > 0)
  await writer.abort()
  await assert.rejects(client.closed, { code: 'ECONNRESET' })
  const reader = client.readable.getReader()
  assert.equal(new TextDecoder().decode((await reader.read()).value), 'before the reset')
  const reason = await client.closed.catch((error: unknown) => error)
  await assert.rejects(reader.read(), reason as Error)
  await assert.rejects(client.writable.getWriter().write('x'), reason as Error)
  await client.opened // it was
})

test('a read that waits is told of a reset, with and without a buffer of its own', limit, async () => {
  for (const mode of ['byob', 'default'] as const) {
    using pair = webPair()
    const [client, server] = await connected(pair)
    const reading =
      mode === 'byob'
        ? client.readable.getReader({ mode }).read(new Uint8Array(10))
        : client.readable.getReader().read()
    await server.writable.abort()
    await assert.rejects(reading, { code: 'ECONNRESET' })
  }
})

test('a write that waits is told that the other side has gone silent', limit, async () => {
  using pair = webPair()
  const [client] = await connected(pair)
  // Only now: a slow machine's handshake may take longer.
  pair.hosts[0].stack.connections()[0]!.reconfigure(configure({ ...QUICK, r2Ms: 100, userTimeoutMs: 100 }))
  const writer = client.writable.getWriter()
  const writing = writer.write(new Uint8Array(20_000_000))
  pair.hosts[1].driver.close() // its link is cut, without a word
  await assert.rejects(writing, { code: 'ETIMEDOUT' })
  await assert.rejects(client.closed, { code: 'ETIMEDOUT' })
})

test('the end of the host settles everything, and so does the death of its link', limit, async () => {
  for (const error of [null, new Error('the cable was cut')]) {
    const [link] = [noLink()] as [Link]
    using pair = webPair({}, [link, noLink()])
    const connecting = pair.a.connect('both:80')
    const resolving = pair.a.connect('both:81')
    const listener = pair.a.listen({ port: 9 })
    const next = listener.next()
    await listener.opened
    if (error === null) pair.hosts[0].close()
    else link.onError!(error)
    for (const socket of [connecting, resolving]) {
      const failure = await failureOf(socket)
      assert.equal(failure.code, 'ECONNABORTED')
      assert.equal(failure.cause, error ?? undefined)
    }
    if (error === null) {
      assert.deepEqual(await next, { done: true, value: undefined })
      await listener.closed
      continue
    }
    await assert.rejects(next, { code: 'ECONNABORTED', cause: error })
    await assert.rejects(listener.closed, { code: 'ECONNABORTED' })
    await assert.rejects(listener.next(), { code: 'ECONNABORTED' })
  }
})

test(
  'nothing opens on a host that is closed, also where its names took longer than it lived',
  limit,
  async () => {
    let answer: (addresses: string[]) => void = () => {}
    const resolve = (): Promise<string[]> => new Promise((told) => (answer = told))
    using pair = webPair({ a: { resolve } })
    const resolving = pair.a.connect('somewhere.example:80')
    pair.hosts[0].close()
    answer(['10.0.0.2'])
    for (const socket of [resolving, pair.a.connect('b:80')]) {
      assert.equal((await failureOf(socket)).code, 'ECONNABORTED')
    }
    const listener = pair.a.listen({ port: 80 })
    await assert.rejects(listener.opened, { code: 'ECONNABORTED' })
    await assert.rejects(listener.next(), { code: 'ECONNABORTED' })
    await idle(...pair.hosts)
  },
)

test('an established connection hears of the end of its host', limit, async () => {
  using pair = webPair()
  const [client] = await connected(pair)
  const reading = readText(client)
  pair.hosts[0].close()
  await assert.rejects(reading, { code: 'ECONNABORTED' })
  await assert.rejects(client.closed, { code: 'ECONNABORTED' })
})

test(
  'close before the connection is open: opened rejects with the reason, nothing is sent later',
  limit,
  async () => {
    let answer: (addresses: string[]) => void = () => {}
    const resolve = (): Promise<string[]> => new Promise((told) => (answer = told))
    using pair = webPair({ a: { resolve } })
    const reason = new Error('no more interest')
    const resolving = pair.a.connect('somewhere.example:80')
    const connecting = pair.a.connect('b:80')
    for (const socket of [resolving, connecting]) {
      const reading = socket.readable.getReader().read()
      const writing = socket.writable.getWriter().write('x')
      await socket.close(reason)
      await assert.rejects(socket.opened, reason)
      await assert.rejects(reading, reason)
      await assert.rejects(writing, reason)
    }
    answer(['10.0.0.2'])
    await idle(...pair.hosts)
    const closed = pair.a.connect('b:80')
    await closed.close()
    await assert.rejects(closed.opened, { name: 'SocketError', code: 'ECONNABORTED' })
  },
)

test(
  'addresses and options that make no sense are refused at once, and say what was expected',
  limit,
  async () => {
    using pair = webPair()
    const { connect, listen } = pair.a
    const addresses = ['', 'b', 'b:', ':80', 'b:0', 'b:65536', 'b:80x', 'fd00::1:80', 'b:-1', '[]:80']
    for (const address of addresses) {
      assert.throws(() => connect(address), /^SocketError: SocketError: expected /, address)
    }
    const objects: unknown[] = [{}, { hostname: 'b' }, { port: 80 }, { hostname: 'b', port: 1.5 }, null, 5]
    for (const address of objects) assert.throws(() => connect(address as string), SocketError)
    assert.throws(() => connect('b:80', { highWaterMark: -1 }), /highWaterMark/)
    assert.throws(() => connect('b:80', { localAddress: 'b' }), /localAddress/)
    assert.throws(() => listen({ port: -1 }), /port/)
    assert.throws(() => listen({ port: 80, backlog: 0 }), /backlog/)
    await idle(...pair.hosts)
  },
)

test('a process that only waits for a resolver is held, and let go with the last socket', limit, async () => {
  using pair = webPair()
  const [host] = pair.hosts
  let holds = 0
  const { hold, letGo } = host
  host.hold = () => {
    holds++
    hold.call(host)
  }
  host.letGo = () => {
    holds--
    letGo.call(host)
  }
  const [client, server] = await connected(pair)
  const refused = pair.a.connect('b:81')
  assert.equal(holds, 2)
  await assert.rejects(refused.opened)
  assert.equal(holds, 1)
  await client.close()
  await server.close()
  await until(() => holds === 0)
})
