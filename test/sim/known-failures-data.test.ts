/** Known failures of other TCPs, through two whole stacks: octets that get lost, doubled, shifted or stuck. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACK, FIN, PSH } from '../../src/wire/segment.ts'
import { octets, World } from './known-failures-world.ts'

/** Carries `length` octets each way, closes both sides, and compares. */
function carry(world: World, length: number): void {
  const sent = { a: octets(length), b: octets(length, 7777) }
  world.a.send(sent.a)
  world.b.send(sent.b)
  world.finish()
  assert.deepEqual(Uint8Array.from(world.b.got), sent.a)
  assert.deepEqual(Uint8Array.from(world.a.got), sent.b)
}

for (const version of [4, 6] as const) {
  test(`known failure: data in the FIN segment reaches the application (IPv${version})`, () => {
    const world = new World({ version }).connect()
    world.a.send(octets(100))
    world.a.close()
    world.run(100)
    const [last] = world.sent('a').filter(({ segment }) => (segment.flags & FIN) !== 0)
    assert.equal(last?.segment.length, 100, 'the FIN carries the text')
    assert.deepEqual(Uint8Array.from(world.b.got), octets(100))
    assert.ok(world.b.peerClosed)
    world.finish()
  })
}

test('known failure: data in a FIN segment that arrives before the segment in front of it', () => {
  const world = new World().connect()
  world.fate('a', 10_000, (seg) => (seg.textLength > 0 && (seg.flags & FIN) === 0 ? 'reorder' : null))
  world.a.send(octets(2000))
  world.a.close()
  world.finish()
  assert.deepEqual(Uint8Array.from(world.b.got), octets(2000))
})

test('known failure: data queued when the peer half-closes are still sent', () => {
  // b has 200 kB to send to a slow a, which closes its own direction at once.
  const world = new World({ a: { receiveBufferBytes: 4096 } }).connect()
  world.b.send(octets(200_000))
  world.a.close()
  world.until(() => world.b.peerClosed)
  assert.equal(world.b.state, 'CLOSE-WAIT')
  assert.ok(world.b.connection.queued > 0, 'something is still queued when the FIN arrives')
  world.finish()
  assert.deepEqual(Uint8Array.from(world.a.got), octets(200_000))
})

test('known failure: two swapped segments', () => {
  const world = new World({ a: { nagle: false } }).connect()
  let swapped = false
  world.fate('a', 10_000, (seg) => {
    if (swapped || seg.textLength === 0) return null
    swapped = true
    return 'reorder'
  })
  world.a.send(octets(500))
  world.run(1)
  world.a.send(octets(500, 500))
  world.run(200)
  assert.deepEqual(Uint8Array.from(world.b.got), octets(1000))
  assert.equal(
    world.sent('a').filter(({ segment }) => segment.length > 0).length,
    2,
    'nothing was sent again',
  )
  world.finish()
})

for (const [name, wrap] of [
  ['2^32', 0],
  ['2^31', -0x80000000],
] as const) {
  for (const before of [0, 1, 2, 1000, 1461, 50_000]) {
    test(`known failure: both sequence numbers pass ${name}, ${before} octets after the SYN`, () => {
      const issA = (wrap - before) | 0
      // b chooses its number when the SYN arrives, 5 ms or 1250 ticks of its clock later.
      const issB = (wrap - before - 3) | 0
      const world = new World({ issA, issB: (issB - 1250) | 0, path: { delayUs: 5000 } }).connect()
      assert.equal(world.sent('a')[0]?.segment.seq, issA)
      assert.equal(world.sent('b')[0]?.segment.seq, issB)
      for (const side of ['a', 'b'] as const) world.path(side, { delayUs: 5000, loss: 0.03, reorder: 0.05 })
      carry(world, 150_000)
    })
  }
}

test('known failure: overlapping segments with new bytes', () => {
  // Pieces of a stream that nobody sent in this shape: each begins inside the one before and ends beyond it, or covers
  // a hole with both its edges. The first octet to arrive at a place stays.
  const world = new World().connect()
  const { rcv } = world.b.connection.tcb
  const { snd } = world.a.connection.tcb
  const [start, ack] = [rcv.nxt, snd.una]
  assert.equal(start, ack)
  const stream = octets(1000)
  const other = octets(1000, 4242)
  const piece = (from: number, to: number, source: Uint8Array): World =>
    world.forge(
      'b',
      { seq: (start + from) | 0, ack: rcvOf(world), flags: ACK | PSH, ...stamps(world) },
      source.slice(from, to),
    )
  piece(300, 500, stream)
  piece(400, 600, mixed(other, stream, 500))
  piece(800, 900, stream)
  piece(100, 350, mixed(stream, other, 300))
  piece(550, 850, mixed(other, mixed(stream, other, 800), 600))
  piece(850, 1000, mixed(other, stream, 900))
  assert.equal(world.b.got.length, 0)
  piece(0, 150, mixed(stream, other, 100))
  assert.deepEqual(Uint8Array.from(world.b.got), stream)
})

/** b's next number, as a would acknowledge it. */
function rcvOf(world: World): number {
  return world.b.connection.tcb.snd.nxt
}

/** Timestamps that b accepts. */
function stamps(world: World): { hasTimestamps: boolean; tsVal: number; tsEcr: number } {
  return { hasTimestamps: true, tsVal: world.b.connection.tcb.tsRecent, tsEcr: 0 }
}

/** `first` up to `at`, then `second`. */
function mixed(first: Uint8Array, second: Uint8Array, at: number): Uint8Array {
  const octetsOf = Uint8Array.from(first)
  octetsOf.set(second.subarray(at), at)
  return octetsOf
}

for (const [name, orderOf] of [
  ['in reverse order', (n: number) => Array.from({ length: n }, (_, i) => n - 1 - i)],
  [
    'every second one first',
    (n: number) => [...evens(n).map((i) => n - 1 - i), ...evens(n).map((i) => n - 2 - i)],
  ],
] as const) {
  test(`known failure: reassembly of one-octet segments ${name} costs a constant number of moves each`, () => {
    const n = 20_000
    const world = new World({ b: { receiveBufferBytes: 1 << 20, reassemblyRanges: 4096 } }).connect()
    const { tcb } = world.b.connection
    const [start, ack] = [tcb.rcv.nxt, tcb.snd.nxt]
    const text = octets(n + 1)
    for (const i of orderOf(n)) {
      const seq = (start + 1 + i) | 0
      world.forge('b', { seq, ack, flags: ACK, ...stamps(world) }, text.subarray(i + 1, i + 2))
      assert.ok(tcb.receiveBuffer.rangeCount <= 4096)
    }
    const { moves } = tcb.receiveBuffer
    assert.ok(moves <= 4 * n, `${moves} moves for ${n} segments`)
    world.forge('b', { seq: start, ack, flags: ACK, ...stamps(world) }, text.subarray(0, 1))
    const held = world.b.got.length
    assert.deepEqual(Uint8Array.from(world.b.got), text.subarray(0, held))
    assert.equal(held, name === 'in reverse order' ? n + 1 : held)
    assert.ok(held > 0)
  })
}

function evens(n: number): number[] {
  return Array.from({ length: n >> 1 }, (_, i) => 2 * i)
}

test('known failure: a duplicate SYN in every state changes nothing', () => {
  const world = new World({ a: { mslMs: 5000 }, b: { mslMs: 5000 }, path: { delayUs: 10_000 } })
  world.a.open()
  /** The states of both sides in which the SYN came again. */
  const seen = new Set<string>()
  const again = (): void => {
    for (const side of [world.a, world.b]) {
      seen.add(`${side.name} ${side.state}`)
      world.repeatSyn(side.name)
    }
  }
  for (let ms = 0; ms < 200; ms += 5) {
    again()
    world.run(5)
    if (ms === 50) world.a.send(octets(3000))
    if (ms === 60) world.b.send(octets(3000, 3000))
    if (ms === 100) world.a.close()
    if (ms === 150) world.b.close()
  }
  assert.deepEqual(Uint8Array.from(world.b.got), octets(3000))
  assert.deepEqual(Uint8Array.from(world.a.got), octets(3000, 3000))
  for (const state of ['a SYN-SENT', 'a ESTABLISHED', 'b ESTABLISHED', 'a FIN-WAIT-1', 'a FIN-WAIT-2']) {
    assert.ok(seen.has(state), `${state} among ${[...seen].join(', ')}`)
  }
  for (const state of ['b CLOSE-WAIT', 'b LAST-ACK', 'a TIME-WAIT']) assert.ok(seen.has(state), state)
  world.until(() => world.a.stack.size + world.b.stack.size === 0)
  assert.equal(world.a.connection.closeReason, 'closed-normally')
  assert.equal(world.b.connection.closeReason, 'closed-normally')
})
