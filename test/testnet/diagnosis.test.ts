/** What went wrong on the way, as the errors of sockets tell it: `err.cause` after each fault of the timetable. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Trouble } from '../../src/analyze/index.ts'
import { ElkoDiagnosis } from '../../src/analyze/index.ts'
import type { DiagnosedError } from '../../src/net/index.ts'
import { echoes, type World, world } from './world.ts'

interface Fate {
  readonly code: string
  readonly reason: Trouble
  readonly who: ElkoDiagnosis['who']
  readonly hint: RegExp
}

/** The error of a socket is this one; returns its cause. */
async function fails(socket: Socket, { code, reason, who, hint }: Fate): Promise<ElkoDiagnosis> {
  socket.resume()
  const error = await new Promise<DiagnosedError>((resolve) => socket.once('error', resolve))
  const { cause } = error
  assert.ok(cause instanceof ElkoDiagnosis)
  assert.deepEqual(
    { code: error.code, reason: error.reason, who: cause.who },
    { code, reason, who },
    String(cause),
  )
  assert.match(cause.hint, hint)
  assert.deepEqual(Object.entries(error), fieldsOf(error))
  return cause
}

/** What node:net has in such an error on Linux, in its order (measured on Node 20 and 26). */
function fieldsOf({ code, message }: DiagnosedError): [name: string, value: unknown][] {
  const errno = { ETIMEDOUT: -110, ECONNREFUSED: -111, EHOSTUNREACH: -113, ECONNRESET: -104 }[code!]
  const connects = message === `connect ${code} 10.0.0.2:7`
  if (!connects) assert.equal(message, `read ${code}`)
  const known: [string, unknown][] = [
    ['errno', errno],
    ['code', code],
    ['syscall', connects ? 'connect' : 'read'],
  ]
  return connects ? [...known, ['address', '10.0.0.2'], ['port', 7]] : known
}

async function connected({ a }: World): Promise<Socket> {
  const socket = a.net.connect(7, '10.0.0.2')
  await once(socket, 'connect')
  return socket
}

test('a firewall that drops SYNs: connect-timeout, into silence', async () => {
  const here = world()
  const { net, a, b } = here
  echoes(b)
  net.firewall(a, b, { only: 'syn' })
  await net.run(async () => {
    const cause = await fails(a.net.connect(7, '10.0.0.2'), {
      code: 'ETIMEDOUT',
      reason: 'connect-timeout',
      who: 'path',
      hint: /firewall that drops/,
    })
    assert.equal(cause.evidence.segmentsReceived, 0)
    assert.ok(cause.evidence.retransmissions >= 3)
  })
})

test('nobody listens: connection-refused, by a reset of the host itself', async () => {
  const { net, a } = world()
  await net.run(async () => {
    const { evidence, state } = await fails(a.net.connect(7, '10.0.0.2'), {
      code: 'ECONNREFUSED',
      reason: 'connection-refused',
      who: 'peer',
      hint: /Is the server running/,
    })
    assert.equal(state, 'SYN-SENT')
    assert.equal(evidence.segment?.ttl, 64)
  })
})

test('a firewall that says so by ICMP', async () => {
  const { net, a, b } = world()
  echoes(b)
  net.firewall(a, b, { action: 'prohibit' })
  await net.run(async () => {
    const { evidence } = await fails(a.net.connect(7, '10.0.0.2'), {
      code: 'EHOSTUNREACH',
      reason: 'administratively-prohibited',
      who: 'peer', // It speaks in the name of the destination, and nothing gives it away.
      hint: /packet filter/,
    })
    assert.deepEqual([evidence.icmp?.type, evidence.icmp?.code], [3, 13])
  })
})

test('a middlebox resets a connection that works: its TTL gives it away', async () => {
  const here = world()
  const { net, a, b } = here
  echoes(b)
  await net.run(async () => {
    const socket = await connected(here)
    net.reset(a, b, { to: a })
    const { evidence } = await fails(socket, {
      code: 'ECONNRESET',
      reason: 'reset-by-peer',
      who: 'middlebox',
      hint: /firewall, proxy or NAT/,
    })
    assert.deepEqual([evidence.segment?.ttl, evidence.segment?.peerTtl], [255, 64])
  })
})

test('the other side aborts: a reset with the TTL of its other segments', async () => {
  const here = world()
  const { net, b } = here
  b.net.createServer((socket) => void socket.resetAndDestroy()).listen(7)
  await net.run(async () => {
    const socket = await connected(here)
    await fails(socket, { code: 'ECONNRESET', reason: 'reset-by-peer', who: 'peer', hint: /application|log/ })
  })
})

test('the other host crashes and comes back: it answers data of a connection that it no longer knows', async () => {
  const here = world()
  const { net, b } = here
  echoes(b)
  await net.run(async () => {
    const socket = await connected(here)
    net.crash(b, { for: '10s' })
    await sleep(11_000)
    socket.write('are you there?')
    const { evidence } = await fails(socket, {
      code: 'ECONNRESET',
      reason: 'reset-by-peer',
      who: 'peer',
      hint: /no longer knows the connection \(a restart/,
    })
    assert.equal(evidence.segment?.sender, 'stateless')
    assert.equal(evidence.unacknowledged, 14)
  })
})

test('the path is cut while data are on their way: retransmission-limit, and for how long nothing was heard', async () => {
  const here = world()
  const { net, a, b } = here
  echoes(b)
  await net.run(async () => {
    const socket = await connected(here)
    net.partition(a, b)
    socket.write('x')
    const { evidence } = await fails(socket, {
      code: 'ETIMEDOUT',
      reason: 'retransmission-limit',
      who: 'path',
      hint: /went away without a word/,
    })
    assert.ok(evidence.silentUs! > 60e6 && evidence.waitingUs! > 60e6)
  })
})

test('the path is cut while the connection is idle: only keep-alive notices', async () => {
  const here = world()
  const { net, a, b } = here
  echoes(b)
  await net.run(async () => {
    const socket = await connected(here)
    socket.setKeepAlive(true, 60_000)
    net.partition(a, b)
    const { evidence } = await fails(socket, {
      code: 'ETIMEDOUT',
      reason: 'keep-alive-timeout',
      who: 'path',
      hint: /NAT or firewall drops idle connections/,
    })
    assert.equal(evidence.keepAliveProbes, 10)
  })
})

test('a server that does not read: its window is closed, and then the path is cut', async () => {
  const here = world()
  const { net, a, b } = here
  b.net.createServer({ pauseOnConnect: true }).listen(7)
  await net.run(async () => {
    const socket = await connected(here)
    socket.write(Buffer.alloc(4 << 20))
    await sleep(5000)
    net.partition(a, b)
    const cause = await fails(socket, {
      code: 'ETIMEDOUT',
      reason: 'retransmission-limit',
      who: 'path',
      hint: /stopped reading/,
    })
    assert.equal(cause.evidence.peerWindow, 0)
  })
})
