import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ImpairedDirections, type ImpairedLink, impair } from '../../src/link/impair.ts'
import type { Link } from '../../src/link/link.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import { icmpOf, sequenceOf, tcpPacket, verdictOf } from '../sim/packets.ts'
import { turn, until } from './turn.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'

interface World {
  readonly near: ImpairedLink
  readonly far: Link
  readonly atNear: Uint8Array[]
  readonly atFar: Uint8Array[]
  readonly ends: { near: number }
}

function world(directions: ImpairedDirections, seed: number | string = 1): World {
  const [inner, far] = loopbackPair({ mtu: 9000 })
  const near = impair(inner, directions, seed)
  const [atNear, atFar]: Uint8Array[][] = [[], []]
  const ends = { near: 0 }
  near.onPacket = (packet, offset, length) => atNear!.push(packet.slice(offset, offset + length))
  near.onBatchEnd = () => ends.near++
  far.onPacket = (packet, offset, length) => atFar!.push(packet.slice(offset, offset + length))
  return { near, far, atNear: atNear!, atFar: atFar!, ends }
}

function sendTo(link: Link, count: number, first = 1, src = A, dst = B, text = 10): void {
  for (let n = 0; n < count; n++) {
    const packet = tcpPacket(src, dst, first + n, text)
    assert.equal(link.send(packet, packet.length), true)
  }
}

test('without delay packets pass within the call, both ways', async () => {
  const { near, far, atNear, atFar, ends } = world({ toLink: {}, fromLink: {} })
  sendTo(near, 3)
  assert.deepEqual(atFar.map(sequenceOf), [1, 2, 3])
  sendTo(far, 2)
  assert.deepEqual(atNear.map(sequenceOf), [1, 2])
  await turn()
  assert.equal(ends.near, 1)
  near.close()
})

test('a direction without options is the link itself', () => {
  const { near, far, atNear, atFar } = world({})
  sendTo(near, 3)
  sendTo(far, 3)
  assert.deepEqual([atNear.length, atFar.length], [3, 3])
  assert.equal(near.toLinkCounters, null)
  assert.equal(near.fromLinkCounters, null)
  near.close()
})

test('delayed packets arrive later, in order, and as batches', async () => {
  const { near, far, atNear, atFar, ends } = world({ toLink: { delayUs: 300 }, fromLink: { delayUs: 3000 } })
  sendTo(near, 20)
  sendTo(far, 20)
  assert.deepEqual([atNear.length, atFar.length], [0, 0])
  await until(() => atNear.length === 20 && atFar.length === 20)
  assert.deepEqual(
    atFar.map(sequenceOf),
    Array.from({ length: 20 }, (_, n) => n + 1),
  )
  assert.deepEqual(
    atNear.map(sequenceOf),
    Array.from({ length: 20 }, (_, n) => n + 1),
  )
  assert.ok(ends.near >= 1 && ends.near <= 20)
  near.close()
})

test('a packet held back is overtaken, one that is not delayed does not overtake those that wait', async () => {
  const held = world({ toLink: { fate: (n) => (n === 1 ? 'reorder' : null), reorderByUs: 300_000 } })
  sendTo(held.near, 3)
  await until(() => held.atFar.length === 3)
  assert.deepEqual(held.atFar.map(sequenceOf), [2, 3, 1])
  held.near.close()

  const steady = world({ toLink: { rateBitsPerSecond: 8e6 } })
  for (let n = 1; n <= 30; n++) {
    sendTo(steady.near, 1, n)
    if (n % 10 === 0) await turn()
  }
  await until(() => steady.atFar.length === 30)
  assert.deepEqual(
    steady.atFar.map(sequenceOf),
    Array.from({ length: 30 }, (_, n) => n + 1),
  )
  steady.near.close()
})

test('a packet without delay waits behind one that is due but whose timer is late', async () => {
  const { near, atFar } = world({ toLink: { delayUs: 1, jitterUs: 1 } })
  for (let n = 1; n <= 100; n++) {
    sendTo(near, 1, n)
    // The event loop gets no turn, and so no timer expires, while this passes.
    for (const start = performance.now(); performance.now() - start < 0.02; );
  }
  await until(() => atFar.length === 100)
  assert.deepEqual(
    atFar.map(sequenceOf),
    Array.from({ length: 100 }, (_, n) => n + 1),
  )
  near.close()
})

test('loss, duplication and damage follow the seed and not the clock', async () => {
  const play = (seed: string): Uint8Array[] => {
    const { near, atFar } = world({ toLink: { loss: 0.1, duplicate: 0.1, corrupt: 0.1 } }, seed)
    sendTo(near, 500)
    assert.equal(near.toLinkCounters!.offered, 500)
    assert.equal(near.toLinkCounters!.delivered, atFar.length)
    near.close()
    return atFar
  }
  assert.deepEqual(play('x'), play('x'))
  assert.notDeepEqual(play('x'), play('y'))
  assert.ok(play('x').some((packet) => verdictOf(packet, packet.length) !== 'ok'))
})

test('capabilities: one packet is one loss, and damage needs checksums', () => {
  const [inner] = loopbackPair({ mtu: 1500 })
  const fake: Link = Object.create(inner, {
    mtu: { value: 1500 },
    maxPacket: { value: 65535 },
    checksumOffload: { value: true },
    onPacket: { writable: true },
    onBatchEnd: { writable: true },
    onWritable: { writable: true },
    onError: { writable: true },
  })
  const lossy = impair(fake, { toLink: { loss: 0.1 } }, 1)
  assert.deepEqual([lossy.mtu, lossy.maxPacket, lossy.checksumOffload], [1500, 1500, true])
  assert.equal(impair(fake, { fromLink: { corrupt: 0.1 } }, 1).checksumOffload, false)
  assert.throws(() => impair(fake, { toLink: { loss: 2 } }, 1), /loss: expected a number from 0 to 1/)
})

test('the sender of a packet too big gets its ICMP message, whichever side it is on, and not within its call', async () => {
  const { near, far, atNear, atFar } = world({ toLink: { mtu: 576 }, fromLink: { mtu: 576 } })
  sendTo(near, 1, 41, A, B, 1000)
  assert.equal(atNear.length, 0)
  sendTo(far, 1, 42, B, A, 1000)
  await until(() => atNear.length === 1 && atFar.length === 1)
  const [told, toldFar] = [icmpOf(atNear[0]!), icmpOf(atFar[0]!)]
  assert.deepEqual([told.verdict, told.message.mtu, told.message.quotedSeq], ['ok', 576, 41])
  assert.deepEqual([toldFar.verdict, toldFar.message.mtu, toldFar.message.quotedSeq], ['ok', 576, 42])
  near.close()
})

test('a full link loses nothing: what is due waits in order, and the sender is asked to wait', async () => {
  const [inner, far] = loopbackPair()
  const got: number[] = []
  far.onPacket = (packet, offset) => got.push(sequenceOf(packet.subarray(offset)))
  let hasRoom = false
  const send = inner.send.bind(inner)
  inner.send = (frame, length) => hasRoom && send(frame, length)
  const near = impair(inner, { toLink: { delayUs: 100 } }, 1)
  let writable = 0
  near.onWritable = () => writable++
  sendTo(near, 5)
  const packet = tcpPacket(A, B, 6, 0)
  await until(() => !near.send(packet, packet.length))
  hasRoom = true
  inner.onWritable?.()
  assert.equal(writable, 1)
  await until(() => near.send(tcpPacket(A, B, 1000, 0), 40) && got.includes(1000))
  assert.deepEqual(got.slice(0, 5), [1, 2, 3, 4, 5])
  near.close()
})

test('after close nothing arrives and nothing keeps the event loop alive', async () => {
  const { near, far, atNear, atFar } = world({ toLink: { delayUs: 200 }, fromLink: { delayUs: 200 } })
  sendTo(near, 5)
  sendTo(far, 5)
  near.ref()
  near.unref()
  near.close()
  near.close()
  sendTo(near, 5)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual([atNear.length, atFar.length], [0, 0])
})
