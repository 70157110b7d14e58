import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LINUX } from '../../src/posix/profiles.ts'
import { SendMemory, unsentOctets } from '../../src/posix/send-memory.ts'
import fc from '../property.ts'
import { established } from '../tcp/endpoint.ts'

const MSS = 1000
/** As the field's scripts for epoll have it: a window that halves to chunks of sixteen segments. */
const WINDOW = 32_896
const CHUNK = 16_000

function peerOf(window: number) {
  return established({
    sendBufferBytes: 1 << 24,
    windowScaling: true,
    peer: { mss: MSS, win: window & 0xffff, ws: 0 },
  })
}

/** What a write of `length` takes; the octets are queued. */
function write(memory: SendMemory, ep: ReturnType<typeof peerOf>, length: number): number {
  const pieces = memory.take(ep.connection, length)
  for (const piece of pieces) {
    ep.send(new Uint8Array(piece.length))
  }
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

describe('send memory', () => {
  test('a write overshoots the limit by the chunk that was begun below it', () => {
    const ep = peerOf(WINDOW)
    const memory = new SendMemory({ ...LINUX.sendBuffer, initial: 50_000 }, 0xffffffff)
    const { cwnd } = ep.tcb.congestion
    const pieces = memory.take(ep.connection, 59_000)
    const taken = pieces.reduce((sum, piece) => sum + piece.length, 0)
    // What cwnd lets go at once leaves its chunk, which is filled again behind it.
    assert.equal(taken, Math.floor(cwnd / MSS) * MSS + 3 * CHUNK)
    assert.deepEqual(
      pieces.map((piece) => piece.endsChunk),
      [true, true, true, true],
    )
  })

  test('TCP_NOTSENT_LOWAT stops a write that has so much unsent', () => {
    for (const [lowWater, chunks] of [
      [4000, 1],
      [32_000, 2],
    ] as const) {
      const ep = peerOf(WINDOW)
      const memory = new SendMemory({ ...LINUX.sendBuffer, initial: 50_000 }, lowWater)
      assert.equal(write(memory, ep, 59_000), 10_000 + chunks * CHUNK)
      assert.equal(unsentOctets(ep.connection), chunks * CHUNK)
      assert.equal(memory.isWritable(ep.connection), false)
    }
  })

  test('room is told once a third of the memory is free', () => {
    const ep = peerOf(WINDOW)
    const memory = new SendMemory({ ...LINUX.sendBuffer, initial: 42_000 }, 0xffffffff)
    memory.fixed = true
    write(memory, ep, 61_000)
    let freed = 0
    while (!memory.isWritable(ep.connection)) {
      freed += MSS
      ep.inject({ ack: 1 + freed, win: WINDOW })
    }
    const left = ep.connection.queued
    assert.ok(left <= 28_000 && left > 22_000, `${left}`)
  })

  test('the memory follows cwnd unless the process has set it, or cwnd is full', () => {
    const ep = peerOf(WINDOW)
    const memory = new SendMemory({ min: 1, initial: 1, max: 1 << 22 }, 0xffffffff)
    memory.expand(ep.connection)
    assert.equal(memory.limit, 2 * 10 * (2048 + 256))
    ep.tcb.congestion.cwnd = 20 * MSS
    memory.expand(ep.connection)
    assert.equal(memory.limit, 2 * 20 * (2048 + 256))
    memory.fixed = true
    ep.tcb.congestion.cwnd = 40 * MSS
    memory.expand(ep.connection)
    assert.equal(memory.limit, 2 * 20 * (2048 + 256))
    const full = new SendMemory({ min: 1, initial: 1, max: 1 << 22 }, 0xffffffff)
    ep.tcb.congestion.cwnd = 20 * MSS
    ep.send(50 * MSS)
    full.expand(ep.connection)
    assert.equal(full.limit, 1)
  })

  test('for all writes: beyond the limit one chunk and the rest of the one before it; nothing refused below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: -30, max: -1 })), {
          maxLength: 40,
        }),
        fc.integer({ min: 5000, max: 60_000 }),
        (steps, limit) => {
          const ep = peerOf(WINDOW)
          const memory = new SendMemory({ ...LINUX.sendBuffer, initial: limit }, 0xffffffff)
          for (const step of steps) {
            if (step < 0) {
              const ack = Math.min(ep.sentNext, ((ep.tcb.snd.una - ep.iss) | 0) - step * 500)
              ep.inject({ ack, win: WINDOW })
              continue
            }
            const taken = write(memory, ep, step)
            const { queued } = ep.connection
            assert.ok(taken <= step)
            assert.ok(queued < limit + 2 * CHUNK, `${queued} of ${limit}`)
            if (taken < step) assert.ok(queued + 1280 * (2 + queued / 1000) >= limit, `${queued} of ${limit}`)
          }
        },
      ),
      { numRuns: 60, seed: 7 },
    )
  })
})
