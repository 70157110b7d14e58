import assert from 'node:assert/strict'
import test from 'node:test'
import { OwnPackets } from '../../src/stack/own-packets.ts'
import fc from '../property.ts'

/** Writes a packet whose octets all are `mark`. Returns the frame that it was written to. */
function send(own: OwnPackets, length: number, mark: number, frameOctets = 4096): Uint8Array {
  const frame = own.frame(frameOctets)
  assert.equal(frame.length, frameOctets)
  frame.fill(mark, 0, length)
  own.push(length)
  return frame
}

/** Takes the next packet out; null where none waits. */
function next(own: OwnPackets): { packet: Uint8Array; octets: number[] } | null {
  let taken: { packet: Uint8Array; octets: number[] } | null = null
  const had = own.handleNext((packet, length) => {
    taken = { packet, octets: [...packet.subarray(0, length)] }
  })
  assert.equal(had, taken !== null)
  return taken
}

test('packets come as they were written, in order, whatever is written while they wait', () => {
  const step = fc.oneof(fc.record({ length: fc.integer({ min: 1, max: 300 }) }), fc.constant(null))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const own = new OwnPackets()
      const expected: number[][] = []
      let mark = 0
      for (const each of [...steps, ...steps.map(() => null)]) {
        if (each === null) assert.deepEqual(next(own)?.octets, expected.shift())
        else {
          send(own, each.length, ++mark, 300)
          expected.push(new Array(each.length).fill(mark))
        }
        assert.equal(own.length, expected.length)
      }
    }),
  )
})

test('a frame is written to again once its packet was handled, the one used last first', () => {
  const own = new OwnPackets()
  const frames = [send(own, 1000, 1), send(own, 1000, 2), send(own, 1000, 3)]
  assert.equal(new Set(frames).size, 3, 'none while its packet waits')
  assert.equal(next(own)?.packet, frames[0], 'handled where it was written')
  next(own)
  assert.equal(send(own, 1000, 4), frames[1])
  assert.equal(send(own, 1000, 5), frames[0])
  assert.ok(!frames.includes(own.frame(4096)), 'the third one still waits')
})

test('a small packet takes no frame', () => {
  const own = new OwnPackets()
  const frame = send(own, 128, 1)
  assert.equal(send(own, 128, 2), frame)
  assert.deepEqual(next(own)?.octets, new Array(128).fill(1))
  assert.equal(send(own, 129, 3), frame)
  assert.notEqual(own.frame(4096), frame)
})

test('frames of another length: what waits is whole, and its frame is used no more', () => {
  const own = new OwnPackets()
  const old = send(own, 1000, 1, 4096)
  send(own, 2000, 2, 9000)
  assert.deepEqual(next(own)?.octets, new Array(1000).fill(1))
  assert.deepEqual(next(own)?.octets, new Array(2000).fill(2))
  assert.notEqual(own.frame(4096), old)
  assert.equal(next(own), null)
})
