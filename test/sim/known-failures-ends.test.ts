/** Known failures of other TCPs, through two whole stacks: resets that nobody hears of, dead peers, bad paths. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { octets, World } from './known-failures-world.ts'

test('known failure: a reset that answers the SYN reaches the application', () => {
  const world = new World({ listens: false })
  world.a.open()
  world.run(100)
  assert.ok(world.a.gone)
  assert.equal(world.a.connection.closeReason, 'connection-refused')
  assert.equal(world.a.stack.size, 0)
})

for (const loss of [0, 1] as const) {
  test(`known failure: a reset of an open connection reaches the application${loss ? ', though it is lost at first' : ''}`, () => {
    const world = new World().connect()
    world.a.send(octets(1000))
    world.run(100)
    if (loss) world.path('b', { delayUs: 10_000, loss })
    world.b.abort()
    world.run(100)
    if (loss) {
      assert.equal(world.a.state, 'ESTABLISHED')
      world.path('b', { delayUs: 10_000 })
      world.a.send(octets(10)) // RFC 9293 3.5.1: whoever sends finds out that the other side is gone
      world.run(5000)
    }
    assert.ok(world.a.gone)
    assert.equal(world.a.connection.closeReason, 'reset-by-peer')
    assert.equal(world.b.connection.closeReason, 'aborted-by-user')
    assert.equal(world.a.stack.size + world.b.stack.size, 0)
  })
}

test('known failure: a connection in mid-transfer through which suddenly nothing passes ends by R2', () => {
  const world = new World({ a: { r2Ms: 100_000 }, b: { r2Ms: 100_000 } }).connect()
  world.a.send(octets(500_000))
  world.run(60)
  assert.ok(world.a.connection.queued > 0)
  const silentAt = world.network.now
  world.path('a', { delayUs: 10_000, loss: 1 })
  world.path('b', { delayUs: 10_000, loss: 1 })
  world.until(() => world.a.gone, 400_000)
  const seconds = (world.network.now - silentAt) / 1e6
  assert.equal(world.a.connection.closeReason, 'retransmission-limit')
  assert.ok(
    seconds >= 100 && seconds <= 165,
    `after ${seconds} s: R2, and at most one time-out of a minute more`,
  )
  assert.equal(world.a.connection.softError, 'unanswered', 'SHLD-9: R1 was told before')
  assert.equal(world.a.stack.size, 0)
  // b has nothing to send and did not ask for keep-alive: for it the connection is idle (RFC 9293 3.8.4).
  assert.equal(world.b.state, 'ESTABLISHED')
})

test('known failure: a silent peer is found by keep-alive where it was asked for', () => {
  const keepAlive = {
    keepAlive: true,
    keepAliveIdleMs: 10_000,
    keepAliveIntervalMs: 1000,
    keepAliveProbes: 5,
  }
  const world = new World({ b: keepAlive }).connect()
  world.run(60_000)
  assert.equal(world.b.state, 'ESTABLISHED', 'an idle peer answers')
  world.path('a', { delayUs: 10_000, loss: 1 })
  world.until(() => world.b.gone, 30_000)
  assert.equal(world.b.connection.closeReason, 'keep-alive-timeout')
})

test('known failure: NewReno makes progress at 10 % loss both ways', () => {
  for (const seed of [1, 2, 3]) {
    const world = new World({ seed, path: { delayUs: 10_000, loss: 0.1 } }).connect()
    const startedAt = world.network.now
    world.a.send(octets(300_000))
    world.until(() => world.b.got.length === 300_000, 600_000)
    const seconds = (world.network.now - startedAt) / 1e6
    assert.ok(seconds < 120, `300 kB take ${seconds} s`)
    assert.deepEqual(Uint8Array.from(world.b.got), octets(300_000))
    world.finish()
  }
})

for (const version of [4, 6] as const) {
  for (const mtuBlackHole of [true, false]) {
    const how = mtuBlackHole ? 'a black hole for large packets' : 'a smaller MTU, told by ICMP'
    test(`known failure: ${how} in the path (IPv${version})`, () => {
      const mtu = version === 4 ? 1000 : 1300
      const world = new World({ version, path: { delayUs: 10_000, mtu, mtuBlackHole } }).connect()
      const sent = octets(200_000)
      world.a.send(sent)
      world.until(() => world.b.got.length === sent.length, mtuBlackHole ? 120_000 : 10_000)
      assert.deepEqual(Uint8Array.from(world.b.got), sent)
      world.finish()
    })
  }
}

test('known failure: a black hole that only a last short segment falls into', () => {
  // Larger than the path carries and yet below the MSS: nothing full-sized was ever sent.
  const world = new World({ path: { delayUs: 10_000, mtu: 800, mtuBlackHole: true } }).connect()
  world.a.send(octets(900))
  world.a.close()
  world.b.close()
  world.until(() => world.a.stack.size + world.b.stack.size === 0)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(900))
})

test('known failure: a black hole behind small segments that were acknowledged together', () => {
  // An acknowledgment of more than one MSS does not show that the path carries a segment of one MSS.
  const world = new World({
    a: { nagle: false },
    path: { delayUs: 50_000, mtu: 800, mtuBlackHole: true },
  }).connect()
  world.path('b', { delayUs: 50_000, loss: 1 })
  for (let i = 0; i < 20; i++) {
    world.a.send(octets(100, 100 * i))
    world.run(1)
  }
  world.run(65)
  world.path('b', { delayUs: 50_000 })
  world.until(() => world.a.connection.queued === 0, 10_000)
  assert.equal(world.a.connection.tcb.totalRetransmissions, 0)
  world.a.send(octets(50_000, 2000))
  world.until(() => world.b.got.length === 52_000, 30_000)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(52_000))
  world.finish()
})

for (const years of [1, 40]) {
  test(`known failure: two hosts whose clocks started ${years} years apart`, () => {
    const clockB = Math.floor(years * 365.25 * 86_400 * 1e6)
    const world = new World({
      clockA: 0,
      clockB,
      path: { delayUs: 10_000, loss: 0.05, reorder: 0.1 },
    }).connect()
    world.a.send(octets(100_000))
    world.b.send(octets(100_000, 100_000))
    world.finish()
    assert.deepEqual(Uint8Array.from(world.b.got), octets(100_000))
    assert.deepEqual(Uint8Array.from(world.a.got), octets(100_000, 100_000))
  })
}

test('known failure: both sides open at once while each first SYN is lost', () => {
  const world = new World()
  for (const side of ['a', 'b'] as const) world.fate(side, 10_000, (_, n) => (n === 1 ? 'lose' : null))
  world.connectBothWays()
  world.a.send(octets(5000))
  world.b.send(octets(5000, 5000))
  world.finish()
  assert.deepEqual(Uint8Array.from(world.b.got), octets(5000))
  assert.deepEqual(Uint8Array.from(world.a.got), octets(5000, 5000))
})

test('known failure: the octet of garbage in a keep-alive probe never stands in for one that was lost', () => {
  const keepAlive = {
    keepAlive: true,
    keepAliveGarbage: true,
    keepAliveIdleMs: 500,
    keepAliveIntervalMs: 100,
  }
  const world = new World({ a: { ...keepAlive, keepAliveProbes: 1000 } }).connect()
  // b falls silent until a has sent a probe; then a writes, and only its text is lost.
  world.path('b', { delayUs: 10_000, loss: 1 })
  world.run(2000)
  assert.ok(world.sent('a').some(({ reason }) => reason === 'keep-alive'))
  world.fate('a', 10_000, (seg) => (seg.textLength > 1 ? 'lose' : null))
  world.a.send(octets(16).fill(0x55))
  world.run(900)
  world.path('a', { delayUs: 10_000 })
  world.path('b', { delayUs: 10_000 })
  world.until(() => world.b.got.length === 16, 60_000)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(16).fill(0x55))
  world.finish()
})
